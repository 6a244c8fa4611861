"""Whether an endpoint answers as the service would, and whether this machine is offline."""

import errno
import socket

import botocore.exceptions
import pytest

from awsexec.credentials.reach import ask, is_offline
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import from_network, unexpected
from awsexec.options.arguments import Arguments
from awsexec.plan.plan import Planner
from tests.servers.identity_center import IdentityCenter
from tests.servers.sts import StsServer
from tests.servers.web import Answer, WebServer
from tests.support import ALICE, READER_CONFIG, Home

URL = "https://sts.eu-west-1.amazonaws.com"
SSO = """
[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = reader
"""
LOGIN = """
[profile login]
login_session = arn:aws:iam::123456789012:user/alice
"""
ERROR = b"<ErrorResponse><Error><Code>MissingAuthenticationToken</Code></Error></ErrorResponse>"


@pytest.fixture
def plans(tmp_path, monkeypatch):
    """Make the plan of a profile in an environment."""
    home = Home(tmp_path / "home")
    home.write_credentials(ALICE)
    home.write_config(READER_CONFIG, SSO, LOGIN)

    def plan(name, **environ):
        return Planner(Arguments(), {"HOME": str(home.path), **environ}).plan(name)

    return plan


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, {}, ERROR), None),
        ((401, {"x-amzn-ErrorType": "UnauthorizedException"}, b""), None),
        ((404, {"x-amzn-RequestId": "1"}, b"<html>"), None),
        ((400, {}, b'{"message": "no"}'), None),
        ((404, {}, b""), None),
        (
            (302, {"Location": "http://portal.example/in"}, b""),
            "a redirect to portal.example",
        ),
        (
            (307, {"Location": "http://portal.example/in"}, b"<a></a>"),
            "a redirect to portal.example",
        ),
        ((200, {}, b"<!DOCTYPE html><p>Sign in"), "a web page"),
        ((200, {}, b"hello"), "no answer of AWS"),
        ((200, {}, b""), "an empty answer"),
        ((407, {}, ERROR), "Proxy Authentication Required"),
        ((503, {"x-amzn-RequestId": "1"}, ERROR), "HTTP 503"),
    ],
)
def test_answers_of_aws_and_of_others(answer, said):
    found = unexpected(URL, *answer)
    if said is None:
        assert found is None
    else:
        assert said in found.reason


class Portal(WebServer):
    """A network that wants a sign-in."""

    def respond(self, request):
        return Answer(302, "", {"Location": "http://portal.example/"})


@pytest.mark.parametrize("name", ["reader", "sso"])
def test_captive_portal(plans, name):
    with Portal() as portal:
        plan = plans(name, AWS_ENDPOINT_URL=portal.url)
        for service in ("sts", *plan.chain.source.kind.services):
            found = ask(plan, service)
            assert "a redirect to portal.example" in found.fault
            assert not found.is_offline
            assert "AWS_ENDPOINT_URL" in found.fault


def test_services_that_answer(plans):
    with StsServer() as sts, IdentityCenter() as center:
        assert ask(plans("reader", AWS_ENDPOINT_URL=sts.url), "sts").fault == ""
        assert not sts.calls
        plan = plans("sso", AWS_ENDPOINT_URL=center.url)
        for service in ("sso", "sso_oidc"):
            assert ask(plan, service).fault == ""
    # where people sign in, there are web pages too
    with Portal() as sign_in:
        plan = plans("login", AWS_ENDPOINT_URL_SIGNIN=sign_in.url)
        assert ask(plan, "signin").fault == ""


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"},
        {"AWS_SECRET_ACCESS_KEY": "x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x"},
        {"AWS_PROFILE": "nosuch"},
        {"HTTP_PROXY": "http://127.0.0.1:1"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_credentials_of_the_environment_do_not_count(plans, monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with StsServer() as sts:
        assert ask(plans("reader", AWS_ENDPOINT_URL_STS=sts.url), "sts").fault == ""


def test_where_the_host_comes_from(plans, monkeypatch, dead_port):
    # a proxy, so that no name is looked up
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{dead_port}")
    nowhere = f"http://127.0.0.1:{dead_port}"
    plan = plans("sso", AWS_ENDPOINT_URL_STS=nowhere, AWS_ENDPOINT_URL_SSO=nowhere)
    assert "comes from AWS_ENDPOINT_URL_STS:" in ask(plan, "sts").fault
    assert "comes from AWS_ENDPOINT_URL_SSO:" in ask(plan, "sso").fault
    found = ask(plan, "sso_oidc")
    assert (
        "IAM Identity Center at https://oidc.eu-central-1.amazonaws.com" in found.fault
    )
    assert "HTTPS_PROXY" in found.fault and not found.is_offline


@pytest.mark.parametrize(
    ("inner", "resolves", "offline"),
    [
        (OSError(errno.ENETUNREACH, "Network is unreachable"), True, True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), False, False),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), False, False),
        (socket.gaierror(socket.EAI_NONAME, "not known"), False, True),
        # DNS knows others
        (socket.gaierror(socket.EAI_NONAME, "not known"), True, False),
    ],
    ids=repr,
)
def test_offline(inner, resolves, offline):
    error = botocore.exceptions.EndpointConnectionError(endpoint_url=URL, error=inner)
    found = from_network(URL, error)
    assert isinstance(found, Unreachable)
    assert is_offline(found, lambda: resolves) == offline
