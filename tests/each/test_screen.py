"""The live line of --each, and the names before its lines."""

import os
import select
import socket
import sys
import time

import pytest

from awsexec.each.screen import REDRAW, LiveLine, Style
from awsexec.report import Report


class Screen:
    """A terminal, which is stderr."""

    def __init__(self):
        self.master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w")

    def drawn(self):
        """What was drawn since."""
        found = b""
        # the system passes it on a moment later
        while select.select([self.master], [], [], 0.1)[0]:
            found += os.read(self.master, 4096)
        return found.decode()


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.stream.close()
    os.close(screen.master)


@pytest.fixture
def begin(screen, monkeypatch):
    """Returns a live line that is drawn, where stdout goes to a stream."""

    def begin(stdout):
        # here, since pytest puts its own streams there after the fixtures
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "stderr", screen.stream)
        line = LiveLine({"TERM": "xterm"}, Report(screen.stream))
        line.show(0, 1, 0, ["a"])
        return line

    return begin


LINE = "\r\x1b[K0 of 1 done, 0 s, running: a"
TAKEN_AWAY = "\r\x1b[K"


@pytest.mark.parametrize("path", ["file", os.devnull])
def test_live_line_stays_while_stdout_goes_to_a_file(screen, begin, tmp_path, path):
    with open(tmp_path / path, "w") as stdout:
        line = begin(stdout)
        assert screen.drawn() == LINE
        line.clear(1)
        assert screen.drawn() == ""
        line.clear(2)
        assert screen.drawn() == TAKEN_AWAY


def test_live_line_gives_way_to_stdout_on_a_terminal(screen, begin):
    begin(screen.stream).clear(1)
    assert screen.drawn() == LINE + TAKEN_AWAY


@pytest.mark.parametrize("kind", [os.pipe, socket.socketpair])
def test_no_live_line_beside_a_program_that_reads(screen, begin, kind):
    """It may draw on the same terminal, as ``less`` does."""
    ends = [each if isinstance(each, int) else each.detach() for each in kind()]
    with open(ends[1], "w") as stdout:
        begin(stdout).clear()
        assert screen.drawn() == ""
    os.close(ends[0])


def test_what_ctrl_c_leaves_to_say(screen, begin, tmp_path):
    """It is first in the line, and a line of its own beside a program that reads."""
    with open(tmp_path / "file", "w") as stdout:
        line = begin(stdout)
        assert screen.drawn() == LINE
        line.tell("press Ctrl-C again")
        time.sleep(REDRAW)
        line.show(0, 1, 0, ["a"])
        assert screen.drawn().startswith("\r\x1b[Kpress Ctrl-C again, 0 of 1 done")
    reading, writing = os.pipe()
    with open(writing, "w") as stdout:
        begin(stdout).tell("press Ctrl-C again")
        assert screen.drawn() == "\rawsexec: press Ctrl-C again\r\n"
    os.close(reading)


@pytest.mark.parametrize(
    ("names", "width"),
    [
        (["a", "bcd"], 3),
        # one long name moves no other line
        (["a", "bcd", "x" * 41], 3),
        (["x" * 40, "y" * 41], 40),
        (["x" * 41], 0),
        (["a", "日本"], 4),
    ],
)
def test_names_are_padded(names, width):
    style = Style({}, names)
    for name in names:
        prefixes, _ = style.prefixes(name, 0)
        padding = " " * (width - len(name) - (name == "日本") * 2)
        assert prefixes[2].decode() == f"{name}{padding} ! "
