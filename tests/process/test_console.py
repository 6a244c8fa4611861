"""Signing in to the AWS Management Console: ``awsexec --console``."""

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.servers.console import ConsoleServer
from tests.servers.proxy import Proxy
from tests.servers.web import Answer, iso8601
from tests.support import (
    ALICE,
    CODES,
    KEY_ID,
    READER_CONFIG,
    SECRET,
    SECRETS,
    SERIAL,
    WRITER,
    age,
)

HOME = "https://console.aws.amazon.com/"
FEDERATED = "arn:aws:sts::123456789012:federated-user/"
ALLOW_ALL = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*",'
    '"Resource":"*"}]}'
)
CHAIN = f"""
[profile writer]
role_arn = {WRITER}
source_profile = reader
"""


@pytest.fixture
def console(home, run_awsexec, sts):
    home.write_config(READER_CONFIG, CHAIN)
    with ConsoleServer(sts) as server:
        run_awsexec.environ["AWS_ENDPOINT_URL_SIGNIN"] = server.url
        yield server


def signed_in(console, result, warning=""):
    """Follow the one line of a run, as a browser does: who is where then."""
    assert (result.status, result.stderr) == (0, warning), result
    assert result.stdout.count("\n") == 1 and result.stdout.endswith("\n")
    url = result.stdout.rstrip()
    assert url.startswith(console.url)
    follow(url)
    (visit,) = console.visits
    return visit


def follow(url):
    with urllib.request.urlopen(url) as page:
        assert page.status == 200


