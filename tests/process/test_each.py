"""--each: which profiles, which calls, what is printed, and the status."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.servers.sts import role_arn
from tests.sources import SESSION, write_token
from tests.support import (
    AWSEXEC,
    CODES,
    KEY_ID,
    SECRET,
    SERIAL,
    is_running,
    wait_until,
)

ACCOUNT = "123456789012"
# what a command that prints much prints
MEGABYTES = int(os.environ.get("AWSEXEC_MEGABYTES", "10"))
OTHER = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")


def profile(name, *lines, role=None, source="alice"):
    return "\n".join(
        [
            f"[profile {name}]",
            f"role_arn = {role_arn(role or name)}",
            f"source_profile = {source}",
            *lines,
            "",
        ]
    )


def write(home, sts, *names, lines=()):
    for name in names:
        sts.add_role(name)
    home.write_config(*(profile(name, *lines) for name in names))


@pytest.fixture
def three(home, sts):
    write(home, sts, "dev", "nonprod", "prod", lines=["region = eu-west-1"])


PRINT = ("--", "sh", "-c", "echo $AWSEXEC_PROFILE $AWSEXEC_ACCOUNT $AWS_REGION")


def names(result):
    return [line.split(" ")[0] for line in result.stdout.splitlines()]


# which profiles


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--each", "prod"], ["prod"]),
        (["--each", "prod", "--each", "dev"], ["dev", "prod"]),
        (["--each", "*prod"], ["nonprod", "prod"]),
        (["--each", "prod", "--each", "p*"], ["prod"]),
        (["--each", "*", "--except", "alice", "--except", "prod"], ["dev", "nonprod"]),
    ],
)
def test_selection(run_awsexec, three, words, expected):
    result = run_awsexec(*words, "--jobs", "1", *PRINT)
    assert (result.status, result.stderr) == (0, "")
    width = max(map(len, expected))
    assert result.stdout.splitlines() == [
        f"{name:<{width}} │ {name} {ACCOUNT} eu-west-1" for name in expected
    ]


def test_a_name_comes_before_a_pattern(run_awsexec, home, sts):
    sts.add_role("x")
    home.write_config(*(profile(name, role="x") for name in ("[ab]", "a", "b")))
    assert names(run_awsexec("--each", "[ab]", "--", "echo", "hi")) == ["[ab]"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--each", "prdo"], "--each: no profile 'prdo' in "),
        (["--each", "Prod"], "--each: no profile 'Prod' in "),
        (["--each", "rod"], "--each: no profile 'rod' in "),
        (["--each", "Pro*"], "--each Pro*: fits the whole name of no profile in "),
        (["--each", "*", "--except", "prdo"], "--except: no profile 'prdo' in "),
        (["--each", "*", "--except", "x*"], "--except x*: fits the whole name of no "),
        (["--each", "prod", "--except", "p*"], "--except leaves no profile; remove "),
    ],
)
def test_nobody_is_meant_by_accident(run_awsexec, three, sts, words, error):
    said = run_awsexec(*words, *PRINT).error()
    assert said.startswith(error)
    assert sts.calls == []


@pytest.mark.parametrize("word", ["prdo", "Prod", "Pro*", "prd*"])
def test_near_matches_are_named(run_awsexec, three, word):
    assert "did you mean prod" in run_awsexec("--each", word, *PRINT).error()


def test_default_without_credentials_is_no_profile_of_a_pattern(run_awsexec, home, sts):
    """It would stand for the machine's own identity."""
    sts.add_role("prod")
    home.write_config("[default]\nregion = eu-west-1\n", profile("prod"))
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    result = run_awsexec("--each", "*", "--except", "alice", *PRINT, env=env)
    assert (result.status, names(result)) == (0, ["prod"])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--each", "*", "dev", "--", "true"], "dev: --each takes no PROFILE"),
        (["--each", "*", "true"], "true: --each takes no PROFILE; write -- before "),
        (["--each", "*"], "--each needs a COMMAND"),
        (["--each", "*", "--export", "json"], "--export and --each cannot be used "),
        (["--each", "*", "--console"], "--console and --each cannot be used together"),
        (["--each", "*", "--serve", "--", "true"], "--serve works only with COMMAND"),
        (["--each", "", "--", "true"], "the value of --each is empty"),
        (["--except", "a", "--", "true"], "--except works only with --each"),
        (["--each", "*", "--jobs", "0", "--", "true"], "--jobs 0: not a number from 1"),
        (["--each", "*", "--regions", "a,,b", "--", "true"], "--regions a,,b: a name "),
        (
            ["--each", "*", "--regions", "a,B", "--", "true"],
            "--regions: B is not an AWS",
        ),
        (["--each", "p*", "--role-arn", "x", "--", "true"], "--role-arn would make "),
        (
            ["--each", "*", "--regions", "a", "--region", "b", "--", "true"],
            "--region and --regions cannot be used together",
        ),
        (
            ["--each", "*", "--json", "--group", "--", "true"],
            "--group would do nothing",
        ),
        (
            ["--each", "*", "--mfa-token", CODES[0], "--", "true"],
            "--mfa-token would do nothing: no step of these profiles takes an MFA code",
        ),
    ],
)
def test_usage_errors(run_awsexec, three, sts, words, error):
    assert run_awsexec(*words).error().startswith(error)
    assert sts.calls == []


