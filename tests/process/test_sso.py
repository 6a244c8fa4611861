"""IAM Identity Center, where a sign-in of the AWS CLI's is there already, or is not."""

import hashlib
import json
import os
import subprocess
import time

import pytest

from tests.servers.identity_center import START_URL
from tests.servers.web import iso8601
from tests.sources import (
    GET,
    LEGACY,
    NO_TERMINAL,
    SESSION,
    TOKEN,
    keys,
    of,
    refreshable,
    write_token,
)
from tests.support import AWSEXEC, READER, entries, fast_path_is_on, is_fast


@pytest.mark.parametrize(
    ("config", "name"), [(SESSION, "corp"), (LEGACY, START_URL)], ids=["new", "legacy"]
)
def test_token_of_the_cli(run_awsexec, home, portal, sts, config, name):
    home.write_config(config)
    path = write_token(home, name)
    before = path.read_bytes()
    child = run_awsexec.child("p")
    assert keys(child) == of(portal.roles["123456789012", "reader"])
    (request,) = portal.requests
    assert request.query == {"account_id": "123456789012", "role_name": "reader"}
    assert request.headers["x-amz-sso_bearer_token"] == "EXAMPLEACCESSTOKEN0"
    assert "authorization" not in request.headers
    assert path.read_bytes() == before
    # the next run has it from the cache
    assert keys(run_awsexec.child("p")) == keys(child)
    assert is_fast(run_awsexec, "p", "true") == fast_path_is_on(run_awsexec)
    assert portal.asked == [GET]
    assert sts.calls == []


def test_session_may_have_any_name(run_awsexec, home, portal):
    home.write_config(SESSION.replace("corp", "Ünï"))
    write_token(home, "Ünï")
    assert keys(run_awsexec.child("p")) == of(portal.roles["123456789012", "reader"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_does_not_renew_the_token_of_another_user(run_awsexec, home, portal):
    """As with sudo -E: the user could not read the new token, and the old one is over."""
    home.write_config(SESSION)
    path = write_token(home, life=-60, **refreshable(portal))
    os.chown(home.path, 65534, -1)
    before = path.read_bytes()
    assert (
        run_awsexec("--no-cache", "p", "true")
        .error()
        .endswith(
            f"cannot write to {path.parent}: this is root, and {home.path} belongs to nobody, "
            "who could not use the sign-in then; run awsexec without sudo or with sudo -H"
        )
    )
    assert (portal.asked, path.read_bytes()) == ([], before)


def test_role_of_sso(run_awsexec, home, portal, sts):
    home.write_config(
        SESSION, f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n"
    )
    write_token(home)
    run_awsexec.child("r")
    assert sts.operations == ["AssumeRole reader"]
    session = portal.roles["123456789012", "reader"]
    assert (sts.calls[0].key_id, sts.calls[0].token) == (session.key_id, session.token)


def test_token_is_renewed_in_the_format_of_the_cli(run_awsexec, home, portal):
    home.write_config(SESSION)
    more = refreshable(portal)
    path = write_token(home, life=-60, **more)
    run_awsexec.child("p")
    assert portal.asked == [TOKEN, GET]
    assert portal.requests[0].json() == {
        "clientId": "EXAMPLEOLDCLIENT",
        "clientSecret": "EXAMPLEOLDSECRET",
        "grantType": "refresh_token",
        "refreshToken": "EXAMPLEREFRESHTOKEN0",
    }
    token = json.loads(path.read_text())
    expires = token.pop("expiresAt")
    # awsexec's own note of the sign-in, which the AWS CLI ignores
    assert token.pop("awsexecSignIn").endswith(
        ":" + hashlib.sha256(b"EXAMPLEACCESSTOKEN1").hexdigest()
    )
    assert token == {
        "startUrl": START_URL,
        "region": "eu-west-1",
        "accessToken": "EXAMPLEACCESSTOKEN1",
        "clientId": "EXAMPLEOLDCLIENT",
        "clientSecret": "EXAMPLEOLDSECRET",
        "registrationExpiresAt": more["registrationExpiresAt"],
        "refreshToken": "EXAMPLEREFRESHTOKEN1",
    }
    assert iso8601(time.time() + 3500) < expires <= iso8601(time.time() + 3600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_parallel_runs_renew_it_once(run_awsexec, home, portal, sts):
    config = SESSION
    for number in range(4):
        role = f"role{number}"
        portal.roles["123456789012", role] = sts.session_of(role)
        config += (
            f"[profile p{number}]\nsso_session = corp\nsso_account_id = 123456789012\n"
            f"sso_role_name = {role}\n"
        )
    home.write_config(config)
    write_token(home, life=-60, **refreshable(portal))
    runs = [
        subprocess.Popen([AWSEXEC, f"p{number}", "true"], env=run_awsexec.environment())
        for number in range(4)
    ]
    assert [run.wait(60) for run in runs] == [0] * 4
    assert sorted(portal.asked) == [GET] * 4 + [TOKEN]


FORBIDDEN = "not signed in, and --no-prompt forbids signing in; run: "


@pytest.mark.parametrize(
    ("config", "words", "message"),
    [
        (SESSION, (), f"{NO_TERMINAL}awsexec --sign-in corp"),
        (SESSION, ("--no-prompt",), f"{FORBIDDEN}awsexec --sign-in corp"),
        (LEGACY, (), f"{NO_TERMINAL}awsexec --sign-in p"),
    ],
)
def test_nobody_to_sign_in(run_awsexec, home, portal, config, words, message):
    home.write_config(config)
    line = 7 if config is SESSION else 3
    label = f"profile 'p' (sso, {home.config}:{line})"
    assert run_awsexec(*words, "p", "true").error() == f"{label}: {message}"
    assert portal.asked == []


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "{}", '{"accessToken": "x", "expiresAt": "whenever"}'],
)
@pytest.mark.parametrize("config", [SESSION, LEGACY], ids=["new", "legacy"])
def test_damaged_token_is_none(run_awsexec, home, portal, content, config):
    home.write_config(config)
    name = "corp" if config is SESSION else START_URL
    write_token(home, name).write_text(content)
    assert NO_TERMINAL in run_awsexec("p", "true").error()


@pytest.mark.parametrize("end", ["expired", "registration expired", "revoked"])
def test_token_that_is_over(run_awsexec, home, portal, end):
    home.write_config(SESSION)
    more = refreshable(portal)
    if end == "registration expired":
        more["registrationExpiresAt"] = iso8601(time.time() - 60)
    elif end == "expired":
        portal.refresh_tokens.clear()
    else:
        portal.tokens.clear()
    write_token(home, life=3600 if end == "revoked" else -60, **more)
    assert NO_TERMINAL in run_awsexec("p", "true").error()


def test_role_that_the_user_does_not_have(run_awsexec, home, portal):
    home.write_config(SESSION.replace("reader", "admin"))
    write_token(home)
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (sso, {home.config}:7): AWS IAM Identity Center refused role admin "
        "in account 123456789012: No access (ForbiddenException); check sso_role_name, "
        "sso_account_id and your assignments"
    )


