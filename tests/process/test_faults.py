"""What keeps a profile from working: a run, --list, --explain and --doctor say the same."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers.web import Answer, WebServer
from tests.sources import SESSION, write_token
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
    _all_say_the_same(run_awsexec, broken)


def test_all_know_the_account_that_a_run_has_noted(run_awsexec, home, sts):
    home.write_config(f"[profile p]\n{KEYS}expected_account = {OTHER}\n")
    _all_say_the_same(run_awsexec, "but the credentials of profile p are of")


def _all_say_the_same(run_awsexec, said):
    failed = run_awsexec("p", "--", "true")
    assert failed.status == 125
    why = failed.stderr.removeprefix("awsexec: ").rstrip("\n")
    assert said in why
    (row,) = [
        row
        for row in json.loads(run_awsexec("--list", "p", "--json").stdout)
        if row["profile"] == "p"
    ]
    assert row["error"] == why
    explained = run_awsexec("--explain", "p")
    assert explained.status == 125
    assert explained.stdout.startswith(f"fault: {why}\n")
    end = explained.stdout.partition("the next run\n")[2]
    assert end.startswith("  fails, and COMMAND does not start\n") or not end
    assert "COMMAND gets" not in explained.stdout
    found = run_awsexec("--doctor", "p", "--json")
    assert found.status == 123
    wrong = {
        (row["about"], row["text"])
        for row in json.loads(found.stdout)
        if row["status"] == "wrong"
    }
    assert ("profile p", why) in wrong


# of the environment: what a run of profile p says, and --doctor of the variable
VARIABLES = [
    ("AWSEXEC_REFRESH_AHEAD", "foo", ROLE),
    ("AWSEXEC_PROCESS_TIMEOUT", "foo", "[profile p]\ncredential_process = true\n"),
    ("AWSEXEC_MFA_TOKEN", "12", f"{ROLE}mfa_serial = {SERIAL}\n"),
    ("AWSEXEC_MFA_PROCESS", "/no/such", f"{ROLE}mfa_serial = {SERIAL}\n"),
    ("AWSEXEC_LOG_ARGV", "yes", ROLE),
    ("AWSEXEC_LOG_REQUIRED", "yes", ROLE),
    ("AWS_REGION", "eu west 1", ROLE),
    ("AWS_DEFAULT_REGION", "EU", ROLE),
    ("AWS_ENDPOINT_URL_STS", "localhost:1", ROLE),
    ("AWS_RETRY_MODE", "fast", ROLE),
    ("AWS_MAX_ATTEMPTS", "many", ROLE),
    ("AWS_USE_FIPS_ENDPOINT", "yes", ROLE),
    ("AWS_STS_REGIONAL_ENDPOINTS", "here", ROLE),
]


@pytest.mark.parametrize(("name", "value", "config"), VARIABLES)
def test_variable_that_cannot_be_read(run_awsexec, home, sts, name, value, config):
    home.write_config(config)
    run_awsexec.environ["AWSEXEC_LOG"] = "~/log"
    run_awsexec.environ[name] = value
    failed = run_awsexec("p", "--", "true")
    assert failed.status == 125
    why = failed.stderr.removeprefix("awsexec: ").rstrip("\n")
    assert name in why
    found = run_awsexec("--doctor", "p", "--json")
    assert found.status == 123
    assert ("environment", "wrong", why) in [
        (row["about"], row["status"], row["text"]) for row in json.loads(found.stdout)
    ]


def test_record_that_is_required(run_awsexec, home, sts):
    home.write_config(ROLE)
    run_awsexec.environ |= {"AWSEXEC_LOG": "x", "AWSEXEC_LOG_REQUIRED": "1"}
    assert run_awsexec("p", "--", "true").status == 125
    found = run_awsexec("-q", "--doctor", "p")
    assert found.status == 123 and "✗ record: AWSEXEC_LOG=x depends" in found.stdout


def test_limits_that_cannot_be_read(run_awsexec, home, sts):
    home.write_config(ROLE)
    run_awsexec.environ["AWSEXEC_LIMITS"] = "garbage"
    failed = run_awsexec("p", "--", "true")
    assert failed.status == 125
    found = run_awsexec("-q", "--doctor")
    assert (
        found.status == 123
        and "✗ environment: AWSEXEC_LIMITS has no limits" in found.stdout
    )


def test_what_the_cache_has_needs_no_source(run_awsexec, home, sts):
    secret = Path(home.script("secret", "#!/bin/sh\n"))
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
    assert "! profile reader: ~/.aws/config:" in found.stdout
    assert "the cache has a session, which works until its end" in found.stdout
    run_awsexec("--forget", "--all")
    assert run_awsexec("--doctor", "reader").status == 123
    assert run_awsexec("--explain", "reader").status == 125


# --- The network ----------------------------------------------------------------------


class Other(WebServer):
    """A server that is not AWS."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def respond(self, request):
        return self.answer


