"""Alice: her home, and the AWS on this machine that she uses.

AWS checks signatures, trust policies, external ids and MFA codes. Alice may assume the
role alice-sts of her own account, and with MFA the role deploy of three accounts. Only
these roles may use S3.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers import secret_service
from tests.servers.iam import IamServer
from tests.servers.s3 import S3Server
from tests.servers.sts import ACCOUNT

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
# each is good once
CODES = ("123456", "234567")
ACCOUNTS = {
    "acct-dev": "111122223333",
    "acct-prod": "444455556666",
    "acct-test": ACCOUNT,
}
BUCKETS = {
    ACCOUNT: ["alice-holiday-photos"],
    ACCOUNTS["acct-dev"]: ["dev-logs", "dev-site"],
    ACCOUNTS["acct-prod"]: ["prod-logs", "prod-site"],
}
ACCOUNT_PROFILE = """
[profile {name}]
role_arn = arn:aws:iam::{account}:role/deploy
source_profile = alice
mfa_serial = arn:aws:iam::123456789012:mfa/alice
role_session_name = alice
region = us-east-1
"""
CONFIG = """\
[profile alice]
region = us-east-1

[profile alice-sts]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
role_session_name = alice
region = us-east-1
""" + "".join(
    ACCOUNT_PROFILE.format(name=name, account=account)
    for name, account in ACCOUNTS.items()
)
CREDENTIALS = f"""\
[alice]
aws_access_key_id = {KEY_ID}
aws_secret_access_key = {SECRET}
"""


@dataclass(frozen=True)
class Alice:
    """Her `home`, and the environment of her shell. `switch` turns AWS off."""

    home: Path
    environ: dict[str, str]
    has_keyring: bool
    switch: contextlib.ExitStack

    def writes(self, name: str, text: str) -> None:
        """Write the file `name` of her ~/.aws."""
        path = self.home / ".aws" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)


@contextlib.contextmanager
def alice(*, with_keyring: bool) -> Iterator[Alice]:
    """Give alice, and take away all that is hers in the end.

    Nothing of the user's own environment counts but PATH, so that no run finds the
    user's files, cache or keyring. Her keyring needs programs that not every machine has.
    """
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="awsexec-demo-")
        )
        # a path without links, as the messages of programs have it
        home = Path(scratch).resolve() / "alice"
        home.mkdir()
        environ = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "USER": "alice",
            "LOGNAME": "alice",
            "SHELL": "/bin/bash",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }
        if with_keyring and not secret_service.lacking():
            service = secret_service.SecretService()
            stack.callback(service.stop)
            environ |= service.environ
        switch = stack.enter_context(contextlib.ExitStack())
        aws = IamServer()
        user = aws.add_user("alice", KEY_ID, SECRET, CODES)
        trusts = {"trusts": [user.arn]}
        aws.add_role("alice-sts", external_id="demo-1234", **trusts)
        for account in ACCOUNTS.values():
            aws.add_role("deploy", account=account, mfa=True, **trusts)
        environ["AWS_ENDPOINT_URL"] = switch.enter_context(aws).url
        s3 = switch.enter_context(S3Server(aws, BUCKETS))
        environ["AWS_ENDPOINT_URL_S3"] = s3.url
        has_keyring = "DBUS_SESSION_BUS_ADDRESS" in environ
        found = Alice(home, environ, has_keyring, switch)
        found.writes("config", CONFIG)
        found.writes("credentials", CREDENTIALS)
        yield found
