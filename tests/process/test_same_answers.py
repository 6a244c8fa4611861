"""With the fast path and without: nothing but the speed differs."""

import os
import subprocess

import pytest

from tests.support import AWSEXEC, READER_CONFIG, is_fast

pytestmark = [pytest.mark.uncounted, pytest.mark.true_start]

TAIL = ["sh", "-c", 'printf "<%s>" "$0" "$@"']
ODD = [
    b"",
    b" ",
    b"a\nb",
    b"\xff\xfe",
    b"--",
    b"-q",
    b"--refresh",
    b"$HOME",
    b"*",
    b"'",
]


@pytest.fixture(autouse=True)
def _cached(run_awsexec, home, sts, request):
    if request.config.getoption("no_fastpath"):
        pytest.skip("the fast path is switched off")
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    run_awsexec.child("reader")
    assert is_fast(run_awsexec, "reader", "env")


@pytest.fixture
def both(run_awsexec, sts):
    """Run awsexec both ways, and return what both came to."""

    def run(*words, env=None):
        def once(fastpath):
            finished = subprocess.run(
                [AWSEXEC, *words],
                env={**run_awsexec.environment(env), "AWSEXEC_FASTPATH": fastpath},
                cwd=run_awsexec.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
            return finished.returncode, finished.stdout, finished.stderr

        fast, slow = once("1"), once("0")
        assert len(sts.calls) == 1
        # the order of an environment's variables says nothing
        parts = [stdout.split(b"\0") for _, stdout, _ in (fast, slow)]
        parts[0] = [part.replace(b"FASTPATH=1", b"FASTPATH=0") for part in parts[0]]
        assert (fast[0], sorted(parts[0]), fast[2]) == (
            slow[0],
            sorted(parts[1]),
            slow[2],
        )
        return fast

    return run


@pytest.mark.parametrize(
    "words",
    [
        ["reader", "--", *TAIL, *ODD],
        ["reader", *TAIL, *ODD],
        ["-q", "reader", "--", *TAIL, "-q", "--", "reader"],
        ["reader", "-q", *TAIL, "--help"],
        ["--quiet", "-q", "reader", "--", *TAIL],
    ],
)
def test_words(both, words):
    status, stdout, _ = both(*words)
    assert status == 0 and stdout.startswith(b"<")


@pytest.mark.parametrize(
    "words",
    [
        ["--export", "process", "reader"],
        ["--export=process", "reader"],
        ["reader", "--export", "process", "-q"],
        ["-q", "--export", "process", "--export=process", "reader"],
        ["--export", "process"],
        ["--export", "process", ""],
        ["--export", "process", "--", "reader"],
        ["--export", "process", "reader", "--"],
        ["--export", "process", "reader", "--", "true"],
        ["--export", "process", "reader", "true"],
        ["--export", "process", "reader", "reader"],
        ["--export", "process", "-"],
        ["reader", "--export"],
        ["reader", "--export", "sh", "--export", "process"],
        ["--export", "process", "reader", "--unset"],
        ["--export", "process", "raeder"],
        ["reader", "--", "echo", "--export", "process"],
        ["reader", "echo", "--export=process", "reader"],
    ],
)
def test_words_of_export(both, words):
    status, stdout, stderr = both(*words)
    assert (status == 0) == (not stderr)
    # for a shell that reads it, a failure is a command that fails too
    assert (status == 0) == (stdout not in (b"", b"false\n"))


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LC_ALL": "C"},
        {"AWS_PROFILE": "gone", "AWS_ACCESS_KEY_ID": "x", "AWSEXEC_PROFILE": "other"},
        {"AWSEXEC_PROFILE_REGION": "x", "AWS_REGION": "x"},
        {"AWSEXEC_CALLERS": "[]"},
    ],
)
def test_environment_of_export(both, variables):
    status, stdout, _ = both("--export", "process", "reader", env=variables)
    assert status == 0 and b"ASIAEXAMPLE000000001" in stdout


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_PROFILE": "gone", "AWS_SECURITY_TOKEN": "x", "AWS_ROLE_ARN": "x"},
        {
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_SESSION_TOKEN": "",
        },
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "x", "AWS_CREDENTIAL_EXPIRATION": "x"},
        {"AWSEXEC_PROFILE": "other", "AWS_REGION": ""},
        {"LC_ALL": "C"},
        {"LANG": "C"},
        {"LANG": "", "LC_CTYPE": "C"},
        {"LC_CTYPE": "C.UTF-8"},
        {"NAME": "\udcff\n=x", "é": "ü"},
        {"AWSEXEC_CALLERS": "[]"},
    ],
)
def test_environment(both, variables):
    status, stdout, _ = both("reader", "--", "env", "-0", env=variables)
    assert status == 0
    assert b"AWSEXEC_PROFILE=reader" in stdout and b"AWS_SECURITY_TOKEN" not in stdout


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 7", 7),
        ("exit 125", 125),
        ("kill -TERM $$", -15),
        ("kill -INT $$", -2),
        ("kill -PIPE $$", -13),
        ("umask; pwd; ulimit -n", 0),
        ("trap", 0),
    ],
)
def test_status(both, script, status):
    assert both("reader", "--", "sh", "-c", script)[0] == status


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("no-such-command", 127),
        ("./no-such-command", 127),
        ("/dev/null/command", 127),
        ("/", 126),
        ("", 127),
        ("plain", 126),
        ("script", 0),
        ("interpreter-is-missing", 126),
        ("second", 0),
        ("~/script", 127),
    ],
)
def test_command_that_is_hard_to_run(run_awsexec, home, both, command, status):
    first, second = home.path / "first", home.path / "second"
    for folder in (first, second):
        folder.mkdir()
    for path, text, mode in (
        (first / "plain", "true\n", 0o644),
        (first / "script", 'echo "$0" | sed s,.*/,,\n', 0o755),
        (first / "interpreter-is-missing", "#!/not/there\n", 0o755),
        (first / "second", "true\n", 0o644),
        (second / "second", "#!/bin/sh\necho second\n", 0o755),
    ):
        path.write_text(text)
        path.chmod(mode)
    run_awsexec.environ["PATH"] = f"{home.path}/none::{first}:{second}:{os.defpath}"
    assert both("reader", "--", command)[0] == status


@pytest.mark.parametrize("path", ["", None])
def test_path_that_says_nothing(run_awsexec, both, path):
    run_awsexec.environ["PATH"] = path
    both("reader", "--", "env", "-0")


def test_standard_streams_that_are_closed(run_awsexec):
    line = f'exec "{AWSEXEC}" reader -- sh -c "echo ok >&2" <&- >&-'
    for fastpath in ("1", "0"):
        finished = subprocess.run(
            ["sh", "-c", line],
            env={**run_awsexec.environment(), "AWSEXEC_FASTPATH": fastpath},
            capture_output=True,
            timeout=60,
        )
        assert (finished.returncode, finished.stderr) == (0, b"ok\n")


def test_signals_as_the_caller_left_them(both):
    # what Python changes for itself is not COMMAND's
    status, stdout, _ = both("reader", "--", "grep", "^Sig[^Q]", "/proc/self/status")
    assert status == 0 and b"SigIgn" in stdout
