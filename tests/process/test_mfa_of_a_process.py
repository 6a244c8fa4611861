"""One MFA code for all roles of a user's keys that a credential_process gives.

Only what the process prints says whether these are a user's keys: keys without a session
token.
"""

import json

import pytest

from tests.process.test_serve import Served
from tests.sources import printed
from tests.support import ADMIN, AWSEXEC, CODES, KEY_ID, READER, SERIAL, WRITER, entries

pytestmark = pytest.mark.both_ways

MFA = f"mfa_serial = {SERIAL}\n"
ONE_CODE = ["GetSessionToken", "AssumeRole reader", "AssumeRole writer"]


def role(name, arn, source="keys"):
    return f"[profile {name}]\nrole_arn = {arn}\nsource_profile = {source}\n"


@pytest.fixture
def sts(sts):
    for name in ("reader", "writer"):
        sts.add_role(name, mfa=True, longest=43_200)
    return sts


@pytest.fixture
def tool(home, sts):
    """Two roles of what the process gives, which counts its runs in `home/runs`."""
    text = f"#!/bin/sh\necho run >> {home.path}/runs\ncat {home.path}/answer\n"
    script = home.script("tool", text)
    (home.path / "answer").write_text(printed())
    home.write_config(
        f"[profile keys]\ncredential_process = {script}\n",
        role("reader", READER),
        MFA,
        role("writer", WRITER),
        MFA,
    )
    return home


def runs(home):
    path = home.path / "runs"
    return len(path.read_text().split()) if path.exists() else 0


def test_one_code_for_several_roles(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("writer", "--no-prompt")
    assert sts.operations == ONE_CODE
    session = sts.calls[0].parameters
    assert session["SerialNumber"] == SERIAL and session["TokenCode"] == CODES[0]
    assert [call.key_id[:4] for call in sts.calls] == ["AKIA", "ASIA", "ASIA"]
    assert not any("TokenCode" in call.parameters for call in sts.calls[1:])
    # both are cached
    run_awsexec.child("reader", "--no-prompt")
    run_awsexec.child("writer", "--no-prompt")
    assert sts.operations == ONE_CODE
    # the keys are not
    assert not any(
        KEY_ID in entry.variables.values() for entry in entries(tool).values()
    )


def test_where_the_code_was_used_does_not_matter(run_awsexec, tool, sts):
    """Not the surroundings decide whose keys these are, but the keys."""
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("writer", "--no-prompt", env={"ELSEWHERE": "1"})
    assert sts.operations == ONE_CODE


def test_same_code_as_for_keys_in_a_file(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("writer", "--source-profile", "alice", "--no-prompt")
    assert sts.operations == ONE_CODE


def test_other_keys_need_a_code_of_their_own(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    bob = sts.add_user("bob", "AKIAI44QH8DHBEXAMPLE", "EXAMPLEBOBSECRET")
    answer = printed(AccessKeyId=bob.key_id, SecretAccessKey=bob.secret)
    (tool.path / "answer").write_text(answer)
    error = run_awsexec("writer", "--no-prompt", "true").error()
    assert error.startswith("profile 'writer' needs an MFA code")
    assert sts.operations == ONE_CODE[:2]


def test_session_of_a_process_takes_the_code_itself(run_awsexec, tool, sts):
    """A session token cannot open an MFA session."""
    sts.add_role("plain")
    (tool.path / "answer").write_text(printed(sts.session_of("plain")))
    run_awsexec("reader", "--mfa-token", CODES[0], "true")
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]


def test_role_for_longer_than_an_hour_takes_the_code_itself(run_awsexec, tool, sts):
    words = ("reader", "--duration", "2h")
    run_awsexec.child(*words, "--mfa-token", CODES[0])
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].key_id == KEY_ID
    run_awsexec.child(*words, "--no-prompt")
    assert sts.operations == ["AssumeRole reader"]


def test_one_code_for_a_chain(run_awsexec, tool, sts):
    sts.add_role("admin", trusts=[READER])
    with open(tool.path / ".aws/config", "a") as stream:
        stream.write(role("admin", ADMIN, "reader"))
    run_awsexec.child("admin", "--mfa-token", CODES[0])
    run_awsexec.child("writer", "--no-prompt")
    assert sts.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole admin",
        "AssumeRole writer",
    ]


