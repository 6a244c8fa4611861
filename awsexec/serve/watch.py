"""Waiting for the end of a process that is not one's child."""

from __future__ import annotations

import os
import select
import sys

# seconds between two looks, where the system cannot tell
LOOK = 1.0


class Watch:
    """Watches the process `pid`, from now on: no other one of that number later.

    Raises `ProcessLookupError` where there is none.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        os.kill(pid, 0)
        self._signal = _signal(pid)

    async def ended(self) -> None:
        """Return when the process has ended."""
        # whoever awaits this has it
        import asyncio

        if self._signal is None:
            while _is_there(self._pid):
                await asyncio.sleep(LOOK)
            return
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._signal, ended.set)
        await ended.wait()


if sys.platform == "linux":

    def _signal(pid: int) -> int | None:
        """What becomes readable when the process has ended, None for nothing."""
        try:
            return os.pidfd_open(pid)
        except ProcessLookupError:
            raise
        except OSError:
            # a kernel before 5.3, or a sandbox that forbids it
            return None

elif sys.platform == "win32":

    def _signal(pid: int) -> None:
        return None

else:

    def _signal(pid: int) -> select.kqueue:
        """What becomes readable when the process has ended."""
        queue = select.kqueue()
        end = select.kevent(
            pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT
        )
        queue.control([end], 0)
        return queue


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
