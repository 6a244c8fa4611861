"""Locks between processes. A lock ends when its holder ends.

The first line of a lock file names its holder. After that may come a note: what the last
holder that failed said, for those that were waiting by then.
"""

from __future__ import annotations

import os
import sys
import time

from awsexec import fastpath
from awsexec.errors import CredentialsError, Deadlock, shown
from awsexec.processes import tree
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    # gets the holder, None if it cannot be told, and returns what to wait in
    Waiting = Callable[["Holder | None"], AbstractContextManager[object]]

if sys.platform == "win32":
    import msvcrt

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


# neither is a link followed, nor a pipe waited for
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


# bytes of a lock file that are read, and characters of a failure that are kept in it
MOST_BYTES, MOST_CHARACTERS = 16_384, 2000


class Holder:
    """The process that holds a lock, by its number, its start and its session's number.

    The processes of one session have the same terminal.
    """

    __slots__ = ("pid", "began", "session")

    def __init__(self, pid: int, began: str, session: int) -> None:
        self.pid = pid
        self.began = began
        self.session = session

    @classmethod
    def me(cls) -> Holder:
        """Return this process as a holder."""
        process = tree.me()
        return cls(process.pid, process.began, _session())

    @classmethod
    def parse(cls, content: bytes) -> Holder | None:
        """Return the holder that the `content` of a lock file names, None for none."""
        try:
            pid, began, session = content.partition(b"\n")[0].decode().split(" ")
            return cls(int(pid), began, int(session))
        except ValueError:
            return None

    def dump(self) -> bytes:
        return f"{self.pid} {self.began} {self.session}\n".encode()

    @property
    def shares_terminal(self) -> bool:
        """Whether it is on the terminal of this process."""
        return self.session == _session()


class Lock:
    """The lock of the file at `path`, held from ``with`` to its end.

    The file is created if need be. If another process holds the lock, `waiting` gets it
    (None if it cannot be told), and returns a context that is entered while this process
    waits. ``with`` raises `OSError` if the file cannot be opened or its file system has no
    locks. It raises `Deadlock` if the holder started this process, directly or not, and
    so waits for it.

    Failures are shared: if the block of a holder ends with a `CredentialsError` that
    `is_shared`, ``with`` raises a `CredentialsError` with the same text in those that were
    waiting by then and want the same. `about` names what is wanted, and `who` this run,
    for those who share its failure under another name. A process that begins to wait later,
    or does not have to wait, tries anew.
    """

    def __init__(
        self, path: str, waiting: Waiting, about: str = "", who: str = ""
    ) -> None:
        self._path = path
        self._waiting = waiting
        self._about = fastpath.digest(ascii(about).encode())
        self._who = shown(who)
        self._descriptor = -1
        self._note: _Note | None = None

    def __enter__(self) -> None:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
            try:
                # a failure noted by now is not for this process
                before = _Note.parse(_read(descriptor))
                waited = not _try_lock(descriptor)
                if waited:
                    holder = _holder(descriptor)
                    _check_holder(holder)
                    with self._waiting(holder):
                        _wait(descriptor)
                if _is_at(descriptor, self._path):
                    break
                # deleted while this process waited: others lock a new file now
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        self._note = _Note.parse(_read(descriptor))
        if waited and self._note is not None and self._note.about == self._about:
            if before is None or self._note.number != before.number:
                # it stays there for the others that wait
                os.close(descriptor)
                raise CredentialsError(self._note.for_run(self._who))
        _write(
            descriptor, Holder.me().dump() + (self._note.dump() if self._note else b"")
        )
        self._descriptor = descriptor

    def __exit__(
        self, kind: object = None, error: object = None, traceback: object = None
    ) -> None:
        if isinstance(error, CredentialsError) and error.is_shared:
            self._note = _Note(os.urandom(8).hex(), self._about, self._who, str(error))
        elif self._note is not None and self._note.about == self._about:
            self._note = None
        # The number of this process is not left there: COMMAND will have it.
        _write(self._descriptor, b"\n" + self._note.dump() if self._note else b"")
        os.close(self._descriptor)


class _Note:
    """A note that says what the last failure was.

    It has a random `number`, says what the failure was `about`, and `who` failed. The
    `text` is one line.
    """

    __slots__ = ("number", "about", "who", "text")

    def __init__(self, number: str, about: str, who: str, text: str) -> None:
        self.number = number
        self.about = about
        self.who = who[:MOST_CHARACTERS]
        self.text = printable(" ".join(text.split()))[:MOST_CHARACTERS]

    @classmethod
    def parse(cls, content: bytes) -> _Note | None:
        """Return the note in the `content` of a lock file, None for none or a damaged one."""
        try:
            _, head, who, text, rest = content.decode().split("\n")
            failed, number, about = head.split(" ")
        except ValueError:
            return None
        is_whole = failed == "failed" and rest == "" and text
        if is_whole and who.isprintable() and text.isprintable():
            return cls(number, about, who, text)
        return None

    def dump(self) -> bytes:
        lines = f"failed {self.number} {self.about}\n{self.who}\n{self.text}\n"
        return lines.encode("utf-8", "backslashreplace")

    def for_run(self, who: str) -> str:
        """Return the text for a run that is called `who`."""
        if who == self.who:
            return self.text
        return f"this run waited for one of {self.who}, which failed: {self.text}"


def _holder(descriptor: int) -> Holder | None:
    """Return the holder of a lock; it writes down who it is when it has the lock."""
    for _ in range(5):
        if (found := Holder.parse(_read(descriptor))) is not None:
            return found
        time.sleep(0.002)
    return None


def _check_holder(holder: Holder | None) -> None:
    """Raise `Deadlock` if `holder` is an ancestor of this process."""
    for process in tree.ancestors() if holder else ():
        if holder and (process.pid, process.began) == (holder.pid, holder.began):
            raise Deadlock(process.pid)


def _session() -> int:
    return os.getsid(0) if hasattr(os, "getsid") else 0


def _read(descriptor: int) -> bytes:
    """Return the content of a lock file, which says who holds the lock, or what failed."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, MOST_BYTES)
    except OSError:
        # Windows lets only the holder read it
        return b""


def _write(descriptor: int, text: bytes) -> None:
    """Replace the content of a lock file."""
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
