"""What --forget deleted, so that a run that was under way then does not write it again.

A file in the cache directory has one line for each --forget: a random name, and what was
forgotten, as digests of keys and profiles. A run notes the name of the last line before it
reads anything from the cache. It writes no entry that a later line names.
"""

from __future__ import annotations

import os

from awsexec import fastpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from awsexec.fastpath import Entry

# what stands for all entries
EVERYTHING = "*"
# bytes after which the file is begun anew
LARGEST = 65_536
# a pipe in its place must not be waited for
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Forgotten:
    """The file at `path`. Methods may raise `OSError` and `ValueError`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def mark(self) -> str:
        """Return the name of the last line, "" if there is none."""
        lines = self._lines()
        return lines[-1][0] if lines else ""

    def add(self, profile: str | None, keys: Collection[str]) -> None:
        """Note that the entries of `profile` and of `keys` are forgotten; None for all.

        Call it before the entries are deleted.
        """
        what = [EVERYTHING]
        if profile is not None:
            what = [_of_profile(profile), *map(fastpath.file_name, keys)]
        line = " ".join([os.urandom(8).hex(), *what]) + "\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FLAGS
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if os.fstat(descriptor).st_size + len(line) > LARGEST:
                # a run under way does not find its mark, and writes nothing
                os.ftruncate(descriptor, 0)
            os.write(descriptor, line.encode("ascii"))
        finally:
            os.close(descriptor)

    def has(self, entry: Entry, mark: str) -> bool:
        """Return whether `entry` was forgotten after `mark` was the last line."""
        lines = self._lines()
        names = [name for name, _ in lines]
        if not lines or names[-1] == mark:
            return False
        if mark in names:
            lines = lines[names.index(mark) + 1 :]
        elif mark:
            # the file was begun anew: nobody knows
            return True
        wanted = {
            EVERYTHING,
            _of_profile(entry.profile),
            fastpath.file_name(entry.key),
        }
        return any(wanted.intersection(what) for _, what in lines)

    def _lines(self) -> list[tuple[str, list[str]]]:
        """Return the name of each line, and what it says was forgotten."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | _FLAGS)
        except FileNotFoundError:
            return []
        try:
            lines = os.read(descriptor, LARGEST).decode("ascii").splitlines()
        finally:
            os.close(descriptor)
        words = [line.split() for line in lines]
        return [(found[0], found[1:]) for found in words if found]


def _of_profile(profile: str) -> str:
    return fastpath.file_name(f"profile {profile}")
