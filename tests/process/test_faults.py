"""What keeps a profile from working: a run, --list, --explain and --doctor say the same."""

import json
import shlex

import pytest

from tests.support import KEY_ID, READER, READER_CONFIG, SECRET, SERIAL

OTHER = "999999999999"
KEYS = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
SSO = f"""\
[profile p]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
expected_account = {OTHER}
"""
ROLE = f"[profile p]\nrole_arn = {READER}\nsource_profile = alice\n"

# name: config file, credentials file, variables; and what a run says of profile p
BROKEN = {
    "expected role": (f"{ROLE}expected_account = {OTHER}\n", "", {}, f"= {OTHER}"),
    "expected sso": (SSO, "", {}, f"= {OTHER}"),
    "expected source": (
        f"{ROLE}[profile alice]\nexpected_account = 11\n",
        *("", {}, "is not an account"),
    ),
    "limits": (SSO.partition("expected")[0], "", {"AWSEXEC_LIMITS": "x"}, "LIMITS"),
    "quoted secret": (
        f"[profile p]\n{KEYS.replace(SECRET, repr(SECRET))}",
        *("", {}, "is in quotes"),
    ),
    "expired session": (
        "",
        f"[p]\n{KEYS}aws_session_token = x\n"
        "x_security_token_expires = 2020-01-01T00:00:00Z\n",
        *({}, "this session ended at"),
    ),
    "no half": (f"[profile p]\naws_access_key_id = {KEY_ID}\n", "", {}, "but no"),
    "no process": (
        "[profile p]\ncredential_process = /no/such x\n",
        "",
        {},
        "/no/such",
    ),
    "no process in PATH": (
        "[profile p]\ncredential_process = nosuch-tool x\n",
        *("", {}, "not in a folder of PATH"),
    ),
    "folder as process": (
        "[profile p]\ncredential_process = /tmp x\n",
        *("", {}, "Permission denied"),
    ),
    "no mfa_process": (
        f"{ROLE}mfa_serial = {SERIAL}\nmfa_process = ~/nosuch\n",
        *("", {}, "fills in the ~"),
    ),
    "quotes of mfa_process": (
        f"{ROLE}mfa_serial = {SERIAL}\nmfa_process = 'x\n",
        *("", {}, "correct the quotes"),
    ),
    "no token": (
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = /no/such\n",
        *("", {}, "cannot read the token"),
    ),
    "no token of a container": (
        "[profile p]\ncredential_source = EcsContainer\n",
        "",
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such",
        },
        "cannot read",
    ),
    "no container": (
        "[profile p]\ncredential_source = EcsContainer\n",
        *("", {}, "is this an ECS"),
    ),
    "no keys in the environment": (
        f"[profile p]\nrole_arn = {READER}\ncredential_source = Environment\n",
        *("", {}, "is not set"),
    ),
    "no source": (f"[profile p]\nrole_arn = {READER}\n", "", {}, "no source_profile"),
    "no region": (f"{ROLE}region = EU\n", "", {}, "is not an AWS region"),
}


@pytest.fixture
def broken(request, run_awsexec, home, sts):
    config, credentials, environ, said = BROKEN[request.param]
    home.write_config(config)
    home.write_credentials(home.credentials.read_text() + credentials)
    run_awsexec.environ.update(environ)
    return said


@pytest.mark.parametrize("broken", BROKEN, indirect=True)
def test_all_say_what_a_run_says(run_awsexec, home, broken):
    failed = run_awsexec("p", "--", "true")
    assert failed.status == 125
    why = failed.stderr.removeprefix("awsexec: ").rstrip("\n")
    assert broken in why
    (row,) = [
        row
        for row in json.loads(run_awsexec("--list", "p", "--json").stdout)
        if row["profile"] == "p"
    ]
    assert row["error"] == why
    explained = run_awsexec("--explain", "p")
    assert explained.status == 125
    assert explained.stdout.startswith(f"fault: {why}\n")
    assert "the next run" not in explained.stdout
    found = run_awsexec("--doctor", "p", "--json")
    assert found.status == 123
    wrong = {
        (row["about"], row["text"])
        for row in json.loads(found.stdout)
        if row["status"] == "wrong"
    }
    assert ("profile p", why) in wrong


def test_what_the_cache_has_needs_no_source(run_awsexec, home, sts):
    secret = home.script("secret", "#!/bin/sh\n")
    home.write_config(
        READER_CONFIG, f"mfa_serial = {SERIAL}\nmfa_process = {secret} 1\n"
    )
    home.script("secret", "#!/bin/sh\necho 111111\n")
    assert run_awsexec("reader", "--", "true").status == 0
    secret.unlink()
    assert run_awsexec("reader", "--", "true").status == 0
    (row,) = [
        row
        for row in json.loads(run_awsexec("--list", "reader", "--json").stdout)
        if row["profile"] == "reader"
    ]
    assert row["error"] is None and row["seconds_left"]
    assert run_awsexec("--explain", "reader").status == 0
    # it works until the session ends
    found = run_awsexec("--doctor", "reader")
    assert found.status == 0
    assert f"! profile reader: {home.config}:" in found.stdout
    assert shlex.quote(str(secret)) in found.stdout
    run_awsexec("--forget", "--all")
    assert run_awsexec("--doctor", "reader").status == 123
    assert run_awsexec("--explain", "reader").status == 125
