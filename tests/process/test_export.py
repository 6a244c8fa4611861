"""--export and --unset, through the shells and by what is printed."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from awsexec.export_formats import UNSET_FORMATS
from tests.support import (
    AWSEXEC,
    KEY_ID,
    READER_CONFIG,
    SECRET,
    SECRETS,
    age,
    fast_path_is_on,
    is_fast,
    wait_until,
)

CONFIG = READER_CONFIG + "region = eu-west-1\n"
FIRST, SECOND = (f"ASIAEXAMPLE{n:09}" for n in (1, 2))
MINUTE = 60


@pytest.fixture(autouse=True)
def _role(home, sts):
    home.write_config(CONFIG)


# for shells

SHELLS = [
    ("sh", "sh"),
    ("sh", "dash"),
    ("sh", "bash"),
    ("sh", "zsh"),
    ("fish", "fish"),
]


def export(run_awsexec, shell, name, *words, env=None):
    """What a shell has in its environment after reading the export."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    result = run_awsexec("--export", shell, *words, env=env)
    assert (result.status, result.stderr) == (0, "")
    printed = subprocess.run(
        [name, "-c", result.stdout + "\nenv -0"],
        env=run_awsexec.environment(env),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    items = (os.fsdecode(item).split("=", 1) for item in printed.split(b"\0") if item)
    return dict(items)


def of_aws(found, run_awsexec):
    """The names of what a shell has of AWS and us, and not from the test."""
    names = {name for name in found if name.startswith("AWS")}
    return names - set(run_awsexec.environ)


@pytest.mark.parametrize(("shell", "name"), SHELLS)
def test_export_survives_the_shell(shell, name, run_awsexec, home):
    odd = "a $(touch pwned)`touch pwned` 'q' \\ é 日本"
    home.write_config(CONFIG.replace("profile reader", f'profile "{odd}"'))
    found = export(run_awsexec, shell, name, odd)
    assert found["AWSEXEC_PROFILE"] == odd
    assert found["AWS_SECRET_ACCESS_KEY"].startswith("wJalrXUtnFEMI/EXAMPLESESSION")
    assert found["AWS_SESSION_TOKEN"].startswith("EXAMPLESESSIONTOKEN")
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert not (run_awsexec.folder / "pwned").exists()
    # keys of a user, in a shell that has a role's
    foreign = {**found, "AWS_PROFILE": "x", "AWS_SECURITY_TOKEN": "y"}
    found = export(run_awsexec, shell, name, "alice", env=foreign)
    assert found["AWS_ACCESS_KEY_ID"] == KEY_ID
    assert of_aws(found, run_awsexec) == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWSEXEC_PROFILE",
    }


@pytest.mark.parametrize(("shell", "name"), SHELLS)
def test_unset(shell, name, run_awsexec, home, sts):
    there = export(run_awsexec, shell, name, "reader")
    there |= {"AWS_PROFILE": "x", "AWS_CONTAINER_NEW": "y", "AWS_CA_BUNDLE": "/b"}
    # what no shell can have by that name, and would run instead
    there["AWS_CONTAINER_;touch pwned"] = "z"
    home.config.write_text("[broken\n")
    found = export(run_awsexec, shell, name, "--unset", env=there)
    assert of_aws(found, run_awsexec) - {"AWS_CONTAINER_;touch pwned"} == {
        "AWS_CA_BUNDLE"
    }
    assert not (run_awsexec.folder / "pwned").exists()
    assert len(sts.calls) == 1


def test_unset_leaves_a_region_of_the_user_s(run_awsexec):
    for there, gone in (
        ({"AWS_REGION": "eu-west-2"}, []),
        ({"AWS_REGION": "a", "AWSEXEC_PROFILE_REGION": "a"}, ["AWS_REGION"]),
        (
            {"AWS_REGION": "b", "AWSEXEC_PROFILE_REGION": "a"},
            ["AWS_DEFAULT_REGION"],
        ),
    ):
        result = run_awsexec("--export", "sh", "--unset", env=there)
        words = result.stdout.split()
        assert set(gone) == set(gone) & set(words)
        assert ("AWS_REGION" in words) == ("AWS_REGION" in gone)


