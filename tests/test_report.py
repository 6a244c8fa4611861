"""Lines on stderr."""

import io
import threading
import time

import pytest

from awsexec import report
from awsexec.report import Report

KINDS = ("warning", "waiting", "detail", "debug")


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (report.QUIET, ()),
        (report.NORMAL, ("warning", "waiting")),
        (report.VERBOSE, ("warning", "waiting", "detail")),
        (report.DEBUG, KINDS),
    ],
)
@pytest.mark.parametrize("stream", [Screen, io.StringIO])
def test_levels(level, said, stream):
    written = stream()
    reports = Report(written, level)
    for kind in KINDS:
        getattr(reports, kind)(f"{kind}\nof two lines")
    expected = [k for k in said if k != "waiting" or stream is Screen]
    assert written.getvalue() == "".join(
        f"awsexec: {kind} of two lines\n" for kind in expected
    )


@pytest.mark.parametrize(
    ("stream", "level", "takes", "said"),
    [
        (Screen, report.NORMAL, 0.3, "awsexec: waiting\n"),
        (Screen, report.NORMAL, 0, ""),
        (Screen, report.QUIET, 0.3, ""),
        (io.StringIO, report.NORMAL, 0.3, ""),
    ],
)
def test_patience(stream, level, takes, said):
    written = stream()
    with Report(written, level).patience("waiting", 0.1):
        time.sleep(takes)
    time.sleep(0.2)
    assert written.getvalue() == said


def test_lines_above_a_count(monkeypatch):
    """What is drawn does not tear a line, and of many waits the first is told."""
    monkeypatch.setattr(report, "COUNT_AFTER", 0)
    written = Screen()
    reports = Report(written)
    with reports.counting("reading") as progress:
        for done in range(3):
            progress(done, 2)
            reports.waiting(f"still waiting for {done}")
            reports.warning("careful")
    reports.waiting("still waiting")
    reports.waiting("still waiting")
    lines = [line.rpartition("\r")[2] for line in written.getvalue().split("\n")]
    assert lines == [
        *["awsexec: still waiting for 0", *["awsexec: careful"] * 3],
        *["awsexec: still waiting"] * 2,
        "",
    ]


def test_many_threads_tear_no_line(monkeypatch):
    """And they wait for one thing, which is told once."""

    class Slow(Screen):
        def write(self, text):
            super().write(text)
            # let others write
            time.sleep(0.001)

    monkeypatch.setattr(report, "COUNT_AFTER", 0)
    written = Slow()
    reports = Report(written)
    with reports.counting("reading") as progress:
        threads = [
            threading.Thread(target=say, args=(text,))
            for say, text in [(reports.waiting, "still waiting")] * 20
            + [(reports.warning, "careful")] * 20
        ]
        for done, thread in enumerate(threads):
            progress(done, 40)
            thread.start()
        for thread in threads:
            thread.join()
    lines = [line.rpartition("\r")[2] for line in written.getvalue().split("\n")]
    assert sorted(lines) == ["", *["awsexec: careful"] * 20, "awsexec: still waiting"]


def test_stream_that_is_closed():
    stream = io.StringIO()
    stream.close()
    Report(stream).warning("nobody hears it")
