"""Lines on stderr."""

import io

import pytest

from awsexec import report
from awsexec.report import Report

KINDS = ("error", "warning", "waiting", "detail", "debug")


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (report.QUIET, ("error",)),
        (report.NORMAL, ("error", "warning", "waiting")),
        (report.VERBOSE, ("error", "warning", "waiting", "detail")),
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


def test_stream_that_is_closed():
    stream = io.StringIO()
    stream.close()
    Report(stream).error("nobody hears it")
