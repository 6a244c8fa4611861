"""A profile gives the identity that botocore gives it, by the same calls."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import botocore.configloader
import botocore.credentials
import botocore.exceptions
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.resolver import Demand, Resolver
from awsexec.errors import AwsexecError
from awsexec.profiles import chain as chains
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from awsexec.report import QUIET, Report
from tests.generated import examples
from tests.generated.files import NAMES, pairs

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT",
    "AWS_SECRET_ACCESS_KEY": "secret/AKIAENVIRONMENT",
}
# botocore's own for a role that has none
SESSION_NAME = "botocore-session-"
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
NEVER = datetime(2100, 1, 1, tzinfo=timezone.utc)


class Recorder:
    """Answers in the place of AWS: a key id tells all the calls that led to it."""

    def __init__(self) -> None:
        self.serials: list[str] = []

    def issue(self, operation: str, parameters: dict[str, object], signer: str) -> str:
        """The key id that an `operation` of `signer` gives."""
        serial = parameters.get("SerialNumber")
        if serial is not None and serial not in self.serials:
            self.serials.append(serial)
        if operation == "GetSessionToken":
            # it stands for its user, and botocore makes no such call
            return signer
        inputs = [
            f"{name}={value}"
            for name, value in sorted(parameters.items())
            if name not in ("SerialNumber", "TokenCode", "WebIdentityToken")
            and not str(value).startswith(SESSION_NAME)
        ]
        return f"={operation} {' '.join(inputs)} by {signer}"


def identity(key_id: str, secret: str, token: str | None) -> str:
    """A key in full, or the calls that an issued one comes from."""
    return key_id if key_id.startswith("=") else f"{key_id} {secret} {token or ''}"


class Client:
    """botocore's client of STS."""

    def __init__(self, recorder: Recorder, keywords: dict[str, str]) -> None:
        self._recorder = recorder
        self._keywords = keywords

    def assume_role(self, **parameters: object) -> dict[str, object]:
        names = ("access_key_id", "secret_access_key", "session_token")
        signer = identity(*(self._keywords[f"aws_{name}"] for name in names))
        return self._answer("AssumeRole", parameters, signer)

    def assume_role_with_web_identity(self, **parameters: object) -> dict[str, object]:
        token = str(parameters["WebIdentityToken"])
        return self._answer("AssumeRoleWithWebIdentity", parameters, token)

    def _answer(
        self, operation: str, parameters: dict[str, object], signer: str
    ) -> dict[str, object]:
        key_id = self._recorder.issue(operation, parameters, signer)
        return {
            "Credentials": {
                "AccessKeyId": key_id,
                "SecretAccessKey": "secret",
                "SessionToken": "token",
                "Expiration": NEVER,
            }
        }


def _given(key_id: str) -> botocore.credentials.Credentials:
    return botocore.credentials.Credentials(key_id, "secret", "token")


def _load_sso(self):
    config = self._load_sso_config()
    if config is None:
        return None
    names = ("sso_account_id", "sso_role_name", "sso_start_url", "sso_region")
    return _given("=sso " + " ".join(config[name] for name in names))


def _load_login(self):
    profile = self._load_config()["profiles"].get(self._profile_name, {})
    if "login_session" not in profile:
        return None
    return _given(f"=login {profile['login_session']}")


def _load_process(self):
    if self._credential_process is None:
        return None
    return _given(f"=process {self._credential_process}")


@pytest.fixture(scope="module", autouse=True)
def _botocore():
    """botocore with nothing but what it reads from the files and the environment."""
    module = botocore.credentials
    with mock.patch.dict(os.environ, ENVIRONMENT), contextlib.ExitStack() as stack:
        for owner, name, instead in (
            (module, "FileWebIdentityTokenLoader", lambda path: lambda: path),
            (module.SSOProvider, "load", _load_sso),
            (module.LoginProvider, "load", _load_login),
            (module.ProcessProvider, "load", _load_process),
            (
                module.InstanceMetadataProvider,
                "load",
                lambda _: _given("=ec2 metadata"),
            ),
            (module.ContainerProvider, "load", lambda _: _given("=container")),
        ):
            stack.enter_context(mock.patch.object(owner, name, instead))
        yield


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("aws")
    return str(folder / "config"), str(folder / "credentials")


