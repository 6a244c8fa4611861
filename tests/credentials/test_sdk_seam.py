"""What awsexec uses of botocore that is not botocore's public API.

Each test is of one item, and its docstring says what breaks for the user if botocore
changes the item. ``make seam`` runs them with the oldest and the newest boto3 that
setup.cfg allows.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import socket
import threading
import time
import types

import botocore.credentials
import botocore.exceptions
import pytest
from botocore.awsrequest import AWSRequest
from botocore.loaders import Loader

from awsexec.credentials.context import Context
from awsexec.credentials.sdk import internals, providers, tokens
from awsexec.credentials.sdk.clients import Clients, call, url_of
from awsexec.credentials.sdk.errors import (
    InvalidMetadataUrl,
    Malformed,
    NoMetadataToken,
    NotSignedIn,
    ProviderFailed,
    Refused,
    UnexpectedResponse,
    Unreachable,
)
from awsexec.errors import CredentialsError
from awsexec.plan import source_kinds
from awsexec.plan.endpoint import Endpoint
from awsexec.plan.inputs import sign_in_of
from awsexec.plan.source import Source
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile
from tests.servers.container import PATH, ContainerServer
from tests.servers.identity_center import IdentityCenter
from tests.servers.metadata import PROFILE_ARN, ROLE, MetadataServer
from tests.servers.sts import Credentials, StsServer, role_arn
from tests.servers.web import Answer, WebServer, iso8601
from tests.support import KEY_ID, SECRET

REGION = "eu-west-1"
HOUR = 3600


def endpoint(url=None):
    return Endpoint(REGION, url, None)


def context(url=None):
    """A context in which STS is at `url`."""
    return Context(
        environ={},
        paths=("CONFIG", "CREDENTIALS"),
        hops=("p",),
        endpoint=endpoint(url),
        retries={"mode": "standard", "total_max_attempts": 1},
        show=None,
        device_code=False,
        browser=False,
        lock=lambda name, doing, **_: contextlib.nullcontext(),
        debug=lambda line: None,
        waiting=lambda text: None,
    )


def source(kind, settings, urls=()):
    """A source of profile p whose settings are these."""
    found = tuple(Setting(name, value, "CONFIG", 2) for name, value in settings.items())
    endpoints = [
        (name, Setting.outside("endpoint_url", url, "X")) for name, url in urls
    ]
    return Source(kind, Profile("p"), found[0], None, found, tuple(endpoints))


def session(expires=HOUR):
    return Credentials(
        "ASIAEXAMPLE", SECRET, "EXAMPLETOKEN", "arn", "arn", None, expires=expires
    )


def signer():
    """Alice's keys; without any, botocore would look for some on its own."""
    return types.SimpleNamespace(key_id=KEY_ID, secret=SECRET, token=None)


def in_an_hour():
    return int(time.time()) + HOUR


# --- Sessions -------------------------------------------------------------------------


def test_session_reads_none_of_the_users_files(tmp_path, monkeypatch):
    """A file that botocore refuses, or an AWS_PROFILE, would stop awsexec's own calls."""
    broken = tmp_path / "config"
    broken.write_text("this is not a config file\n[")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    client = Clients(endpoint("http://127.0.0.1:9"), None).create(
        "sts", REGION, "http://127.0.0.1:9", signer()
    )
    assert url_of(client) == "http://127.0.0.1:9"


@pytest.mark.parametrize("service", internals.SERVICES)
def test_every_service_has_a_client(service):
    """A service that the loader does not list cannot be called at all."""
    client = Clients(endpoint(), None).create(service, REGION, None, signer())
    assert url_of(client).startswith("https://")


def test_session_asks_our_loader():
    """The loader is registered as a component; without that each call is slower."""
    session = internals.bare_session(False)
    assert type(session.get_component("data_loader")) is internals.Loader
    partition = session.get_data("endpoints")["partitions"][0]
    assert partition["services"].keys() <= set(internals.SERVICES)


