"""Credentials that a command of the user prints (``credential_process``).

SDKs and Tools Reference Guide, "Process credential provider".
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time

from awsexec.credentials.checks import READING_ERRORS, source_error
from awsexec.credentials.sdk.errors import Malformed, ProviderFailed
from awsexec.errors import ConfigError, ProcessLoop, SaidAlready, program, reason, shown
from awsexec.fastpath import CALLERS
from awsexec.plan.command_line import runs_by_shell
from awsexec.processes import tree
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

# More processes of awsexec than this, each started by the one before, are a loop, whose
# files or names differ each time round.
DEEPEST = 8
# seconds for a process to end in; it may have to wait for the user
DEFAULT_TIMEOUT = 300
TIMEOUT_VARIABLE = "AWSEXEC_PROCESS_TIMEOUT"
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# Seconds between two looks whether a process has ended while another one still has its
# stdout open.
POLL = 0.2


def check(source: Source, context: Context) -> bool:
    """Raise `ProcessLoop` if this run is inside the very process that it would start.

    Call it before any lock is taken, since the run that started this one may hold it.
    Return whether this run may wait for a lock. Inside another run's process it may not,
    since that run may wait for this one in turn (a → b and b → a).
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
    """Return the runs of awsexec whose processes this one runs in, the outermost first.

    Each is the config file, the credentials file, and the names of the profiles from the
    one of the run to the one of the process.
    """
    try:
        found = json.loads(environ.get(CALLERS) or "[]")
        return [list(map(str, caller)) for caller in found if len(caller) > 2]
    except READING_ERRORS:
        return []


def load(source: Source, context: Context) -> Credentials:
    """Run the command and return the credentials that it prints.

    A shell runs it only if its line is for one. Raises `CredentialsError`.
    """
    from awsexec.credentials.sdk.providers import from_process

    command = _named(source)
    was_run = False
    by_shell = runs_by_shell(source.profile, source.setting)

    def run(argv: list[str]) -> bytes:
        nonlocal was_run
        was_run = True
        if by_shell:
            # to a shell, the end of a line would end the command
            argv = [*argv, "-c", source.setting.value.replace("\n", " ")]
        return _run(source, argv, context)

    try:
        return from_process(source, run, by_shell=by_shell)
    except ProviderFailed as error:
        raise source_error(source, f"{command}: {error.reason}") from None
    except Malformed as error:
        if not was_run:
            raise source_error(
                source, f"{command}: {error}; correct the quotes"
            ) from None
        raise source_error(
            source,
            f"{command} did not print the JSON that AWS documents (Version 1, and "
            "Expiration in ISO 8601); run it by hand to see what it prints",
        ) from None


def _named(source: Source) -> str:
    """Return the command for messages, without its arguments."""
    return f"credential_process {program(source.setting.value)}"


def _run(source: Source, argv: list[str], context: Context) -> bytes:
    """Run the command, and return what it prints.

    It keeps the terminal and stderr. It gets stdin only if that is a terminal: any other
    stdin is meant for COMMAND. Raises `CredentialsError` and `ConfigError`.
    """
    import subprocess

    command = _named(source)
    timeout = _timeout(context.environ)
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
        why = reason(error, otherwise="it is empty")
        raise source_error(source, f"cannot run {command}: {why}") from None
    output = _output(process, timeout)
    if output is None:
        _end(process)
        raise source_error(
            source,
            f"{command} gave no answer in {timeout} seconds and was ended; run it by hand "
            f"to see why, or give it more time with {TIMEOUT_VARIABLE}",
        )
    if process.returncode != 0:
        ended = (
            f"ended with status {process.returncode}"
            if process.returncode > 0
            else f"was killed by signal {-process.returncode}"
        )
        what = f"{command} {ended}; run it by hand to see why"
        if process.returncode == SaidAlready.status and _is_awsexec(argv[0]):
            # it has said why, on the stderr that it shares with this process
            raise SaidAlready(f"{source.label}: {what}")
        raise source_error(source, what)
    return output


def _is_awsexec(program: str) -> bool:
    return os.path.basename(program) in ("awsexec", "awsexec.exe")


def _output(process: subprocess.Popen[bytes], timeout: int) -> bytes | None:
    """Return what the process prints; None if it takes more than `timeout` seconds.

    Usually its output is whole when its stdout is closed. A process in the background may
    keep that open. Then the output is whole when the process has ended and what it
    printed is JSON.
    """
    import subprocess

    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        try:
            return process.communicate(timeout=min(left, POLL))[0]
        except subprocess.TimeoutExpired as error:
            output = error.output or b""
            if process.poll() is not None and (process.returncode or _is_json(output)):
                _close(process)
                return bytes(output)
    return None


def _is_json(output: bytes) -> bool:
    try:
        json.loads(output)
    except READING_ERRORS:
        return False
    return True


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _timeout(environ: Mapping[str, str]) -> int:
    text = environ.get(TIMEOUT_VARIABLE)
    try:
        found = seconds(text) if text else DEFAULT_TIMEOUT
        if not found:
            raise ValueError("0 leaves no time to answer; unset it for the default, 5m")
        return found
    except ValueError as error:
        raise ConfigError(f"{TIMEOUT_VARIABLE}={shown(text or '')}: {error}") from None


def _end(process: subprocess.Popen[Any]) -> None:
    """End the process, and those that it started.

    They are in the process group of awsexec, which is the one that may use the terminal.
    """
    import subprocess

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
        # not another process that has its id by now
        if one.pid in left and left[one.pid].began == one.began:
            with contextlib.suppress(OSError):
                os.kill(one.pid, KILL)
    process.wait()
    _close(process)


def _close(process: subprocess.Popen[Any]) -> None:
    """Close this end of a stdout that another process may keep open."""
    if process.stdout is not None:
        process.stdout.close()
