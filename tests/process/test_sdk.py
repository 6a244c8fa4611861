"""boto3 as it takes its credentials from ``credential_process = awsexec ...``."""

import subprocess
import sys
import time

import pytest

from tests.support import AWSEXEC, CODES, READER, SERIAL, age

MINUTE = 60
# botocore asks for new credentials at every call in the last quarter of an hour
LIFE = 10 * MINUTE

CONFIG = f"""\
[profile plain]
credential_process = {AWSEXEC} --export process role
region = eu-west-1
[profile role]
role_arn = {READER}
source_profile = alice
"""

CLIENT = """\
import sys, boto3
client = None
for line in sys.stdin:
    try:
        client = client or boto3.client("sts")
        client.get_caller_identity()
        print("called", flush=True)
    except Exception as error:
        print(type(error).__name__, *str(error).split(), flush=True)
"""


class Client:
    """A program that uses boto3 for as long as it is open."""

    def __init__(self, environ):
        self._process = subprocess.Popen(
            [sys.executable, "-c", CLIENT],
            env={**environ, "AWS_PROFILE": "plain"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def calls(self):
        """What came of one more call."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().rstrip("\n")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _, stderr = self._process.communicate(timeout=60)
        assert (self._process.returncode, stderr) == (0, "")


@pytest.fixture
def client(run_awsexec, home, sts):
    home.write_config(CONFIG)
    with Client(run_awsexec.environment()) as client:
        yield client


def users(sts):
    """Whose keys boto3's calls were signed with, each once, in order."""
    keys = [call.key_id for call in sts.calls if call.operation == "GetCallerIdentity"]
    return list(dict.fromkeys(keys))


def sessions(count):
    return [f"ASIAEXAMPLE{number:09}" for number in range(1, count + 1)]


def test_renewals(client, home, sts):
    sts.add_role("reader", life=LIFE)
    for renewals in range(5):
        for _ in range(2):
            assert client.calls() == "called"
        assert users(sts) == sessions(renewals + 1)
        # the last quarter
        age(home, 8 * MINUTE)
    assert sts.operations.count("AssumeRole reader") == 5


def test_renewal_that_fails_is_tried_again(client, home, sts):
    sts.add_role("reader", life=LIFE)
    assert client.calls() == "called"
    age(home, 8 * MINUTE - 10)
    sts.fail("AccessDenied", "not today", 403)
    for _ in range(3):
        assert client.calls() == "called"
    assert users(sts) == sessions(1)
    assert sts.operations.count("AssumeRole reader") == 2
    age(home, 1 * MINUTE + 1)
    assert client.calls() == "called"
    assert users(sts) == sessions(2)


def test_failure_is_what_the_program_shows(client, home, sts):
    sts.fail("AccessDenied", "not today", 403)
    said = client.calls()
    assert said.startswith("CredentialRetrievalError ")
    assert "awsexec: profile 'role': not today" in said


def test_codes_of_a_process(run_awsexec, home, sts):
    """A role that takes a code for each session, which a command gives."""
    sts.add_role("reader", mfa=True, longest=7200, life=LIFE)
    codes = home.path / "codes"
    codes.write_text("\n".join(CODES) + "\n")
    script = home.script(
        "code", f"#!/bin/sh\nhead -1 {codes} && sed -i.old 1d {codes}\n"
    )
    home.write_config(
        CONFIG,
        f"duration_seconds = 7200\nmfa_serial = {SERIAL}\nmfa_process = {script}\n",
    )
    with Client(run_awsexec.environment()) as client:
        for renewals in range(len(CODES)):
            assert client.calls() == "called"
            # the command may need a touch: not before its time
            age(home, 8 * MINUTE)
            assert client.calls() == "called"
            assert users(sts) == sessions(renewals + 1)
            age(home, 2 * MINUTE)
        said = client.calls()
    assert "did not print a code of six digits" in said


def test_loop_that_begins_with_the_program(client, home):
    home.write_config(CONFIG.replace("process role", "process plain"))
    said = client.calls()
    assert said.startswith("CredentialRetrievalError ")
    assert ":2: credential_process is a loop: plain → plain; " in said
    assert said.count("awsexec: ") == 1


@pytest.mark.uncounted
def test_renewals_as_time_goes_by(client, sts):
    # served for seven of its eight seconds
    sts.add_role("reader", life=8)
    deadline = time.monotonic() + 60
    while len(users(sts)) < 2:
        assert client.calls() == "called"
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert users(sts) == sessions(2)
