"""A command that is run every ten minutes for three hours, in half a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.measure import Command, seconds
from tests.bench.world import Sts

STEP, STEPS = 600, 18
# seconds that AWS takes to answer: who takes longer has waited for it
DELAY = 0.3
# seconds for a renewal in the background, which really has ten minutes
PAUSE = 1.0

CLOCK = str(Path(__file__).with_name("clock"))


@dataclass
class Outcome:
    """The runs in `environ`, save the first, as multiples of a reference."""

    environ: Mapping[str, str]
    ratios: list[float] = field(default_factory=list)
    waits: int = 0


def run(
    argv: Sequence[str],
    environs: Sequence[Mapping[str, str]],
    reference: Command,
    sts: Sts,
) -> list[Outcome]:
    """Run `argv` in each of the environments, in turn."""
    outcomes = [Outcome(environ) for environ in environs]
    sts.delay = DELAY
    for step in range(STEPS + 1):
        sts.clock_offset = step * STEP
        clock = {"PYTHONPATH": CLOCK, "BENCH_CLOCK_AHEAD": str(sts.clock_offset)}
        for outcome in outcomes:
            taken = seconds(Command(argv, {**outcome.environ, **clock}))
            if step:
                outcome.ratios.append(taken / seconds(reference))
                outcome.waits += taken > DELAY
        time.sleep(PAUSE)
    sts.delay = sts.clock_offset = 0
    return outcomes
