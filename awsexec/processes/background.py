"""Going on in the background while this process becomes COMMAND."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from awsexec.processes import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# seconds after which work in the background is given up
LONGEST = 60

# What a key of the terminal, or its end, sends to the processes in its foreground; and
# what it sends to others that use it, which are told of an error instead
_FROM_KEYS = ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGHUP")
_FOR_OTHERS = ("SIGTTIN", "SIGTTOU")


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
        with contextlib.suppress(OSError):
            _orphan(os.setsid, begin)


def accompany(work: Callable[[], None], keep: Collection[int]) -> None:
    """Run `work` in a process beside COMMAND, at the same terminal.

    As `detach`, but the terminal is in reach, though its keys are not for this process
    (which is a group of its own), and the descriptors in `keep` stay open. What it has
    started itself ends with it. May raise `OSError`.
    """

    def begin() -> None:
        os.setpgid(0, 0)
        for name in _FROM_KEYS:
            # not ignored: what this process runs would ignore them too
            signal.signal(getattr(signal, name), lambda *_: None)
        for name in _FOR_OTHERS:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        _close_everything(keep)
        try:
            work()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for process in tree.descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(process.pid, signal.SIGTERM)

    _orphan(lambda: None, begin)


def _orphan(leave: Callable[[], None], begin: Callable[[], None]) -> None:
    """Run `leave` in a child of this process and `begin` in a child of that one."""
    child = os.fork()
    if child:
        # there is nothing to wait for where the caller ignores SIGCHLD
        with contextlib.suppress(ChildProcessError):
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
    try:
        open_ones = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        # a sandbox without it
        open_ones = list(range(os.sysconf("SC_OPEN_MAX")))
    for descriptor in open_ones:
        if descriptor > 2 and descriptor not in keep:
            # one of them was listdir's own
            with contextlib.suppress(OSError):
                os.close(descriptor)
