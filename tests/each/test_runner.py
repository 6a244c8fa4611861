"""Commands that are ended before their time: what they get, and what becomes of it."""

import os
import signal

import pytest

from awsexec.each import runner as runners
from awsexec.each.runner import Job, Runner, Watcher
from awsexec.errors import ReaderGone, cannot_write

# notes each signal that it gets, and needs a moment to end
SCRIPT = """
for name in INT HUP TERM; do trap "echo $name >&3; ended=1" $name; done
echo begun
while [ ! "$ended" ]; do sleep 0.02; done
echo ending
sleep 0.2
echo finished >&3
exit 3
"""


class Sink:
    """Calls `do` with each chunk of output."""

    def __init__(self, do):
        self.do = do

    def take(self, stream, data):
        self.do(data)

    def end(self, outcome):
        pass


@pytest.fixture
def run(tmp_path):
    """Runs SCRIPT for each name, one at a time; returns the runner and the notes."""

    def run(do, script=SCRIPT, names=("a", "b")):
        notes = tmp_path / "notes"
        jobs = [Job(name, os.environ, Sink(do)) for name in names]
        runner = Runner(
            ["sh", "-c", f"exec 3>>{notes}; {script}"],
            "/bin/sh",
            jobs,
            1,
            Watcher(),
            stops_at_failure=False,
        )
        first, *others = runner.run()
        # nothing starts after that
        assert others == [None] * len(others)
        return runner, first, notes.read_text().split()

    return run


def fail(error):
    def do(data):
        raise error

    return do


@pytest.mark.parametrize(
    "error", [ReaderGone(), cannot_write(OSError(28, "No space left on device"))]
)
def test_output_that_cannot_be_written_ends_commands_gently(run, error):
    runner, outcome, notes = run(fail(error))
    assert notes == ["TERM", "finished"]
    assert (runner.lost, runner.signal, outcome.status) == (error, None, 3)


def test_output_that_cannot_be_kept_ends_its_command_gently(run):
    chunks = []

    def do(data):
        chunks.append(data)
        raise OSError(28, "No space left on device")

    runner, outcome, notes = run(do, names=["a"])
    assert notes == ["TERM", "finished"]
    assert (runner.lost, runner.signal, outcome.status) == (None, None, 3)
    assert str(outcome) == "awsexec cannot keep its output (No space left on device)"
    # the rest is thrown away
    assert chunks == [b"begun\n"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (signal.SIGINT, ["INT", "finished"]),
        (signal.SIGHUP, ["HUP", "finished"]),
        (signal.SIGTERM, ["TERM", "finished"]),
        (signal.SIGUSR1, ["TERM", "finished"]),
        (signal.SIGUSR2, ["TERM", "finished"]),
        (signal.SIGALRM, ["TERM", "finished"]),
        (signal.SIGQUIT, []),
    ],
)
def test_signals(run, number, expected):
    runner, outcome, notes = run(
        lambda data: b"begun" in data and os.kill(os.getpid(), number)
    )
    assert (runner.signal, notes) == (number, expected)
    assert str(outcome) == ("status 3" if expected else "SIGKILL")


@pytest.mark.parametrize(
    ("numbers", "ended", "end"),
    [
        # a closed terminal: the shell sends it, then the kernel
        ((signal.SIGHUP, signal.SIGHUP), ["HUP", "finished"], "status 3"),
        ((signal.SIGTERM, signal.SIGTERM), ["TERM", "finished"], "status 3"),
        ((signal.SIGTERM, signal.SIGHUP), ["TERM", "finished"], "status 3"),
        # a person who does not want to wait
        ((signal.SIGTERM, signal.SIGINT), ["TERM"], "SIGKILL"),
        ((signal.SIGINT, signal.SIGINT), ["INT"], "SIGKILL"),
        ((signal.SIGINT, signal.SIGQUIT), ["INT"], "SIGKILL"),
    ],
)
def test_a_second_signal(run, numbers, ended, end):
    def do(data):
        if b"begun" in data:
            os.kill(os.getpid(), numbers[0])
        elif b"ending" in data:
            os.kill(os.getpid(), numbers[1])

    runner, outcome, notes = run(do)
    assert (runner.signal, notes, str(outcome)) == (numbers[0], ended, end)


def test_a_signal_after_ctrl_c_is_passed_on(run, monkeypatch):
    """A person decides how long Ctrl-C may take, and a service manager does not wait."""
    monkeypatch.setattr(runners, "TERM_WITHIN", 0.3)
    script = (
        "trap 'echo INT >&3; echo got' INT; trap 'echo TERM >&3' TERM; echo begun; "
        "while :; do sleep 0.02; done"
    )

    def do(data):
        if b"begun" in data:
            os.kill(os.getpid(), signal.SIGINT)
        elif b"got" in data:
            os.kill(os.getpid(), signal.SIGTERM)

    _, outcome, notes = run(do, script)
    assert (str(outcome), notes) == ("SIGKILL", ["INT", "TERM"])


def test_ctrl_c_also_ends_the_reader(run):
    """As with ``| tee log``: the commands have as long as without it."""

    def do(data):
        if b"begun" in data:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            raise ReaderGone

    runner, outcome, notes = run(do)
    assert notes == ["INT", "finished"]
    assert (runner.signal, outcome.status) == (signal.SIGINT, 3)


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_a_command_that_does_not_end_is_killed(run, monkeypatch, number):
    monkeypatch.setattr(runners, "TERM_WITHIN", 0.3)
    script = "trap 'echo TERM >&3' TERM; echo begun; while :; do sleep 0.02; done"

    def do(data):
        if number is None:
            raise ReaderGone
        os.kill(os.getpid(), number)

    runner, outcome, notes = run(do, script)
    assert (str(outcome), notes) == ("SIGKILL", ["TERM"])
