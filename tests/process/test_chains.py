"""Long chains of roles."""

import subprocess

import pytest

from awsexec.plan.chain import MOST_ROLES
from tests.servers.sts import role_arn
from tests.support import AWSEXEC


def write_chain(home, sts, roles, more=""):
    """Write the profiles r1, whose source is alice, to r`roles`."""
    parts = []
    for number in range(1, roles + 1):
        sts.add_role(f"r{number}")
        source = f"r{number - 1}" if number > 1 else "alice"
        parts.append(
            f"[profile r{number}]\nrole_arn = {role_arn(f'r{number}')}\n"
            f"source_profile = {source}\n"
        )
    home.write_config(*parts, more)


def test_longest_chain(run_awsexec, home, sts):
    write_chain(home, sts, MOST_ROLES)
    key = run_awsexec.child(f"r{MOST_ROLES}")["AWS_ACCESS_KEY_ID"]
    assert sts.operations == [f"AssumeRole r{n}" for n in range(1, MOST_ROLES + 1)]
    assert run_awsexec.child(f"r{MOST_ROLES}")["AWS_ACCESS_KEY_ID"] == key
    # another one begins where the cache ends
    run_awsexec("--forget", f"r{MOST_ROLES}")
    run_awsexec.child("--no-cache", "r2")
    assert len(sts.calls) == MOST_ROLES + 2


@pytest.mark.true_start
@pytest.mark.parametrize("words", [[], ["--no-cache"]])
def test_few_open_files(run_awsexec, home, sts, words):
    """Neither a lock nor a connection stays open for each role."""
    write_chain(home, sts, 30)
    limits = f'ulimit -n 24; exec "{AWSEXEC}" {" ".join(words)} r30 true'
    finished = subprocess.run(
        ["sh", "-c", limits],
        env=run_awsexec.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(sts.calls) == 30


def test_each_step_is_looked_up_once(run_awsexec, home, sts):
    write_chain(home, sts, 4)
    run_awsexec.child("r3")
    result = run_awsexec("-v", "r4", "true")
    assert result.stderr.count("/r3: cached, ") == 1
    assert result.stderr.count(": cached, ") == 1
    assert len(sts.calls) == 4