def test_a_command_that_is_not_there_is_found_out_first(run_awsexec, home, sts):
    write(home, sts, "dev", lines=[f"mfa_serial = {SERIAL}"])
    error = run_awsexec("--each", "dev", "--", "no-such-program").error(127)
    assert error.startswith("no-such-program: command not found")
    plain = home.path / "plain"
    plain.write_text("")
    error = run_awsexec("--each", "dev", "--", str(plain)).error(126)
    assert "cannot be run (Permission denied)" in error


def test_dry_run(run_awsexec, home, sts):
    write(home, sts, "dev", "prod", lines=["region = eu-west-1"])
    with home.config.open("a") as config:
        config.write("[profile broken]\nrole_arn = x\n")
    words = ["--each", "*", "--except", "alice", "--dry-run", "--", "false"]
    result = run_awsexec(*words)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["PROFILE", "ACCOUNT", "ROLE", "REGION"]
    assert lines[1].startswith("broken") and "  refused: " in lines[1]
    assert lines[2].split() == ["dev", ACCOUNT, "dev", "eu-west-1"]
    assert (result.status, result.stderr, sts.calls) == (125, "", [])
    result = run_awsexec("--except", "broken", "--json", *words)
    first, _ = map(json.loads, result.stdout.splitlines())
    assert first == {
        "profile": "dev",
        "account": ACCOUNT,
        "role_arn": role_arn("dev"),
        "sso_role": None,
        "source": "keys",
        "region": "eu-west-1",
        "confirm": None,
    }
    assert result.status == 0


def test_dry_run_of_what_guards(run_awsexec, home, sts):
    """It marks what is refused, and what asks; both keep their account and role."""
    write(home, sts, "a", "b", "c", lines=["confirm = true"])
    with home.config.open("a") as config:
        config.write(profile("d", "confirm = name"))
        config.write(profile("e", "expected_account = 111122223333", "confirm = true"))
    words = ["--each", "?", "--dry-run"]
    result = run_awsexec(*words, "--", "false")
    lines = result.stdout.splitlines()[1:]
    for line, name in zip(lines, "abcde", strict=True):
        assert line.split()[:3] == [name, ACCOUNT, name]
        assert line.endswith("  asks") == (name != "e")
    assert "  refused: " in lines[4] and "111122223333, but the credentials" in lines[4]
    assert result.status == 125
    for more, asks in (([], ["yes", "yes", "yes", "name"]), (["--yes"], [None] * 4)):
        result = run_awsexec(*words, "--json", *more, "--", "false")
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert [row["confirm"] for row in rows] == [*asks, None]
        assert [row["account"] for row in rows] == [ACCOUNT] * 5
        assert "error" in rows[4] and not any("error" in row for row in rows[:4])


def test_regions(run_awsexec, three, sts):
    regions = ["--regions", "eu-west-1,us-east-1", "--jobs", "1"]
    result = run_awsexec("--each", "dev", "--each", "prod", *regions, *PRINT)
    assert result.stdout.splitlines() == [
        (
            f"{name:<4} {region} │ {name} {ACCOUNT} {region}".replace(
                "dev  ", "dev ", 1
            )
            if name != "dev"
            else f"dev {region}  │ dev {ACCOUNT} {region}"
        )
        for name in ("dev", "prod")
        for region in ("eu-west-1", "us-east-1")
    ]
    # a session serves all regions
    assert sorted(sts.operations) == ["AssumeRole dev", "AssumeRole prod"]


