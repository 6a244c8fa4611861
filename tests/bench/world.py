"""The homes in which the commands run, and the AWS that answers them."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socketserver
import time
from collections.abc import Iterator
from pathlib import Path

from tests.servers import sts
from tests.servers.sts import Answer, StsServer, User
from tests.support import ALICE, KEY_ID, READER, READER_CONFIG, SECRET, SERIAL

# seconds after an edit from which on awsexec relies on a file's time stamps
SETTLING = 2.5
CODE = "123456"

CONFIG = READER_CONFIG + "region = eu-west-1\n"
OTHERS_CONFIG = "".join(
    CONFIG.replace("reader", f"team-{number:03}") for number in range(999)
)
MFA_CONFIG = f"""
[profile base]
role_arn = {sts.role_arn("base")}
source_profile = alice
mfa_serial = {SERIAL}
region = eu-west-1
[profile reader]
role_arn = {READER}
source_profile = base
region = eu-west-1
"""

# where awsexec and the others keep what AWS gave them
CACHES = (".cache", "Library/Caches", ".aws/cli", ".awsume/cache", "credentials.json")


class Sts(StsServer):
    """An STS that is `delay` seconds away, and counts its answers."""

    delay = 0.0
    answers = 0
    user: User

    def expect_code(self) -> None:
        """Take CODE once more."""
        self.user.codes.add(CODE)

    def respond(self, headers: http.client.HTTPMessage, body: bytes) -> Answer | None:
        time.sleep(self.delay)
        self.answers += 1
        return super().respond(headers, body)


@contextlib.contextmanager
def running_sts() -> Iterator[Sts]:
    """An STS for fifty callers at once, one of which is alice."""
    socketserver.TCPServer.request_queue_size = 100
    # when the bench moves the clock, the SDK does not notice, and signs by the real one
    sts.TOLERANCE = 86_400
    with Sts() as server:
        server.user = server.add_user("alice", KEY_ID, SECRET)
        for name in ("reader", "base"):
            server.add_role(name)
        yield server


class Home:
    """A home directory: its config files, and what the commands leave in it."""

    def __init__(self, path: Path, config: str, endpoint: str) -> None:
        self.path = path
        aws = path / ".aws"
        aws.mkdir(parents=True)
        (aws / "config").write_text(config)
        (aws / "credentials").write_text(ALICE + "region = eu-west-1\n")
        self.environ = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(path),
            "AWS_ENDPOINT_URL_STS": endpoint,
        }

    def forget(self) -> None:
        """Remove what is cached."""
        for name in CACHES:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def crowd_cache(self, entries: int) -> None:
        """Put other entries into awsexec's cache."""
        (cache,) = self.path.rglob("awsexec")
        data = next(path for path in cache.iterdir() if not path.suffix).read_bytes()
        for number in range(entries):
            path = cache / f"{number:032x}"
            path.touch(0o600)
            path.write_bytes(data)