def test_endpoints_are_cut_from_botocores_file():
    """A file laid out otherwise is read whole, and each call takes a sixth longer.

    Endpoints cut wrongly would send calls elsewhere, or sign them for another region.
    """
    path = os.path.join(Loader.BUILTIN_DATA_PATH, "endpoints")
    with open(f"{path}.json", encoding="utf-8") as stream:
        text = stream.read()
    whole = json.loads(text)
    for partition in whole["partitions"]:
        partition["services"] = {
            name: value
            for name, value in partition["services"].items()
            if name in internals.SERVICES
        }
    assert json.loads(internals._only_services(text)) == whole
    loader = internals.Loader()
    found, place = loader.load_data_with_path("endpoints")
    assert (found, place) == (whole, path)
    assert loader.is_builtin_path(place)


@pytest.mark.parametrize(
    "text",
    [
        '{"partitions": []}',
        '{\n    "services" : {\n      "sts" : { } } }',
        '{\n    "services" : {\n      "s3" : { }\n    }\n}',
    ],
)
def test_endpoints_laid_out_otherwise_are_read_whole(text, tmp_path):
    """botocore then reads the file itself: nothing breaks."""
    path = tmp_path / "endpoints.json"
    path.write_text(text)
    assert internals._endpoints_in(str(path)) is None
    loader = internals.Loader(extra_search_paths=[str(tmp_path)])
    assert loader.load_data_with_path("partitions")[0]["partitions"]


def test_endpoints_of_the_user_come_first(tmp_path):
    """botocore prefers a file of the user's to its own, and so does the loader."""
    text = '{\n    "services" : {\n      "sts" : {"a": 1}\n    }\n}'
    (tmp_path / "endpoints.json").write_text(text)
    loader = internals.Loader(extra_search_paths=[str(tmp_path)])
    assert loader.load_data_with_path("endpoints")[0] == {"services": {"sts": {"a": 1}}}


# --- Calls and their errors -----------------------------------------------------------


@pytest.fixture
def sts():
    with StsServer() as server:
        server.add_user("alice", KEY_ID, SECRET)
        server.add_role("reader")
        yield server


@pytest.fixture
def sts_client(sts):
    retries = {"mode": "standard", "total_max_attempts": 1}
    return Clients(endpoint(sts.url), retries).create("sts", REGION, sts.url, signer())


REQUEST = {"RoleArn": role_arn("reader"), "RoleSessionName": "seam"}


def test_call(sts_client):
    """The name of a client's method comes from `botocore.xform_name`."""
    found = call(
        sts_client, "AssumeRole", REQUEST, lambda answer: answer["Credentials"]
    )
    assert found["AccessKeyId"].startswith("ASIA")


def test_refusal_has_code_message_and_date(sts, sts_client):
    """Messages to the user are chosen by the code, and tell how far the clock is off."""
    sts.clock_offset = -1000
    sts.fail("Odd", "Something else.")
    with pytest.raises(Refused) as caught:
        call(sts_client, "AssumeRole", REQUEST, dict)
    assert caught.value.said == "Something else (Odd)"
    assert caught.value.skew == pytest.approx(1000, abs=5)


def test_answer_that_cannot_be_parsed(sts, sts_client):
    """botocore's parser errors are told from others, so that no traceback is shown."""
    sts.answer(200, "<html>Sign in</html>")
    with pytest.raises(UnexpectedResponse):
        call(sts_client, "AssumeRole", REQUEST, lambda answer: answer["Credentials"])


def test_connection_error_has_its_cause(dead_port):
    """Without the cause, the message has botocore's URL and no reason."""
    url = f"http://127.0.0.1:{dead_port}"
    client = Clients(endpoint(url), {"total_max_attempts": 1}).create(
        "iam", REGION, url, signer()
    )
    with pytest.raises(Unreachable) as caught:
        call(client, "ListAccountAliases", {}, dict)
    assert caught.value.reason == "Connection refused"


def test_unsigned_get(dead_port):
    """The console's sign-in uses botocore's HTTP session, with its proxies and trust."""
    with WebServer() as server:
        server.respond = lambda request: Answer(200, request.query["secret"])
        found = Clients(endpoint(), None).get(f"{server.url}/federation", "secret=x")
    assert (found[0], found[2]) == (200, b"x")
    with pytest.raises(Unreachable) as caught:
        Clients(endpoint(), None).get(f"http://127.0.0.1:{dead_port}/", "secret=x")
    assert "secret" not in str(caught.value)


def test_no_such_endpoint():
    """An endpoint that AWS does not have is told from a failure of the network."""
    with pytest.raises(Unreachable, match="(?i)region|endpoint"):
        Clients(endpoint(), None).create("sts", "not a region", None, signer())


