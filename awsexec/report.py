"""What awsexec says for itself: lines on stderr, as many as the user wants."""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

QUIET, NORMAL, VERBOSE, DEBUG = -1, 0, 1, 2

# seconds after which somebody who is looking begins to wonder
PATIENCE = 3


class Report:
    """Lines on `stream`, each with the program's name, up to a `level`.

    stderr belongs to COMMAND, so each line is whole and nothing is ever drawn over.
    """

    def __init__(self, stream: TextIO, level: int = NORMAL) -> None:
        self._stream = stream
        self.level = level

    def error(self, text: object) -> None:
        """Why awsexec gives up; said even with --quiet."""
        self._say(text)

    def warning(self, text: object) -> None:
        """Something the user will want to mend, though the run goes on."""
        if self.level >= NORMAL:
            self._say(text)

    def waiting(self, text: object) -> None:
        """Why nothing happens for the moment; only for somebody who is looking."""
        if self.level >= NORMAL and self._stream.isatty():
            self._say(text)

    @contextlib.contextmanager
    def patience(self, text: object, seconds: float = PATIENCE) -> Iterator[None]:
        """Say `text` as `waiting` does if the block takes longer than so many seconds."""
        if self.level < NORMAL or not self._stream.isatty():
            yield
            return
        import threading

        timer = threading.Timer(seconds, self.waiting, (text,))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def detail(self, text: object) -> None:
        """What was done (--verbose)."""
        if self.level >= VERBOSE:
            self._say(text)

    def debug(self, text: object) -> None:
        """How it was done (--debug), without secrets."""
        if self.level >= DEBUG:
            self._say(text)

    def _say(self, text: object) -> None:
        try:
            self._stream.write(f"awsexec: {' '.join(str(text).splitlines())}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # stderr is closed or full: there is nowhere left to say so
            pass
