"""Text for people: tables, times, colours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence

RED, YELLOW, BOLD = "31", "33", "1"


def duration(seconds: float) -> str:
    """A time left, as the prompt of a subshell shows it: 1h02m, 42m, <1m, expired."""
    if seconds <= 0:
        return "expired"
    if seconds < 60:
        return "<1m"
    minutes = int(seconds) // 60
    return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"


def has_colour(environ: Mapping[str, str]) -> bool:
    """Whether stdout takes colours (https://no-color.org)."""
    return (
        sys.stdout.isatty()
        and not environ.get("NO_COLOR")
        and environ.get("TERM") != "dumb"
    )


def coloured(text: str, colour: str, on: bool) -> str:
    """`text` in an SGR colour where that is `on`."""
    return f"\033[{colour}m{text}\033[0m" if on and text else text


def table(
    rows: Sequence[Sequence[str]], width: int | None, shrink: Sequence[int]
) -> list[str]:
    """The rows in columns, each as wide as its widest cell, without trailing blanks.

    Where they are wider than `width`, the columns `shrink` names give way, the widest
    first, and lose the middle of what they hold.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + 2 * (len(widths) - 1) - (width or sys.maxsize)
    while over > 0:
        widest = max(shrink, key=lambda column: widths[column])
        if widths[widest] <= 8:
            break
        widths[widest] -= 1
        over -= 1
    return [
        "  ".join(
            _fit(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _fit(cell: str, size: int) -> str:
    if len(cell) <= size:
        return cell
    head = size // 2
    return f"{cell[:head]}…{cell[len(cell) - (size - head - 1):]}"


def width() -> int | None:
    """The columns of the terminal that stdout is, None where it is none."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def home_as_tilde(path: str, environ: Mapping[str, str]) -> str:
    """`path` with the home directory as ``~``, for reading."""
    home = environ.get("HOME", "").rstrip("/")
    return "~" + path[len(home) :] if home and path.startswith(home + os.sep) else path
