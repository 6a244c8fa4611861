"""What can come back in place of credentials, from each service: one line, the cause.

Only an error code of AWS's own is a refusal. All else may be tried again, and says who
answered, and what to do.
"""

import json
import socket
import ssl

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk import failures
from awsexec.credentials.sdk.clients import Clients, call
from awsexec.credentials.sdk.errors import (
    Failed,
    Refused,
    Throttled,
    UnexpectedResponse,
    Unreachable,
)
from awsexec.credentials.sources import container
from awsexec.errors import ConfigError, CredentialsError
from awsexec.plan import source_kinds
from awsexec.plan.endpoint import Endpoint
from awsexec.plan.source import Source
from awsexec.plan.source_kinds import CONTAINER_VARIABLES
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile
from tests.credentials.test_sdk_seam import context, signer
from tests.plan.test_endpoint import resolve
from tests.servers import tls
from tests.servers.web import Answer, WebServer

REGION = "eu-west-1"
# each service that awsexec calls with a client: a call of it, and how it writes errors
SERVICES = {
    "sts": ("AssumeRole", {"RoleArn": "a" * 20, "RoleSessionName": "me"}),
    "sso": (
        "GetRoleCredentials",
        {"roleName": "r", "accountId": "1" * 12, "accessToken": "t"},
    ),
    "sso-oidc": (
        "CreateToken",
        {"clientId": "c", "clientSecret": "s", "grantType": "g"},
    ),
    "signin": (
        "CreateOAuth2Token",
        {"tokenInput": {"clientId": "c", "grantType": "refresh_token"}},
    ),
}
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body>No</body></html>"
)
XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'


