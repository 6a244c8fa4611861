"""Splitting a command line of the user's into words, as the system's own programs do."""

from __future__ import annotations

import shlex
import sys


def split(line: str, platform: str = sys.platform) -> list[str]:
    r"""Return the words of `line`. Raises `ValueError` for a quote that is not closed.

    On Windows (`platform` "win32") a backslash separates folders and ' is no quote (Python
    library reference, "Converting an argument sequence to a string on Windows"). A
    quotation mark cannot be part of a word there.
    """
    if platform != "win32":
        return shlex.split(line)
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    lexer.quotes = '"'
    return list(lexer)
