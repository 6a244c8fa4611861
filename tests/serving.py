"""A role and an endpoint of --serve, in several tests."""

import os
import sys
import sysconfig
from pathlib import Path

from tests.support import READER, SERIAL

ADMIN = f"""
[profile admin]
role_arn = {READER}
source_profile = alice
mfa_serial = {SERIAL}
duration_seconds = 7200
"""
# Python without the modules that are installed here
PYTHON = [f"{sys.base_prefix}/bin/python3.{sys.version_info.minor}", "-I", "-S", "-c"]


def link_modules(folder):
    """Make `folder` an installation of awsexec that a test may delete: of links."""
    folder.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        (folder / path.name).symlink_to(path)


def server_of(port):
    """The process that listens on `port`, None for none."""
    with open("/proc/net/tcp") as stream:
        rows = [line.split() for line in stream]
    inodes = {
        row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[3] == "0A"
    }
    for folder in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            link = os.readlink(folder)
        except OSError:
            continue
        if link.removeprefix("socket:[").rstrip("]") in inodes:
            return int(folder.parts[2])
    return None
