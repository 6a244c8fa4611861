"""Picking a profile on the terminal."""

from __future__ import annotations

import pexpect
import pytest

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

    def start(*words):
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
        process.expect("two words")
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
        ([DOWN, DOWN, "\r"], "writer"),
        ([DOWN, DOWN, UP, "\r"], "reader"),
        # after a change of mind
        (["writer", BACK * 6, MENU, DOWN, DOWN, "\r"], "writer"),
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


def test_what_fits_nothing_is_not_taken(picker):
    process = picker()
    process.send("xyz\r")
    process.send(BACK * 3)
    process.expect("two words")
    process.send("alice\r")
    picks(process, "alice")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_cancelling(key, picker):
    process = picker()
    process.send(key)
    process.expect("awsexec: interrupted\r\n")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 130


def test_variable_of_the_profile_needs_no_picking(run_awsexec):
    result = run_awsexec(env={"AWS_PROFILE": "alice", "SHELL": "/usr/bin/env"})
    assert result.status == 0
    assert "AWSEXEC_PROFILE=alice\n" in result.stdout


def test_not_at_a_terminal(run_awsexec, sts):
    error = run_awsexec().error()
    assert "PROFILE" in error and "see awsexec --help" in error
    assert sts.calls == []
