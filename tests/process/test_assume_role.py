"""All that AssumeRole takes, from settings and options to the request."""

import json

import pytest

from tests.support import (
    ALICE,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SERIAL,
    WRITER,
    entries,
    is_fast,
)

OWN = "arn:aws:iam::123456789012:policy/"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = '{"Version":"2012-10-17","Statement":[]}'
EVERYTHING = f"""\
role_session_name = named
external_id = ext-1
duration_seconds = 1800
source_identity = alice@example.com
session_tags = team=blue, cost center=4711
transitive_session_tags = team
session_policy = policies/p.json
session_policy_arns = {OWN}b {OWN}a
"""
SENT = {
    "RoleArn": READER,
    "RoleSessionName": "named",
    "ExternalId": "ext-1",
    "DurationSeconds": "1800",
    "SourceIdentity": "alice@example.com",
    "Tags.member.1.Key": "cost center",
    "Tags.member.1.Value": "4711",
    "Tags.member.2.Key": "team",
    "Tags.member.2.Value": "blue",
    "TransitiveTagKeys.member.1": "team",
    "Policy": POLICY,
    "PolicyArns.member.1.arn": f"{OWN}a",
    "PolicyArns.member.2.arn": f"{OWN}b",
}


@pytest.fixture
def policy(home):
    """A file with white space, beside the config file."""
    path = home.config.parent / "policies" / "p.json"
    path.parent.mkdir()
    path.write_text(json.dumps(json.loads(POLICY), indent=2))
    return path


