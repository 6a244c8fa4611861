"""Tests whose cases hypothesis makes up.

They run the number of examples that HYPOTHESIS_EXAMPLES says, or few enough for every
`make test`; `make fuzz` runs them for minutes.
"""

import os

from hypothesis import HealthCheck, Phase, seed, settings

_wanted = os.environ.get("HYPOTHESIS_EXAMPLES")


def examples(usually: int) -> settings:
    """Settings of a test: `usually` examples, the same ones on every run."""
    return settings(
        max_examples=int(_wanted or usually),
        # with a number of one's own, other examples each time
        derandomize=_wanted is None,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def part(number: int):
    """Of a test in parts: other examples for each `number`, the same on every run."""
    return seed(number) if _wanted is None else lambda test: test