# whose credentials

MFA = f"mfa_serial = {SERIAL}"


def many(home, sts, count, *lines):
    found = [f"acct-{number:02}" for number in range(count)]
    for name in found:
        sts.add_role(name, mfa=True, longest=43_200)
    home.write_config(*(profile(n, f"mfa_serial = {SERIAL}", *lines) for n in found))
    return found


@pytest.mark.parametrize("cache", [[], ["--no-cache"]])
def test_one_code_serves_all_roles_of_a_device(run_awsexec, home, sts, cache):
    found = many(home, sts, 12)
    result = run_awsexec(
        "--each", "acct-*", "--mfa-token", CODES[0], *cache, "--jobs", "1", *PRINT
    )
    assert (result.status, result.stderr, names(result)) == (0, "", found)
    first, *others = sts.operations
    assert first == "GetSessionToken"
    assert sorted(others) == [f"AssumeRole {name}" for name in found]
    if not cache:
        sts.calls.clear()
        assert run_awsexec("--each", "acct-*", *PRINT).status == 0
        assert sts.calls == []


@pytest.mark.parametrize("mode", [None, "standard", "legacy"])
def test_throttling(run_awsexec, home, sts, mode):
    """AWS is asked again, more slowly unless the user wants another way."""
    found = [f"r{number}" for number in range(4)]
    write(home, sts, *found)
    for _ in range(2):
        sts.fail("Throttling", "Rate exceeded")
    words = ["--each", "r*", "--jobs", "1", "--", "true"]
    result = run_awsexec(*words, env={"AWS_RETRY_MODE": mode})
    assert (result.status, result.stderr) == (0, "")
    assert len(sts.calls) == len(found) + 2
    for call in sts.calls:
        assert f"cfg/retry-mode#{mode or 'adaptive'}" in call.agent


def test_mfa_process_runs_once(run_awsexec, home, sts):
    asked = home.path / "asked"
    script = home.script("code", f"#!/bin/sh\necho x >>{asked}\necho {CODES[0]}\n")
    many(home, sts, 5, f"mfa_process = {script}")
    assert run_awsexec("--each", "acct-*", *PRINT).status == 0
    assert asked.read_text() == "x\n"


def test_credential_process_runs_once(run_awsexec, home, sts):
    """It may ask, and its keys never expire, so that no cache keeps them."""
    asked = home.path / "asked"
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    script = home.script(
        "keys", f"#!/bin/sh\necho x >>{asked}\necho '{json.dumps(answer)}'\n"
    )
    for number in range(5):
        sts.add_role(f"r{number}")
    home.write_config(
        f"[profile keys]\ncredential_process = {script}\n",
        *(profile(f"r{number}", source="keys") for number in range(5)),
    )
    assert run_awsexec("--each", "r*", *PRINT).status == 0
    assert asked.read_text() == "x\n"


def test_a_refused_code_is_tried_once(run_awsexec, home, sts):
    many(home, sts, 3)
    result = run_awsexec("--each", "acct-*", "--mfa-token", "999999", *PRINT)
    assert (result.status, result.stdout) == (125, "")
    assert sts.operations == ["GetSessionToken"]
    assert result.stderr.startswith(
        "awsexec: acct-00, acct-01 and acct-02: MultiFactorAuthentication failed with "
    )
    assert result.stderr.count("\n") == 1


def two_devices(home, sts):
    sts.add_user("bob", *OTHER, codes=[CODES[1]])
    home.write_credentials(
        f"[alice]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
        f"[bob]\naws_access_key_id = {OTHER[0]}\naws_secret_access_key = {OTHER[1]}\n"
    )
    for name in ("a", "b"):
        sts.add_role(name, mfa=True)
    home.write_config(
        profile("a", f"mfa_serial = {SERIAL}"),
        profile("b", f"mfa_serial = {SERIAL.replace('alice', 'bob')}", source="bob"),
    )


