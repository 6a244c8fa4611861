"""The fast path: that it is taken, when it is not, and what it loads."""

import subprocess
import sys

import pytest

from tests.support import CODES, READER_CONFIG, SERIAL, WRITER, is_fast

pytestmark = pytest.mark.true_start

# what a cached run may load besides what `python -c pass` has loaded
ALLOWED = {"awsexec", "awsexec.fastpath", "_signal"}

MODULES = "import sys; print(*sorted(sys.modules))"
# the run, up to the moment in which it becomes COMMAND
MODULES_AT_EXEC = """\
import sys
def hook(event, arguments):
    if event == "os.exec":
        print(*sorted(sys.modules), flush=True)
sys.addaudithook(hook)
from awsexec import main
sys.exit(main())
"""


@pytest.fixture(autouse=True)
def _fastpath(request):
    if request.config.getoption("no_fastpath"):
        pytest.skip("the fast path is switched off")


def modules(environ, *arguments):
    finished = subprocess.run(
        [sys.executable, "-c", *arguments],
        # the measurement of coverage loads what it likes
        env={k: v for k, v in environ.items() if not k.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stderr == ""
    return set(finished.stdout.split())


@pytest.mark.parametrize(
    "words",
    [["reader", "--", "true"], ["-q", "reader", "true"], ["reader", "true", "-x"]],
)
def test_cached_run_loads_next_to_nothing(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    environ = run_awsexec.environment()
    loaded = modules(environ, MODULES_AT_EXEC, *words)
    assert loaded - modules(environ, MODULES) <= ALLOWED
    assert "awsexec.fastpath" in loaded
    assert len(sts.calls) == 1


# the run that prints, up to its end
MODULES_AT_END = """\
import os, sys
from awsexec import main
status = main()
os.write(1, " ".join(sys.modules).encode())
sys.exit(status)
"""


@pytest.mark.parametrize(
    "words",
    [["--export", "process", "reader"], ["-q", "--export=process", "reader"]],
)
def test_cached_answer_to_an_sdk_loads_next_to_nothing(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG)
    document = run_awsexec(*words).stdout
    environ = run_awsexec.environment()
    printed = modules(environ, MODULES_AT_END, *words)
    assert set(document.split()) <= printed
    loaded = printed - set(document.split())
    assert loaded - modules(environ, MODULES) <= ALLOWED
    assert "awsexec.fastpath" in loaded
    assert len(sts.calls) == 1


@pytest.mark.parametrize("lc", [{"LC_ALL": "C"}, {"LANG": "C"}, {"LANG": "C.UTF-8"}])
def test_locale_makes_no_difference_to_that(run_awsexec, home, sts, lc):
    home.write_config(READER_CONFIG)
    run_awsexec.environ.pop("LANG")
    run_awsexec.environ.update(lc)
    run_awsexec.child("reader")
    environ = run_awsexec.environment()
    loaded = modules(environ, MODULES_AT_EXEC, "reader", "--", "true")
    assert loaded - modules(environ, MODULES) <= ALLOWED


@pytest.mark.parametrize(
    ("words", "fast"),
    [
        (["reader", "--", "env"], True),
        (["reader", "env"], True),
        (["-q", "reader", "--", "env"], True),
        (["reader", "--quiet", "env"], True),
        (["reader", "echo", "--refresh"], True),
        (["-v", "reader", "env"], False),
        (["reader", "--min-ttl", "60", "env"], False),
        (["--refresh", "reader", "env"], False),
        (["--region", "eu-west-2", "reader", "env"], False),
        (["--export", "process", "reader"], True),
        (["--export=process", "reader"], True),
        (["-q", "--export", "process", "reader"], True),
        (["reader", "--export", "process", "--quiet"], True),
        (["--export", "sh", "reader"], False),
        (["--export", "sh", "--export", "process", "reader"], False),
        (["-v", "--export", "process", "reader"], False),
        (["--export", "process", "reader", "--min-ttl", "60"], False),
    ],
)
def test_shape_that_is_fast(run_awsexec, home, sts, words, fast):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    assert is_fast(run_awsexec, *words) == fast


def test_switched_off(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    fast = run_awsexec.child("reader"), run_awsexec.child("reader")
    off = {"AWSEXEC_FASTPATH": "0"}
    assert is_fast(run_awsexec, "reader", "env")
    assert not is_fast(run_awsexec, "reader", "env", env=off)
    slow = run_awsexec.child("reader", env=off)
    assert slow.pop("AWSEXEC_FASTPATH") == "0"
    assert fast == (slow, slow)


def test_chain_with_mfa(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        f"mfa_serial = {SERIAL}\n[profile writer]\nrole_arn = {WRITER}\n"
        "source_profile = reader\n",
    )
    first = run_awsexec.child("writer", "--mfa-token", CODES[0])
    assert is_fast(run_awsexec, "writer", "env")
    assert run_awsexec.child("writer") == first
    assert len(sts.calls) == 3


def test_first_cached_run_after_an_option_leaves_the_entry(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", "--duration", "1h")
    assert not is_fast(run_awsexec, "reader", "env")
    assert is_fast(run_awsexec, "reader", "env")


def test_static_keys_are_never_fast(run_awsexec):
    # they do not expire, and are in no other file than the user's own
    for _ in range(2):
        assert not is_fast(run_awsexec, "alice", "env")
