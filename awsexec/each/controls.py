"""What a terminal would act on in the output of a command (ECMA-48, "Control functions")."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    # control sequences, as of colours and of moves of the cursor
    rb"\x1b\[[0-?]*[ -/]*[@-~]"
    # control strings, as of titles and links; one without an end takes the line
    rb"|\x1b[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    # other escape sequences
    rb"|\x1b[ -/]*[0-~]?"
    # single controls, those of C1 as UTF-8
    rb"|[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]"
)
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")


def without_controls(line: bytes) -> bytes:
    """Return `line` without controls; tabs and carriage returns stay."""
    return _CONTROL.sub(b"", line)


def for_terminal(line: bytes) -> bytes:
    """Return `line`, without its line feed, as it may be written after a prefix.

    It keeps its colours. A carriage return begins the line again, over the prefix, so that
    only what is after the last one is left: the end of what shows progress.
    """
    shown = _CONTROL.sub(
        lambda match: match[0] if _COLOUR.fullmatch(match[0]) else b"", line
    )
    shown = shown.rstrip(b"\r").rpartition(b"\r")[2]
    # what goes on would be coloured too
    return shown + b"\x1b[0m" if b"\x1b" in shown else shown
