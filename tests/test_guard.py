"""The tests' own guard: it must hold, or no other test can be trusted with it."""

import os
import socket
import subprocess
import sys

import pytest

from tests.conftest import GUARDED


def test_real_home_is_out_of_reach():
    with pytest.raises(RuntimeError, match="a test went for"):
        open(f"{GUARDED[0]}/credentials")


def test_home_is_no_real_one():
    assert os.path.expanduser("~/.aws") not in GUARDED
    assert not [name for name in os.environ if name.startswith(("AWS_", "AWSEXEC_"))]


@pytest.mark.parametrize("host", ["192.0.2.1", "sts.amazonaws.com"])
def test_network_is_out_of_reach(host):
    with pytest.raises(RuntimeError, match=f"a test went for {host}"):
        socket.create_connection((host, 443), timeout=1)


def test_network_is_out_of_reach_of_children(run_awsexec):
    code = (
        "import urllib.request as r\n"
        "for url in 'http://sts.amazonaws.com', 'https://sts.amazonaws.com':\n"
        "    try: r.urlopen(url)\n"
        "    except OSError as error: print(error.reason.strerror)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == "Connection refused\n" * 2
