"""An exception that nobody foresaw: one line and 125, whatever it is and wherever."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from awsexec import internal_error
from tests.support import AWSEXEC, READER, READER_CONFIG, SECRET, Awsexec

pytestmark = [pytest.mark.uncounted, pytest.mark.true_start]

FAULTS = str(Path(__file__).parents[1] / "faults.py")
# every so many lines; 1 for all of them, which takes minutes
STEP = os.environ.get("AWSEXEC_EVERY", "23")
LINE = "awsexec: internal error: Unforeseen: it broke, at ****** with ******; please report it with --debug"


@pytest.mark.parametrize(
    ("words", "cached"),
    [
        (["reader", "--", "true"], False),
        (["reader", "--", "true"], True),
        (["reader", "--", "fast"], True),
        (["--export", "sh", "reader"], True),
        (["--list"], True),
        (["--explain", "reader"], True),
        (["--forget"], True),
        (["nosuchprofile", "true"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_at_every_line(run_awsexec, home, sts, words, cached):
    home.write_config(READER_CONFIG)
    if cached:
        run_awsexec.child("reader")
    finished = subprocess.run(
        [sys.executable, FAULTS, f"raise-everywhere={STEP}", *words],
        env={
            **run_awsexec.environment(),
            "AWSEXEC_FASTPATH": "1" if "fast" in words else "0",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(found) * int(STEP) > 50
    wrong = [
        (place, status, output)
        for place, status, output in found
        # botocore catches whatever comes out of some functions that it calls
        if not (place.startswith("credentials/sdk/") and status == 0)
        and (status, output.splitlines().count(LINE)) != (125, 1)
        or "Traceback" in output
        or SECRET in output
        # what a shell reads makes it fail
        or ("--export" in words and not output.endswith("false\n"))
    ]
    assert wrong == []


def test_traceback_with_debug_only(run_awsexec, home):
    """The words of an exception may hold a secret, and the frames of a traceback do not."""
    broken = home.path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import awsexec.options.arguments as arguments\n"
        "def parse(argv):\n"
        f"    secret = '{SECRET[::-1]}'[::-1]\n"
        "    raise RuntimeError(f'no {secret}\\n\\x1b[31m', argv)\n"
        "arguments.parse = parse\n"
    )
    env = {"PYTHONPATH": str(broken)}
    line = (
        "awsexec: internal error: RuntimeError: ('no ******\\n\\x1b[31m', "
        "['x', 'true']); please report it with --debug\n"
    )
    result = run_awsexec("x", "true", env=env)
    assert (result.status, result.stdout, result.stderr) == (125, "", line)
    result = run_awsexec("--debug", "x", "true", env=env)
    assert (result.status, result.stdout) == (125, "")
    lines = result.stderr.splitlines()
    assert any("in parse" in line for line in lines) and SECRET not in result.stderr
    assert all(line.startswith("awsexec: ") for line in lines)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError(SECRET), "KeyError: '******'"),
        (
            ValueError(f"bad header b'{'FwoGZXIvYXdzE' * 9}=='"),
            "ValueError: bad header b'******'",
        ),
        (ValueError("code 123456 is odd"), "ValueError: code ****** is odd"),
        (ValueError("at http://me:pw@host/x"), "ValueError: at http:******host/x"),
        (ValueError("a\n\tb"), "ValueError: a b"),
        (
            TypeError("unsupported operand type(s)"),
            "TypeError: unsupported operand type(s)",
        ),
        (LookupError("x" * 999), "LookupError: " + "x" * 299 + "…"),
        (AssertionError(), "AssertionError"),
        (
            PermissionError(13, "Permission denied", "/home/alice/A1/B2/C3/D4/E5"),
            "PermissionError: [Errno 13] Permission denied: '/home/alice/A1/B2/C3/D4/E5'",
        ),
    ],
)
def test_words(error, words):
    assert internal_error.in_words(error) == (
        f"internal error: {words}; please report it with --debug"
    )


@pytest.mark.parametrize("kilobytes", range(14_000, 80_000, 5000))
def test_little_memory(run_awsexec, home, sts, kilobytes):
    """How much each of it takes is the machine's business."""
    home.write_config(READER_CONFIG)
    finished = subprocess.run(
        ["sh", "-c", f'ulimit -v {kilobytes}; exec "{AWSEXEC}" --no-cache reader true'],
        env=run_awsexec.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in finished.stderr
    if finished.returncode > 0:
        # a library in C may abort
        assert finished.returncode in (125, 126), finished
        assert finished.stderr.startswith("awsexec: ")
        assert finished.stderr.count("\n") == 1


# --- streams


CLOSED = (
    "awsexec: cannot write to stdout: it is closed; check the file or program that it "
    "goes to\n"
)
FULL = CLOSED.replace("it is closed", "No space left on device")


@pytest.mark.parametrize(
    ("line", "status", "stderr"),
    [
        ("--export sh reader >&-", 125, CLOSED),
        ("--export process reader >&-", 125, CLOSED),
        ("--list >&-", 125, CLOSED),
        ("--version >&-", 125, CLOSED),
        ("--list >/dev/full", 125, FULL),
        ("--export sh reader >/dev/full", 125, FULL),
        ("--list >&- 2>&-", 125, ""),
        ("--forget 2>/dev/full", 0, ""),
        ("nosuch true 2>/dev/full", 125, ""),
        ("--nosuch 2>/dev/full", 125, ""),
        ("nosuch true >/dev/full 2>&1", 125, ""),
        ("nosuch true <&- >&- 2>&-", 125, ""),
        ("-v reader sh -c 'exit 3' 2>/dev/full", 3, ""),
        ("-v reader sh -c 'exit 3' <&- >&- 2>&-", 3, ""),
        # COMMAND finds them as the caller left them
        ("reader sh -c 'ls -l /proc/self/fd/2 2>&1 | grep -c null' 2>&-", 1, ""),
        ("nosuch true 2>&1 | true", 125, ""),
        ("--list | true", 141, ""),
        ("--forget 2>&1 | true", 0, ""),
    ],
)
@pytest.mark.both_ways
def test_streams_that_take_nothing(run_awsexec, home, sts, line, status, stderr):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    line, pipe, rest = line.partition(" | true")
    if pipe:
        # the reader is gone before awsexec writes
        line = f"{{ sleep 0.2; exec {AWSEXEC} {line}; }}{pipe}{rest}"
    else:
        line = f"exec {AWSEXEC} {line}"
    finished = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=run_awsexec.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (status, stderr)


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LANG": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "action", ["--list", "--explain", "--export sh", "--init bash"]
)
def test_encodings(run_awsexec, home, env, action):
    """Names that the encoding of stdout does not have, and names that no encoding has."""
    home.write_config("[profile über–ł]\nregion = ł\nsource_profile = alice\n")
    for name in ("über–ł".encode(), b"\xff\xfe"):
        name = [] if action in ("--list", "--init bash") else [name]
        finished = subprocess.run(
            [AWSEXEC, *action.split(), *name],
            env=run_awsexec.environment(env),
            capture_output=True,
            timeout=60,
            check=False,
        )
        # --explain prints what is wrong with the profile
        is_told = finished.returncode == 125 and action != "--explain"
        assert finished.returncode in ((0, 125) if name else (0,)), finished
        assert finished.stderr.count(b"\n") == is_told, finished
        assert b"internal error" not in finished.stderr


