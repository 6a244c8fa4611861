"""Run commands, and compare how long they take or how large they get.

Times differ from machine to machine, but ratios hardly do. A command and its reference
run in turn, so that a busy moment slows both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# A child's peak memory is at least the memory of its parent at the start of the child.
# Therefore the parent is a Python that is smaller than every Python measured.
_PEAK = (
    "import posix, sys;"
    # what it prints may be large
    "nowhere = [(posix.POSIX_SPAWN_OPEN, 1, '/dev/null', posix.O_WRONLY, 0)];"
    "child = posix.posix_spawn("
    "sys.argv[1], sys.argv[1:], posix.environ, file_actions=nowhere);"
    "_, status, used = posix.wait4(child, 0);"
    "print('', posix.waitstatus_to_exitcode(status), used.ru_maxrss)"
)


@dataclass(frozen=True)
class Command:
    """A command: call `prepare`, start `argv` as many `times` at once, expect `status`."""

    argv: Sequence[str]
    environ: Mapping[str, str]
    status: int = 0
    prepare: Callable[[], None] = lambda: None
    times: int = 1

    def start(self) -> int:
        nowhere = [
            (os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0)
            for descriptor in (0, 1, 2)
        ]
        return os.posix_spawn(
            self.argv[0], self.argv, self.environ, file_actions=nowhere
        )

    def wait(self, child: int) -> None:
        self.check(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    def check(self, status: int) -> None:
        if status != self.status:
            raise SystemExit(f"{' '.join(self.argv)} ended with status {status}")


def seconds(command: Command) -> float:
    """Return how many seconds `command` takes."""
    command.prepare()
    started = time.perf_counter()
    for child in [command.start() for _ in range(command.times)]:
        command.wait(child)
    return time.perf_counter() - started


def peak_memory(command: Command, python: str) -> float:
    """Return the peak memory of `command`, in the unit of the operating system."""
    command.prepare()
    finished = subprocess.run(
        [python, "-I", "-S", "-c", _PEAK, *command.argv],
        env=command.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    status, peak = finished.stdout.split()[-2:]
    command.check(int(status))
    return float(peak)


def compare(
    measure: Callable[[Command], float],
    command: Command,
    reference: Command,
    runs: int,
) -> list[float]:
    """Return the quartiles of what `command` takes, in medians of `reference`.

    The second one is the ratio of the medians.
    """
    taken, units = [], []
    for run in range(runs):
        # the machine is warmer for the one that runs second
        if run % 2:
            units.append(measure(reference))
            taken.append(measure(command))
        else:
            taken.append(measure(command))
            units.append(measure(reference))
    unit = statistics.median(units)
    quartiles = statistics.quantiles(taken, n=4) if runs > 1 else taken * 3
    return [quartile / unit for quartile in quartiles]
