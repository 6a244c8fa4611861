"""Which process of this machine runs in which."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Process:
    """A process and its parent.

    `began` is when, in a count of Linux's own; it tells processes of the same number
    apart, as those of two containers are. Elsewhere it is empty.
    """

    pid: int
    parent: int
    began: str = ""


def running() -> Mapping[int, Process]:
    """The processes there are, by their numbers; none where that cannot be told."""
    if os.path.isdir("/proc/self"):
        names = [name for name in os.listdir("/proc") if name.isdecimal()]
        found = [_of_linux(int(name)) for name in names]
    else:
        found = _of_ps()
    return {process.pid: process for process in found if process is not None}


def me() -> Process:
    """This process."""
    return _of_linux(os.getpid()) or Process(os.getpid(), os.getppid())


def ancestors() -> list[Process]:
    """The processes that this one runs in, its parent first."""
    everything, found = running(), []
    process = everything.get(os.getppid())
    while process is not None and process not in found:
        found.append(process)
        process = everything.get(process.parent)
    return found


def descendants(pid: int) -> list[Process]:
    """The processes that run in that of this number, but for those that have left it."""
    everything, found = running().values(), [Process(pid, 0)]
    for parent in found:
        found += [process for process in everything if process.parent == parent.pid]
    return found[1:]


def _of_linux(pid: int) -> Process | None:
    """As proc_pid_stat(5) has it; None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # the name, in brackets, may have anything in it
            fields = stream.read().rpartition(b")")[2].split()
        return Process(pid, int(fields[1]), fields[19].decode())
    except (OSError, IndexError, ValueError):
        return None


def _of_ps() -> list[Process | None]:
    """As ps of POSIX has it."""
    if sys.platform == "win32":
        return []
    import subprocess

    command = ["ps", "-A", "-o", "pid=", "-o", "ppid="]
    try:
        output = subprocess.run(command, capture_output=True, check=False).stdout
    except OSError:
        return []
    pairs = [line.split() for line in output.splitlines()]
    return [Process(int(pid), int(parent)) for pid, parent in pairs]
