"""Credentials from an endpoint, which renews them for as long as COMMAND runs.

The endpoint is a process of its own (on Windows a thread), since this one becomes
COMMAND. It ends with COMMAND, however that ends.
"""

from __future__ import annotations

import os
import shlex
import socket
import threading
import time

from awsexec import terminal
from awsexec.cache.store import store_for
from awsexec.credentials.get import resolver_for
from awsexec.credentials.mfa import Codes
from awsexec.errors import AwsexecError, MfaRefused, NeedsUser, NoCode
from awsexec.processes import background
from awsexec.profiles.files import Setting
from awsexec.report import VERBOSE, Report
from awsexec.serve import config_copy
from awsexec.serve.renewal import Renewal, fresh
from awsexec.serve.watch import Watch
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.resolver import Resolver
    from awsexec.plan.plan import Plan

# the word of an endpoint that has started
READY = "ready"
# for how many seconds credentials that do not end are said to be good
ENDLESS = 3600
# seconds to wait for the user's answer to a question, COMMAND being at the terminal
ANSWER = 60.0


def start(
    plan: Plan,
    credentials: Credentials,
    environ: Mapping[str, str],
    report: Report,
) -> dict[str, str]:
    """Start the endpoint; return the variables that COMMAND gets instead of keys.

    COMMAND is what this process becomes. Raises `AwsexecError`.
    """
    endpoint = _Endpoint(plan, credentials, environ, report)
    try:
        reading, writing = os.pipe()
        if hasattr(os, "fork"):
            keep = {endpoint.listener.fileno(), writing}
            if report.level >= VERBOSE:
                keep.add(2)
            background.accompany(lambda: endpoint.run(writing), keep)
            os.close(writing)
        else:
            thread = threading.Thread(target=endpoint.run, args=(writing,), daemon=True)
            thread.start()
        with open(reading, encoding="utf-8") as stream:
            word, _, rest = stream.read().partition("\n")
    except OSError as error:
        word, rest = "", str(error.strerror)
    if word != READY:
        raise AwsexecError(
            f"cannot start the credentials endpoint of --serve: {rest or 'it was ended'}"
        )
    return endpoint.variables(rest)


