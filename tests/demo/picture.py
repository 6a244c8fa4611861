"""Record a session in a real terminal, and draw it: docs/session.svg.

    picture.py FILE

``make picture`` runs it, with awsexec, the AWS CLI and moto on PATH. What is typed runs
against the fake AWS of the demo. The terminal is a pseudoterminal; what its programs
write goes through a terminal emulator, and the picture is the emulator's screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 88, 24
CONFIG = """\
[profile admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = alice
mfa_serial = arn:aws:iam::123456789012:mfa/alice
region = us-east-1
[profile alice-sts]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
role_session_name = alice
region = us-east-1
[profile reader]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
region = eu-west-1
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
"""
# a green prompt, so that what is typed stands out
BASHRC = (
    "PS1='\\[\\e[32m\\]\\w $\\[\\e[0m\\] '\nbind 'set enable-bracketed-paste off'\n"
)
TYPED = (
    "AWS_PROFILE=alice aws s3 ls",
    "awsexec alice-sts -- aws s3 ls",
    "awsexec alice-sts",
    "aws sts get-caller-identity --query Arn --output text",
    "awsexec --list",
)
# the last one is in a shell with the role, and so is what is typed after it
PROMPT = r"~ \$\x1b\[0m $"


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch, fake_aws(Path(scratch)) as environ:
        screen = record(environ)
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))
    for line in lines(screen):
        console.print(line, no_wrap=True, crop=False)
    picture = console.export_svg(title="awsexec", unique_id="session")
    target.write_text(picture, encoding="utf-8")


@contextmanager
def fake_aws(scratch: Path) -> Iterator[dict[str, str]]:
    """Start the demo's AWS; give the environment of a shell of alice's."""
    server = Path(__file__).with_name("fake_aws.py")
    with subprocess.Popen(
        [sys.executable, str(server), str(scratch)], stdin=subprocess.PIPE
    ) as process:
        try:
            while not (ready := scratch / "ready").exists():
                assert process.poll() is None, "the fake AWS did not start"
                time.sleep(0.1)
            address, key, secret = ready.read_text().split()
            home = scratch / "home"
            (home / ".aws").mkdir(parents=True)
            (home / ".aws" / "config").write_text(CONFIG)
            (home / ".aws" / "credentials").write_text(
                f"[alice]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            )
            (home / ".aws" / "credentials").chmod(0o600)
            (home / ".bashrc").write_text(BASHRC)
            yield {
                "HOME": str(home),
                "PATH": os.environ["PATH"],
                "SHELL": "/bin/bash",
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "AWS_ENDPOINT_URL": address,
            }
        finally:
            # the end of its input is what it ends at
            assert process.stdin is not None
            process.stdin.close()


def record(environ: dict[str, str]) -> pyte.Screen:
    """Type the session, and return the screen at its end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    shell = pexpect.spawn(
        "bash",
        env=environ,
        cwd=environ["HOME"],
        encoding="utf-8",
        timeout=60,
        dimensions=(ROWS, COLUMNS),
    )
    shell.expect(PROMPT)
    stream.feed(shell.before + shell.after)
    for command in TYPED:
        shell.send(command + "\r")
        shell.expect(PROMPT)
        stream.feed(shell.before + shell.after)
    shell.close(force=True)
    return screen


def lines(screen: pyte.Screen) -> Iterator[Text]:
    """Give the lines of a screen, without the empty ones at its end."""
    used = [row for row, line in enumerate(screen.display) if line.strip()]
    for row in range(max(used) + 1):
        text = Text()
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            colour = None if cell.fg == "default" else cell.fg
            # pyte's name for the colour that others call yellow
            colour = {"brown": "yellow"}.get(str(colour), colour)
            text.append(cell.data, Style(color=colour, bold=cell.bold))
        text.rstrip()
        yield text


if __name__ == "__main__":
    main()
