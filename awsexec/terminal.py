"""Asking the user on the controlling terminal, wherever the standard streams go."""

from __future__ import annotations

import os
import sys
import time

from awsexec.errors import Interrupted
from awsexec.text import printable

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """There is no controlling terminal, or nobody answers on it."""


def _printable(text: str) -> str:
    """Return `text` as it may be printed; its line feeds are the caller's own."""
    return "\n".join(map(printable, text.split("\n")))


def show(text: str) -> None:
    """Print `text` on the controlling terminal. Raises `NoTerminal`."""
    try:
        with open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen:
            screen.write(_printable(text))
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None


def ask(question: str) -> str:
    """Print `question` on the controlling terminal and return the line typed there.

    The line is shown while it is typed, and returned without white space around it.
    Raises `NoTerminal`, and `Interrupted` on Ctrl-C or end of input.
    """
    try:
        # two streams, because Python's r+ requires seek and a terminal has none
        with (
            open(_KEYBOARD, encoding="utf-8", errors="replace") as keyboard,
            open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen,
        ):
            try:
                screen.write(_printable(question))
                screen.flush()
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

    class Foreground:
        """Do nothing: a console has no groups of processes."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, *exception: object) -> None:
            pass

    def ask_beside(question: str, seconds: float) -> str:
        """Ask as `ask` does: on a console, reading cannot end after `seconds`."""
        return ask(question)

else:

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