def test_detail_of_an_error():
    """botocore's errors keep what they were made with; their texts have more around it."""
    error = botocore.exceptions.CredentialRetrievalError(provider="x", error_msg="why")
    assert internals.detail(error, "error_msg") == "why"
    assert internals.detail(ValueError("x"), "error_msg") is None


# --- Credentials ----------------------------------------------------------------------


def refreshable(expires):
    return botocore.credentials.RefreshableCredentials(
        "ASIAEXAMPLE",
        SECRET,
        "EXAMPLETOKEN",
        expires,
        lambda: {
            "access_key": "ASIAEXAMPLE",
            "secret_key": SECRET,
            "token": "EXAMPLETOKEN",
            "expiry_time": expires.isoformat(),
        },
        "seam",
    )


def test_expiry():
    """Without the expiration, the cache would not keep what a source gave."""
    expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    expires += datetime.timedelta(hours=1)
    assert internals.expiry_of(refreshable(expires)) == int(expires.timestamp())
    fixed = botocore.credentials.Credentials("AKIAEXAMPLE", SECRET)
    assert internals.expiry_of(fixed) is None


def test_text_for_expired_credentials():
    """If botocore words it otherwise, the user gets the message for a malformed answer."""
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    with pytest.raises(RuntimeError) as caught:
        refreshable(past).get_frozen_credentials()
    assert internals.has_expired(caught.value)
    assert not internals.has_expired(RuntimeError("something else"))


def test_text_for_a_missing_time_zone():
    """If Python words it otherwise, the user gets the message for a malformed answer."""
    naive = datetime.datetime(2099, 1, 1)
    with pytest.raises(TypeError) as caught:
        refreshable(naive).get_frozen_credentials()
    assert internals.lacks_time_zone(caught.value)
    assert not internals.lacks_time_zone(TypeError("something else"))


def printed(**changes):
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": "ASIAEXAMPLE",
            "SecretAccessKey": SECRET,
            "SessionToken": "EXAMPLETOKEN",
            "Expiration": iso8601(in_an_hour()),
            **changes,
        }
    ).encode()


def from_process(command, output):
    words = []

    def run(argv):
        words.append(argv)
        return output

    found = source(source_kinds.PROCESS, {"credential_process": command})
    return providers.from_process(found, run), words


def test_process():
    """botocore starts the process by the `popen` it is given, and reads its output."""
    credentials, words = from_process("tool 'a b'", printed())
    assert (credentials.key_id, credentials.token) == ("ASIAEXAMPLE", "EXAMPLETOKEN")
    assert credentials.expires == pytest.approx(in_an_hour(), abs=5)
    assert words == [["tool", "a b"]]


@pytest.mark.parametrize(
    ("command", "output", "error"),
    [
        ("tool", printed(Version=2), ProviderFailed),
        ("tool", b"no JSON", Malformed),
        ("tool 'a", printed(), Malformed),
        ("tool", printed(Expiration=iso8601(1)), CredentialsError),
        ("tool", printed(Expiration="2099-01-01T00:00:00"), CredentialsError),
    ],
)
def test_bad_process(command, output, error):
    """What the process gave decides the message."""
    with pytest.raises(error):
        from_process(command, output)


def metadata(url, **changes):
    options = {
        "endpoint": url,
        "mode": "ipv4",
        "is_v1_disabled": False,
        "timeout": (5.0, 5.0),
        "attempts": 1,
    }
    return providers.InstanceMetadata(**{**options, **changes})


def test_instance_metadata():
    """--whoami shows the profile's ARN; near its end a session must not look longer."""
    with MetadataServer() as server:
        server.credentials = session(time.time() + 300)
        found = metadata(server.url)
        assert found.url.rstrip("/") == server.url
        role = found.role()
        assert role["expiry_time"] == iso8601(server.credentials.expires)
        assert (role["role_name"], role["access_key"]) == (ROLE, "ASIAEXAMPLE")
        assert (role["secret_key"], role["token"]) == (SECRET, "EXAMPLETOKEN")
        assert found.instance_profile() == PROFILE_ARN
        assert found.status == 200


def test_instance_without_a_role():
    """The last status decides the message; without it each reads "no EC2 instance"."""
    with MetadataServer() as server:
        found = metadata(server.url)
        assert found.status is None
        assert not found.role()
        assert found.status == 404


