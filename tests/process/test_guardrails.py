"""Guardrails: no command runs in another account than the user means."""

import json

import pytest

from tests.sources import ENVIRONMENT, printed, prints
from tests.support import (
    ALICE,
    CODES,
    READER,
    READER_CONFIG,
    SERIAL,
    age,
    fast_path_is_on,
    is_fast,
    wait_until,
)

HERE, OTHER = "123456789012", "111122223333"
ASK = "GetCallerIdentity"
EXPECTS = "expected_account = {}\n"
MFA = f"mfa_serial = {SERIAL}\n"
# the words of every action that hands credentials over, and a look at them
ACTIONS = {
    "command": ("{}", "--", "true"),
    "cached format": ("--export", "process", "{}"),
    "export": ("--export", "json", "{}"),
    "console": ("--console", "--no-browser", "{}"),
    "serve": ("--serve", "{}", "--", "true"),
    "whoami": ("--whoami", "{}"),
}


def words_of(action, profile):
    return [word.format(profile) for word in ACTIONS[action]]


@pytest.fixture
def kind(request, run_awsexec, home, sts, tool):
    """Write a profile `p` of a kind of source whose account only AWS tells."""

    def write(name, setting):
        if name == "keys":
            home.write_credentials(ALICE.replace("alice", "p"))
            home.write_config("[profile p]\n", setting)
        elif name == "MFA session":
            home.write_credentials(ALICE.replace("alice", "p"))
            home.write_config("[profile p]\n", MFA, setting)
            run_awsexec.environ["AWSEXEC_MFA_TOKEN"] = CODES[0]
        elif name == "process":
            tool(prints(printed(sts.session_of("made"))))
            home.write_config(
                home.config.read_text().replace("\n[", f"\n{setting}[", 1)
            )
        elif name == "environment":
            run_awsexec.environ.update(ENVIRONMENT)
            home.write_config("[profile p]\ncredential_source = Environment\n", setting)
        else:
            request.getfixturevalue(name)
            source = {"container": "EcsContainer", "instance": "Ec2InstanceMetadata"}
            line = f"credential_source = {source[name]}\n"
            home.write_config(f"[profile p]\n{line}", setting)

    return write


KINDS = ["keys", "MFA session", "process", "environment", "container", "instance"]


@pytest.mark.both_ways
@pytest.mark.parametrize("name", KINDS)
def test_asked_once_and_then_cached(run_awsexec, sts, kind, name):
    kind(name, EXPECTS.format(HERE))
    for _ in range(3):
        run_awsexec.child("p")
    assert sts.operations.count(ASK) == 1
    # who is asked first needs no code that would be for nothing
    assert sts.operations[0] == ASK


@pytest.mark.both_ways
@pytest.mark.parametrize("name", KINDS)
def test_another_account(run_awsexec, home, sts, kind, name):
    kind(name, "")
    # what the cache has now, nobody has checked
    run_awsexec.child("p")
    before = len(sts.calls)
    kind(name, EXPECTS.format(OTHER))
    for words in map(words_of, ACTIONS, ["p"] * len(ACTIONS)):
        result = run_awsexec(*words)
        assert result.status == 125, words
        line = result.stderr.strip()
        assert line.endswith(
            f"expected_account = {OTHER}, but the credentials of profile p are of account "
            f"{HERE}; use a profile of account {OTHER}, or correct the account"
        ), words
    assert {call.operation for call in sts.calls[before:]} == {ASK}


@pytest.mark.both_ways
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("place", ["setting", "option"])
def test_role_of_another_account(run_awsexec, home, sts, action, place):
    """The role's ARN tells: nothing is asked, and no code."""
    option = ["--expect-account", OTHER] if place == "option" else []
    setting = EXPECTS.format(HERE if option else OTHER)
    home.write_config(READER_CONFIG, MFA, setting)
    line = run_awsexec(*option, *words_of(action, "reader"))
    assert line.status == 125 and f"of account {HERE}; use" in line.stderr, line
    assert sts.calls == []


@pytest.mark.both_ways
def test_role_of_the_account(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, EXPECTS.format(HERE))
    for _ in range(2):
        run_awsexec.child("reader")
    run_awsexec.child("reader", "--expect-account", HERE)
    assert sts.operations == ["AssumeRole reader"]
    assert is_fast(run_awsexec, "reader", "true") == fast_path_is_on(run_awsexec)
    assert not is_fast(run_awsexec, "--expect-account", HERE, "reader", "true")


