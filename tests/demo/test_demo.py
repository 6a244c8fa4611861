"""The demo runs to its end and leaves nothing behind; the picture is of today."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.demo.picture import TYPED, draw, record, text_of
from tests.screen import plain
from tests.support import AWSEXEC

ROOT = Path(__file__).parents[2]
AWS = Path(AWSEXEC).parent.parent / "awscli" / "bin"
WORDS = [sys.executable, "-m", "tests.demo"]

pytestmark = [
    pytest.mark.skipif(not AWS.exists(), reason="make test installs the AWS CLI"),
    # make coverage: as many processes as in a dozen other tests
    pytest.mark.uncounted,
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for the sockets of a keyring."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    """What make gives the demo, and a user's home with her own files in it."""
    home = folder / "home"
    for name in (".aws/config", ".aws/credentials", ".bashrc"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("echo these are not the demo\n")
    (folder / "tmp").mkdir()
    return {
        "PATH": f"{Path(AWSEXEC).parent}:{AWS}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(folder / "tmp"),
    }


@contextlib.contextmanager
def leaves_nothing(folder: Path) -> Iterator[None]:
    """Fail if a process or a file is left, or if the user's own files changed."""
    home = folder / "home"
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    yield
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    # the bus of a keyring begins with other words than the demo's own folder
    assert list((folder / "tmp").iterdir()) == []
    assert processes_with(str(folder)) == []


def processes_with(text: str) -> list[str]:
    """Return the words of this machine's processes that have `text` in environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


def test_to_its_end(environ: dict[str, str], folder: Path) -> None:
    with leaves_nothing(folder):
        finished = subprocess.run(
            WORDS, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=180
        )
        assert (finished.returncode, finished.stderr) == (0, ""), finished
    shown = finished.stdout
    # no terminal, no colours
    assert "\x1b" not in shown and "\r" not in shown
    assert shown.endswith("\ndemo: everything worked as described\n")
    for text in (
        "$ awsexec acct-test -- aws s3 ls\nMFA code for acct-test (arn:",
        "(acct-test 59m) $ exit\n",
        "$ awsexec --each 'acct-*' -- aws s3 ls\nMFA code for acct-dev, acct-prod and "
        "acct-test (arn:",
        "awsexec: 1 of 3 commands failed\n  acct-test  status 1\n",
    ):
        assert text in shown, shown
    assert shown.count("MFA code for") == 2


@pytest.mark.parametrize("moment", ["Alice may", "cat ~/"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ended_on_a_terminal(
    number: int, moment: str, environ: dict[str, str], folder: Path
) -> None:
    """By Ctrl-C, pressed twice, and by the end of the terminal."""
    with leaves_nothing(folder):
        person = pexpect.spawn(
            WORDS[0], WORDS[1:], env=environ, cwd=ROOT, encoding="utf-8", timeout=60
        )
        person.expect_exact(moment)
        if number == signal.SIGINT:
            person.send("\x03\x03")
        else:
            os.kill(person.pid, number)
        person.expect(pexpect.EOF)
        person.close()
        assert person.exitstatus == 128 + number, person.before


def test_picture_is_of_today(environ: dict[str, str], monkeypatch) -> None:
    """`make picture` would draw the same, but for the time left and who is first."""
    monkeypatch.setenv("PATH", environ["PATH"])
    screen = record()
    drawn = (ROOT / "docs" / "session.svg").read_text(encoding="utf-8")
    same = [same_lines(text_of(svg)) for svg in (draw(screen), drawn)]
    assert same[0] == same[1], "run: make picture"
    # nothing is lost on the way into the picture
    assert text_of(draw(screen)) == plain(screen).rstrip().split("\n")
    for command, _ in TYPED:
        assert any(line.endswith(f"$ {command}") for line in text_of(drawn))


def same_lines(lines: list[str]) -> list[str]:
    """Return the lines, sorted where commands run at the same time."""
    text = re.sub(r"\b(1h00m|5\dm)(?=\)|$)", "59m", "\n".join(lines), flags=re.M)
    return re.sub(
        r"(?m)(?:^acct-\w+ +│.*\n)+",
        lambda block: "\n".join(sorted(block[0].splitlines())) + "\n",
        text,
    ).splitlines()
