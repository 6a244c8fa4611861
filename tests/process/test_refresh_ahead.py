"""awsexec renews a session near its end in the background, while COMMAND runs."""

import os
import subprocess
import sys

import pytest

from tests.support import (
    AWSEXEC,
    CODES,
    READER_CONFIG,
    SERIAL,
    WRITER,
    age,
    entries,
    is_fast,
    renewed,
    wait_until,
)

pytestmark = [
    pytest.mark.skipif(
        not os.path.isdir("/proc/self"), reason="finds the helpers in /proc"
    ),
    # by their environments
    pytest.mark.true_start,
]

MINUTE = 60
# a session lives for an hour: its last quarter begins here
LAST_QUARTER = 45 * MINUTE
FIRST, SECOND, THIRD = (f"ASIAEXAMPLE{n:09}" for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def _cached(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")


def who(run_awsexec, env=None):
    return run_awsexec.child("reader", env=env)["AWS_ACCESS_KEY_ID"]


def test_command_starts_at_once_and_the_next_has_the_new_one(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    with sts.held():
        # the run ends, and its pipes are at their end, while the renewal goes on
        assert who(run_awsexec) == FIRST
        sts.wait_for_calls(2)
        assert who(run_awsexec) == FIRST
    wait_until(lambda: renewed(home, SECOND))
    assert who(run_awsexec) == SECOND
    if "AWSEXEC_FASTPATH" not in run_awsexec.environ:
        assert is_fast(run_awsexec, "reader", "env")
    assert sts.operations == ["AssumeRole reader"] * 2


def test_not_before_its_time(run_awsexec, home, sts):
    age(home, LAST_QUARTER - 2 * MINUTE)
    for _ in range(2):
        assert who(run_awsexec) == FIRST
    assert not processes_with(f"HOME={home.path}")
    assert len(sts.calls) == 1


def test_runs_in_between_are_fast(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    with sts.held():
        who(run_awsexec)
        sts.wait_for_calls(2)
        if "AWSEXEC_FASTPATH" not in run_awsexec.environ:
            assert is_fast(run_awsexec, "reader", "env")


@pytest.mark.both_ways
def test_one_helper_for_many_runs(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    with sts.held():
        runs = [
            subprocess.Popen(
                [AWSEXEC, "reader", "--", "printenv", "AWS_ACCESS_KEY_ID"],
                env=run_awsexec.environment(),
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(10)
        ]
        assert {run.communicate(timeout=60)[0] for run in runs} == {f"{FIRST}\n"}
        sts.wait_for_calls(2)
        assert len(processes_with(f"HOME={home.path}")) == 1
    wait_until(lambda: renewed(home, SECOND))
    assert who(run_awsexec) == SECOND
    assert len(sts.calls) == 2


LOOK_AROUND = """\
import os
print(sorted(os.listdir("/dev/fd")))
try:
    print(os.wait())
except ChildProcessError:
    print("no children")
"""


def test_helper_is_no_child_of_the_command(run_awsexec, home, sts):
    before = run_awsexec("reader", "--", sys.executable, "-c", LOOK_AROUND)
    age(home, LAST_QUARTER + 1)
    with sts.held():
        after = run_awsexec("reader", "--", sys.executable, "-c", LOOK_AROUND)
        sts.wait_for_calls(2)
    assert after == before
    assert after.stdout.endswith("no children\n")


def test_helper_holds_nothing_of_the_caller_s(run_awsexec, home, sts):
    # a descriptor that is neither of the three, and meant to be inherited
    read, write = os.pipe()
    age(home, LAST_QUARTER + 1)
    with sts.held():
        subprocess.run(
            [AWSEXEC, "reader", "--", "true"],
            env=run_awsexec.environment(),
            pass_fds=[write],
            timeout=60,
            check=True,
        )
        os.close(write)
        sts.wait_for_calls(2)
        with open(read, "rb") as stream:
            assert stream.read() == b""


def test_helper_is_in_nobody_s_session_or_folder(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    with sts.held():
        code = "import os; print(os.getsid(0))"
        command = run_awsexec("reader", "--", sys.executable, "-c", code)
        sts.wait_for_calls(2)
        (helper,) = processes_with(f"HOME={home.path}")
        status = open(f"/proc/{helper}/stat").read().rpartition(")")[2].split()
        _, _, group, session, terminal = status[:5]
        assert int(terminal) == 0
        assert session == group != command.stdout.strip()
        assert os.readlink(f"/proc/{helper}/cwd") == "/"
        for standard in (0, 1, 2):
            assert os.readlink(f"/proc/{helper}/fd/{standard}") == os.devnull
    wait_until(lambda: not processes_with(f"HOME={home.path}"))


def processes_with(variable):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as stream:
                if os.fsencode(variable) in stream.read().split(b"\0"):
                    found.append(name)
        except OSError:
            # somebody else's, or gone
            pass
    return found


@pytest.mark.parametrize(
    ("setting", "age_of_it", "ahead"),
    [
        ("0", 50, False),
        ("0%", 50, False),
        ("25%", 44, False),
        ("25%", 46, True),
        ("50%", 31, True),
        ("10m", 49, False),
        ("10m", 51, True),
        ("1500", 36, True),
        ("", 46, True),
    ],
)
def test_when(run_awsexec, home, sts, setting, age_of_it, ahead):
    env = {"AWSEXEC_REFRESH_AHEAD": setting}
    run_awsexec.child("reader", env=env)
    age(home, age_of_it * MINUTE)
    with sts.held():
        assert who(run_awsexec, env) == FIRST
        if ahead:
            sts.wait_for_calls(2)
    if not ahead:
        assert not processes_with(f"HOME={home.path}")
    assert len(sts.calls) == 1 + ahead


def test_value_that_says_nothing(run_awsexec):
    env = {"AWSEXEC_REFRESH_AHEAD": "soon"}
    assert "AWSEXEC_REFRESH_AHEAD=soon" in run_awsexec("reader", "env", env=env).error()


def test_not_where_it_takes_a_code(run_awsexec, home, sts):
    # a role for longer than an hour takes the code itself
    sts.add_role("reader", longest=7200)
    home.write_config(
        READER_CONFIG,
        f"mfa_serial = {SERIAL}\nduration_seconds = 7200\nmfa_process = /not/run\n",
    )
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    calls = len(sts.calls)
    age(home, 110 * MINUTE)
    for _ in range(2):
        assert who(run_awsexec) == SECOND
    assert not processes_with(f"HOME={home.path}")
    assert len(sts.calls) == calls


def test_not_once_the_session_of_the_code_is_over(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    for path, entry in entries(home).items():
        if "GetSessionToken" in entry.key and "AssumeRole" not in entry.key:
            path.unlink()
    age(home, LAST_QUARTER + 1)
    for _ in range(2):
        assert who(run_awsexec) == THIRD
    assert not processes_with(f"HOME={home.path}")
    assert len(sts.calls) == 3


def test_role_behind_a_session_with_mfa_is_renewed(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        f"mfa_serial = {SERIAL}\n",
        f"[profile writer]\nrole_arn = {WRITER}\nsource_profile = reader\n",
    )
    run_awsexec.child("writer", "--mfa-token", CODES[0])
    calls = len(sts.calls)
    age(home, LAST_QUARTER + 1)
    first = run_awsexec.child("writer")["AWS_ACCESS_KEY_ID"]
    wait_until(lambda: len(sts.calls) == calls + 1)
    assert sts.operations[-1] == "AssumeRole writer"
    wait_until(lambda: not processes_with(f"HOME={home.path}"))
    assert run_awsexec.child("writer")["AWS_ACCESS_KEY_ID"] != first
    assert len(sts.calls) == calls + 1


def test_failed_renewal_is_silent_and_not_tried_again_at_once(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    sts.fail("AccessDenied", "not authorized", 403)
    assert who(run_awsexec) == FIRST
    sts.wait_for_calls(2)
    wait_until(lambda: not processes_with(f"HOME={home.path}"))
    for _ in range(2):
        assert who(run_awsexec) == FIRST
    assert len(sts.calls) == 2
    # a minute later it is
    age(home, MINUTE + 1)
    assert who(run_awsexec) == FIRST
    sts.wait_for_calls(3)
    wait_until(lambda: renewed(home, THIRD[:-1] + "2"))


def test_killed_helper_leaves_everything_usable(run_awsexec, home, sts):
    age(home, LAST_QUARTER + 1)
    with sts.held():
        who(run_awsexec)
        sts.wait_for_calls(2)
        (helper,) = processes_with(f"HOME={home.path}")
        os.kill(int(helper), 9)
        wait_until(lambda: not processes_with(f"HOME={home.path}"))
        assert who(run_awsexec) == FIRST
    assert who(run_awsexec) == FIRST
    age(home, MINUTE + 1)
    who(run_awsexec)
    sts.wait_for_calls(3)


def test_expired_while_away_is_waited_for(run_awsexec, home, sts):
    age(home, 61 * MINUTE)
    assert who(run_awsexec) == SECOND
    assert len(sts.calls) == 2


def test_used_every_ten_minutes_it_is_never_waited_for(run_awsexec, home, sts):
    seen = []
    for _ in range(18):
        age(home, 10 * MINUTE)
        calls = len(sts.calls)
        with sts.held():
            # no run could end if it waited for a call
            seen.append(who(run_awsexec))
        wait_until(lambda: not processes_with(f"HOME={home.path}"))
        assert len(sts.calls) - calls <= 1
    # three hours, each session used for fifty minutes
    assert 4 <= len(sts.calls) <= 5
    assert seen == sorted(seen) and len(set(seen)) >= 4
