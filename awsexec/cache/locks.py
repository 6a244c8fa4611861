"""One holder at a time, among processes; a lock ends with its holder."""

from __future__ import annotations

import contextlib
import os
import sys
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


@contextlib.contextmanager
def held(path: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of the file at `path`, which is made if it is not there.

    `on_wait` is called once if another process holds it. Raises `OSError` where the
    file cannot be opened or its file system knows no locks.
    """
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            if not _try_lock(descriptor):
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
        yield
    finally:
        os.close(descriptor)


def remove_if_free(path: str) -> None:
    """Remove the lock file at `path` unless somebody holds it. May raise `OSError`."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
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
