"""Record a session in a terminal, and draw it: docs/session.svg.

    python -m tests.demo.picture FILE

``make picture`` runs it, with awsexec and the AWS CLI on PATH.
"""

from __future__ import annotations

import contextlib
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from tests.demo.alice import CODES, alice
from tests.demo.session import Session
from tests.screen import left

COLUMNS = 94
# what is typed, each with the answer to the question that it asks
TYPED = (
    ("awsexec alice-sts -- aws s3 ls", None),
    ("awsexec --each 'acct-*' -- aws s3 ls", CODES[0]),
    ("awsexec --each 'acct-*' -- sh -c 'aws s3 ls | grep logs'", None),
    ("awsexec acct-prod", None),
    ("aws sts get-caller-identity --query Arn --output text", None),
    ("awsexec --list", None),
)

# pixels; most monospaced fonts are 0.6 as wide as they are high
SIZE, CELL, LINE, MARGIN, BAR = 15, 9, 21, 20, 40
# above each prompt but the first
GAP = 9
# a dark window, with an edge that shows on a dark page too
STYLE = """\
text { font: 15px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", \
monospace; fill: #d5dae1 }
.bold, .typed { font-weight: bold; fill: #ffffff }
.c31 { fill: #ff8f87 } .c32 { fill: #6fdd8b } .c33 { fill: #e8bf57 }
.c34 { fill: #82b7ff } .c35 { fill: #d9a8ff } .c36 { fill: #5fd7d7 }
"""
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER_ESCAPE = re.compile(r"\x1b(?!\[[0-9;]*m)")
# the end of a prompt: what follows is typed
_PROMPT_END = "$\x1b[0m "
_SPACE = "\N{NO-BREAK SPACE}"

# a piece of a line: its text, and the classes of its style
Piece = tuple[str, str]


def main() -> None:
    Path(sys.argv[1]).write_text(draw(record()), encoding="utf-8")


def record() -> str:
    """Type the session; return what is left on the screen at its end, with colours."""
    shown: list[str] = []
    with alice(with_keyring=False) as person:
        session = Session(person.environ, COLUMNS, shown.append, prompt="~ $")
        with contextlib.closing(session):
            for command, answer in TYPED:
                session.types(command, *([answer] if answer else []))
    return left("".join(shown))


def draw(screen: str) -> str:
    """Return an SVG of a terminal's window, which shows the screen."""
    lines = screen.rstrip().split("\n")
    width = COLUMNS * CELL + 2 * MARGIN
    rows = []
    top = BAR
    for number, line in enumerate(lines):
        if number and _PROMPT_END.rstrip() in line:
            top += GAP
        column = 0
        rows.append(f'<g transform="translate({MARGIN} {top + SIZE})">')
        for text, style in pieces(line):
            if text.strip():
                rows.append(_text(text, style, column))
            column += _cells(text)
        assert column <= COLUMNS, f"the picture would cut this line: {line}"
        rows.append("</g>")
        top += LINE
    height = top + MARGIN - LINE + SIZE
    buttons = (
        f'<circle cx="{24 + 20 * number}" cy="21" r="6" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">',
            f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="9" '
            'fill="#161b22" stroke="#4a525d"/>',
            *buttons,
            *rows,
            "</svg>",
            "",
        ]
    )


def _text(text: str, style: str, column: int) -> str:
    """Return the element of a text, which is as wide in any font."""
    width = _cells(text) * CELL
    # else viewers make several spaces one
    text = escape(text.replace(" ", _SPACE))
    of = f' class="{style}"' if style else ""
    return f'<text x="{column * CELL}" textLength="{width}"{of}>{text}</text>'


def text_of(svg: str) -> list[str]:
    """Return the lines of text in a drawn picture."""
    lines = []
    for group in re.findall(r"<g .*?</g>", svg, re.S):
        line = ""
        for x, text in re.findall(r'<text x="(\d+)"[^>]*>([^<]*)</text>', group):
            line = line.ljust(int(x) // CELL) + unescape(text).replace(_SPACE, " ")
        lines.append(line)
    return lines


def pieces(line: str) -> Iterator[Piece]:
    """Split a line into pieces of one style, and where columns of a table begin."""
    assert not _OTHER_ESCAPE.search(line), f"not a colour: {line!r}"
    output, mark, typed = line.rpartition(_PROMPT_END)
    for text, style in _coloured(output + mark if mark else typed):
        for part in re.split(r"(^ +|  +)", text):
            if part:
                yield part, style
    if mark and typed:
        yield typed, "typed"


def _coloured(text: str) -> Iterator[Piece]:
    style: list[str] = []
    # before the first codes, none
    parts = ["0", *_SGR.split(text)]
    for codes, part in zip(parts[::2], parts[1::2], strict=True):
        for code in codes.split(";"):
            if code in ("", "0"):
                style = []
            elif code == "1":
                style.append("bold")
            else:
                style.append(f"c{code}")
        yield part, " ".join(style)


def _cells(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


if __name__ == "__main__":
    main()
