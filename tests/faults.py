"""awsexec with something going wrong: ``python tests/faults.py FAULT [WORD]...``

The program is the installed one, and the WORDs are its own; a FAULT is one of:

no-locks           the cache's file system knows no locks
full               it is full, and says so when the data is to be safe on disk
read-only          it is read-only
vanishing          entries are gone between the look for them and the reading
clock=SECONDS      the clock is that much ahead
kill-everywhere=N  SIGKILL at every second line of Python that writes to the cache, from
                   line N on: the run is made over and over, each killed two lines later, each from the same
                   cache, and each followed by one that is left alone; prints for each
                   its status, how many temporary files it left, and what the next
                   run's status and output were
raise-everywhere=N an exception that nobody expects at every N-th line of awsexec, each
                   in a run of its own from the same cache; prints for each, as JSON,
                   the line, the status and what was printed
"""

from __future__ import annotations

import errno
import fcntl
import functools
import glob
import itertools
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import awsexec

CACHE = os.environ["AWSEXEC_CACHE_DIR"]
PACKAGE = os.path.dirname(awsexec.__file__) + os.sep


def fail(function: Callable[..., Any], number: int, when: Callable[..., bool]) -> None:
    """Make an `os` function fail with an error, for what `when` says."""

    def failing(*arguments: Any, **options: Any) -> Any:
        if when(*arguments):
            raise OSError(number, os.strerror(number))
        return function(*arguments, **options)

    setattr(os, function.__name__, failing)


def in_cache(path: object, *_: object) -> bool:
    return str(path).startswith(CACHE)


def no_locks(_: str) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    fcntl.flock = flock


def full(_: str) -> None:
    fail(os.fsync, errno.ENOSPC, lambda descriptor: True)


def read_only(_: str) -> None:
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    fail(
        os.open,
        errno.EROFS,
        lambda path, flags, *_: in_cache(path) and bool(flags & writing),
    )
    for function in (os.mkdir, os.unlink, os.replace, os.utime):
        fail(function, errno.EROFS, in_cache)


def vanishing(_: str) -> None:
    def vanish(path: str, flags: int, *_: object) -> bool:
        if in_cache(path) and not flags & os.O_CREAT and os.path.isfile(path):
            os.unlink(path)
        return False

    fail(os.open, 0, vanish)


def clock(seconds: str) -> None:
    true = time.time
    time.time = lambda: true() + float(seconds)


# what runs while the cache is written
WRITING = {
    "__enter__",
    "__exit__",
    "_has",
    "_dumped",
    "_make_directory",
    "_try_lock",
    "_write",
    "dump",
    "lock",
    "prune",
    "remove_if_free",
    "try_lock",
    "write",
    "write_whole",
}


def kill(last: int) -> None:
    lines = itertools.count(1)
    seen: Counter[tuple[str, int]] = Counter()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        places = ("/cache/", "/directories.py", "/fastpath.py")
        if not any(f"/awsexec{place}" in code.co_filename for place in places):
            return None
        if code.co_name not in WRITING:
            return None
        place = code.co_name, frame.f_lineno
        seen[place] += event == "line"
        # twice, for the two entries that a run writes
        if event == "line" and seen[place] <= 2 and next(lines) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def kill_everywhere(first: str) -> None:
    # whatever a run needs, so that each one needs it no more
    from awsexec.commands import run
    from awsexec.credentials import sts

    assert run and sts
    start = f"{CACHE}.start"
    if os.path.exists(CACHE):
        shutil.copytree(CACHE, start)
    for number in itertools.count(int(first), 2):
        shutil.rmtree(CACHE, ignore_errors=True)
        if os.path.exists(start):
            shutil.copytree(start, CACHE)
        status, _ = in_child(functools.partial(kill, number))
        left = len(glob.glob(f"{CACHE}/*.tmp"))
        after, output = in_child(lambda: None)
        print(status, left, after, output.strip(), flush=True)
        if status != -signal.SIGKILL:
            sys.exit(0)


class Unforeseen(Exception):
    """What no code of awsexec expects."""


# what its text must not show to anybody
MESSAGE = "it broke, at wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY with 111111"


def throw(last: int) -> None:
    """Raise `Unforeseen` at the line of awsexec that is the `last` one to be new."""
    seen: set[tuple[str, int]] = set()
    lines = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        place = frame.f_code.co_filename, frame.f_lineno
        # the first line of all is that of the "try" itself
        if not place[0].startswith(PACKAGE) or frame.f_code is awsexec.main.__code__:
            return None
        if event == "line" and place not in seen:
            seen.add(place)
            if next(lines) == last:
                sys.settrace(None)
                note(*place)
                raise Unforeseen(MESSAGE)
        return trace

    sys.settrace(trace)


def note(path: str, line: int) -> None:
    with open(f"{CACHE}.place", "w") as stream:
        stream.write(f"{path.removeprefix(PACKAGE)}:{line}")


def raise_everywhere(step: str) -> None:
    # as they are imported by every run that calls AWS
    from awsexec.commands import explain, export, forget, list, run
    from awsexec.credentials import sts
    from awsexec.credentials.sources import sso, static

    assert explain and export and forget and list and run and sts and sso and static
    start = f"{CACHE}.start"
    if os.path.exists(CACHE):
        shutil.copytree(CACHE, start)
    for number in itertools.count(1, int(step)):
        shutil.rmtree(CACHE, ignore_errors=True)
        if os.path.exists(start):
            shutil.copytree(start, CACHE)
        note("", 0)
        status, output = in_child(functools.partial(throw, number))
        with open(f"{CACHE}.place") as stream:
            place = stream.read()
        if place == ":0":
            sys.exit(0)
        print(json.dumps([place, status, output]), flush=True)


def in_child(prepare: Callable[[], None]) -> tuple[int, str]:
    """The status and the output of a run in a process forked off this one."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(read)
        status = 1
        try:
            prepare()
            status = awsexec.main()
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    with open(read) as stream:
        output = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


def main() -> int:
    fault = sys.argv.pop(1)
    name, _, value = fault.partition("=")
    {
        "no-locks": no_locks,
        "full": full,
        "read-only": read_only,
        "vanishing": vanishing,
        "clock": clock,
        "kill-everywhere": kill_everywhere,
        "raise-everywhere": raise_everywhere,
    }[name](value)
    return awsexec.main()


if __name__ == "__main__":
    sys.exit(main())
