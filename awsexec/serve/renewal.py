"""Credentials that are renewed for as long as somebody may want them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError, Interrupted, NeedsUser

# Seconds before their end at which credentials are renewed, for those that live twice
# as long; the others at half their life. An SDK asks anew a quarter of an hour before
# the end (botocore's "advisory refresh"), and is to get new ones then.
EARLY = 1200
# seconds between two tries at the most, and between two questions to the user
AGAIN, ASK_AGAIN = 30.0, 300.0
# and between two tries where somebody is waiting
WANTED = 1.0
# seconds of sleep at the most: a machine that was suspended wakes up with old timers
NAP = 15.0

Get = Callable[[Demand], Credentials]


def renew_from(credentials: Credentials, now: float) -> float:
    """From when on to renew them, in seconds since the epoch."""
    if credentials.expires is None:
        return float("inf")
    issued = credentials.issued or now
    return credentials.expires - min(EARLY, (credentials.expires - issued) / 2)


def fresh(get: Get, clock: Callable[[], float]) -> Credentials:
    """Credentials that are not due; those of another awsexec, if it has some."""
    found = get(Demand())
    now = clock()
    return found if renew_from(found, now) > now else get(Demand(refresh=True))


class Renewal:
    """Keeps `credentials` fresh with `get`, which asks nobody for anything.

    Where that fails, `ask` gets new ones with the user's help, if that helps against
    the failure; None for nobody to ask. Both raise `AwsexecError`. `clock` gives seconds
    since the epoch.
    """

    def __init__(
        self,
        credentials: Credentials,
        get: Get,
        ask: Callable[[AwsexecError], Credentials] | None,
        clock: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._get = get
        self._ask = ask
        self._clock = clock
        self._next = renew_from(credentials, clock())
        self._tried = self._asked = float("-inf")
        self._wanted = threading.Event()
        self.fault: AwsexecError | None = None

    def current(self) -> Credentials | None:
        """What is good now; None for nothing, which is then renewed if it can be.

        `fault` says what the last try failed of.
        """
        if self._is_good():
            return self._credentials
        self._wanted.set()
        return None

    def run(self) -> None:
        """Renew them whenever it is time; does not return."""
        while True:
            is_wanted = self._wanted.is_set()
            seconds = self.wait()
            if seconds <= 0:
                self._wanted.clear()
                self.renew(is_wanted)
            elif is_wanted:
                time.sleep(min(seconds, WANTED))
            else:
                self._wanted.wait(min(seconds, NAP))

    def wait(self) -> float:
        """For how many seconds there is nothing to do, unless somebody wants them."""
        when = self._tried + WANTED if self._wanted.is_set() else self._next
        return max(0.0, when - self._clock())

    def renew(self, is_wanted: bool) -> None:
        """Try to renew them; `is_wanted` is whether somebody is waiting for it."""
        try:
            self._credentials = fresh(self._get, self._clock)
            self.fault = None
        except AwsexecError as error:
            self.fault = error
            if self._ask is not None and self._may_ask(is_wanted):
                self._renew_with_the_user(self._ask, error)
        now = self._tried = self._clock()
        pause = AGAIN
        if self._credentials.expires is not None:
            pause = min(pause, (self._credentials.expires - now) / 4)
        # after a failure, and where the source had no newer ones
        self._next = max(renew_from(self._credentials, now), now + max(1.0, pause))

    def _renew_with_the_user(
        self, ask: Callable[[AwsexecError], Credentials], fault: AwsexecError
    ) -> None:
        try:
            self._credentials = ask(fault)
            self.fault = None
        except (NeedsUser, Interrupted):
            # that nobody has answered is no news
            pass
        except AwsexecError as error:
            self.fault = error
        self._asked = self._clock()

    def _may_ask(self, is_wanted: bool) -> bool:
        # of what has ended, only if somebody wants it
        return (is_wanted or self._is_good()) and (
            abs(self._clock() - self._asked) >= ASK_AGAIN
        )

    def _is_good(self) -> bool:
        expires = self._credentials.expires
        return expires is None or self._clock() < expires - 1
