"""Messages: lines on stderr, as many as the user wants."""

from __future__ import annotations

import time

# what threading calls RLock; threading is slow to load
from _thread import RLock

from awsexec.text import message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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

    stderr belongs to COMMAND, so every line is whole. Before COMMAND starts, or with
    --each, something may be drawn below the lines: `clear` takes it away before the next
    line is written. Who draws, or takes away, holds the lock `drawing`, since several
    threads write.
    """

    def __init__(self, stream: TextIO, level: int = NORMAL) -> None:
        self._stream = stream
        self.level = level
        self.clear: Callable[[], None] = _nothing
        self.drawing = RLock()
        # whether a wait is told; None where each one is
        self._is_wait_told: bool | None = None

    def warning(self, text: object) -> None:
        """Say what the user will want to correct, though the run goes on."""
        if self.level >= NORMAL:
            self._say(text)

    def waiting(self, text: object) -> None:
        """Say why nothing happens at the moment, if somebody watches.

        Of many waits at the same time, whose progress is shown, the first is told.
        """
        if self.level < NORMAL or not self._stream.isatty():
            return
        with self.drawing:
            if not self._is_wait_told:
                self._say(text)
            if self._is_wait_told is not None:
                self._is_wait_told = True

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
        """Write `text` as it is, if stderr takes it, in place of what is drawn below."""
        with self.drawing:
            self.clear()
            self.draw_below(text)

    def draw_below(self, text: str) -> None:
        """Write `text`, which `clear` can take away."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # stderr is closed or full: nowhere is left to say so
            pass


def _nothing() -> None:
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
        self._report.clear = self._clear
        self._report._is_wait_told = False
        return self

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._from is None:
            # what went before, as a sign-in, does not count
            self._from = now + COUNT_AFTER
        if self._is_watched and now >= self._from:
            line = message(f"{self._text}: {done} of {total}").rstrip("\n")
            with self._report.drawing:
                self._drawn = max(self._drawn, len(line))
                self._report.draw_below(f"\r{line}")

    def _clear(self) -> None:
        with self._report.drawing:
            if self._drawn:
                # and the ^C that a terminal shows behind it
                self._report.draw_below(f"\r{' ' * (self._drawn + 2)}\r")
                self._drawn = 0

    def __exit__(self, *exception: object) -> None:
        self._clear()
        self._report.clear = _nothing
        self._report._is_wait_told = None
