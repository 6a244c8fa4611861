"""Asking the user on the controlling terminal, wherever the standard streams go."""

from __future__ import annotations

import os
import sys
import time

from awsexec.errors import Interrupted, UsageError

if sys.platform == "win32":
    _KEYBOARD, _SCREEN = "CONIN$", "CONOUT$"
else:
    _KEYBOARD = _SCREEN = "/dev/tty"


class NoTerminal(Exception):
    """There is no controlling terminal, or nobody answers on it."""


def show(text: str) -> None:
    """Print `text` on the controlling terminal. Raises `NoTerminal`."""
    try:
        with open(_SCREEN, "w", encoding="utf-8", errors="replace") as screen:
            screen.write(text)
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
                screen.write(question)
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


def ask_hidden(question: str) -> str:
    """Ask as `ask` does, and do not show what is typed."""
    # slow to load
    import getpass

    try:
        # without a terminal, getpass would read stdin, and show it
        with open(_KEYBOARD, "rb"), open(_SCREEN, "wb"):
            pass
        return getpass.getpass(question).strip()
    except (KeyboardInterrupt, EOFError):
        show("\n")
        raise Interrupted from None
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
                return (ask_hidden if hidden else ask)(question)
            except NoTerminal:
                why = "there is no terminal to ask on"
        raise UsageError(f"{question.strip(' :')}: {why}; {otherwise}")

    def check(self) -> None:
        """Raise if `yes` could not ask."""
        if not self._is_yes:
            try:
                if self._may_ask:
                    show("")
                    return
            except NoTerminal:
                pass
            raise UsageError(
                "this action asks before it deletes a key, and cannot ask here; run it on "
                "a terminal, or add --yes"
            )


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
