"""From a chain to credentials: each step from the cache, else from the step before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from awsexec.cache.store import Store
from awsexec.credentials import aws_errors
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.mfa import Codes
from awsexec.errors import MfaRefused, TooShort
from awsexec.fastpath import Entry, margin
from awsexec.plan.calls import Step
from awsexec.plan.chain import Chain
from awsexec.plan.source_kinds import CACHED, Source
from awsexec.report import Report
from awsexec.times import duration

# sources that may ask the user for something of their own when they are used
PROMPTING = frozenset({"process", "login", "sso"})

# Seconds after which a source is asked anew, however long its credentials live: the
# instance may get another role while these are good, and its metadata are at hand.
KEPT = {"ec2 metadata": 300}


class Call(Protocol):
    """One call to STS: operation, request and signer in, credentials out.

    Raises `refusals.Refused` and `refusals.Unreachable`.
    """

    def __call__(
        self, operation: str, parameters: Mapping[str, object], signer: Credentials
    ) -> Credentials: ...


@dataclass(frozen=True)
class Demand:
    """What the credentials at the end of the chain must be good for.

    `min_ttl` is the seconds they must still live, None for the usual margin; with
    `refresh`, what was cached before is not good enough for the last step.
    """

    min_ttl: int | None = None
    refresh: bool = False


class Resolver:
    """Works out credentials, calling STS only for what the cache does not have.

    `endpoint` identifies where `call` goes, for cache keys; `load` gets the credentials
    of a source; `store` is None to do without a cache; `waits` is False where another
    process that holds a lock may wait for this one; `clock` gives seconds since the
    epoch.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        load: Callable[[Source], Credentials],
        call: Call,
        codes: Codes,
        store: Store | None,
        waits: bool,
        clock: Callable[[], float],
        report: Report,
    ) -> None:
        self._endpoint = endpoint
        self._load = load
        self._call = call
        self._codes = codes
        self._store = store
        self._waits = waits
        self._clock = clock
        self._report = report

    def credentials(self, chain: Chain, demand: Demand) -> Credentials:
        """The credentials at the end of `chain`.

        Raises `CredentialsError`, as `TooShort` and `NoCode` are, or `Interrupted`.
        """
        if demand.min_ttl is not None and chain.life is not None:
            # before a code is asked for in vain
            _check_life(chain, chain.life, demand.min_ttl)
        found = self._after(chain, len(chain.steps), demand)
        if demand.min_ttl is not None and found.expires is not None:
            _check_life(chain, int(found.expires - self._clock()), demand.min_ttl)
        return found

    def _after(self, chain: Chain, length: int, demand: Demand) -> Credentials:
        """The credentials after the first `length` steps of `chain`, 0 for its source."""
        if self._store is None or (length == 0 and chain.source.kind not in CACHED):
            return self._fetch(chain, length)
        what = (
            str(chain.steps[length - 1]) if length else f"source {chain.source.label}"
        )

        key = chain.key(self._endpoint, length)
        found = before = self._store.read(key)
        if found is None or not self._is_good(found, demand):
            with self._lock(self._store, key, what):
                found = self._store.read(key)
                # what another run has just fetched is as good as fetching it again
                if found is None or not (
                    self._is_good(found, Demand(demand.min_ttl))
                    and (not demand.refresh or _differs(found, before))
                ):
                    kept = KEPT.get(chain.source.kind) if length == 0 else None
                    fresh = self._fetch(chain, length)
                    return self._remember(key, chain, fresh, kept)
        self._report.detail(
            f"{what}: cached, {found.life_left(self._clock()):.0f} seconds left"
        )
        return Credentials.from_entry(found)

    def _lock(
        self, store: Store, key: str, what: str
    ) -> contextlib.AbstractContextManager[None]:
        if not self._waits:
            return contextlib.nullcontext()
        waiting = f"waiting for another awsexec, which is getting the {what}"
        return store.lock(key, lambda: self._report.waiting(waiting))

    def _is_good(self, found: Entry, demand: Demand) -> bool:
        now = self._clock()
        if demand.refresh or found.is_due(now):
            return False
        if demand.min_ttl is not None:
            return found.life_left(now) > demand.min_ttl
        return found.is_fresh(now)

    def _remember(
        self, key: str, chain: Chain, fresh: Credentials, kept: int | None
    ) -> Credentials:
        """Write `fresh` to the cache, for `kept` seconds, unless it does not expire.

        What STS gives does; of a source, nobody could tell when to ask it again.
        """
        if self._store is None or fresh.expires is None:
            return fresh
        issued = int(self._clock())
        self._store.write(
            Entry(
                key,
                ascii(chain.profile.name),
                issued,
                fresh.expires,
                fresh.variables(),
                issued + kept if kept else 0,
            )
        )
        return replace(fresh, issued=issued)

    def renewable_until(self, chain: Chain) -> float:
        """Until when the last step can be called again without a prompt.

        Seconds since the epoch: 0 for not at all, infinity for as long as you like.
        """
        until = float("inf")
        if chain.source.kind in PROMPTING:
            until = self._at_hand_until(chain, 0)
        for length, step in enumerate(chain.steps, start=1):
            if step.mfa_serial is not None:
                until = min(until, self._at_hand_until(chain, length))
        return until

    def _at_hand_until(self, chain: Chain, length: int) -> float:
        """Until when what the user was asked for step `length` saves asking again."""
        if self._store is None or length == len(chain.steps):
            return 0.0
        found = self._store.read(chain.key(self._endpoint, length))
        if found is None:
            return 0.0
        return found.expires - margin(found.expires - found.issued)

    def _fetch(self, chain: Chain, length: int) -> Credentials:
        """Make the call of step `length`, with a code for as often as it takes."""
        if length == 0:
            self._report.debug(f"source: {chain.source.label}")
            fresh = self._load(chain.source)
            self._report.detail(f"{chain.source.label} gave {fresh}")
            return fresh
        step = chain.steps[length - 1]
        # before the code is asked for, which lives for half a minute only; what this
        # is good for is one call, so the usual margin is enough
        signer = self._after(chain, length - 1, Demand())
        if step.mfa_serial is None:
            return self._request(chain, step, signer, None)
        refused: MfaRefused | None = None
        for code in self._codes.attempts(step.profile, step.mfa_serial):
            try:
                return self._request(chain, step, signer, code)
            except MfaRefused as error:
                refused = error
        assert refused is not None, "no attempt was made, and none was refused"
        raise refused

    def _request(
        self, chain: Chain, step: Step, signer: Credentials, code: str | None
    ) -> Credentials:
        parameters = step.parameters()
        if code is not None:
            parameters["TokenCode"] = code
        try:
            with self._report.patience(f"still waiting for AWS STS, for the {step}"):
                fresh = self._call(step.operation, parameters, signer)
        except aws_errors.Refused as error:
            raise aws_errors.explain(error, chain, step) from None
        except aws_errors.Unreachable as error:
            raise aws_errors.unreachable(error) from None
        self._report.detail(f"{step}: {step.operation} gave {fresh}")
        return fresh


def _differs(found: Entry, before: Entry | None) -> bool:
    return before is None or found.variables != before.variables


def _check_life(chain: Chain, seconds: int, wanted: int) -> None:
    if seconds >= wanted:
        return
    why, advice = "", []
    if chain.is_chained:
        why = ", as a role that is assumed with a session does"
    elif chain.steps:
        advice = ["ask for longer with --duration where the role allows it"]
    raise TooShort(
        f"the credentials of profile {chain.profile.name!r} live {duration(seconds)} at "
        f"the most{why}, less than the {duration(wanted)} of --min-ttl",
        advice,
    )
