"""Whatever the input, there is an answer or a message, and never a traceback."""

from __future__ import annotations

import contextlib
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsexec import cli, fastpath
from awsexec.errors import AwsexecError, ConfigError, UsageError
from awsexec.options import arguments
from awsexec.options.table import ACTIONS, OPTIONS
from awsexec.plan.chain import chain_of
from awsexec.plan.endpoint import chosen_region, endpoint_for
from awsexec.plan.inputs import Inputs
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.generated import examples
from tests.generated.worlds import NAMES, worlds
from tests.hostile import ACTED_ON, HOSTILE, is_harmless
from tests.support import READER, SERIAL

pytestmark = pytest.mark.uncounted

PASSWORD = "EXAMPLEPASSWORD"

SETTINGS = (
    "aws_access_key_id aws_secret_access_key aws_session_token ca_bundle "
    "credential_process credential_source duration_seconds ec2_metadata_v1_disabled "
    "ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode endpoint_url "
    "expiration external_id ignore_configured_endpoint_urls imds_use_ipv6 "
    "include_profile login_session "
    "max_attempts metadata_service_num_attempts metadata_service_timeout mfa_process "
    "mfa_serial region retry_mode role_arn role_session_name services session_policy "
    "session_policy_arns sso_registration_scopes "
    "session_read_only session_tags source_identity source_profile sso_account_id "
    "sso_region sso_role_name sso_session sso_start_url sts_regional_endpoints "
    "transitive_session_tags use_dualstack_endpoint use_fips_endpoint "
    "web_identity_token_file"
).split()

_marks = st.sampled_from(
    [*"[]=#;:\n\n\n\r\t \"'\\%\0,", "\ufeff", "\xa0", HOSTILE]
) | st.sampled_from([each for each in ACTED_ON if each < "\ud800"])
_words = st.sampled_from(
    [
        *SETTINGS,
        *NAMES,
        *("profile", "profile ", "sso-session", "services", "DEFAULT", "default"),
        *("true", "false", "legacy", "Environment", "arn:aws:iam::aws:policy/P", "~"),
        *(
            "9" * 5000,
            "9" * 4299 + "d",
            "²",
            "900",
            "-1",
            "/nonexistent",
            "http://x",
            "eu-west-1",
            "k=v,k=w",
            *("' " * 20_000, "#" * 20_000, "]" * 20_000, "  a = b\n" * 2_000),
            *("a=b," * 2_000, "$x" * 20_000, "{" * 20_000, "/dev/zero"),
        ),
        *(READER, SERIAL, HOSTILE, f"http://me:{PASSWORD}@{HOSTILE}"),
    ]
)
texts = st.lists(_marks | _words | st.text(max_size=5), max_size=60).map("".join)
# lines that are settings of profiles, with values of any kind
_values = _words | st.text(max_size=20)
_lines = st.one_of(
    st.sampled_from([f"[profile {name}]" for name in NAMES]),
    st.sampled_from([f"[{name}]" for name in NAMES]),
    st.tuples(st.sampled_from(SETTINGS), _values).map(" = ".join),
    st.tuples(st.sampled_from(SETTINGS), _values).map(" = ".join),
    st.tuples(st.sampled_from(SETTINGS), _values).map("\t {0[0]} = {0[1]}".format),
    st.sampled_from(["[services s]", "[sso-session s]", "sts =", "s3 ="]),
)
configs = st.lists(_lines, max_size=25).map("\n".join)


def _use(parsed: files.AwsFile) -> None:
    for group in (parsed.profiles, parsed.sso_sessions, parsed.services):
        for name, section in group.items():
            assert isinstance(name, str)
            for setting in section.settings.values():
                assert setting.where == f"{parsed.path}:{setting.line}"


@given(
    st.binary(max_size=200) | texts.map(lambda text: text.encode("utf-8", "replace"))
)
@pytest.mark.parametrize("kind", [files.CONFIG, files.CREDENTIALS])
@examples(100, 200)
def test_any_file(tmp_path_factory, kind, data):
    path = tmp_path_factory.getbasetemp() / f"{kind}.fuzz"
    path.write_bytes(data)
    try:
        _use(files.read(str(path), kind))
    except ConfigError:
        pass


