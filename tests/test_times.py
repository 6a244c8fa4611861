from awsexec.times import left


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