@pytest.mark.both_ways
@pytest.mark.parametrize("name", KINDS)
def test_source_of_another_account(run_awsexec, home, sts, kind, name):
    """Its setting is about its own credentials, also where the role's are cached."""
    role = f"[profile reader]\nrole_arn = {READER}\nsource_profile = p\n"
    for setting in ("", EXPECTS.format(OTHER)):
        kind(name, setting)
        if name == "MFA session":
            # the device of a source is for its own session
            del run_awsexec.environ["AWSEXEC_MFA_TOKEN"]
        config = home.config.read_text().partition("[profile r]")[0]
        home.write_config(config, role)
        result = run_awsexec("reader", "true")
        assert (result.status == 0) == (not setting), result
    assert f"credentials of profile p are of account {HERE}" in result.stderr
    assert sts.operations.count("AssumeRole reader") == 1


def test_the_account_that_a_process_claims_does_not_count(run_awsexec, home, sts, tool):
    tool(prints(printed(sts.session_of("made"), AccountId=OTHER)))
    text = home.config.read_text()
    home.write_config(text.replace("\n[", f"\n{EXPECTS.format(OTHER)}[", 1))
    assert f"are of account {HERE}" in run_awsexec("p", "true").error()
    assert sts.operations == [ASK]


@pytest.mark.parametrize("account", [HERE, OTHER])
def test_a_role_in_the_middle_of_a_chain(run_awsexec, home, sts, account):
    """What its profile expects is about the role that this profile assumes."""
    sts.add_role("far", trusts=[READER])
    home.write_config(
        READER_CONFIG,
        EXPECTS.format(account),
        READER_CONFIG.replace("reader", "far").replace("= alice", "= reader"),
    )
    result = run_awsexec("far", "true")
    if account == HERE:
        assert result.status == 0, result
    else:
        assert f"credentials of profile reader are of account {HERE}" in result.error()
        assert sts.calls == []


def test_keys_are_asked_about_once_for_all_their_roles(run_awsexec, home, sts):
    home.write_credentials(ALICE, EXPECTS.format(HERE))
    home.write_config(READER_CONFIG, READER_CONFIG.replace("reader", "admin"))
    for words in (["reader"], ["admin"], ["alice"], ["--refresh", "reader"]):
        run_awsexec.child(*words)
    assert sts.operations.count(ASK) == 1
    # the note of it has no secret
    notes = [p for p in home.cache.iterdir() if b"('account', " in p.read_bytes()]
    (text,) = [note.read_text() for note in notes]
    assert "SECRET" not in text and f"ACCOUNT={HERE}" in text


def test_the_source_keeps_its_account_where_options_name_it(run_awsexec, home, sts):
    home.write_credentials(ALICE, EXPECTS.format(OTHER))
    home.write_config(READER_CONFIG.replace("= alice", "= other"))
    result = run_awsexec("reader", "--source-profile", "alice", "true")
    assert "credentials of profile alice are of account" in result.error()
    # and a role that an option adds is not of that account either
    result = run_awsexec("alice", "--role-arn", READER, "true")
    assert "credentials of profile alice are of account" in result.error()
    assert "AssumeRole reader" not in sts.operations


def test_portal_and_web_identity_tell_without_a_call(run_awsexec, home, sts, tmp_path):
    token = tmp_path / "token"
    token.write_text("eyJ")
    sso = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
    home.write_config(
        f"[profile sso]\n{sso}sso_account_id = {HERE}\nsso_role_name = reader\n",
        EXPECTS.format(OTHER),
        f"[profile web]\nrole_arn = {READER}\nweb_identity_token_file = {token}\n",
        EXPECTS.format(OTHER),
    )
    for name in ("sso", "web"):
        error = run_awsexec(name, "true").error()
        assert f"the credentials of profile {name} are of account {HERE}" in error
    assert sts.calls == []


def test_nobody_to_ask(run_awsexec, home, sts):
    home.write_credentials(ALICE, EXPECTS.format(HERE))
    dead = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    assert "127.0.0.1:1" in run_awsexec("alice", "true", env=dead).error()


def test_without_a_cache_each_run_asks(run_awsexec, home, sts):
    home.write_credentials(ALICE, EXPECTS.format(HERE))
    for _ in range(2):
        run_awsexec.child("--no-cache", "alice")
    assert sts.operations == [ASK, ASK]


