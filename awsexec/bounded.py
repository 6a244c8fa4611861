"""Reading files of the user's, within limits of size and time.

Any of them may be a device that never ends, or a pipe that nobody writes to. No other
module reads such a file: a test finds what does.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

from awsexec.text import message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# bytes: the AWS files of ten thousand profiles have some three million
LARGEST = 16_777_216
# seconds for what is not a regular file, and after how many to say what awsexec waits for
TIME_LIMIT, SAY_AFTER = 300.0, 1.0

_PIECE = 65_536
NO_HOME = "this user has no home directory"


class Unreadable(OSError):
    """A file is too large, of the wrong kind, or does not come; `strerror` says so."""


def read(
    path: str,
    largest: int = LARGEST,
    *,
    is_regular: bool = False,
    seconds: float = TIME_LIMIT,
    check: Callable[[os.stat_result], None] | None = None,
) -> bytes:
    """Return the content of the file at `path`, of so many bytes at the most.

    A pipe (``<(...)``, one that a password manager serves) or a device is read until its
    end for `seconds`, and not at all if `is_regular`. Somebody else has to write a pipe,
    so stderr says after a second what awsexec waits for. `check` gets the status of the very
    file that is read, and raises what it wants. Raises `OSError`, and `Unreadable` among
    them.
    """
    if is_homeless(path):
        # the ~ is no folder of the current directory, where anybody may have put one
        raise FileNotFoundError(errno.ENOENT, NO_HOME, path)
    # opening a pipe must not wait for its writer
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        kind = status.st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(kind) and is_regular:
            raise Unreadable(errno.EINVAL, "it is not a regular file", path)
        if check is not None:
            check(status)
        wait = None
        if not stat.S_ISREG(kind) and sys.platform != "win32":
            wait = _Wait(descriptor, path, seconds)
        pieces: list[bytes] = []
        left = largest + 1
        while left > 0:
            if wait is not None:
                wait.until_ready()
            try:
                piece = os.read(descriptor, min(left, _PIECE))
            except BlockingIOError:
                continue
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            left -= len(piece)
        raise Unreadable(errno.EFBIG, f"it has more than {in_words(largest)}", path)
    finally:
        os.close(descriptor)


def is_homeless(path: str) -> bool:
    """Return whether nothing has filled in the ``~`` of `path`: this user has no home."""
    return path.startswith("~/")


def in_words(size: int) -> str:
    """Return `size`, in bytes, for people."""
    for unit, name in ((1_048_576, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


class _Wait:
    """Waits, for `seconds` in all, until the pipe or device `descriptor` has something."""

    def __init__(self, descriptor: int, path: str, seconds: float) -> None:
        # few files are no regular ones
        import select

        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._path = path
        self._end = time.monotonic() + seconds
        self._says = seconds > SAY_AFTER

    def until_ready(self) -> None:
        """Raise `Unreadable` when the time is over. On Linux, a pipe is ready once it had a writer."""
        if self._says and not self._poll.poll(SAY_AFTER * 1000):
            self._says = False
            _say(f"waiting for a program to write to {self._path!r}")
        left = self._end - time.monotonic()
        if left <= 0 or not self._poll.poll(left * 1000):
            raise Unreadable(errno.ETIMEDOUT, "no program wrote it in time", self._path)


def _say(text: str) -> None:
    try:
        sys.stderr.write(message(text))
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # stderr is closed or full
        pass
