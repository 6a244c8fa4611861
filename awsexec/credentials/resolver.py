"""From a chain to credentials: each step from the cache, or by a call."""

from __future__ import annotations

import contextlib

from awsexec.credentials import aws_errors
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import MfaRefused, TooShort
from awsexec.fastpath import Entry, margin
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from awsexec.cache.store import Store
    from awsexec.credentials.mfa import Codes
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain
    from awsexec.plan.source import Source
    from awsexec.report import Report

    class Call(Protocol):
        """One call to STS: operation, request and signer in, credentials out.

        Raises `Refused` and `Unreachable`.
        """

        def __call__(
            self, operation: str, parameters: Mapping[str, object], signer: Credentials
        ) -> Credentials: ...


class Demand:
    """The life that a caller demands of the credentials at the end of a chain.

    `min_ttl` is the seconds that they must still live, None for the usual margin. With
    `refresh` the last step is made again, whatever the cache holds.
    """

    __slots__ = ("min_ttl", "refresh")

    def __init__(self, min_ttl: int | None = None, refresh: bool = False) -> None:
        self.min_ttl = min_ttl
        self.refresh = refresh


class Resolver:
    """Works out the credentials of a chain, and calls AWS only for what is not cached.

    `keys` are the cache keys of the source and of each step of `chain`. `load` gets the
    credentials of a source, `call` makes one call to STS, and `codes` gives MFA codes.
    `store` is None to do without a cache. `waits` is False where another process that
    holds a lock may wait for this one. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        keys: Sequence[str],
        load: Callable[[Source], Credentials],
        call: Call,
        codes: Codes,
        store: Store | None,
        waits: bool,
        clock: Callable[[], float],
        report: Report,
    ) -> None:
        self._chain = chain
        self._keys = keys
        self._load = load
        self._call = call
        self._codes = codes
        self._store = store
        self._waits = waits
        self._clock = clock
        self._report = report

    def credentials(self, demand: Demand) -> Credentials:
        """Return the credentials at the end of the chain.

        Raises `CredentialsError` (`TooShort` and `NoCode` among them) and `Interrupted`.
        """
        chain = self._chain
        if demand.min_ttl is not None and chain.life is not None:
            # before the user is asked for a code that would not help
            _check_life(chain, chain.life, demand.min_ttl)
        found = self._after(len(chain.steps), demand)
        if demand.min_ttl is not None and found.expires is not None:
            _check_life(chain, int(found.expires - self._clock()), demand.min_ttl)
        return found

    def _after(self, length: int, demand: Demand) -> Credentials:
        """Return the credentials after the first `length` steps, 0 for the source."""
        source = self._chain.source
        if self._store is None or (length == 0 and not source.kind.is_cached):
            return self._fetch(length)
        what = (
            str(self._chain.steps[length - 1]) if length else f"source {source.label}"
        )
        key = self._keys[length]
        found = before = self._store.read(key)
        if found is None or not self._is_good(found, demand):
            with self._lock(self._store, key, what):
                found = self._store.read(key)
                # another run may have fetched it while this one waited for the lock
                if found is None or not (
                    self._is_good(found, Demand(demand.min_ttl))
                    and (not demand.refresh or _differs(found, before))
                ):
                    kept = source.kind.ask_again if length == 0 else 0
                    return self._remember(key, self._fetch(length), kept)
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

    def _remember(self, key: str, fresh: Credentials, kept: int) -> Credentials:
        """Write `fresh` to the cache unless it does not expire.

        The entry is good for `kept` seconds, or with 0 until `fresh` expires. Credentials
        of STS always expire. A source's may not, and then nothing says when to ask again.
        """
        if self._store is None or fresh.expires is None:
            return fresh
        issued = int(self._clock())
        self._store.write(
            Entry(
                key,
                ascii(self._chain.profile.name),
                issued,
                fresh.expires,
                fresh.variables(),
                issued + kept if kept else 0,
            )
        )
        return Credentials(
            fresh.key_id, fresh.secret, fresh.token, fresh.expires, issued
        )

    def renewable_until(self) -> float:
        """Return until when the last step can be repeated without a prompt.

        In seconds since the epoch; 0 if it always prompts, infinity if it never does.
        """
        until = float("inf")
        if self._chain.source.kind.may_prompt:
            until = self._kept_until(0)
        for length, step in enumerate(self._chain.steps, start=1):
            if step.mfa_serial is not None:
                until = min(until, self._kept_until(length))
        return until

    def _kept_until(self, length: int) -> float:
        """Return until when step `length` is cached, so that the user is not asked."""
        if self._store is None or length == len(self._chain.steps):
            return 0.0
        found = self._store.read(self._keys[length])
        if found is None:
            return 0.0
        return found.expires - margin(found.expires - found.issued)

    def _fetch(self, length: int) -> Credentials:
        """Make the call of step `length`, and try the next MFA code if AWS refuses one."""
        if length == 0:
            source = self._chain.source
            self._report.debug(f"source: {source.label}")
            fresh = self._load(source)
            self._report.detail(f"{source.label} gave {fresh}")
            return fresh
        step = self._chain.steps[length - 1]
        # Before the user is asked for a code, which is valid for half a minute. The signer
        # is for one call, so the usual margin is enough.
        signer = self._after(length - 1, Demand())
        if step.mfa_serial is None:
            return self._request(step, signer, None)
        refused: MfaRefused | None = None
        for code in self._codes.attempts(step.profile, step.mfa_serial):
            try:
                return self._request(step, signer, code)
            except MfaRefused as error:
                refused = error
        assert refused is not None, "no attempt was made, and none was refused"
        raise refused

    def _request(
        self, step: Step, signer: Credentials, code: str | None
    ) -> Credentials:
        parameters = step.parameters()
        if code is not None:
            parameters["TokenCode"] = code
        try:
            with self._report.patience(
                f"still waiting for AWS STS to answer for the {step}"
            ):
                fresh = self._call(step.operation, parameters, signer)
        except Refused as error:
            raise aws_errors.in_words(error, self._chain, step) from None
        except Unreachable as error:
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
        why = ", because a role assumed with a session lives one hour"
    elif chain.steps:
        advice = ["ask for longer with --duration where the role allows it"]
    raise TooShort(
        f"the credentials of profile {chain.profile.name!r} live at most "
        f"{duration(seconds)}{why}; --min-ttl asks for {duration(wanted)}",
        advice,
    )
