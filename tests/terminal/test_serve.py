"""--serve at a terminal: job control, and asking for a code beside COMMAND."""

import re
import sys
import time

import pexpect
import pytest

from tests.serving import ADMIN, server_of
from tests.sources import printed
from tests.support import AWSEXEC, READER_CONFIG, age

QUESTION = "MFA code for admin (arn:aws:iam::123456789012:mfa/alice): "
# prints the id of the key that the endpoint gives, or what it says, when that changes
WATCHING = """
import json, os, signal, time, urllib.error, urllib.request
signal.signal(signal.SIGINT, signal.SIG_DFL)
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
before = None
while True:
    try:
        with opener.open(urllib.request.Request(url, headers={"Authorization": token})) as answer:
            found = json.load(answer)["AccessKeyId"]
    except urllib.error.HTTPError as error:
        found = json.load(error)["message"]
    if found != before:
        before = found
        print("<" + found + ">", flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def watch(home, sts, terminal):
    """Starts a COMMAND with a role of MFA, whose sessions live for four seconds.

    The user is asked after two, and after three the endpoint has none.
    """
    home.write_config(ADMIN)
    sts.add_role("reader", mfa=True, longest=7200, life=4)
    script = home.script("watching", f"#!{sys.executable}\n{WATCHING}")

    def start(*options, command="{}"):
        words = [AWSEXEC, "--serve", *options, "admin", "--"]
        # a shell that survives what is sent to COMMAND
        return terminal(f"trap : INT; {' '.join(words)} {command.format(script)}")

    return start


def ends(person):
    person.interrupts()
    assert person.ends()[1] == 130


def begins(person):
    person.sees(QUESTION)
    person.types("111111")
    person.sees("<ASIAEXAMPLE000000001>")


def elsewhere(run_awsexec, sts):
    """A run in another terminal, which leaves a session that lives for long."""
    sts.add_role("reader", mfa=True, longest=7200)
    # the first one has a second left, which a run would still take
    run_awsexec.child("--refresh", "--mfa-token", "222222", "admin")


def test_asks_ahead_of_time(watch, sts):
    person = watch()
    begins(person)
    person.sees("\r\nawsexec: the credentials of admin have <1m left\r\n" + QUESTION)
    person.types("no code")
    person.sees("An MFA code is six digits. " + QUESTION)
    person.types("222222")
    person.sees("<ASIAEXAMPLE000000002>")
    assert len(sts.operations) == 2
    ends(person)


def test_nobody_answers(watch):
    """COMMAND goes on, and is told when it is over."""
    person = watch()
    begins(person)
    person.sees(QUESTION)
    person.sees("<awsexec: the credentials of admin have expired: ")
    person.types("222222")
    person.sees("<ASIAEXAMPLE000000002>")
    ends(person)


def test_nobody_waits_for_the_answer(watch, run_awsexec, sts):
    """During the question, a code given in another terminal renews the session too."""
    person = watch()
    begins(person)
    person.sees(QUESTION)
    person.sees("<awsexec: the credentials of admin have expired: ")
    elsewhere(run_awsexec, sts)
    person.types("111111")
    person.sees("<ASIAEXAMPLE000000002>")
    ends(person)


IN_USE = (
    "awsexec: the credentials of admin have <1m left; new ones need an MFA code, and "
    "awsexec cannot ask while COMMAND reads from the terminal; run in a terminal: awsexec "
    "admin true\r\n"
)


INPUT = 'print("<got %s>" % input())'


@pytest.mark.parametrize(
    "reader",
    [
        # byte by byte
        'read -r line; echo "<got $line>"',
        # as much as there is
        "sed -u 's/.*/<got &>/'",
        f"{sys.executable} -c '{INPUT}'",
        # when there is something; until then it does not read
        f'{sys.executable} -c \'import select; print("waits", flush=True); '
        f"select.select([0], [], []); {INPUT}'",
    ],
    ids=["sh", "sed", "input", "select"],
)
def test_a_line_is_not_split(watch, home, reader):
    """Whoever gets what is typed gets all of it: the question, or COMMAND."""
    script = f"echo reads; {reader}\n"
    reads = home.script(
        "reads",
        f"#!/bin/sh\n{script}until test -e {home.path}/go; do sleep 0.1; done\n{script}"
        "exec sleep 60\n",
    )
    person = watch(command="sh -c '{} & exec " + str(reads) + "'")
    begins(person)
    before = person.settings()
    if "select" not in reader:
        # nothing is asked while COMMAND reads
        person.sees(IN_USE)
        assert QUESTION not in person.process.before
        person.types("111111")
        person.sees("<got 111111>")
        if "sed" in reader:
            person.process.sendeof()
    person.sees(QUESTION)
    (home.path / "go").touch()
    if "select" not in reader:
        person.sees("reads")
        time.sleep(0.5)
    # COMMAND does not read until the question has its line
    person.types("222222")
    person.sees("<ASIAEXAMPLE000000002>")
    person.types("333333")
    person.sees("<got 333333>")
    if "select" in reader:
        # the second one has started
        person.sees("waits")
    assert person.settings() == before
    ends(person)


def test_the_question_ends_when_a_program_reads_key_by_key(watch, home):
    """The program gets each key. The question comes again when it has ended."""
    keys = (
        "import os, termios, tty; before = termios.tcgetattr(0); tty.setcbreak(0)\n"
        "print('raw', flush=True)\n"
        "for _ in range(3): print(f'<key {os.read(0, 1).decode()}>', flush=True)\n"
        "termios.tcsetattr(0, termios.TCSADRAIN, before)\n"
    )
    (home.path / "keys.py").write_text(keys)
    editor = home.script(
        "editor",
        f"#!/bin/sh\nuntil test -e {home.path}/go; do sleep 0.1; done\n"
        f"{sys.executable} {home.path}/keys.py\nexec sleep 60\n",
    )
    person = watch(command="sh -c '{} & exec " + str(editor) + "'")
    begins(person)
    person.sees(QUESTION)
    before = person.settings()
    (home.path / "go").touch()
    person.sees("raw")
    time.sleep(0.2)
    for key in "abc":
        person.process.send(key)
        person.sees(f"<key {key}>")
    person.sees(QUESTION)
    assert person.settings() == before
    person.types("222222")
    person.sees("<ASIAEXAMPLE000000002>")
    ends(person)


def test_question_after_a_process_ends_in_the_same_way(watch, home):
    """A credential_process fails where nobody is asked, and the role wants a code too."""
    keys = home.script(
        "keys",
        f"#!/bin/sh\necho run >>{home.path}/runs\n"
        f"test $(wc -l <{home.path}/runs) -ne 2 || exit 1\n"
        f"echo '{printed()}'\n",
    )
    home.write_config(
        f"[profile tool]\ncredential_process = {keys}\n",
        ADMIN.replace("alice\n", "tool\n", 1),
    )
    raw = home.script(
        "raw",
        f"#!/bin/sh\nuntil test -e {home.path}/go; do sleep 0.1; done\n"
        "stty -icanon -echo; echo raw; exec sleep 60\n",
    )
    person = watch(command="sh -c '{} & exec " + raw + "'")
    begins(person)
    person.sees(QUESTION)
    (home.path / "go").touch()
    person.sees("raw")
    # the question has gone, and nothing waits for its answer
    time.sleep(0.3)
    person.types("222222")
    renewed = ["<ASIAEXAMPLE000000002>", pexpect.TIMEOUT]
    assert person.process.expect(renewed, timeout=3) == 1
    ends(person)


def test_asks_before_command_has_the_terminal(watch, run_awsexec, home, sts):
    """The session is due for renewal when COMMAND starts."""
    sts.add_role("reader", mfa=True, longest=7200, life=60)
    run_awsexec("--mfa-token", "111111", "admin", "true")
    age(home, 31)
    person = watch()
    person.sees(QUESTION)
    assert "<ASIA" not in person.process.before
    person.types("222222")
    person.sees("<ASIAEXAMPLE000000002>")
    assert len(sts.operations) == 2
    ends(person)


def test_does_not_ask_who_reads_key_by_key(watch, run_awsexec, sts):
    """The terminal's program gets what is typed: an editor, or a shell at its prompt."""
    person = watch(command="sh -c 'stty -icanon -echo; exec {}'")
    begins(person)
    person.sees("<awsexec: the credentials of admin have expired: new ones need an MFA")
    assert "MFA code for" not in person.process.before
    elsewhere(run_awsexec, sts)
    person.sees("<ASIAEXAMPLE000000002>")
    ends(person)


