"""Messages: lines on stderr, as many as the user wants."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Timer
    from typing import TextIO

QUIET, NORMAL, VERBOSE, DEBUG = -1, 0, 1, 2

# seconds after which somebody who watches begins to wonder
SAY_AFTER = 3
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

    def detail(self, text: object) -> None:
        """Say what was done (--verbose)."""
        if self.level >= VERBOSE:
            self._say(text)

    def debug(self, text: object) -> None:
        """Say how it was done, without secrets (--debug)."""
        if self.level >= DEBUG:
            self._say(text)

    def _say(self, text: object) -> None:
        try:
            self._stream.write(f"awsexec: {' '.join(str(text).splitlines())}\n")
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
