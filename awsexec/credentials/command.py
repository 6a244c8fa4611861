"""Commands of the user's that print something for awsexec.

They are ``credential_process`` and ``mfa_process``. Both are run in the same way: with the
terminal and stderr, for a limited time, and never in a loop.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import time

from awsexec import bounded, fastpath, terminal
from awsexec.credentials.checks import READING_ERRORS
from awsexec.errors import ConfigError, ProcessLoop, SaidAlready, program, reason, shown
from awsexec.fastpath import CALLERS
from awsexec.plan.command_line import is_for_shell, not_filled_in
from awsexec.processes import core_dumps, tree
from awsexec.times import in_units, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.profiles.files import Setting

# More processes of awsexec than this, each started by the one before, are a loop, whose
# files or names differ each time round.
DEEPEST = 8
# seconds for a command to end in; it may have to wait for the user
DEFAULT_TIMEOUT = 300
# bytes that a command may print; credentials have a few KiB
LARGEST = 1_048_576
TIMEOUT_VARIABLE = "AWSEXEC_PROCESS_TIMEOUT"
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# Seconds between two looks whether a process has ended while another one still has its
# stdout open.
POLL = 0.2
# seconds for a command to end in after it has printed all that is wanted of it
TIME_TO_END = 1.0


class CommandFailed(Exception):
    """A command failed; the text says how, and what to do.

    `has_said_why` is whether the command is awsexec itself, whose line says why.
    """

    def __init__(self, text: str, *, has_said_why: bool = False) -> None:
        super().__init__(text)
        self.has_said_why = has_said_why


class Command:
    """The command in `setting`, which is called `name`: credential_process, mfa_process.

    `profiles` are the names of the profiles from the one of the run to the one that the
    command belongs to.
    """

    def __init__(
        self, name: str, setting: Setting, profiles: Sequence[str], context: Context
    ) -> None:
        self._name = name
        self._setting = setting
        self._environ = context.environ
        self._caller = [*context.paths, name, *profiles]

    def __str__(self) -> str:
        """Return the command for messages, without its arguments."""
        return _named(self._name, self._setting)

    def check(self) -> None:
        """Raise `ProcessLoop` if this run is inside the very command that it would run."""
        inside, me = callers(self._environ), self._caller
        for position, caller in enumerate(inside):
            if (caller[:3], caller[-1]) == (me[:3], me[-1]):
                passed = [*inside[position + 1 :], me]
                names = [name for one in passed for name in one[3:]]
                where = self._setting.where
                raise ProcessLoop([caller[-1], *names], where, self._name)
        if len(inside) >= DEEPEST:
            names = [one[-1] for one in [*inside, me]]
            raise ProcessLoop(names, self._setting.where, self._name)

    def run(
        self,
        argv: Sequence[str],
        is_whole: Callable[[bytes], bool],
        *,
        by_line: bool = False,
    ) -> bytes:
        """Run `argv`, and return what it prints.

        It keeps the terminal and stderr. It gets stdin only if that is a terminal: any
        other stdin is meant for COMMAND. `is_whole` tells whether output is all that is
        wanted; with `by_line` one line is, and a command that goes on after it is ended.
        Raises `CommandFailed` and `ConfigError`.
        """
        import subprocess

        self.check()
        timeout = process_timeout(self._environ)
        inside = json.dumps([*callers(self._environ), self._caller])
        try:
            with core_dumps.AsCaller(), _unstopped():
                process: subprocess.Popen[bytes] = subprocess.Popen(
                    argv,
                    stdin=None if _is_terminal(0) else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                    env={**self._environ, CALLERS: inside},
                )
        except (OSError, ValueError, IndexError) as error:
            raise _cannot_run(self._name, self._setting, argv, error) from None
        try:
            output = _output(process, timeout, is_whole, by_line)
        except _TooMuch:
            _end(process)
            raise CommandFailed(
                f"{self} printed more than {bounded.in_words(LARGEST)} and was ended; run "
                "it by hand to see what it prints"
            ) from None
        except BaseException:
            _end(process)
            raise
        if output is None:
            raise CommandFailed(
                f"{self} gave no answer in {in_units(timeout)} and was ended; run it by "
                f"hand to see why, or give it more time with {TIMEOUT_VARIABLE}"
            )
        if process.returncode:
            ended = (
                f"ended with status {process.returncode}"
                if process.returncode > 0
                else f"was killed by signal {-process.returncode}"
            )
            raise CommandFailed(
                f"{self} {ended}{_tilde(self._name, self._setting)}; run it by hand to "
                "see why",
                # on the stderr that it shares with this process
                has_said_why=process.returncode == SaidAlready.status
                and _is_awsexec(argv[0]),
            )
        return output


def check_program(
    name: str, setting: Setting, argv: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Raise `CommandFailed`, as `Command.run` does, if the program of `argv` is not there.

    Nothing is run. `name` and `setting` are as for `Command`.
    """
    first = argv[0] if argv else ""
    if fastpath.is_there(first, environ) or os.name != "posix":
        return
    error: Exception = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not argv:
        error = IndexError()
    elif os.sep in first and os.path.exists(first):
        error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    raise _cannot_run(name, setting, argv, error)


