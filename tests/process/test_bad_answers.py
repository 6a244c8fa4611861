"""Answers and files that are something else than they should be: one line, no secret."""

import json
import time

import pytest

from tests.servers.container import PATH
from tests.servers.metadata import ROLE
from tests.servers.web import Answer, WebServer, iso8601
from tests.sources import (
    ALONE,
    CENTER,
    ENVIRONMENT,
    GET,
    NO_TERMINAL,
    PAGE,
    SESSION,
    TOKEN,
    instead,
    not_the,
    printed,
    prints,
    refreshable,
    write_login,
    write_token,
)
from tests.support import ALICE, KEY_ID, READER, READER_CONFIG, SECRET

DEEP = "[" * 100_000
HUGE = 99_999_999_999_999_999_999
SIGN_IN = "AWS Sign-In"
# what is hidden in values that no request can hold
HIDDEN = "EXAMPLEHIDDEN"


# --- Values that no request can hold ------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "more", "words"),
    [
        (2, "aws_access_key_id", f"\n  {HIDDEN}", ("reader", "true")),
        (2, "aws_access_key_id", f"\n  {HIDDEN}", ("--whoami", "alice")),
        (3, "aws_secret_access_key", f"\n  {HIDDEN}", ("alice", "true")),
        (4, "aws_session_token", f"\n  {HIDDEN}", ("reader", "true")),
        (4, "aws_session_token", f"\x7f{HIDDEN}", ("alice", "true")),
        (4, "aws_session_token", f"é{HIDDEN}", ("--whoami", "alice")),
    ],
)
def test_keys_in_a_file(run_awsexec, home, sts, line, name, more, words):
    lines = [*ALICE.strip().splitlines(), "aws_session_token = EXAMPLETOKEN"]
    lines[line - 1] += more
    home.write_config(READER_CONFIG)
    home.write_credentials("\n".join(lines) + "\n")
    why = "a line break" if "\n" in more else "characters that are not printable ASCII"
    debug = run_awsexec("--debug", *words)
    *_, last = debug.stderr.splitlines()
    assert last == f"awsexec: {home.credentials}:{line}: {name} has {why}; correct it"
    assert (debug.status, debug.stdout) == (125, "")
    for secret in (HIDDEN, f"…{HIDDEN[-4:]}", SECRET, "EXAMPLETOKEN"):
        assert secret not in debug.stderr
    assert sts.calls == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AWS_ACCESS_KEY_ID", ("p", "true")),
        ("AWS_SECRET_ACCESS_KEY", ("--whoami",)),
        ("AWS_SESSION_TOKEN", ("p", "true")),
        ("AWS_SESSION_TOKEN", ("--whoami",)),
        ("AWS_SECURITY_TOKEN", ("p", "true")),
    ],
)
def test_keys_in_the_environment(run_awsexec, home, sts, name, words):
    home.write_config(ALONE.format("Environment"))
    env = {**ENVIRONMENT, name: f"{HIDDEN}\ny"}
    error = run_awsexec(*words, env=env).error()
    assert error == f"{name} has a line break; set it again, or unset it"
    assert sts.calls == []


@pytest.mark.parametrize("value", [f"{HIDDEN}\n", 5, ""])
def test_token_of_sso_in_a_file_is_as_good_as_none(run_awsexec, home, portal, value):
    home.write_config(SESSION)
    write_token(home, accessToken=value)
    error = run_awsexec("p", "true").error()
    assert NO_TERMINAL in error and HIDDEN not in error
    assert portal.asked == []


# --- AWS STS ------------------------------------------------------------------------


def answer_of_sts(**changes):
    values = {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": SECRET,
        "SessionToken": "EXAMPLESESSION",
        "Expiration": iso8601(time.time() + 3600),
        **changes,
    }
    members = "".join(f"<{k}>{v}</{k}>" for k, v in values.items() if v is not None)
    return (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
        f"{members}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


class _Saying(WebServer):
    """A server that says `body` to everything."""

    body: object = ""

    def respond(self, request):
        return Answer(200, self.body)


@pytest.fixture
def saying(run_awsexec):
    """What answers where AWS STS should be."""
    with _Saying() as server:
        run_awsexec.environ["AWS_ENDPOINT_URL_STS"] = server.url
        yield server


NOTHING = dict.fromkeys(
    ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
)


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        "",
        DEEP,
        "<a>" * 3000 + "</a>" * 3000,
        answer_of_sts(**NOTHING),
        answer_of_sts(SessionToken=None),
        answer_of_sts(AccessKeyId=""),
        answer_of_sts(SecretAccessKey=f"{HIDDEN}\n"),
        answer_of_sts(SessionToken=f"é{HIDDEN}"),
        answer_of_sts(Expiration="soon"),
        answer_of_sts(Expiration="99999-01-01T00:00:00Z"),
    ],
    ids=range(11),
)
def test_sts(run_awsexec, home, saying, body):
    home.write_config(READER_CONFIG)
    saying.body = body
    error = run_awsexec("reader", "true").error()
    assert error.startswith(not_the("AWS STS", saying.url))


