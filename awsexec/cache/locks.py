"""Locks between processes. A lock ends when its holder ends."""

from __future__ import annotations

import os
import sys

from awsexec.errors import Deadlock
from awsexec.processes import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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


class Lock:
    """The lock of the file at `path`, held from ``with`` to its end.

    The file is created if need be. `on_wait` is called once if another process holds the
    lock. ``with`` raises `OSError` if the file cannot be opened or its file system has no
    locks. It raises `Deadlock` if the holder started this process, directly or not, and
    so waits for it.
    """

    def __init__(self, path: str, on_wait: Callable[[], None]) -> None:
        self._path = path
        self._on_wait = on_wait
        self._descriptor = -1

    def __enter__(self) -> None:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
            try:
                if not _try_lock(descriptor):
                    _check_holder(descriptor)
                    self._on_wait()
                    _wait(descriptor)
                if _is_at(descriptor, self._path):
                    break
                # deleted while this process waited: others lock a new file now
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        _write(descriptor, _holder(tree.me()))
        self._descriptor = descriptor

    def __exit__(self, *exception: object) -> None:
        # COMMAND will have this process's number
        _write(self._descriptor, b"")
        os.close(self._descriptor)


def _check_holder(descriptor: int) -> None:
    """Raise `Deadlock` if the lock file at `descriptor` names an ancestor of this process."""
    try:
        holder = os.read(descriptor, 100)
    except OSError:
        # Windows lets only the holder read it
        return
    for process in tree.ancestors() if holder else ():
        if _holder(process) == holder:
            raise Deadlock(process.pid)


def _holder(process: tree.Process) -> bytes:
    return f"{process.pid} {process.began}\n".encode()


def _write(descriptor: int, text: bytes) -> None:
    """Replace the content of a lock file, which says who holds the lock."""
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text)
    except OSError:
        pass


def claim(path: str, now: float, seconds: int) -> bool:
    """Return whether no call has returned True for `path` in the last `seconds`.

    The file's modification time says when the last one did. May raise `OSError`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
    try:
        if not _try_lock(descriptor):
            return False
        status = os.fstat(descriptor)
        # if the clock is set back by an hour, claims must not fail for an hour
        if status.st_size and abs(now - status.st_mtime) < seconds:
            return False
        os.write(descriptor, b"claimed\n")
        os.utime(path, (now, now))
        return True
    finally:
        os.close(descriptor)


def remove_if_free(path: str) -> None:
    """Delete the lock file at `path` unless the lock is held. May raise `OSError`."""
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
