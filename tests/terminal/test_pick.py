"""Picking a profile on the terminal."""

from __future__ import annotations

import re
import signal
import termios

import pexpect
import pytest

from tests.servers.identity_center import START_URL
from tests.sources import write_token
from tests.support import AWSEXEC, READER_CONFIG, WRITER

NAMES = f"""
[profile writer]
role_arn = {WRITER}
source_profile = alice

[profile "two words"]
role_arn = {WRITER}
source_profile = alice
"""
UP, DOWN, BACK = "\x1b[A", "\x1b[B", "\x7f"
# no key, but a look at the whole menu
MENU = "two words"


@pytest.fixture(autouse=True)
def _profiles(home, sts):
    home.write_config(READER_CONFIG, NAMES)


@pytest.fixture
def picker(run_awsexec, home):
    """awsexec at its question, whose COMMAND is a shell that says who it is."""
    script = home.script("who", '#!/bin/sh\necho "it is <$AWSEXEC_PROFILE>"\n')
    started = []

    def start(*words, last=MENU):
        process = pexpect.spawn(
            AWSEXEC,
            ["--shell", script, *words],
            env=run_awsexec.environment(
                {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
            ),
            encoding="utf-8",
            timeout=20,
            dimensions=(24, 100),
        )
        started.append(process)
        process.expect("profile:")
        # the last of the menu
        process.expect(last)
        return process

    yield start
    for process in started:
        process.close(force=True)


def picks(process, name):
    process.expect("it is <([^>]*)>")
    assert process.match[1] == name
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0


@pytest.mark.parametrize(
    "keys, name",
    [
        (["writer", "\r"], "writer"),
        # a part, and letters with others between
        (["rea", "\r"], "reader"),
        (["wds", "\r"], "two words"),
        (["two w", "\r"], "two words"),
        # the first of the menu is the best match
        (["\r"], "reader"),
        ([DOWN, "\r"], "writer"),
        ([DOWN, DOWN, UP, "\r"], "writer"),
        # by the account of its role
        (["456789012 wri", "\r"], "writer"),
        # pasted
        (["\x1b[200~wri\x1b[201~", "\r"], "writer"),
        # after a change of mind
        (["writer", BACK * 6, MENU, DOWN, "\r"], "writer"),
    ],
)
def test_picking(keys, name, picker):
    process = picker()
    for key in keys:
        if key == MENU:
            process.expect(MENU)
        else:
            process.send(key)
    picks(process, name)


def test_newest_first(picker, run_awsexec):
    run_awsexec("writer", "true")
    process = picker()
    process.send("\r")
    picks(process, "writer")


@pytest.fixture
def corp(home, portal, sts):
    """Two accounts in IAM Identity Center, of which no list was made yet."""
    home.write_config(
        READER_CONFIG,
        f"[sso-session corp]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n",
    )
    write_token(home)
    portal.roles["111122223333", "Admin"] = sts.session_of("admin")
    portal.assignments = {
        "123456789012": ("Production", ["reader"]),
        "111122223333": ("Sand box", ["Admin", "reader"]),
    }
    return portal


@pytest.mark.parametrize(
    "begun, last, keys, name",
    [
        ("corp", "Sand box/reader", ["\r"], "corp/Production/reader"),
        ("corp/", "Sand box/reader", ["sand", "\r"], "corp/Sand box/Admin"),
        ("corp/Sand box/", "Sand box/reader", ["\r"], "corp/Sand box/Admin"),
        ("corp/Sand", "Sand box/reader", [DOWN, "\r"], "corp/Sand box/reader"),
    ],
)
def test_role_whose_name_is_begun(begun, last, keys, name, corp, picker, sts):
    """The way from a session alone to a run: no list was there for TAB."""
    corp.roles["111122223333", "reader"] = sts.session_of("reader")
    process = picker(begun, last=last)
    for key in keys:
        process.send(key)
    picks(process, name)


def test_roles_by_name_among_the_profiles(corp, picker, run_awsexec):
    run_awsexec.child("corp/Sand box/Admin")
    process = picker(last="Sand box/reader")
    # it was used last
    process.send("\r")
    picks(process, "corp/Sand box/Admin")
    process = picker(last="Sand box/reader")
    process.send("123456789012 corp\r")
    picks(process, "corp/Production/reader")


@pytest.mark.parametrize(
    "words, message", [(["corp/"], "names the session corp"), ([], "no PROFILE")]
)
def test_nobody_is_asked_with_no_prompt(words, message, corp, run_awsexec):
    process = pexpect.spawn(
        AWSEXEC,
        ["--no-prompt", *words, "--", "true"],
        env=run_awsexec.environment({"TERM": "xterm"}),
        encoding="utf-8",
        timeout=20,
    )
    process.expect(message)
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 125


def test_what_fits_nothing_is_not_taken(picker):
    process = picker()
    process.send("xyz\r")
    process.send(BACK * 3)
    process.expect("two words")
    process.send("alice\r")
    picks(process, "alice")


def test_a_broken_profile_is_not_taken(picker, home):
    with home.config.open("a") as config:
        config.write("[profile broken]\nrole_arn = x\n")
    process = picker()
    process.send("broken\r")
    process.expect("cannot be taken: ")
    process.send("\x15wri\r")
    picks(process, "writer")


def test_a_key_whose_sequence_comes_in_pieces_is_not_escape(picker):
    process = picker()
    for character in DOWN:
        process.send(character)
    process.send("\r")
    picks(process, "writer")


def test_after_a_stop(run_awsexec):
    """Ctrl-Z stops awsexec, which gives the terminal back; fg draws it anew."""
    shell = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "--noediting", "-i"],
        env=run_awsexec.environment({"TERM": "xterm", "PS1": "me> "}),
        encoding="utf-8",
        timeout=20,
        dimensions=(24, 100),
    )
    shell.expect("me> ")
    shell.sendline(f"{AWSEXEC} --shell /usr/bin/env")
    shell.expect("two words")
    shell.send("rea\x1a")
    shell.expect("Stopped")
    shell.expect("me> ")
    modes = termios.tcgetattr(shell.child_fd)[3]
    assert modes & termios.ICANON and modes & termios.ECHO
    shell.sendline("fg")
    shell.expect("profile: .*rea.*1 of 4")
    shell.send("\r")
    shell.expect("AWSEXEC_PROFILE=reader")
    shell.expect("me> ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_killed(picker):
    """The terminal is as it was, and the status is that of the signal."""
    process = picker()
    process.kill(signal.SIGTERM)
    process.expect_exact("\x1b[?1049l")
    process.expect(pexpect.EOF)
    process.close()
    assert process.signalstatus == signal.SIGTERM


def test_without_colour(picker, run_awsexec, home):
    """https://no-color.org: the mark is there, and no colour."""
    home.write_config(READER_CONFIG, NAMES, "[profile broken]\nrole_arn = x\n")
    run_awsexec.environ["NO_COLOR"] = "1"
    process = picker()
    process.expect("! ")
    process.send("\x1b")
    process.expect("interrupted")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", process.before)


@pytest.mark.parametrize("key", ["\x1b", "\x03", "\x04"])
def test_cancelling(key, picker):
    process = picker()
    process.send(key)
    process.expect("awsexec: interrupted\r\n")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 130


def test_whoami_asks_whom_it_is_about(run_awsexec):
    process = pexpect.spawn(
        AWSEXEC,
        ["--whoami"],
        env=run_awsexec.environment({"TERM": "xterm"}),
        encoding="utf-8",
        timeout=20,
        dimensions=(24, 100),
    )
    process.expect("two words")
    process.send("wri\r")
    process.expect("assumed-role/writer/")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 0
    # not where a part of a role is lost
    result = run_awsexec("--whoami", env={"AWSEXEC_PROFILE": "writer"})
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set" in result.error()


def test_variable_of_the_profile_needs_no_picking(run_awsexec):
    result = run_awsexec(env={"AWS_PROFILE": "alice", "SHELL": "/usr/bin/env"})
    assert result.status == 0
    assert "AWSEXEC_PROFILE=alice\n" in result.stdout


def test_not_at_a_terminal(run_awsexec, sts):
    error = run_awsexec().error()
    assert "PROFILE" in error and "see awsexec --help" in error
    assert sts.calls == []


@pytest.mark.parametrize("content", ["reader\n", "reader\nwriter\n"])
def test_nothing_to_pick_beside_a_file_that_does_not_count(terminal, home, content):
    """Nor is there once it counts."""
    path = home.path / "src" / ".awsexec"
    path.parent.mkdir()
    path.write_text(content)
    there = f"TERM=xterm; export TERM; cd {path.parent}"
    screen, status = terminal(f"{there}; {AWSEXEC} -- true").ends()
    assert status == 125 and "profile:" not in screen
    assert f"awsexec: {path} " in screen
    if "writer" not in content:
        line = f"{AWSEXEC} --trust && {AWSEXEC} -- printenv AWSEXEC_PROFILE"
        screen, status = terminal(f"{there}; {line}").ends()
        assert (status, screen.splitlines()[-1]) == (0, "reader")