def test_sts_that_gives_what_is_over(run_awsexec, home, saying):
    home.write_config(READER_CONFIG)
    saying.body = answer_of_sts(Expiration="2020-01-01T00:00:00Z")
    assert run_awsexec("reader", "true").error() == (
        "AWS STS gave credentials that had expired already, at 2020-01-01T00:00:00Z; is a "
        "proxy answering, or another server? check the endpoint URL"
    )


@pytest.mark.parametrize("body", [PAGE, "", "<Arn/>"])
def test_sts_of_whoami(run_awsexec, saying, body):
    saying.body = body
    error = run_awsexec("--whoami", "alice").error()
    assert error.startswith(not_the("AWS STS", saying.url))


# --- Web identity -------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x", "x" * 20_001])
def test_token_that_is_none(run_awsexec, home, sts, text):
    token = home.path / "token"
    token.write_text(text)
    home.write_config(
        f"[profile p]\nweb_identity_token_file = {token}\nrole_arn = {READER}\n"
    )
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (web identity, {home.config}:2): the token in {token} has "
        f"{len(text)} characters, but AWS accepts 4 to 20000; get a new token from its "
        "issuer"
    )
    assert sts.calls == []


# --- IAM Identity Center; its sign-in is in tests/terminal --------------------------


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        DEEP,
        [1],
        {},
        {"roleCredentials": [1]},
        {"roleCredentials": {}},
        {
            "roleCredentials": {
                "accessKeyId": KEY_ID,
                "secretAccessKey": SECRET,
                "sessionToken": "x",
                "expiration": HUGE,
            }
        },
    ],
    ids=range(7),
)
def test_credentials_of_sso(run_awsexec, home, portal, body):
    home.write_config(SESSION)
    write_token(home)
    instead(portal, "/federation/credentials", body)
    error = run_awsexec("p", "true").error()
    assert error.startswith(not_the(CENTER, portal.url))


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        DEEP,
        [1],
        {},
        {"accessToken": "EXAMPLEACCESSTOKEN1"},
        {"accessToken": "EXAMPLEACCESSTOKEN1", "expiresIn": HUGE},
        {"accessToken": f"{HIDDEN}\n", "expiresIn": 3600},
    ],
    ids=range(7),
)
def test_renewal_of_sso(run_awsexec, home, portal, body):
    home.write_config(SESSION)
    path = write_token(home, life=-60, **refreshable(portal))
    before = path.read_bytes()
    instead(portal, "/token", body)
    error = run_awsexec("p", "true").error()
    assert error.startswith(not_the(CENTER, portal.url))
    assert path.read_bytes() == before
    # while the token lives, it does
    write_token(home, life=300, **refreshable(portal))
    run_awsexec.child("p")
    assert portal.asked == [TOKEN] * 2 + [GET]


@pytest.mark.parametrize(
    ("status", "kind", "line"),
    [
        (
            500,
            "InternalServerException",
            "fails at the moment: Not now (InternalServerException); try again in a minute",
        ),
        (
            400,
            "SlowDownException",
            "gets too many requests: Not now (SlowDownException); wait a minute and try again",
        ),
    ],
)
def test_renewal_of_sso_that_fails_for_now(
    run_awsexec, home, portal, status, kind, line
):
    home.write_config(SESSION)
    write_token(home, life=-60, **refreshable(portal))
    instead(portal, "/token", {"__type": kind, "message": "Not now."}, status)
    assert run_awsexec("p", "true", env={"AWS_MAX_ATTEMPTS": "1"}).error() == (
        f"{CENTER} at {portal.url} {line}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"expiresAt": HUGE},
        {"expiresAt": "99999-01-01T00:00:00Z"},
        {"expiresAt": -1},
        {"expiresAt": [1]},
        {"registrationExpiresAt": "soon"},
        {"registrationExpiresAt": HUGE},
        {"refreshToken": 5},
        {"clientSecret": [1]},
    ],
    ids=str,
)
def test_token_of_sso_that_nobody_can_read(run_awsexec, home, portal, changes):
    home.write_config(SESSION)
    write_token(home, life=-60, **{**refreshable(portal), **changes})
    assert NO_TERMINAL in run_awsexec("p", "true").error()
    write_token(home).write_text(DEEP)
    assert NO_TERMINAL in run_awsexec("p", "true").error()
    assert portal.asked == []