def test_portal_is_out_of_reach(run_awsexec, home, portal, dead_port):
    home.write_config(SESSION)
    write_token(home)
    url = f"http://127.0.0.1:{dead_port}"
    error = run_awsexec("p", "true", env={"AWS_ENDPOINT_URL_SSO": url}).error()
    assert error.startswith(f"cannot reach AWS IAM Identity Center at {url}: ")


def test_editing_the_session_is_another_identity(run_awsexec, home, portal):
    home.write_config(SESSION)
    write_token(home)
    run_awsexec.child("p")
    home.write_config(SESSION.replace("/start", "/other"))
    run_awsexec.child("p")
    home.write_config(SESSION.replace("/start", "/other"), "output = json\n")
    run_awsexec.child("p")
    assert portal.asked == [GET] * 2


def test_endpoint_of_a_services_section(run_awsexec, home, portal):
    home.write_config(
        SESSION,
        "services = local\n[services local]\n"
        f"sso =\n  endpoint_url = {portal.url}\nsso_oidc =\n  endpoint_url = {portal.url}\n",
    )
    write_token(home, life=-60, **refreshable(portal))
    nothing = {"AWS_ENDPOINT_URL_SSO": None, "AWS_ENDPOINT_URL_SSO_OIDC": None}
    run_awsexec.child("p", env=nothing)
    assert portal.asked == [TOKEN, GET]


@pytest.mark.parametrize(
    "moved",
    [("sso_role_name",), ("sso_account_id",), ("sso_account_id", "sso_role_name")],
)
def test_account_and_role_in_the_session(run_awsexec, home, portal, moved):
    session, profile = SESSION.split("[profile p]\n")
    lines = profile.splitlines(keepends=True)
    inside = [line for line in lines if line.startswith(moved)]
    outside = [line for line in lines if not line.startswith(moved)]
    assert len(inside) == len(moved)
    home.write_config(session, *inside, "[profile p]\n", *outside)
    write_token(home)
    run_awsexec.child("p")
    (request,) = portal.requests
    assert request.query == {"role_name": "reader", "account_id": "123456789012"}
    (row,) = json.loads(run_awsexec("--list", "--json", "p").stdout)
    assert (row["account"], row["sso_role"]) == ("123456789012", "reader")


def test_no_token_is_in_the_cache(run_awsexec, home, portal):
    home.write_config(SESSION)
    write_token(home)
    run_awsexec.child("p")
    assert entries(home)
    for path in entries(home):
        assert b"EXAMPLEACCESSTOKEN" not in path.read_bytes()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            "[profile p]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n",
            "{config}:2: there is no [sso-session corp] in {config}; add it, or check "
            "the spelling",
        ),
        (
            SESSION.replace("corp", "my corp"),
            "{config}:7: there is no [sso-session my corp] in {config}; {config}:2: quote "
            'a name with blanks: [sso-session "my corp"]',
        ),
        (
            SESSION.replace("[sso-session", "[sso-sessions"),
            "{config}:7: there is no [sso-session corp] in {config}; {config}:2: write "
            "[sso-session corp]",
        ),
        (
            SESSION.replace("sso_account_id = 123456789012\n", ""),
            "{config}:6: the SSO profile 'p' has no sso_account_id; add what is missing",
        ),
        (
            SESSION.replace("sso_region = eu-west-1\n", ""),
            "{config}:2: the SSO profile 'p' has no sso_region; add what is missing",
        ),
        (
            "[profile p]\nsso_start_url = https://x\n",
            "{config}:1: the SSO profile 'p' has no sso_account_id and no sso_role_name; "
            "add what is missing",
        ),
        (
            SESSION + "sso_region = eu-west-2\n",
            "{config}:10: sso_region differs from {config}:4, and both count; remove it "
            "here",
        ),
    ],
)
def test_bad_settings(run_awsexec, home, portal, config, message):
    home.write_config(config)
    error = run_awsexec("p", "true").error()
    assert error == message.format(config=home.config)
