"""Against moto's server: another STS than our own, and SDKs that use the result."""

import json
import sys

import pytest

from tests.servers import moto
from tests.support import READER_CONFIG, WRITER

WHO = (
    sys.executable,
    "-c",
    "import boto3, json\n"
    "print(json.dumps(boto3.client('sts').get_caller_identity()['Arn']))",
)


@pytest.fixture(scope="session")
def moto_url():
    with moto.running({}) as url:
        yield url


@pytest.fixture
def run_awsexec(run_awsexec, moto_url):
    run_awsexec.environ.update(AWS_ENDPOINT_URL=moto_url, AWS_REGION="eu-west-1")
    return run_awsexec


def test_sdk_in_the_command_is_the_role(run_awsexec, home):
    home.write_config(READER_CONFIG)
    # what would make the SDK somebody else, or refuse to start
    foreign = {"AWS_PROFILE": "missing", "AWS_SECURITY_TOKEN": "stale"}
    result = run_awsexec("reader", "--session-name", "me", *WHO, env=foreign)
    assert (result.status, result.stderr) == (0, "")
    assert json.loads(result.stdout) == (
        "arn:aws:sts::123456789012:assumed-role/reader/me"
    )


def test_chain(run_awsexec, home):
    home.write_config(
        READER_CONFIG,
        f"[profile writer]\nrole_arn = {WRITER}\nsource_profile = reader\n",
    )
    result = run_awsexec("writer", "--session-name", "me", *WHO)
    assert json.loads(result.stdout) == (
        "arn:aws:sts::123456789012:assumed-role/writer/me"
    )
    assert run_awsexec.child("writer") == run_awsexec.child("writer")


def test_session_of_static_keys(run_awsexec, home):
    serial = "arn:aws:iam::123456789012:mfa/alice"
    home.write_config(f"[profile alice]\nmfa_serial = {serial}\n")
    child = run_awsexec.child("alice", "--mfa-token", "123456")
    assert child["AWS_SESSION_TOKEN"]
    assert run_awsexec.child("alice", "--no-prompt") == child
