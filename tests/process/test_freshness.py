"""A cached answer counts only while everything that it came from is what it was."""

import os
import time

import pytest

from tests.servers.sts import StsServer
from tests.support import (
    ALICE,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRET,
    SERIAL,
    WRITER,
    Home,
    is_fast,
)

pytestmark = [pytest.mark.both_ways, pytest.mark.uncounted]

OTHER_KEY_ID, OTHER_SECRET = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/EXAMPLEKEY"
BOB = f"""
[alice]
aws_access_key_id = {OTHER_KEY_ID}
aws_secret_access_key = {OTHER_SECRET}
"""
WRITER_CONFIG = READER_CONFIG.replace(READER, WRITER)


@pytest.fixture(autouse=True)
def _world(home, sts):
    sts.add_user("bob", OTHER_KEY_ID, OTHER_SECRET)
    home.write_config(READER_CONFIG)


@pytest.fixture
def fast(run_awsexec):
    """Whether the next run of reader is fast; as wanted where the path is off."""

    def check(wanted, env=None):
        if "AWSEXEC_FASTPATH" not in run_awsexec.environ:
            assert is_fast(run_awsexec, "reader", "env", env=env) == wanted
        elif not wanted:
            run_awsexec.child("reader", env=env)

    return check


def who(run_awsexec, env=None):
    return run_awsexec.child("reader", env=env)["AWS_ACCESS_KEY_ID"]


