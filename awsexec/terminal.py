"""Asking the user, on the controlling terminal whatever the standard streams are."""

from __future__ import annotations

import os
import sys

from awsexec.errors import Interrupted

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """The process has no controlling terminal to ask on."""


def show(text: str) -> None:
    """Print `text` on the controlling terminal. Raises `NoTerminal`."""
    try:
        with open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen:
            screen.write(text)
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None


def ask(question: str) -> str:
    """Print `question` on the controlling terminal and return the line typed there.

    The line is shown while it is typed, and comes back without white space around it.
    Raises `NoTerminal`, and `Interrupted` on Ctrl-C or end of input.
    """
    try:
        # not one stream for both: a terminal cannot seek, and Python's r+ must
        with (
            open(_KEYBOARD, encoding="utf-8", errors="replace") as keyboard,
            open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen,
        ):
            try:
                screen.write(question)
                screen.flush()
                line = keyboard.readline()
            except KeyboardInterrupt:
                # the terminal shows ^C; what comes next begins on a line of its own
                screen.write("\n")
                raise Interrupted from None
            if not line:
                screen.write("\n")
                raise Interrupted
            return line.strip()
    except OSError as error:
        raise NoTerminal(os.strerror(error.errno or 0)) from None
