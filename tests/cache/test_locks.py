"""Locks between processes: who waits, and who shares the failure of whom."""

import fcntl
import os
import stat
import threading
from contextlib import contextmanager

import pytest

from awsexec import fastpath
from awsexec.cache import locks
from awsexec.errors import (
    ConfigError,
    CredentialsError,
    Interrupted,
    MfaRefused,
    NeedsUser,
    SaidAlready,
    SignInFailed,
    TooShort,
)

SAID = "AWS said no"


class Waiter:
    """A thread that takes the lock as another process would."""

    def __init__(self, path, about="wanted", who=""):
        self.outcome = None
        self.waits = threading.Event()
        self._lock = locks.Lock(path, self._waiting, about, who)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @contextmanager
    def _waiting(self, holder):
        self.holder = holder
        self.waits.set()
        yield

    def _run(self):
        try:
            with self._lock:
                self.outcome = "held"
        except CredentialsError as error:
            self.outcome = error

    def ends(self):
        self._thread.join(10)
        return self.outcome if self.outcome == "held" else str(self.outcome)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


def nobody(holder):
    raise AssertionError("another process holds the lock")


def fail_with(path, error, about="wanted", waiters=("wanted",)):
    """Let a holder fail with `error`, and return what became of those that waited."""
    with pytest.raises(type(error)):
        with locks.Lock(path, nobody, about):
            waiting = [Waiter(path, wanted) for wanted in waiters]
            assert all(waiter.waits.wait(10) for waiter in waiting)
            raise error
    return [waiter.ends() for waiter in waiting]


@pytest.mark.parametrize(
    ("error", "is_shared"),
    [
        (CredentialsError(SAID), True),
        (SaidAlready(SAID), True),
        # of a person, or of one run alone
        (MfaRefused(SAID), False),
        (SignInFailed(SAID), False),
        (NeedsUser(SAID, "a code"), False),
        (TooShort(SAID, []), False),
        (Interrupted(), False),
        (KeyboardInterrupt(), False),
        (ConfigError(SAID), False),
    ],
)
def test_whose_failure_is_shared(path, error, is_shared):
    assert fail_with(path, error) == [SAID if is_shared else "held"]


def test_all_that_wait_share_it_and_later_ones_do_not(path):
    found = fail_with(path, CredentialsError(SAID), waiters=["wanted"] * 5)
    assert found == [SAID] * 5
    with locks.Lock(path, nobody, "wanted"):
        later = Waiter(path)
        assert later.waits.wait(10)
    assert later.ends() == "held"


def test_note_of_before_the_wait_is_not_for_this_one(path):
    """Those that share a failure hold the lock for a moment, and leave the note there."""
    fail_with(path, CredentialsError(SAID))
    with open(path, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        late = Waiter(path)
        assert late.waits.wait(10)
    assert late.ends() == "held"


def test_new_failure_replaces_the_note(path):
    fail_with(path, CredentialsError(SAID))
    assert fail_with(path, CredentialsError("no again")) == ["no again"]


def test_others_want_something_else(path):
    found = fail_with(path, CredentialsError(SAID), waiters=["other", "wanted"])
    assert found == ["held", SAID]


def test_run_of_another_name_is_told_whose_failure_it_is(path):
    with pytest.raises(CredentialsError):
        with locks.Lock(path, nobody, "wanted", "profile 'p'"):
            waiting = Waiter(path, who="profile 'q'")
            assert waiting.waits.wait(10)
            raise CredentialsError(SAID)
    assert waiting.ends() == (
        f"this run waited for one of profile 'p', which failed: {SAID}"
    )


def test_success_leaves_nothing(path):
    with locks.Lock(path, nobody, "wanted"):
        waiting = Waiter(path)
        assert waiting.waits.wait(10)
        assert waiting.holder.pid == os.getpid()
        assert waiting.holder.shares_terminal
    assert waiting.ends() == "held"
    assert os.stat(path).st_size == 0


def test_note_is_short_on_one_line_and_for_the_user_only(path):
    (found,) = fail_with(path, CredentialsError("é\n\U0001f511" * 5000))
    assert found == ("é \U0001f511" * 5000)[: locks.MOST_CHARACTERS].strip()
    assert os.stat(path).st_size < locks.MOST_BYTES
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_what_the_note_says_can_be_shown(path):
    (found,) = fail_with(path, CredentialsError("no \x1b]0;title\x07"))
    assert found.isprintable() and found.startswith("no ")


@pytest.mark.parametrize("killed", [True, False])
def test_late_one_takes_nothing_away_from_those_that_waited(path, killed):
    """Whoever comes first after a failure, killed or not."""
    fail_with(path, CredentialsError(SAID))
    with open(path, "rb") as file:
        note = file.read()
    os.unlink(path)
    with open(path, "w+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        early = Waiter(path)
        assert early.waits.wait(10)
        # what it fails with, and another one that has the lock before the early one
        file.write(b"4711 12345 4711" * killed + note)
    assert early.ends() == SAID


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\nfailed",
        b"\nfailed \n",
        b"\nfailed 0 ABOUT\n",
        b"\nfailed 0 ABOUT\nwho\ncut off",
        b"\nfailed 0 ABOUT\nwho\n\n",
        b"\nfailed 0 ABOUT\nwho\n\x1b]0;title\x07\n",
        b"\nfailed 0 ABOUT\n\x1b]0;title\x07\nAWS said no\n",
        b"\nfailed 0 ABOUT\nwho\ntwo\nlines\n",
        b"\nfailed 0 other\nwho\nAWS said no\n",
        b"\xff" * 100_000,
        # of a holder that was killed
        b"4711 12345 4711\n",
    ],
)
def test_what_else_is_in_the_file_misleads_nobody(path, content):
    about = fastpath.digest(ascii("wanted").encode()).encode()
    with open(path, "w+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = Waiter(path)
        assert waiting.waits.wait(10)
        file.write(content.replace(b"ABOUT", about))
    assert waiting.ends() == "held"