def query(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def environment(session):
    return {
        "AWS_ACCESS_KEY_ID": session.key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret,
        "AWS_SESSION_TOKEN": session.token,
    }


def test_role(run_awsexec, console, sts):
    caller, page = signed_in(console, run_awsexec("--console", "reader"))
    assert caller.startswith("arn:aws:sts::123456789012:assumed-role/reader/")
    assert page == HOME
    assert sts.operations == ["AssumeRole reader"]
    assert run_awsexec("--console", "reader").status == 0
    assert sts.operations == ["AssumeRole reader"]


def test_session_near_its_end_is_renewed(run_awsexec, console, home, sts):
    """Nothing renews the console's later."""
    run_awsexec.child("reader")
    age(home, 3000)
    assert run_awsexec("--console", "reader").status == 0
    assert sts.operations == ["AssumeRole reader"] * 2
    assert run_awsexec("--console", "--debug", "reader").status == 0
    assert len(sts.calls) == 2


def test_role_of_a_role(run_awsexec, console):
    caller, _ = signed_in(console, run_awsexec("--console", "writer"))
    assert ":assumed-role/writer/" in caller


def test_environment(run_awsexec, console, sts):
    env = environment(sts.session_of("reader"))
    caller, page = signed_in(
        console,
        run_awsexec("--console", env={**env, "AWS_REGION": "eu-west-1"}),
    )
    assert caller.endswith(":assumed-role/reader/elsewhere")
    assert page == (
        "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1"
    )
    assert sts.calls == []


def test_profile_of_the_environment(run_awsexec, console):
    result = run_awsexec("--console", env={"AWS_PROFILE": "reader"})
    assert ":assumed-role/reader/" in signed_in(console, result)[0]


def test_no_profile(run_awsexec, console):
    assert run_awsexec("--console").error().startswith("no PROFILE; name one")


def test_keys_of_a_user(run_awsexec, console, sts):
    caller, _ = signed_in(console, run_awsexec("--console", "alice"))
    (call,) = sts.calls
    assert call.operation == "GetFederationToken"
    assert call.parameters["Policy"] == ALLOW_ALL
    assert call.parameters.keys() == {"Name", "Policy"}
    assert caller == FEDERATED + call.parameters["Name"]


@pytest.mark.parametrize("where", ["option", "setting", "environment"])
def test_duration(run_awsexec, console, home, sts, where):
    words, env = ["--console", "--duration", "36h", "alice"], {}
    if where == "setting":
        home.write_config("[profile alice]\nduration_seconds = 129600\n")
        words = ["--console", "alice"]
    elif where == "environment":
        words = words[:-1]
        env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    signed_in(console, run_awsexec(*words, env=env))
    (call,) = sts.calls
    assert call.parameters["DurationSeconds"] == "129600"


def test_keys_with_mfa(run_awsexec, console, home, sts):
    """The console accepts no session of GetSessionToken, so awsexec opens none."""
    home.write_credentials(ALICE, f"mfa_serial = {SERIAL}\n")
    caller, _ = signed_in(
        console,
        run_awsexec("--console", "alice", env={"AWSEXEC_MFA_TOKEN": CODES[0]}),
        "awsexec: profile 'alice': a console session of a user's keys has no MFA, so AWS "
        "denies there what needs MFA; use a role with mfa_serial\n",
    )
    assert caller.startswith(FEDERATED)
    assert [call.operation for call in sts.calls] == ["GetFederationToken"]


def test_session_of_a_user_is_refused(run_awsexec, console, home):
    home.write_credentials(ALICE, f"mfa_serial = {SERIAL}\n")
    child = run_awsexec.child("alice", env={"AWSEXEC_MFA_TOKEN": CODES[0]})
    env = {k: v for k, v in child.items() if k.startswith("AWS")}
    assert run_awsexec("--console", env=env).error() == (
        "AWS Sign-In does not accept the credentials of profile 'alice' in the "
        "environment (HTTP 400); they have expired, or come from GetSessionToken, which "
        "the console does not accept; use a role, or the user's own keys"
    )


def test_expired_environment(run_awsexec, console, sts):
    env = environment(sts.session_of("reader", -60))
    env["AWS_CREDENTIAL_EXPIRATION"] = iso8601(time.time() - 60)
    assert run_awsexec("--console", env=env).error() == (
        "the credentials in the environment have expired; export new ones, or name a "
        "PROFILE"
    )
    assert console.asked == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["--read-only"],
            "--read-only needs a PROFILE, and none is named here; the credentials in the "
            "environment are used as they are; see awsexec --help",
        ),
        (
            ["--duration", "1h"],
            "--duration would do nothing: it is for a session that awsexec opens, and the "
            "environment holds one already; see awsexec --help",
        ),
    ],
)
def test_options_that_the_environment_cannot_follow(
    run_awsexec, console, sts, words, error
):
    env = environment(sts.session_of("reader"))
    assert run_awsexec("--console", *words, env=env).error() == error


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["--duration", "10m", "alice"],
            "GetFederationToken does not accept 10m; use 15m to 36h (900 to 129600 seconds)",
        ),
        (
            ["--read-only", "alice"],
            "--read-only would do nothing: profile alice has no role",
        ),
        (["--service", "s3", "--destination", "/s3", "reader"], "be used together"),
        (["--service", "s3/../x", "reader"], "write it as for the AWS CLI"),
        (
            ["--destination", "https://example.com/", "reader"],
            "the page is not on console.",
        ),
        (["--destination", "http://console.aws.amazon.com/", "reader"], "write https:"),
        (["reader", "true"], "--console runs no COMMAND"),
        (["--list"], "cannot be used together"),
    ],
)
def test_usage(run_awsexec, console, sts, words, error):
    assert error in run_awsexec("--console", *words).error()
    assert (sts.calls, console.asked) == ([], [])


@pytest.mark.parametrize(
    "words", [["--service", "s3"], ["--destination", "/"], ["--logout"]]
)
def test_options_of_the_console_alone(run_awsexec, sts, words):
    error = run_awsexec(*words, "reader", "true").error()
    assert error == (
        f"{words[0]} works only with --console; add that or remove {words[0]}; see "
        "awsexec --help"
    )


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (
            ["--service", "s3"],
            "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1",
        ),
        (
            ["--destination", "/s3/buckets/a b?x=1&y=2#top"],
            "https://eu-west-1.console.aws.amazon.com/s3/buckets/a b?x=1&y=2#top",
        ),
        (
            ["--destination", "https://eu-west-2.console.aws.amazon.com/lambda/home#/"],
            "https://eu-west-2.console.aws.amazon.com/lambda/home#/",
        ),
    ],
)
def test_page(run_awsexec, console, words, page):
    result = run_awsexec("--console", *words, "--region", "eu-west-1", "reader")
    assert signed_in(console, result)[1] == page


