"""Renewing credentials for as long as COMMAND runs."""

from __future__ import annotations

import os
import time

from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError, Interrupted, NeedsUser
from awsexec.internal_error import in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from awsexec.credentials.credentials import Credentials

    Get = Callable[[Demand], "Held"]

# Credentials are renewed so many seconds before they expire, if they live at least twice
# as long. Others are renewed at half their life. An SDK asks again a quarter of an hour
# before they expire (botocore's "advisory refresh"), and should then get new credentials.
RENEW_BEFORE_END = 1200
# seconds between two attempts, and between two questions to the user
RETRY_EVERY, ASK_EVERY = 30.0, 300.0
# seconds between two attempts while a client waits
RETRY_WHEN_WANTED = 1.0
# seconds of sleep at the most: on a machine that was suspended, timers are late
LONGEST_SLEEP = 15.0


class NotAsked(Exception):
    """The user cannot be asked at the moment, but may be soon."""


class Held:
    """The credentials that the endpoint has.

    `is_same` returns whether their source would still give the same identity.
    """

    __slots__ = ("credentials", "is_same")

    def __init__(self, credentials: Credentials, is_same: Callable[[], bool]) -> None:
        self.credentials = credentials
        self.is_same = is_same

    def is_good(self, now: float) -> bool:
        """Return whether a client may have them."""
        expires = self.credentials.expires
        is_over = expires is not None and now >= expires - 1
        # another sign-in, or none, is somebody else's
        return not is_over and self._is_ours()

    def _is_ours(self) -> bool:
        try:
            return self.is_same()
        except Exception:
            # nobody knows whose they are; the attempt to renew them says why
            return False


def renew_from(credentials: Credentials, now: float) -> float:
    """Return the moment from which to renew `credentials`, in seconds since the epoch."""
    if credentials.expires is None:
        return float("inf")
    issued = credentials.issued or now
    return credentials.expires - min(
        RENEW_BEFORE_END, (credentials.expires - issued) / 2
    )


def fresh(get: Get, clock: Callable[[], float]) -> Held:
    """Return credentials that need no renewal, from another awsexec if it has some."""
    found = get(Demand())
    now = clock()
    is_due = renew_from(found.credentials, now) <= now
    return get(Demand(refresh=True)) if is_due else found


class Renewal:
    """Keeps what the endpoint holds fresh with `get`, which does not ask the user.

    If `get` fails, `ask` gets new credentials with the user's help. `ask` gets the failure
    of `get`. It raises that if the user cannot help, and `NotAsked` to be called again at
    the next attempt. `ask` is None if the user may not be asked. `clock` returns seconds
    since the epoch.

    Whatever these functions raise becomes the `fault`, and the next attempt clears it.
    """

    def __init__(
        self,
        held: Held,
        get: Get,
        ask: Callable[[AwsexecError], Held] | None,
        clock: Callable[[], float],
    ) -> None:
        # what clients get while it is good
        self.held = held
        self._get = get
        self._ask = ask
        self._clock = clock
        self._next = renew_from(held.credentials, clock())
        self._tried = self._asked = float("-inf")
        import threading

        self._wanted = threading.Event()
        # the error of the last attempt, None if it succeeded
        self.fault: AwsexecError | None = None

    def current(self) -> Credentials | None:
        """Return the credentials if they are good now, else None.

        If they are not, `run` tries to renew them at once.
        """
        held = self.held
        if held.is_good(self._clock()):
            return held.credentials
        self._wanted.set()
        return None

    def run(self) -> None:
        """Renew the credentials whenever it is time; never return."""
        while True:
            is_wanted = self._wanted.is_set()
            seconds = self.wait()
            if seconds <= 0:
                self._wanted.clear()
                self.renew(is_wanted)
            elif is_wanted:
                time.sleep(min(seconds, RETRY_WHEN_WANTED))
            else:
                self._wanted.wait(min(seconds, LONGEST_SLEEP))

    def wait(self) -> float:
        """Return the seconds until the next attempt, unless a client asks before."""
        now = self._clock()
        if not self._wanted.is_set():
            return max(0.0, self._next - now)
        # no longer, even if the clock was set back
        left = self._tried + RETRY_WHEN_WANTED - now
        return min(max(0.0, left), RETRY_WHEN_WANTED)

    def renew(self, is_wanted: bool) -> None:
        """Try to renew the credentials; `is_wanted` is whether a client waits for them."""
        try:
            self.held = fresh(self._get, self._clock)
            self.fault = None
        except Exception as error:
            self.fault = fault = _in_words(error)
            if self._ask is not None and self._may_ask(is_wanted):
                self._renew_with_user(self._ask, fault)
        now = self._tried = self._clock()
        pause = RETRY_EVERY
        credentials = self.held.credentials
        if credentials.expires is not None:
            pause = min(pause, (credentials.expires - now) / 4)
        # the attempt may have failed, and a source may have no newer credentials
        self._next = max(renew_from(credentials, now), now + max(1.0, pause))

    def _renew_with_user(
        self, ask: Callable[[AwsexecError], Held], fault: AwsexecError
    ) -> None:
        try:
            self.held = ask(fault)
            self.fault = None
        except NotAsked:
            return
        except (NeedsUser, Interrupted):
            # nobody has answered: the error of the attempt says more
            pass
        except Exception as error:
            self.fault = _in_words(error)
        self._asked = self._clock()

    def _may_ask(self, is_wanted: bool) -> bool:
        # after the credentials have expired, only if a client wants new ones
        return (is_wanted or self.held.is_good(self._clock())) and (
            abs(self._clock() - self._asked) >= ASK_EVERY
        )


def _in_words(error: Exception) -> AwsexecError:
    """Return `error` if it is in the user's words; if nobody foresaw it, say so."""
    if isinstance(error, AwsexecError):
        return error
    if isinstance(error, ImportError) or not os.path.exists(__file__):
        return AwsexecError("awsexec was upgraded or removed while COMMAND ran")
    return AwsexecError(in_words(error))
