"""Where an MFA code comes from, and when the next one is tried."""

import pytest

from awsexec import terminal
from awsexec.credentials import mfa
from awsexec.credentials.mfa import Codes
from awsexec.errors import CredentialsError, MfaRefused, NoCode, UsageError
from awsexec.profiles.files import Setting
from tests.support import SERIAL

QUESTION = f"MFA code for p ({SERIAL}): "
OPTION = Setting.from_option("mfa_token", "000000", "--mfa-token")


class Process:
    """A command that prints a code."""

    def __call__(self):
        return "111111"

    def __str__(self):
        return "mfa_process tool (CONFIG:7)"


class User:
    """Types `answers`, and remembers the questions."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.questions = []

    def __call__(self, question):
        self.questions.append(question)
        return self.answers.pop(0)


def nobody(question=""):
    raise terminal.NoTerminal


def background():
    raise terminal.InBackground


def attempts(codes):
    return list(codes.attempts("p", SERIAL))


def refused(code):
    raise MfaRefused(f"refused {code}")


def test_user_has_three_attempts():
    user = User("222222", "333333", "444444", "555555")
    assert attempts(Codes(None, None, user)) == ["222222", "333333", "444444"]
    assert user.questions == [QUESTION, *[f"{mfa.REFUSED}\n{QUESTION}"] * 2]


def test_user_is_asked_after_the_command():
    user = User("222222", "333333", "444444")
    codes = Codes(None, Process(), user)
    assert attempts(codes) == ["111111", "222222", "333333", "444444"]
    assert user.questions == [
        f"AWS refused the code of mfa_process tool (CONFIG:7).\n{QUESTION}",
        *[f"{mfa.REFUSED}\n{QUESTION}"] * 2,
    ]


def test_given_code_is_for_one_call_and_comes_before_the_command():
    codes = Codes(OPTION, Process(), None)
    assert codes.given() == "000000"
    assert codes.given() is None
    assert attempts(codes) == ["111111"]


def test_after_a_given_code_the_user_is_asked_and_not_the_command():
    user = User("222222", "333333", "444444")
    codes = Codes(OPTION, Process(), user)
    assert codes.given() == "000000" and codes.may_ask_again()
    codes.check("p", SERIAL)
    assert attempts(codes) == ["222222", "333333", "444444"]
    assert user.questions == [f"{mfa.REFUSED}\n{QUESTION}"] * 3


@pytest.mark.parametrize(
    ("ask", "check"), [(None, lambda: None), (User(), nobody), (User(), background)]
)
def test_nobody_to_ask_after_a_given_code(ask, check):
    codes = Codes(OPTION, Process(), ask, check)
    assert codes.given() == "000000" and not codes.may_ask_again()
    with pytest.raises(NoCode):
        codes.check("p", SERIAL)


def test_what_is_no_code_is_asked_again():
    user = User("", "12345", "１２３４５６", "222222")
    assert next(Codes(None, None, user).attempts("p", SERIAL)) == "222222"
    assert user.questions == [QUESTION, *[f"An MFA code is six digits. {QUESTION}"] * 3]


@pytest.mark.parametrize("typed", ["222 222", " 222222 ", "22 22 22", "222\t222"])
def test_code_may_have_gaps(typed):
    assert next(Codes(None, None, User(typed)).attempts("p", SERIAL)) == "222222"


@pytest.mark.parametrize(
    ("ask", "check", "reason"),
    [
        (None, lambda: None, "--no-prompt forbids asking"),
        (User(), nobody, "there is no terminal to ask on"),
        (User(), background, "this run is in the background, where it cannot ask"),
    ],
)
def test_nobody_to_ask(ask, check, reason):
    with pytest.raises(NoCode) as caught:
        Codes(None, None, ask, check).check("p", SERIAL)
    assert str(caught.value) == (
        f"profile 'p' needs an MFA code of {SERIAL}, and {reason}; use --mfa-token, "
        "AWSEXEC_MFA_TOKEN or mfa_process"
    )
    # a command is asked anywhere
    Codes(None, Process(), ask, check).check("p", SERIAL)


def test_terminal_that_goes_while_it_is_asked():
    with pytest.raises(NoCode, match="there is no terminal to ask on"):
        attempts(Codes(None, None, nobody))
    assert attempts(Codes(None, Process(), nobody)) == ["111111"]


def test_code_of_a_command_that_is_refused_is_no_person_s_failure():
    with pytest.raises(CredentialsError) as caught:
        Codes(None, Process(), None).first_accepted("p", SERIAL, refused)
    assert str(caught.value) == (
        "refused 111111; it is the code of mfa_process tool (CONFIG:7)"
    )
    assert caught.value.is_shared
    codes = Codes(None, Process(), User("222222", "333333", "444444"))
    with pytest.raises(MfaRefused, match="refused 444444") as caught:
        codes.first_accepted("p", SERIAL, refused)
    assert not caught.value.is_shared


def test_given_code_that_is_none():
    given = Setting("mfa_token", "12345", "AWSEXEC_MFA_TOKEN", 0)
    with pytest.raises(UsageError, match="AWSEXEC_MFA_TOKEN: an MFA code is six digi"):
        Codes(given, None, None).check_given()
