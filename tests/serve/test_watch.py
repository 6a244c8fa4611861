"""Waiting for the end of a process."""

import subprocess
import sys
import threading

import pytest

from awsexec.serve.watch import Watch

WAITING = [sys.executable, "-c", "input()"]


def waits(watch):
    thread = threading.Thread(target=watch.wait, daemon=True)
    thread.start()
    return thread


def test_until_ended():
    process = subprocess.Popen(WAITING, stdin=subprocess.PIPE)
    thread = waits(Watch(process.pid))
    thread.join(0.3)
    assert thread.is_alive()
    process.kill()
    thread.join(20)
    assert not thread.is_alive()
    process.wait()
    process.stdin.close()


def test_ended_already():
    process = subprocess.Popen(WAITING, stdin=subprocess.DEVNULL)
    watch = Watch(process.pid)
    process.wait()
    thread = waits(watch)
    thread.join(20)
    assert not thread.is_alive()
    with pytest.raises(ProcessLookupError):
        Watch(process.pid)


def test_system_that_cannot_tell():
    """The process is looked for from time to time."""
    process = subprocess.Popen(WAITING, stdin=subprocess.PIPE)
    thread = waits(Watch(process.pid, lambda pid: None))
    thread.join(0.3)
    assert thread.is_alive()
    process.kill()
    process.wait()
    thread.join(20)
    assert not thread.is_alive()
    with pytest.raises(ProcessLookupError):
        Watch(process.pid, lambda pid: None)
    process.stdin.close()


def test_windows():
    """There os.kill sends Ctrl-C to all that share the console, so that nobody looks."""
    process = subprocess.Popen(WAITING, stdin=subprocess.DEVNULL)
    process.wait()
    thread = waits(Watch(process.pid, lambda pid: None, "win32"))
    thread.join(0.3)
    assert thread.is_alive()
