"""Becoming COMMAND: its words, its streams, its end."""

import os
import pwd
import signal
import subprocess
import sys

import pytest

from tests.support import AWSEXEC

pytestmark = pytest.mark.true_start

# each word between brackets, as bytes, whatever is in it
SHOW = (
    sys.executable,
    "-c",
    "import os, sys\nfor w in sys.argv[1:]: sys.stdout.buffer.write(os.fsencode(w) + b'|')",
)


@pytest.mark.parametrize(
    "words",
    [
        ("",),
        ("", "a", "", ""),
        ("two\nlines", "tab\t", " blanks "),
        (b"\xff\xfe not UTF-8".decode("utf-8", "surrogateescape"), "ü"),
        ("--help", "--version", "-q", "--", "--region", "x", "-"),
        ("$HOME", "`id`", "*", "'", '"', "\\", ";", "&&"),
        ("x" * 100_000,),
    ],
    ids=["empty", "empties", "blanks", "bytes", "options", "shell", "long"],
)
@pytest.mark.parametrize("separator", [("--",), ()], ids=["--", "bare"])
def test_words_are_passed_on_as_they_are(run_awsexec, separator, words):
    result = run_awsexec("alice", *separator, *SHOW, *map(os.fsencode, words))
    assert result.stdout.split("|") == [*words, ""]
    assert (result.status, result.stderr) == (0, "")


def test_option_after_profile_and_command_after_it(run_awsexec):
    result = run_awsexec("alice", "--region", "eu-west-1", "echo", "--region", "--")
    assert result.stdout == "--region --\n"


def test_second_separator_is_the_command_s(run_awsexec):
    assert run_awsexec("alice", "--", "echo", "--", "x").stdout == "-- x\n"


@pytest.mark.parametrize("status", [0, 1, 7, 125, 255])
def test_status_is_the_command_s(run_awsexec, status):
    result = run_awsexec("alice", "--", "sh", "-c", f"exit {status}")
    assert (result.status, result.stderr) == (status, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_killed_command_is_seen_as_killed(run_awsexec, number):
    result = run_awsexec("alice", "--", "sh", "-c", f"kill -{number.value} $$")
    assert (result.status, result.stderr) == (-number, "")


def test_command_is_this_very_process(run_awsexec):
    process = subprocess.Popen(
        [AWSEXEC, "alice", "--", "sh", "-c", "echo $$"],
        env=run_awsexec.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.communicate()[0] == f"{process.pid}\n"


@pytest.mark.parametrize("name", ["SIGPIPE", "SIGXFSZ"])
def test_signals_that_python_ignores_are_restored(run_awsexec, name):
    # a shell ends by a signal that it sends itself unless it inherited to ignore it
    result = run_awsexec("alice", "--", "sh", "-c", f"kill -{name[3:]} $$; echo alive")
    assert (result.status, result.stdout) == (-getattr(signal, name), "")


def test_reader_that_goes_away_ends_the_command(run_awsexec):
    line = f"{AWSEXEC} alice -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(
        ["bash", "-c", line],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert finished.stdout == f"y\n{128 + signal.SIGPIPE}\n"
    assert finished.stderr == ""


def test_streams_are_the_command_s(run_awsexec):
    result = run_awsexec("alice", "--", "sh", "-c", "cat; echo e >&2", stdin="in\n")
    assert (result.stdout, result.stderr) == ("in\n", "e\n")


def test_script_without_interpreter_is_run_by_sh(run_awsexec, home):
    path = home.script("plain", 'echo "$0 $1"\n')
    result = run_awsexec("alice", path, "a  b")
    assert result.stdout == f"{path} a  b\n"


def test_command_is_looked_for_on_path(run_awsexec, home):
    # a folder that is none, a file that does not run, then the one that does
    for name in ("first", "second"):
        (home.path / name).mkdir()
    home.script("first/tool", "#!/bin/sh\nexit 1\n")
    (home.path / "first/tool").chmod(0o644)
    home.script("second/tool", "#!/bin/sh\necho second\n")
    path = ":".join(f"{home.path}/{name}" for name in ("none", "first", "second"))
    result = run_awsexec("alice", "tool", env={"PATH": f"{path}:{os.defpath}"})
    assert result.stdout == "second\n"


@pytest.mark.parametrize("name", ["no-such-command", "/no/such/command", ""])
def test_command_not_found(run_awsexec, name):
    result = run_awsexec("alice", "--", name)
    shown = name or "''"
    assert result.error(127) == (
        f"{shown}: command not found; check the spelling and PATH"
    )


def test_command_not_executable(run_awsexec, home):
    path = home.script("tool", "#!/bin/sh\n")
    (home.path / "tool").chmod(0o644)
    assert run_awsexec("alice", path).error(126) == (
        f"{path}: cannot be run (Permission denied); check its permissions"
    )


def test_folder_is_not_executable(run_awsexec, home):
    assert run_awsexec("alice", str(home.path)).error(126) == (
        f"{home.path}: cannot be run (it is a folder); name the program in it"
    )


def test_interpreter_that_is_missing(run_awsexec, home):
    # the system says that the script is not there, though it is
    path = home.script("tool", "#!/no/such/interpreter\n")
    run_awsexec.environ["PATH"] += f":{home.path}"
    for command in (path, "tool"):
        assert run_awsexec("alice", command).error(126) == (
            f"{command}: cannot be run (the interpreter that its first line names is not "
            "there); correct that line, or install the interpreter"
        )


@pytest.mark.parametrize("shell", ["$SHELL", "login shell"])
def test_without_command_a_shell(run_awsexec, home, shell):
    env = {}
    if shell == "$SHELL":
        env["SHELL"] = home.script("shell", "#!/bin/sh\necho $AWSEXEC_PROFILE $#\n")
        expected = "alice 0\n"
    else:
        expected = os.path.basename(pwd.getpwuid(os.getuid()).pw_shell) + "\n"
    result = run_awsexec("alice", env=env, stdin="basename $0\n")
    assert (result.status, result.stdout) == (0, expected)
