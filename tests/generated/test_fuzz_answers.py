"""Whatever comes from outside, there are credentials or a message, and no secret in it.

From outside come what AWS, the metadata services and a credential_process answer, the
AWS CLI's token files, a policy, and the variables that hold credentials.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import botocore.loaders
import botocore.utils
import pytest
from botocore.exceptions import HTTPClientError
from hypothesis import given
from hypothesis import strategies as st

from awsexec.credentials import sources
from awsexec.credentials.context import Context
from awsexec.credentials.get import get
from awsexec.credentials.resolver import Demand
from awsexec.credentials.sdk.errors import SignInDue
from awsexec.credentials.sdk import internals
from awsexec.errors import AwsexecError
from awsexec.options import arguments
from awsexec.plan.plan import make_plan
from awsexec.report import QUIET, Report
from awsexec.text import message
from tests.generated import examples
from tests.generated.aws import Aws, Raw, furnish
from tests.generated.worlds import ALICE, LOGIN, SSO, SSO_SESSION, World
from tests.hostile import HOSTILE, is_harmless
from tests.servers.container import PATH
from tests.servers.identity_center import START_URL
from tests.servers.sign_in import new_key
from tests.servers.web import iso8601
from tests.support import CODES, KEY_ID, READER, SECRET, SERIAL

pytestmark = pytest.mark.uncounted

# in every value that no message may show
MARK = "EXAMPLEMARK"
DEEP = "[" * 100_000
# more than any answer or output may have
HUGE = "[" + " " * internals.LARGEST_ANSWER
DPOP_KEY = new_key()[1]

_names = st.sampled_from(
    "AccessKeyId SecretAccessKey SessionToken Token Expiration Version Code Message "
    "accessKeyId secretAccessKey sessionToken expiration roleCredentials accessToken "
    "expiresIn refreshToken tokenType clientId clientSecret clientSecretExpiresAt "
    "deviceCode userCode verificationUri interval InstanceProfileArn error message "
    "expiresAt registrationExpiresAt region startUrl dpopKey identityToken".split()
)
_leaves = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, 10**20, 1e400, 99999999999999999, "", "²", "0"]
    ),
    st.sampled_from(
        ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon", "20300101"]
    ),
    st.text(max_size=5),
    st.sampled_from([HOSTILE, HOSTILE * 1000, "<html>"]),
    st.integers(),
    st.floats(),
)
values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)
# the names of what is secret, in documents, variables and settings
_SECRET = re.compile("(?i)secret|token$|refresh|deviceCode")
_secrets = st.sampled_from(
    [f"{MARK}\n", f"{MARK}\n  x", f"{MARK}\r\nX: y", f"{MARK}é", f"{MARK}\x7f", MARK]
)
# what is not JSON, or no XML, or too much of it
_junk = st.one_of(
    st.sampled_from(
        [DEEP, '{"a":' * 100_000, "", "{}", "[]", "null", "[1]", "9" * 5000, HUGE]
    ),
    st.sampled_from(["<html><p>Sign in</p></html>", "<a>" * 10_000, "\ufeff{}", "\0"]),
    st.sampled_from(
        [
            f"<AssumeRoleResponse><AssumeRoleResult>{inner}</AssumeRoleResult>"
            "</AssumeRoleResponse>"
            for inner in (
                "",
                "<Credentials/>",
                "<Credentials></Credentials>",
                "<Credentials><AccessKeyId/><SecretAccessKey/></Credentials>",
                "<Credentials>text</Credentials>",
                "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S\n"
                "x</SecretAccessKey><SessionToken>S</SessionToken>"
                "<Expiration>2020-01-01T00:00:00Z</Expiration></Credentials>",
                "<Credentials><Expiration>soon</Expiration></Credentials>",
            )
        ]
    ),
).map(lambda text: text.encode())
documents = st.one_of(
    _junk,
    st.binary(max_size=40),
    values.map(lambda value: json.dumps(value).encode()),
    values.map(lambda value: json.dumps(value).encode()),
)


@st.composite
def altered(draw: st.DrawFn, document: dict[str, object]) -> bytes:
    """`document` as JSON with something else in one or two of its places."""
    if draw(st.integers(0, 2)) == 0:
        return draw(documents)
    changed = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 2))):
        if not changed:
            break
        place = changed
        name = draw(st.sampled_from(sorted(place)))
        if isinstance(place[name], dict) and place[name] and draw(st.booleans()):
            place = place[name]
            name = draw(st.sampled_from(sorted(place)))
        if draw(st.integers(0, 4)):
            place[name] = draw(_secrets if _SECRET.search(name) else values)
        else:
            del place[name]
    return json.dumps(changed).encode()


KEYS = {"AccessKeyId": KEY_ID, "SecretAccessKey": f"{SECRET}{MARK}", "Token": MARK}
OF_METADATA = {"Code": "Success", **KEYS, "Expiration": "2099-01-01T00:00:00Z"}
OF_PROCESS = {"Version": 1, **KEYS, "SessionToken": MARK, "Expiration": "2099-01-01"}
OF_PORTAL = {
    "roleCredentials": {
        "accessKeyId": KEY_ID,
        "secretAccessKey": f"{SECRET}{MARK}",
        "sessionToken": MARK,
        "expiration": 4_000_000_000_000,
    }
}
OF_OIDC = {
    "accessToken": MARK,
    "expiresIn": 3600,
    "refreshToken": MARK,
    "tokenType": "Bearer",
    "clientId": "EXAMPLECLIENT",
    "clientSecret": MARK,
    "clientSecretExpiresAt": 4_000_000_000,
    "deviceCode": MARK,
    "userCode": "ABCD-EFGH",
    "verificationUri": "https://example.com/device",
    "verificationUriComplete": "https://example.com/device?x",
    "interval": 1,
}
OF_SIGN_IN = {
    "accessToken": {
        "accessKeyId": KEY_ID,
        "secretAccessKey": f"{SECRET}{MARK}",
        "sessionToken": MARK,
    },
    "tokenType": "aws_sigv4",
    "expiresIn": 900,
    "refreshToken": MARK,
}


def token_file(life: int) -> dict[str, object]:
    """What the AWS CLI keeps of a sign-in to IAM Identity Center."""
    return {
        "startUrl": START_URL,
        "region": "eu-west-1",
        "accessToken": f"{MARK}1",
        "expiresAt": iso8601(time.time() + life),
        "clientId": "EXAMPLECLIENT",
        "clientSecret": MARK,
        "registrationExpiresAt": "2099-01-01T00:00:00Z",
        "refreshToken": MARK,
    }


def login_file(life: int) -> dict[str, object]:
    """What the AWS CLI keeps of a login."""
    return {
        "accessToken": {
            "accessKeyId": KEY_ID,
            "secretAccessKey": f"{SECRET}{MARK}",
            "sessionToken": MARK,
            "accountId": "123456789012",
            "expiresAt": iso8601(time.time() + life),
        },
        "tokenType": "aws_sigv4",
        "refreshToken": MARK,
        "identityToken": MARK,
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": DPOP_KEY,
    }


class Bench:
    """A home directory in which worlds are resolved."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = (str(home / ".aws" / "config"), str(home / ".aws" / "credentials"))
        furnish(home)

    def environ(self, world: World) -> dict[str, str]:
        """Write the files of `world`, and return its environment."""
        for path, text in zip(self.paths, world.texts(), strict=True):
            Path(path).write_text(text.replace("{home}", str(self.home)))
        return {
            "HOME": str(self.home),
            "PATH": "/nonexistent",
            "TMPDIR": str(self.home),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWSEXEC_CACHE_DIR": str(self.home / "cache"),
            "AWSEXEC_MFA_TOKEN": CODES[0],
            **{
                name: value.replace("{home}", str(self.home))
                for name, value in world.variables.items()
            },
        }

    def resolve(self, world: World, tampering: Tampering | None = None) -> None:
        """Work out the credentials of `world`, for which there may be a message."""
        environ = self.environ(world)
        options = ["--no-cache", "--no-prompt"]
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            Aws() as aws,
            contextlib.nullcontext() if tampering is None else tampering.of(aws),
            _judged(),
        ):
            given = arguments.parse([*options, "a"])
            plan, report = make_plan(given, environ), Report(io.StringIO(), QUIET)
            found = get(plan, Demand(), environ, report)
            assert found.key_id.isprintable() and found.secret.isprintable()
            assert found.expires is None or found.expires > time.time()

    def sign_in(self, world: World, tampering: Tampering) -> None:
        """Sign in for `world` with a device code, at a terminal that takes all."""
        environ = self.environ(world)
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch("time.sleep"),
            Aws() as aws,
            tampering.of(aws),
            _judged(),
        ):
            aws.portal.allowed = True
            plan = make_plan(arguments.parse(["a"]), environ)
            context = Context(
                environ=environ,
                paths=self.paths,
                hops=("a",),
                endpoint=plan.endpoint,
                retries=None,
                show=_show,
                device_code=True,
                browser=False,
                lock=lambda name, doing, **_: contextlib.nullcontext(),
                debug=lambda text: None,
                waiting=lambda text: None,
            )
            source = plan.chain.source
            try:
                sources.load(source, context)
            except SignInDue as due:
                sources.sign_in(source, context, due.refused)
                sources.load(source, context)


