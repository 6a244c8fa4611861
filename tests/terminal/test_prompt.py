"""The MFA prompt, on the controlling terminal and nowhere else."""

import shlex

import pytest

from tests.hostile import HOSTILE, is_harmless
from tests.support import AWSEXEC, CODES, READER_CONFIG, SERIAL, WRONG_CODE

QUESTION = f"MFA code for reader ({SERIAL}): "
REFUSED = "AWS refused the code. Each code works once, so wait for the next one."


@pytest.fixture(autouse=True)
def _role(home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    sts.add_role("reader", mfa=True)


def test_all_streams_are_redirected(terminal, home, sts):
    files = {name: home.path / name for name in ("in", "out", "err")}
    files["in"].write_text("for the command\n")
    command = shlex.join([AWSEXEC, "reader", "--", "sh", "-c", "cat; echo e >&2"])
    person = terminal("{} <{in} >{out} 2>{err}".format(command, **files))
    person.sees(QUESTION)
    person.types(CODES[0])
    assert person.ends() == (f"{CODES[0]}\r\n", 0)
    assert files["out"].read_text() == "for the command\n"
    assert files["err"].read_text() == "e\n"
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_in_a_pipe(terminal, sts):
    person = terminal(f"{AWSEXEC} reader -- printenv AWSEXEC_PROFILE | tr a-z A-Z")
    person.sees(QUESTION)
    person.types(CODES[0])
    assert person.ends() == (f"{CODES[0]}\r\nREADER\r\n", 0)


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_what_is_no_code_is_asked_again_without_aws(terminal, sts, wrong):
    person = terminal(f"{AWSEXEC} reader true")
    person.sees(QUESTION)
    person.types(wrong)
    person.sees(f"An MFA code is six digits. {QUESTION}")
    assert sts.calls == []
    person.types(f"  {CODES[0]} ")
    assert person.ends()[1] == 0
    assert len(sts.calls) == 2


def test_refused_code_is_asked_again(terminal, sts):
    person = terminal(f"{AWSEXEC} reader true")
    person.sees(QUESTION)
    person.types(WRONG_CODE)
    person.sees(f"{REFUSED}\r\n{QUESTION}")
    person.types(CODES[0])
    assert person.ends()[1] == 0
    assert sts.operations == ["GetSessionToken"] * 2 + ["AssumeRole reader"]


def test_third_refused_code_is_the_last(terminal, sts):
    person = terminal(f"{AWSEXEC} reader true")
    person.sees(QUESTION)
    person.types(WRONG_CODE)
    for _ in range(2):
        person.sees(f"{REFUSED}\r\n{QUESTION}")
        person.types(WRONG_CODE)
    screen, status = person.ends()
    assert status == 125
    assert screen == (
        f"{WRONG_CODE}\r\nawsexec: profile 'reader': MultiFactorAuthentication failed "
        "with invalid MFA one time pass code (AccessDenied); each code works once, so "
        "wait for the next one\r\n"
    )
    assert len(sts.calls) == 3


def test_refused_code_of_the_option_is_asked_for(terminal, sts):
    person = terminal(f"{AWSEXEC} --mfa-token {WRONG_CODE} reader true")
    person.sees(f"{REFUSED}\r\n{QUESTION}")
    person.types(CODES[0])
    assert person.ends()[1] == 0


@pytest.mark.parametrize("redirection", ["", "</dev/null >/dev/null 2>/dev/null"])
def test_interrupt(terminal, sts, redirection):
    # the shell is to live on
    person = terminal(f"trap : INT; {AWSEXEC} reader true {redirection}")
    before = person.settings()
    person.sees(QUESTION)
    person.interrupts()
    screen, status = person.ends()
    assert status == 130
    assert screen == "^C\r\n" + ("" if redirection else "awsexec: interrupted\r\n")
    assert person.settings() == before
    assert sts.calls == []


def test_end_of_input(terminal, sts):
    person = terminal(f"{AWSEXEC} reader true")
    person.sees(QUESTION)
    person.process.sendeof()
    screen, status = person.ends()
    assert (screen.strip(), status) == ("awsexec: interrupted", 130)
    assert sts.calls == []


@pytest.fixture
def jobs(terminal):
    """A shell with job control, in which awsexec asks, and is then stopped by Ctrl-Z."""
    person = terminal("exec bash --norc --noediting -i")
    person.types(f"PS1='$ '; {AWSEXEC} reader -- printenv AWSEXEC_PROFILE")
    person.sees(QUESTION)
    person.process.sendcontrol("z")
    person.sees("Stopped")
    yield person
    person.types("exit 2>/dev/null; exit")


def test_question_is_put_again_after_a_stop(jobs):
    for _ in range(2):
        jobs.types("fg")
        jobs.sees(QUESTION)
        jobs.process.sendcontrol("z")
        jobs.sees("Stopped")
    jobs.types("fg")
    jobs.sees(QUESTION)
    jobs.types(CODES[0])
    jobs.sees("reader\r\n")


def test_question_that_goes_on_in_the_background_ends(jobs, sts):
    jobs.types("bg; wait %1; echo =$?=")
    jobs.sees("and this run is in the background, where it cannot ask; use --mfa-token")
    jobs.sees("=125=")
    assert sts.calls == []


def test_stopped_question_is_named_to_the_next_one(jobs, sts):
    jobs.types(f"{AWSEXEC} reader true")
    jobs.sees(
        f"which asks for the MFA code of {SERIAL} and is stopped; continue it with fg"
    )
    jobs.interrupts()
    jobs.types("kill %1; wait %1; fg")
    jobs.types(f"{AWSEXEC} reader -- printenv AWSEXEC_PROFILE")
    jobs.sees(QUESTION)
    jobs.types(CODES[0])
    jobs.sees("reader\r\n")


def test_command_in_the_background_is_not_stopped(terminal, home, sts):
    """With the lock in hand, it would hold up all others."""
    with open(home.config, "a") as config:
        config.write("mfa_process = sh -c 'read code </dev/tty && echo $code'\n")
    person = terminal(f"set -m; {AWSEXEC} reader true & wait $!; echo =$?=")
    person.sees("mfa_process sh ended with status 1; run it by hand to see why")
    person.sees("=125=")


def test_no_prompt(terminal, sts):
    person = terminal(f"{AWSEXEC} --no-prompt reader true")
    screen, status = person.ends()
    assert status == 125
    assert "--no-prompt forbids asking" in screen


def test_mfa_process_may_use_the_terminal(terminal, home, sts):
    script = home.script(
        "touch",
        f"""\
        #!/bin/sh
        echo "on stderr" >&2
        printf "touch your key " >/dev/tty
        read answer </dev/tty
        test "$answer" = touched && echo {CODES[0]}
        """,
    )
    with open(home.config, "a") as config:
        config.write(f"mfa_process = {script}\n")
    out = home.path / "out"
    person = terminal(f"{AWSEXEC} reader -- printenv AWSEXEC_PROFILE >{out}")
    person.sees("on stderr\r\ntouch your key ")
    person.types("touched")
    assert person.ends() == ("touched\r\n", 0)
    assert out.read_text() == "reader\n"


def test_command_has_the_terminal(terminal):
    person = terminal(f"{AWSEXEC} alice -- sh -c 'test -t 0 && read x && echo =$x='")
    person.types("typed")
    person.sees("=typed=")
    assert person.ends()[1] == 0


def test_waiting_is_said_on_a_terminal(terminal, run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.add_role("reader")
    with sts.held():
        first = terminal(f"{AWSEXEC} reader true")
        sts.wait_for_calls(1)
        second = terminal(f"{AWSEXEC} reader true")
        second.sees("awsexec: waiting for another awsexec, which is getting the role ")
    assert first.ends() == ("", 0)
    assert second.ends()[1] == 0
    assert len(sts.calls) == 1


def test_no_terminal_fails_at_once(run_awsexec, sts):
    # what a terminal would have been asked for is not read from stdin
    result = run_awsexec("reader", "true", stdin=f"{CODES[0]}\n")
    assert "there is no terminal to ask on" in result.error()
    assert sts.calls == []


def test_a_question_is_visible_characters(terminal, home):
    """What the files say does not act on the terminal, and adds no line to a question."""
    name = HOSTILE.replace("]", "")
    config = READER_CONFIG.replace("profile reader", f'profile "{name}"')
    home.write_config(config, f"mfa_serial = {SERIAL}\n")
    person = terminal(f"trap : INT; {shlex.join([AWSEXEC, name, 'true'])}")
    person.process.expect(r"MFA code for ('.*') \(.*\): ")
    assert is_harmless(person.process.match[0])
    assert "forged" in person.process.match[1]
    person.interrupts()
    assert person.ends()[1] == 130
