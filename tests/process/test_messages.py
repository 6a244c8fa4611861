"""What awsexec says for itself, and what it never says."""

import subprocess
import sys

import pytest

from awsexec.options import manual
from awsexec.version import __version__
from tests.support import AWSEXEC, CODES, READER_CONFIG, SECRETS, SERIAL


@pytest.fixture
def mfa_role(home, sts):
    sts.add_role("reader", external_id="shared-secret", mfa=True)
    home.write_config(
        READER_CONFIG, f"mfa_serial = {SERIAL}\nexternal_id = shared-secret\n"
    )


@pytest.mark.parametrize("words", [("-q",), ("--quiet",), ()])
def test_a_run_says_nothing(run_awsexec, mfa_role, words):
    result = run_awsexec(*words, "--mfa-token", CODES[0], "reader", "true")
    assert (result.status, result.stdout, result.stderr) == (0, "", "")


def test_verbose_names_each_step(run_awsexec, mfa_role):
    run_awsexec("reader", "--mfa-token", CODES[0], "true")
    result = run_awsexec("-v", "reader", "true")
    assert "role arn:aws:iam::123456789012:role/reader: cached, " in result.stderr


@pytest.mark.parametrize("word", ["-v", "--debug"])
def test_no_secret_is_ever_said(run_awsexec, mfa_role, word):
    result = run_awsexec(word, "reader", "--mfa-token", CODES[0], "true")
    assert result.status == 0
    lines = result.stderr.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("awsexec: ") for line in lines)
    for secret in (*SECRETS, "shared-secret"):
        assert secret not in result.stderr


def test_debug_shows_each_request(run_awsexec, mfa_role, sts):
    result = run_awsexec("--debug", "reader", "--mfa-token", CODES[0], "true")
    assert (
        f"awsexec: GetSessionToken at {sts.url} signed by key …MPLE: "
        f"DurationSeconds=43200, SerialNumber={SERIAL}, TokenCode=******\n"
    ) in result.stderr
    assert (
        f"awsexec: AssumeRole at {sts.url} signed by key …0001: ExternalId=******, "
        "RoleArn=arn:aws:iam::123456789012:role/reader, RoleSessionName="
    ) in result.stderr


@pytest.mark.parametrize(
    ("word", "text"), [("-h", manual.summary()), ("--help", manual.help_text())]
)
def test_help(run_awsexec, word, text):
    result = run_awsexec("alice", word, "ls")
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout == text


# coverage itself loads some of these modules
@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("-h", {"options.manual", "options.sections", "version"}),
        ("--help", {"options.manual", "options.sections", "version"}),
        ("--version", {"version"}),
        (
            "--no-such-option",
            {
                *("options.meant", "profiles", "profiles.files", "profiles.near"),
                "profiles.key_index",
                *("bounded", "directories", "processes", "processes.core_dumps"),
            },
        ),
    ],
)
def test_what_needs_no_profile_loads_little(run_awsexec, word, more):
    result = run_awsexec(word, env={"PYTHONPROFILEIMPORTTIME": "1"})
    lines = [line for line in result.stderr.splitlines() if line.startswith("import ")]
    loaded = {line.rpartition("|")[2].strip() for line in lines}
    own = {name for name in loaded if name.partition(".")[0] == "awsexec"}
    needed = {"cli", "errors", "export_formats", "fastpath", "output", "text", "times"}
    needed |= {"options", "options.arguments", "options.table"} | more
    assert own == {"awsexec", *(f"awsexec.{name}" for name in needed)}
    # each takes longer than all of these together
    slow = "argparse dataclasses enum functools inspect json re shutil typing"
    assert not loaded & set(slow.split())


def test_version(run_awsexec):
    result = run_awsexec("--version")
    assert result.stdout == f"awsexec {__version__}\n"
    assert (result.status, result.stderr) == (0, "")


@pytest.mark.parametrize("word", ["--version", "--help", "--forget", "nobody"])
def test_closed_streams(run_awsexec, word):
    finished = subprocess.run(
        ["sh", "-c", f"{AWSEXEC} {word} <&- >&- 2>&-"],
        env=run_awsexec.environment(),
        check=False,
    )
    assert finished.returncode == (0 if word == "--forget" else 125)


def test_module_form(run_awsexec):
    result = run_awsexec("alice", "printenv", "AWSEXEC_PROFILE")
    finished = subprocess.run(
        [sys.executable, "-m", "awsexec", "alice", "printenv", "AWSEXEC_PROFILE"],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (finished.stdout, finished.stderr) == (result.stdout, "")