@contextlib.contextmanager
def _judged() -> Iterator[None]:
    """Nothing but a message, and nothing in it that is nobody else's business."""
    try:
        yield
    except AwsexecError as error:
        assert str(error)
        assert is_harmless(message(error))
        for secret in (MARK, SECRET):
            assert secret not in str(error)


def _show(text: str) -> None:
    """Be the terminal of a sign-in."""
    assert is_harmless(text), ascii(text)


class Tampering:
    """Another answer to the request with this number, from 0 on."""

    def __init__(self, number: int, status: int, body: bytes) -> None:
        self._left = number
        self._status = status
        self._body = body

    def of(self, aws: Aws):
        answer = aws.answer

        def tampered(request):
            self._left -= 1
            if self._left != -1:
                return answer(request)
            headers = {"Content-Type": "application/json"}
            response = internals.BoundedResponse(
                request.url, self._status, headers, Raw(self._body)
            )
            try:
                assert response.content is not None
            except OSError as error:
                # as botocore's session does
                raise HTTPClientError(error=error) from None
            return response

        return mock.patch.object(aws, "answer", tampered)


def tamperings(steps: int, document: dict[str, object]) -> st.SearchStrategy[Tampering]:
    """Other answers than `document` in one of so many steps."""
    return st.builds(
        Tampering,
        st.integers(0, steps - 1),
        st.sampled_from([200, 200, 200, 200, 400, 401, 403, 404, 500]),
        altered(document),
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    loader = botocore.loaders.create_loader()
    fetcher = botocore.utils.ContainerMetadataFetcher
    with (
        mock.patch.object(internals, "Loader", lambda: loader),
        mock.patch.object(fetcher, "SLEEP_TIME", 0),
        # what it logs of every failure takes its time
        mock.patch.object(logging.getLogger("botocore"), "disabled", True),
    ):
        yield Bench(tmp_path_factory.mktemp("home"))


def world(more: dict[str, str] | None = None, **settings: str) -> World:
    """A profile with these settings, and with `more` variables."""
    return World((("profile a", settings),), (("alice", ALICE),), environ=more)


ONCE = {"AWS_MAX_ATTEMPTS": "1"}
ROLE = world(ONCE, role_arn=READER, source_profile="alice")
SSO_PROFILE = replace(
    world(ONCE, **SSO_SESSION),
    config=(
        ("profile a", SSO_SESSION),
        ("sso-session corp", {"sso_region": "eu-west-1", "sso_start_url": START_URL}),
    ),
)
LOGIN_PROFILE = world(ONCE, login_session=LOGIN)
CONTAINER = world(
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": PATH}, credential_source="EcsContainer"
)


@pytest.mark.parametrize(
    ("made", "steps", "document"),
    [
        (ROLE, 1, {}),
        (
            world(ONCE, role_arn=READER, source_profile="alice", mfa_serial=SERIAL),
            2,
            {},
        ),
        (world(ONCE, role_arn=READER, web_identity_token_file="{home}/token"), 1, {}),
        (world(credential_source="Ec2InstanceMetadata"), 3, OF_METADATA),
        (CONTAINER, 1, OF_METADATA),
        (world(ONCE, **SSO), 1, OF_PORTAL),
        (SSO_PROFILE, 1, OF_PORTAL),
    ],
    ids=["role", "MFA", "web identity", "ec2", "container", "old SSO", "SSO"],
)
def test_any_answer(bench, made, steps, document):
    @given(tamperings(steps, document or OF_METADATA))
    @examples(20, 60)
    def resolve(tampering):
        bench.resolve(made, tampering)

    resolve()


@given(st.data())
@examples(20, 60)
def test_any_answer_to_a_renewal(bench, data):
    with _file(bench, "sso", "corp", json.dumps(token_file(-60)).encode()):
        bench.resolve(SSO_PROFILE, data.draw(tamperings(1, OF_OIDC)))


@given(st.data())
@examples(20, 60)
def test_any_answer_to_a_sign_in(bench, data):
    with _file(bench, "sso", "corp", b""):
        bench.sign_in(SSO_PROFILE, data.draw(tamperings(4, OF_OIDC | OF_PORTAL)))
    for path in (bench.home / ".aws" / "sso" / "cache").glob("*.json"):
        if "clientSecret" in path.read_text():
            path.unlink()


@given(st.data())
@examples(20, 60)
def test_any_answer_to_the_renewal_of_a_login(bench, data):
    pytest.importorskip("awscrt")
    with _file(bench, "login", LOGIN, json.dumps(login_file(-60)).encode()):
        bench.resolve(LOGIN_PROFILE, data.draw(tamperings(1, OF_SIGN_IN)))


@given(altered(token_file(3600)))
@examples(33, 100)
def test_any_token_file(bench, content):
    with _file(bench, "sso", "corp", content):
        bench.resolve(SSO_PROFILE)
    with _file(bench, "sso", START_URL, content):
        bench.resolve(world(ONCE, **SSO))


@given(altered(login_file(3600)))
@examples(33, 100)
def test_any_login_file(bench, content):
    with _file(bench, "login", LOGIN, content):
        bench.resolve(LOGIN_PROFILE)


@contextlib.contextmanager
def _file(bench: Bench, kind: str, name: str, content: bytes) -> Iterator[None]:
    """The AWS CLI's file for a sign-in or login, with that content for once."""
    algorithm = {"sso": hashlib.sha1, "login": hashlib.sha256}[kind]
    digest = algorithm(name.encode()).hexdigest()
    path = bench.home / ".aws" / kind / "cache" / f"{digest}.json"
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


@given(altered(OF_PROCESS))
@examples(26, 80)
def test_any_output_of_a_process(bench, content):
    (bench.home / "output").write_bytes(content)
    bench.resolve(world(credential_process="/bin/cat {home}/output"))


@pytest.mark.parametrize(
    "command",
    [
        "/bin/cat /dev/zero",
        "/bin/sh -c '/bin/cat /dev/zero & sleep 60'",
        "/bin/sh -c 'while :; do echo; done'",
        "/bin/sh -c 'exec >&-; while :; do :; done'",
    ],
)
@pytest.mark.parametrize("setting", ["credential_process", "mfa_process"])
def test_process_that_does_not_end(bench, setting, command):
    settings = {setting: command}
    if setting == "mfa_process":
        settings |= {**ROLE.config[0][1], "mfa_serial": SERIAL}
    variables = {"AWSEXEC_PROCESS_TIMEOUT": "1s", "AWSEXEC_MFA_TOKEN": ""}
    began = time.monotonic()
    bench.resolve(world({**ONCE, **variables}, **settings))
    assert time.monotonic() - began < 20


@given(altered({"Version": "2012-10-17", "Statement": []}))
@examples(26, 80)
def test_any_policy(bench, content):
    (bench.home / "policy.json").write_bytes(content)
    policy = str(bench.home / "policy.json")
    bench.resolve(
        world(ONCE, role_arn=READER, source_profile="alice", session_policy=policy)
    )


@given(st.binary(max_size=20) | st.just(b"") | _junk)
@examples(20, 60)
def test_any_token_of_a_web_identity(bench, content):
    (bench.home / "web").write_bytes(content)
    bench.resolve(world(ONCE, role_arn=READER, web_identity_token_file="{home}/web"))


@given(st.binary(max_size=20) | _junk)
@examples(20, 60)
def test_any_token_file_of_a_container(bench, content):
    (bench.home / "pod").write_bytes(content)
    variables = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/pod"}
    bench.resolve(replace(CONTAINER, environ={**CONTAINER.variables, **variables}))


# what may stand in a variable, or follow a "=" on a line or two
_texts = st.one_of(
    st.sampled_from(["²", "٣", "9" * 26, "9" * 5000, "-1", "0", "1e9", "1.5", "true"]),
    st.sampled_from(
        [
            "x\n  y",
            "x\ty",
            "xé",
            "x\x7f",
            "/dev/zero",
            "' " * 20_000,
            DEEP,
            "[[1]]",
            '[["a", "b", "c"]]',
            "{}",
            "9999d",
            "5m",
            "never",
        ]
    ),
    st.sampled_from(["2030-01-01T00:00:00Z", "20300101", "0001-01-01T00:00:00+23:59"]),
    st.sampled_from(
        ["http://x", "http://[", "//", "http://x:99999", "http://é", "a b"]
    ),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8),
)


