"""What a person sees around the output of the commands: prefixes, heads, a live line."""

from __future__ import annotations

import sys
import time

from awsexec import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from awsexec.each.runner import Outcome

# SGR colours of the prefixes, none of them that of failures
COLOURS = ("36", "32", "33", "35", "34", "96", "92", "93", "95", "94")
# seconds between two drawings of the live line
REDRAW = 0.1
# columns that the live line leaves free: for ^C, twice, and the last one, after which a
# terminal may begin a new line
FREE = 5


class Style:
    """How the output of a command is marked, with a label of at most `width` columns."""

    def __init__(self, environ: Mapping[str, str], width: int) -> None:
        self._environ = environ
        self._width = width

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
        """Return the line above the output of a command that has ended."""
        line = _in(sys.stdout, "──", "--")
        text = f"{line} {label}: {outcome}, {outcome.seconds:.1f} s"
        if output.has_colour(self._environ):
            text = f"\033[{output.BOLD}m{text}\033[0m"
        return _bytes(sys.stdout, text + "\n")


class LiveLine:
    """A line below all output that says how far it is, if stderr is a terminal."""

    def __init__(self, environ: Mapping[str, str], is_wanted: bool) -> None:
        self._is_shown = (
            is_wanted and sys.stderr.isatty() and environ.get("TERM", "dumb") != "dumb"
        )
        # what the person should do, before all else
        self.note = ""
        self._began = time.monotonic()
        self._drawn = ""
        self._next = 0.0

    def show(self, done: int, total: int, failed: int, names: Sequence[str]) -> None:
        """Draw it, a few times a second at most."""
        now = time.monotonic()
        if not self._is_shown or now < self._next:
            return
        # what matters most comes first, since the end may be cut off
        parts = [
            self.note,
            f"{done} of {total} done",
            f"{failed} failed" if failed else "",
            f"{now - self._began:.0f} s",
            f"running: {', '.join(names)}" if names else "",
        ]
        columns = output.terminal_columns(sys.stderr) - FREE
        line = output.cut(", ".join(filter(None, parts)), max(columns, 1))
        if line != self._drawn:
            output.tell(f"\r\033[K{line}")
            self._drawn = line
            self._next = now + REDRAW

    def clear(self) -> None:
        """Take it away before something else is written."""
        if self._drawn:
            output.tell("\r\033[K")
            self._drawn = ""


def _in(stream: TextIO, text: str, plain: str) -> str:
    """Return `text`, or `plain` if the encoding of the stream does not have it."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return text


def _bytes(stream: TextIO, text: str) -> bytes:
    return text.encode(stream.encoding or "ascii", "backslashreplace")
