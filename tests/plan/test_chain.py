"""From a profile to its source and its steps."""

import pytest

from awsexec.errors import ConfigError
from awsexec.plan import source_kinds as sources
from awsexec.plan.calls import MfaSession
from awsexec.plan.chain import chain_of
from awsexec.plan.inputs import Inputs
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import ADMIN, ALICE, READER, READER_CONFIG, SERIAL, WRITER

MFA = f"mfa_serial = {SERIAL}\n"
WRITER_CONFIG = f"[profile writer]\nrole_arn = {WRITER}\nsource_profile = reader\n"
SSO = """\
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
"""
ADMIN_CONFIG = f"[profile admin]\nrole_arn = {ADMIN}\nsource_profile = writer\n"


def keys(chain, endpoint):
    return chain.keys(endpoint, Inputs())


def resolve(name, config, credentials=ALICE, environ=()):
    profiles = Profiles(
        files.parse(config, "CONFIG", files.CONFIG),
        files.parse(credentials, "CREDENTIALS", files.CREDENTIALS),
    )
    return chain_of(profiles, profiles.get(name), "me", dict(environ))


def steps(*arguments, **keywords):
    """Each step in short: a session, or a role with how it is assumed."""
    return [
        (
            f"session {step.duration}"
            if isinstance(step, MfaSession)
            else f"{step.role_arn.rpartition('/')[2]} {step.duration}"
            + (" mfa" if step.mfa_serial else "")
        )
        for step in resolve(*arguments, **keywords).steps
    ]


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        pytest.param("alice", "", [], id="keys"),
        pytest.param("alice", f"[profile alice]\n{MFA}", ["session 43200"], id="mfa"),
        pytest.param(
            "alice",
            f"[profile alice]\n{MFA}duration_seconds = 129600\n",
            ["session 129600"],
            id="mfa for long",
        ),
        pytest.param("reader", READER_CONFIG, ["reader None"], id="role"),
        pytest.param(
            "reader",
            READER_CONFIG + MFA,
            ["session 43200", "reader None"],
            id="role with mfa",
        ),
        pytest.param(
            "reader",
            READER_CONFIG + MFA + "duration_seconds = 3600\n",
            ["session 43200", "reader 3600"],
            id="role with mfa for an hour",
        ),
        pytest.param(
            "reader",
            READER_CONFIG + MFA + "duration_seconds = 3601\n",
            ["reader 3601 mfa"],
            id="role with mfa for longer",
        ),
        pytest.param(
            "writer",
            READER_CONFIG + MFA + "duration_seconds = 3601\n" + WRITER_CONFIG,
            ["reader 3601 mfa", "writer None"],
            id="chain from a long role with mfa",
        ),
        pytest.param(
            "admin",
            READER_CONFIG + MFA + WRITER_CONFIG + MFA + ADMIN_CONFIG + MFA,
            ["session 43200", "reader None", "writer None", "admin None"],
            id="chain with mfa asks once",
        ),
    ],
)
def test_steps(name, config, expected):
    assert steps(name, config) == expected


def test_role_of_a_session_takes_the_code_itself():
    credentials = ALICE + "aws_session_token = t\n"
    assert steps("reader", READER_CONFIG + MFA, credentials) == ["reader None mfa"]


TOKEN = f"role_arn = {WRITER}\nweb_identity_token_file = /t\n"


@pytest.mark.parametrize(
    ("settings", "is_sure"),
    [
        ("credential_source = Ec2InstanceMetadata\n", True),
        ("credential_source = EcsContainer\n", True),
        (SSO, True),
        (TOKEN, True),
        ("credential_source = Environment\n", False),
        ("credential_process = tool\n", False),
        ("login_session = x\n", False),
    ],
)
def test_limits_of_a_role_of_a_session(settings, is_sure):
    source = f"[profile alice]\n{settings}"
    for setting in (MFA, "duration_seconds = 3601\n"):
        config = READER_CONFIG + setting + source
        if is_sure:
            with pytest.raises(ConfigError, match="^CONFIG:5: .* session "):
                resolve("reader", config, "")
        else:
            assert len(resolve("reader", config, "").steps) == 1
    # an hour is what any role lives for, and no device is none to present
    config = READER_CONFIG + "duration_seconds = 3600\n" + source
    assert len(resolve("reader", config, "").steps) == 1


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ("credential_process = tool", "process"),
        (SSO, "sso"),
        ("web_identity_token_file = /t\nrole_arn = " + READER, "web identity"),
        ("login_session = x", "login"),
        ("credential_source = Environment", "environment"),
        ("credential_source = Ec2InstanceMetadata", "ec2"),
        ("credential_source = EcsContainer", "container"),
    ],
)
def test_source_that_botocore_resolves(settings, kind):
    chain = resolve("p", f"[profile p]\n{settings}\n")
    assert (chain.source.kind.label, chain.steps) == (kind, ())
    assert chain.source.label == f"profile 'p' ({kind}, CONFIG:2)"
    assert not chain.source.is_user_keys


