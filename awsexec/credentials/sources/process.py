"""Credentials that a command of the user's prints (``credential_process``).

SDKs and Tools Reference Guide, "Process credential provider".
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time

from awsexec.credentials.checks import MALFORMED, source_error
from awsexec.credentials.sdk.providers import config_of, from_botocore
from awsexec.errors import ConfigError, ProcessLoop, SaidAlready, program, shown
from awsexec.fastpath import CALLERS
from awsexec.processes import tree
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

# more processes of ours than this, each in the one before, are a loop whose files or
# names are others each time round
DEEPEST = 8
# seconds for a process to end in; it may have to wait for the user
LONGEST = 300
TIMEOUT = "AWSEXEC_PROCESS_TIMEOUT"
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# seconds between two looks whether a process has ended that left its stdout to another
LOOK = 0.2


def check(source: Source, context: Context) -> bool:
    """Raise `ProcessLoop` where this runs in the very process that it would run.

    To be called before any lock is taken, which the run around this one may hold. Return
    whether this run may wait for a lock: inside another run's process it may not, since
    that run may wait for it in turn (a → b and b → a).
    """
    inside, me = callers(context.environ), [*context.paths, *context.hops]
    for position, caller in enumerate(inside):
        if (caller[:2], caller[-1]) == (me[:2], me[-1]):
            names = [name for one in [*inside[position + 1 :], me] for name in one[2:]]
            raise ProcessLoop([caller[-1], *names], source.setting.where)
    if len(inside) >= DEEPEST:
        names = [one[-1] for one in [*inside, me]]
        raise ProcessLoop(names, source.setting.where)
    return not inside


def callers(environ: Mapping[str, str]) -> list[list[str]]:
    """The profiles whose processes this one runs in, the outermost first.

    Each is the config file, the credentials file, and the profiles from the selected
    one to that of the process.
    """
    try:
        found = json.loads(environ.get(CALLERS) or "[]")
        return [list(map(str, caller)) for caller in found if len(caller) > 2]
    except MALFORMED:
        return []


def load(source: Source, context: Context) -> Credentials:
    """What the command prints, which is run without a shell.

    Raises `CredentialsError`.
    """
    from botocore.credentials import ProcessProvider
    from botocore.exceptions import CredentialRetrievalError

    finished: list[_Finished] = []

    def popen(argv: list[str], **_: object) -> _Finished:
        # botocore asks again for credentials that do not live long; it gets the same
        if not finished:
            finished.append(_run(source, argv, context))
        return finished[0]

    command = _named(source)
    provider = ProcessProvider(
        source.profile.name, lambda: config_of(source), popen=popen
    )
    try:
        return from_botocore(source, provider.load())
    except CredentialRetrievalError as error:
        raise source_error(
            source, f"{command}: {error.__dict__['kwargs']['error_msg']}"
        ) from None
    except MALFORMED as error:
        if not finished:
            raise source_error(source, f"{command}: {error}; mend the quotes") from None
        raise source_error(
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


def _run(source: Source, argv: list[str], context: Context) -> _Finished:
    """Run the command with the terminal and stderr as they are.

    stdin is COMMAND's, so it has that only where it is a terminal.
    """
    command = _named(source)
    longest = _longest(context.environ)
    inside = [*callers(context.environ), [*context.paths, *context.hops]]
    environ = {**context.environ, CALLERS: json.dumps(inside)}
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            argv,
            stdin=None if _is_terminal(0) else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environ,
        )
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "there is no command in it"
        raise source_error(source, f"cannot run {command}: {reason}") from None
    output = _output(process, longest)
    if output is None:
        _end(process)
        raise source_error(
            source,
            f"{command} was ended after {longest} seconds without an answer; run it by "
            f"hand to see why, or give it more time with {TIMEOUT}",
        )
    if process.returncode != 0:
        ended = (
            f"ended with status {process.returncode}"
            if process.returncode > 0
            else f"was killed by signal {-process.returncode}"
        )
        what = f"{command} {ended}; run it by hand to see why"
        if process.returncode == SaidAlready.status and _is_awsexec(argv[0]):
            # on the stderr that it shares with this one
            raise SaidAlready(f"{source.label}: {what}")
        raise source_error(source, what)
    return _Finished(output)


def _is_awsexec(program: str) -> bool:
    return os.path.basename(program) in ("awsexec", "awsexec.exe")


def _output(process: subprocess.Popen[bytes], longest: int) -> bytes | None:
    """What the process prints; None if it takes more than so many seconds.

    It has mostly said all when its stdout is closed. One that leaves that to a process
    in the background has when it has ended, and what it printed is whole.
    """
    end = time.monotonic() + longest
    while (left := end - time.monotonic()) > 0:
        try:
            return process.communicate(timeout=min(left, LOOK))[0]
        except subprocess.TimeoutExpired as error:
            output = error.output or b""
            if process.poll() is not None and (process.returncode or _is_json(output)):
                _close(process)
                return bytes(output)
    return None


def _is_json(output: bytes) -> bool:
    try:
        json.loads(output)
    except MALFORMED:
        return False
    return True


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
    """End the process and those that run in it.

    They are of this process's group, for that is the one that may use the terminal.
    """
    inside = tree.descendants(process.pid)
    process.terminate()
    for one in inside:
        with contextlib.suppress(OSError):
            os.kill(one.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    process.kill()
    left = tree.running()
    for one in inside:
        # not another one that has got its number by now
        if one.pid in left and left[one.pid].began == one.began:
            with contextlib.suppress(OSError):
                os.kill(one.pid, KILL)
    process.wait()
    _close(process)


def _close(process: subprocess.Popen[Any]) -> None:
    """Close this end of a stdout that another process may have open."""
    if process.stdout is not None:
        process.stdout.close()
