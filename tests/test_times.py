import pytest

from awsexec.times import about, in_units, left, seconds


def test_left():
    given = [3720, 2520, 59, 1, 0, -1]
    assert list(map(left, given)) == [
        "1h02m left",
        "42m left",
        "<1m left",
        "<1m left",
        "expired",
        "expired",
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [(0, "0s"), (45, "45s"), (900, "15m"), (3601, "1h1s"), (5400, "1h30m")],
)
def test_in_units(given, text):
    assert in_units(given) == text


def test_units_are_read_back():
    for given in range(0, 604_800, 997):
        assert seconds(in_units(given)) == given


@pytest.mark.parametrize(
    ("given", "text"),
    [(53_999.4, "15h"), (4_000, "1h7m"), (601, "10m"), (301.2, "5m1s"), (0.4, "0s")],
)
def test_about(given, text):
    assert about(given) == text
