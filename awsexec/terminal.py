"""Asking the user on the controlling terminal, wherever the standard streams go."""

from __future__ import annotations

import os
import sys
import time

from awsexec.errors import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """There is no controlling terminal, or nobody answers on it."""


class InBackground(NoTerminal):
    """The terminal belongs to another job, so that reading it would stop this process."""


def show(text: str) -> None:
    """Print `text` on the controlling terminal. Raises `NoTerminal`."""
    try:
        with open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen:
            screen.write(text)
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None


def check() -> None:
    """Raise `NoTerminal` if `ask` would: there is no terminal, or it belongs to others."""
    try:
        with open(_KEYBOARD, "rb", buffering=0) as keyboard:
            if not _is_foreground(keyboard.fileno()):
                raise InBackground("another job is in the foreground")
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None


def ask(question: str) -> str:
    """Print `question` on the controlling terminal and return the line typed there.

    The line is shown while it is typed, and returned without white space around it. After
    Ctrl-Z and ``fg`` the question is printed again. Raises `NoTerminal` (`InBackground` if
    the process is in the background), and `Interrupted` on Ctrl-C or end of input.
    """
    try:
        # two streams, because Python's r+ requires seek and a terminal has none
        with (
            open(_KEYBOARD, encoding="utf-8", errors="replace") as keyboard,
            open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen,
        ):

            def put_question() -> None:
                if not _is_foreground(keyboard.fileno()):
                    raise InBackground("another job is in the foreground")
                screen.write(question)
                screen.flush()

            try:
                with _Continued(put_question):
                    put_question()
                    line = keyboard.readline()
            except KeyboardInterrupt:
                # the terminal shows ^C; start a new line after it
                screen.write("\n")
                raise Interrupted from None
            if not line:
                screen.write("\n")
                raise Interrupted
            return line.strip()
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None


if sys.platform == "win32":

    def _is_foreground(keyboard: int) -> bool:
        return True

    class Foreground:
        """Do nothing: a console has no groups of processes."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, *exception: object) -> None:
            pass

    class _Continued(Foreground):
        def __init__(self, do: Callable[[], None]) -> None:
            pass

    def ask_beside(question: str, seconds: float) -> str:
        """Ask as `ask` does: on a console, reading cannot end after `seconds`."""
        return ask(question)

else:

    def _is_foreground(keyboard: int) -> bool:
        return os.tcgetpgrp(keyboard) == os.getpgrp()

    class _Continued:
        """A context in which `do` is called whenever this process goes on after a stop.

        If it goes on in the background, what it reads of the terminal is an error then,
        and does not stop it.
        """

        def __init__(self, do: Callable[[], None]) -> None:
            self._do = do

        def __enter__(self) -> None:
            import signal
            import threading

            # the process of --serve, which asks in a thread, ignores SIGTTIN
            self._is_main = threading.current_thread() is threading.main_thread()
            if self._is_main:
                self._before = signal.signal(signal.SIGCONT, lambda *_: self._do())
                self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})

        def __exit__(self, *exception: object) -> None:
            import signal

            if self._is_main:
                signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
                signal.signal(signal.SIGCONT, self._before)

    class Foreground:
        """Membership in the terminal's foreground group, from ``with`` to its end.

        For a process in a background group that ignores SIGTTIN and SIGTTOU. ``with``
        raises `NoTerminal` if there is no terminal, and while the program in the
        foreground reads key by key, as an editor or a shell at its prompt does.
        """

        def __enter__(self) -> None:
            import termios

            try:
                with open(_KEYBOARD, "rb") as keyboard:
                    modes = termios.tcgetattr(keyboard)[3]
                    wanted = termios.ICANON | termios.ECHO
                    if modes & wanted != wanted:
                        raise NoTerminal("it is in use")
                    os.setpgid(0, os.tcgetpgrp(keyboard.fileno()))
            except (OSError, termios.error) as error:
                raise NoTerminal(str(error)) from None

        def __exit__(self, *exception: object) -> None:
            os.setpgid(0, 0)

    def ask_beside(question: str, seconds: float) -> str:
        """Ask as `ask` does while another program uses the terminal, for `seconds`.

        The other program may read what the user types. Raises `NoTerminal` also if no
        line comes in time; half a line is then discarded.
        """
        import select
        import termios

        show(question)
        try:
            # the other program may read the line first; this read must not block then
            keyboard = os.open(_KEYBOARD, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise NoTerminal(os.strerror(error.errno or 0)) from None
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                select.select([keyboard], [], [], left)
                try:
                    line = os.read(keyboard, 1024)
                except OSError:
                    # the other program has read the line, or this process is in the
                    # background, as after Ctrl-Z
                    time.sleep(0.2)
                    continue
                if not line:
                    show("\n")
                    raise Interrupted
                return line.decode(errors="replace").strip()
            show("\n")
            termios.tcflush(keyboard, termios.TCIFLUSH)
            raise NoTerminal("nobody answered")
        except termios.error as error:
            raise NoTerminal(str(error)) from None
        finally:
            os.close(keyboard)