@pytest.mark.parametrize("given", ["--mfa-token", "AWSEXEC_MFA_TOKEN"])
def test_one_code_for_two_devices_is_an_error(run_awsexec, home, sts, given):
    two_devices(home, sts)
    words = [given, CODES[0]] if given.startswith("-") else []
    env = {} if words else {given: CODES[0]}
    error = run_awsexec(*words, "--each", "?", *PRINT, env=env).error()
    assert error.startswith(f"{given}: these profiles have 2 MFA devices (")
    assert sts.calls == []
    # the sessions of both are there
    for name, code in (("a", CODES[0]), ("b", CODES[1])):
        run_awsexec("--mfa-token", code, name, "--", "true")
    assert run_awsexec("--each", "?", *PRINT, env=env).status == 0


def test_long_roles_of_one_device_live_an_hour(run_awsexec, home, sts):
    many(home, sts, 5, "duration_seconds = 7200")
    result = run_awsexec("--each", "acct-*", "--mfa-token", CODES[0], *PRINT)
    assert (result.status, sts.operations[0]) == (0, "GetSessionToken")
    assert result.stderr == (
        "awsexec: acct-00, acct-01, acct-02 and 2 more: their sessions will live one hour "
        "and not 2h00m, so that one MFA code serves 5 profiles\n"
    )
    assert {
        call.parameters["DurationSeconds"]
        for call in sts.calls
        if call.operation == "AssumeRole"
    } == {"3600"}


def test_a_single_long_role_gets_what_it_asks_for(run_awsexec, home, sts):
    many(home, sts, 1, "duration_seconds = 7200")
    result = run_awsexec("--each", "acct-*", "--mfa-token", CODES[0], *PRINT)
    assert (result.status, result.stderr) == (0, "")
    assert [call.parameters["DurationSeconds"] for call in sts.calls] == ["7200"]


def test_a_long_duration_that_was_asked_for_is_an_error(run_awsexec, home, sts):
    many(home, sts, 2)
    words = ["--each", "acct-*", "--duration", "2h", "--mfa-token", CODES[0]]
    error = run_awsexec(*words, *PRINT).error()
    assert error.startswith(
        "--duration: 2h00m is more than the hour that one MFA code "
    )
    assert sts.calls == []


def test_a_profile_without_credentials_does_not_stop_the_others(
    run_awsexec, three, sts
):
    sts.add_role("nonprod", trusts=[])
    result = run_awsexec("--each", "*", "--except", "alice", *PRINT)
    assert (result.status, sorted(names(result))) == (125, ["dev", "prod"])
    first, *table = result.stderr.splitlines()
    assert first.startswith("awsexec: nonprod: User: ")
    # where much output came after the message
    assert table[0] == "awsexec: 1 of 3 commands had no credentials"
    assert table[1].startswith("  nonprod  no credentials  User: ")
    assert table[1].endswith(":role/nonprod (AccessDenied)")
    assert len(table) == 2
    words = ["--each", "*", "--except", "alice", "--fail-fast"]
    result = run_awsexec(*words, "--refresh", *PRINT)
    assert (result.status, result.stdout) == (125, "")
    count, why = result.stderr.splitlines()
    assert count == "awsexec: 3 of 3 commands never started"
    assert "is not authorized" in why


def test_want_of_credentials_wins_over_a_failure(run_awsexec, three, sts):
    sts.add_role("nonprod", trusts=[])
    words = ["--each", "*", "--except", "alice", "--", "false"]
    assert run_awsexec(*words).status == 125
    assert run_awsexec("--except", "nonprod", *words).status == 123


@pytest.mark.parametrize("source", ["setting", "option"])
def test_expected_account_is_of_one_profile(run_awsexec, home, sts, source):
    """The others of the same device go on."""
    found = many(home, sts, 3)
    with home.config.open("a") as config:
        config.write("[profile acct-00-x]\n")
        config.write(profile("x", role=found[0]).partition("\n")[2])
        config.write(f"mfa_serial = {SERIAL}\nexpected_account = 111122223333\n")
    words = ["--each", "acct-*", "--mfa-token", CODES[0], "--jobs", "1"]
    if source == "option":
        words += ["--expect-account", "111122223333"]
    result = run_awsexec(*words, *PRINT)
    assert result.status == 125
    assert "acct-00-x: " in result.stderr
    assert "expected_account = 111122223333, but" in result.stderr
    if source == "option":
        assert (result.stdout, sts.calls) == ("", [])
    else:
        assert names(result) == found