def test_instance_without_tokens():
    """This one error means that IMDSv1 is turned off."""
    with MetadataServer() as server:
        server.v2 = False
        with pytest.raises(NoMetadataToken):
            metadata(server.url, is_v1_disabled=True).role()


def test_metadata_at_no_url():
    """The user's setting is named only if botocore's error is this one."""
    with pytest.raises(InvalidMetadataUrl):
        metadata("ht tp://")


def container(environ):
    found = source(source_kinds.CONTAINER, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "x"})
    (url,) = (text for name, text in environ.items() if name.endswith("URI"))
    return providers.from_container(found, environ, url, endpoint())


def test_container():
    """botocore's provider takes the environment that it is given, not the real one."""
    with ContainerServer() as server:
        server.credentials = session(in_an_hour())
        server.authorization = "EXAMPLEAUTHORIZATION"
        environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}{PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": server.authorization,
        }
        found = container(environ)
        assert (found.key_id, found.expires) == (
            "ASIAEXAMPLE",
            server.credentials.expires,
        )
        server.authorization = None
        with pytest.raises(ProviderFailed, match="401"):
            container(environ)


def test_web_identity(sts):
    """botocore's provider makes its unsigned client by the function it is given."""
    sts.trust("EXAMPLEWEBTOKEN", "reader")
    found = source(
        source_kinds.WEB_IDENTITY,
        {
            # botocore does not read it
            "web_identity_token_file": "/dev/zero",
            "role_arn": role_arn("reader"),
            "role_session_name": "seam",
        },
    )
    where = context(sts.url)
    credentials = providers.from_web_identity(found, where, "EXAMPLEWEBTOKEN")
    assert credentials.key_id.startswith("ASIA")
    with pytest.raises(Refused) as caught:
        providers.from_web_identity(found, where, "OTHERTOKEN")
    assert caught.value.code == "InvalidIdentityToken"


def test_no_login(tmp_path):
    """Without a login botocore raises an error of its own, which the message needs."""
    found = source(source_kinds.LOGIN, {"login_session": "arn:aws:iam::1:user/alice"})
    files = tokens.TokenCache(found, str(tmp_path))
    with pytest.raises(NotSignedIn):
        providers.from_login(found, context(), files)


# --- Tokens of sign-ins ---------------------------------------------------------------

START_URL = "https://example.awsapps.com/start"


def sso(server):
    """A source of the role reader, at the Identity Center `server`."""
    return source(
        source_kinds.SSO,
        {
            "sso_session": "corp",
            "sso_account_id": "123456789012",
            "sso_role_name": "reader",
            "sso_start_url": START_URL,
            "sso_region": REGION,
        },
        [("sso", server.url), ("sso_oidc", server.url)],
    )


def token(expires, **changes):
    return {
        "startUrl": START_URL,
        "region": REGION,
        "accessToken": "EXAMPLEOLDTOKEN",
        "expiresAt": iso8601(expires),
        "clientId": "client",
        "clientSecret": "EXAMPLECLIENTSECRET",
        "registrationExpiresAt": iso8601(in_an_hour()),
        "refreshToken": "EXAMPLEREFRESHTOKEN",
        **changes,
    }


@pytest.fixture
def identity_center():
    with IdentityCenter() as server:
        server.roles[("123456789012", "reader")] = session(in_an_hour())
        server.register("client", "EXAMPLECLIENTSECRET")
        server.refresh_tokens.add("EXAMPLEREFRESHTOKEN")
        yield server


def test_token_of_the_aws_cli(tmp_path, identity_center):
    """With another file name or format, the AWS CLI and awsexec each want a sign-in."""
    files = tokens.TokenCache(sso(identity_center), str(tmp_path), tokens._dumps)
    name = hashlib.sha1(b"corp").hexdigest()
    files[name] = token(
        0, expiresAt=datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)
    )
    written = json.loads((tmp_path / f"{name}.json").read_text())
    assert written["expiresAt"] == "2099-01-01T00:00:00Z"
    assert internals.token_in(files, START_URL, "corp") == written
    with pytest.raises(botocore.exceptions.SSOTokenLoadError):
        internals.token_in(files, START_URL, None)
    files[hashlib.sha1(START_URL.encode()).hexdigest()] = token(in_an_hour())
    assert internals.token_in(files, START_URL, None)["accessToken"]