def in_place(path, text):
    """Change a file without changing its inode, size or modification time."""
    before = path.stat()
    assert len(text.encode()) == before.st_size
    with open(path, "r+") as stream:
        stream.write(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    for field in ("st_ino", "st_size", "st_mtime_ns"):
        assert getattr(after, field) == getattr(before, field)


def rename(path, text):
    other = path.with_name("new")
    other.write_text(text)
    other.rename(path)


def behind_a_link(path, text):
    """Put a link to an older file in the place of `path`."""
    path.unlink()
    path.symlink_to(path.with_name("older"))


EDITS = {
    "written": lambda path, text: path.write_text(text),
    "appended": lambda path, text: path.write_text(path.read_text() + text),
    "in place": in_place,
    "renamed": rename,
    "linked": behind_a_link,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_edit_counts_and_back_costs_nothing(run_awsexec, home, sts, fast, file, edit):
    path, before, after = {
        "config": (home.config, READER_CONFIG, WRITER_CONFIG),
        "credentials": (
            home.credentials,
            ALICE,
            # a key id and a secret of the same length as before
            ALICE.replace(KEY_ID, OTHER_KEY_ID).replace(
                SECRET, OTHER_SECRET.ljust(len(SECRET), "x")
            ),
        ),
    }[file]
    sts.add_user("bob", OTHER_KEY_ID, OTHER_SECRET.ljust(len(SECRET), "x"))
    path.write_text(before)
    path.with_name("older").write_text(after)

    first = who(run_awsexec)
    fast(True)
    edit(path, after)
    second = who(run_awsexec)
    assert second != first
    changed = sts.calls[1]
    assert (changed.parameters["RoleArn"], changed.key_id) == {
        "config": (WRITER, KEY_ID),
        "credentials": (READER, OTHER_KEY_ID),
    }[file]
    fast(True)

    path.unlink()
    path.write_text(before)
    assert who(run_awsexec) == first
    fast(True)
    assert len(sts.calls) == 2


@pytest.mark.parametrize("file", ["config", "credentials"])
def test_touch_is_looked_into_and_costs_no_call(run_awsexec, home, sts, fast, file):
    first = who(run_awsexec)
    fast(True)
    os.utime(getattr(home, file))
    fast(False)
    fast(True)
    assert who(run_awsexec) == first
    assert len(sts.calls) == 1


def test_deleted_config_file_is_missed(run_awsexec, home, sts):
    first = who(run_awsexec)
    text = home.config.read_text()
    home.config.unlink()
    assert "no profile 'reader'" in run_awsexec("reader", "--", "env").error()
    home.config.write_text(text)
    assert who(run_awsexec) == first
    assert len(sts.calls) == 1


def test_deleted_credentials_file_is_missed(run_awsexec, home, sts):
    first = who(run_awsexec)
    text = home.credentials.read_text()
    home.credentials.unlink()
    assert "alice" in run_awsexec("reader", "--", "env").error()
    home.credentials.write_text(text)
    assert who(run_awsexec) == first
    assert len(sts.calls) == 1


def test_file_that_appears_counts(run_awsexec, home, sts, fast):
    home.config.unlink()
    home.write_credentials(ALICE, READER_CONFIG.replace("[profile ", "["))
    first = who(run_awsexec)
    fast(True)
    home.write_config("[profile reader]\nexternal_id = new\n")
    assert who(run_awsexec) != first
    assert sts.calls[1].parameters["ExternalId"] == "new"


def other_home(path):
    """A home in which the same profile is another role, assumed by another user."""
    other = Home(path)
    other.write_config(WRITER_CONFIG)
    other.write_credentials(BOB)
    return other


SWITCHES = {
    "AWS_CONFIG_FILE": lambda other: {"AWS_CONFIG_FILE": str(other.config)},
    "AWS_SHARED_CREDENTIALS_FILE": lambda other: {
        "AWS_SHARED_CREDENTIALS_FILE": str(other.credentials)
    },
    "HOME": lambda other: {"HOME": str(other.path)},
    "AWSEXEC_CACHE_DIR": lambda other: {"AWSEXEC_CACHE_DIR": str(other.cache)},
    "XDG_CACHE_HOME": lambda other: {
        "AWSEXEC_CACHE_DIR": None,
        "XDG_CACHE_HOME": str(other.cache),
    },
}


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_used_in_turn_both_are_right_and_fast(run_awsexec, tmp_path, sts, fast, switch):
    env = switch(other_home(tmp_path / "other"))
    first, second = who(run_awsexec), who(run_awsexec, env)
    assert first != second
    for _ in range(2):
        fast(True)
        assert who(run_awsexec) == first
        fast(True, env)
        assert who(run_awsexec, env) == second
    assert len(sts.calls) == 2


def test_another_endpoint_is_another_identity(run_awsexec, sts, fast):
    first = who(run_awsexec)
    with StsServer() as other:
        other.add_user("alice", KEY_ID, SECRET)
        other.add_role("reader")
        env = {"AWS_ENDPOINT_URL_STS": other.url}
        who(run_awsexec, env)
        fast(True, env)
        fast(True)
        # what counts for all services counts less than what is for STS alone
        fast(False, {"AWS_ENDPOINT_URL": other.url})
        assert who(run_awsexec, {"AWS_ENDPOINT_URL": other.url}) == first
        assert (len(other.calls), len(sts.calls)) == (1, 1)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_another_region_is_handed_on(run_awsexec, sts, fast, name):
    first = run_awsexec.child("reader")
    assert "AWS_REGION" not in first
    for _ in range(2):
        child = run_awsexec.child("reader", env={name: "eu-west-2"})
        assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"] == "eu-west-2"
        assert run_awsexec.child("reader") == first
    fast(True, {name: "eu-west-2"})
    assert len(sts.calls) == 1


def test_going_back_costs_no_code(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    first = run_awsexec.child("reader", "--mfa-token", CODES[0])
    # another role of the same user's, without a code as well
    home.write_config(WRITER_CONFIG, f"mfa_serial = {SERIAL}\n")
    assert run_awsexec.child("reader") != first
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    assert run_awsexec.child("reader") == first
    assert len(sts.calls) == 3


def test_options_leave_no_entry_for_runs_without(run_awsexec, sts):
    for words in (
        ("--role-arn", WRITER),
        ("--external-id", "other"),
        ("--region", "eu-west-2"),
    ):
        run_awsexec.child("reader", *words)
    child = run_awsexec.child("reader")
    assert sts.operations[-1] == "AssumeRole reader"
    assert "ExternalId" not in sts.calls[-1].parameters
    assert "AWS_REGION" not in child


def test_edits_as_fast_as_can_be(run_awsexec, home, sts):
    # each run comes right after an edit, within any file system's time step
    for number in range(6):
        role, other = (READER, WRITER) if number % 2 else (WRITER, READER)
        in_place(home.config, home.config.read_text().replace(other, role))
        who(run_awsexec)
        run = run_awsexec("-q", "reader", "--", "printenv", "AWS_ACCESS_KEY_ID")
        assert run.stdout == f"ASIAEXAMPLE{1 + number % 2:09}\n"
    assert sts.operations == ["AssumeRole writer", "AssumeRole reader"]


@pytest.mark.parametrize("file", ["config", "credentials"])
def test_coarse_time_stamps_are_not_believed_at_once(
    run_awsexec, home, sts, fast, file
):
    # what a file looks like on a file system that keeps whole seconds
    now = int(time.time())
    os.utime(getattr(home, file), (now, now))
    who(run_awsexec)
    fast(False)
    assert len(sts.calls) == 1
