"""Going on in the background while this process becomes COMMAND."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection

# seconds after which work in the background is given up
LONGEST = 60

# what a key of the terminal, or its end, sends to the processes in its foreground
_FROM_TERMINAL = ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGHUP")


def detach(work: Callable[[], None]) -> None:
    """Run `work` in a process that COMMAND has nothing to do with.

    Not COMMAND's child, which could wait for it; in no session of a terminal; and
    with nothing of the caller's open, so that no pipe's reader waits for it. Where
    the system has no fork, nothing happens.
    """

    def begin() -> None:
        os.chdir("/")
        _close_everything(())
        signal.alarm(LONGEST)
        work()

    if hasattr(os, "fork"):
        _orphan(os.setsid, begin)


def accompany(work: Callable[[], None], keep: Collection[int]) -> None:
    """Run `work` in a process beside COMMAND, at the same terminal.

    As `detach`, but the terminal is in reach, though its keys are not for this process
    (which is a group of its own), and the descriptors in `keep` stay open.
    """

    def begin() -> None:
        os.setpgid(0, 0)
        for name in _FROM_TERMINAL:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        _close_everything(keep)
        work()

    _orphan(lambda: None, begin)


def _orphan(leave: Callable[[], None], begin: Callable[[], None]) -> None:
    """Run `leave` in a child of this process and `begin` in a child of that one."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        leave()
        if os.fork() == 0:
            begin()
    finally:
        os._exit(0)


def _close_everything(keep: Collection[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in {0, 1, 2}.difference(keep):
        os.dup2(nowhere, standard)
    for name in os.listdir("/dev/fd"):
        try:
            if int(name) > 2 and int(name) not in keep:
                os.close(int(name))
        except OSError:
            # the one that listdir itself had open
            pass
