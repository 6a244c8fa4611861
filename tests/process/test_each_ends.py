"""--each that ends before its time: signals, Ctrl-Z, and output that nobody takes."""

import os
import signal
import subprocess
import time

import pytest

from tests.process.test_each import write
from tests.support import AWSEXEC, is_running, wait_until

pytestmark = pytest.mark.true_start


@pytest.fixture
def start(run_awsexec, home, sts):
    """Starts --each over the profile dev, as a job of a shell; returns the process."""
    write(home, sts, "dev")
    started = []

    def start(script, *options, **streams):
        process = subprocess.Popen(
            [AWSEXEC, "--each", "dev", *options, "--", "sh", "-c", script],
            env=run_awsexec.environment(),
            preexec_fn=lambda: os.setpgid(0, 0),
            **streams,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_reader_that_leaves(start, home):
    """As ``| head -1``: COMMAND ends as it wants to, and the table says how."""
    clean = f"sleep 0.2; echo cleaned >{home.path}/log; echo unlocked >&2; exit 4"
    script = f"trap '{clean}' TERM; echo hi; while :; do echo more; sleep 0.05; done"
    process = start(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    assert process.wait(20) == -signal.SIGPIPE
    assert (home.path / "log").read_text() == "cleaned\n"
    assert said == "awsexec: 1 of 1 commands failed\n  dev  status 4  unlocked\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")
@pytest.mark.parametrize("words", [[], ["--group"]])
def test_a_full_stderr_is_a_failure(start, words):
    """As a full stdout is."""
    with open("/dev/full", "wb") as full:
        process = start("echo lost >&2", *words, stdout=subprocess.DEVNULL, stderr=full)
        assert process.wait(20) == 125


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGUSR1, signal.SIGHUP])
def test_a_signal_ends_all(start, home, number):
    """And awsexec then ends by it, so that who started awsexec knows."""
    path = home.path / "pids"
    script = f"sleep 60 & echo $$ $! >{path}; wait"
    process = start(script, "--quiet", stderr=subprocess.PIPE)
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    process.send_signal(number)
    assert process.wait(20) == -number
    assert process.stderr.read() == b""
    assert not any(is_running(int(pid)) for pid in path.read_text().split())


def test_ctrl_z_stops_all_and_fg_continues_all(start, home):
    path = home.path / "log"
    script = f"trap 'exit 5' TERM; while :; do echo >>{path}; sleep 0.02; done"
    process = start(script, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(path.exists)
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    size = path.stat().st_size
    time.sleep(0.3)
    assert path.stat().st_size == size
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: path.stat().st_size > size)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
