"""Credentials that a command of the user's prints (``credential_process``).

SDKs and Tools Reference Guide, "Process credential provider".
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from awsexec.arguments import seconds
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sources import Surroundings, config_of, failed, taken
from awsexec.errors import ConfigError, ProcessLoop, program, shown
from awsexec.profiles.source import Source

# Which profiles' processes this one runs in: config file, credentials file and name of
# each, as JSON. Set for processes only.
CALLERS = "AWSEXEC_CALLERS"
# seconds for a process to end in; it may have to wait for the user
LONGEST = 300
TIMEOUT = "AWSEXEC_PROCESS_TIMEOUT"


def check(source: Source, paths: tuple[str, str], environ: Mapping[str, str]) -> None:
    """Raise `ProcessLoop` where this runs in the very process that it would run.

    To be called before any lock is taken: the caller holds it.
    """
    callers, me = _callers(environ), [*paths, source.profile.name]
    if me in callers:
        loop = [caller[-1] for caller in callers[callers.index(me) :]]
        raise ProcessLoop([*loop, source.profile.name], source.setting.where)


def _callers(environ: Mapping[str, str]) -> list[list[str]]:
    try:
        callers = json.loads(environ.get(CALLERS) or "[]")
        return [list(map(str, caller)) for caller in callers]
    except (ValueError, TypeError):
        return []


def load(source: Source, around: Surroundings) -> Credentials:
    """What the command prints, which is run without a shell.

    Raises `CredentialsError`.
    """
    from botocore.credentials import ProcessProvider
    from botocore.exceptions import CredentialRetrievalError

    finished: list[_Finished] = []

    def popen(argv: list[str], **_: object) -> _Finished:
        # botocore asks again for credentials that do not live long; it gets the same
        if not finished:
            finished.append(_run(source, argv, around))
        return finished[0]

    command = _named(source)
    provider = ProcessProvider(
        source.profile.name, lambda: config_of(source), popen=popen
    )
    try:
        return taken(source, provider.load())
    except CredentialRetrievalError as error:
        raise failed(
            source, f"{command}: {error.__dict__['kwargs']['error_msg']}"
        ) from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        if not finished:
            raise failed(source, f"{command}: {error}; mend the quotes") from None
        raise failed(
            source,
            f"{command} printed something else than the JSON that AWS documents "
            "(Version 1, and Expiration in ISO 8601)",
        ) from None


def _named(source: Source) -> str:
    """The command in messages, without its arguments."""
    return f"credential_process {program(source.setting.value)}"


class _Finished:
    """As much of a `Popen` as botocore looks at."""

    returncode = 0

    def __init__(self, output: bytes) -> None:
        self._output = output

    def communicate(self) -> tuple[bytes, bytes]:
        return self._output, b""


def _run(source: Source, argv: list[str], around: Surroundings) -> _Finished:
    """Run the command with the terminal and stderr as they are.

    stdin is COMMAND's, so it has that only where it is a terminal.
    """
    command = _named(source)
    longest = _longest(around.environ)
    callers = [*_callers(around.environ), [*around.paths, source.profile.name]]
    environ = {**around.environ, CALLERS: json.dumps(callers)}
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            argv,
            stdin=None if _is_terminal(0) else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environ,
        )
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "there is no command in it"
        raise failed(source, f"cannot run {command}: {reason}") from None
    try:
        output, _ = process.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        _end(process)
        raise failed(
            source,
            f"{command} was ended after {longest} seconds without an answer; run it by "
            f"hand to see why, or give it more time with {TIMEOUT}",
        ) from None
    if process.returncode != 0:
        ended = (
            f"ended with status {process.returncode}"
            if process.returncode > 0
            else f"was killed by signal {-process.returncode}"
        )
        raise failed(source, f"{command} {ended}; run it by hand to see why")
    return _Finished(output)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _longest(environ: Mapping[str, str]) -> int:
    text = environ.get(TIMEOUT)
    try:
        found = seconds(text) if text else LONGEST
        if not found:
            raise ValueError("no process answers in no time; unset it for 5m")
        return found
    except ValueError as error:
        raise ConfigError(f"{TIMEOUT}={shown(text or '')}: {error}") from None


def _end(process: subprocess.Popen[Any]) -> None:
    """End the process, and do not wait for what it has started."""
    process.terminate()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