def test_credentials_of_the_environment(run_awsexec, home, sts):
    """--console and --whoami without PROFILE, and a run of the machine's own source."""
    home.write_credentials("")
    for words in (["--whoami"], ["--", "true"]):
        assert run_awsexec(*words, env=ENVIRONMENT).status == 0
        result = run_awsexec("--expect-account", OTHER, *words, env=ENVIRONMENT)
        assert f"--expect-account {OTHER}, but the credentials" in result.error()


@pytest.mark.both_ways
@pytest.mark.parametrize("name", ["default", None])
def test_default_without_credentials_guards_the_machine(
    run_awsexec, home, container, name
):
    home.write_credentials("")
    home.write_config("[default]\nregion = eu-west-1\n", EXPECTS.format(OTHER))
    words = [name] if name else []
    assert f"of account {HERE}" in run_awsexec(*words, "--", "true").error()


def test_renewal_of_a_process_is_checked(run_awsexec, home, sts, tool):
    """--serve asks about each session that it gets later."""
    tool(prints(printed(sts.session_of("made", 900))))
    home.write_config(
        home.config.read_text().replace("\n[", f"\n{EXPECTS.format(HERE)}[", 1)
    )
    run_awsexec.child("p")
    age(home, 800)
    run_awsexec("--serve", "p", "--", "sleep", "0.2")
    assert sts.operations == [ASK, ASK]


def test_renewal_in_the_background_is_checked(run_awsexec, home, sts):
    """A session that a renewal gets ahead of its end is checked as the first one was."""
    home.write_config(READER_CONFIG)
    home.write_credentials(ALICE, EXPECTS.format(HERE))
    run_awsexec.child("reader")
    for note in home.cache.iterdir():
        if b"('account', " in note.read_bytes():
            note.unlink()
    age(home, 3000)
    run_awsexec.child("reader")
    wait_until(lambda: len(sts.calls) >= 4)
    assert sorted(sts.operations) == ["AssumeRole reader"] * 2 + [ASK] * 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("expected_account = 1234\n", "expected_account = 1234 is not an account"),
        (
            "expected_account = '123456789012'\n",
            "; remove the quotes, which are part of",
        ),
        ("expected_account =\n  x = 1\n", "expected_account takes no indented lines"),
        ("expected_acount = 123456789012\n", "did you mean expected_account?"),
        ("expect-account = 123456789012\n", "did you mean expected_account?"),
    ],
)
def test_settings_that_would_not_guard(run_awsexec, home, sts, lines, message):
    home.write_config(READER_CONFIG, lines)
    assert message in run_awsexec("reader", "true").error()
    assert sts.calls == []


def test_explain_and_list(run_awsexec, home):
    home.write_credentials(ALICE, EXPECTS.format(HERE))
    home.write_config(READER_CONFIG, EXPECTS.format(OTHER))
    facts = json.loads(run_awsexec("--explain", "--json", "reader").stdout)
    found = [(f["account"], f["found"]) for f in facts["expected_accounts"]]
    assert found == [(OTHER, HERE), (HERE, None)]
    text = run_awsexec("--explain", "reader").stdout
    assert f"must be of account {OTHER} (" in text
    assert f"it is of account {HERE}, and a run fails" in text
    rows = json.loads(run_awsexec("--list", "--json").stdout)
    assert [bool(row["error"]) for row in rows] == [False, True]
    assert f"are of account {HERE}" in rows[1]["error"]


# --- confirm ------------------------------------------------------------------------

NO_TERMINAL = (
    "config:5: profile reader asks before it is used, and there is no terminal to ask on; "
    "add --yes if you are sure"
)


