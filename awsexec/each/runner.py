"""One command many times, several at once, with the output of each kept apart.

It is one thread that waits for all pipes and all ends. While it cannot write, it does not
read either: the commands then wait, and memory stays bounded.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import threading
import time

from awsexec.each.controls import without_controls
from awsexec.errors import AwsexecError, reason, shown
from awsexec.processes import core_dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    class Sink(Protocol):
        """Takes the output of one command."""

        def take(self, stream: int, data: bytes) -> None:
            """Take what was read of `stream`, 1 for stdout and 2 for stderr.

            May raise `OSError` where it cannot be kept; its `filename` is the place.
            """

        def end(self, outcome: Outcome) -> None:
            """Take the end of the command, after all its output."""


STDOUT, STDERR = 1, 2
# bytes that are read at once: what a pipe holds
CHUNK = 65_536
# bytes of the last line that are kept, for the table of failures
LAST_LINE = 400
# seconds that what a command leaves running has to end its output
LINGER = 1.0
# seconds from the signal that ends a command until it is killed, save after Ctrl-C
TERM_WITHIN = 10.0
# the signals that end awsexec, and what the commands get then
ENDING = {
    signal.SIGINT: signal.SIGINT,
    signal.SIGHUP: signal.SIGHUP,
    signal.SIGTERM: signal.SIGTERM,
    signal.SIGUSR1: signal.SIGTERM,
    signal.SIGUSR2: signal.SIGTERM,
    signal.SIGALRM: signal.SIGTERM,
    # Ctrl-\, for what Ctrl-C does not end
    signal.SIGQUIT: signal.SIGKILL,
}
# those that a person sends from the keyboard
BY_HAND = (signal.SIGINT, signal.SIGQUIT)
# seconds between two looks at the live line
TICK = 0.2


class Outcome:
    """How a command ended.

    `status` is its exit status, or `signal` the name of the signal that ended it. If
    neither is set it did not run, or awsexec could not keep its output: `error` says why.
    `seconds` is how long it ran, and `last_line` the last line of its stderr, or of its
    stdout if its stderr is empty.
    """

    __slots__ = ("status", "signal", "error", "seconds", "last_line")

    def __init__(
        self,
        status: int | None = None,
        signal: str | None = None,
        error: str | None = None,
        seconds: float = 0.0,
        last_line: str = "",
    ) -> None:
        self.status = status
        self.signal = signal
        self.error = error
        self.seconds = seconds
        self.last_line = last_line

    @property
    def is_success(self) -> bool:
        return self.status == 0 and self.error is None

    def __str__(self) -> str:
        if self.error is not None:
            return self.error
        return self.signal or f"status {self.status}"


class Job:
    """One command to run: its name for people, its environment, what takes its output."""

    __slots__ = ("name", "environ", "sink")

    def __init__(self, name: str, environ: Mapping[str, str], sink: Sink) -> None:
        self.name = name
        self.environ = environ
        self.sink = sink


class Watcher:
    """What a `Runner` asks and tells. These methods do nothing, and ask for nothing."""

    def progress(self, done: int, failed: int, names: Sequence[str]) -> None:
        """`done` jobs have ended, of which some `failed`, and these `names` run.

        It is told whenever this changes and several times a second.
        """

    def is_due(self, job: Job) -> bool:
        """Return whether to `renew` before the command starts."""
        return False

    def renew(self, job: Job) -> None:
        """Get what the command needs, in a thread: others have output meanwhile."""

    def starting(self, job: Job) -> None:
        """The command starts now. May raise `AwsexecError`, which keeps it from that."""

    def refused(self, job: Job, error: AwsexecError) -> None:
        """The command did not start after all, because of `error`."""

    def interrupted(self) -> None:
        """The first Ctrl-C has come while commands run."""

    def stopping(self) -> None:
        """Ctrl-Z is going to stop all."""


class _Running:
    """A command that runs since `began`.

    `ended` is when it ended, None before that, and `kill_at` when it is to be killed.
    """

    def __init__(
        self, number: int, job: Job, process: subprocess.Popen[bytes], began: float
    ) -> None:
        self.number = number
        self.job = job
        self.process = process
        self.began = began
        self.ended: float | None = None
        self.kill_at: float | None = None
        self.killed = False
        self.open = {STDOUT, STDERR}
        # the end of stdout and of stderr
        self.tails = {STDOUT: b"", STDERR: b""}
        self.error: str | None = None

    def kill(self, number: int) -> None:
        """Send the signal to all of its process group."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            # all have ended; macOS forbids signals to those that nobody has asked yet
            pass


