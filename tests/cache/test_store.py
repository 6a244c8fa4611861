"""The cache directory."""

import fcntl
import io
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from awsexec.cache import forgotten, locks
from awsexec.cache.store import (
    PRUNE_AFTER,
    Store,
)
from awsexec.errors import AwsexecError
from awsexec.fastpath import Entry
from awsexec.report import DEBUG, Report

NOW = 1_000_000
KEY, OTHER = "('session', 1)", "('session', 2)"


def entry(key=KEY, profile="'p'", expires=NOW + 3600):
    return Entry(key, profile, NOW, expires, {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE"})


class World:
    """A store in a directory of its own, with what it says."""

    def __init__(self, path):
        self.path = Path(path)
        self.now = NOW
        self.said = io.StringIO()
        report = Report(self.said, DEBUG)
        self.store = Store(str(path), report, lambda: self.now)

    def names(self, suffix=""):
        return sorted(path.name for path in self.path.glob(f"*{suffix}"))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "deep" / "cache")


def test_round_trip(world):
    assert world.store.read(KEY) is None
    world.store.write(entry())
    assert world.store.read(KEY).variables == {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE"}
    assert world.store.read(OTHER) is None
    assert len(world.names()) == 1
    assert world.said.getvalue() == ""


def test_same_entry_is_not_written_again(world):
    world.store.write(entry())
    (name,) = world.names()
    first = (world.path / name).stat().st_ino
    world.store.write(entry())
    assert (world.path / name).stat().st_ino == first
    world.store.write(entry(expires=NOW + 3601))
    assert world.store.read(KEY).expires == NOW + 3601
    # not if nobody may use the file
    (world.path / name).chmod(0o644)
    assert world.store.read(KEY) is None
    world.store.write(entry(expires=NOW + 3601))
    assert world.store.read(KEY).expires == NOW + 3601


def test_failed_write_leaves_the_old_entry_and_no_rest(world):
    world.store.write(entry())
    (target,) = world.names()
    (world.path / target).unlink()
    # a folder in its place: the rename fails after the temporary file is written
    (world.path / target).mkdir()
    world.store.write(entry())
    assert world.names() == [target]
    assert world.said.getvalue() == (
        f"awsexec: cannot write to the cache in {world.path}: Is a directory; this "
        "session is not kept; set AWSEXEC_CACHE_DIR to use another directory\n"
    )


def test_warns_once(world):
    world.path.parent.mkdir()
    world.path.write_text("")
    world.store.write(entry())
    world.store.write(entry(OTHER))
    assert world.said.getvalue().count("\n") == 1


def nobody(holder):
    raise AssertionError("another process holds the lock")


def test_lock_that_cannot_be_had_is_done_without(world):
    world.path.parent.mkdir()
    world.path.write_text("")
    with world.store.lock(KEY, lambda holder: pytest.fail("nobody holds it")):
        pass
    assert "going on without a lock in" in world.said.getvalue()


HOLDING = """
import subprocess, sys
from awsexec.cache import forgotten, locks
with locks.Lock(sys.argv[1], print):
    print(open(sys.argv[1]).read().split()[0], flush=True)
    sys.exit(subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]]).returncode)
"""
WAITING = """
import sys
from awsexec.cache import forgotten, locks
from awsexec.errors import Deadlock
try:
    with locks.Lock(sys.argv[1], lambda holder: sys.exit("it waits")):
        sys.exit("it has it")
except Deadlock as error:
    print(error)
"""


def test_lock_of_a_process_around_this_one(tmp_path):
    path = str(tmp_path / "lock")
    # with a process in between, as a shell
    between = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAITING!r}, sys.argv[1]], check=True)"
    found = subprocess.run(
        [sys.executable, "-c", HOLDING, path, between],
        capture_output=True,
        text=True,
        check=True,
    )
    pid, message = found.stdout.splitlines()
    assert message.startswith(f"loop: awsexec process {pid} waits for this one, ")
    # nobody holds it any more, whatever that process goes on to do
    assert (tmp_path / "lock").read_text() == ""