READ_ONLY = """
import errno, os
usual = os.open
def open(path, flags, *rest, **more):
    if flags & os.O_CREAT and "/.aws/" in os.fspath(path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
    return usual(path, flags, *rest, **more)
os.open = open
"""


@pytest.fixture
def read_only(home):
    """The environment in which nothing can be written below ~/.aws."""
    (home.path / "sitecustomize.py").write_text(READ_ONLY)
    return {"PYTHONPATH": str(home.path)}


def test_token_of_sso_that_cannot_be_kept(run_awsexec, home, portal, read_only):
    """Nothing is asked: a renewal would end the token that is there."""
    home.write_config(SESSION)
    write_token(home, life=-60, **refreshable(portal))
    error = run_awsexec("p", "true", env=read_only).error()
    assert error == (
        f"profile 'p' (sso, {home.config}:7): cannot write to "
        f"{home.path}/.aws/sso/cache: Read-only file system; make it writable, since "
        "the sign-in is kept there"
    )
    assert portal.asked == []
    # what lives needs no renewal
    write_token(home, life=300, **refreshable(portal))
    run_awsexec.child("p", env=read_only)
    assert portal.asked == [GET]


# --- aws login ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda login: login["accessToken"].update(expiresAt="soon"),
        lambda login: login["accessToken"].update(expiresAt=HUGE),
        lambda login: login.update(accessToken=[1]),
        lambda login: login.update(dpopKey=5),
        lambda login: login.update(refreshToken=5),
    ],
    ids=range(5),
)
def test_login_that_nobody_can_read(run_awsexec, home, sts, sign_in, change):
    path = write_login(home, sign_in, sts.session_of("console", -60))
    login = json.loads(path.read_text())
    change(login)
    for text in (json.dumps(login), DEEP):
        path.write_text(text)
        assert run_awsexec("p", "true").error() == (
            f"profile 'p' (login, {home.config}:2): there is no valid login; run: aws "
            "login --profile p"
        )
    assert sign_in.asked == []


@pytest.mark.parametrize(
    "body", [PAGE, DEEP, [1], {}, {"accessToken": [1]}], ids=range(5)
)
def test_renewal_of_a_login(run_awsexec, home, sts, sign_in, body):
    write_login(home, sign_in, sts.session_of("console", -60))
    instead(sign_in, "/v1/token", body)
    error = run_awsexec("p", "true").error()
    assert error.startswith(not_the(SIGN_IN, sign_in.url))


def test_login_that_cannot_be_kept(run_awsexec, home, sts, sign_in, read_only):
    write_login(home, sign_in, sts.session_of("console", -60))
    assert run_awsexec("p", "true", env=read_only).error() == (
        f"profile 'p' (login, {home.config}:2): cannot write to "
        f"{home.path}/.aws/login/cache: Read-only file system; make it writable, since "
        "the sign-in is kept there"
    )
    assert sign_in.asked == []


# --- Every service: only AWS's own codes are refusals ---------------------------------


def _of_sts(home, sts, portal, sign_in):
    home.write_config(READER_CONFIG)
    return "reader", sts, "/", "AWS STS"


def _of_sso(home, sts, portal, sign_in):
    home.write_config(SESSION)
    write_token(home)
    return "p", portal, "/federation/credentials", CENTER


def _of_oidc(home, sts, portal, sign_in):
    home.write_config(SESSION)
    write_token(home, life=-60, **refreshable(portal))
    return "p", portal, "/token", CENTER


def _of_login(home, sts, portal, sign_in):
    write_login(home, sign_in, sts.session_of("console", -60))
    return "p", sign_in, "/v1/token", SIGN_IN