def error_of(service, code, message="Why."):
    if service == "sts":
        return (
            "<ErrorResponse><Error><Type>Sender</Type>"
            f"<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
    return json.dumps({"__type": code, "message": message})


class Answering(WebServer):
    answer: Answer

    def respond(self, request):
        return self.answer


@pytest.fixture(scope="module")
def server():
    with Answering() as running:
        yield running


@pytest.fixture(scope="module")
def clients():
    retries = {"mode": "standard", "total_max_attempts": 1}
    made = Clients(Endpoint(REGION, None, None), retries, handlers=True)
    found = {}

    def client(service, url):
        if (service, url) not in found:
            found[service, url] = made.create(service, REGION, url, signer())
        return found[service, url]

    return client


def failure(clients, service, url):
    operation, parameters = SERVICES[service]
    with pytest.raises((Refused, Unreachable)) as caught:
        call(clients(service, url), operation, parameters, _credentials)
    return caught.value


def _credentials(answer):
    return answer["Credentials"]


UNEXPECTED = UnexpectedResponse
# status, headers, body (a code of AWS's in {}), the class, and what the line says
ANSWERS = {
    "refusal": (403, {}, "{AccessDenied}", Refused, "Why. (AccessDenied)"),
    "refusal, 400": (400, {}, "{InvalidGrant}", Refused, "(InvalidGrant)"),
    "throttling, 400": (400, {}, "{Throttling}", Throttled, "Why (Throttling)"),
    "exception": (400, {}, "{ThrottlingException}", Throttled, "many requests"),
    "slow down": (503, {}, "{SlowDown}", Throttled, "Why (SlowDown)"),
    "too many": (429, {}, "{TooManyRequestsException}", Throttled, "many requests"),
    "429, another code": (429, {}, "{Odd}", Throttled, "Why (Odd)"),
    "429 of a proxy": (429, {}, PAGE, Throttled, "HTTP 429 Too Many Requests"),
    "fault of AWS": (500, {}, "{InternalFailure}", Failed, "Why (InternalFailure)"),
    "unavailable": (
        503,
        {},
        "{ServiceUnavailable}",
        Failed,
        "Why (ServiceUnavailable)",
    ),
    "502 page": (502, {}, PAGE, Failed, "HTTP 502 Bad Gateway, without an error code"),
    "503 page": (503, {}, XHTML, Failed, "HTTP 503 Service Unavailable"),
    "504 text": (504, {}, "upstream timeout", Failed, "HTTP 504 Gateway Timeout"),
    "503, nothing": (503, {}, "", Failed, "HTTP 503 Service Unavailable"),
    "500, JSON": (500, {}, '{"error": "x"}', Failed, "HTTP 500"),
    "403 page": (403, {}, PAGE, UNEXPECTED, "(a web page, HTTP 403 Forbidden)"),
    "403 XHTML": (403, {}, XHTML, UNEXPECTED, "(a web page, HTTP 403 Forbidden)"),
    "403 text": (403, {}, "Blocked", UNEXPECTED, "no error code of AWS, HTTP 403"),
    "403, JSON": (403, {}, '{"message": "no"}', UNEXPECTED, "HTTP 403 Forbidden)"),
    "403, XML": (403, {}, "<no>x</no>", UNEXPECTED, "HTTP 403 Forbidden)"),
    "404, nothing": (404, {}, "", UNEXPECTED, "(an empty answer, HTTP 404 Not Found)"),
    "407": (407, {}, PAGE, UNEXPECTED, "wants a user and a password"),
    "511": (511, {}, PAGE, UNEXPECTED, "Network Authentication Required)"),
    "200 page": (200, {}, PAGE, UNEXPECTED, "(a web page, HTTP 200 OK)"),
    "200, nothing": (200, {}, "", UNEXPECTED, "(an empty answer, HTTP 200 OK)"),
    "200, another": (200, {}, "{}", UNEXPECTED, "is a proxy answering?"),
    "redirect": (
        302,
        {"Location": "https://login.example.com/?next=secret"},
        "",
        UNEXPECTED,
        "(a redirect to login.example.com, HTTP 302 Found)",
    ),
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ANSWERS)
def test_answer(server, clients, service, name):
    status, headers, body, kind, text = ANSWERS[name]
    if body[:1] == "{" and body[1:2].isupper():
        body = error_of(service, body.strip("{}"))
    server.answer = Answer(status, body, headers)
    found = failure(clients, service, server.url)
    assert type(found) is kind, repr(found)
    if kind is Refused:
        assert text in f"{found.message} ({found.code})"
        return
    line = said(found, "The service")
    assert text in line
    for word in ("refuse", "assignment", "policy", "denied", "secret", "\n", "<"):
        assert word not in line
    assert server.url in line
    # the service was reached, unless a proxy is in the way
    assert line.startswith("cannot reach") == (status == 407)


def said(error, service, endpoint=None, **more):
    endpoint = endpoint or Endpoint(REGION, None, None)
    return str(aws_errors.unreachable(error, endpoint, service, **more))


def test_an_operation_without_an_answer(server, clients):
    """Of an empty answer to Logout nothing is missing, but a page is still no answer."""
    client = clients("sso", server.url)
    server.answer = Answer(200)
    assert call(client, "Logout", {"accessToken": "t"}, lambda answer: 1) == 1
    for status, body in ((200, PAGE), (404, ""), (302, "")):
        server.answer = Answer(status, body)
        with pytest.raises(UnexpectedResponse):
            call(client, "Logout", {"accessToken": "t"}, dict)


@pytest.mark.parametrize("service", SERVICES)
def test_page_of_a_failing_proxy_is_tried_again(server, service):
    retries = {"mode": "standard", "total_max_attempts": 2}
    made = Clients(Endpoint(REGION, None, None), retries, handlers=True)
    client = made.create(service, REGION, server.url, signer())
    server.answer, before = Answer(502, PAGE), len(server.requests)
    with pytest.raises(Failed):
        call(client, *SERVICES[service], _credentials)
    assert len(server.requests) == before + 2


# --- No answer ------------------------------------------------------------------------

URL = "https://sts.eu-west-1.amazonaws.com"


def of_network(error):
    """What botocore's `error` becomes, where the setting is in line 4."""
    by = Setting("region", REGION, "CONFIG", 4)
    return said(
        failures.from_network(URL, error),
        "AWS STS",
        Endpoint(REGION, None, None, region_by=by),
    )


HOST = "the host comes from region = eu-west-1 (CONFIG:4)"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            EndpointConnectionError(
                endpoint_url=URL,
                error=socket.gaierror(-2, "Name or service not known"),
            ),
            f"Name or service not known; {HOST}: check that, the network and DNS",
        ),
        (
            EndpointConnectionError(
                endpoint_url=URL,
                error=ConnectionRefusedError(111, "Connection refused"),
            ),
            f"Connection refused; {HOST}: check that and the network",
        ),
        (
            ConnectTimeoutError(endpoint_url=URL, error=TimeoutError("timed out")),
            f"no connection in time (timed out); {HOST}: check that, the network and the "
            "proxy",
        ),
        (
            ReadTimeoutError(endpoint_url=URL, error=TimeoutError("timed out")),
            f"no answer in time (timed out); {HOST}: check that, the network and the proxy",
        ),
        (
            ConnectionClosedError(
                endpoint_url=URL, error=ConnectionResetError(104, "Connection reset")
            ),
            f"the connection was closed (Connection reset); {HOST}: check that and the "
            "network",
        ),
        (
            SSLError(
                endpoint_url=URL, error=ssl.SSLError(1, "certificate verify failed")
            ),
            f"TLS failed (certificate verify failed); {HOST}: check that, this machine's "
            "clock, and AWS_CA_BUNDLE, which must name the certificates of a proxy that "
            "reads TLS",
        ),
        (
            SSLError(
                endpoint_url=URL, error=ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")
            ),
            "what answers there does not speak TLS; the host comes from region = eu-west-1 "
            "(CONFIG:4): write http:// there, or correct the port; or check the proxy",
        ),
        (
            ProxyConnectionError(
                proxy_url="http://***:***@proxy:3128",
                error=OSError("Tunnel connection failed: 403 Forbidden"),
            ),
            "no connection through the proxy http://******@proxy:3128 (Tunnel connection "
            "failed: 403 Forbidden); check the proxy, or name the host in NO_PROXY",
        ),
        (
            ProxyConnectionError(
                proxy_url="http://proxy:3128",
                error=OSError(
                    "Tunnel connection failed: 407 Proxy Authentication Required"
                ),
            ),
            "the proxy http://proxy:3128 wants a user and a password (Tunnel connection "
            "failed: 407 Proxy Authentication Required); write them into its URL, before the "
            "host: USER:PASSWORD@HOST:PORT",
        ),
    ],
    ids=range(9),
)
def test_no_answer(error, line):
    assert of_network(error) == f"cannot reach AWS STS at {URL}: {line}"


