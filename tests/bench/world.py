"""The homes in which the commands run, and the AWS that answers them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socketserver
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from awsexec.plan.inputs import sign_in_of, sso_token_file
from awsexec.profiles import accounts
from awsexec.profiles.accounts import Account, AccountList
from awsexec.times import iso8601
from tests.servers import sts
from tests.servers.sts import Answer, StsServer, User
from tests.support import ALICE, KEY_ID, READER, READER_CONFIG, SECRET, SERIAL

# seconds after an edit of a file, until awsexec relies on its time stamps
SETTLING = 2.5
CODE = "123456"

CONFIG = READER_CONFIG + "region = eu-west-1\n"
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


# accounts in IAM Identity Center, with three roles each
ACCOUNTS = 500
START_URL = "https://example.awsapps.com/start"
CORP = f"""
[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-west-1
"""


def config_of(profiles: int) -> str:
    """Return a config file that makes up so many profiles, with the one of the keys."""
    others = (CONFIG.replace("reader", f"team-{n:05}") for n in range(profiles - 2))
    return "".join(others) + CONFIG


def roles_config(names: Sequence[str]) -> str:
    """Return a config of roles of one user, whose MFA session serves all of them."""
    return "".join(
        f"[profile {name}]\nrole_arn = {sts.role_arn(name)}\nsource_profile = alice\n"
        f"mfa_serial = {SERIAL}\nregion = eu-west-1\n"
        for name in names
    )


FIFTY = [f"team-{number:02}" for number in range(50)]
THOUSAND = [f"acct-{number:03}" for number in range(1000)]


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
    """Run an STS that takes fifty callers at once, and knows alice."""
    socketserver.TCPServer.request_queue_size = 100
    # The bench moves the clock. The SDK does not notice and signs with the real time.
    sts.TOLERANCE = 86_400
    with Sts() as server:
        server.user = server.add_user("alice", KEY_ID, SECRET)
        for name in ("reader", "base", *FIFTY, *THOUSAND):
            server.add_role(name)
        yield server


class Home:
    """A home directory, with config files and with what the commands leave there."""

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

    def list_accounts(self) -> None:
        """Leave a sign-in to IAM Identity Center, and its list of accounts in the cache."""
        token = {
            "accessToken": "EXAMPLEACCESSTOKEN",
            "expiresAt": iso8601(int(time.time()) + 86_400),
        }
        path = Path(sso_token_file("corp", str(self.path / ".aws/sso/cache")))
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(token))
        listed = [
            Account(f"{number:012}", f"account {number}", ["Admin", "Dev", "ReadOnly"])
            for number in range(1, ACCOUNTS + 1)
        ]
        found = AccountList("corp", sign_in_of(token), int(time.time()), listed)
        cache = self.path / ".cache" / "awsexec"
        cache.mkdir(0o700, parents=True)
        path = Path(accounts.path_of(str(cache), "corp", START_URL))
        path.touch(0o600)
        path.write_bytes(accounts.as_kept(found))

    def crowd_cache(self, entries: int) -> None:
        """Put other entries into awsexec's cache."""
        (cache,) = self.path.rglob("awsexec")
        data = next(path for path in cache.iterdir() if not path.suffix).read_bytes()
        for number in range(entries):
            path = cache / f"{number:032x}"
            path.touch(0o600)
            path.write_bytes(data)