def test_limits_of_the_run_around_are_told(run_awsexec, home, sts):
    write(home, sts, "a", "b")
    run_awsexec.environ["AWSEXEC_LIMITS"] = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    result = run_awsexec("--each", "?", *PRINT)
    assert result.status == 0
    for name in ("a", "b"):
        assert f"awsexec: profile {name} is limited to ReadOnlyAccess here" in (
            result.stderr
        )


def test_limits_stay_in_what_each_command_runs(run_awsexec, home, sts):
    write(home, sts, "a", "b")
    sts.add_role("inner")
    with home.config.open("a") as config:
        config.write(profile("inner"))
    words = ["--read-only", "--each", "?", "--", AWSEXEC, "inner", "env"]
    result = run_awsexec(*words)
    assert result.status == 0
    limits = "AWSEXEC_LIMITS=arn:aws:iam::aws:policy/ReadOnlyAccess\n"
    assert result.stdout.count(limits) == 2
    for call in sts.calls:
        assert limits.rstrip().partition("=")[2] in call.parameters.values(), call


@pytest.mark.parametrize("words", [["--dry-run"], ["--yes"]])
def test_what_guardrails_forbid_does_not_run(run_awsexec, home, sts, words):
    """The files say so: the profiles that are allowed run."""
    write(home, sts, "a")
    with home.config.open("a") as config:
        config.write(profile("b", "expected_account = 111122223333", "confirm = true"))
    run_awsexec.environ["AWSEXEC_LIMITS"] = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    result = run_awsexec("--each", "?", "--each", "alice", *words, *PRINT)
    assert result.status == 125
    said = result.stdout if "--dry-run" in words else result.stderr
    assert "expected_account = 111122223333, but the credentials" in said
    assert "profile alice: the run around this one is limited to" in said
    assert sts.operations == ([] if "--dry-run" in words else ["AssumeRole a"])


def test_confirm_without_a_terminal_runs_nothing(run_awsexec, home, sts):
    write(home, sts, "b", "c", lines=["confirm = true"])
    sts.add_role("a")
    with home.config.open("a") as config:
        config.write(profile("a", "confirm = name"))
    words = ["--each", "?", *PRINT]
    error = run_awsexec(*words).error()
    assert "add --yes if you are sure" in error
    assert "profile b and 2 more ask before they are used" in error
    assert sts.calls == []
    assert run_awsexec("--yes", *words).status == 0


@pytest.mark.parametrize("life", [3600, -60])
def test_one_sign_in_serves_all_roles(run_awsexec, home, portal, sts, life):
    """Each role is asked for once; without a sign-in all fail for the same reason."""
    found = [f"p{number}" for number in range(4)]
    session, _, _ = SESSION.partition("[profile p]")
    body = SESSION.partition("[profile p]\n")[2]
    home.write_config(session, *(f"[profile {name}]\n{body}\n" for name in found))
    write_token(home, life=life)
    words = ["--each", "p*", "--no-prompt", "--jobs", "1", "--debug"]
    result = run_awsexec(*words[:-1], *PRINT)
    if life > 0:
        assert (result.status, names(result)) == (0, found)
        # by one client
        result = run_awsexec(*words, "--refresh", *PRINT)
        assert result.stderr.count("awsexec: sso: sso at ") == 1
    else:
        assert (result.status, result.stdout, portal.asked) == (125, "", [])
        assert result.stderr.startswith("awsexec: p0, p1, p2 and p3: ")


# what is printed, and the status


def test_streams_and_the_table_of_failures(run_awsexec, three):
    script = 'echo out; echo err >&2; test "$AWSEXEC_PROFILE" != prod'
    words = ["--each", "dev", "--each", "prod", "--jobs", "1", "--", "sh", "-c", script]
    result = run_awsexec(*words)
    assert result.status == 123
    assert result.stdout == "dev  │ out\nprod │ out\n"
    assert result.stderr == (
        "dev  ! err\nprod ! err\n"
        "awsexec: 1 of 2 commands failed\n  prod  status 1  err\n"
    )
    assert "failed" not in run_awsexec("-q", *words).stderr


