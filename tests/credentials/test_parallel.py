"""Many calls at the same time."""

import pytest

from awsexec.credentials.parallel import patient


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        (None, {"mode": "adaptive", "total_max_attempts": 10}),
        ({"mode": "adaptive"}, {"mode": "adaptive", "total_max_attempts": 10}),
        ({"total_max_attempts": 2}, {"mode": "adaptive", "total_max_attempts": 2}),
        ({"mode": "standard"}, {"mode": "standard"}),
        ({"mode": "legacy", "total_max_attempts": 7}, None),
    ],
)
def test_retries(configured, expected):
    """A mode that the user chose comes with the SDK's number of attempts, or his own."""
    assert patient(configured) == (expected or configured)