ANSWERS = {
    "redirect": Answer(302, "", {"Location": "http://portal.example/"}),
    "page": Answer(200, "<!DOCTYPE html><p>Sign in"),
    "refusal of a proxy": Answer(403, "<html>no</html>"),
    "text": Answer(200, "hello"),
}


@pytest.mark.parametrize("case", [*ANSWERS, "nobody", "dead proxy"])
def test_what_is_not_aws(run_awsexec, home, dead_port, case):
    home.write_config(READER_CONFIG)
    with Other(ANSWERS.get(case)) as server:
        url = f"http://127.0.0.1:{dead_port}" if case == "nobody" else server.url
        run_awsexec.environ["AWS_ENDPOINT_URL_STS"] = url
        if case == "dead proxy":
            run_awsexec.environ["AWS_ENDPOINT_URL_STS"] = "http://sts.example"
        failed = run_awsexec("reader", "--", "true")
        assert failed.status == 125
        why = failed.stderr.removeprefix("awsexec: ").rstrip("\n")
        found = run_awsexec("--doctor", "reader", "--json")
    assert found.status == 123
    (row,) = [row for row in json.loads(found.stdout) if row["about"] == "endpoint"]
    assert (row["status"], row["text"]) == ("wrong", why)


# --- Mends, done literally ------------------------------------------------------------


def _folder_for_others(home):
    home.config.parent.chmod(0o777)


def _owner(home):
    home.cache.mkdir(mode=0o700)
    os.chown(home.cache, 12345, 12345)


def _link(home):
    (home.path / "elsewhere").mkdir(mode=0o755)
    home.cache.symlink_to(home.path / "elsewhere")


def _token_for_others(home):
    home.write_config(SESSION)
    write_token(home)
    for path in (home.path / ".aws" / "sso" / "cache").iterdir():
        path.chmod(0o644)


def _log_for_others(home):
    (home.path / "log").touch(0o644)


SPOILT = {
    "config": (lambda home: home.config.chmod(0o666), {}),
    "folder": (_folder_for_others, {}),
    "credentials": (lambda home: home.credentials.chmod(0o644), {}),
    "cache": (lambda home: home.cache.mkdir(mode=0o755), {}),
    "cache is a link": (_link, {}),
    "cache is a file": (lambda home: home.cache.touch(0o600), {}),
    "cache of another user": (_owner, {}),
    "cache cannot be made": (lambda home: None, {"AWSEXEC_CACHE_DIR": "/proc/foo"}),
    "cache is relative": (lambda home: None, {"AWSEXEC_CACHE_DIR": "foo"}),
    "token": (_token_for_others, {}),
    "record": (_log_for_others, {"AWSEXEC_LOG": "~/log"}),
    "profile": (lambda home: None, {"AWS_PROFILE": "nosuch"}),
    "keys": (lambda home: None, {"AWS_ACCESS_KEY_ID": KEY_ID}),
    "config file": (lambda home: None, {"AWS_CONFIG_FILE": "/tmp"}),
}


def _bad(run_awsexec):
    found = json.loads(run_awsexec("-q", "--doctor", "--json").stdout)
    # no mend here: there is no keyring, nobody signs in
    return [
        row
        for row in found
        if not re.search("in the file|not signed in|browser|bash, zsh", str(row))
    ]


def _mend(home, environ, mend):
    """Do what the mend of a finding says."""
    command = re.search("run: ([^;]*)", mend)
    names = re.search("unset (.*)", mend)
    if names:
        for name in names[1].replace("it", "AWS_CONFIG_FILE").split():
            del environ[name]
    elif command:
        line = command[1].removeprefix("sudo ")
        subprocess.run(["sh", "-c", line], check=True)
    else:
        assert "AWSEXEC_CACHE_DIR" in mend or "absolute path" in mend
        environ["AWSEXEC_CACHE_DIR"] = str(home.path / "another")


@pytest.mark.parametrize("case", SPOILT)
def test_mend_done_literally(run_awsexec, home, sts, portal, case):
    if case == "cache of another user" and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    spoil, environ = SPOILT[case]
    home.write_config(READER_CONFIG)
    assert _bad(run_awsexec) == []
    spoil(home)
    run_awsexec.environ |= environ
    (found,) = _bad(run_awsexec)
    _mend(home, run_awsexec.environ, found["mend"])
    assert _bad(run_awsexec) == []
    if case == "cache is a link":
        # it is not followed
        assert (home.path / "elsewhere").stat().st_mode & 0o777 == 0o755
