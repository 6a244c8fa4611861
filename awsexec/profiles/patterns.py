"""The patterns of --list and --accounts, and the stricter ones of --each."""

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
    if is_glob(pattern):
        import fnmatch

        return lambda name: fnmatch.fnmatchcase(name, pattern)
    part = pattern.casefold()
    return lambda name: part in name.casefold()


def is_glob(pattern: str) -> bool:
    """Return whether `pattern` has a character that is special in a shell's pattern."""
    return any(character in pattern for character in "*?[")


def strictly_fitting(pattern: str) -> Callable[[str], bool]:
    """Return whether a name fits the shell pattern `pattern`, as a function.

    As for file names (POSIX, "Patterns Used for Filename Expansion"), the pattern is for
    the whole name, case counts, and neither ``*`` nor ``?`` nor ``[...]`` fits a ``/``.
    """
    import fnmatch

    wanted = pattern.split("/")

    def fits(name: str) -> bool:
        parts = name.split("/")
        return len(parts) == len(wanted) and all(
            map(fnmatch.fnmatchcase, parts, wanted)
        )

    return fits