def of_botocore(paths: tuple[str, str], name: str) -> tuple[str, list[str], str | None]:
    """The identity, the MFA devices that are asked for, and the region."""
    recorder = Recorder()
    session = botocore.session.Session(profile=name, include_builtin_handlers=False)
    session.set_config_variable("config_file", paths[0])
    session.set_config_variable("credentials_file", paths[1])
    session.create_client = lambda service, **keywords: Client(recorder, keywords)
    resolver = session.get_component("credential_provider")
    resolver.get_provider("assume-role")._prompter = lambda question: "123456"
    found = resolver.load_credentials()
    if found is None:
        raise LookupError("no credentials")
    whose = identity(*found.get_frozen_credentials()[:3])
    return whose, recorder.serials, session.get_config_variable("region") or None


class OneCode:
    """A user who types the code."""

    def attempts(self, profile, serial):
        yield "123456"


def of_awsexec(paths: tuple[str, str], name: str) -> tuple[str, list[str], str | None]:
    """The same of awsexec."""
    recorder = Recorder()

    def load(source):
        if source.keys is not None:
            keys = source.keys
            token = keys.token.value if keys.token is not None else None
            return Credentials(keys.key_id.value, keys.secret.value, token)
        if source.kind == "environment":
            return Credentials(*ENVIRONMENT.values())
        if source.kind == "web identity":
            parameters = {
                "RoleArn": source.value("role_arn"),
                "RoleSessionName": source.value("role_session_name"),
            }
            token = source.value("web_identity_token_file")
            key_id = recorder.issue("AssumeRoleWithWebIdentity", parameters, token)
        else:
            names = {
                "sso": (
                    "sso_account_id",
                    "sso_role_name",
                    "sso_start_url",
                    "sso_region",
                ),
                "login": ("login_session",),
                "process": ("credential_process",),
            }.get(source.kind, ())
            key_id = " ".join([f"={source.kind}", *map(source.value, names)])
        return Credentials(key_id, "secret", "token")

    def call(operation, parameters, signer):
        whose = identity(signer.key_id, signer.secret, signer.token)
        key_id = recorder.issue(operation, parameters, whose)
        if operation == "GetSessionToken":
            return signer
        return Credentials(key_id, "secret", "token", int(NEVER.timestamp()))

    profiles = Profiles.load(paths)
    profile = profiles.get(name)
    chain = chains.resolve(profiles, profile, f"{SESSION_NAME}1", ENVIRONMENT)
    resolver = Resolver(
        endpoint="",
        load=load,
        call=call,
        codes=OneCode(),
        store=None,
        waits=True,
        clock=lambda: 0.0,
        report=Report(io.StringIO(), QUIET),
    )
    found = resolver.credentials(chain, Demand())
    whose = identity(found.key_id, found.secret, found.token)
    return whose, recorder.serials, profile.value("region")


Outcome = tuple[str, list[str], str | None] | None

# what awsexec says of a request that AWS would refuse
BEYOND_LIMITS = (
    "seconds; |is not a whole number|is no role ARN|one hour at most|cannot present it"
)
# and of a profile that botocore passes over, to take what the machine has
PASSED_OVER = (
    "has no credentials and no way|has aws_secret_access_key but no aws_access_key_id|"
    r"there is no \[sso-session|for the SSO profile|is none that AWS knows"
)
THE_MACHINE_S = "=container"
NAMED = ("=ec2 metadata", identity(*ENVIRONMENT.values(), None))


def outcome(resolve, paths: tuple[str, str], name: str) -> tuple[Outcome, str]:
    """What it comes to, None with a message for an error."""
    try:
        return resolve(paths, name), ""
    except (botocore.exceptions.BotoCoreError, LookupError, AwsexecError) as error:
        return None, str(error)


def without_empty_values(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.strip().endswith("="))