@pytest.mark.both_ways
@pytest.mark.parametrize("action", ACTIONS)
def test_confirm_without_a_terminal(run_awsexec, home, sts, action):
    """Cached or not, with the entries of runs before the setting or without."""
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    home.write_config(READER_CONFIG, "confirm = true\n")
    result = run_awsexec(*words_of(action, "reader"))
    if action == "whoami":
        # it hands nothing to anybody
        assert result.status == 0
        return
    if action == "cached format":
        assert result.error().endswith(
            "--export process never asks; add --yes if you are sure"
        )
    else:
        assert result.error().endswith(NO_TERMINAL)
    sure = words_of(action, "reader")
    for _ in range(2):
        result = run_awsexec("--yes", *sure)
        # there is no console to sign in to
        assert result.status == (125 if action == "console" else 0)
        assert "asks before" not in result.stderr
    # and nothing was left that a run without --yes could use
    assert run_awsexec(*sure).status == 125


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("config", "words", "is_asked"),
    [
        (READER_CONFIG + "confirm = name\n", ["reader"], True),
        (READER_CONFIG + "confirm = TRUE\n", ["reader"], True),
        (READER_CONFIG + "confirm = false\n", ["reader"], False),
        (READER_CONFIG + "confirm = true\n", ["--no-prompt", "reader"], True),
        (
            READER_CONFIG + "confirm = true\n",
            ["--source-profile", "alice", "reader"],
            True,
        ),
        (
            "[profile base]\nconfirm = true\n"
            + READER_CONFIG
            + "include_profile = base\n",
            ["reader"],
            True,
        ),
        # the profile of a source does not ask
        (READER_CONFIG + "[profile alice]\nconfirm = true\n", ["reader"], False),
    ],
)
def test_whose_confirm_counts(run_awsexec, home, sts, config, words, is_asked):
    home.write_config(config)
    result = run_awsexec(*words, "true")
    assert (result.status, "asks before" in result.stderr) == (
        (125, True) if is_asked else (0, False)
    )
    assert bool(sts.calls) != is_asked


def test_explain_says_whether_the_question_is_answered(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "confirm = true\n")
    child = run_awsexec.child("--yes", "reader")
    inside = {name: v for name, v in child.items() if name.startswith("AWS")}
    said = "you are asked for a y before each use"
    for words, env, is_answered in (
        ([], {}, False),
        (["--yes"], {}, True),
        ([], inside, True),
    ):
        text = run_awsexec("--explain", *words, "reader", env=env).stdout
        assert said in text and (", and have answered" in text) == is_answered


def test_nested_runs_of_what_was_confirmed(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        "confirm = name\n",
        READER_CONFIG.replace("reader", "admin"),
        "confirm = true\n",
    )
    child = run_awsexec.child("--yes", "reader")
    inside = {name: v for name, v in child.items() if name.startswith("AWS")}
    assert run_awsexec("reader", "true", env=inside).status == 0
    for words in (
        ["admin", "true"],
        ["reader", "--role-arn", READER.replace("reader", "writer"), "true"],
        ["--export", "process", "reader"],
    ):
        assert "asks before" in run_awsexec(*words, env=inside).error()
    # another profile's shell is no longer that one's
    home.write_config(home.config.read_text(), "[profile alice]\nregion = eu-west-1\n")
    assert "AWSEXEC_CONFIRMED" not in run_awsexec.child("alice", env=inside)
    unset = run_awsexec("--export", "sh", "--unset", env=inside).stdout
    assert "AWSEXEC_CONFIRMED" in unset


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("confirm = yes\n", "confirm = yes: write true, false or name"),
        ("confirm_text = x\n", "confirm_text would do nothing without confirm"),
        ("confirm =\n  x = 1\n", "confirm takes no indented lines"),
        ("confrim = true\n", "did you mean confirm?"),
    ],
)
def test_settings_that_would_not_ask(run_awsexec, home, sts, lines, message):
    home.write_config(READER_CONFIG, lines)
    assert message in run_awsexec("--yes", "reader", "true").error()
    assert sts.calls == []


def test_what_is_wrong_anyway_is_no_question(run_awsexec, home):
    home.write_config(READER_CONFIG, "confirm = true\n", EXPECTS.format(OTHER))
    assert "of account" in run_awsexec("reader", "true").error()


# --- limits that stay ---------------------------------------------------------------

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
OWN = f"arn:aws:iam::{HERE}:policy/own"
ROLES = READER_CONFIG + READER_CONFIG.replace("reader", "admin")


def limited(run_awsexec, *words):
    """The variables that a limited COMMAND has of awsexec and AWS."""
    child = run_awsexec.child(*words)
    return {name: value for name, value in child.items() if name.startswith("AWS")}


def policies(call):
    """The session policies of a call."""
    return [
        value
        for name, value in call.parameters.items()
        if name.startswith("PolicyArns") or name == "Policy"
    ]


