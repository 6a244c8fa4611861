"""Credentials that are got again just before a command starts: who waits, and who not."""

import os
import signal
import threading
import time

import pytest

from awsexec.each.runner import Job, Runner, Watcher


class Sink:
    def __init__(self, ended):
        self.ended = ended

    def take(self, stream, data):
        pass

    def end(self, outcome):
        self.ended()


def runner(jobs, renew, at_once=2):
    watcher = Watcher()
    watcher.is_due = lambda job: job.name == "due"
    watcher.renew = renew
    return Runner(["true"], "/bin/true", jobs, at_once, watcher, stops_at_failure=False)


def test_a_renewal_holds_up_nobody_else():
    """Two more commands run and end while a slow renewal takes one of two places."""
    done, order = threading.Event(), []

    def ended(name):
        order.append(name)
        if order == ["b", "c"]:
            done.set()

    def renew(job):
        assert done.wait(20)
        order.append("renewed")

    jobs = [
        Job(name, os.environ, Sink(lambda name=name: ended(name)))
        for name in ("due", "b", "c")
    ]
    outcomes = runner(jobs, renew).run()
    assert order == ["b", "c", "renewed", "due"]
    assert [outcome.status for outcome in outcomes] == [0, 0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_no_renewal(number):
    release = threading.Event()

    def renew(job):
        os.kill(os.getpid(), number)
        release.wait(20)

    begun = time.monotonic()
    found = runner([Job("due", os.environ, Sink(lambda: None))], renew)
    try:
        assert found.run() == [None]
    finally:
        release.set()
    assert found.signal == number
    assert time.monotonic() - begun < 10