def test_without_a_cache(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--no-cache", "--mfa-token", CODES[0])
    assert sts.operations == ONE_CODE[:2]
    assert runs(tool) == 1
    assert not tool.cache.exists()


def test_the_process_is_not_run_again_in_one_run(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    assert runs(tool) == 1


def test_refresh(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("reader", "--no-prompt", "--refresh")
    assert sts.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole reader",
    ]


def test_export_for_an_sdk(run_awsexec, tool, sts):
    words = ("--export", "process")
    run_awsexec(*words, "--mfa-token", CODES[0], "reader")
    document = json.loads(run_awsexec(*words, "writer").stdout)
    assert "writer" in sts.credentials_of(document["AccessKeyId"]).identity
    assert sts.operations == ONE_CODE


def test_awsexec_that_gives_keys(run_awsexec, tool, sts):
    """Through another awsexec they are a user's keys too."""
    with open(tool.path / ".aws/config", "a") as stream:
        stream.write(
            f"[profile nested]\ncredential_process = {AWSEXEC} --export process alice\n"
        )
    words = ("--source-profile", "nested")
    run_awsexec.child("reader", *words, "--mfa-token", CODES[0])
    run_awsexec.child("writer", *words, "--no-prompt")
    assert sts.operations == ONE_CODE


def test_serve(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    with Served(run_awsexec, "--no-prompt", "writer") as served:
        status, document = served.ask()
    assert status == 200 and document["AccessKeyId"].startswith("ASIA")
    assert sts.operations == ONE_CODE


@pytest.mark.parametrize("guard", ["", "expected_account = 123456789012\n"])
def test_list_and_explain_show_what_is_cached(run_awsexec, tool, sts, guard):
    """Nobody knows yet whose keys the process gives: the device tells that."""
    text = tool.config.read_text()
    tool.write_config(text.replace("[profile reader]", f"{guard}[profile reader]"))
    run_awsexec.child("reader", "--mfa-token", CODES[0])

    def seen(*words):
        rows = json.loads(run_awsexec("--list", "--json", *words).stdout)
        facts = json.loads(run_awsexec("--explain", "--json", *words, "reader").stdout)
        other = facts["if_user_keys"]
        return (
            [row["profile"] for row in rows if row["expires"]],
            [bool(step["cached_until"]) for step in other["chain"]],
            [call["call"] for call in other["calls"]],
        )

    both = ["GetSessionToken", "AssumeRole"]
    assert seen() == (["reader"], [True, True], [])
    assert seen("--refresh") == (["reader"], [True, True], ["AssumeRole"])
    assert seen("--no-cache") == ([], [False, False], both)
    assert "  calls nothing more, and asks for nothing" in (
        run_awsexec("--explain", "reader").stdout
    )
    # of writer's session is known that it needs no code
    facts = json.loads(run_awsexec("--explain", "--json", "writer").stdout)
    assert [call["prompt"] for call in facts["if_user_keys"]["calls"]] == [None]
    run_awsexec("--forget", "writer")
    assert seen() == (["reader"], [False, True], [])
    assert runs(tool) == 1


def test_forget_the_session_that_another_role_got(run_awsexec, tool, sts):
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    result = run_awsexec("--forget", "writer")
    assert result.stderr == "awsexec: deleted 1 cached session of profile 'writer'\n"
    error = run_awsexec("writer", "--no-prompt", "true").error()
    assert error.startswith("profile 'writer' needs an MFA code")
    assert runs(tool) == 2
    # the role of reader is cached, and its own
    run_awsexec.child("reader", "--no-prompt")
    assert sts.operations == ONE_CODE[:2]


def test_explain_says_both(run_awsexec, tool, sts):
    lines = run_awsexec("--explain", "reader").stdout.splitlines()
    start = lines.index("the next run")
    assert lines[start + 1 : start + 6] == [
        "  calls credential_process",
        f"  calls AssumeRole, and asks for an MFA code of {SERIAL}",
        "  or, if the command gives a user's keys",
        f"  calls GetSessionToken, and asks for an MFA code of {SERIAL}",
        "  calls AssumeRole",
    ]
    facts = json.loads(run_awsexec("--explain", "--json", "reader").stdout)
    other = facts["if_user_keys"]
    assert [step["step"] for step in other["chain"]] == [
        "GetSessionToken",
        "AssumeRole",
    ]
    assert [call["prompt"] for call in other["calls"]] == [SERIAL, None]
    assert (sts.calls, runs(tool)) == ([], 0)


def test_explain_of_a_long_role_says_one(run_awsexec, tool):
    text = run_awsexec("--explain", "--duration", "2h", "reader").stdout
    assert "user's keys" not in text
