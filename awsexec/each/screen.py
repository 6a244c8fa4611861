"""What a person sees around the output of the commands: prefixes, heads, a live line."""

from __future__ import annotations

import os
import stat
import sys
import time

from awsexec import output
from awsexec.report import NORMAL
from awsexec.text import message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from awsexec.each.runner import Outcome
    from awsexec.report import Report

# SGR colours of the prefixes, none of them that of failures
COLOURS = ("36", "32", "33", "35", "34", "96", "92", "93", "95", "94")
# seconds between two drawings of the live line
REDRAW = 0.1
# columns up to which labels are padded, so that one long name does not move all lines
WIDEST = 40
# columns that the live line leaves free: for ^C, twice, and the last one, after which a
# terminal may begin a new line
FREE = 5


class Style:
    """How the output of a command is marked, which has one of `labels`.

    `terminals` has those of stdout (1) and stderr (2) that are one.
    """

    def __init__(self, environ: Mapping[str, str], labels: Iterable[str]) -> None:
        self._environ = environ
        widths = map(output.columns, labels)
        self._width = max((each for each in widths if each <= WIDEST), default=0)
        streams = {1: sys.stdout, 2: sys.stderr}
        self.terminals = {each for each, stream in streams.items() if stream.isatty()}

    def prefixes(self, label: str, number: int) -> tuple[dict[int, bytes], bytes]:
        """Return what is before each line of stdout (1) and stderr (2) of a command.

        After them comes what is before a piece of stdout that continues a line. `number`
        chooses the colour.
        """
        colour = COLOURS[number % len(COLOURS)]
        return {
            1: self._prefix(label, "│", "|", colour, sys.stdout),
            2: self._prefix(label, "!", "!", colour, sys.stderr),
        }, self._prefix(label, "+", "+", colour, sys.stdout)

    def _prefix(
        self, label: str, sign: str, plain: str, colour: str, stream: TextIO
    ) -> bytes:
        text = f"{output.padded(label, self._width)} {_in(stream, sign, plain)}"
        if output.has_colour(self._environ, stream):
            text = f"\033[{colour}m{text}\033[0m"
        return _bytes(stream, text + " ")

    def head(self, label: str, outcome: Outcome) -> bytes:
        """Return the line above the output of a command that has ended, with --group."""
        line = _in(sys.stdout, "──", "--")
        text = f"{line} {label}: {outcome}, {outcome.seconds:.1f} s"
        if output.has_colour(self._environ):
            text = f"\033[{output.BOLD}m{text}\033[0m"
        return _bytes(sys.stdout, text + "\n")


class LiveLine:
    """A line below all output, and below what `report` writes, that says how far it is.

    It is there if stderr is a terminal, without --quiet. There is none if a program reads
    the output, since that program may write to the same terminal.
    """

    def __init__(self, environ: Mapping[str, str], report: Report) -> None:
        self._report = report
        report.clear = self.clear
        self._is_shown = (
            report.level >= NORMAL
            and sys.stderr.isatty()
            and environ.get("TERM", "dumb") != "dumb"
            and not _is_read_by_program(sys.stdout)
        )
        # the streams that may be written where the line is
        self._shares = {1, 2} if sys.stdout.isatty() else {2}
        self._note = ""
        self._began = time.monotonic()
        self._drawn = ""
        self._next = 0.0

    def show(self, done: int, total: int, failed: int, names: Sequence[str]) -> None:
        """Draw it, a few times a second at most."""
        now = time.monotonic()
        if not self._is_shown or now < self._next or not _is_foreground():
            return
        # what matters most comes first, since the end may be cut off
        parts = [
            self._note,
            f"{done} of {total} done",
            f"{failed} failed" if failed else "",
            f"{now - self._began:.0f} s",
            f"running: {', '.join(names)}" if names else "",
        ]
        columns = output.terminal_columns(sys.stderr) - FREE
        line = output.cut(", ".join(filter(None, parts)), max(columns, 1))
        if line != self._drawn:
            with self._report.drawing:
                self._report.draw_below(f"\r\033[K{line}")
                self._drawn = line
            self._next = now + REDRAW

    def tell(self, note: str) -> None:
        """Tell whoever watches what they can do now, after Ctrl-C.

        It comes first in the line; where there is none, it is a line of its own.
        """
        self._note = note
        if not self._is_shown and sys.stderr.isatty() and self._report.level >= NORMAL:
            # over the ^C that the terminal shows
            self._report.draw("\r" + message(note))

    def clear(self, stream: int = 2) -> None:
        """Take it away before something is written to `stream`, if it is in the way."""
        with self._report.drawing:
            if self._drawn and stream in self._shares:
                self._report.draw_below("\r\033[K")
                self._drawn = ""


def _is_read_by_program(stream: TextIO) -> bool:
    """Return whether `stream` is a pipe or a socket."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _is_foreground() -> bool:
    """Return whether this job has the terminal, and no shell shows its prompt there."""
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:
        # a terminal of another session
        return True


def _in(stream: TextIO, text: str, plain: str) -> str:
    """Return `text`, or `plain` if the encoding of the stream does not have it."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return text


def _bytes(stream: TextIO, text: str) -> bytes:
    return text.encode(stream.encoding or "ascii", "backslashreplace")
