"""A config file that disappears without being deleted."""

import os
import sys

import pytest

from awsexec.serve import config_copy

CONTENT = b"[profile x]\naws_secret_access_key = x\nregion = eu-west-1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_in_memory():
    path, remove = config_copy.write_copy(CONTENT)
    try:
        assert path.startswith(f"/proc/{os.getpid()}/fd/")
        for _ in range(2):
            with open(path, "rb") as stream:
                assert stream.read() == CONTENT
        with pytest.raises(OSError), open(path, "ab", buffering=0) as stream:
            stream.write(b"lost")
        remove()
    finally:
        os.close(int(path.rpartition("/")[2]))


def test_on_disk():
    """Private, and without keys."""
    path, remove = config_copy.on_disk(CONTENT)
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path, "rb") as stream:
        assert stream.read() == b"[profile x]\nregion = eu-west-1\n"
    remove()
    assert not os.path.exists(path)
    remove()