def test_tls_of_a_bundle_that_does_not_fit():
    by = Setting.outside("AWS_CA_BUNDLE", "/x.pem", "AWS_CA_BUNDLE")
    error = Unreachable(URL, "TLS failed", Unreachable.TLS)
    line = said(error, "AWS STS", Endpoint(REGION, None, "/x.pem", bundle_by=by))
    assert line.endswith(
        "and whether /x.pem (AWS_CA_BUNDLE) holds the certificates of that host, or of a "
        "proxy that reads TLS"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_no_tls(server, clients, service):
    url = server.url.replace("http:", "https:")
    assert failure(clients, service, url).cause == Unreachable.NO_TLS


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "it is a folder"),
        (lambda path: path.write_text("x"), "it holds no certificates in PEM format"),
        (lambda path: path.write_text(""), "it holds no certificates in PEM format"),
        (lambda path: path.write_bytes(b"\0\xff"), "it holds no certificates"),
    ],
    ids=["missing", "folder", "text", "empty", "binary"],
)
def test_bundle_that_cannot_be_used(tmp_path, make, why):
    path = tmp_path / "bundle.pem"
    make(path)
    by = Setting("ca_bundle", str(path), "CONFIG", 7)
    endpoint = Endpoint(REGION, None, str(path), bundle_by=by)
    with pytest.raises(ConfigError) as caught:
        Clients(endpoint, None).create("sts", REGION, None, signer())
    line = str(caught.value)
    assert line.startswith(f"CONFIG:7: cannot use the certificates in {path}: {why}")
    # no certificate is needed there
    Clients(endpoint, None).create("sts", REGION, "http://127.0.0.1:1", signer())


# --- A container's metadata, which no client asks -----------------------------------------


FULL, FILE = CONTAINER_VARIABLES[1:3]


def of_container(url, bundle=None, **environ):
    by = Setting.outside(FULL, url, FULL)
    found = Source(
        source_kinds.CONTAINER, Profile("p", options=[by]), by, settings=(by,)
    )
    around = context()
    around.environ = {FULL: url, **environ}
    around.endpoint = Endpoint(REGION, None, bundle)
    with pytest.raises(CredentialsError) as caught:
        container.load(found, around)
    return str(caught.value)


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    made, bundle = tls.make(tmp_path_factory.mktemp("tls"), ["localhost"])
    server = Answering()
    server.speak_tls(made)
    with server:
        yield server.url.replace("http:", "https:"), bundle, server


def test_container_of_an_untrusted_certificate(tls_server):
    url, bundle, server = tls_server
    assert of_container(url).startswith(
        f"cannot reach the container's metadata at {url}: TLS failed (certificate verify "
        f"failed: unable to get local issuer certificate); the host comes from {FULL}: check "
    )
    # the certificates that hold for AWS hold for it too
    server.answer = Answer(200, {})
    assert "it holds no credentials" in of_container(url, str(bundle))


def test_container_that_fails(server, dead_port):
    server.answer = Answer(502, PAGE)
    assert of_container(server.url) == (
        f"the container's metadata at {server.url} fails at the moment: HTTP 502 Bad "
        "Gateway, without an error code of AWS; try again in a minute"
    )