def test_directory_that_cannot_be_written(tmp_path, identity_center):
    """A renewal ends the old token, so it must be known before that it can be kept."""
    (tmp_path / "file").write_text("")
    files = tokens.TokenCache(sso(identity_center), str(tmp_path / "file" / "folder"))
    with pytest.raises(CredentialsError, match="cannot write"):
        files.check()
    with pytest.raises(CredentialsError, match="cannot write"):
        files["name"] = {}


def current_token(server, folder):
    found = sso(server)
    files = tokens.TokenCache(found, str(folder), tokens._dumps)
    create = providers.client_creator(found, context())
    return tokens.current_token(found, create, files, server.url)


def test_renewal_of_a_token(tmp_path, identity_center):
    """If botocore renews by another method, failures are hidden and the user signs in."""
    path = tmp_path / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    path.write_text(json.dumps(token(time.time() - 60)))
    before = sign_in_of(json.loads(path.read_text()))
    found, sign_in = current_token(identity_center, tmp_path)
    assert found in identity_center.tokens
    assert json.loads(path.read_text())["accessToken"] == found
    assert before is not None
    assert sign_in == before
    # the refresh token is good once: the server says that the sign-in is over
    path.write_text(json.dumps(token(time.time() - 60)))
    assert current_token(identity_center, tmp_path) is None


def test_renewal_that_fails_is_told(tmp_path, dead_port):
    """A network that is down must not look like a sign-in that is over."""
    path = tmp_path / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    path.write_text(json.dumps(token(time.time() - 60)))
    nobody = types.SimpleNamespace(url=f"http://127.0.0.1:{dead_port}")
    with pytest.raises(Unreachable):
        current_token(nobody, tmp_path)
    # a token that is still good is used instead
    path.write_text(json.dumps(token(time.time() + 60)))
    found, sign_in = current_token(nobody, tmp_path)
    assert found == "EXAMPLEOLDTOKEN"
    assert sign_in == sign_in_of(json.loads(path.read_text()))


def test_credentials_for_a_token(tmp_path, identity_center):
    """botocore's provider takes the token from an object that awsexec gives it."""
    found = sso(identity_center)
    identity_center.tokens.add("EXAMPLETOKEN")
    files = tokens.TokenCache(found, str(tmp_path))
    create = providers.client_creator(found, context())
    url = identity_center.url
    credentials = providers.from_sso(found, create, files, "EXAMPLETOKEN", url)
    assert credentials.key_id == "ASIAEXAMPLE"
    assert credentials.expires == pytest.approx(in_an_hour(), abs=5)
    with pytest.raises(NotSignedIn):
        providers.from_sso(found, create, files, "OTHERTOKEN", url)


def test_no_token_is_written_without_a_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = source(source_kinds.SSO, {"sso_session": "corp"})
    cache = tokens.TokenCache(found, "~/.aws/sso/cache")
    with pytest.raises(CredentialsError, match="no home directory, .* set HOME"):
        cache.check()
    with pytest.raises(CredentialsError, match="no home directory, .* set HOME"):
        cache["key"] = {}
    assert not list(tmp_path.iterdir())


# --- Answers --------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["Content-Length: 9999", "Transfer-Encoding: chunked"])
def test_body_that_trickles(monkeypatch, head):
    """Each byte begins the socket's time-out anew: without this, a run waits for days."""
    monkeypatch.setattr(internals.BoundedResponse, "seconds", 0.5)
    piece = b"x" if "Length" in head else b"1\r\nx\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
                for _ in range(400):
                    connection.sendall(piece)
                    time.sleep(0.02)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        http = internals.RecordingHttp(True, timeout=5)
        began = time.monotonic()
        with pytest.raises(
            botocore.exceptions.HTTPClientError, match="takes more than"
        ):
            http.send(AWSRequest("GET", url).prepare())
    assert time.monotonic() - began < 5


def test_head_that_trickles(monkeypatch):
    monkeypatch.setattr(internals.TimedHead, "seconds", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(400):
                    connection.sendall(b"X")
                    time.sleep(0.02)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        http = internals.RecordingHttp(True, timeout=5)
        began = time.monotonic()
        with pytest.raises(botocore.exceptions.ReadTimeoutError):
            http.send(AWSRequest("GET", url).prepare())
    assert time.monotonic() - began < 5
