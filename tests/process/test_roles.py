"""From the config files to the calls: which role, assumed by whom and how."""

import getpass
import json
import re
import socket

import pytest

from tests.servers.sts import role_arn
from tests.support import (
    ADMIN,
    ALICE,
    KEY_ID,
    READER,
    READER_CONFIG,
    WRITER,
)

CHAIN_CONFIG = f"""
[profile writer]
role_arn = {WRITER}
source_profile = reader
[profile admin]
role_arn = {ADMIN}
source_profile = writer
"""


@pytest.mark.parametrize("words", [("default",), ()])
def test_default_as_role_with_empty_token_of_its_source(run_awsexec, home, sts, words):
    home.write_credentials(
        ALICE,
        "aws_session_token =\n",
        f"[default]\nrole_arn = {READER}\nsource_profile = alice\n",
    )
    env = {} if words else {"AWS_PROFILE": "default"}
    child = run_awsexec.child(*words, env=env)
    assert child["AWSEXEC_PROFILE"] == "default"
    assert (sts.calls[0].key_id, sts.calls[0].token) == (KEY_ID, None)
    assert sts.operations == ["AssumeRole reader"]


def test_chain_of_three_roles(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, CHAIN_CONFIG)
    # each role lets in nobody but the one before it
    alice = "arn:aws:iam::123456789012:user/alice"
    for name, trusted in (("reader", alice), ("writer", READER), ("admin", WRITER)):
        sts.add_role(name, trusts=[trusted])
    child = run_awsexec.child("admin")
    assert child["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000003"
    assert sts.operations == [f"AssumeRole {n}" for n in ("reader", "writer", "admin")]
    assert [call.key_id for call in sts.calls] == [
        KEY_ID,
        "ASIAEXAMPLE000000001",
        "ASIAEXAMPLE000000002",
    ]


def test_static_keys_with_token_run_with_it(run_awsexec, home, sts):
    home.write_credentials(ALICE, "aws_session_token = EXAMPLETOKEN==\n")
    assert run_awsexec.child("alice")["AWS_SESSION_TOKEN"] == "EXAMPLETOKEN=="
    assert sts.calls == []


@pytest.mark.parametrize(
    ("setting", "words", "sent"),
    [
        ("external_id = of:profile/1", (), "of:profile/1"),
        ("external_id = of-profile", ("--external-id", "of-option"), "of-option"),
        ("external_id =", (), None),
    ],
)
def test_external_id(run_awsexec, home, sts, setting, words, sent):
    sts.add_role("reader", external_id=sent)
    home.write_config(READER_CONFIG, setting)
    run_awsexec.child("reader", *words)
    assert sts.calls[0].parameters.get("ExternalId") == sent


HOST = re.sub(r"[^A-Za-z0-9_+=,.@-]", "-", socket.gethostname().partition(".")[0])


@pytest.mark.parametrize(
    ("setting", "words", "sent"),
    [
        ("", (), getpass.getuser()),
        ("role_session_name = of-profile", (), "of-profile"),
        (
            "role_session_name = of-profile",
            ("--session-name", "of-option"),
            "of-option",
        ),
        ("", ("--session-name={user}@{host}",), f"{getpass.getuser()}@{HOST}"),
        ("", ("--session-name={profile}.x",), "reader.x"),
    ],
)
def test_session_name(run_awsexec, home, sts, setting, words, sent):
    home.write_config(READER_CONFIG, setting)
    run_awsexec.child("reader", *words)
    assert sts.calls[0].parameters["RoleSessionName"] == sent


def test_session_name_with_profile_cleaned(run_awsexec, home, sts):
    home.write_config(READER_CONFIG.replace("reader]", '"my reader/ü"]'))
    run_awsexec.child("my reader/ü", "--session-name", "{profile}")
    assert sts.calls[0].parameters["RoleSessionName"] == "my-reader--"


@pytest.mark.parametrize(
    ("setting", "words", "sent"),
    [
        ("duration_seconds = 1800", (), "1800"),
        ("duration_seconds = 1800", ("--duration", "15m"), "900"),
        ("", ("--duration=12h",), "43200"),
    ],
)
def test_duration(run_awsexec, home, sts, setting, words, sent):
    sts.add_role("reader", longest=43_200)
    home.write_config(READER_CONFIG, setting)
    run_awsexec.child("reader", *words)
    assert sts.calls[0].parameters["DurationSeconds"] == sent


def test_role_that_no_file_knows(run_awsexec, sts):
    child = run_awsexec.child("--role-arn", READER, "--source-profile", "alice")
    assert child["AWSEXEC_PROFILE"] == READER
    assert sts.operations == ["AssumeRole reader"]


def test_role_option_over_a_profile_with_keys(run_awsexec, sts):
    child = run_awsexec.child("alice", "--role-arn", READER)
    assert child["AWSEXEC_PROFILE"] == "alice"
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].key_id == KEY_ID


def test_role_option_over_a_profile_with_a_role(run_awsexec, home, sts):
    # as if the profile had that role_arn: its source stays
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", "--role-arn", role_arn("writer"))
    assert sts.operations == ["AssumeRole writer"]


def test_source_option_over_credential_source(run_awsexec, home, sts):
    home.write_config(
        f"[profile reader]\nrole_arn = {READER}\ncredential_source = Environment\n"
    )
    run_awsexec.child("reader", "--source-profile", "alice")
    assert sts.calls[0].key_id == KEY_ID


def test_profile_of_variable(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    for env in (
        {"AWS_PROFILE": "reader"},
        {"AWS_DEFAULT_PROFILE": "reader"},
        # botocore takes the latter of two
        {"AWS_PROFILE": "reader", "AWS_DEFAULT_PROFILE": "alice"},
    ):
        child = run_awsexec.child(env=env)
        assert child["AWSEXEC_PROFILE"] == "reader"
        assert not {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} & child.keys()
        facts = json.loads(run_awsexec("--explain", "--json", env=env).stdout)
        assert (facts["profile"], facts["environment"].keys() & env.keys()) == (
            "reader",
            env.keys(),
        )
        who = json.loads(run_awsexec("--whoami", "--json", env=env).stdout)
        assert who["profile"] == "reader"
    env = {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "reader"}
    assert run_awsexec.child(env=env)["AWSEXEC_PROFILE"] == "reader"


def test_files_named_by_variables(run_awsexec, home, sts):
    home.write_config("[profile reader]\nregion = nowhere-1\n")
    other = home.path / "other files"
    other.mkdir()
    (other / "config").write_text(READER_CONFIG)
    home.credentials.rename(other / "credentials")
    run_awsexec.child(
        "reader",
        env={
            "AWS_CONFIG_FILE": "~/other files/config",
            "AWS_SHARED_CREDENTIALS_FILE": str(other / "credentials"),
        },
    )
    assert sts.operations == ["AssumeRole reader"]
