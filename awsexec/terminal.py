"""Asking the user, on the controlling terminal whatever the standard streams are."""

from __future__ import annotations

import os
import sys

from awsexec.errors import Interrupted


class NoTerminal(Exception):
    """The process has no controlling terminal to ask on."""


def ask(question: str) -> str:
    """Print `question` on the controlling terminal and return the line typed there.

    The line is shown while it is typed, and comes back without white space around it.
    Raises `NoTerminal`, and `Interrupted` on Ctrl-C or end of input.
    """
    if sys.platform == "win32":
        read_from, write_to = "CONIN$", "CONOUT$"
    else:
        read_from = write_to = "/dev/tty"
    try:
        # not one stream for both: a terminal cannot seek, and Python's r+ must
        with (
            open(read_from, encoding="utf-8", errors="replace") as keyboard,
            open(write_to, "w", encoding="utf-8", errors="replace") as screen,
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