def test_no_prompt(watch):
    person = watch("--no-prompt", "--mfa-token", "111111")
    person.sees("<awsexec: the credentials of admin have expired: new ones need an MFA")
    assert "MFA code for" not in person.process.before
    ends(person)


def test_stopped_and_continued(run_awsexec, home, sts):
    """Job control sees COMMAND alone."""
    home.write_config(READER_CONFIG)
    environ = {**run_awsexec.environ, "PS1": "me> ", "TERM": "dumb"}
    shell = pexpect.spawn(
        "/bin/bash", ["--norc", "-i"], env=environ, encoding="utf-8", timeout=20
    )
    shell.expect_exact("me> ")
    shell.sendline(f"{AWSEXEC} --serve reader -- sh -c 'env | grep URI; cat'")
    port = int(re.search(r":(\d+)/", shell_line(shell, r"FULL_URI=\S+"))[1])
    shell.sendline("one")
    shell.expect_exact("one\r\none\r\n")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect_exact("me> ")
    if sys.platform == "linux":
        server = server_of(port)
        assert server is not None
    shell.sendline("jobs -p | wc -l")
    shell.expect_exact("1\r\n")
    shell.sendline("fg")
    shell.sendline("two")
    shell.expect_exact("two\r\ntwo\r\n")
    shell.sendcontrol("c")
    shell.expect_exact("me> ")
    shell.sendline("echo status=$?")
    shell.expect_exact("status=130")
    if sys.platform == "linux":
        deadline = time.monotonic() + 20
        while server_of(port) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_stopped_at_the_question(run_awsexec, home, sts):
    """The shell has the terminal again, and the question comes back after fg."""
    home.write_config(ADMIN)
    sts.add_role("reader", mfa=True, longest=7200, life=10)
    environ = {**run_awsexec.environ, "PS1": "me> ", "TERM": "dumb"}
    shell = pexpect.spawn(
        "/bin/bash", ["--norc", "-i"], env=environ, encoding="utf-8", timeout=40
    )
    shell.expect_exact("me> ")
    shell.sendline(f"{AWSEXEC} --serve admin -- sleep 100")
    shell.expect_exact(QUESTION)
    shell.sendline("111111")
    shell.expect_exact(QUESTION)
    shell.send("22")
    shell.sendcontrol("z")
    shell.expect_exact("Stopped")
    shell.expect_exact("me> ")
    # each key is the shell's, from a moment on that no person is faster than
    time.sleep(0.3)
    for key in "echo all of it":
        shell.send(key)
        shell.expect_exact(key)
    shell.send("\r")
    shell.expect_exact("all of it\r\n")
    shell.sendline("fg")
    shell.expect_exact(QUESTION)
    shell.sendline("222222")
    sts.wait_for_calls(2)
    shell.sendcontrol("c")
    shell.expect_exact("me> ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def shell_line(shell, pattern):
    shell.expect(pattern)
    return shell.match[0]