def test_logout(run_awsexec, console):
    result = run_awsexec("--console", "--logout", "reader")
    assert (result.status, result.stderr) == (0, "")
    follow(result.stdout.rstrip())
    assert console.visits[0] == "signed out"
    assert console.visits[1][1] == HOME


def test_token_is_good_once(run_awsexec, console):
    result = run_awsexec("--console", "reader")
    signed_in(console, result)
    with pytest.raises(urllib.error.HTTPError):
        follow(result.stdout.rstrip())


def test_no_permission(run_awsexec, console, sts):
    sts.fail(
        "AccessDenied",
        "User: alice is not authorized to perform: sts:GetFederationToken",
        403,
    )
    assert run_awsexec("--console", "alice").error() == (
        "profile 'alice': User: alice is not authorized to perform: "
        "sts:GetFederationToken (AccessDenied); give the user the permission "
        "sts:GetFederationToken, or use a role"
    )


def test_key_that_is_gone(run_awsexec, console, home, sts):
    sts.remove_key(KEY_ID)
    error = run_awsexec("--console", "alice").error()
    assert error.startswith(
        "AWS does not know the key of profile 'alice' (key …MPLE in "
        f"{home.credentials}:3); it was deleted, "
    )


UNEXPECTED = (
    "unexpected response from AWS Sign-In at {}/federation ({}, HTTP {}); is a proxy "
    "answering? check the network, the proxy, and where the host comes from: "
    "AWS_ENDPOINT_URL_SIGNIN"
)
FAILS = (
    "AWS Sign-In at {0}/federation fails at the moment: HTTP {2}, without an error code of "
    "AWS; try again in a minute"
)
BUSY = (
    "AWS Sign-In at {0}/federation gets too many requests: HTTP {2}; wait a minute and try "
    "again"
)
NO_TOKEN = "no answer of AWS"


@pytest.mark.parametrize(
    ("answer", "line", "what"),
    [
        (Answer(200, "<html>Please sign in to the Wi-Fi"), UNEXPECTED, "a web page"),
        (Answer(200, {"SigninToken": ""}), UNEXPECTED, NO_TOKEN),
        (Answer(200, {"SigninToken": 7}), UNEXPECTED, NO_TOKEN),
        (Answer(200, ["SigninToken"]), UNEXPECTED, NO_TOKEN),
        (
            Answer(302, "", {"Location": "http://127.0.0.1:1/stolen"}),
            UNEXPECTED,
            "a redirect to 127.0.0.1",
        ),
        (Answer(404), UNEXPECTED, "an empty answer"),
        (Answer(403, "<html>Blocked by the proxy"), UNEXPECTED, "a web page"),
        (Answer(500, "Internal error"), FAILS, ""),
        (Answer(503), FAILS, ""),
        (Answer(429), BUSY, ""),
    ],
    ids=range(10),
)
def test_other_answers(run_awsexec, console, answer, line, what):
    console.instead = answer
    error = run_awsexec("--console", "reader", "--debug").stderr.splitlines()[-1]
    status = f"{answer.status} {http.client.responses[answer.status]}"
    assert error == "awsexec: " + line.format(console.url, what, status)
    assert len(console.asked) == 1


def unreachable(result, url):
    error = result.error()
    assert error.startswith(f"cannot reach AWS Sign-In at {url}/federation: "), error
    return error


def test_out_of_reach(run_awsexec, console, dead_port):
    url = f"http://127.0.0.1:{dead_port}"
    env = {"AWS_ENDPOINT_URL_SIGNIN": url}
    unreachable(run_awsexec("--console", "reader", env=env), url)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nnonsense\r\n: x\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
    ],
)
def test_garbage(run_awsexec, console, said):
    """Every failure is one line, which quotes nothing of the request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        error = run_awsexec(
            "--console", "reader", env={"AWS_ENDPOINT_URL_SIGNIN": url}
        ).error()
    assert url in error and "Session" not in error


def test_nothing_is_told(run_awsexec, console):
    for words in (["reader"], ["alice"]):
        result = run_awsexec("--console", "--debug", "-v", *words)
        assert result.status == 0
        assert "getSigninToken at" in result.stderr
        for secret in (*SECRETS, "EXAMPLESIGNINTOKEN", "Action="):
            assert secret not in result.stderr
        assert "EXAMPLESIGNINTOKEN" in result.stdout


@pytest.fixture
def real_names(run_awsexec, console, sts, certificate):
    """The sign-in by its real names, over TLS and the user's proxy."""
    del run_awsexec.environ["AWS_ENDPOINT_URL_SIGNIN"]
    server = ConsoleServer(sts)
    server.speak_tls(certificate[0])
    with server, Proxy(server.port) as proxy:
        run_awsexec.environ.update(
            HTTPS_PROXY=proxy.url, AWS_CA_BUNDLE=str(certificate[1])
        )
        yield proxy


