"""What is left on a screen."""

import pytest

from tests.screen import left, plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\r\nb\r\n", "a\nb\n"),
        # as --each does, with its line of what runs
        (
            "\r\x1b[K0 of 2\r\x1b[K1 of 2\r\x1b[Ka │ x\r\n\r\x1b[K2 of 2\r\x1b[K$ ",
            "a │ x\n$ ",
        ),
        # as a report does, which does not know the terminal
        ("\rgot: 1 of 3\rgot: 3 of 3\r           \rfailed\r\n$ ", "failed\n$ "),
        ("\rgot: 1 of 3\r           \r\r\n", "\n"),
        ("\rgot: 1 of 3\r           \r$ ", "$ "),
        ("abc\rx", "xbc"),
        ("\x1b[31mabc\x1b[0m\r\x1b[32mx\x1b[0m", "\x1b[32mx\x1b[0mbc"),
        ("\x1b[31mabc\x1b[0m\r", "\x1b[31mabc\x1b[0m"),
    ],
)
def test_left(written: str, shown: str) -> None:
    assert left(written) == shown


def test_plain() -> None:
    assert plain("\x1b]0;title\x07\x1b[1mA\x1b[0m\r\n\x1b[?2004l$ ") == "A\n$ "
