"""Where an MFA code comes from, and when the next one is tried."""

import pytest

from awsexec import terminal
from awsexec.credentials import mfa
from awsexec.credentials.mfa import Codes
from awsexec.errors import NoCode, UsageError
from awsexec.profiles.files import Setting
from tests.support import SERIAL

QUESTION = f"MFA code for p ({SERIAL}): "
OPTION = Setting.from_option("mfa_token", "000000", "--mfa-token")


def process():
    return "111111"


class User:
    """Types `answers`, and remembers the questions."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.questions = []

    def __call__(self, question):
        self.questions.append(question)
        return self.answers.pop(0)


def nobody(question):
    raise terminal.NoTerminal


@pytest.mark.parametrize(
    ("given", "command", "expected"),
    [
        (OPTION, process, ["000000", "222222", "333333", "444444"]),
        (None, process, ["111111", "222222", "333333", "444444"]),
        (None, None, ["222222", "333333", "444444"]),
    ],
)
def test_order_of_the_attempts(given, command, expected):
    user = User("222222", "333333", "444444", "555555")
    assert list(Codes(given, command, user).attempts("p", SERIAL)) == expected
    again = f"{mfa.REFUSED}\n{QUESTION}"
    first = QUESTION if expected[0] == "222222" else again
    assert user.questions == [first, again, again]


def test_given_code_is_for_the_first_call():
    codes = Codes(OPTION, process, None)
    assert next(codes.attempts("p", SERIAL)) == "000000"
    assert next(codes.attempts("p", SERIAL)) == "111111"


def test_what_is_no_code_is_asked_again():
    user = User("", "12345", "１２３４５６", "222222")
    assert next(Codes(None, None, user).attempts("p", SERIAL)) == "222222"
    assert user.questions == [QUESTION, *[f"An MFA code is six digits. {QUESTION}"] * 3]


@pytest.mark.parametrize("ask", [None, nobody])
def test_nobody_to_ask_after_a_refusal(ask):
    assert list(Codes(OPTION, None, ask).attempts("p", SERIAL)) == ["000000"]


@pytest.mark.parametrize(
    ("ask", "reason"),
    [(None, "--no-prompt forbids asking"), (nobody, "there is no terminal to ask on")],
)
def test_nobody_to_ask(ask, reason):
    with pytest.raises(NoCode) as caught:
        next(Codes(None, None, ask).attempts("p", SERIAL))
    assert str(caught.value) == (
        f"profile 'p' needs an MFA code of {SERIAL}, and {reason}; use --mfa-token, "
        "AWSEXEC_MFA_TOKEN or mfa_process"
    )


def test_given_code_that_is_none():
    given = Setting("mfa_token", "12345", "AWSEXEC_MFA_TOKEN", 0)
    with pytest.raises(UsageError, match="AWSEXEC_MFA_TOKEN: an MFA code is six digi"):
        next(Codes(given, None, None).attempts("p", SERIAL))
