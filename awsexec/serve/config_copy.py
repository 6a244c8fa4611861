"""A config file for COMMAND that nobody has to clear away.

Where the system can, it is in memory and belongs to this process, with which it goes;
COMMAND sees it among the files that this process has open.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from awsexec.profiles import bare


def place(content: bytes) -> tuple[str, Callable[[], None]]:
    """Where COMMAND finds `content`, and what removes it. May raise `OSError`."""
    if sys.platform == "linux":
        try:
            return _in_memory(content), lambda: None
        except OSError:
            # a sandbox that forbids it, or has no /proc
            pass
    return on_disk(content)


if sys.platform == "linux":

    def _in_memory(content: bytes) -> str:
        import fcntl

        descriptor = os.memfd_create("awsexec-config", os.MFD_ALLOW_SEALING)
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(content)
        # what somebody writes there would be lost
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        path = f"/proc/{os.getpid()}/fd/{descriptor}"
        if not os.path.exists(path):
            os.close(descriptor)
            raise FileNotFoundError(path)
        return path


def on_disk(content: bytes) -> tuple[str, Callable[[], None]]:
    """The same where it is a file like others; keys are left out of that."""
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="awsexec-", suffix=".config")
    with open(descriptor, "wb") as stream:
        stream.write(bare.without_keys(content))

    def remove() -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)

    return path, remove
