"""Text that would change what a terminal shows, and how to see whether it got there."""

from __future__ import annotations

# C0, DEL and C1; bidirectional controls (UAX #9); separators; lone surrogates
ACTED_ON = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    *map(chr, (0x2028, 0x2029, 0xD800, 0xDCFF, 0xDFFF)),
]
# it would set the window's title, and turn the text around
TITLE = "\x1b]0;forged\x07"
# what a file and the environment can hold on one line
HOSTILE = f"a{TITLE}b\x9b31mc\x7fd\u202ee\u2066f\u200fg\u061ch\u2028i\u2029j\x85k\x08l"
# what XML can hold
OF_XML = "a\x9b31mb\u202ec\u2066d\u200fe\u061cf\u2028g\x85h"


def is_harmless(text: str) -> bool:
    """Whether a terminal shows `text` as it is; line feeds are the writer's own."""
    return not set(text) & (set(ACTED_ON) - {"\n"})