def _named(names: list[str], texts: st.SearchStrategy[str]):
    """Values for one to three of `names`."""
    pairs = st.sampled_from(names).flatmap(
        lambda name: st.tuples(
            st.just(name), _secrets if _SECRET.search(name) else texts
        )
    )
    return st.lists(pairs, min_size=1, max_size=3).map(dict)


_VARIABLES = (
    "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN "
    "AWS_CREDENTIAL_EXPIRATION AWS_MAX_ATTEMPTS AWS_RETRY_MODE AWS_REGION "
    "AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT "
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE AWS_EC2_METADATA_V1_DISABLED "
    "AWS_IMDS_USE_IPV6 AWS_METADATA_SERVICE_TIMEOUT AWS_METADATA_SERVICE_NUM_ATTEMPTS "
    "AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI "
    "AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN "
    "AWS_ROLE_SESSION_NAME AWS_LOGIN_CACHE_DIRECTORY AWS_ENDPOINT_URL_SSO "
    "AWSEXEC_PROCESS_TIMEOUT AWSEXEC_CALLERS AWSEXEC_MFA_TOKEN"
).split()
_PROFILES = (
    {"credential_source": "Environment"},
    {"credential_source": "Environment", "role_arn": READER},
    {"credential_source": "Ec2InstanceMetadata"},
    {"credential_source": "EcsContainer"},
    {"credential_process": "{home}/tool alice"},
    {"source_profile": "alice", "role_arn": READER},
    {"web_identity_token_file": "{home}/token", "role_arn": READER},
    {"login_session": LOGIN},
    SSO,
)


@given(
    st.sampled_from(_PROFILES),
    _named(_VARIABLES, _texts),
)
@examples(66, 200)
def test_any_variable(bench, settings, variables):
    variables = {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        **ONCE,
        **variables,
    }
    bench.resolve(world(variables, **settings))


_SETTINGS = (
    "aws_access_key_id aws_secret_access_key aws_session_token aws_security_token "
    "max_attempts retry_mode metadata_service_timeout metadata_service_num_attempts "
    "ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode "
    "ec2_metadata_v1_disabled imds_use_ipv6 sso_region sso_start_url sso_account_id "
    "sso_role_name sso_registration_scopes duration_seconds external_id session_tags "
    "transitive_session_tags session_policy_arns session_policy session_read_only "
    "source_identity role_session_name mfa_serial region endpoint_url login_session "
    "credential_process"
).split()


@given(
    st.sampled_from([*_PROFILES, ALICE]),
    _named(
        _SETTINGS,
        _texts.filter(lambda text: not set(text) & set("\r\v\f\x1c\x1d\x1e\x85\u2028")),
    ),
)
@examples(66, 200)
def test_any_setting(bench, settings, more):
    bench.resolve(world(ONCE, **{**settings, **more}))