def test_json(run_awsexec, three, sts):
    sts.add_role("nonprod", trusts=[])
    script = 'printf "a\\377"; echo err >&2; test $AWSEXEC_PROFILE = dev || kill -9 $$'
    words = ["--each", "*", "--except", "alice", "--json", "--", "sh", "-c", script]
    result = run_awsexec(*words)
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    seconds = [rows[name].pop("seconds") for name in ("dev", "prod")]
    assert all(0 <= each < 30 for each in seconds)
    output = {"stdout_base64": "Yf8=", "stderr": "err\n"}
    known = {"account": ACCOUNT, "region": "eu-west-1"}
    assert rows["dev"] == {
        "profile": "dev",
        **known,
        "status": 0,
        "signal": None,
        **output,
    }
    assert rows["prod"] == {
        "profile": "prod",
        **known,
        "status": None,
        "signal": "SIGKILL",
        **output,
    }
    assert "is not authorized" in rows["nonprod"]["error"]
    assert result.status == 125


def test_group(run_awsexec, three):
    script = "echo a; sleep 0.3; echo b"
    words = ["--each", "dev", "--each", "prod", "--group", "--", "sh", "-c", script]
    lines = run_awsexec(*words).stdout.splitlines()
    assert [line for line in lines if line in "ab"] == ["a", "b"] * 2
    heads = sorted(line.rpartition(",")[0] for line in lines if line not in "ab")
    assert heads == ["── dev: status 0", "── prod: status 0"]


def test_stdin_is_empty_and_there_is_no_terminal(run_awsexec, three):
    script = "cat; (: </dev/tty) 2>/dev/null || echo no terminal"
    result = run_awsexec("--each", "dev", "--", "sh", "-c", script, stdin="typed\n")
    assert result.stdout == "dev │ no terminal\n"


def test_fail_fast_starts_nothing_more(run_awsexec, three):
    words = ["--each", "*", "--except", "alice", "--jobs", "1", "--fail-fast"]
    result = run_awsexec(*words, "--", "sh", "-c", "echo hi; exit 7")
    assert (result.status, names(result)) == (123, ["dev"])
    assert "2 of 3 commands never started" in result.stderr


def test_what_a_command_leaves_running_is_ended(run_awsexec, three):
    script = "sleep 60 & echo $!"
    begun = time.monotonic()
    result = run_awsexec("--each", "dev", "--", "sh", "-c", script)
    assert result.status == 0
    pid = int(result.stdout.split()[-1])
    wait_until(lambda: not is_running(pid))
    assert time.monotonic() - begun < 20


# starts a command and writes its peak memory to stderr; the peak that the system tells
# is never below that of the process that started it, so that one must be small
PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
sys.stderr.write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_memory(argv, environ, out):
    """Run it with `out` as its stdout; return its peak memory in megabytes."""
    with out.open("wb") as stream:
        finished = subprocess.run(
            [sys.executable, "-I", "-S", "-c", PEAK, *argv],
            env=environ,
            stdout=stream,
            stderr=subprocess.PIPE,
            check=True,
            timeout=120,
        )
    return int(finished.stderr) / (1_000_000 if sys.platform == "darwin" else 1_000)


def output_by_profile(path, mode):
    """The stdout of each profile in what --each printed."""
    data = path.read_bytes()
    if mode == "--json":
        rows = map(json.loads, data.splitlines())
        return {row["profile"]: row["stdout"].encode() for row in rows}
    if mode == "--group":
        blocks = [each.partition(b"\n") for each in data.split("── ".encode())[1:]]
        return {head.split(b":")[0].decode(): block for head, _, block in blocks}
    found = {}
    for line in data.splitlines(keepends=True):
        name, _, text = line.decode().partition(" │ ")
        found.setdefault(name.rstrip(), []).append(text)
    return {name: "".join(texts).encode() for name, texts in found.items()}


