"""Accounts and roles of IAM Identity Center that no file has a profile for."""

import dataclasses
import json
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from awsexec.credentials.keys.index import IndexFile
from awsexec.profiles import files
from awsexec.profiles.key_index import KeptKey
from tests.servers.identity_center import START_URL
from tests.sources import GET, LEGACY, instead, keys, of, write_token
from tests.support import AWSEXEC, KEY_ID, READER, entries, fast_path_is_on, is_fast

CORP = f"""
[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-west-1
"""
LIST, ROLES, LOGOUT = (
    "GET /assignment/accounts",
    "GET /assignment/roles",
    "POST /logout",
)
PROD, TEST = "123456789012", "111122223333"
AWS = Path(sys.executable).parent.parent / "awscli" / "bin" / "aws"
HOSTILE = "$(touch x) `y` ; ' \" : /"


@pytest.fixture
def corp(home, portal, sts):
    """A session with a sign-in, and two accounts; a role gives a session of its name."""
    home.write_config(CORP)
    write_token(home)
    assign(portal, sts, PROD, "Prod", "Admin", "ReadOnly")
    assign(portal, sts, TEST, "Test", "Admin")
    return portal


def assign(portal, sts, account, name, *roles):
    portal.assignments[account] = (name, list(roles))
    for role in roles:
        sts.add_role(f"{account}-{role}")
        portal.roles[account, role] = sts.session_of(f"{account}-{role}")


def test_each_role_of_a_pattern(run_awsexec, corp):
    """A dry run asks for a list that is not there, and for nothing else."""
    words = ["--each", "corp/*/Admin", "--jobs", "1"]
    dry = run_awsexec(*words, "--dry-run", "--", "true")
    assert [line.split() for line in dry.stdout.splitlines()[1:]] == [
        ["corp/Prod/Admin", PROD, "Admin"],
        ["corp/Test/Admin", TEST, "Admin"],
    ]
    assert sorted(corp.asked) == sorted([LIST, ROLES, ROLES])
    assert run_awsexec(*words, "--dry-run", "--", "true") == dry
    assert len(corp.asked) == 3
    result = run_awsexec(*words, "--", "sh", "-c", "echo $AWSEXEC_ACCOUNT")
    assert result.stdout.splitlines() == [
        f"corp/Prod/Admin │ {PROD}",
        f"corp/Test/Admin │ {TEST}",
    ]
    assert corp.asked[3:] == [GET, GET]
    # * does not fit a /
    assert (
        run_awsexec("--each", "*", "--", "true").error().startswith("left out alice: ")
    )


@pytest.mark.both_ways
def test_run_by_name(run_awsexec, corp):
    child = run_awsexec.child("corp/Prod/ReadOnly")
    assert keys(child) == of(corp.roles[PROD, "ReadOnly"])
    assert child["AWSEXEC_PROFILE"] == "corp/Prod/ReadOnly"
    assert sorted(corp.asked) == sorted([LIST, ROLES, ROLES, GET])
    # the next runs call nobody, for another role of the list only for its credentials
    assert keys(run_awsexec.child("corp/Prod/ReadOnly")) == keys(child)
    assert len(corp.asked) == 4
    other = run_awsexec.child("corp/Test/Admin")
    assert keys(other) == of(corp.roles[TEST, "Admin"])
    assert corp.asked[4:] == [GET]
    time.sleep(0.03)
    run_awsexec.child("corp/Prod/ReadOnly")
    assert is_fast(run_awsexec, "corp/Prod/ReadOnly", "true") == fast_path_is_on(
        run_awsexec
    )


