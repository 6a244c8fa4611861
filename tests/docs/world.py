"""The AWS that the documents speak of: alice, her roles, and what else they name."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.blocks import Block, blocks
from tests.servers.console import ConsoleServer
from tests.servers.identity_center import IdentityCenter
from tests.servers.metadata import ROLE, MetadataServer
from tests.servers.s3 import S3Server
from tests.servers.sts import StsServer
from tests.servers.web import iso8601
from tests.support import AWSEXEC, KEY_ID, SECRET, Awsexec, Home

AWS = Path(AWSEXEC).parent.parent / "awscli" / "bin" / "aws"
# the roles of the documents, with what is special of each
ROLES: dict[str, dict[str, object]] = {
    "alice-sts": {},
    "admin": {"mfa": True},
    "billing": {},
    "auditor": {"external_id": "example-1234", "longest": 28_800},
    "jump": {},
    "deploy": {},
    "backup": {},
    "once": {},
    "reader": {},
}
CODES = ("123456", "234567", "345678")
# the key that is neither in a file nor in the keyring
ELSEWHERE = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
_SECTION = re.compile(r"^\[(.+)\]$", re.M)


@dataclass
class World:
    """The user's home, and the environment of her shell."""

    home: Home
    environ: dict[str, str]
    sts: StsServer
    # the sections of both files, by the name of the file
    _sections: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"config": {}, "credentials": {}}
    )

    def writes_alice(self) -> None:
        """Write what the pages begin with: alice and her role."""
        for block in blocks("docs/shell.md"):
            if block.language == "ini":
                self.writes(block)

    def writes_file(self, block: Block) -> None:
        """Write a block into the file that the line before it names."""
        name = re.search(r"`~/([^`]+)`", block.before)
        assert name is not None, f"{block.where}: the line before names no file"
        path = self.home.path / name[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        path.chmod(0o600)

    def writes(self, block: Block) -> list[str]:
        """Write a block's sections into the AWS file that its first line names.

        A section that is there already is replaced. Returns the names of its profiles.
        """
        first = block.text.partition("\n")[0]
        name = "credentials" if first.endswith("~/.aws/credentials") else "config"
        assert first.endswith(f"~/.aws/{name}") or not first.startswith("#"), first
        # the text before the first section, then headers and bodies in turn
        _, *parts = _SECTION.split(block.text)
        assert parts, f"{block.where}: there is no section"
        sections = dict(zip(parts[::2], parts[1::2], strict=True))
        self._sections[name].update(sections)
        path = self.home.config if name == "config" else self.home.credentials
        text = "".join(f"[{k}]{v}" for k, v in self._sections[name].items())
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return [
            title.removeprefix("profile ")
            for title in sections
            if not title.startswith(("sso-session ", "services "))
        ]


# prints what AWS says a process prints
HELPER = """\
#!/bin/sh
test "$1 $2" = "credential-process --certificate" || exit 1
echo '{}'
"""
YKMAN = """\
#!/bin/sh
test "$*" = "oath accounts code --single aws-alice" && echo {}
"""
# fill in what the documents keep in 1Password, in pass, and encrypted for the TPM
OP = """\
#!/bin/sh
case "$*" in
"inject --in-file /home/alice/.aws/alice.op.json")
    sed -e 's,{{{{ op://Private/aws-alice/access key id }}}},{key_id},' \
        -e 's,{{{{ op://Private/aws-alice/secret access key }}}},{secret},' \
        {home}/.aws/alice.op.json ;;
"item get aws-alice --otp") echo {codes[0]} ;;
*) exit 1 ;;
esac
"""
PASS = """\
#!/bin/sh
case "$*" in
"show aws/alice")
    echo '{{"Version": 1, "AccessKeyId": "{key_id}", "SecretAccessKey": "{secret}"}}' ;;
"otp aws/alice-mfa") echo {codes[1]} ;;
*) exit 1 ;;
esac
"""
SYSTEMD_CREDS = """\
#!/bin/sh
test "$*" = "decrypt --user --name=aws-alice /home/alice/.aws/alice.cred -" || exit 1
exec pass show aws/alice
"""
BROWSER = """\
#!/usr/bin/env python3
import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
"""


@contextlib.contextmanager
def world(run_awsexec: Awsexec, home: Home, sts: StsServer) -> Iterator[World]:
    """Give the world, whose servers run until the block ends."""
    sts.add_user("alice", KEY_ID, SECRET, CODES)
    for name, facts in ROLES.items():
        sts.add_role(name, **facts)  # type: ignore[arg-type]
    home.credentials.unlink()
    tools = home.path / "bin"
    tools.mkdir()
    (tools / "awsexec").symlink_to(AWSEXEC)
    (tools / "aws").symlink_to(AWS)
    with (
        S3Server(sts) as s3,
        IdentityCenter() as center,
        ConsoleServer(sts) as console,
        MetadataServer() as metadata,
    ):
        center.roles["123456789012", "reader"] = sts.session_of("reader")
        center.assignments = {
            "123456789012": ("Production", ["reader"]),
            "111122223333": ("Sandbox", ["admin", "reader"]),
        }
        host = sts.session_of("host")
        facts = {
            "Version": 1,
            "AccessKeyId": host.key_id,
            "SecretAccessKey": host.secret,
            "SessionToken": host.token,
            "Expiration": iso8601(host.expires),
        }
        home.script("bin/aws_signing_helper", HELPER.format(json.dumps(facts)))
        home.script("bin/ykman", YKMAN.format(CODES[-1]))
        # another key of hers, which no rotation deletes
        StsServer.add_user(sts, "alice", *ELSEWHERE, CODES)
        facts_of_alice = {
            "key_id": ELSEWHERE[0],
            "secret": ELSEWHERE[1],
            "codes": CODES,
            "home": home.path,
        }
        home.script("bin/op", OP.format_map(facts_of_alice))
        home.script("bin/pass", PASS.format_map(facts_of_alice))
        home.script("bin/systemd-creds", SYSTEMD_CREDS)
        (home.path / "run").mkdir(0o700)
        metadata.credentials = sts.session_of(ROLE, 21_600)
        environ = {
            **run_awsexec.environ,
            "PATH": f"{tools}:{run_awsexec.environ['PATH']}",
            "LOGNAME": "alice",
            "USER": "alice",
            "TZ": "UTC",
            "PAGER": "cat",
            "XDG_RUNTIME_DIR": str(home.path / "run"),
            "BROWSER": home.script("browser", BROWSER),
            "AWS_ENDPOINT_URL_S3": s3.url,
            "AWS_ENDPOINT_URL_SSO": center.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": center.url,
            "AWS_ENDPOINT_URL_SIGNIN": console.url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
        }
        del environ["AWS_EC2_METADATA_DISABLED"]
        yield World(home, environ, sts)
