"""The session of ``aws login``, in the AWS CLI's own cache."""

import json
import time

import pytest

from tests.servers.web import iso8601
from tests.sources import keys, of, write_login
from tests.support import entries


def test_login_that_is_fresh(run_awsexec, home, sts, sign_in):
    session = sts.session_of("console", 895)
    write_login(home, sign_in, session)
    assert keys(run_awsexec.child("p")) == of(session)
    run_awsexec.child("r")
    assert sts.calls[0].key_id == session.key_id
    assert sign_in.asked == []
    for path in entries(home):
        assert b"EXAMPLEREFRESHTOKEN" not in path.read_bytes()


def test_login_is_renewed_in_the_cache_of_the_cli(run_awsexec, home, sts, sign_in):
    path = write_login(home, sign_in, sts.session_of("console", 60))
    found = keys(run_awsexec.child("p"))
    assert found[:3] == of(sign_in.credentials)[:3]
    (request,) = sign_in.requests
    assert "authorization" not in request.headers
    assert request.json() == {
        "clientId": "arn:aws:signin:::devtools/same-device",
        "refreshToken": "EXAMPLEREFRESHTOKEN0",
        "grantType": "refresh_token",
    }
    token = json.loads(path.read_text())
    assert token["refreshToken"] == "EXAMPLEREFRESHTOKEN1"
    assert token["accessToken"]["accessKeyId"] == sign_in.credentials.key_id
    assert token["accessToken"]["expiresAt"] > iso8601(time.time() + 800)


def test_other_directory(run_awsexec, home, sts, sign_in):
    session = sts.session_of("console", 895)
    write_login(home, sign_in, session, "elsewhere")
    env = {"AWS_LOGIN_CACHE_DIRECTORY": str(home.path / "elsewhere")}
    assert keys(run_awsexec.child("p", env=env)) == of(session)
    assert "no valid login" in run_awsexec("p", "true").error()


@pytest.mark.parametrize("state", ["none", "damaged", "over", "no key"])
def test_no_valid_login(run_awsexec, home, sts, sign_in, state):
    if state != "none":
        path = write_login(home, sign_in, sts.session_of("console", -60))
        if state == "damaged":
            path.write_text("{")
        elif state == "no key":
            path.write_text(path.read_text().replace("dpopKey", "x"))
        sign_in.refresh_token = "another"
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (login, {home.config}:2): there is no valid login; run: aws login "
        "--profile p"
    )


def test_sign_in_is_out_of_reach(run_awsexec, home, sts, sign_in, dead_port):
    write_login(home, sign_in, sts.session_of("console", -60))
    url = f"http://127.0.0.1:{dead_port}"
    error = run_awsexec("p", "true", env={"AWS_ENDPOINT_URL_SIGNIN": url}).error()
    assert error.startswith(f"cannot reach AWS Sign-In at {url}: ")


def test_without_awscrt(run_awsexec, home, sts, sign_in):
    write_login(home, sign_in, sts.session_of("console", 895))
    (home.path / "awscrt.py").write_text("raise ImportError\n")
    error = run_awsexec("p", "true", env={"PYTHONPATH": str(home.path)}).error()
    assert error == (
        f"profile 'p' (login, {home.config}:2): aws login sessions need the package "
        "awscrt; install awsexec[login]"
    )


def test_name_of_a_session_may_be_any_text(run_awsexec, home):
    home.write_config("[profile p]\nlogin_session = José\n")
    assert "there is no valid login; run: " in run_awsexec("p", "true").error()
    home.write_config(
        "[profile p]\nsso_session = José\nsso_account_id = 123456789012\n"
        "sso_role_name = reader\n[sso-session José]\nsso_region = eu-west-1\n"
        "sso_start_url = https://example.awsapps.com/start\n"
    )
    assert "run: awsexec --sign-in " in run_awsexec("p", "true").error()
