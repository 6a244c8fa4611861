"""One holder at a time, among processes; a lock ends with its holder."""

from __future__ import annotations

import contextlib
import os
import sys

from awsexec.errors import Deadlock
from awsexec.processes import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if sys.platform == "win32":
    import msvcrt
    import time

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        while not _try_lock(descriptor):
            time.sleep(0.1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


@contextlib.contextmanager
def held(path: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the file at `path`, which is made if it is not there.

    `on_wait` is called once if another process holds it. Raises `OSError` where the
    file cannot be opened or its file system knows no locks, and `Deadlock` where the
    holder is a process that this one runs in, which waits for this one.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
        try:
            if not _try_lock(descriptor):
                _check_holder(descriptor)
                on_wait()
                _wait(descriptor)
            if _is_at(descriptor, path):
                break
            # cleared away while this process waited: the lock is a new file's now
            os.close(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
    try:
        _write(descriptor, _holder(tree.me()))
        yield
    finally:
        # the number of this process goes on to COMMAND's
        _write(descriptor, b"")
        os.close(descriptor)


def _check_holder(descriptor: int) -> None:
    """Raise `Deadlock` where the file at `descriptor` names a process around this one."""
    try:
        holder = os.read(descriptor, 100)
    except OSError:
        # Windows lets nobody else read it
        return
    for process in tree.ancestors() if holder else ():
        if _holder(process) == holder:
            raise Deadlock(process.pid)


def _holder(process: tree.Process) -> bytes:
    return f"{process.pid} {process.began}\n".encode()


def _write(descriptor: int, text: bytes) -> None:
    """Make `text` all that is in a lock file, for those who wait for the lock."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text)


def claim(path: str, now: float, seconds: int) -> bool:
    """Whether no call has returned True for `path` in the last `seconds`.

    The file's time says when one did. May raise `OSError`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
    try:
        if not _try_lock(descriptor):
            return False
        status = os.fstat(descriptor)
        # an hour's step of the clock must not block it for an hour
        if status.st_size and abs(now - status.st_mtime) < seconds:
            return False
        os.write(descriptor, b"claimed\n")
        os.utime(path, (now, now))
        return True
    finally:
        os.close(descriptor)


def remove_if_free(path: str) -> None:
    """Remove the lock file at `path` unless somebody holds it. May raise `OSError`."""
    descriptor = os.open(path, os.O_RDWR | _NOFOLLOW)
    try:
        if _try_lock(descriptor) and _is_at(descriptor, path):
            os.unlink(path)
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
