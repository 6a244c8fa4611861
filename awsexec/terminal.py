"""Asking the user, on the controlling terminal whatever the standard streams are."""

from __future__ import annotations

import contextlib
import os
import sys
import time

from awsexec.errors import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """There is no controlling terminal to ask on, or nobody at it."""


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


if sys.platform == "win32":

    def foreground() -> contextlib.AbstractContextManager[None]:
        """A console knows no groups of processes."""
        return contextlib.nullcontext()

    def ask_beside(question: str, seconds: float) -> str:
        """As `ask`; a console cannot be asked for so many seconds only."""
        return ask(question)

else:

    @contextlib.contextmanager
    def foreground() -> Iterator[None]:
        """Join the processes in the terminal's foreground until the end of the block.

        For a process of a background group, which ignores SIGTTIN and SIGTTOU. Raises
        `NoTerminal` where there is none, and where the program in the foreground reads
        key by key (an editor, a shell at its prompt): that is no time to ask.
        """
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
        try:
            yield
        finally:
            os.setpgid(0, 0)

    def ask_beside(question: str, seconds: float) -> str:
        """As `ask`, beside another program at the terminal, for so many `seconds`.

        What is typed may be read by that program instead. Raises `NoTerminal`, also
        where nothing has come by then; half a line is then nobody's.
        """
        import select
        import termios

        show(question)
        try:
            # not to block in a read of what the other program has been faster to read
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
                    # the other program was faster, or this one is in the background,
                    # as after a Ctrl-Z
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