@given(
    st.tuples(configs, configs) | worlds().map(lambda world: world.texts()),
    st.dictionaries(
        st.sampled_from(
            [
                *("AWS_REGION", "AWS_ENDPOINT_URL", "AWS_STS_REGIONAL_ENDPOINTS"),
                *("AWS_USE_FIPS_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
                *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCESS_KEY_ID", "HOME"),
            ]
        ),
        _values,
        max_size=3,
    ),
)
@examples(150, 300)
def test_any_profile(pair, environ):
    try:
        profiles = Profiles(
            files.parse(pair[0], "CONFIG", files.CONFIG),
            files.parse(pair[1], "CREDENTIALS", files.CREDENTIALS),
        )
    except ConfigError:
        return
    for name in [*profiles.names(), "nobody"]:
        try:
            profile = profiles.get(name)
            chain = chain_of(profiles, profile, "me", environ)
            key = chain.keys("aws", Inputs())[-1]
            assert key.isascii() and key.isprintable()
            region = chosen_region(environ, None) or profile.get("region")
            endpoint_for(profiles, profile, environ, region, chain.role_arns)
        except AwsexecError as error:
            assert str(error)


@given(
    st.tuples(configs, configs),
    st.sampled_from([*NAMES, None, HOSTILE]),
    st.sampled_from([("--list",), ("--explain",), ("--explain", "--json")]),
    st.dictionaries(st.sampled_from(["AWS_REGION", "AWS_ENDPOINT_URL"]), _values),
)
@examples(100, 200)
def test_any_profile_as_people_see_it(tmp_path_factory, pair, name, words, environ):
    """What reaches the two streams: visible characters, and no password of a URL."""
    folder = tmp_path_factory.getbasetemp() / "seen.fuzz"
    folder.mkdir(exist_ok=True)
    paths = [folder / "config", folder / "credentials"]
    for path, text in zip(paths, pair, strict=True):
        path.write_bytes(text.encode("utf-8", "replace"))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main(
            [*words, *([name] if name else ["p"])],
            {
                "HOME": str(folder),
                "AWS_CONFIG_FILE": str(paths[0]),
                "AWS_SHARED_CREDENTIALS_FILE": str(paths[1]),
                "AWS_EC2_METADATA_DISABLED": "true",
                **environ,
            },
        )
    shown = out.getvalue() + err.getvalue()
    assert status in (0, AwsexecError.status)
    assert is_harmless(shown), ascii(shown)
    # --list shows no URL but in errors, and what is cut to fit says less
    assert PASSWORD not in shown, shown


_options = [flag for option in OPTIONS for flag in option.flags]


@given(
    st.lists(
        st.sampled_from([*_options, "--", "-", "p", "--=", "-qv", "-q-"])
        | st.tuples(st.sampled_from(_options), _values).map("=".join)
        | _values
        | st.text(max_size=5)
        | st.binary(max_size=5).map(os.fsdecode),
        max_size=8,
    )
)
@examples(250, 500)
def test_any_words(words):
    try:
        parsed = arguments.parse(words)
        assert parsed.action in (*ACTIONS, "run")
        for name, value, option in parsed.settings():
            assert name and value and option in _options
    except UsageError:
        pass
    shape = fastpath._parse(words)
    # what the short way takes for COMMAND, the long way does
    if shape is not None:
        assert (parsed.profile, list(parsed.command)) == (shape[0], list(shape[1]))


_entry = st.lists(
    st.sampled_from(["key ", "profile ", "issued ", "expires ", "renew ", "files "])
    | st.sampled_from(["AWS_ACCESS_KEY_ID=", "=", "\n", "\n", "\n", " ", "9" * 5000])
    | st.integers(-(10**20), 10**20).map(str)
    | st.text(max_size=5),
    max_size=30,
).map(lambda parts: "".join(parts).encode("utf-8", "replace"))


def _with_checksum(body: bytes) -> bytes:
    return fastpath.MAGIC + fastpath.digest(body).encode() + b"\n" + body


@given(
    st.one_of(
        st.binary(max_size=100),
        st.binary(max_size=100).map(_with_checksum),
        _entry.map(_with_checksum),
        _entry.map(lambda body: fastpath.MAGIC + body),
    )
)
@examples(250, 500)
def test_any_cache_entry(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "cache.fuzz"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / fastpath.file_name("KEY")
    path.touch(mode=0o600)
    path.write_bytes(data)
    for key in (None, "KEY"):
        try:
            found = (
                fastpath.parse(data, key)
                if key is None
                else fastpath.read(str(folder), key)
            )
        except (OSError, ValueError):
            continue
        assert key is None or found.key == key
        found.is_fresh(0.0)


@given(st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=10)), st.data())
@examples(100, 200)
def test_what_is_written_is_read(variables, data):
    number = st.integers(0, 2**40)
    entry = fastpath.Entry(
        ascii(data.draw(st.text())),
        ascii(data.draw(st.text())),
        data.draw(number),
        data.draw(number),
        variables,
        data.draw(number),
        ascii(data.draw(st.text())),
    )
    try:
        content = fastpath.dump(entry)
    except ValueError:
        assert not all(v.isascii() and v.isprintable() for v in variables.values())
        return
    found = fastpath.parse(content, entry.key)
    for name in fastpath.Entry.__slots__:
        assert getattr(found, name) == getattr(entry, name)