@pytest.mark.both_ways
@pytest.mark.parametrize("way", ["option", "setting", "policy", "own policy"])
def test_limits_stay_inside(run_awsexec, home, sts, way):
    (home.path / "p.json").write_text('{"Statement": []}')
    words, setting, policy = [], "", READ_ONLY
    if way == "option":
        words = ["--read-only"]
    elif way == "setting":
        setting = "session_read_only = true\n"
    elif way == "policy":
        words, policy = ["--policy", f"{home.path}/p.json"], '{"Statement":[]}'
    else:
        words, policy = ["--policy-arn", OWN], OWN
    # the whole role is in the cache already
    home.write_config(ROLES)
    run_awsexec.child("admin")
    home.write_config(ROLES.replace("[profile admin]", f"{setting}[profile admin]"))
    run_awsexec.child("admin")
    for _ in range(2):
        # the second one has it from the cache
        inside = limited(run_awsexec, *words, "reader")
    assert policies(sts.calls[-1]) == [policy]
    for _ in range(2):
        result = run_awsexec("admin", "--", "env", env=inside)
        assert "profile admin is limited to" in result.stderr
        # and so on, however deep
        assert inside["AWSEXEC_LIMITS"] in result.stdout
    assert [
        policies(call) for call in sts.calls if "admin" in call.parameters["RoleArn"]
    ] == [
        [],
        [policy],
    ]
    for words in (["--export", "process", "admin"], ["--serve", "admin", "true"]):
        assert "is limited to" in run_awsexec(*words, env=inside).stderr
    # outside, nothing has changed
    before = len(sts.calls)
    child = run_awsexec.child("admin")
    assert len(sts.calls) == before and "AWSEXEC_LIMITS" not in child


def test_explain_within_limits(run_awsexec, home, sts):
    """It shows them, and gives COMMAND what a run gives it."""
    home.write_config(ROLES, "confirm = true\n")
    inside = limited(run_awsexec, "--read-only", "reader")
    facts = json.loads(
        run_awsexec("--explain", "--json", "admin", env=inside).stdout,
    )
    assert facts["limited"].startswith("profile admin is limited to ReadOnlyAccess")
    assert facts["environment"]["AWSEXEC_LIMITS"] == READ_ONLY
    result = run_awsexec("--yes", "admin", "env", env=inside)
    given = dict(line.split("=", 1) for line in result.stdout.splitlines() if line)
    shown = {
        name: value for name, value in facts["child"].items() if "****" not in value
    }
    assert {"AWSEXEC_LIMITS", "AWSEXEC_CONFIRMED"} <= {*shown}
    del shown["AWS_CREDENTIAL_EXPIRATION"]
    assert {name: given[name] for name in shown} == shown
    text = run_awsexec("--explain", "admin", env=inside).stdout
    assert f"  {facts['limited']}\n" in text


@pytest.mark.both_ways
def test_unlimited(run_awsexec, home, sts):
    home.write_config(ROLES)
    inside = limited(run_awsexec, "--read-only", "reader")
    child = run_awsexec.child("--unlimited", "admin", env=inside)
    assert policies(sts.calls[-1]) == [] and "AWSEXEC_LIMITS" not in child
    script = run_awsexec("--export", "sh", "--unlimited", "admin", env=inside).stdout
    assert "unset" in script and "AWSEXEC_LIMITS" in script
    script = run_awsexec("--export", "sh", "--unset", env=inside).stdout
    assert "AWSEXEC_LIMITS" in script


@pytest.mark.parametrize(
    ("outer", "inner", "is_allowed"),
    [
        ([READ_ONLY], [READ_ONLY], True),
        ([READ_ONLY, OWN], [OWN], True),
        ([READ_ONLY], [BILLING], False),
        ([OWN], [READ_ONLY, OWN], False),
    ],
)
def test_limits_within_limits(run_awsexec, home, sts, outer, inner, is_allowed):
    home.write_config(ROLES)
    words = [word for arn in outer for word in ("--policy-arn", arn)]
    inside = limited(run_awsexec, *words, "reader")
    words = [word for arn in inner for word in ("--policy-arn", arn)]
    result = run_awsexec(*words, "admin", "true", env=inside)
    assert (result.status == 0) == is_allowed, result
    if is_allowed:
        assert sorted(policies(sts.calls[-1])) == sorted(inner)
    else:
        assert "AWS would allow what one of them allows" in result.error()
        assert len(sts.calls) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize("name", KINDS)