def _named(name: str, setting: Setting) -> str:
    return f"{name} {program(setting.value)}"


def _cannot_run(
    name: str, setting: Setting, argv: Sequence[str], error: Exception
) -> CommandFailed:
    return CommandFailed(
        f"cannot run {_named(name, setting)}: {_why(error, argv)}{_tilde(name, setting)}"
    )


def _tilde(name: str, setting: Setting) -> str:
    """Return the part of a message that names a ``~`` that was not filled in.

    The word is not quoted, since it may hold a secret.
    """
    line = setting.value
    by_shell = name == "credential_process" and is_for_shell(line)
    if not_filled_in(line, by_shell=by_shell) is None:
        return ""
    return " (nothing fills in the ~ in its line; write the whole path)"


def callers(environ: Mapping[str, str]) -> list[list[str]]:
    """Return the runs of awsexec whose commands this one runs in, the outermost first.

    Each is the config file, the credentials file, what the command is called, and the
    names of the profiles from the one of the run to the one of the command.
    """
    try:
        found = json.loads(environ.get(CALLERS) or "[]")
        return [list(map(str, caller)) for caller in found if len(caller) > 3]
    except READING_ERRORS:
        return []


def _why(error: Exception, argv: Sequence[str]) -> str:
    """Return why `argv` cannot be run."""
    if isinstance(error, FileNotFoundError) and argv and os.sep not in argv[0]:
        return "it is not in a folder of PATH; install it, or write its whole path"
    return reason(error, otherwise="it is empty" if not argv else "")


def _is_awsexec(program: str) -> bool:
    return os.path.basename(program) in ("awsexec", "awsexec.exe")


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


@contextlib.contextmanager
def _unstopped() -> Iterator[None]:
    """Let what is started here fail, and not stop, if it reads a terminal of another job.

    A run in the background would be stopped with it, and hold its locks for ever.
    """
    try:
        terminal.check()
    except terminal.InBackground:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    except terminal.NoTerminal:
        pass
    yield


def _output(
    process: subprocess.Popen[bytes],
    timeout: int,
    is_whole: Callable[[bytes], bool],
    by_line: bool,
) -> bytes | None:
    """Return what the process prints; None if it takes more than `timeout` seconds.

    Usually its output is whole when its stdout is closed. A process in the background may
    keep that open. Then the output is whole when the process has ended and `is_whole`
    says so. A process whose time is over is ended, and with `by_line` one that goes on
    after its first line.
    """
    import subprocess

    printed = _Printed(process)
    end = time.monotonic() + timeout
    line: bytes | None = None
    while (left := end - time.monotonic()) > 0:
        is_read, output = printed.wait(min(left, POLL))
        if len(output) > LARGEST:
            if not (by_line and b"\n" in output):
                raise _TooMuch
            line = output
            break
        if process.poll() is not None:
            if is_read or process.returncode or is_whole(output):
                _close(process)
                return output
        elif by_line and line is None and b"\n" in output:
            line = output
            end = min(end, time.monotonic() + TIME_TO_END)
        if is_read:
            # mostly it is about to end
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(left, POLL))
    _end(process)
    if line is not None:
        # it was ended for what it did after its answer
        process.returncode = 0
    return line


class _TooMuch(Exception):
    """A command printed more than `LARGEST` bytes."""


class _Printed:
    """What `process` prints: a thread reads it, but not much more than `LARGEST` bytes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        import threading

        self._process = process
        self._data = bytearray()
        self._is_read = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        stream = self._process.stdout
        try:
            while stream is not None and len(self._data) <= LARGEST:
                piece = stream.read(65_536)
                if not piece:
                    break
                self._data += piece
        except (OSError, ValueError):
            # it was closed by `_close`
            pass
        self._is_read.set()

    def wait(self, seconds: float) -> tuple[bool, bytes]:
        """Wait up to so many seconds; return whether all is read, and what is there."""
        return self._is_read.wait(seconds), bytes(self._data)


def process_timeout(environ: Mapping[str, str]) -> int:
    """Return the seconds that AWSEXEC_PROCESS_TIMEOUT gives a command.

    Raises `ConfigError`.
    """
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