class _Endpoint:
    """One endpoint: its socket, its token, and what it gives."""

    def __init__(
        self,
        plan: Plan,
        credentials: Credentials,
        environ: Mapping[str, str],
        report: Report,
    ) -> None:
        self._plan = plan
        # a code in it is good for one call, which was made
        self._environ = {k: v for k, v in environ.items() if k != "AWSEXEC_MFA_TOKEN"}
        self._report = report
        self._store = None
        if plan.uses_cache:
            self._store = store_for(self._environ, report)
        self._quiet = self._resolver(may_prompt=False)
        self._renewal = Renewal(
            credentials,
            self._quiet.credentials,
            self._ask if plan.asking.may_prompt else None,
            time.time,
        )
        self._token = os.urandom(32).hex()
        self._command = os.getpid()
        try:
            # room for many that ask at once
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        except OSError as error:
            raise AwsexecError(
                f"cannot listen on 127.0.0.1 ({error.strerror}), which --serve needs"
            ) from None

    def variables(self, path: str) -> dict[str, str]:
        """What COMMAND gets; `path` is that of its config file, "" for the user's."""
        added = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": (
                f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
            ),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }
        if path:
            name = config_copy.unused_name(self._plan.config.profiles)
            added["AWS_PROFILE"] = added["AWSEXEC_BARE_PROFILE"] = name
            added["AWS_CONFIG_FILE"] = added["AWSEXEC_BARE_CONFIG"] = path
            added["AWSEXEC_OWN_CONFIG"] = self._plan.config.paths[0]
        if config_copy.has_boto_keys(self._environ):
            added["BOTO_CONFIG"] = os.devnull
        return added

    def run(self, writing: int) -> None:
        """Serve until COMMAND ends. Tells `writing` of the start, and COMMAND's config."""
        with open(writing, "w", encoding="utf-8") as stream:
            try:
                watch = Watch(self._command)
                path, remove = self._config()
            except OSError as error:
                stream.write(f"failed\n{error.strerror}")
                return
            stream.write(f"{READY}\n{path}")
        try:
            # COMMAND does not wait for these
            import asyncio

            from awsexec.serve.server import Server

            threading.Thread(target=self._renewal.run, daemon=True).start()
            server = Server(self.listener, self._token, self)
            asyncio.run(server.run_until(watch.ended))
        finally:
            remove()

    def _config(self) -> tuple[str, Callable[[], None]]:
        """COMMAND's config file, and what removes it; "" for the user's own."""
        profiles = self._plan.config.profiles
        texts = [_content(path) for path in self._plan.config.paths]
        if not config_copy.needs_copy(profiles, texts):
            return "", lambda: None
        return config_copy.write_copy(config_copy.copied(profiles, texts[0]))

    def current(self) -> dict[str, str] | None:
        """What a request is answered with: see `child.server.Supply`."""
        found = self._renewal.current()
        if found is None:
            return None
        return {
            "AccessKeyId": found.key_id,
            "SecretAccessKey": found.secret,
            # the SDK for JavaScript wants it to be a string, "" for none
            "Token": found.token or "",
            "Expiration": iso8601(found.expires or int(time.time()) + ENDLESS),
        }

    def why_not(self) -> str:
        """Why there are none, and what the user can do, for SDKs to show."""
        name, fault = self._plan.name, self._renewal.fault
        if isinstance(fault, NeedsUser):
            why = f"new ones take {fault.what}"
        else:
            why = str(fault or "new ones have not come yet")
        if self._plan.by_name and self._plan.uses_cache:
            advice = f"run in a terminal: awsexec {shlex.quote(name)} true"
        else:
            advice = "start it again"
        return f"awsexec: the credentials of {name} have ended: {why}; {advice}"

    def _resolver(self, *, may_prompt: bool, code: str | None = None) -> Resolver:
        given = None
        if code is not None:
            given = Setting.outside("mfa_token", code, "the terminal")
        asking = self._plan.asking.again(may_prompt=may_prompt, code=given)
        return resolver_for(
            self._plan.asking_again(asking), self._environ, self._store, self._report
        )

    def _fresh(self, resolver: Resolver) -> Credentials:
        return fresh(resolver.credentials, time.time)

    def _ask(self, fault: AwsexecError) -> Credentials:
        """New credentials with the user's help, who is at the terminal with COMMAND.

        Raises the `fault` where they cannot help.
        """
        kind = self._plan.chain.source.kind
        if not isinstance(fault, NeedsUser) and not kind.runs_command:
            raise fault
        try:
            with terminal.foreground():
                if isinstance(fault, NoCode):
                    return self._with_code(fault)
                terminal.show(f"\n{self._ending()}\n")
                return self._fresh(self._resolver(may_prompt=True))
        except terminal.NoTerminal:
            raise fault from None

    def _with_code(self, fault: NoCode) -> Credentials:
        """New credentials with a code, for which no other awsexec has to wait."""
        refused: MfaRefused | None = None
        codes = Codes(None, None, self._question)
        for code in codes.attempts(fault.profile, fault.serial):
            try:
                return self._fresh(self._resolver(may_prompt=False, code=code))
            except MfaRefused as error:
                refused = error
        assert refused is not None, "no code was given, and none was refused"
        raise refused

    def _question(self, question: str) -> str:
        """Ask beside COMMAND, which may have written half a line."""
        return terminal.ask_beside(f"\n{self._ending()}\n{question}", ANSWER)

    def _ending(self) -> str:
        found = self._renewal.current()
        left = found.expires - time.time() if found and found.expires else 0
        what = f"end in {duration(left)}" if left > 0 else "have ended"
        return f"awsexec: the credentials of {self._plan.name} {what}"


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        # there is none, or a directory
        return b""
