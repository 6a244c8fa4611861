"""Credentials from an endpoint, which renews them for as long as COMMAND runs.

The endpoint is a process of its own (on Windows a thread), since this one becomes
COMMAND. It ends with COMMAND, however that ends.
"""

from __future__ import annotations

import copy
import os
import shlex
import socket
import threading
import time
from collections.abc import Callable, Mapping

from awsexec import terminal
from awsexec.arguments import Arguments
from awsexec.child import background, config_copy
from awsexec.child.watch import Watch
from awsexec.commands import selection
from awsexec.commands.selection import Selection
from awsexec.credentials.credentials import Credentials, iso8601
from awsexec.credentials.renewal import Renewal
from awsexec.credentials.resolver import Demand, Resolver
from awsexec.errors import AwsexecError, NoCode
from awsexec.profiles import bare
from awsexec.report import VERBOSE, Report
from awsexec.times import duration

# for how many seconds credentials that do not end are said to be good
ENDLESS = 3600
# seconds to wait for the user's answer to a question, COMMAND being at the terminal
ANSWER = 60.0


def start(
    selected: Selection,
    credentials: Credentials,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
) -> dict[str, str]:
    """Start the endpoint; return the variables that COMMAND gets instead of keys.

    COMMAND is what this process becomes. Raises `AwsexecError`.
    """
    endpoint = _Endpoint(selected, credentials, arguments, environ, report)
    reading, writing = os.pipe()

    def work() -> None:
        endpoint.run(writing)

    if hasattr(os, "fork"):
        keep = {endpoint.listener.fileno(), writing}
        if report.level >= VERBOSE:
            keep.add(2)
        background.accompany(work, keep)
        os.close(writing)
    else:
        threading.Thread(target=work, daemon=True).start()
    with open(reading, encoding="utf-8") as stream:
        is_ready, _, path = stream.read().partition("\n")
    if not is_ready:
        raise AwsexecError("the credentials endpoint did not start; try again")
    return endpoint.variables(path)


class _Endpoint:
    """One endpoint: its socket, its token, and what it gives."""

    def __init__(
        self,
        selected: Selection,
        credentials: Credentials,
        arguments: Arguments,
        environ: Mapping[str, str],
        report: Report,
    ) -> None:
        self._selected = selected
        self._arguments = copy.copy(arguments)
        # good for one call, which was made
        self._arguments.mfa_token = None
        self._environ = {k: v for k, v in environ.items() if k != "AWSEXEC_MFA_TOKEN"}
        self._report = report
        self._renewal = self._renewal_of(credentials)
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
            name = bare.name(self._selected.config.profiles)
            added["AWS_PROFILE"] = added["AWSEXEC_BARE_PROFILE"] = name
            added["AWS_CONFIG_FILE"] = added["AWSEXEC_BARE_CONFIG"] = path
            added["AWSEXEC_OWN_CONFIG"] = self._selected.config.paths[0]
        if bare.has_boto_keys(self._environ):
            added["BOTO_CONFIG"] = os.devnull
        return added

    def run(self, writing: int) -> None:
        """Serve until COMMAND ends. Tells `writing` of the start, and COMMAND's config."""
        path, remove = self._config()
        try:
            watch = Watch(self._command)
            with open(writing, "w", encoding="utf-8") as stream:
                stream.write(f"ready\n{path}")
            # COMMAND does not wait for these
            import asyncio

            from awsexec.child.server import Server

            threading.Thread(target=self._renewal.run, daemon=True).start()
            server = Server(self.listener, self._token, self)
            asyncio.run(server.run_until(watch.ended))
        finally:
            remove()

    def _config(self) -> tuple[str, Callable[[], None]]:
        """COMMAND's config file, and what removes it; "" for the user's own."""
        profiles, paths = self._selected.config.profiles, self._selected.config.paths
        if not bare.is_needed(profiles):
            return "", lambda: None
        try:
            with open(paths[0], "rb") as stream:
                original = stream.read()
        except OSError:
            original = b""
        return config_copy.place(bare.config(profiles, original))

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
        name, fault = self._selected.name, self._renewal.fault
        if isinstance(fault, NoCode):
            why = "new ones take an MFA code"
        else:
            why = str(fault or "new ones have not come yet")
        if self._selected.by_name and not self._arguments.no_cache:
            advice = f"run in a terminal: awsexec {shlex.quote(name)} true"
        else:
            advice = "start it again"
        return f"awsexec: the credentials of {name} have ended: {why}; {advice}"

    def _renewal_of(self, credentials: Credentials) -> Renewal:
        selected, store = self._selected, None
        if not self._arguments.no_cache:
            store = selection.store_for(self._environ, self._report)

        def resolver(no_prompt: bool) -> Resolver:
            arguments = copy.copy(self._arguments)
            arguments.no_prompt = no_prompt
            return selection.resolver_for(
                selected, arguments, self._environ, store, self._report, self._question
            )

        quiet, asking = resolver(True), resolver(False)

        def get(demand: Demand) -> Credentials:
            return quiet.credentials(selected.chain, demand)

        def ask(demand: Demand) -> Credentials:
            try:
                with terminal.foreground():
                    return asking.credentials(selected.chain, demand)
            except terminal.NoTerminal as error:
                raise NoCode(f"there is nobody to ask: {error}") from None

        return Renewal(
            credentials, get, None if self._arguments.no_prompt else ask, time.time
        )

    def _question(self, question: str) -> str:
        """Ask beside COMMAND, which may have written half a line."""
        found = self._renewal.current()
        left = found.expires - time.time() if found and found.expires else 0
        what = f"end in {duration(left)}" if left > 0 else "have ended"
        return terminal.ask(
            f"\nawsexec: the credentials of {self._selected.name} {what}\n{question}",
            ANSWER,
        )
