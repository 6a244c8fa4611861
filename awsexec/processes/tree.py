"""Which process started which."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Process:
    """A process, by its number, and its parent's number.

    `began` is the time it started, in Linux's own units. It tells apart processes with
    the same number, as in two containers. It is empty on other systems.
    """

    __slots__ = ("pid", "parent", "began")

    def __init__(self, pid: int, parent: int, began: str = "") -> None:
        self.pid = pid
        self.parent = parent
        self.began = began

    def __str__(self) -> str:
        """The process as one word, which no other one has while the system runs."""
        return f"{self.pid}.{self.began}"


def running() -> Mapping[int, Process]:
    """Return all processes by their numbers, or none if the system does not tell."""
    if os.path.isdir("/proc/self"):
        names = [name for name in os.listdir("/proc") if name.isdecimal()]
        found = [_of_linux(int(name)) for name in names]
    else:
        found = _of_ps()
    return {process.pid: process for process in found if process is not None}


def me() -> Process:
    """Return this process."""
    return _of_linux(os.getpid()) or Process(os.getpid(), os.getppid())


def ancestors() -> list[Process]:
    """Return this process's parent, its parent's parent, and so on.

    There are none if the system does not tell.
    """
    look = _of_linux if os.path.isdir("/proc/self") else running().get
    found: dict[int, Process] = {}
    process = look(os.getppid())
    while process is not None and process.pid not in found:
        found[process.pid] = process
        process = look(process.parent)
    return [*found.values()]


def descendants(pid: int) -> list[Process]:
    """Return the processes that process `pid` started, and those that they started."""
    everything, found = running().values(), [Process(pid, 0)]
    for parent in found:
        found += [process for process in everything if process.parent == parent.pid]
    return found[1:]


def is_stopped(pid: int) -> bool:
    """Return whether process `pid` is stopped, as by Ctrl-Z; False if nobody can tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[0] == b"T"
    except (OSError, IndexError):
        return _ps("-p", str(pid), "-o", "stat=").startswith("T")


def _of_linux(pid: int) -> Process | None:
    """Return process `pid` from proc_pid_stat(5); None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # the name, in brackets, may contain any character
            fields = stream.read().rpartition(b")")[2].split()
        return Process(pid, int(fields[1]), fields[19].decode())
    except (OSError, IndexError, ValueError):
        return None


def _of_ps() -> list[Process | None]:
    """Return all processes, as POSIX's ps prints them."""
    lines = _ps("-A", "-o", "pid=", "-o", "ppid=").splitlines()
    pairs = [line.split() for line in lines]
    return [Process(int(pid), int(parent)) for pid, parent in pairs]


def _ps(*words: str) -> str:
    """Return what POSIX's ps prints, "" if there is none."""
    if sys.platform == "win32":
        return ""
    import subprocess

    try:
        return subprocess.run(
            ["ps", *words], capture_output=True, check=False, text=True
        ).stdout.strip()
    except OSError:
        return ""
