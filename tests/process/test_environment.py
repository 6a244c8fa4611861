"""COMMAND's environment, exactly."""

import calendar
import time

import pytest

from tests.support import KEY_ID, READER_CONFIG, SECRET

# what selects or supplies an identity
FOREIGN = {
    "AWS_ACCESS_KEY": "x",
    "AWS_ACCOUNT_ID": "x",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "x",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/x",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
    "AWS_CREDENTIAL_EXPIRATION": "2000-01-01T00:00:00Z",
    "AWS_CREDENTIAL_FILE": "x",
    "AWS_DEFAULT_PROFILE": "x",
    "AWS_PROFILE": "x",
    "AWS_ROLE_ARN": "x",
    "AWS_ROLE_SESSION_NAME": "x",
    "AWS_SECRET_KEY": "x",
    "AWS_SECURITY_TOKEN": "x",
    "AWS_SESSION_EXPIRATION": "x",
    "AWS_SESSION_TOKEN": "x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "x",
}
KEPT = {
    "AWS_CLI_AUTO_PROMPT": "off",
    "AWS_MAX_ATTEMPTS": "2",
    "AWS_PAGER": "",
    "AWS_RETRY_MODE": "standard",
    "EMPTY": "",
    "LINES_": "a\nb=c",
    "aws_profile": "of nobody",
}


def expected(run_awsexec, **added):
    environ = run_awsexec.environment()
    return {
        **{k: v for k, v in environ.items() if not k.startswith("COVERAGE_")},
        **added,
    }


@pytest.mark.parametrize("cached", [False, True])
def test_environment_of_a_role(run_awsexec, home, sts, cached):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    before = int(time.time())
    if cached:
        run_awsexec.child("reader")
    child = run_awsexec.child("reader", env={**FOREIGN, **KEPT})
    expires = child.pop("AWS_CREDENTIAL_EXPIRATION")
    left = calendar.timegm(time.strptime(expires, "%Y-%m-%dT%H:%M:%SZ")) - before
    assert 3600 <= left <= 3660
    assert child == expected(
        run_awsexec,
        **KEPT,
        AWS_ACCESS_KEY_ID="ASIAEXAMPLE000000001",
        AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/EXAMPLESESSIONSECRET/00001",
        AWS_SESSION_TOKEN="EXAMPLESESSIONTOKEN00001//////////",
        AWS_REGION="eu-west-1",
        AWS_DEFAULT_REGION="eu-west-1",
        AWSEXEC_PROFILE_REGION="eu-west-1",
        AWSEXEC_PROFILE="reader",
        AWSEXEC_ACCOUNT="123456789012",
    )


def test_environment_of_static_keys(run_awsexec, home):
    stale = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    assert run_awsexec.child("alice", env={**FOREIGN, **stale}) == expected(
        run_awsexec,
        AWS_ACCESS_KEY_ID=KEY_ID,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWSEXEC_PROFILE="alice",
    )


@pytest.mark.parametrize(
    "locale",
    [
        {},
        {"LANG": "C"},
        {"LC_CTYPE": "C.UTF-8"},
        {"LC_ALL": "C", "LC_CTYPE": "C"},
    ],
    ids=str,
)
def test_python_s_own_locale_does_not_leak(run_awsexec, locale):
    # Python sets LC_CTYPE in the C locale, which tells programs another encoding
    del run_awsexec.environ["LANG"]
    run_awsexec.environ.update(locale)
    child = run_awsexec.child("alice")
    names = ("LANG", "LC_CTYPE", "LC_ALL")
    assert {name: child[name] for name in names if name in child} == locale


def test_value_that_is_no_utf_8(run_awsexec):
    child = run_awsexec.child("alice", env={"ODD": "\udcff\udcfe"})
    assert child["ODD"] == "\udcff\udcfe"


def test_caller_s_files_are_left_alone(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    before = {path: path.read_bytes() for path in (home.config, home.credentials)}
    run_awsexec.child("reader")
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(home.config.parent.iterdir()) == sorted(before)
    assert {path.name for path in home.path.iterdir()} == {".aws", "cache"}
