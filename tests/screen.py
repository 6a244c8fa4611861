"""What is left on a terminal's screen of what programs wrote to it."""

from __future__ import annotations

import re

_CLEAR = "\x1b[K"
# Orders to the terminal, such as colours and the clearing of a line.
_ESCAPES = re.compile(r"\x1b(\[[0-9;?<=>]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>])")


def left(text: str) -> str:
    """Return the lines that are left, with their colours.

    A carriage return begins a line anew. What follows replaces what was there, so a line
    of progress is gone when a program took it away.
    """
    return "\n".join(map(_line, text.replace("\r\n", "\n").split("\n")))


def plain(text: str) -> str:
    """Return the lines that are left, without colours."""
    return _ESCAPES.sub("", left(text))


def _line(text: str) -> str:
    first, *others = text.split("\r")
    for part in others:
        if part.startswith(_CLEAR):
            first = part.removeprefix(_CLEAR)
        elif part:
            rest = _ESCAPES.sub("", first)[len(_ESCAPES.sub("", part)) :]
            first = part + rest.rstrip(" ")
    # blanks that took something away
    return (
        first.rstrip(" ") if others and not _ESCAPES.sub("", first).strip() else first
    )