@pytest.mark.parametrize("mode", ["--group", "--json"])
def test_a_full_disk_fails_that_profile(run_awsexec, three, home, mode):
    script = 'test $AWSEXEC_PROFILE = dev || head -c 1000000 /dev/zero; echo "fine"'
    words = ["--each", "dev", "--each", "prod", mode, "--", "sh", "-c", script]
    result = subprocess.run(
        # in blocks of 512 bytes
        ["/bin/sh", "-c", 'ulimit -f 200; exec "$0" "$@"', AWSEXEC, *words],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout.count("fine")) == (123, 1)
    place = run_awsexec.environ["TMPDIR"]
    why = f"awsexec cannot keep its output in {place} (File too large)"
    assert why in result.stdout and f"  prod  {why}" in result.stderr


@pytest.mark.uncounted
@pytest.mark.parametrize("mode", ["", "--group", "--json"])
def test_much_output(run_awsexec, three, home, mode):
    """Nothing is lost or torn, and memory does not grow with what is printed."""
    lines = MEGABYTES * 1_000_000 // 101
    words = ["--each", "dev", "--each", "prod", *mode.split(), "--"]
    argv = [AWSEXEC, *words, "seq", "-f", "%0100.0f", str(lines)]
    environ, out = run_awsexec.environment(), home.path / "out"
    # with what is in the cache, botocore is not loaded
    assert run_awsexec(*words, "true").status == 0
    assert peak_memory(argv, environ, out) < 30
    expected = "".join(f"{number:0100}\n" for number in range(1, lines + 1)).encode()
    assert output_by_profile(out, mode) == {"dev": expected, "prod": expected}


@pytest.mark.uncounted
def test_many_profiles(run_awsexec, home, sts):
    """Memory hardly grows with them, and open files do not: 64 are enough."""
    few, more = 20, 220
    many(home, sts, more)
    sts.add_user("alice", KEY_ID, SECRET, [CODES[0], CODES[1]])
    peaks = []
    for count, code in ((few, CODES[0]), (more, CODES[1])):
        home.config.write_text(
            "".join(profile(f"acct-{n:02}", MFA) for n in range(count))
        )
        words = f"{AWSEXEC} --no-cache --each 'acct-*' --mfa-token {code} -- true"
        argv = ["/bin/sh", "-c", f"ulimit -n 64; exec {words}"]
        peaks.append(peak_memory(argv, run_awsexec.environment(), home.path / "out"))
    assert len(sts.calls) == few + more + 2
    # in kilobytes; a client for each profile would take a thousand
    assert (peaks[1] - peaks[0]) / (more - few) * 1000 < 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.true_start
def test_an_interrupt_goes_to_all_and_leaves_nothing(run_awsexec, three, home, number):
    script = f'sleep 60 & echo $$ $! >>"{home.path}/pids"; wait'
    process = subprocess.Popen(
        [AWSEXEC, "--each", "*", "--except", "alice", "--", "sh", "-c", script],
        env=run_awsexec.environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    path = home.path / "pids"
    wait_until(lambda: path.exists() and path.read_text().count("\n") == 3)
    process.send_signal(number)
    status = process.wait(20)
    assert status == (130 if number == signal.SIGINT else -number)
    assert not any(is_running(int(pid)) for pid in path.read_text().split())


@pytest.mark.true_start
def test_a_second_interrupt_kills(run_awsexec, three, home):
    script = f"trap '' INT; echo $$ >>\"{home.path}/pids\"; sleep 60; sleep 60"
    process = subprocess.Popen(
        [AWSEXEC, "--each", "dev", "--", "sh", "-c", script],
        env=run_awsexec.environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    path = home.path / "pids"
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert not is_running(int(path.read_text()))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
def test_a_full_stdout_ends_all(run_awsexec, three):
    result = subprocess.run(
        ["/bin/sh", "-c", f"{AWSEXEC} --each dev -- yes >/dev/full"],
        env=run_awsexec.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 125
    assert b"cannot write to stdout: No space left on device" in result.stderr


def test_account_of_a_single_run(run_awsexec, home, sts):
    """It is absent where only a call tells it, so that an outer run's never stays."""
    write(home, sts, "dev")
    outer = {"AWSEXEC_ACCOUNT": "111122223333"}
    for _ in range(2):
        assert run_awsexec.child("dev", env=outer)["AWSEXEC_ACCOUNT"] == ACCOUNT
    assert "AWSEXEC_ACCOUNT" not in run_awsexec.child("alice", env=outer)
