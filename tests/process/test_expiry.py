"""The end of a session that a tool wrote beside the keys of a profile."""

import json
import time

import pytest

from tests.servers.web import iso8601
from tests.support import READER

KEYS = """
[saml]
aws_access_key_id = ASIAEXAMPLE000000009
aws_secret_access_key = wJalrXUtnFEMI/EXAMPLESESSIONSECRET/00009
aws_session_token = EXAMPLESESSIONTOKEN00009//////////
"""
NAMES = (
    "x_security_token_expires",
    "aws_session_expiration",
    "aws_credential_expiration",
    "aws_expiration",
    "expiration",
)


@pytest.mark.parametrize("name", NAMES)
def test_end_bounds_the_credentials(run_awsexec, home, sts, name):
    end = int(time.time()) + 1800
    home.write_credentials(KEYS, f"{name} = {iso8601(end)}\n")
    child = run_awsexec.child("saml")
    assert child["AWS_CREDENTIAL_EXPIRATION"] == iso8601(end)
    answer = json.loads(run_awsexec("--export", "process", "saml").stdout)
    assert answer["Expiration"] == iso8601(end)
    error = run_awsexec("--min-ttl", "1h", "saml", "true").error()
    assert "1h" in error or "3600" in error
    shown = run_awsexec("--explain", "saml").stdout
    assert "AWS_CREDENTIAL_EXPIRATION=" in shown
    assert f"{name} = {iso8601(end)}" in shown


@pytest.mark.parametrize("name", NAMES)
def test_session_that_has_ended(run_awsexec, home, sts, name):
    end = iso8601(int(time.time()) - 60)
    home.write_credentials(KEYS, f"{name} = {end}\n")
    home.write_config(f"[profile r]\nrole_arn = {READER}\nsource_profile = saml\n")
    for words in (("saml", "true"), ("r", "true"), ("--export", "process", "saml")):
        error = run_awsexec(*words).error()
        assert error == (
            f"profile 'saml' (key …0009 in {home.credentials}:3): this session ended at "
            f"{end}, as {name} in {home.credentials}:6 says; get a new one with the tool "
            "that wrote it"
        )
    assert sts.calls == []


def test_earliest_end_counts(run_awsexec, home):
    now = int(time.time())
    lines = [
        f"{name} = {iso8601(now + 600 * number)}\n"
        for number, name in enumerate(NAMES, start=1)
    ]
    home.write_credentials(KEYS, *reversed(lines))
    child = run_awsexec.child("saml")
    assert child["AWS_CREDENTIAL_EXPIRATION"] == iso8601(now + 600)


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ("expiration = some day\n", "not a time that awsexec can read"),
        # not beside keys of a session
        ("", None),
    ],
)
def test_end_that_does_not_count(run_awsexec, home, lines, note):
    ended = f"expiration = {iso8601(int(time.time()) - 60)}\n"
    if lines:
        home.write_credentials(KEYS, lines)
    else:
        home.write_credentials(
            "\n".join(line for line in KEYS.splitlines() if "token" not in line),
            f"\n{ended}",
        )
        home.write_config(f"[profile saml]\n{ended}")
    assert "AWS_CREDENTIAL_EXPIRATION" not in run_awsexec.child("saml")
    facts = json.loads(run_awsexec("--explain", "--json", "saml").stdout)
    notes = {item["name"]: item["note"] for item in facts["profiles"][0]["settings"]}
    assert notes["expiration"] == note