# --- places that are not there


@pytest.fixture
def homeless(run_awsexec, home):
    """As with docker run --user: no HOME, and a user that the system does not know."""
    folder = home.path / "nobody"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import pwd\n"
        "def getpwuid(uid):\n"
        "    raise KeyError(f'getpwuid(): uid not found: {uid}')\n"
        "pwd.getpwuid = getpwuid\n"
    )
    run_awsexec.environ.update(
        PYTHONPATH=str(folder),
        AWS_CONFIG_FILE=str(home.config),
        AWS_SHARED_CREDENTIALS_FILE=str(home.credentials),
    )
    for name in ("HOME", "AWSEXEC_CACHE_DIR"):
        run_awsexec.environ.pop(name)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_columns_in_encodings(run_awsexec, home, encoding):
    """What stands for a character that is missing is wider than the character."""
    home.write_config(
        "".join(
            f"[profile {name}]\nrole_arn = {READER}\nsource_profile = alice\n"
            for name in ("über", "łódź", "plain")
        )
    )
    printed = subprocess.check_output(
        [AWSEXEC, "--list"],
        env=run_awsexec.environment({"PYTHONIOENCODING": encoding}),
        timeout=60,
    )
    head, *lines = printed.decode(encoding).splitlines()
    at = head.index("SOURCE")
    assert [line[at - 2 : at + 4] for line in lines] == ["  keys"] * 4


def test_no_home_is_no_folder_here(run_awsexec, home, homeless, tmp_path):
    """Anybody may have put a folder ``~`` into the current directory."""
    here = tmp_path / "here"
    (here / "~" / ".aws").mkdir(parents=True)
    (here / "~" / ".aws" / "config").write_text(READER_CONFIG)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        run_awsexec.environ.pop(name)
    run = Awsexec(run_awsexec.environ, here)
    assert run("reader", "true").error() == (
        "no profile 'reader' in ~/.aws/config (this user has no home directory; set HOME) "
        "and ~/.aws/credentials (this user has no home directory; set HOME); add it "
        "there, or check the spelling"
    )


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        (["alice", "true"], ""),
        (
            ["reader", "true"],
            "awsexec: cannot use the cache: this user has no home directory; going on "
            "without it; set HOME, or AWSEXEC_CACHE_DIR\n",
        ),
        (["--no-cache", "reader", "true"], ""),
        (["--list"], ""),
        (["--explain", "reader"], ""),
        (["--export", "process", "alice"], ""),
        (["--forget"], "awsexec: no session of any profile is in the cache\n"),
        (["alice"], ""),
    ],
    ids=" ".join,
)
def test_no_home(run_awsexec, home, homeless, sts, words, stderr):
    home.write_config(READER_CONFIG)
    result = run_awsexec(*words)
    assert (result.status, result.stderr) == (0, stderr)


@pytest.mark.parametrize(
    "words",
    [
        ["reader", "true"],
        ["--list"],
        ["--explain", "reader"],
        ["--forget"],
        ["p", "true"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("env", [{}, {"AWS_CONFIG_FILE": "config"}], ids=str)
def test_no_current_directory(run_awsexec, home, sts, words, env):
    home.write_config(READER_CONFIG, "[profile p]\ncredential_process = false\n")
    finished = subprocess.run(
        ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"']
        + [AWSEXEC, *words],
        env=run_awsexec.environment(env),
        cwd=home.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    fails = words[0] == "p" or (env and words[-1] in ("reader", "true"))
    assert finished.returncode == (125 if fails else 0), finished
    assert "internal error" not in finished.stderr
    assert finished.stderr.count("\n") <= 1