@pytest.mark.parametrize("of", [_of_sts, _of_sso, _of_oidc, _of_login])
@pytest.mark.parametrize(
    ("status", "code", "body", "line"),
    [
        (400, "ThrottlingException", None, "gets too many requests: Not now ({})"),
        (429, "TooManyRequestsException", None, "gets too many requests: Not now ({})"),
        (500, "InternalServerException", None, "fails at the moment: Not now ({})"),
        (502, "", PAGE, "fails at the moment: HTTP 502 Bad Gateway, without an error"),
        (503, "", "", "fails at the moment: HTTP 503 Service Unavailable, without an"),
        (403, "", PAGE, "(a web page, HTTP 403 Forbidden); is a proxy answering?"),
        (407, "", PAGE, "wants a user and a password (HTTP 407 Proxy Authentication"),
    ],
    ids=range(7),
)
def test_no_refusal(
    run_awsexec, home, sts, portal, sign_in, of, status, code, body, line
):
    profile, server, path, service = of(home, sts, portal, sign_in)
    if body is None and server is sts:
        sts.fail(code, "Not now.", status)
    elif server is sts:
        sts.answer(status, body, "text/html")
    else:
        answer = {"__type": code, "message": "Not now."} if body is None else body
        instead(server, path, answer, status)
    error = run_awsexec(profile, "true", env={"AWS_MAX_ATTEMPTS": "1"}).error()
    assert line.format(code) in error
    assert f"{service} at {server.url}" in error
    for word in ("refused", "assignments", "aws login", "aws sso login", "sign in"):
        assert word not in error


# --- The machine's own ---------------------------------------------------------------


@pytest.mark.parametrize("body", [DEEP, "3"], ids=["deep", "number"])
def test_instance(run_awsexec, home, instance, body):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    # of the instance profile nothing is known then
    instead(instance, "/latest/meta-data/iam/info", body)
    answer = json.loads(run_awsexec("--whoami", "--json", "p").stdout)
    assert (answer["instance_role"], answer["instance_profile"]) == (ROLE, None)
    text = run_awsexec("--whoami", "p").stdout
    assert f"instance role     {ROLE}\n" in text and "instance profile" not in text
    path = f"/latest/meta-data/iam/security-credentials/{ROLE}"
    instead(instance, path, body)
    assert "is not EC2 metadata" in run_awsexec("--refresh", "p", "true").error()


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (429, "", "{} gets too many requests: HTTP 429"),
        (503, "busy", "{} fails at the moment: HTTP 503"),
        (502, PAGE, "{} fails at the moment: HTTP 502"),
        (407, PAGE, "cannot reach {}: the proxy wants a user and a password"),
        (302, "", "unexpected response from {} (a redirect, HTTP 302 Found)"),
        (200, PAGE, "unexpected response from {} (a web page, HTTP 200 OK)"),
        (200, "", "unexpected response from {} (an empty answer, HTTP 200 OK)"),
        (403, PAGE, "answers with HTTP status 403; check that"),
        (200, "x" * 2_000_000, "cannot reach {}: its answer has more than 1 MiB"),
    ],
)
def test_instance_behind_something_else(
    run_awsexec, home, instance, status, body, says
):
    """Only an answer of EC2's own says something about the role."""
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    path = f"/latest/meta-data/iam/security-credentials/{ROLE}"
    instead(instance, path, body, status)
    error = run_awsexec("p", "true").error()
    assert says.format(f"the EC2 instance metadata at {instance.url}") in error
    assert "trust policy" not in error and "HTTP Client" not in error


def test_container_that_compresses(run_awsexec, home, container):
    home.write_config(ALONE.format("EcsContainer"))
    instead(container, PATH, b"\x1f\x8b\x08\x00not text")
    assert "it holds no credentials" in run_awsexec("p", "true").error()


@pytest.mark.parametrize("body", [DEEP, "[1]", "3"], ids=["deep", "list", "number"])
def test_container(run_awsexec, home, container, body):
    home.write_config(ALONE.format("EcsContainer"))
    instead(container, PATH, body)
    assert "it holds no credentials" in run_awsexec("p", "true").error()


def test_process(run_awsexec, tool):
    tool("printf '[%.0s' $(seq 100000)")
    assert "did not print the JSON" in run_awsexec("p", "true").error()


def test_callers(run_awsexec, tool):
    tool(prints(printed()))
    run_awsexec.child("p", env={"AWSEXEC_CALLERS": DEEP})
