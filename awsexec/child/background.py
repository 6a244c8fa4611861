"""Going on in the background while this process becomes COMMAND."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

# seconds after which work in the background is given up
LONGEST = 60


def detach(work: Callable[[], None]) -> None:
    """Run `work` in a process that COMMAND has nothing to do with.

    Not COMMAND's child, which could wait for it; in no session of a terminal; and
    with nothing of the caller's open, so that no pipe's reader waits for it. Where
    the system has no fork, nothing happens.
    """
    if not hasattr(os, "fork"):
        return
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            _close_everything()
            signal.alarm(LONGEST)
            work()
    finally:
        os._exit(0)


def _close_everything() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    for name in os.listdir("/dev/fd"):
        try:
            if int(name) > 2:
                os.close(int(name))
        except OSError:
            # the one that listdir itself had open
            pass