def test_lock_of_another_process_of_the_same_number(tmp_path):
    """As in two containers that share a cache."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("containers are of Linux")
    path = tmp_path / "lock"
    waited = []

    def waiting(holder):
        waited.append(holder.pid)
        other.close()
        return nullcontext()

    other = path.open("w")
    fcntl.flock(other, fcntl.LOCK_EX)
    other.write(f"{os.getppid()} 1 1\n")
    other.flush()
    with locks.Lock(str(path), waiting):
        pass
    assert waited == [os.getppid()]


def test_lock_excludes_and_says_so(world, tmp_path):
    waits = []

    def waiting(holder):
        waits.append(holder.pid)
        # the other one is done
        held.__exit__(None, None, None)
        return nullcontext()

    held = world.store.lock(KEY, nobody)
    held.__enter__()
    other = World(world.path)
    with other.store.lock(KEY, waiting):
        assert waits == [os.getpid()]
    with other.store.lock(OTHER, lambda holder: pytest.fail("that is another key")):
        pass


def test_forget(world):
    world.store.write(entry(KEY, "'p'"))
    world.store.write(entry(OTHER, "'q'"))
    (world.path / "notes").write_text("")
    assert world.store.forget("'q'") == (1, 1)
    assert world.store.read(KEY) is not None
    assert world.store.read(OTHER) is None
    world.store.write(entry(OTHER, "'q'"))
    assert world.store.forget("'r'", [OTHER])[1] == 1
    assert world.store.read(OTHER) is None
    assert world.store.forget(None)[1] == 1
    assert world.names("notes") == ["notes"]
    assert list(world.store.entries()) == []


def test_forget_takes_what_writes_that_broke_off_have_left(world):
    world.store.write(entry(KEY, "'p'"))
    (name,) = world.names()
    whole = (world.path / name).read_bytes()
    for number, data in enumerate((whole, whole[:-9], b"")):
        (world.path / f"{name}.{number}.tmp").write_bytes(data)
    # a whole one may be of another profile's run, which is about to rename it
    assert world.store.forget("'q'") == (0, 0)
    assert world.names(".tmp") == [f"{name}.0.tmp"]
    assert world.store.forget("'p'") == (1, 1)
    assert world.names(".tmp") == []


@pytest.mark.parametrize(
    ("profile", "keys", "is_written"),
    [
        (None, [], False),
        ("'p'", [], False),
        ("'q'", [KEY], False),
        ("'q'", [OTHER], True),
    ],
)
def test_what_was_forgotten_is_not_written_again(world, profile, keys, is_written):
    world.store.write(entry(KEY, "'p'"))
    mark = world.store.mark()
    world.store.forget(profile, keys)
    world.store.write(entry(KEY, "'p'"), mark)
    assert (world.store.read(KEY) is not None) == is_written
    # a run that began after that
    world.store.write(entry(KEY, "'p'"), world.store.mark())
    assert world.store.read(KEY) is not None


class ForgottenMeanwhile(Store):
    """A store whose entries are forgotten in the middle of a write."""

    def _has(self, key, data):
        World(self.directory).store.forget(None)
        return super()._has(key, data)


def test_forget_while_an_entry_is_written(world):
    world.store.write(entry(OTHER))
    report = Report(world.said, DEBUG)
    store = ForgottenMeanwhile(str(world.path), report, lambda: NOW)
    store.write(entry(KEY), store.mark())
    assert list(world.store.entries()) == []
    assert world.said.getvalue() == ""


def test_a_list_of_what_was_forgotten_that_is_begun_anew(world, tmp_path):
    world.store.write(entry(KEY))
    world.store.forget("'q'")
    mark = world.store.mark()
    for _ in range(forgotten.LARGEST // 50):
        world.store.forget("'q'")
        world.store.write(entry(OTHER))
    (path,) = world.path.glob("*.forgotten")
    assert path.stat().st_size <= forgotten.LARGEST
    world.store.forget(None)
    world.store.write(entry(KEY), mark)
    assert world.store.read(KEY) is None


def test_forget_takes_what_is_damaged_with_it(world):
    world.store.write(entry())
    (name,) = world.names()
    (world.path / name).write_text("noise")
    assert world.store.forget("'q'")[1] == 1
    assert list(world.store.entries()) == []


def test_forget_without_a_directory(world):
    assert world.store.forget(None)[1] == 0
    assert not world.path.exists()


def test_forget_what_cannot_be_deleted(world):
    world.store.write(entry())
    (name,) = world.names()
    (world.path / name).unlink()
    (world.path / name).mkdir()
    with pytest.raises(AwsexecError, match=f"cannot delete {world.path / name}: "):
        world.store.forget(None)


def test_prune(world):
    world.store.write(entry())
    with world.store.lock(KEY, nobody):
        pass
    for name in (f"{'0' * 32}.0.tmp", "notes"):
        (world.path / name).write_text("")
        os.utime(world.path / name, (NOW, NOW))
    os.utime(world.path / world.names(".lock")[0], (NOW, NOW))
    world.now = NOW + PRUNE_AFTER
    world.store.prune()
    assert len(world.names()) == 4
    # a write clears away what has been of no use for a day; nothing else is touched
    world.now = NOW + 3600 + PRUNE_AFTER + 1
    world.store.write(entry(OTHER, expires=world.now + 3600))
    assert world.store.read(OTHER) is not None
    assert len(world.names()) == 2
    assert "notes" in world.names()


def test_prune_leaves_a_lock_that_is_held(world):
    world.store.write(entry())
    with world.store.lock(KEY, nobody):
        (lock,) = world.names(".lock")
        os.utime(world.path / lock, (NOW, NOW))
        world.now = NOW + 10 * PRUNE_AFTER
        World(world.path).store.prune()
        assert world.names(".lock") == [lock]
