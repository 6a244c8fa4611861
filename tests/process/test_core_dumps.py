"""No core dump of awsexec has keys; what it runs for the user may leave one as before."""

import os
import resource
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.sources import printed, prints
from tests.support import AWSEXEC, CODES, READER_CONFIG, SERIAL, wait_until

# blocks of 512 bytes, as sh counts them: the caller's own limit
BLOCKS = 6
LIMITS = "grep 'Max core' /proc/{}/limits"
pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self")
    or 0 <= resource.getrlimit(resource.RLIMIT_CORE)[1] < 512 * BLOCKS,
    reason="/proc tells the limits of a process, and the hard limit must allow one",
)


@pytest.fixture
def shell(run_awsexec):
    """What a line of shell prints, whose core dumps are limited to `BLOCKS`."""

    def run(line):
        return subprocess.run(
            ["/bin/sh", "-c", f"ulimit -S -c {BLOCKS}; {line}"],
            env=run_awsexec.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    return run


@pytest.fixture
def noting(home):
    """A script that notes its own limit and that of awsexec, which waits for it."""

    def script(name, text):
        return home.script(
            name,
            f"#!/bin/sh\nsleep 0.3\n{{ ulimit -S -c; {LIMITS.format('$PPID')}; }} >>{home.path}/noted\n{text}\n",
        )

    return script


def noted(home):
    """The soft limits in what a script noted: its own, and that of awsexec in bytes."""
    own, of_awsexec = (home.path / "noted").read_text().splitlines()
    return int(own), int(of_awsexec.split()[4])


def test_a_credential_process_and_command(shell, home, noting):
    home.write_config(
        f"[profile p]\ncredential_process = {noting('tool', prints(printed()))}\n"
    )
    assert shell(f"{AWSEXEC} p -- sh -c 'ulimit -S -c'") == f"{BLOCKS}\n"
    assert noted(home) == (BLOCKS, 0)


def test_an_mfa_process_and_a_shell(shell, home, sts, noting):
    tool = noting("tool", f"echo {CODES[0]}")
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\nmfa_process = {tool}\n")
    said = shell(f"echo 'ulimit -S -c' | {AWSEXEC} --shell /bin/sh reader")
    assert said == f"{BLOCKS}\n"
    assert noted(home) == (BLOCKS, 0)


def test_a_failed_command_is_not_the_end_of_it(shell, home):
    """What comes after an exec that failed is awsexec's own again."""
    home.write_config("")
    code = (
        "import resource, sys; from awsexec.child.launch import launch; from awsexec "
        "import errors; from awsexec.processes import core_dumps; core_dumps.forbid()\n"
        "try: launch(['/nonexistent/x'], {})\n"
        "except errors.CommandNotFound: print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    python = str(Path(AWSEXEC).with_name("python"))
    assert shell(shlex.join([python, "-c", code])) == "0\n"


def test_the_browser(shell, home, run_awsexec, noting):
    run_awsexec.environ["BROWSER"] = noting("browser", "")
    code = "from awsexec.processes import core_dumps; core_dumps.forbid(); "
    code += (
        "from awsexec.loopback.browser import open_tab; open_tab('http://127.0.0.1:9')"
    )
    shell(shlex.join([str(Path(AWSEXEC).with_name("python")), "-c", code]))
    wait_until((home.path / "noted").exists)
    wait_until(lambda: (home.path / "noted").read_text().count("\n") == 2)
    assert noted(home)[0] == BLOCKS


def test_the_endpoint_of_serve(shell, home):
    """For good: it and the process that holds its port, not only the soft limit."""
    command = (
        "ulimit -S -c; for p in /proc/[0-9]*; do "
        f"tr '\\0' ' ' <$p/cmdline | grep -q 'python[^ ]* [^ ]*awsexec --serv[e] alice' && "
        f"tr '\\0' '\\n' <$p/environ | grep -qx HOME={home.path} && {LIMITS.format('${p#/proc/}')}; "
        "done 2>/dev/null; true"
    )
    line = shlex.join([AWSEXEC, "--serve", "alice", "--", "sh", "-c", command])
    own, *others = shell(line).splitlines()
    assert own == str(BLOCKS)
    # the endpoint, and what holds its port
    assert [each.split()[4:6] for each in others] == [["0", "0"]] * 2


def test_a_cached_run(shell, home, sts):
    home.write_config(READER_CONFIG)
    line = f"{AWSEXEC} reader -- sh -c 'ulimit -S -c'"
    assert [shell(line), shell(line)] == [f"{BLOCKS}\n"] * 2
