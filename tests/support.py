"""What many tests need: the user's files, the user's keys, and running awsexec."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from awsexec import fastpath
from awsexec.profiles.config import FINE_STEP
from tests.fork_server import ForkServer
from tests.servers.sts import role_arn

# AWS's own examples
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CODES = ("111111", "222222", "333333", "444444")
WRONG_CODE = "999999"
SERIAL = "arn:aws:iam::123456789012:mfa/alice"

# what no message may hold: the user's secrets, and what the recording STS issues
SECRETS = (SECRET, KEY_ID, "EXAMPLESESSION", "ASIAEXAMPLE", *CODES, WRONG_CODE)

ALICE = f"""
[alice]
aws_access_key_id = {KEY_ID}
aws_secret_access_key = {SECRET}
"""

READER, WRITER, ADMIN = map(role_arn, ("reader", "writer", "admin"))
READER_CONFIG = f"""
[profile reader]
role_arn = {READER}
source_profile = alice
"""

# the console script of the installation that runs the tests
AWSEXEC = str(Path(sys.executable).with_name("awsexec"))
# seconds for a run, on a busy machine
TIMEOUT = 60


class Home:
    """A user's home directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / ".aws" / "config"
        self.credentials = path / ".aws" / "credentials"
        self.cache = path / "cache"
        self.config.parent.mkdir(parents=True)

    def write_config(self, *parts: str) -> None:
        _write(self.config, parts)

    def write_credentials(self, *parts: str) -> None:
        _write(self.credentials, parts)
        # as the AWS CLI makes it
        self.credentials.chmod(0o600)

    def script(self, name: str, text: str) -> str:
        """Write an executable file, and return its path."""
        path = self.path / name
        path.write_text(textwrap.dedent(text))
        path.chmod(0o755)
        return str(path)


def _write(path: Path, parts: Sequence[str]) -> None:
    path.write_text("".join(textwrap.dedent(part) for part in parts), encoding="utf-8")


@dataclass(frozen=True)
class Result:
    """What a run came to; `status` is negative for one that a signal ended."""

    status: int
    stdout: str
    stderr: str

    def error(self, status: int = 125, stdout: str = "") -> str:
        """The one line of a run that failed, without the program's name."""
        assert (self.status, self.stdout) == (status, stdout), self
        assert self.stderr.startswith("awsexec: "), self
        assert self.stderr.count("\n") == 1 and self.stderr.endswith("\n"), self
        for secret in SECRETS:
            assert secret not in self.stderr
        return self.stderr.removeprefix("awsexec: ").rstrip("\n")


class Awsexec:
    """Runs the installed awsexec in `environ`, and in nothing else of this process.

    The runs have no terminal: a prompt fails at once instead of waiting. Those that
    `server` takes are forks of it, the others true starts.
    """

    def __init__(
        self, environ: dict[str, str], folder: Path, server: ForkServer | None = None
    ) -> None:
        self.environ = environ
        self.folder = folder
        self.server = server

    def __call__(
        self,
        *words: str | bytes,
        env: Mapping[str, str | None] | None = None,
        stdin: str = "",
    ) -> Result:
        """Run it with `words`; `env` adds to the environment, None removes."""
        environ, data = self.environment(env), stdin.encode()
        _settle(environ)
        if self.server is not None and self.server.takes(environ, data):
            finished = self.server.run(words, environ, self.folder, data, TIMEOUT)
        else:
            finished = subprocess.run(
                [AWSEXEC, *words],
                env=environ,
                cwd=self.folder,
                input=data,
                capture_output=True,
                start_new_session=True,
                timeout=TIMEOUT,
                check=False,
            )
        return Result(
            finished.returncode,
            os.fsdecode(finished.stdout),
            os.fsdecode(finished.stderr),
        )

    def environment(
        self, env: Mapping[str, str | None] | None = None
    ) -> dict[str, str]:
        merged = {**self.environ, **(env or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def child(
        self, *words: str, env: Mapping[str, str | None] | None = None
    ) -> dict[str, str]:
        """The environment that COMMAND gets of a run that says nothing."""
        result = self(*words, "--", "env", "-0", env=env)
        assert (result.status, result.stderr) == (0, ""), result
        pairs = (item.split("=", 1) for item in result.stdout.split("\0") if item)
        return {k: v for k, v in pairs if not k.startswith("COVERAGE_")}


def _settle(environ: Mapping[str, str]) -> None:
    """Wait until awsexec takes the user's files for settled, however fast it starts."""
    home = Path(environ.get("HOME", "/"))
    for path in (
        environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config",
        environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials",
    ):
        with contextlib.suppress(OSError):
            since = time.time() - os.stat(path).st_ctime
            if 0 <= since < FINE_STEP:
                time.sleep(FINE_STEP - since)


def is_fast(
    run_awsexec: Awsexec, *words: str, env: Mapping[str, str | None] | None = None
) -> bool:
    """Whether a run, whose COMMAND is no Python program, takes the fast path."""
    tracing = {"PYTHONPROFILEIMPORTTIME": "1", **(env or {})}
    result = run_awsexec(*words, env=tracing)
    assert result.status == 0, result
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.fastpath" in loaded, result
    return "awsexec.cli" not in loaded


def fast_path_is_on(run_awsexec: Awsexec) -> bool:
    """Whether these tests run with the fast path."""
    return run_awsexec.environ.get("AWSEXEC_FASTPATH") != "0"


def entries(home: Home) -> dict[Path, fastpath.Entry]:
    """The cache's entries by their files."""
    paths = [path for path in home.cache.iterdir() if not path.suffix]
    return {path: fastpath.parse(path.read_bytes()) for path in paths}


def age(home: Home, seconds: int) -> None:
    """Make the cache what it would be had everything been written `seconds` ago."""
    for path, entry in entries(home).items():
        entry.issued -= seconds
        entry.expires -= seconds
        entry.renew -= seconds if entry.renew else 0
        path.write_bytes(fastpath.dump(entry))
        os.utime(path, (entry.expires, entry.expires))
    for path in home.cache.glob("*.lock"):
        if not path.is_symlink():
            then = path.stat().st_mtime - seconds
            os.utime(path, (then, then))


def renewed(home: Home, key_id: str, count: int = 2) -> bool:
    """Whether `count` entries, a session's and a run's, have the keys of `key_id`."""
    found = [entry.variables["AWS_ACCESS_KEY_ID"] for entry in entries(home).values()]
    return found.count(key_id) == count


def is_running(pid):
    """Whether the process has not ended, nobody having asked how included."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process is about to bring about."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
