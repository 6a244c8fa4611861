"""The question of `confirm`, on the controlling terminal."""

import shlex

import pytest

from tests.hostile import HOSTILE, is_harmless
from tests.support import AWSEXEC, CODES, READER, READER_CONFIG, SERIAL

SHOWN = (
    "awsexec: profile reader asks before it is used\r\n"
    "  account  123456789012\r\n"
    f"  role     {READER}\r\n"
    "  region   eu-west-1\r\n"
)
RUN = f"{AWSEXEC} reader -- echo 'it ran'"


@pytest.fixture
def role(home, sts):
    def write(*lines):
        home.write_config(READER_CONFIG, "region = eu-west-1\n", *lines)

    return write


@pytest.mark.parametrize("answer", ["y", "Y", "yes"])
def test_yes(terminal, role, sts, answer):
    role("confirm = true\n", "confirm_text = This is production.\n")
    person = terminal(RUN)
    person.sees(
        SHOWN + "  to       echo 'it ran'\r\n  This is production.\r\nGo on? [y/N] "
    )
    assert sts.calls == []
    person.types(answer)
    assert person.ends() == (f"{answer}\r\nit ran\r\n", 0)


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("true", ""),
        ("true", "n"),
        ("true", "reader"),
        ("name", "y"),
        ("name", "Reader"),
    ],
)
def test_anything_else_is_no(terminal, role, sts, how, answer):
    role(f"confirm = {how}\n")
    person = terminal(RUN)
    person.sees("to go on: " if how == "name" else "[y/N] ")
    person.types(answer)
    screen, status = person.ends()
    assert status == 125 and "it ran" not in screen
    assert (
        "awsexec: profile reader: not confirmed, so nothing was done; answer " in screen
    )
    assert sts.calls == []


def test_ctrl_c(terminal, role):
    role("confirm = true\n")
    # the shell is to live on
    person = terminal(f"trap : INT; {RUN}")
    person.sees("[y/N] ")
    person.interrupts()
    assert person.ends()[1] == 130


def test_the_question_comes_before_the_code(terminal, role, sts):
    sts.add_role("reader", mfa=True)
    role("confirm = name\n", f"mfa_serial = {SERIAL}\n")
    person = terminal(RUN)
    person.sees("Type reader to go on: ")
    person.types("reader")
    person.sees("MFA code for reader")
    person.types(CODES[0])
    assert person.ends()[1] == 0


def test_a_shell_asks_once(terminal, role, sts):
    """What runs in it is not asked again, also where it was started without --yes."""
    role("confirm = true\n")
    inner = shlex.quote(f"{AWSEXEC} reader -- echo inner")
    person = terminal(f"{AWSEXEC} reader -- sh -c {inner}")
    person.sees("[y/N] ")
    person.types("y")
    assert person.ends() == ("y\r\ninner\r\n", 0)


@pytest.mark.parametrize(
    ("words", "to"),
    [
        ("--export sh reader >/dev/null", "print the credentials (--export sh)"),
        ("--console reader", "open the AWS console (--console)"),
        ("--serve reader -- true", "true"),
        ("reader", "start a shell"),
    ],
)
def test_what_it_is_for(terminal, role, words, to):
    role("confirm = true\n")
    person = terminal(f"{AWSEXEC} {words}")
    person.sees(f"  to       {to}\r\n")
    person.types("n")
    assert person.ends()[1] == 125


def test_only_aws_knows_the_account(terminal, home, sts):
    """What the profile expects is not what it is."""
    lines = "confirm = true\nexpected_account = 999999999999\n"
    home.write_config(f"[profile alice]\n{lines}")
    person = terminal(f"{AWSEXEC} alice -- true")
    person.sees("  account  expected 999999999999, AWS is asked\r\n")
    person.sees("[y/N] ")
    person.types("y")
    screen, status = person.ends()
    assert status == 125 and "are of account 123456789012; use" in screen


def test_long_text_and_several_lines(terminal, role):
    role("confirm = true\n", "confirm_text = This is\n  production.\n" + "  x\n" * 20)
    person = terminal(RUN)
    person.sees("\r\n  This is\r\n  production.\r\n" + "  x\r\n" * 8 + "  …\r\nGo on")
    person.types("n")
    assert person.ends()[1] == 125


def test_hostile_text(terminal, role, home):
    role("confirm = true\n", f"confirm_text = {HOSTILE}\n")
    person = terminal(shlex.join([AWSEXEC, "reader", "--", "echo", HOSTILE]))
    person.sees("[y/N] ")
    assert is_harmless(person.process.before.replace("\r\n", "\n"))
    person.types("n")
    assert person.ends()[1] == 125