@pytest.mark.parametrize(
    ("region", "sign_in", "domain"),
    [
        ("eu-west-1", "signin.aws.amazon.com", "console.aws.amazon.com"),
        ("cn-north-1", "signin.amazonaws.cn", "console.amazonaws.cn"),
        (
            "us-gov-west-1",
            "signin.amazonaws-us-gov.com",
            "console.amazonaws-us-gov.com",
        ),
    ],
)
def test_partitions(run_awsexec, real_names, sts, region, sign_in, domain):
    env = environment(sts.session_of("reader"))
    result = run_awsexec("--console", "--region", region, env=env)
    assert (result.status, result.stderr) == (0, "")
    assert real_names.targets == [f"{sign_in}:443"]
    assert result.stdout.startswith(f"https://{sign_in}/federation?Action=login&")
    assert query(result.stdout)["Destination"] == (
        f"https://{region}.{domain}/console/home?region={region}"
    )


def test_certificate_that_is_not_trusted(run_awsexec, real_names, sts):
    env = {**environment(sts.session_of("reader")), "AWS_CA_BUNDLE": None}
    result = run_awsexec("--console", env=env)
    assert "TLS failed" in unreachable(result, "https://signin.aws.amazon.com")


def test_no_ca_bundle(run_awsexec, real_names, sts):
    env = {**environment(sts.session_of("reader")), "AWS_CA_BUNDLE": "/nowhere"}
    result = run_awsexec("--console", env=env)
    assert result.error() == (
        "AWS_CA_BUNDLE: cannot use the certificates in /nowhere: No such file or directory; "
        "name a file of certificates, or remove the setting"
    )


def test_proxy_that_refuses(run_awsexec, real_names, refusing_proxy, sts):
    env = environment(sts.session_of("reader"))
    result = run_awsexec("--console", env={**env, "HTTPS_PROXY": refusing_proxy.url})
    unreachable(result, "https://signin.aws.amazon.com")


def test_other_partition(run_awsexec, console, sts):
    env = {**environment(sts.session_of("reader")), "AWS_REGION": "us-iso-east-1"}
    bare = {**env, "AWS_ENDPOINT_URL_SIGNIN": None}
    assert run_awsexec("--console", env=bare).error() == (
        "no console sign-in is known for the partition aws-iso "
        "(us-iso-east-1); set AWS_ENDPOINT_URL_SIGNIN, and use --destination"
    )
    assert (
        "use --destination with a whole URL"
        in run_awsexec("--console", env=env).error()
    )
    page = "https://console.example.com/home"
    result = run_awsexec("--console", "--destination", page, env=env)
    assert signed_in(console, result)[1] == page


def test_endpoint_of_a_services_section(run_awsexec, console, home, sts):
    url = run_awsexec.environ.pop("AWS_ENDPOINT_URL_SIGNIN")
    home.write_config(
        READER_CONFIG,
        f"services = own\n[services own]\nsignin =\n  endpoint_url = {url}\n",
    )
    assert signed_in(console, run_awsexec("--console", "reader"))


def test_session_is_sent_in_full(run_awsexec, console, sts):
    session = sts.session_of("reader")
    run_awsexec("--console", env=environment(session))
    (request,) = console.requests
    assert request.query.keys() == {"Action", "Session"}
    assert json.loads(request.query["Session"]) == {
        "sessionId": session.key_id,
        "sessionKey": session.secret,
        "sessionToken": session.token,
    }
