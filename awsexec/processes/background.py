"""Work that goes on in the background while this process becomes COMMAND."""

from __future__ import annotations

import os
import sys

from awsexec.processes import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# seconds after which detached work is ended
TIME_LIMIT = 60
# in work that goes on in the background: the process that became COMMAND
beside: int | None = None

# The signals that keys of the terminal, or its end, send to its foreground processes, and
# those that it sends to background processes which use it. When these are ignored, using
# the terminal fails with an error instead.
_FROM_KEYS = ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGHUP")
_FOR_OTHERS = ("SIGTTIN", "SIGTTOU")


def detach(
    work: Callable[[], None],
    *,
    in_place: bool = False,
    keep: Collection[int] = (),
) -> None:
    """Run `work` in a process that does not affect COMMAND.

    It leaves the current directory, which may be unmounted, unless it has to work
    `in_place`.

    It is not COMMAND's child, since COMMAND may wait for its children. It has no
    terminal, and no file of the caller's but `keep` stays open in it, so nobody who reads a
    pipe waits for it. Without fork (Windows) nothing happens.
    """
    import signal

    def begin() -> None:
        if not in_place:
            os.chdir("/")
        _close_everything(keep)
        signal.alarm(TIME_LIMIT)
        work()

    if hasattr(os, "fork"):
        try:
            _orphan(os.setsid, begin)
        except OSError:
            pass


def accompany(work: Callable[[], None], keep: Collection[int]) -> None:
    """Run `work` in a process beside COMMAND, on the same terminal.

    As `detach`, but the process can use the terminal, and the descriptors in `keep` stay
    open. It is a process group of its own, so the terminal's keys do not end it. What it
    starts ends with it. May raise `OSError`.
    """
    import signal

    def begin() -> None:
        os.setpgid(0, 0)
        for name in _FROM_KEYS:
            # not SIG_IGN, which the programs that `work` starts would inherit
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
                try:
                    os.kill(process.pid, signal.SIGTERM)
                except OSError:
                    pass

    _orphan(lambda: None, begin)


def _orphan(leave: Callable[[], None], begin: Callable[[], None]) -> None:
    """Run `leave` in a child of this process and `begin` in a child of that one."""
    global beside
    command = os.getpid()
    child = os.fork()
    if child:
        # if the caller ignores SIGCHLD, there is nothing to wait for
        try:
            os.waitpid(child, 0)
        except ChildProcessError:
            pass
        return
    try:
        leave()
        if os.fork() == 0:
            beside = command
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
        # a sandbox without /dev/fd
        open_ones = list(range(os.sysconf("SC_OPEN_MAX")))
    for descriptor in open_ones:
        if descriptor > 2 and descriptor not in keep:
            # listdir's own is closed already
            try:
                os.close(descriptor)
            except OSError:
                pass
