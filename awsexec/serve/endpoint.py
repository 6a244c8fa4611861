"""--serve: an endpoint gives COMMAND its credentials, in place of keys in variables.

The endpoint is a process of its own (on Windows a thread), since this one becomes
COMMAND. It ends when COMMAND ends, however that happens. COMMAND waits only until the
endpoint listens: what answers and renews is imported after that.
"""

from __future__ import annotations

import os

from awsexec import bounded
from awsexec.errors import AwsexecError
from awsexec.internal_error import in_words
from awsexec.loopback.server import HOST
from awsexec.plan.source import OWN_TOKEN
from awsexec.processes import background, core_dumps
from awsexec.report import VERBOSE
from awsexec.serve import config_copy, hold
from awsexec.serve.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.inputs import Inputs
    from awsexec.plan.plan import Plan
    from awsexec.profiles.config import Config
    from awsexec.report import Report
    from awsexec.serve.supply import RenewedSupply

# what the endpoint says when it has started
READY = "ready"


def start(
    plan: Plan,
    credentials: Credentials,
    inputs: Inputs,
    environ: Mapping[str, str],
    report: Report,
) -> dict[str, str]:
    """Start the endpoint and return the variables that COMMAND gets instead of keys.

    `inputs` decided whose `credentials` these are. This process then has to become
    COMMAND. Raises `AwsexecError`.
    """
    # a code in it is good for one call, which was made
    environ = {k: v for k, v in environ.items() if k != "AWSEXEC_MFA_TOKEN"}

    def supply() -> RenewedSupply:
        # COMMAND does not wait for this import
        from awsexec.serve.supply import RenewedSupply

        return RenewedSupply(plan, credentials, inputs, environ, report)

    endpoint = _Endpoint(plan.config, config_copy.has_boto_keys(environ), supply)
    try:
        reading, writing = os.pipe()
        if hasattr(os, "fork"):
            keep = {endpoint.listener.fileno(), writing}
            if endpoint.reservation is not None:
                keep.add(endpoint.reservation.fileno())
            if report.level >= VERBOSE:
                keep.add(2)
            background.accompany(lambda: endpoint.run(writing), keep)
            os.close(writing)
        else:
            import threading

            thread = threading.Thread(target=endpoint.run, args=(writing,), daemon=True)
            thread.start()
        with open(reading, encoding="utf-8") as stream:
            word, _, rest = stream.read().partition("\n")
    except OSError as error:
        word, rest = "", str(error.strerror)
    if word != READY:
        raise AwsexecError(
            "cannot start the credentials endpoint of --serve: "
            f"{rest or 'its process was killed'}; try again"
        )
    return endpoint.variables(rest)


class _Endpoint:
    """One endpoint: its socket, its token, and its run.

    `config` is the user's, and `has_boto_keys` whether a file of boto's has keys. `supply`
    makes what the endpoint gives.
    """

    def __init__(
        self, config: Config, has_boto_keys: bool, supply: Callable[[], RenewedSupply]
    ) -> None:
        self._config = config
        self._has_boto_keys = has_boto_keys
        self._supply = supply
        self._token = OWN_TOKEN + os.urandom(32).hex()
        self._command = os.getpid()
        self.listener, self.reservation = hold.listen_and_reserve()

    def variables(self, path: str) -> dict[str, str]:
        """Return what COMMAND gets; `path` is its config file, "" for the user's own."""
        added = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": (
                f"http://{HOST}:{self.listener.getsockname()[1]}/"
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }
        if path:
            name = config_copy.unused_name(self._config.profiles)
            added["AWS_PROFILE"] = added["AWSEXEC_BARE_PROFILE"] = name
            added["AWS_CONFIG_FILE"] = added["AWSEXEC_BARE_CONFIG"] = path
            added["AWSEXEC_OWN_CONFIG"] = self._config.paths[0]
        if self._has_boto_keys:
            added["BOTO_CONFIG"] = os.devnull
        return added

    def run(self, writing: int) -> None:
        """Serve until COMMAND ends.

        Tell `writing` that the endpoint has started, and the path of COMMAND's config.
        """
        core_dumps.forbid_for_good()
        with open(writing, "w", encoding="utf-8") as stream:
            try:
                watch = Watch(self._command)
                self._hold(writing)
                path, remove = self._copy()
            except Exception as error:
                why = error.strerror if isinstance(error, OSError) else in_words(error)
                stream.write(f"failed\n{why}")
                return
            stream.write(f"{READY}\n{path}")
        try:
            self._serve_until(watch)
        finally:
            remove()

    def _serve_until(self, watch: Watch) -> None:
        # COMMAND does not wait for these imports
        from awsexec.serve.credentials_server import CredentialsServer

        supply = self._supply()
        supply.start()
        import socket

        listener = self.listener
        if not isinstance(listener, socket.socket):
            listener = socket.socket(fileno=listener.detach())
        with CredentialsServer(listener, self._token, supply):
            watch.wait()

    def _hold(self, writing: int) -> None:
        """Let another process hold the port too, which goes on after this one's end."""
        if self.reservation is not None:
            others = (self.listener.fileno(), writing)
            hold.start(self.reservation, self._command, self._token, others)

    def _copy(self) -> tuple[str, Callable[[], None]]:
        """Return COMMAND's config file, "" for the user's own, and what removes it."""
        profiles = self._config.profiles
        texts = [_content(path) for path in self._config.paths]
        if not config_copy.needs_copy(profiles, texts):
            return "", lambda: None
        return config_copy.write_copy(config_copy.copied(profiles, texts[0]))


def _content(path: str) -> bytes:
    try:
        return bounded.read(path, is_regular=True)
    except OSError:
        # there is no such file, it is a directory, or a pipe that was read already
        return b""
