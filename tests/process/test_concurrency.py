"""Many runs at once are one: one call, one prompt, and nobody is held up."""

import os
import subprocess
import sys
import time
from collections import Counter

import pexpect
import pytest

from tests.servers.sts import role_arn
from tests.support import AWSEXEC, CODES, READER_CONFIG, SERIAL

pytestmark = [pytest.mark.uncounted, pytest.mark.true_start]

MANY = 50
PROFILES = ("one", "two", "three", "four", "five")
PRINT_KEY = ("--", "printenv", "AWS_ACCESS_KEY_ID")
WAITING = "awsexec: waiting for another awsexec, which is getting the role "
PROMPT = rf"MFA code for reader \({SERIAL}\): "


def asks_for_code(process):
    return (
        f"awsexec: waiting for awsexec process {process.pid}, which asks for the MFA code "
        f"of {SERIAL}"
    )


def start(run_awsexec, *words):
    return subprocess.Popen(
        [AWSEXEC, *words],
        env=run_awsexec.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(run):
    stdout, stderr = run.communicate(timeout=60)
    # the ones that waited have nothing to say in a pipe
    assert (run.returncode, stderr) == (0, "")
    return stdout.strip()


def at_terminal(run_awsexec, *words):
    return pexpect.spawn(
        AWSEXEC,
        list(words),
        env=run_awsexec.environment(),
        encoding="utf-8",
        timeout=30,
        dimensions=(24, 200),
    )


def end(terminal):
    """What the run at a `terminal` still says, and its status."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before.strip(), terminal.exitstatus


def test_fifty_runs_make_one_call(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    runs = [start(run_awsexec, "reader", *PRINT_KEY) for _ in range(MANY)]
    assert Counter(map(finish, runs)) == {"ASIAEXAMPLE000000001": MANY}
    assert sts.operations == ["AssumeRole reader"]


def test_fifty_runs_of_five_profiles_share_one_code(run_awsexec, home, sts):
    home.write_config(
        *(
            f"[profile {name}]\nrole_arn = {role_arn(name)}\nsource_profile = alice\n"
            f"mfa_serial = {SERIAL}\n"
            for name in PROFILES
        )
    )
    for name in PROFILES:
        sts.add_role(name, mfa=True)
    asked = home.path / "asked"
    run_awsexec.environ["AWSEXEC_MFA_PROCESS"] = home.script(
        "code", f"#!/bin/sh\necho asked >> {asked}\necho {CODES[0]}\n"
    )
    runs = [
        (name, start(run_awsexec, name, *PRINT_KEY))
        for _ in range(MANY // len(PROFILES))
        for name in PROFILES
    ]
    keys = Counter((name, finish(run)) for name, run in runs)
    assert len(keys) == len(PROFILES) and set(keys.values()) == {10}
    assert asked.read_text() == "asked\n"
    assert sts.operations[0] == "GetSessionToken"
    assert sorted(sts.operations[1:]) == sorted(f"AssumeRole {n}" for n in PROFILES)


def test_many_at_terminals_see_one_prompt(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    asks = at_terminal(run_awsexec, "reader", *PRINT_KEY)
    asks.expect(PROMPT)
    waits = [at_terminal(run_awsexec, "reader", *PRINT_KEY) for _ in range(3)]
    for terminal in waits:
        terminal.expect_exact(asks_for_code(asks))
    asks.sendline(CODES[0])
    asks.expect_exact("\r\n")
    assert end(asks) == ("ASIAEXAMPLE000000002", 0)
    for terminal in waits:
        assert end(terminal) == ("ASIAEXAMPLE000000002", 0)
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_quiet_ones_wait_in_silence(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with sts.held():
        holder = start(run_awsexec, "reader", *PRINT_KEY)
        sts.wait_for_calls(1)
        quiet = at_terminal(run_awsexec, "-q", "reader", *PRINT_KEY)
        says = at_terminal(run_awsexec, "reader", *PRINT_KEY)
        says.expect_exact(WAITING)
    assert finish(holder) == end(quiet)[0] == "ASIAEXAMPLE000000001"
    end(says)


def test_killed_holder_leaves_the_call_to_another(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with sts.held():
        holder = start(run_awsexec, "reader", *PRINT_KEY)
        sts.wait_for_calls(1)
        waits = [at_terminal(run_awsexec, "reader", *PRINT_KEY) for _ in range(3)]
        for terminal in waits:
            terminal.expect_exact(WAITING)
        holder.kill()
        holder.communicate()
        sts.wait_for_calls(2)
    keys = {end(terminal) for terminal in waits}
    # the killed one's call was answered too, to nobody
    assert len(keys) == 1 and len(sts.calls) == 2
    key, status = keys.pop()
    assert key[-20:-1] == "ASIAEXAMPLE00000000" and status == 0


def test_killed_holder_frees_the_others_at_once(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with sts.held():
        holder = start(run_awsexec, "reader", *PRINT_KEY)
        sts.wait_for_calls(1)
        (lock,) = home.cache.glob("*.lock")
        # a waiting one that has all it needs to go on loaded already
        freed = subprocess.Popen(
            [sys.executable, "-c", WAIT_FOR_LOCK, str(lock)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert freed.stdout.readline() == "waiting\n"
        killed = time.time()
        holder.kill()
        holder.communicate()
        assert float(freed.communicate(timeout=30)[0]) - killed < 1


WAIT_FOR_LOCK = """\
import sys, time
from contextlib import nullcontext
from awsexec.cache import locks
def waiting(holder):
    print("waiting", flush=True)
    return nullcontext()
with locks.Lock(sys.argv[1], waiting):
    print(time.time())
"""


def test_interrupted_prompt_harms_nobody(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    stuck = at_terminal(run_awsexec, "reader", *PRINT_KEY)
    stuck.expect(PROMPT)
    waits = at_terminal(run_awsexec, "reader", *PRINT_KEY)
    waits.expect_exact(asks_for_code(stuck))
    stuck.sendintr()
    assert end(stuck)[1] == 130
    waits.expect(PROMPT)
    waits.sendline(CODES[0])
    assert end(waits)[1] == 0
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_interrupted_wait_harms_nobody(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with sts.held():
        holder = start(run_awsexec, "reader", *PRINT_KEY)
        sts.wait_for_calls(1)
        waits = at_terminal(run_awsexec, "reader", *PRINT_KEY)
        waits.expect_exact(WAITING)
        waits.sendintr()
        assert end(waits)[1] == 130
    assert finish(holder) == "ASIAEXAMPLE000000001"
    assert len(sts.calls) == 1


def test_those_who_wait_share_a_failure_and_others_try_anew(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.fail("PackedPolicyTooLarge", "The policy is too large")
    with sts.held():
        first = start(run_awsexec, "reader", *PRINT_KEY)
        sts.wait_for_calls(1)
        second = at_terminal(run_awsexec, "reader", *PRINT_KEY)
        second.expect_exact(WAITING)
        # by another way the call may succeed
        run_awsexec.environ["AWS_MAX_ATTEMPTS"] = "2"
        other_way = at_terminal(run_awsexec, "reader", *PRINT_KEY)
        other_way.expect_exact(WAITING)
        del run_awsexec.environ["AWS_MAX_ATTEMPTS"]
    failure = first.communicate(timeout=60)[1].strip()
    assert failure.endswith("The policy is too large (PackedPolicyTooLarge)")
    said, status = end(second)
    assert (said[-len(failure) :], status) == (failure, 125)
    said, status = end(other_way)
    assert ("ASIAEXAMPLE0" in said, status) == (True, 0)
    assert len(sts.calls) == 2


def test_command_that_runs_on_holds_up_nobody(run_awsexec, home, sts):
    # COMMAND has no part in the lock, however long it runs
    home.write_config(READER_CONFIG)
    read, write = os.pipe()
    long = subprocess.Popen(
        [AWSEXEC, "reader", "--", "cat"],
        env=run_awsexec.environment(),
        stdin=read,
        stdout=subprocess.PIPE,
    )
    os.close(read)
    try:
        assert finish(start(run_awsexec, "reader", "--refresh", *PRINT_KEY))
        assert long.poll() is None
    finally:
        os.close(write)
        long.communicate(timeout=30)


def test_refresh_of_many_is_one_call(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    with sts.held():
        first = start(run_awsexec, "reader", "--refresh", *PRINT_KEY)
        sts.wait_for_calls(2)
        second = at_terminal(run_awsexec, "reader", "--refresh", *PRINT_KEY)
        second.expect_exact(WAITING)
    assert finish(first) == "ASIAEXAMPLE000000002"
    assert end(second)[0].endswith("ASIAEXAMPLE000000002")
    assert len(sts.calls) == 2