@pytest.mark.parametrize("words", [["--list"], ["--", "true"], ["nosuch", "true"]])
@pytest.mark.parametrize("metadata", ["off", "silent"])
def test_a_session_and_no_profile(run_awsexec, home, corp, dead_port, words, metadata):
    """A role needs no profile, so that is an advice too."""
    home.credentials.unlink()
    env = {"AWS_EC2_METADATA_DISABLED": "true"}
    if metadata == "silent":
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{dead_port}"}
        env |= {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1"}
    said = run_awsexec(*words, env=env).stderr
    assert said.endswith(
        "; to use a role of the sso-session corp without one: awsexec --accounts corp\n"
    )
    home.write_config("")
    assert run_awsexec(*words, env=env).stderr.endswith("#five-minutes\n")


@pytest.mark.parametrize(
    ("name", "what", "advice"),
    [
        (
            "corp/Prdo/ReadOnly",
            *("corp has no account Prdo for you", "did you mean corp/Prod/ReadOnly?"),
        ),
        (
            "corp/Else/ReadOnly",
            "corp has no account Else",
            "awsexec --accounts corp, or",
        ),
        (
            "crop/Prod/ReadOnly",
            *("no profile 'crop/Prod/ReadOnly'", "did you mean corp/Prod/ReadOnly?"),
        ),
        (
            "corp/Prod/ReadOnyl",
            "refused role ReadOnyl in account 123456789012: No access",
            "did you mean corp/Prod/ReadOnly? awsexec --accounts corp lists your roles",
        ),
        (
            f"corp/{PROD}/Else",
            *("refused role Else", "; awsexec --accounts corp lists your roles"),
        ),
    ],
)
def test_misspelt_name(run_awsexec, corp, name, what, advice):
    error = run_awsexec(name, "true").error()
    assert what in error and advice in error and "sso_role_name" not in error


@pytest.mark.both_ways
def test_run_by_id_needs_no_list(run_awsexec, corp):
    child = run_awsexec.child(f"corp/{TEST}/Admin")
    assert keys(child) == of(corp.roles[TEST, "Admin"])
    assert corp.asked == [GET]


def test_every_action_takes_it(run_awsexec, corp, sts):
    name = "corp/Prod/Admin"
    assert f"assumed-role/{PROD}-Admin/" in run_awsexec("--whoami", name).stdout
    document = json.loads(run_awsexec("--export", "process", name).stdout)
    assert document["AccessKeyId"] == corp.roles[PROD, "Admin"].key_id
    explained = json.loads(run_awsexec("--explain", "--json", name).stdout)
    assert explained["profile"] == name
    served = run_awsexec("--serve", name, "--", "env").stdout
    assert f"AWSEXEC_PROFILE={name}" in served
    assert run_awsexec("--forget", name).status == 0


def test_directory_that_names_it(run_awsexec, corp, home):
    path = home.path / "src" / ".awsexec"
    path.parent.mkdir()
    path.write_text("corp/Prod/ReadOnly\n")
    run_awsexec.folder = path.parent
    # --trust does not ask for the list
    result = run_awsexec("--trust")
    assert result.stderr.endswith(
        "profile 'corp/Prod/ReadOnly', for its directory and those below\n"
    )
    assert (result.stderr.count("\n"), corp.asked) == (1, [])
    assert keys(run_awsexec.child()) == of(corp.roles[PROD, "ReadOnly"])
    assert (
        "(role ReadOnly, account 123456789012), for " in run_awsexec("--trust").stderr
    )
    path.write_text("corp/Nowhere/ReadOnly\n")
    run_awsexec("--trust")
    assert (
        run_awsexec("--", "true").error().startswith(f"{path}: corp/Nowhere/ReadOnly: ")
    )


def test_role_assumed_from_it(run_awsexec, corp, sts):
    words = ["--role-arn", READER, "--source-profile", "corp/Prod/Admin", "--", "true"]
    assert run_awsexec(*words).status == 0
    assert sts.operations == ["AssumeRole reader"]


@pytest.mark.both_ways
def test_names_that_swap_accounts(run_awsexec, corp):
    run_awsexec.child("corp/Prod/Admin")
    time.sleep(0.03)
    run_awsexec.child("corp/Prod/Admin")
    corp.assignments = {
        PROD: ("Test", corp.assignments[PROD][1]),
        TEST: ("Prod", corp.assignments[TEST][1]),
    }
    run_awsexec("--accounts", "--refresh")
    assert keys(run_awsexec.child("corp/Prod/Admin")) == of(corp.roles[TEST, "Admin"])


@pytest.mark.both_ways
def test_names_count_for_a_day(run_awsexec, corp, home):
    run_awsexec.child("corp/Prod/Admin")
    (kept,) = home.cache.glob("*.accounts")
    text = json.loads(kept.read_text())
    text["listed"] -= 86_400
    kept.write_text(json.dumps(text))
    corp.assignments[PROD] = ("Production", ["Admin"])
    failed = run_awsexec("corp/Prod/Admin", "true").error()
    assert failed == (
        "corp/Prod/Admin: corp has no account Prod for you; did you mean "
        "corp/Production/Admin?"
    )


@pytest.mark.both_ways
def test_list_of_another_sign_in(run_awsexec, corp, home, sts):
    run_awsexec.child("corp/Prod/Admin")
    corp.tokens.add("EXAMPLEACCESSTOKEN9")
    write_token(home, accessToken="EXAMPLEACCESSTOKEN9")
    corp.assignments = {TEST: ("Prod", ["Admin"])}
    assert keys(run_awsexec.child("corp/Prod/Admin")) == of(corp.roles[TEST, "Admin"])


def test_fast_entry_ends_with_the_list(run_awsexec, corp, home):
    corp.roles[PROD, "Admin"] = dataclasses.replace(
        corp.roles[PROD, "Admin"], expires=time.time() + 7 * 86_400
    )
    run_awsexec.child("corp/Prod/Admin")
    time.sleep(0.03)
    run_awsexec.child("corp/Prod/Admin")
    (entry,) = [each for each in entries(home).values() if each.files]
    assert entry.expires <= time.time() + 86_400


def test_two_accounts_of_one_name(run_awsexec, corp, sts):
    assign(corp, sts, TEST, "Prod", "Admin")
    assert run_awsexec("corp/Prod/Admin", "true").error() == (
        "corp/Prod/Admin: corp has 2 accounts with the name Prod: "
        f"{PROD} and {TEST}; write the id instead of the name"
    ) or run_awsexec("corp/Prod/Admin", "true").error() == (
        "corp/Prod/Admin: corp has 2 accounts with the name Prod: "
        f"{TEST} and {PROD}; write the id instead of the name"
    )


def test_name_that_is_another_account_s_id(run_awsexec, corp, sts):
    assign(corp, sts, "999999999999", TEST, "Admin")
    child = run_awsexec.child(f"corp/{TEST}/Admin")
    assert keys(child) == of(corp.roles[TEST, "Admin"])
    listed = json.loads(run_awsexec("--accounts", "--json").stdout)
    names = {row["account_id"]: row["profile"] for row in listed}
    assert names["999999999999"] == "corp/999999999999/Admin"


def test_file_s_profile_wins(run_awsexec, corp, home):
    home.write_config(
        CORP,
        "[profile corp/Prod/Admin]\nsource_profile = alice\n" f"role_arn = {READER}\n",
    )
    child = run_awsexec.child("corp/Prod/Admin")
    assert child["AWS_ACCESS_KEY_ID"] != corp.roles[PROD, "Admin"].key_id
    assert corp.asked == []


def test_broken_profile_of_that_name_is_an_error(run_awsexec, corp, home):
    home.write_config(CORP, "[corp/Prod/Admin]\nregion = eu-west-1\n")
    assert "write [profile corp/Prod/Admin] in the config file" in (
        run_awsexec("corp/Prod/Admin", "true").error()
    )
    assert corp.asked == []


@pytest.mark.both_ways
def test_key_in_the_keyring_of_that_name_wins(run_awsexec, corp, home):
    name = "corp/Prod/Admin"
    for _ in range(3):
        assert keys(run_awsexec.child(name)) == of(corp.roles[PROD, "Admin"])
        # the fast path trusts only files that are older
        time.sleep(0.03)
    with IndexFile(run_awsexec.environ, lambda _: nullcontext()) as index:
        index.put(KeptKey(name, KEY_ID, PROD, "", "first", 0))
    # where no keyring can be opened
    assert "keyring" in run_awsexec(name, "true").error()
    Path(index.path).write_text("damaged")
    assert "not an index" in run_awsexec(name, "true").error()
    Path(index.path).unlink()
    assert keys(run_awsexec.child(name)) == of(corp.roles[PROD, "Admin"])


@pytest.mark.parametrize("name", ["corp", "corp/", "corp/Prod", "corp/Prod/"])
def test_name_that_is_only_begun(run_awsexec, corp, home, name):
    said = run_awsexec(name, "true").error()
    assert said.startswith(f"{name} names the session corp ({home.config}:")
    assert said.endswith("to see your accounts and roles: awsexec --accounts corp")
    assert corp.asked == []


def test_session_without_a_list_is_proposed(run_awsexec, corp):
    assert "corp/\tIAM Identity Center\n" in run_awsexec("--profiles", "c").stdout
    # TAB asks nobody
    assert "corp" not in run_awsexec("--profiles", "corp/").stdout
    assert corp.asked == []


def test_source_profile_of_a_file(run_awsexec, corp, home):
    home.write_config(
        CORP, f"[profile r]\nrole_arn = {READER}\nsource_profile = corp/Prod/Admin\n"
    )
    assert run_awsexec("r", "true").error() == (
        f"{home.config}:7: source_profile of profile 'r' is the name of a role of IAM "
        "Identity Center, which no other program that reads this file knows; write a "
        "profile for it: awsexec --print-profiles corp/Prod/Admin"
    )


def test_longest_session_counts(run_awsexec, corp, home):
    home.write_config(CORP, CORP.replace("corp", "corp/eu"))
    write_token(home, "corp/eu")
    child = run_awsexec.child("corp/eu/Prod/Admin")
    assert keys(child) == of(corp.roles[PROD, "Admin"])


def test_account_of_any_name(run_awsexec, corp, sts):
    assign(corp, sts, "999999999999", HOSTILE, "Admin")
    child = run_awsexec.child(f"corp/{HOSTILE}/Admin")
    assert keys(child) == of(corp.roles["999999999999", "Admin"])


@pytest.mark.parametrize("words", [["--no-cache"], []])
def test_without_a_cache(run_awsexec, corp, home, words):
    if not words:
        home.cache.write_text("not a directory")
    result = run_awsexec(*words, "corp/Prod/Admin", "--", "env")
    assert corp.roles[PROD, "Admin"].key_id in result.stdout
    if words:
        assert not list(home.cache.glob("*.accounts")) and result.stderr == ""


# --- The list -------------------------------------------------------------------------


def test_accounts(run_awsexec, corp):
    assert run_awsexec("--accounts").stdout.splitlines() == [
        "ACCOUNT  ID            SESSION  ROLES",
        f"Prod     {PROD}  corp     Admin, ReadOnly",
        f"Test     {TEST}  corp     Admin",
    ]
    asked = list(corp.asked)
    assert json.loads(run_awsexec("--accounts", "--json", "corp/*/Read*").stdout) == [
        {
            "profile": "corp/Prod/ReadOnly",
            "session": "corp",
            "account": "Prod",
            "account_id": PROD,
            "role": "ReadOnly",
        }
    ]
    assert corp.asked == asked
    run_awsexec("--accounts", "corp", "--refresh")
    assert len(corp.asked) == 2 * len(asked)


def test_pages_and_throttling(run_awsexec, home, corp):
    corp.assignments = {
        f"{number:012}": (f"account {number}", [f"Role{each}" for each in range(3)])
        for number in range(1, 12)
    }
    corp.page, corp.throttled = 2, 3
    listed = json.loads(run_awsexec("--accounts", "--json").stdout)
    assert len(listed) == 33
    assert all("max_result" in request.query for request in corp.requests)


def test_sign_in_that_ends_in_the_middle(run_awsexec, home, corp):
    corp.pages_of_token = 2
    failed = run_awsexec("--accounts", "--no-prompt").error()
    assert failed.endswith(
        "not signed in, and --no-prompt forbids signing in; run: awsexec "
        "--sign-in corp"
    )
    assert not list(home.cache.glob("*.accounts"))


@pytest.mark.parametrize("page", [{"accountList": [3]}, {"accountList": 3}, {}])
def test_page_that_nobody_can_read(run_awsexec, corp, page):
    """AWS has refused nothing."""
    instead(corp, "/assignment/accounts", page)
    error = run_awsexec("--accounts").error()
    assert error.startswith("unexpected response from AWS IAM Identity Center at ")
    assert "refused" not in error


def test_account_that_goes_away_in_the_middle(run_awsexec, corp):
    usual = corp.respond

    def respond(request):
        if request.query.get("account_id") == TEST:
            corp.assignments.pop(TEST, None)
        return usual(request)

    corp.respond = respond
    listed = json.loads(run_awsexec("--accounts", "--json").stdout)
    assert {row["account_id"] for row in listed} == {PROD}


def test_several_sessions(run_awsexec, corp, home):
    home.write_config(CORP, CORP.replace("corp", "other"))
    result = run_awsexec("--accounts")
    assert "Prod" in result.stdout
    assert result.stderr == (
        "awsexec: left out other: not signed in; sign in with awsexec --sign-in other\n"
    )


def test_five_thousand_roles(run_awsexec, corp):
    corp.assignments = {
        f"{number:012}": (f"account {number}", [f"Role{each}" for each in range(10)])
        for number in range(1, 501)
    }
    started = time.monotonic()
    listed = json.loads(run_awsexec("--accounts", "--json").stdout)
    assert len(listed) == 5_000
    assert time.monotonic() - started < 60
    names = run_awsexec("--profiles", "corp/a").stdout.splitlines()
    assert len(names) == 501


# --- Signing in and out -----------------------------------------------------------------


def test_sign_out(run_awsexec, corp, home, sts):
    home.write_config(
        CORP,
        f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n"
        f"[profile p]\nsso_session = corp\nsso_account_id = {PROD}\n"
        "sso_role_name = Admin\n",
    )
    run_awsexec.child("corp/Test/Admin")
    run_awsexec.child("r")
    run_awsexec.child("alice")
    time.sleep(0.03)
    run_awsexec.child("r")
    assert run_awsexec("--sign-out").stderr == "awsexec: you are signed out of corp\n"
    assert corp.asked[-1] == LOGOUT and not corp.tokens
    assert not list((home.path / ".aws/sso/cache").iterdir())
    assert entries(home) == {}
    assert "not signed in" in run_awsexec("--no-prompt", "r", "true").error()
    assert run_awsexec("--sign-out", "corp").stderr == (
        "awsexec: you were not signed in to corp\n"
    )


def test_sign_out_of_what_other_profiles_got(run_awsexec, corp, home, sts):
    """A process or COMMAND handed the session on; a role of alice's own key stays."""
    process = f"{AWSEXEC} --export process corp/Test/Admin"
    home.write_config(
        CORP,
        f"[profile handed]\ncredential_process = {process}\n"
        f"[profile r]\nrole_arn = {READER}\nsource_profile = handed\n"
        f"[profile own]\nrole_arn = {READER}\nsource_profile = alice\n"
        f"[profile inner]\nrole_arn = {READER}\ncredential_source = Environment\n",
    )
    for _ in range(2):
        run_awsexec.child("r")
        run_awsexec.child("handed")
        run_awsexec("corp/Test/Admin", AWSEXEC, "inner", "--", "true")
        own = run_awsexec.child("own")
        time.sleep(0.03)
    assert len(entries(home)) > 2
    run_awsexec("--sign-out")
    assert {
        entry.variables["AWS_ACCESS_KEY_ID"] for entry in entries(home).values()
    } == {own["AWS_ACCESS_KEY_ID"]}
    assert "not signed in" in run_awsexec("--no-prompt", "r", "true").stderr


def test_sign_out_of_all(run_awsexec, corp, home):
    """That is of start URLs too, which are in no section of their own."""
    home.write_config(
        CORP,
        LEGACY,
        LEGACY.replace("profile p", "profile q"),
        "[sso-session broken]\n[profile other]\nrole_arn = x\n",
    )
    write_token(home, START_URL, accessToken="EXAMPLEACCESSTOKEN9")
    corp.tokens.add("EXAMPLEACCESSTOKEN9")
    result = run_awsexec("--sign-out", "--all")
    assert "you are signed out of corp\n" in result.stderr
    assert result.stderr.count(f"you are signed out of {START_URL}\n") == 1
    assert corp.tokens == set() and corp.asked == [LOGOUT] * 2
    # the session that is broken is said at the end
    assert result.status == 125 and "sso_start_url" in result.stderr


def test_sign_in_that_is_there(run_awsexec, corp):
    said = run_awsexec("--sign-in", "corp").stderr
    assert said.startswith("awsexec: you are signed in to corp until ")
    assert corp.asked == []


def test_sign_in_by_the_cli(run_awsexec, home):
    home.write_config("[profile x]\nlogin_session = arn:aws:iam::123456789012:user/a\n")
    assert "run: aws login --profile x" in run_awsexec("--sign-in", "x").error()
    assert "does not sign in" in run_awsexec("--sign-in", "alice").error()


# --- Printed profiles -------------------------------------------------------------------


def test_printed_profiles(run_awsexec, corp, home):
    printed = run_awsexec("--print-profiles").stdout
    assert printed.startswith(
        "[profile Prod-Admin]\nsso_session = corp\n"
        f"sso_account_id = {PROD}\nsso_role_name = Admin\n"
    )
    home.write_config(CORP, printed)
    assert keys(run_awsexec.child("Test-Admin")) == of(corp.roles[TEST, "Admin"])
    assert run_awsexec("--print-profiles").stderr == (
        "awsexec: every role of yours that fits has a profile already\n"
    )


def test_printed_name_is_safe(run_awsexec, corp, sts):
    corp.assignments = {PROD: (HOSTILE + "\t]#\u202e", ["Admin"])}
    printed = run_awsexec("--print-profiles").stdout
    (name,) = files.parse(printed, "", files.CONFIG).profiles
    assert name == "touch-x-y-Admin"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{role}", "two sections would have the name Admin"),
        ("default", "would have the name 'default', which is taken"),
        ("alice", "would have the name 'alice', which is taken"),
        ("{role!r}", "has an unknown place"),
        ("{role:>8888888888}", "has an unknown place"),
        ("{account.name}", "has an unknown place"),
        ("{", "has an unknown place"),
    ],
)
def test_refused_names(run_awsexec, corp, template, message):
    result = run_awsexec("--print-profiles", "*Admin", "--name", template)
    assert message in result.error()


def test_stale_profiles(run_awsexec, corp, home):
    home.write_config(CORP, run_awsexec("--print-profiles").stdout)
    corp.assignments[PROD] = ("Prod", ["ReadOnly"])
    assert run_awsexec("--print-profiles", "--stale").stdout == "Prod-Admin\n"


@pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not installed here")
def test_printed_profiles_work_in_the_cli(run_awsexec, corp, home):
    home.write_config(CORP, run_awsexec("--print-profiles").stdout)
    found = subprocess.run(
        [AWS, "sts", "get-caller-identity", "--profile", "Prod-Admin"],
        env={**run_awsexec.environ, "AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
    )
    assert f"assumed-role/{PROD}-Admin/" in found.stdout, found
