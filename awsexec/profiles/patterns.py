"""The patterns of --list and --accounts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def fitting(pattern: str | None) -> Callable[[str], bool]:
    """Return whether a name fits `pattern`, as a function; None fits all.

    A pattern is one of the shell's (``*``, ``?``, ``[...]``) for the whole name, or a part
    of the name in any case.
    """
    if pattern is None:
        return lambda name: True
    if any(character in pattern for character in "*?["):
        import fnmatch

        return lambda name: fnmatch.fnmatchcase(name, pattern)
    part = pattern.casefold()
    return lambda name: part in name.casefold()