@pytest.mark.parametrize("named", sources.CREDENTIAL_SOURCES)
def test_named_source(named):
    config = f"[profile p]\nrole_arn = {READER}\ncredential_source = {named}\n"
    chain = resolve("p", config)
    assert chain.source.kind is sources.CREDENTIAL_SOURCES[named]
    assert [step.role_arn for step in chain.steps] == [READER]


@pytest.mark.parametrize(
    ("credentials", "config", "kind"),
    [
        # as botocore looks: the credentials file's keys, a process, the config file's
        ("[p]\n{keys}", "credential_process = tool\n", "keys"),
        ("", "credential_process = tool\n{keys}", "process"),
        ("[p]\n{keys}", SSO, "sso"),
    ],
)
def test_source_that_is_several(credentials, config, kind):
    keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s\n"
    chain = resolve(
        "p", "[profile p]\n" + config.format(keys=keys), credentials.format(keys=keys)
    )
    assert chain.source.kind.label == kind


def test_roles_in_the_order_of_the_calls():
    assert resolve("alice", "").role_arns == []
    token = f"[profile reader]\nrole_arn = {READER}\nweb_identity_token_file = /t\n"
    for config in (READER_CONFIG, token):
        arns = resolve("writer", config + WRITER_CONFIG).role_arns
        assert [(arn.value, arn.where) for arn in arns] == [
            (READER, f"CONFIG:{config.split(READER)[0].count(chr(10)) + 1}"),
            (WRITER, f"CONFIG:{config.count(chr(10)) + 2}"),
        ]


BASE = READER_CONFIG + MFA


@pytest.mark.parametrize(
    ("config", "credentials", "same"),
    [
        (BASE, ALICE, True),
        (BASE + "region = eu-west-1\n", ALICE, True),
        (BASE + "[profile other]\n", ALICE + "[other]\n", True),
        (BASE.replace("e reader", "e twin"), ALICE, True),
        (BASE, ALICE.replace("EXAMPLEKEY", "ROTATED"), True),
        (BASE.replace(READER, WRITER), ALICE, False),
        (BASE + "external_id = x1\n", ALICE, False),
        (BASE + "role_session_name = you\n", ALICE, False),
        (BASE + "duration_seconds = 900\n", ALICE, False),
        (BASE + "source_identity = me\n", ALICE, False),
        (BASE + "session_tags = a=b\n", ALICE, False),
        (BASE + "session_read_only = true\n", ALICE, False),
        (BASE + "session_policy_arns = arn:aws:iam::aws:policy/P\n", ALICE, False),
        (BASE.replace("mfa/alice", "mfa/bob"), ALICE, False),
        (BASE, ALICE.replace("AKIAIOS", "AKIAOTHER"), False),
    ],
)
def test_key_holds_every_input_and_nothing_else(config, credentials, same):
    base = resolve("reader", BASE)
    name = "twin" if "twin" in config else "reader"
    other = resolve(name, config, credentials)
    assert (keys(base, "aws")[2] == keys(other, "aws")[2]) == same


def test_key_of_other_endpoints_lengths_and_environments():
    chain = resolve("reader", BASE)
    found = {*keys(chain, "aws")[1:], keys(chain, "http://x")[2]}
    named = f"[profile p]\nrole_arn = {READER}\ncredential_source = Environment\n"
    for key_id in ("AKIAEXAMPLE1", "AKIAEXAMPLE2"):
        environ = {"AWS_ACCESS_KEY_ID": key_id}
        found.add(keys(resolve("p", named, environ=environ), "aws")[1])
    assert len(found) == 5
    assert all(key.isascii() and key.isprintable() for key in found)
