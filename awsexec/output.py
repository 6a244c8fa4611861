"""Standard output and standard error: writing there, and text for people: tables, colours."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from awsexec import fastpath
from awsexec.errors import AwsexecError, ReaderGone, cannot_write
from awsexec.text import printable, without_userinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    # its text, or its text and an SGR colour
    Line = str | tuple[str, str]

# SGR colours
RED, BOLD = "31", "1"


def put(text: str) -> None:
    """Write `text`, which must arrive, to stdout. Raises `AwsexecError`."""
    try:
        fastpath.put(text)
    except UnicodeEncodeError as error:
        raise AwsexecError(
            f"cannot write to stdout: {error.object[error.start]!a} is not in the "
            f"encoding of this locale, {error.encoding}; use a UTF-8 locale"
        ) from None
    except OSError as error:
        raise cannot_write(error) from None


def show(text: str | bytes) -> None:
    """Write `text`, which a person or a shell reads, to stdout; bytes as they are.

    A character that the encoding of stdout does not have is written as its escape. Raises
    `AwsexecError`, and `ReaderGone` where the reader has seen enough, as in
    ``awsexec --list | head``.
    """
    try:
        if isinstance(text, bytes):
            sys.stdout.buffer.write(text)
        else:
            if isinstance(sys.stdout, TextIOWrapper):
                sys.stdout.reconfigure(errors="backslashreplace")
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)
        raise ReaderGone from None
    except OSError as error:
        discard(sys.stdout)
        raise cannot_write(error) from None


def show_lines(lines: Iterable[Line], environ: Mapping[str, str]) -> None:
    """Write `lines`, which a person reads, to stdout. Raises as `show`.

    Text from outside is escaped, and URLs lose their passwords. A line may come as a pair
    with an SGR colour.
    """
    is_coloured = has_colour(environ)
    written = []
    for line in lines:
        text, colour = (line, "") if isinstance(line, str) else line
        text = printable(without_userinfo(text))
        if colour and text and is_coloured:
            text = f"\033[{colour}m{text}\033[0m"
        written.append(text + "\n")
    show("".join(written))


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, waiting as long as the reader wants.

    Raises `ReaderGone` if nobody reads any more, and `AwsexecError`.
    """
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # the caller made it so
            import select

            select.select([], [descriptor], [])
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as error:
            raise cannot_write(
                error, "stdout" if descriptor == 1 else "stderr"
            ) from None


def tell(text: str) -> None:
    """Write `text` to stderr, as far as that is possible."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        # stderr is full or its reader is gone: nowhere is left to say so
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Let what is left in `stream`, which cannot be written, go nowhere.

    Python would try to write it again at its end, and end with the status 120.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        # the system has no more files, or the stream is closed
        pass


def as_json(value: object) -> str:
    """Return `value` as JSON for programs, which people can read too."""
    import json

    return json.dumps(value, indent=2) + "\n"


def as_json_line(value: object) -> str:
    """Return `value` as JSON on one line."""
    import json

    return json.dumps(value)


def has_colour(environ: Mapping[str, str], stream: TextIO | None = None) -> bool:
    """Return whether to colour `stream`, by default stdout (https://no-color.org)."""
    return (
        (stream or sys.stdout).isatty()
        and not environ.get("NO_COLOR")
        and environ.get("TERM") != "dumb"
    )


def table(
    rows: Sequence[Sequence[str]], width: int | None, shrink: Sequence[int]
) -> list[str]:
    """Return the rows as lines, each column as wide as its widest cell, escaped.

    Where the lines would be wider than `width`, the columns that `shrink` names lose the
    middle of their cells, the widest column first.
    """
    rows = [
        row if _is_plain("".join(row)) else list(map(_as_written, row)) for row in rows
    ]
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
            [_laid(cell, size) for cell, size in zip(row, widths, strict=True)]
        ).rstrip()
        for row in rows
    ]


def _is_plain(text: str) -> bool:
    """Return whether stdout shows `text` as it is, for what nearly every row is."""
    return text.isprintable() and (text.isascii() or _encoding() == "utf-8")


def _as_written(text: str) -> str:
    """Return `text` with the escapes that `printable` and stdout's encoding need."""
    data = printable(text).encode(_encoding(), "backslashreplace")
    return data.decode(_encoding())


def _encoding() -> str:
    # None for a closed stdout
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _laid(cell: str, size: int) -> str:
    """Return `cell` in just `size` columns."""
    # nearly every cell, and there may be thousands
    if cell.isascii() and len(cell) <= size:
        return cell.ljust(size)
    return padded(_fit(cell, size), size)


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes (Unicode Annex 11)."""
    if text.isascii():
        return len(text)
    # the ellipsis is in every key id that is shown, and the table is slow to load
    if text.replace("…", "").isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )


def padded(text: str, size: int) -> str:
    """Return `text` with blanks up to `size` columns."""
    return text + " " * (size - columns(text))


def cut(text: str, size: int | None) -> str:
    """Return `text`; if it does not fit `size` columns, its beginning and an ellipsis."""
    if size is None or columns(text) <= size:
        return text
    while columns(text) > size - 1:
        text = text[:-1]
    return text + "…"


def folded(text: str, size: int, first: str = "", later: str = "  ") -> list[str]:
    """Return `text` as lines of `size` columns, which begin with `first`, then `later`.

    Lines end between words. A longer word is left whole, so that it can be copied.
    """
    words = text.split(" ")
    lines = [first + words[0]]
    for word in words[1:]:
        if columns(f"{lines[-1]} {word}") <= size:
            lines[-1] += f" {word}"
        else:
            lines.append(later + word)
    return lines


def _fit(cell: str, size: int) -> str:
    """Return `cell`; if it does not fit `size` columns, without its middle."""
    if columns(cell) <= size:
        return cell
    head = cut(cell, size // 2 + 1)
    tail = cell[len(head) - 1 :]
    while columns(head) + columns(tail) > size:
        tail = tail[1:]
    return head + tail


def width(environ: Mapping[str, str], stream: TextIO | None = None) -> int | None:
    """Return the columns for a text on `stream`, by default stdout; None if no terminal.

    COLUMNS wins, as for other programs (POSIX, "Environment Variables").
    """
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    chosen = environ.get("COLUMNS", "")
    if chosen.isascii() and chosen.isdigit() and 0 < int(chosen[:9]):
        return int(chosen[:9])
    return terminal_columns(stream)


def terminal_columns(stream: TextIO) -> int:
    """Return how many columns the terminal of `stream` has now."""
    try:
        # a terminal that does not know its size has 0 columns
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def home_as_tilde(text: str, environ: Mapping[str, str]) -> str:
    """Return `text`, for people, with the home directory at the start of a word as ``~``."""
    home, short = environ.get("HOME", "").rstrip("/") + os.sep, "~" + os.sep
    if home == os.sep:
        return text
    if text.startswith(home):
        text = short + text.removeprefix(home)
    return text.replace(f" {home}", f" {short}")