class Runner:
    """Runs jobs, `at_once` of them at the same time.

    `watcher` is asked and told on the way.
    `signal` is the signal that ended it, and `lost` why the output cannot be written.
    """

    def __init__(
        self,
        command: Sequence[str],
        file: str,
        jobs: Sequence[Job],
        at_once: int,
        watcher: Watcher,
        *,
        stops_at_failure: bool,
    ) -> None:
        self._command = list(command)
        self._file = file
        self._jobs = jobs
        self._at_once = at_once
        self._stops = stops_at_failure
        self._watcher = watcher
        self._running: list[_Running] = []
        # what is renewed, before it starts: the job's number and the thread
        self._renewing: list[tuple[int, threading.Thread]] = []
        self._next = 0
        self._failed = 0
        self._outcomes: list[Outcome | None] = [None] * len(jobs)
        self.signal: signal.Signals | None = None
        self.lost: AwsexecError | None = None
        # signals that came, and whether they have to wait
        self._came: list[int] = []
        self._is_starting = False
        # seconds during which Ctrl-Z had stopped all
        self._stopped = 0.0
        self._selector = selectors.DefaultSelector()

    def run(self) -> list[Outcome | None]:
        """Run all jobs and return how each ended; None for those that never started.

        No command is left running. If awsexec ends before its time, the commands have
        time to end too.
        """
        wakeup, sender = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(sender, False)
        before = {}
        previous = signal.set_wakeup_fd(sender, warn_on_full_buffer=False)
        try:
            before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
            for number in (*ENDING, signal.SIGTSTP):
                # one that the caller ignores, as with nohup, stays ignored
                if signal.getsignal(number) != signal.SIG_IGN:
                    before[number] = signal.signal(number, self._on_signal)
            self._selector.register(wakeup, selectors.EVENT_READ)
            self._loop(wakeup)
        finally:
            for running in self._running:
                running.kill(signal.SIGKILL)
                running.process.wait()
            signal.set_wakeup_fd(previous)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(wakeup)
            os.close(sender)
        return self._outcomes

    def _now(self) -> float:
        """Return the seconds of a clock that stands still while all is stopped."""
        return time.monotonic() - self._stopped

    def _on_signal(self, number: int, _: object) -> None:
        self._came.append(number)
        # a command that starts just now would miss it
        if not self._is_starting:
            self._obey()

    def _obey(self) -> None:
        """Do what the signals that came are for."""
        while self._came:
            number = self._came.pop(0)
            if number == signal.SIGTSTP:
                self._stop()
            else:
                self._interrupt(number)

    def _interrupt(self, number: int) -> None:
        came = signal.Signals(number)
        first = self.signal
        self.signal = first or came
        wanted = ENDING[came]
        if first is not None:
            if came in BY_HAND:
                # who presses it again does not want to wait
                wanted = signal.SIGKILL
            elif first not in BY_HAND:
                # a shell and the kernel both send SIGHUP where a terminal is closed
                return
        for running in self._running:
            self._end_early(running, wanted)
        if first is None and came == signal.SIGINT and self._running:
            self._watcher.interrupted()

    def _end_early(self, running: _Running, number: int) -> None:
        """Send the signal to a command, and kill it if it does not end in time."""
        running.kill(number)
        # after Ctrl-C, a person decides how long is too long
        is_patient = number == signal.SIGINT
        running.kill_at = None if is_patient else self._now() + TERM_WITHIN

    def _stop(self) -> None:
        """Stop the commands and this process, as Ctrl-Z should, until they go on."""
        self._watcher.stopping()
        for running in self._running:
            # SIGTSTP does not stop what has a session of its own (POSIX, "Orphaned
            # Process Group")
            running.kill(signal.SIGSTOP)
        before = time.monotonic()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        # from here on after SIGCONT
        signal.signal(signal.SIGTSTP, self._on_signal)
        self._stopped += time.monotonic() - before
        for running in self._running:
            running.kill(signal.SIGCONT)

    def _lose(self, error: AwsexecError) -> None:
        """End all commands, since their output cannot be written any more."""
        if self.lost is not None:
            return
        self.lost = error
        if self.signal is None:
            for running in self._running:
                self._end_early(running, signal.SIGTERM)

    def _loop(self, wakeup: int) -> None:
        while True:
            self._start_renewed()
            while self._may_start():
                self._start_next()
            self._tell()
            if not (self._running or self._renewing):
                return
            for key, _ in self._selector.select(TICK):
                if key.fd == wakeup:
                    while _drained(wakeup):
                        pass
                else:
                    self._read(*key.data)
            now = self._now()
            for running in [*self._running]:
                self._look_at(running, now)

    def _may_start(self) -> bool:
        busy = len(self._running) + len(self._renewing)
        return (
            self._next < len(self._jobs)
            and busy < self._at_once
            and not self._is_ending
        )

    @property
    def _is_ending(self) -> bool:
        """Whether no more commands start."""
        return (
            self.signal is not None
            or self.lost is not None
            or (self._stops and self._failed > 0)
        )

    def _tell(self) -> None:
        done = self._next - len(self._running) - len(self._renewing)
        names = [running.job.name for running in self._running]
        self._watcher.progress(done, self._failed, names)

    def _start_next(self) -> None:
        number, job = self._next, self._jobs[self._next]
        self._next += 1
        if not self._watcher.is_due(job):
            self._start(number, job)
            return
        # it holds up neither the others nor the end of this process
        thread = threading.Thread(target=self._watcher.renew, args=[job], daemon=True)
        thread.start()
        self._renewing.append((number, thread))

    def _start_renewed(self) -> None:
        """Start what has been renewed; if nothing more is to start, wait for nothing."""
        for number, thread in [*self._renewing]:
            if self._is_ending or not thread.is_alive():
                self._renewing.remove((number, thread))
                if not self._is_ending:
                    self._start(number, self._jobs[number])

    def _start(self, number: int, job: Job) -> None:
        self._is_starting = True
        try:
            self._watcher.starting(job)
            process = self._spawn(job.environ)
            running = _Running(number, job, process, self._now())
            self._running.append(running)
        except (AwsexecError, OSError) as error:
            if isinstance(error, OSError):
                error = AwsexecError(f"cannot be run ({reason(error)})")
            self._watcher.refused(job, error)
            self._end(number, job, Outcome(error=str(error)))
            return
        finally:
            self._is_starting = False
            self._obey()
        for stream, pipe in ((STDOUT, process.stdout), (STDERR, process.stderr)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, (running, stream))

    def _spawn(self, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "bufsize": 0,
            # no terminal: what asks a person fails at once
            "start_new_session": True,
            "env": environ,
        }
        with core_dumps.AsCaller():
            try:
                return subprocess.Popen(self._command, executable=self._file, **options)
            except OSError as error:
                if error.errno != errno.ENOEXEC:
                    raise
                # a script without #!, as for a shell
                script = ["sh", self._file, *self._command[1:]]
                return subprocess.Popen(script, executable="/bin/sh", **options)

    def _read(self, running: _Running, stream: int) -> None:
        pipe = running.process.stdout if stream == STDOUT else running.process.stderr
        assert pipe is not None
        try:
            data = os.read(pipe.fileno(), CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._close(running, stream)
            return
        running.tails[stream] = (running.tails[stream] + data)[-LAST_LINE:]
        if running.error is not None or self.lost is not None:
            return
        try:
            running.job.sink.take(stream, data)
        except AwsexecError as error:
            self._lose(error)
        except OSError as error:
            running.error = _not_kept(error)
            if self.signal is None:
                self._end_early(running, signal.SIGTERM)

    def _close(self, running: _Running, stream: int) -> None:
        pipe = running.process.stdout if stream == STDOUT else running.process.stderr
        assert pipe is not None
        self._selector.unregister(pipe)
        pipe.close()
        running.open.discard(stream)

    def _look_at(self, running: _Running, now: float) -> None:
        """Do what is due at the end of a command."""
        if running.kill_at is not None and now >= running.kill_at:
            running.kill(signal.SIGKILL)
        if running.ended is None:
            if not _has_ended(running.process):
                return
            running.ended = now
        late = now - running.ended
        if running.open and late > LINGER and not running.killed:
            # what it left in the background has its pipes
            running.kill(signal.SIGKILL)
            running.killed = True
        if running.open and late > 2 * LINGER and running.killed:
            # that has left the process group too
            for stream in sorted(running.open):
                self._close(running, stream)
        if running.open:
            return
        # its number is not free before it is waited for
        running.kill(signal.SIGKILL)
        status = running.process.wait()
        self._running.remove(running)
        self._end(
            running.number,
            running.job,
            Outcome(
                status if status >= 0 else None,
                _signal_name(-status) if status < 0 else None,
                running.error,
                running.ended - running.began,
                # what went wrong is on stderr, if anything is
                _last_line(running.tails[STDERR]) or _last_line(running.tails[STDOUT]),
            ),
        )

    def _end(self, number: int, job: Job, outcome: Outcome) -> None:
        try:
            if self.lost is None:
                job.sink.end(outcome)
        except AwsexecError as error:
            self._lose(error)
        except OSError as error:
            outcome.error = _not_kept(error)
        self._outcomes[number] = outcome
        self._failed += not outcome.is_success


def _not_kept(error: OSError) -> str:
    place = f" in {shown(str(error.filename))}" if error.filename else ""
    return f"awsexec cannot keep its output{place} ({reason(error)})"


def _drained(descriptor: int) -> bool:
    """Read what is there; return whether there may be more."""
    try:
        return len(os.read(descriptor, CHUNK)) == CHUNK
    except BlockingIOError:
        return False


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a process has ended, and let it keep its number if that is possible."""
    if not hasattr(os, "waitid"):
        # macOS before Python 3.13
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # a real-time signal
        return f"signal {number}"


def _last_line(tail: bytes) -> str:
    lines = [without_controls(line).strip() for line in tail.splitlines()]
    return next(filter(None, reversed(lines)), b"").decode("utf-8", "replace")