def test_container_that_is_not_there(dead_port):
    url = f"http://127.0.0.1:{dead_port}"
    assert of_container(url) == (
        f"cannot reach the container's metadata at {url}: Connection refused; the host "
        f"comes from {FULL}: check that and the network"
    )


ALONE = "write it without one, as printf %s does"
AGAIN = "write it again, on one line"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("EXAMPLE\n", f"ends with a line break; {ALONE}"),
        ("EXAMPLE\r\n", f"ends with a line break; {ALONE}"),
        ("EXAM\nPLE", f"has a line break; {AGAIN}"),
        ("EXAM\nPLE\n", f"has a line break; {AGAIN}"),
        ("", f"is empty; {AGAIN}"),
        ("EXÄMPLE", f"has characters that are not printable ASCII; {AGAIN}"),
    ],
    ids=range(6),
)
def test_token_of_a_container_that_cannot_be_sent(tmp_path, text, why):
    path = tmp_path / "token"
    path.write_bytes(text.encode())
    line = of_container("http://127.0.0.1:1", **{FILE: str(path)})
    assert line.endswith(f"the token in {FILE} {path} {why}")


# --- Where a host comes from ------------------------------------------------------------

CHINA = "arn:aws-cn:iam::123456789012:role/x"


@pytest.mark.parametrize(
    ("config", "environ", "options", "host"),
    [
        ("", {}, {}, "the default region us-east-1"),
        ("region = us-east-1a\n", {}, {}, "region = us-east-1a (CONFIG:2)"),
        ("region = x1\n", {"AWS_REGION": "y2"}, {}, "AWS_REGION=y2"),
        ("", {"AWS_DEFAULT_REGION": "y2"}, {}, "AWS_DEFAULT_REGION=y2"),
        ("region = x1\n", {"AWS_REGION": "y2"}, {"region": "z3"}, "--region z3"),
        ("", {}, {"roles": [CHINA]}, "role_arn (ROLES:1)"),
        (
            "region = eu-west-1\nuse_fips_endpoint = true\n",
            {},
            {},
            "region = eu-west-1 (CONFIG:2) and use_fips_endpoint = true (CONFIG:3)",
        ),
        (
            "region = eu-west-1\n",
            {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true"},
            {},
            "region = eu-west-1 (CONFIG:2) and AWS_USE_FIPS_ENDPOINT=true and "
            "AWS_USE_DUALSTACK_ENDPOINT=true",
        ),
        ("", {}, {"region": "fips-x1"}, "--region fips-x1"),
        ("endpoint_url = http://u:p@x\n", {}, {}, "endpoint_url (CONFIG:2)"),
        (
            "services = s\n[services s]\nsts =\n  endpoint_url = http://x\n",
            {},
            {},
            "endpoint_url (CONFIG:5)",
        ),
        ("", {"AWS_ENDPOINT_URL": "http://x"}, {}, "AWS_ENDPOINT_URL"),
        ("", {"AWS_ENDPOINT_URL_STS": "http://x"}, {}, "AWS_ENDPOINT_URL_STS"),
        (
            "region = eu-west-1\nsts_regional_endpoints = legacy\n",
            {},
            {},
            "sts_regional_endpoints = legacy (CONFIG:3)",
        ),
    ],
    ids=range(14),
)
def test_host_comes_from(config, environ, options, host):
    endpoint = resolve(config, environ, **options)
    assert aws_errors.named(endpoint.made_by) == host
    for cause in (Unreachable.NAME, Unreachable.CONNECTION, Unreachable.SILENCE):
        line = said(Unreachable(URL, "why", cause), "AWS STS", endpoint)
        assert f"; the host comes from {host}: check that" in line


def test_host_of_another_service():
    by = Setting("region", "eu-west-1", "CONFIG", 2)
    fips = Setting("use_fips_endpoint", "true", "CONFIG", 3)
    url = Setting.outside("endpoint_url", "http://x", "AWS_ENDPOINT_URL_STS")
    endpoint = Endpoint(
        REGION, "http://x", None, url_by=url, region_by=by, kind_by=(fips,)
    )
    sso_region = Setting("sso_region", "eu-west-9", "CONFIG", 6)
    assert aws_errors.named(endpoint.host_made_by(None, sso_region)) == (
        "sso_region = eu-west-9 (CONFIG:6) and use_fips_endpoint = true (CONFIG:3)"
    )
    assert aws_errors.named(endpoint.host_made_by(None)).startswith(
        "region = eu-west-1"
    )


def test_every_cause_has_its_words():
    causes = {v for k, v in vars(Unreachable).items() if k.isupper()}
    assert causes == set(aws_errors._TROUBLE)