@pytest.mark.parametrize("form", UNSET_FORMATS)
def test_unset_takes_away_what_export_sets(form, run_awsexec):
    variables = json.loads(run_awsexec("--export", "json", "reader").stdout)
    text = run_awsexec(
        "--export", form, "--unset", env={"AWSEXEC_PROFILE_REGION": "eu-west-1"}
    ).stdout
    for name in [*variables, "AWSEXEC_ISSUED", "AWSEXEC_PROFILE_REGION"]:
        assert name in text


# for programs


@pytest.mark.both_ways
def test_process(run_awsexec):
    for _ in range(2):
        result = run_awsexec("--export", "process", "reader")
        assert (result.status, result.stderr) == (0, "")
        document = json.loads(result.stdout)
        child = run_awsexec.child("reader")
        assert document == {
            "Version": 1,
            "AccessKeyId": child["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": child["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": child["AWS_SESSION_TOKEN"],
            "Expiration": child["AWS_CREDENTIAL_EXPIRATION"],
        }


def test_process_of_keys(run_awsexec):
    result = run_awsexec("--export", "process", "alice")
    assert json.loads(result.stdout) == {
        "Version": 1,
        "AccessKeyId": KEY_ID,
        "SecretAccessKey": SECRET,
    }


def test_json_and_dotenv_are_what_a_command_gets(run_awsexec):
    child = run_awsexec.child("reader")
    variables = json.loads(run_awsexec("--export", "json", "reader").stdout)
    assert len(variables) == 9
    assert variables == {name: child[name] for name in variables}
    lines = run_awsexec("--export", "dotenv", "reader").stdout.splitlines()
    assert dict(line.split("=", 1) for line in lines) == variables


def test_value_that_does_not_fit(run_awsexec, home):
    home.write_config(CONFIG.replace("profile reader", 'profile "pay $5"'))
    assert run_awsexec("--export", "dotenv", "pay $5").error() == (
        "--export dotenv cannot write the value of AWSEXEC_PROFILE, which has a $; use "
        "another FORMAT"
    )
    assert run_awsexec("--export", "process", "pay $5").status == 0


@pytest.mark.both_ways
@pytest.mark.parametrize("cached", [True, False])
def test_stdout_that_takes_nothing(run_awsexec, cached):
    if cached:
        run_awsexec.child("reader")
    for redirection, status, said in (
        (
            ">&-",
            125,
            "awsexec: cannot write to stdout: it is closed; check the file or program "
            "that it goes to\n",
        ),
        (
            ">/dev/full",
            125,
            "awsexec: cannot write to stdout: No space left on device; check the file "
            "or program that it goes to\n",
        ),
    ):
        finished = subprocess.run(
            ["sh", "-c", f'"{AWSEXEC}" --export process reader {redirection}'],
            env=run_awsexec.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (finished.returncode, finished.stdout) == (status, "")
        assert finished.stderr == said


@pytest.mark.both_ways
def test_reader_that_is_gone(run_awsexec):
    run_awsexec.child("reader")
    read, write = os.pipe()
    os.close(read)
    finished = subprocess.run(
        [AWSEXEC, "--export", "process", "reader"],
        env=run_awsexec.environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(write)
    assert (finished.returncode, finished.stderr) == (
        125,
        b"awsexec: cannot write to stdout: Broken pipe; check the file or program "
        b"that it goes to\n",
    )


# bad input


@pytest.mark.parametrize("form", ["csh", "env", "bash", "SH"])
def test_no_such_format(form, run_awsexec):
    assert run_awsexec("--export", form, "x").error(stdout="false\n") == (
        f"--export {form}: unknown value; choose one of process, sh, fish, powershell, "
        "cmd, dotenv, json; see awsexec --help"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--export", "--export needs a value; write --export FORMAT"),
        ("--export=", "the value of --export is empty; give FORMAT or remove --export"),
        (
            "--export sh reader -- ls",
            "--export runs no COMMAND; remove COMMAND or --export",
        ),
        (
            "--export process reader ls",
            "--export runs no COMMAND; remove COMMAND or --export",
        ),
        (
            "--unset",
            "--unset works only with --export; add --export and sh, fish, powershell or "
            "cmd",
        ),
        (
            "--unset reader",
            "--unset works only with --export; add --export and sh, fish, powershell or "
            "cmd",
        ),
        (
            "--export sh --unset reader",
            "--unset takes no PROFILE, since it unsets the credentials of any profile; "
            "remove PROFILE",
        ),
        *(
            (
                f"--export {form} --unset",
                f"--unset does not work with --export {form}; choose sh, fish, "
                "powershell or cmd",
            )
            for form in ("process", "dotenv", "json")
        ),
        (
            "--export sh --unset --list",
            "--list and --export cannot be used together; choose one",
        ),
    ],
)
def test_usage_error(words, error, run_awsexec, sts):
    expected = f"{error}; see awsexec --help"
    fails = words.startswith("--export") and not any(
        form in words for form in ("process", "dotenv", "json")
    )
    stdout = "false\n" if fails else ""
    assert run_awsexec(*words.split()).error(stdout=stdout) == expected
    assert sts.calls == []


# failures

READ_BY = {
    "sh": 'eval "$({})"',
    "fish": "{} | source",
}
FAILURES = [
    ("a profile that does not exist", "nosuch", 125),
    ("a usage error after FORMAT", "reader --nosuch", 125),
    ("a COMMAND", "reader true", 125),
]


@pytest.mark.parametrize(("shell", "name"), SHELLS)
@pytest.mark.parametrize(("what", "words", "status"), FAILURES)
def test_a_failure_makes_the_shell_s_line_fail(
    shell, name, what, words, status, run_awsexec, sts
):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    line = READ_BY[shell].format(f"{AWSEXEC} --export {shell} {words}")
    after = "echo went on" if shell == "fish" else "test -n x && echo went on"
    for script, out in (
        (f"{line} && {after}; echo and here", "and here\n"),
        (
            f"{line}; or {after}" if shell == "fish" else f"{line} || {after}",
            "went on\n",
        ),
        (f"set -e; {line}; {after}", "" if shell == "sh" else "went on\n"),
    ):
        if shell == "fish" and script.startswith("set -e"):
            # fish has no such option
            continue
        finished = subprocess.run(
            [name, "-c", script],
            env=run_awsexec.environment({"AWS_ACCESS_KEY_ID": "before"}),
            capture_output=True,
            text=True,
        )
        assert finished.stdout == out, finished
        assert finished.stderr.count("\n") == 1, finished


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("sh", "false\n"),
        ("fish", "false\n"),
        ("powershell", "throw 'awsexec printed no credentials'\n"),
        ("cmd", "cmd /c exit 1\n"),
        ("process", ""),
        ("dotenv", ""),
        ("json", ""),
    ],
)
def test_what_a_failure_prints(form, printed, run_awsexec, home, sts):
    assert run_awsexec("--export", form, "nosuch").error(stdout=printed)
    # wherever --export stands, and whatever else is wrong
    for words in (
        ["nosuch", f"--export={form}"],
        ["--min-ttl", "nonsense", "--export", form, "reader"],
        ["--nosuch", "value", "reader", "--export", form],
    ):
        assert run_awsexec(*words).error(stdout=printed), words
    sts.fail("AccessDenied", "not today", 403)
    assert run_awsexec("reader", "--export", form).error(stdout=printed)


@pytest.mark.parametrize(
    "words",
    [
        ["nosuch", "true", "--export", "sh"],
        ["nosuch", "--", "--export", "sh"],
        ["--shell", "--export", "sh", "nosuch"],
    ],
)
def test_what_is_no_export_prints_nothing(words, run_awsexec):
    result = run_awsexec(*words)
    assert (result.stdout, result.status) == ("", 125)


@pytest.mark.true_start
def test_an_error_of_awsexec_s_own_fails_the_reader_too(run_awsexec, home):
    (home.path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['awsexec.commands.export'] = None\n"
    )
    broken = {"PYTHONPATH": str(home.path)}
    result = run_awsexec("--export", "sh", "reader", env=broken)
    assert (result.stdout, result.status == 0) == ("false\n", False)


@pytest.mark.true_start
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_fails_the_reader_too(number, run_awsexec, sts, home):
    """`timeout` sends SIGTERM, a terminal that ends SIGHUP, and Ctrl-C SIGINT."""
    script = home.script("slow", f"#!/bin/sh\necho >{home.path}/begun\nexec sleep 20\n")
    home.write_config(f"[profile p]\ncredential_process = {script}\n")
    process = subprocess.Popen(
        [AWSEXEC, "--export", "sh", "p"],
        env=run_awsexec.environment(),
        stdout=subprocess.PIPE,
        # what the process started keeps it open
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until((home.path / "begun").exists)
    # by then it waits for the process that it has started
    time.sleep(0.5)
    process.send_signal(number)
    assert process.communicate(timeout=60)[0] == b"false\n"
    assert process.returncode == (130 if number == signal.SIGINT else -number)


# the last quarter


@pytest.mark.parametrize("form", ["sh", "process", "json"])
def test_renews_in_the_last_quarter(form, run_awsexec, home, sts):
    first = run_awsexec("--export", form, "reader").stdout
    assert run_awsexec("--export", form, "reader").stdout == first
    age(home, 2000)
    run_awsexec("--export", form, "reader")
    assert sts.operations == ["AssumeRole reader"]
    age(home, 800)
    assert SECOND in run_awsexec("--export", form, "reader").stdout
    assert SECOND in run_awsexec("--export", form, "reader").stdout
    assert sts.operations == ["AssumeRole reader"] * 2


@pytest.mark.both_ways
@pytest.mark.parametrize("form", ["sh", "process"])
@pytest.mark.parametrize("reached", [True, False])
def test_renewal_that_fails(form, reached, run_awsexec, home, sts):
    run_awsexec.environ["AWS_MAX_ATTEMPTS"] = "1"
    run_awsexec.child("reader")
    age(home, 46 * MINUTE)
    if reached:
        sts.fail("AccessDenied", "not today", 403)
    else:
        sts.hang_up()
    result = run_awsexec("--export", form, "reader")
    assert result.status == 0 and FIRST in result.stdout
    assert result.stderr.startswith(
        "awsexec: using the session, which has 13m left, because renewing it failed: "
        + ("profile 'reader': not today" if reached else "cannot reach AWS STS")
    )
    assert result.stderr.count("\n") == 1
    assert len(sts.calls) == 2
    # an SDK asks at each of its calls by now; for a person it is tried again
    again = run_awsexec("--export", form, "reader")
    assert (FIRST if form == "process" else SECOND) in again.stdout
    assert (again.status, again.stderr) == (0, "")
    assert len(sts.calls) == (2 if form == "process" else 3)
    age(home, 1 * MINUTE)
    assert SECOND in run_awsexec("--export", form, "reader").stdout
    assert len(sts.calls) == 3


def test_past_the_margin_failure_is_failure(run_awsexec, home, sts):
    run_awsexec.child("reader")
    age(home, 56 * MINUTE)
    sts.fail("AccessDenied", "not today", 403)
    assert "not today" in run_awsexec("--export", "process", "reader").error()


def test_no_message_has_a_secret(run_awsexec, sts):
    result = run_awsexec("--debug", "--export", "process", "reader")
    for secret in set(SECRETS) - {KEY_ID, "ASIAEXAMPLE"}:
        assert secret not in result.stderr


def test_it_is_fast(run_awsexec):
    words = ["--export", "process", "reader"]
    run_awsexec(*words)
    assert is_fast(run_awsexec, *words) == fast_path_is_on(run_awsexec)
