"""Waiting for the end of a process that is not a child of this one."""

from __future__ import annotations

import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds between two looks. Where the system tells of the end, they are for signals:
# those that another thread takes do not interrupt a wait, and Python handles them in the
# main thread only.
POLL = 1.0


if sys.platform == "linux":
    _Signal = int

    def _signal_of(pid: int) -> _Signal | None:
        """Return what becomes readable when the process has ended, or None."""
        try:
            return os.pidfd_open(pid)
        except ProcessLookupError:
            raise
        except OSError:
            # a kernel before 5.3, or a sandbox that forbids it
            return None

    def _has_come(signal: _Signal, seconds: float) -> bool:
        poll = select.poll()
        poll.register(signal, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

elif sys.platform == "win32":
    _Signal = int

    def _signal_of(pid: int) -> None:
        return None

else:
    _Signal = select.kqueue

    def _signal_of(pid: int) -> _Signal:
        """Return what has an event when the process has ended."""
        queue = select.kqueue()
        end = select.kevent(
            pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT
        )
        queue.control([end], 0)
        return queue

    def _has_come(signal: _Signal, seconds: float) -> bool:
        return bool(signal.control(None, 1, seconds))


def _is_there(pid: int, platform: str) -> bool:
    if platform == "win32":
        # There the endpoint is a thread of that process. os.kill would not look for it: 0
        # is CTRL_C_EVENT (Python library reference, os.kill).
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Watch:
    """Watches the process `pid` from now on, and no later process of the same number.

    `signal_of` returns what tells the end of a process, or None if the system, of the
    name `platform`, cannot tell. Raises `ProcessLookupError` if there is no such process.
    """

    def __init__(
        self,
        pid: int,
        signal_of: Callable[[int], _Signal | None] = _signal_of,
        platform: str = sys.platform,
    ) -> None:
        self._pid = pid
        self._platform = platform
        self._signal = signal_of(pid)
        if self._signal is None and not _is_there(pid, platform):
            raise ProcessLookupError

    def wait(self) -> None:
        """Return when the process has ended."""
        if self._signal is not None:
            while not _has_come(self._signal, POLL):
                pass
            return
        while _is_there(self._pid, self._platform):
            time.sleep(POLL)
