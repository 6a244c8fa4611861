"""Text for people: tables and colours."""

from __future__ import annotations

import os
import shutil
import sys
from unicodedata import combining, east_asian_width

from awsexec import fastpath
from awsexec.errors import cannot_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RED, YELLOW, BOLD = "31", "33", "1"


def put(text: str) -> None:
    """Write `text`, which is what it was all for, to stdout. Raises `AwsexecError`."""
    try:
        fastpath.put(text)
    except OSError as error:
        raise cannot_write(error) from None


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
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + 2 * (len(widths) - 1) - (width or sys.maxsize)
    while over > 0:
        widest = max(shrink, key=lambda column: widths[column])
        if widths[widest] <= 8:
            break
        widths[widest] -= 1
        over -= 1
    return [
        "  ".join(
            padded(_fit(cell, size), size)
            for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def columns(text: str) -> int:
    """The columns of a terminal that `text` takes (Unicode Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )


def padded(text: str, size: int) -> str:
    """`text` with blanks to `size` columns."""
    return text + " " * (size - columns(text))


def cut(text: str, size: int | None) -> str:
    """`text`, or as much of its beginning as fits `size` columns, and an ellipsis."""
    if size is None or columns(text) <= size:
        return text
    while columns(text) > size - 1:
        text = text[:-1]
    return text + "…"


def _fit(cell: str, size: int) -> str:
    """`cell` without its middle, where that is more than `size` columns."""
    if columns(cell) <= size:
        return cell
    head = cut(cell, size // 2 + 1)
    tail = cell[len(head) - 1 :]
    while columns(head) + columns(tail) > size:
        tail = tail[1:]
    return head + tail


def width() -> int | None:
    """The columns of the terminal that stdout is, None where it is none."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def home_as_tilde(path: str, environ: Mapping[str, str]) -> str:
    """`path` with the home directory as ``~``, for reading."""
    home = environ.get("HOME", "").rstrip("/")
    return "~" + path[len(home) :] if home and path.startswith(home + os.sep) else path
