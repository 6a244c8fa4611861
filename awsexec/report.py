"""Messages: lines on stderr, as many as the user wants."""

from __future__ import annotations

import time

from awsexec.text import message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Timer
    from typing import TextIO

QUIET, NORMAL, VERBOSE, DEBUG = -1, 0, 1, 2

# seconds after which somebody who watches begins to wonder
SAY_AFTER = 3
# seconds after which the progress of what takes long is shown
COUNT_AFTER = 1
# seconds after which a wait for another run is told: most end at once
SAY_WAIT_AFTER = 0.3


class Report:
    """Writes lines to `stream`, each with the program's name, up to a `level`.

    stderr belongs to COMMAND, so every line is whole, and no line is drawn over.
    """

    def __init__(self, stream: TextIO, level: int = NORMAL) -> None:
        self._stream = stream
        self.level = level

    def warning(self, text: object) -> None:
        """Say what the user will want to correct, though the run goes on."""
        if self.level >= NORMAL:
            self._say(text)

    def waiting(self, text: object) -> None:
        """Say why nothing happens at the moment, if somebody watches."""
        if self.level >= NORMAL and self._stream.isatty():
            self._say(text)

    def patience(self, text: object, seconds: float | None = SAY_AFTER) -> _Patience:
        """Return a context that says `text`, as `waiting` does, after so many seconds.

        With None it is never said.
        """
        is_watched = self.level >= NORMAL and self._stream.isatty()
        return _Patience(self, text, seconds if is_watched else None)

    def counting(self, text: object) -> _Counting:
        """Return a context that shows, if somebody watches, how much of `text` is done.

        What takes less than COUNT_AFTER seconds shows nothing. The context gives a
        function that takes two numbers: how much is done, and of how much.
        """
        return _Counting(self, text, self.level >= NORMAL and self._stream.isatty())

    def detail(self, text: object) -> None:
        """Say what was done (--verbose)."""
        if self.level >= VERBOSE:
            self._say(text)

    def debug(self, text: object) -> None:
        """Say how it was done, without secrets (--debug)."""
        if self.level >= DEBUG:
            self._say(text)

    def _say(self, text: object) -> None:
        self.draw(message(text))

    def draw(self, text: str) -> None:
        """Write `text` as it is, if stderr takes it."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # stderr is closed or full: nowhere is left to say so
            pass


class _Patience:
    """A context whose block takes `seconds` before `text` is said; None for never."""

    def __init__(self, report: Report, text: object, seconds: float | None) -> None:
        self._report = report
        self._text = text
        self._seconds = seconds
        self._timer: Timer | None = None

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        import threading

        timer = threading.Timer(self._seconds, self._report.waiting, (self._text,))
        try:
            timer.start()
        except RuntimeError:
            # the system has no more threads, and the wait goes on without a word
            return
        self._timer = timer

    def __exit__(self, *exception: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


class _Counting:
    """A context that draws one line over and over, and takes it away at its end."""

    def __init__(self, report: Report, text: object, is_watched: bool) -> None:
        self._report = report
        self._text = text
        self._is_watched = is_watched
        self._drawn = 0
        self._from: float | None = None

    def __enter__(self) -> _Counting:
        return self

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._from is None:
            # what went before, as a sign-in, does not count
            self._from = now + COUNT_AFTER
        if self._is_watched and now >= self._from:
            line = message(f"{self._text}: {done} of {total}").rstrip("\n")
            self._drawn = max(self._drawn, len(line))
            self._report.draw(f"\r{line}")

    def __exit__(self, *exception: object) -> None:
        if self._drawn:
            self._report.draw(f"\r{' ' * self._drawn}\r")
