"""Tests whose cases hypothesis makes up.

HYPOTHESIS_EXAMPLES says how many of them run. Without it these are few, and the same
each time, as `make test` runs them. With ``all`` they are more, and the same each time,
as `.ci/run` has it. With a number they are so many, and other ones each time, as
`make fuzz` has it.
"""

import os

from hypothesis import HealthCheck, Phase, seed, settings

_wanted = os.environ.get("HYPOTHESIS_EXAMPLES", "")
_is_random = _wanted.isdecimal()
assert _wanted in ("", "all") or _is_random, "HYPOTHESIS_EXAMPLES: a number, or all"


def examples(few: int, all_: int) -> settings:
    """Settings of a test with `few` examples, or with all of `all_`."""
    return settings(
        max_examples=int(_wanted) if _is_random else all_ if _wanted else few,
        derandomize=not _is_random,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def part(number: int):
    """Of a test in parts: other examples for each `number`, the same on every run."""
    return (lambda test: test) if _is_random else seed(number)
