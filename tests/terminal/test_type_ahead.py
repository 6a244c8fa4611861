"""What was typed before a question is there is no answer to it."""

import pexpect
import pytest

from tests.support import AWSEXEC, CODES, KEY_ID, READER_CONFIG, SERIAL

MFA = f"mfa_serial = {SERIAL}\n"


@pytest.mark.parametrize(
    ("settings", "words", "typed", "question"),
    [
        ("confirm = true\n", "reader -- echo RAN", "y", "Go on? [y/N] "),
        ("confirm = name\n", "reader -- echo RAN", "reader", "reader to go on: "),
        ("confirm = true\n", "--serve reader -- echo RAN", "y", "Go on? [y/N] "),
        ("confirm = true\n", "--each reader -- echo RAN", "y", "Go on? [y/N] "),
        (MFA, "reader -- echo RAN", CODES[0], "MFA code for reader"),
        ("", "--add-keys bob", KEY_ID, "Access key id for bob: "),
        # which would choose among the profiles
        ("", "-- echo RAN", "xyzzy", "profile: "),
    ],
)
def test_it_is_thrown_away(
    terminal, home, sts, keyring, settings, words, typed, question
):
    home.write_config(READER_CONFIG, settings)
    person = terminal(f"trap : INT; TERM=xterm; sleep 0.5; {AWSEXEC} {words}")
    person.types(typed)
    person.sees(question)
    # nobody has answered yet
    ends = ["RAN", "key for", "six digits", "status=", "xyzzy", pexpect.TIMEOUT]
    assert person.process.expect_exact(ends, timeout=1) == 5
    person.interrupts()
    assert person.ends()[1] == 130