def test_everything_as_settings(run_awsexec, home, sts, policy):
    home.write_config(READER_CONFIG, EVERYTHING)
    child = run_awsexec.child("reader")
    (call,) = sts.calls
    assert (call.operation, call.parameters) == ("AssumeRole", SENT)
    assert (call.key_id, call.token) == (KEY_ID, None)
    assert child["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000001"
    # the session is kept for these inputs
    run_awsexec.child("reader")
    assert len(sts.calls) == 1
    # the short way does not look at the policy's file, so it is not taken
    assert not is_fast(run_awsexec, "reader", "true")
    policy.write_text(POLICY.replace("2012-10-17", "2008-10-17"))
    run_awsexec.child("reader")
    assert sts.calls[1].parameters["Policy"] != POLICY


def test_everything_as_options(run_awsexec, home, sts, policy):
    home.write_config(READER_CONFIG, EVERYTHING.replace("alice@", "other@"))
    words = [
        *("--session-name", "of-option", "--external-id=ext-2", "--duration=15m"),
        *("--source-identity", "bob", "--session-tag", "a=1", "--session-tag=b="),
        *("--transitive-tag", "b", "--policy", f"{policy}", "--policy-arn", f"{OWN}c"),
    ]
    run_awsexec.child(*words, "reader")
    assert sts.calls[0].parameters == {
        "RoleArn": READER,
        "RoleSessionName": "of-option",
        "ExternalId": "ext-2",
        "DurationSeconds": "900",
        "SourceIdentity": "bob",
        "Tags.member.1.Key": "a",
        "Tags.member.1.Value": "1",
        "Tags.member.2.Key": "b",
        "Tags.member.2.Value": "",
        "TransitiveTagKeys.member.1": "b",
        "Policy": POLICY,
        "PolicyArns.member.1.arn": f"{OWN}c",
    }
    # no run by the profile's name alone may take what these options made
    run_awsexec.child("reader")
    assert sts.calls[1].parameters == {**SENT, "SourceIdentity": "other@example.com"}


@pytest.mark.parametrize(
    "words",
    [
        ["--read-only"],
        ["--policy-arn", f"{OWN}a"],
        ["--session-tag", "a=1"],
        ["--source-identity", "bob"],
        ["--external-id", "ext"],
    ],
    ids=lambda words: words[0],
)
def test_each_option_is_another_session(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    assert is_fast(run_awsexec, "reader", "true")
    for expected in (2, 2):
        child = run_awsexec.child("reader", *words)
        assert child["AWS_ACCESS_KEY_ID"] == f"ASIAEXAMPLE{expected:09}"
    assert run_awsexec.child("reader")["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000001"
    assert len(sts.calls) == 2
    # two sessions, and the run by name
    assert len(entries(home)) == 3


def test_tags_a_line_each(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        "session_tags =\n    Team = blue\n    cost = 1 # of 2026\n"
        "transitive_session_tags = Team\n",
    )
    run_awsexec.child("reader")
    sent = sts.calls[0].parameters
    assert {k: v for k, v in sent.items() if "Tag" in k} == {
        "Tags.member.1.Key": "Team",
        "Tags.member.1.Value": "blue",
        "Tags.member.2.Key": "cost",
        "Tags.member.2.Value": "1",
        "TransitiveTagKeys.member.1": "Team",
    }
    shown = run_awsexec("--explain", "reader").stdout
    assert "  session_tags = Team = blue, cost = 1" in shown


def test_read_only(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", "--read-only")
    assert sts.calls[0].parameters["PolicyArns.member.1.arn"] == READ_ONLY


def test_settings_belong_to_their_own_hop(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        "external_id = first\nsession_tags = hop=1\nmfa_serial = " + SERIAL + "\n"
        f"[profile writer]\nrole_arn = {WRITER}\nsource_profile = reader\n"
        "source_identity = second\nsession_read_only = true\n",
    )
    run_awsexec.child("writer", "--mfa-token", CODES[0])
    assert sts.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole writer",
    ]
    session, first, second = sts.calls
    assert session.parameters.keys() == {"SerialNumber", "TokenCode", "DurationSeconds"}
    assert [call.key_id[-1] for call in sts.calls] == [KEY_ID[-1], "1", "2"]
    assert (first.parameters["ExternalId"], "SourceIdentity" in first.parameters) == (
        "first",
        False,
    )
    names = second.parameters.keys() - {"RoleArn", "RoleSessionName"}
    assert names == {"SourceIdentity", "PolicyArns.member.1.arn"}


FOR_A_ROLE = [
    ("--session-tag", "a=1"),
    ("--transitive-tag", "a"),
    ("--source-identity", "bob"),
    ("--policy", "p.json"),
    ("--policy-arn", READ_ONLY),
    ("--read-only",),
    ("--external-id", "ext"),
    ("--session-name", "me"),
]


@pytest.mark.parametrize("words", FOR_A_ROLE, ids=lambda words: words[0])
def test_option_for_a_role_without_one(run_awsexec, words):
    assert run_awsexec("alice", *words, "--", "true").error() == (
        f"{words[0]} would do nothing: profile alice has no role; add --role-arn; see "
        "awsexec --help"
    )


def test_option_for_a_role_that_a_token_assumes(run_awsexec, home):
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = /none\n"
    )
    assert run_awsexec("p", "--read-only", "--", "true").error() == (
        "--read-only would do nothing: profile p assumes its role with a web identity "
        "token; leave the option out; see awsexec --help"
    )


OWN_SETTINGS = {
    "session_read_only": "true",
    "session_policy": "p.json",
    "session_policy_arns": READ_ONLY,
    "session_tags": "a=1",
    "transitive_session_tags": "a",
    "source_identity": "bob",
}


@pytest.mark.parametrize("setting", [*OWN_SETTINGS, "session_tags in lines"])
@pytest.mark.parametrize("kind", ["keys", "token", "token of a source"])
def test_setting_for_a_role_that_no_call_assumes(run_awsexec, home, sts, kind, setting):
    name, _, lines = setting.partition(" ")
    value = "\n  a = 1" if lines else OWN_SETTINGS[name]
    role = f"role_arn = {READER}\nweb_identity_token_file = /none\n"
    home.write_config(
        "[profile alice]\nregion = eu-west-1\n",
        f"{name} = {value}\n" if kind == "keys" else "output = json\n",
        f"[profile p]\n{name} = {value}\n{role}",
        f"[profile next]\nrole_arn = {WRITER}\nsource_profile = p\n",
    )
    selected, line, why = {
        "keys": (
            "alice",
            3,
            "profile alice has no role; add role_arn, or remove it",
        ),
        "token": (
            "p",
            5,
            "profile p assumes its role with a web identity token; remove the setting",
        ),
    }[kind.partition(" ")[0]]
    if kind.startswith("token") and name == "session_read_only":
        # the files know another way to the account
        why += ", or use profile next of this account, which can be limited"
    words = ("next",) if kind == "token of a source" else (selected,)
    assert run_awsexec(*words, "--", "true").error() == (
        f"{home.config}:{line}: {name} would do nothing: {why}"
    )
    assert sts.calls == []


def test_setting_that_limits_nothing_is_no_error(run_awsexec, home, sts):
    home.write_config("[profile alice]\nsession_read_only = false\nsession_tags =\n")
    run_awsexec.child("alice")
    # nor are those of the SDKs, which mean nothing to them here
    home.write_config("[profile alice]\nexternal_id = x1\nduration_seconds = 7200\n")
    run_awsexec.child("alice")


def test_settings_of_a_source_are_for_its_own_role(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "session_tags = a=1\n")
    home.write_credentials(
        ALICE,
        f"role_arn = {WRITER}\nsource_profile = alice\nsession_read_only = true\n",
    )
    run_awsexec.child("reader")
    (call,) = sts.calls
    assert (call.key_id, call.parameters["RoleArn"]) == (KEY_ID, READER)
    assert "PolicyArns.member.1.arn" not in call.parameters


@pytest.mark.parametrize("words", [("--duration", "1h"), ("--mfa-serial", SERIAL)])
def test_option_for_a_session_where_none_is_opened(run_awsexec, home, words):
    home.write_credentials(ALICE, "aws_session_token = EXAMPLESESSION\n")
    assert run_awsexec("alice", *words, "--", "true").error() == (
        f"{words[0]} would do nothing: the credentials of profile alice are used as they "
        "are, and awsexec opens no session; see awsexec --help"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--session-tag", "a*=1"],
            "--session-tag: AWS does not accept the tag key a*; use 1 to",
        ),
        (
            ["--session-tag", "team=a,admin=yes"],
            "--session-tag: AWS does not accept the value of the tag team; use at most",
        ),
        (
            ["--session-tag", "team=a\nadmin=yes"],
            "--session-tag: AWS does not accept the value of the tag team; use at most",
        ),
        (
            ["--session-tag", "a=1", "--session-tag=b=1", "--transitive-tag", "a,b"],
            "--transitive-tag: AWS does not accept the tag key a,b; use 1 to",
        ),
        (
            ["--policy-arn", f"{OWN}a {OWN}b"],
            f"--policy-arn: {OWN}a {OWN}b is not a policy ARN; write",
        ),
        (
            ["--policy-arn", READ_ONLY, "--read-only"],
            "--read-only: the session would not be read-only, because AWS adds up "
            "session_read_only and session_policy_arns (--policy-arn); use one of them",
        ),
        (
            ["--policy", "none.json"],
            "--policy: cannot use the policy none.json: No such",
        ),
        (
            ["--source-identity", "a b"],
            "--source-identity: a b is not a source identity",
        ),
    ],
)
def test_limits_are_checked_before_the_call(run_awsexec, home, sts, words, message):
    home.write_config(READER_CONFIG)
    assert run_awsexec("reader", *words, "--", "true").error().startswith(message)
    assert sts.calls == []