def difference(expected: Outcome, reason: str, found: Outcome, message: str) -> str:
    """The row of the README's table for a difference, "" for an unknown one."""
    if found is None:
        assert expected is not None
        if re.search(BEYOND_LIMITS, message):
            return "beyond AWS's limits"
        if expected[0] == THE_MACHINE_S and re.search(PASSED_OVER, message):
            return "no credentials"
        return ""
    if "must have credentials" in reason or (expected or ("",))[0] == THE_MACHINE_S:
        # alone, or as a source
        named = found[0].endswith((*NAMED, THE_MACHINE_S))
        return "credential_source without role_arn" if named else ""
    # a session for COMMAND, which botocore does not open for the user's own keys
    if expected is not None and not expected[1] and not found[0].startswith("="):
        same = (expected[0], expected[2]) == (found[0], found[2])
        return "mfa_serial without role_arn" if same else ""
    return ""


@given(pairs())
@examples(600)
def test_identity_and_calls(paths, pair):
    # the row of empty values, which are values to botocore
    plain = tuple(map(without_empty_values, pair))
    for name in NAMES:
        _write(paths, pair)
        found, message = outcome(of_awsexec, paths, name)
        for texts in (pair, plain):
            _write(paths, texts)
            expected, reason = outcome(of_botocore, paths, name)
            if found == expected:
                break
            if row := difference(expected, reason, found, message):
                assert f"| {row} |" in README
                break
        else:
            raise AssertionError(
                f"{name}: {expected} {reason}, but awsexec {found} {message}"
            )


def _write(paths: tuple[str, str], texts: Sequence[str]) -> None:
    for path, text in zip(paths, texts, strict=True):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)


# what the two grammars share; the rows of the table are in profiles/test_differences
_NAME = st.sampled_from(["a", "b", "Cd", "Ünï", "x-y_z", "w0"])
_HEADER = st.sampled_from(
    ["[default]", "[profile a]", "[profile b]", '[profile "two words"]']
    + ["[profile  c]", "[c]", "[services s]", "[sso-session s]", "[profile a b]"]
)
_VALUE = st.text("ab=é \t[]'\"%$\\", max_size=8).map(str.strip)
_SETTING = st.tuples(_NAME, st.sampled_from(["=", " = ", "\t=  "]), _VALUE).map("".join)
_INDENT = st.sampled_from(["", "", "", " ", "  ", "\t", "    "])
_LINE = st.one_of(
    _HEADER,
    st.tuples(_INDENT, _SETTING).map("".join),
    st.tuples(_INDENT, _SETTING).map("".join),
    st.tuples(_INDENT, st.sampled_from(["", "# a = b", "; a = b", "text"])).map(
        "".join
    ),
)
_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])


@given(st.lists(st.tuples(_LINE, _END).map("".join), max_size=15).map("".join))
@examples(600)
def test_grammar(paths, text):
    text = f"[profile first]\n{text}"
    path = paths[0]
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    try:
        loaded = botocore.configloader.load_config(path)
    except botocore.exceptions.ConfigParseError:
        # what stands twice is no error here, and nothing else may be none
        try:
            files.read(path, files.CONFIG)
        except AwsexecError:
            pass
        return
    parsed = files.read(path, files.CONFIG)
    for group, theirs in (
        (parsed.profiles, loaded["profiles"]),
        (parsed.services, loaded["services"]),
        (parsed.sso_sessions, loaded["sso_sessions"]),
    ):
        ours = {
            name: {
                setting.name: {
                    key: inner.value for key, inner in setting.nested.items()
                }
                or _lines(setting.value)
                for setting in section.settings.values()
            }
            for name, section in group.items()
        }
        assert ours == {
            name: {
                key: (
                    {inner.lower(): text for inner, text in value.items()}
                    if isinstance(value, dict)
                    else _lines(value)
                )
                for key, value in section.items()
            }
            for name, section in theirs.items()
        }


def _lines(value: str) -> list[str]:
    # botocore keeps the blank lines in a continued value
    return [line.strip() for line in value.split("\n") if line.strip()]
