"""Asking the user on the controlling terminal, wherever the standard streams go."""

from __future__ import annotations

import os
import sys

from awsexec.errors import Interrupted, UsageError
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

if sys.platform == "win32":
    import ctypes
    import msvcrt

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


def ask(question: str, *, hidden: bool = False) -> str:
    """Print `question` on the controlling terminal and return the line typed there.

    The line is shown while it is typed, unless it is `hidden`, and returned without white
    space around it. What was typed before the question was there is no answer, and is
    thrown away. After Ctrl-Z and ``fg`` the question is printed again. Raises
    `NoTerminal` (`InBackground` if the process is in the background), and `Interrupted`
    on Ctrl-C or end of input.
    """
    try:
        # two streams, because Python's r+ requires seek and a terminal has none
        with (
            open(_KEYBOARD, encoding="utf-8", errors="replace") as keyboard,
            open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen,
            _Echo(keyboard.fileno()) as echo,
        ):

            def put_question() -> None:
                if not _is_foreground(keyboard.fileno()):
                    raise InBackground("another job is in the foreground")
                if hidden:
                    echo.switch_off()
                discard_typed(keyboard.fileno())
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


class Questions:
    """Questions about what an action is to do; with `is_yes`, yes is the answer to all.

    `may_ask` is False where the user must not be asked. Methods raise `UsageError` if an
    answer is needed and nobody can give it, and `Interrupted`.
    """

    def __init__(self, may_ask: bool, is_yes: bool) -> None:
        self._may_ask = may_ask
        self._is_yes = is_yes

    def yes(self, question: str) -> bool:
        """Return whether the answer to `question`, without its ``?``, is yes."""
        if self._is_yes:
            return True
        answer = self.line(f"{question}? [y/N] ", "add --yes if the answer is yes")
        return answer.casefold() in ("y", "yes")

    def line(self, question: str, otherwise: str, *, hidden: bool = False) -> str:
        """Return the line that the user types; `otherwise` is what else to do."""
        why = "--no-prompt forbids asking"
        if self._may_ask:
            try:
                return ask(question, hidden=hidden)
            except NoTerminal:
                why = "there is no terminal to ask on"
        raise UsageError(f"{question.strip(' :')}: {why}; {otherwise}")

    def check(self) -> None:
        """Raise if `yes` could not ask."""
        if not self._is_yes:
            try:
                if self._may_ask:
                    check()
                    return
            except NoTerminal:
                pass
            raise UsageError(
                "this action asks before it deletes a key, and cannot ask here; run it on "
                "a terminal, or add --yes"
            )


if sys.platform == "win32":

    def _is_foreground(keyboard: int) -> bool:
        return True

    def discard_typed(keyboard: int) -> None:
        """Throw away what was typed on the terminal `keyboard` and not read yet."""
        # Console functions, "FlushConsoleInputBuffer"
        console = msvcrt.get_osfhandle(keyboard)
        ctypes.windll.kernel32.FlushConsoleInputBuffer(console)

    class _Echo:
        """Whether a console shows what is typed, from ``with`` to its end."""

        def __init__(self, keyboard: int) -> None:
            self._console = msvcrt.get_osfhandle(keyboard)
            self._mode: int | None = None

        def __enter__(self) -> _Echo:
            return self

        def switch_off(self) -> None:
            # Console functions, "SetConsoleMode": ENABLE_ECHO_INPUT is 4
            mode = ctypes.c_ulong()
            kernel = ctypes.windll.kernel32
            if kernel.GetConsoleMode(self._console, ctypes.byref(mode)):
                self._mode = mode.value
                kernel.SetConsoleMode(self._console, mode.value & ~4)

        def __exit__(self, *exception: object) -> None:
            if self._mode is not None:
                ctypes.windll.kernel32.SetConsoleMode(self._console, self._mode)

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

    def discard_typed(keyboard: int) -> None:
        """Throw away what was typed on the terminal `keyboard` and not read yet."""
        import termios

        try:
            termios.tcflush(keyboard, termios.TCIFLUSH)
        except termios.error as error:
            raise NoTerminal(str(error)) from None

    class _Echo:
        """Whether a terminal shows what is typed, from ``with`` to its end."""

        def __init__(self, keyboard: int) -> None:
            self._keyboard = keyboard
            self._modes: list[Any] | None = None

        def __enter__(self) -> _Echo:
            return self

        def switch_off(self) -> None:
            import termios

            try:
                modes = termios.tcgetattr(self._keyboard)
                if self._modes is None:
                    self._modes = list(modes)
                # the end of the line is shown all the same
                modes[3] = modes[3] & ~termios.ECHO | termios.ECHONL
                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, modes)
            except termios.error as error:
                raise NoTerminal(str(error)) from None

        def __exit__(self, *exception: object) -> None:
            if self._modes is not None:
                import termios

                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._modes)

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
