"""A command that is run every ten minutes for three hours, in half a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.measure import Command, seconds
from tests.bench.world import Sts

STEP, STEPS = 600, 18
# seconds that AWS takes for an answer
DELAY = 0.3
# seconds for a renewal in the background, which has ten minutes in real life
PAUSE = 1.0

CLOCK = str(Path(__file__).with_name("clock"))


@dataclass
class Outcome:
    """The runs in `environ` after the first one, as multiples of a reference.

    `waits` counts the runs that waited for an answer of AWS.
    """

    environ: Mapping[str, str]
    ratios: list[float] = field(default_factory=list)
    waits: int = 0


def run(
    argv: Sequence[str],
    environs: Sequence[Mapping[str, str]],
    reference: Command,
    sts: Sts,
) -> list[Outcome]:
    """Run `argv` in each of the environments, in turn.

    Only in the last environment may something go on in the background.
    """
    outcomes = [Outcome(environ) for environ in environs]
    sts.delay = DELAY
    for step in range(STEPS + 1):
        sts.clock_offset = step * STEP
        clock = {"PYTHONPATH": CLOCK, "BENCH_CLOCK_AHEAD": str(sts.clock_offset)}
        for outcome in outcomes:
            answers = sts.answers
            taken = seconds(Command(argv, {**outcome.environ, **clock}))
            if step:
                outcome.waits += sts.answers > answers
                outcome.ratios.append(taken / seconds(reference))
        time.sleep(PAUSE)
    sts.delay = sts.clock_offset = 0
    return outcomes
