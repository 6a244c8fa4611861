"""--export at a terminal: what is on the screen, and who is asked for a code."""

import json
import sys

import pytest

from awsexec.export_formats import EXPORT_FORMATS
from tests.support import AWSEXEC, CODES, READER_CONFIG, SERIAL, age

FIRST, SECOND = (f"ASIAEXAMPLE{n:09}" for n in (1, 2))
QUESTION = f"MFA code for reader ({SERIAL}): "
MINUTE = 60


@pytest.mark.parametrize("form", EXPORT_FORMATS)
@pytest.mark.parametrize(("quiet", "said"), [([], True), (["-q"], False)])
def test_on_a_screen(terminal, run_awsexec, home, sts, form, quiet, said):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    person = terminal(" ".join([AWSEXEC, *quiet, "--export", form, "reader"]))
    screen, status = person.ends()
    assert status == 0 and FIRST in screen
    assert (
        "awsexec: these credentials are secret, and now on your screen" in screen
    ) == said


@pytest.fixture
def with_code(home, sts):
    """A role whose every session takes a code."""
    sts.add_role("reader", mfa=True, longest=7200)
    home.write_config(
        READER_CONFIG, f"duration_seconds = 7200\nmfa_serial = {SERIAL}\n"
    )
    return sts


@pytest.mark.both_ways
def test_process_asks_nobody_while_the_session_is_good(
    run_awsexec, home, with_code, terminal
):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    age(home, 100 * MINUTE)
    # with a terminal at hand
    out = home.path / "out"
    person = terminal(f"{AWSEXEC} --export process reader >{out} 2>&1")
    assert person.ends() == ("", 0)
    assert json.loads(out.read_text())["AccessKeyId"] == FIRST
    age(home, 16 * MINUTE)
    person = terminal(f"{AWSEXEC} --export process reader </dev/null >{out} 2>&1")
    person.sees(QUESTION)
    person.types(CODES[1])
    assert person.ends()[1] == 0
    assert json.loads(out.read_text())["AccessKeyId"] == SECOND


def test_shell_may_ask_in_the_last_quarter(run_awsexec, home, with_code, terminal):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    age(home, 100 * MINUTE)
    out, err = home.path / "out", home.path / "err"
    line = f"trap : INT; {AWSEXEC} --export sh reader >{out} 2>{err}"
    person = terminal(line)
    person.sees(QUESTION)
    person.interrupts()
    assert person.ends()[1] == 130
    assert out.read_text() == "false\n"
    # no terminal: what there is, and why
    result = run_awsexec("--export", "sh", "reader")
    assert result.status == 0 and FIRST in result.stdout
    assert result.stderr.startswith(
        "awsexec: using the session, which has 19m left, because renewing it failed: profile 'reader' needs an "
        "MFA code"
    )
    person = terminal(line)
    person.sees(QUESTION)
    person.types(CODES[1])
    assert person.ends()[1] == 0
    assert SECOND in out.read_text() and err.read_text() == ""


CLIENT = """
import boto3
print(boto3.Session(profile_name="plain").client("sts").get_caller_identity()["Arn"])
"""


def test_prompt_while_an_sdk_has_the_pipes(run_awsexec, home, with_code, terminal):
    with home.config.open("a") as config:
        config.write(
            "[profile plain]\nregion = eu-west-1\n"
            f"credential_process = {AWSEXEC} --export process reader\n"
        )
    client = home.path / "client.py"
    client.write_text(CLIENT)
    out, err = home.path / "out", home.path / "err"
    line = f"trap : INT; {sys.executable} {client} </dev/null >{out} 2>{err}"
    person = terminal(line)
    person.sees(QUESTION)
    person.types(CODES[0])
    assert person.ends() == (f"{CODES[0]}\r\n", 0)
    assert ":assumed-role/reader/" in out.read_text()
    # a person who will not
    run_awsexec("--forget")
    person = terminal(line)
    person.sees(QUESTION)
    person.interrupts()
    assert person.ends()[1] != 0
