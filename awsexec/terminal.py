"""Asking the user on the controlling terminal, wherever the standard streams go."""

from __future__ import annotations

import os
import sys

from awsexec.errors import Interrupted
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """There is no controlling terminal, or nobody answers on it."""


def _printable(text: str) -> str:
    """Return `text` as it may be printed; its line feeds are the caller's own."""
    return "\n".join(map(printable, text.split("\n")))


class InBackground(NoTerminal):
    """The terminal belongs to another job, so that reading it would stop this process."""


def show(text: str) -> None:
    """Print `text` on the controlling terminal. Raises `NoTerminal`."""
    try:
        with open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen:
            screen.write(_printable(text))
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
                # not by the stream, whose write may be what a signal has interrupted
                text = _printable(question)
                os.write(screen.fileno(), text.encode("utf-8", "replace"))

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

    class _Continued:
        """Do nothing: a console has no groups of processes."""

        def __init__(self, do: Callable[[], None]) -> None:
            pass

        def __enter__(self) -> None:
            pass

        def __exit__(self, *exception: object) -> None:
            pass

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