def test_what_cannot_be_limited_is_refused(run_awsexec, home, sts, kind, name):
    kind(name, "")
    run_awsexec.child("p")
    inside = {"AWSEXEC_LIMITS": READ_ONLY}
    for words in map(words_of, ACTIONS, ["p"] * len(ACTIONS)):
        error = run_awsexec(*words, env=inside)
        assert error.status == 125 and error.stderr.startswith(
            "awsexec: profile p: the run around this one is limited to ReadOnlyAccess "
            "(AWSEXEC_LIMITS), and AWS cannot limit these credentials ("
        ), error
        assert error.stderr.endswith("; or add --unlimited\n")
    assert run_awsexec("--unlimited", "p", "true", env=inside).status == 0


def test_what_the_environment_has_is_limited_already(run_awsexec, home, sts):
    home.write_config(ROLES)
    inside = limited(run_awsexec, "--read-only", "reader")
    assert json.loads(run_awsexec("--whoami", "--json", env=inside).stdout)


def test_the_policy_of_another_account(run_awsexec, home, sts):
    home.write_config(ROLES.replace("123456789012:role/admin", f"{OTHER}:role/admin"))
    inside = {"AWSEXEC_LIMITS": OWN}
    error = run_awsexec("admin", "true", env=inside).error()
    assert f"AWS accepts no policy of another account for a role of {OTHER}" in error
    # AWS's own policies are in every partition, under another name
    home.write_config(ROLES.replace("arn:aws:", "arn:aws-cn:"))
    facts = run_awsexec(
        "--explain", "--json", "admin", env={"AWSEXEC_LIMITS": READ_ONLY}
    )
    assert READ_ONLY.replace("arn:aws:", "arn:aws-cn:") in facts.stdout


@pytest.mark.parametrize(
    "text",
    ["x", "policy=zz", "policy=00", " ", "policy=7b policy=7b7d", f"{OWN},{OWN}"],
)
def test_limits_that_cannot_be_read(run_awsexec, home, sts, text):
    home.write_config(READER_CONFIG)
    error = run_awsexec("reader", "true", env={"AWSEXEC_LIMITS": text}).error()
    assert "AWSEXEC_LIMITS has no limits that awsexec can read" in error
    assert sts.calls == []


def test_a_process_with_limits_has_sessions_of_its_own(run_awsexec, home, sts, tool):
    """Also one whose command line alone decides: an awsexec in it gives less then."""
    tool(prints(printed(sts.session_of("made"))))
    text = home.config.read_text()
    home.write_config(
        text.replace("\n[", "\ncredential_process_command_decides = true\n[", 1)
    )
    run_awsexec("r", "true")
    run_awsexec("r", "true", env={"AWSEXEC_LIMITS": READ_ONLY})
    run_awsexec("--refresh", "r", "true")
    assert (home.path / "runs").read_text() == "run\n" * 2


def test_confirmed_with_limits_is_no_yes_to_the_whole_role(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "confirm = true\n")
    inside = limited(run_awsexec, "--yes", "--read-only", "reader")
    assert run_awsexec("reader", "true", env=inside).status == 0
    assert (
        "asks before"
        in run_awsexec("--unlimited", "reader", "true", env=inside).error()
    )
    inside = limited(run_awsexec, "--yes", "reader")
    assert run_awsexec("--read-only", "reader", "true", env=inside).status == 0


SSO = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"


@pytest.mark.parametrize("env", [{}, {"AWSEXEC_LIMITS": READ_ONLY}])
@pytest.mark.parametrize(
    ("others", "way"),
    [
        ("", ""),
        (
            f"[profile look]\n{SSO}sso_account_id = {HERE}\nsso_role_name = ViewOnlyAccess\n",
            ", or use profile look of this account, whose role is ViewOnlyAccess",
        ),
        (
            READER_CONFIG,
            ", or use profile reader of this account, which can be limited",
        ),
        (READER_CONFIG.replace(HERE, OTHER), ""),
    ],
)
def test_a_way_to_read_only(run_awsexec, home, sts, others, way, env):
    home.write_config(
        f"[profile sso]\n{SSO}sso_account_id = {HERE}\nsso_role_name = Admin\n", others
    )
    words = [] if env else ["--read-only"]
    error = run_awsexec(*words, "sso", "true", env=env).error()
    assert (", or use profile" in error) == bool(way) and way in error
