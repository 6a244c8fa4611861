"""Asking the user on the terminal that COMMAND uses.

The question must not split a line between COMMAND and awsexec. A shell's ``read`` takes
a line byte by byte, and would get the first byte of an answer that awsexec reads too.

Job control cannot prevent that. If awsexec took the foreground, a read of COMMAND that has
begun would still get the line, and a later one would stop COMMAND, which the shell that
started it would see and take the terminal for its prompt. So awsexec uses what Linux does
with reads of a terminal: they take turns (``atomic_read_lock`` in n_tty.c). While awsexec
waits in a read for the answer, COMMAND's reads wait until awsexec has the whole line. While
COMMAND waits in a read, awsexec does not ask. Other systems do not tell who reads.
"""

from __future__ import annotations

import os
import sys
import time

from awsexec import terminal
from awsexec.errors import Interrupted

if sys.platform != "win32":
    import signal
    import termios
    import threading

# Seconds between two looks whether the terminal is still there for the question. A key
# that the user types for the shell in between is lost, so it is less than a person needs.
POLL = 0.01
# bytes of a line at the most, on Linux (termios(3), "Canonical and noncanonical mode")
LONGEST_LINE = 4096
# whether a read of no bytes, which may not wait, fails while another read waits
TELLS_WHO_READS = sys.platform == "linux"


class InUse(Exception):
    """The program in the terminal's foreground uses it in a way that leaves no room.

    `is_read` is whether it reads a line at this moment. If not, it reads key by key, as
    an editor or a shell at its prompt does, or the keys that it reads are not shown.
    """

    def __init__(self, *, is_read: bool) -> None:
        super().__init__()
        self.is_read = is_read


if sys.platform == "win32":

    class Foreground:
        """Do nothing: a console has no groups of processes."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, *exception: object) -> None:
            pass

    def ask(question: str, seconds: float) -> str:
        """Ask as `terminal.ask` does: a read of a console cannot end after `seconds`."""
        return terminal.ask(question)

else:

    class Foreground:
        """Membership in the terminal's foreground group, from ``with`` to its end.

        For a process that `background.accompany` has started: it ignores SIGTTIN and
        SIGTTOU, and handles SIGTSTP. ``with`` raises `terminal.NoTerminal` if there is no
        terminal, and `InUse`.
        """

        def __enter__(self) -> None:
            try:
                keyboard = _open()
                try:
                    _check_lines_are_shown(keyboard)
                    os.setpgid(0, os.tcgetpgrp(keyboard))
                    if _is_read(keyboard):
                        raise InUse(is_read=True)
                finally:
                    os.close(keyboard)
            except (OSError, termios.error) as error:
                os.setpgid(0, 0)
                raise terminal.NoTerminal(str(error)) from None
            except InUse:
                os.setpgid(0, 0)
                raise

        def __exit__(self, *exception: object) -> None:
            os.setpgid(0, 0)

    def ask(question: str, seconds: float) -> str:
        """Print `question` on the terminal and return the line typed there.

        For a process in the `Foreground`. Raises `terminal.NoTerminal` if no line comes
        within `seconds`; half a line is then discarded. Raises `InUse` if the program in
        the foreground reads at the moment, or begins to use the terminal otherwise, and
        `Interrupted` on end of input.
        """
        try:
            line = _Line()
            try:
                terminal.show(question)
                found = line.wait(seconds)
                if found is None:
                    terminal.show("\n")
                    termios.tcflush(line.keyboard, termios.TCIFLUSH)
                    raise terminal.NoTerminal("nobody answered")
            finally:
                line.close()
        except (OSError, termios.error) as error:
            raise terminal.NoTerminal(str(error)) from None
        if not found:
            terminal.show("\n")
            raise Interrupted
        return found.decode(errors="replace").strip()

    class _Line:
        """A line of the terminal, read in a thread from now until `close`."""

        def __init__(self) -> None:
            self.keyboard = _open()
            self._blocking = _open()
            self._found: bytes | OSError | None = None
            os.set_blocking(self._blocking, True)
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()
            # the question is shown when a line that is typed is the thread's
            while TELLS_WHO_READS and self._thread.is_alive():
                if _is_read(self.keyboard):
                    break
                time.sleep(0.001)

        def _read(self) -> None:
            try:
                # in the same moment, so that COMMAND cannot begin to read between
                if not _is_read(self.keyboard):
                    self._found = os.read(self._blocking, LONGEST_LINE)
            except OSError as error:
                self._found = error

        def wait(self, seconds: float) -> bytes | None:
            """Return the line, b"" for end of input; None if none comes in time.

            Raises `InUse` and `OSError`.
            """
            end = time.monotonic() + seconds
            while self._is_reading():
                if time.monotonic() > end:
                    return None
                self._check_is_ours()
            if self._found is None:
                raise InUse(is_read=True)
            if isinstance(self._found, OSError):
                raise self._found
            if not self._found.endswith(b"\n"):
                # a change to reading key by key ends a line too
                self._check_is_ours()
            return self._found

        def _is_reading(self) -> bool:
            self._thread.join(POLL)
            return self._thread.is_alive()

        def _check_is_ours(self) -> None:
            """Raise `InUse` if another program has taken the terminal."""
            _check_lines_are_shown(self.keyboard)
            if os.tcgetpgrp(self.keyboard) != os.getpgrp():
                # the program was stopped, or has ended, and a shell goes on
                raise InUse(is_read=False)

        def close(self) -> None:
            """End the read, so that others can read."""
            os.set_blocking(self._blocking, False)
            while self._thread.is_alive():
                # the read is interrupted and begins again, but does not wait any more
                assert self._thread.ident is not None
                signal.pthread_kill(self._thread.ident, signal.SIGTSTP)
                self._thread.join(POLL)
            os.close(self.keyboard)
            os.close(self._blocking)

    def _open() -> int:
        return os.open("/dev/tty", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def _check_lines_are_shown(keyboard: int) -> None:
        wanted = termios.ICANON | termios.ECHO
        if termios.tcgetattr(keyboard)[3] & wanted != wanted:
            raise InUse(is_read=False)

    def _is_read(keyboard: int) -> bool:
        """Return whether a read of the terminal waits, if the system tells."""
        if TELLS_WHO_READS:
            try:
                os.read(keyboard, 0)
            except BlockingIOError:
                return True
        return False
