"""Many runs at once, of one role: one call, one question, one failure."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pexpect
import pytest

from tests.support import (
    AWSEXEC,
    CODES,
    READER_CONFIG,
    SERIAL,
    WRONG_CODE,
)

pytestmark = pytest.mark.uncounted

MANY, TWELVE = 50, 12
MFA = f"mfa_serial = {SERIAL}\n"
PRINT_KEY = ("--", "printenv", "AWS_ACCESS_KEY_ID")
PROMPT = f"MFA code for reader ({SERIAL}): "


@pytest.fixture
def at_once(run_awsexec):
    """Runs awsexec many times at once; gives how often each status, stdout and stderr."""

    def run(count, *words):
        run_awsexec("--version")
        together = threading.Barrier(count)

        def one(_):
            together.wait()
            result = run_awsexec("reader", *words, *PRINT_KEY)
            return result.status, result.stdout.strip(), result.stderr

        with ThreadPoolExecutor(count) as pool:
            return Counter(pool.map(one, range(count)))

    return run


class Person:
    """Somebody at a terminal where a line of sh runs, which may start many runs."""

    def __init__(self, run_awsexec, line):
        self.process = pexpect.spawn(
            "/bin/sh",
            ["-c", line],
            env=run_awsexec.environment(),
            encoding="utf-8",
            timeout=60,
            dimensions=(24, 200),
        )

    def sees(self, text):
        self.process.expect_exact(text)

    def types(self, text):
        self.process.sendline(text)

    def ends(self):
        """What was on the screen since."""
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.before


def in_one_terminal(run_awsexec, count, words=""):
    run = f"{AWSEXEC} {words} reader {' '.join(PRINT_KEY)}"
    counting = " ".join(map(str, range(count)))
    return Person(run_awsexec, f"for i in {counting}; do {run} & done; wait")


def test_success(at_once, home, sts):
    home.write_config(READER_CONFIG)
    assert at_once(TWELVE) == {(0, "ASIAEXAMPLE000000001", ""): TWELVE}
    assert len(sts.calls) == 1


@pytest.mark.true_start
def test_refusal(at_once, home, sts):
    home.write_config(READER_CONFIG)
    sts.add_role("reader", trusts=[])
    (found,) = at_once(MANY).items()
    (status, _, stderr), count = found
    assert (status, count) == (125, MANY)
    assert "is not authorized to perform: sts:AssumeRole" in stderr
    # those that begin to wait after a failure was noted try anew
    assert len(sts.calls) <= 3


def test_silence(at_once, run_awsexec, home, sts):
    """Those that wait do not wait for one time-out after the other."""
    home.write_config(READER_CONFIG)
    run_awsexec.environ["AWS_MAX_ATTEMPTS"] = "1"
    with sts.held():
        begun = time.monotonic()
        (found,) = at_once(TWELVE).items()
        # the time-out is ten seconds
        assert time.monotonic() - begun < 20
    (status, _, stderr), count = found
    assert (status, count) == (125, TWELVE)
    assert "no answer in time" in stderr
    assert len(sts.calls) == 1


def test_one_code_for_fifty_in_one_terminal(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    sts.add_role("reader", mfa=True)
    person = in_one_terminal(run_awsexec, MANY)
    person.sees(PROMPT)
    person.types(CODES[0])
    screen = person.ends()
    assert screen.count("ASIAEXAMPLE000000002") == MANY
    assert PROMPT not in screen
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_wrong_first_code(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    sts.add_role("reader", mfa=True)
    person = in_one_terminal(run_awsexec, TWELVE)
    person.sees(PROMPT)
    person.types(WRONG_CODE)
    person.sees("AWS refused the code.")
    person.sees(PROMPT)
    person.types(CODES[0])
    assert person.ends().count("ASIAEXAMPLE000000002") == TWELVE
    assert sts.operations == ["GetSessionToken"] * 2 + ["AssumeRole reader"]


def test_a_person_s_failure_is_not_shared(run_awsexec, home, sts):
    """After three wrong codes of one run, the next one asks."""
    home.write_config(READER_CONFIG, MFA)
    person = in_one_terminal(run_awsexec, 3)
    for _ in range(3):
        person.sees(PROMPT)
        person.types(WRONG_CODE)
    person.sees("invalid MFA one time pass code")
    person.sees(PROMPT)
    person.types(CODES[0])
    assert person.ends().count("ASIAEXAMPLE000000002") == 2


def test_refusal_after_the_code_is_shared(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    sts.add_role("reader", trusts=[])
    person = in_one_terminal(run_awsexec, TWELVE)
    person.sees(PROMPT)
    person.types(CODES[0])
    screen = person.ends()
    assert screen.count("is not authorized to perform: sts:AssumeRole") == TWELVE
    assert len(sts.calls) <= 3


@pytest.mark.parametrize("given", ["exit 3", f"echo {WRONG_CODE}"])
def test_failure_of_mfa_process_is_shared(at_once, home, sts, given):
    asked = home.path / "asked"
    script = home.script("code", f"#!/bin/sh\necho x >>{asked}\nsleep 1\n{given}\n")
    home.write_config(READER_CONFIG, MFA, f"mfa_process = {script}\n")
    (found,) = at_once(TWELVE).items()
    (status, _, stderr), count = found
    assert (status, count) == (125, TWELVE)
    assert f"mfa_process {script}" in stderr
    assert asked.read_text().count("x") <= 2


def test_open_prompt_holds_up_nobody_who_does_not_ask(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    person = Person(run_awsexec, f"{AWSEXEC} reader {' '.join(PRINT_KEY)}")
    person.sees(PROMPT)
    begun = time.monotonic()
    for words, why in (
        (["--no-prompt"], "--no-prompt forbids asking"),
        ([], "there is no terminal to ask on"),
    ):
        assert why in run_awsexec(*words, "reader", "true").error()
    # in the background of a shell with job control
    other = Person(
        run_awsexec, "set -m; " + f"{AWSEXEC} reader true & wait $!; echo =$?="
    )
    other.sees(
        "and this run is in the background, where it cannot ask; use --mfa-token"
    )
    other.sees("=125=")
    assert sts.calls == []
    key = run_awsexec.child("--mfa-token", CODES[0], "reader")["AWS_ACCESS_KEY_ID"]
    assert key == "ASIAEXAMPLE000000002"
    assert time.monotonic() - begun < 30
    # what the other one got is there by now, and the code is not used
    person.types(CODES[1])
    assert key in person.ends()
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_given_code_that_is_refused_does_not_wait(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    person = Person(run_awsexec, f"{AWSEXEC} reader {' '.join(PRINT_KEY)}")
    person.sees(PROMPT)
    error = run_awsexec("--mfa-token", WRONG_CODE, "reader", "true").error()
    assert "invalid MFA one time pass code" in error
    person.types(CODES[0])
    assert "ASIAEXAMPLE000000002" in person.ends()
