"""Running commands, and comparing how long they take or how large they get.

Another machine has other times, but about the same ratios; and so does a busy machine,
if each ratio is of two runs that follow each other.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# A child's peak memory is at least what its parent had when it started the child,
# so this is run by a parent that is smaller than every Python measured.
_PEAK = (
    "import posix, sys;"
    "child = posix.posix_spawn(sys.argv[1], sys.argv[1:], posix.environ);"
    "_, status, used = posix.wait4(child, 0);"
    "print('', posix.waitstatus_to_exitcode(status), used.ru_maxrss)"
)


@dataclass(frozen=True)
class Command:
    """What is run, so many `times` at once, after `prepare`; ends with `status`."""

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
    """How long it takes."""
    command.prepare()
    started = time.perf_counter()
    for child in [command.start() for _ in range(command.times)]:
        command.wait(child)
    return time.perf_counter() - started


def peak_memory(command: Command, python: str) -> float:
    """How large it gets, in the unit that the system likes."""
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
    """The quartiles of what `command` takes as a multiple of `reference`."""
    ratios = []
    for run in range(runs):
        # whoever comes second finds the machine warmer
        if run % 2:
            unit, taken = measure(reference), measure(command)
        else:
            taken, unit = measure(command), measure(reference)
        ratios.append(taken / unit)
    return statistics.quantiles(ratios, n=4) if runs > 1 else ratios * 3
