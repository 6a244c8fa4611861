"""From a chain to credentials: each step from the cache, else from the step before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from awsexec.cache.store import Store
from awsexec.credentials import refusals, sources
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.mfa import Codes
from awsexec.entry import Entry
from awsexec.errors import CredentialsError, MfaRefused
from awsexec.profiles.chain import Chain, Step
from awsexec.report import Report


class Call(Protocol):
    """One call to STS: operation, request and signer in, credentials out.

    Raises `refusals.Refused` and `refusals.Unreachable`.
    """

    def __call__(
        self, operation: str, parameters: Mapping[str, str | int], signer: Credentials
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

    `endpoint` identifies where `call` goes, for cache keys; `store` is None to do
    without a cache; `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        call: Call,
        codes: Codes,
        store: Store | None,
        clock: Callable[[], float],
        report: Report,
    ) -> None:
        self._endpoint = endpoint
        self._call = call
        self._codes = codes
        self._store = store
        self._clock = clock
        self._report = report

    def credentials(self, chain: Chain, demand: Demand) -> Credentials:
        """The credentials at the end of `chain`.

        Raises `CredentialsError`, `NoCode` or `Interrupted`.
        """
        found = self._after(chain, len(chain.steps), demand)
        if demand.min_ttl is not None and found.expires is not None:
            left = int(found.expires - self._clock())
            if left < demand.min_ttl:
                raise CredentialsError(
                    f"the credentials of profile {chain.profile.name!r} live {left} "
                    f"seconds from now, less than the {demand.min_ttl} of --min-ttl; "
                    "ask for a longer session with --duration, where the role allows it"
                )
        return found

    def _after(self, chain: Chain, length: int, demand: Demand) -> Credentials:
        """The credentials after the first `length` steps of `chain`."""
        if length == 0:
            self._report.debug(f"source: {chain.source.label}")
            return sources.load(chain.source)
        step = chain.steps[length - 1]
        if self._store is None:
            return self._fetch(chain, length)

        key = chain.key(self._endpoint, length)
        started = self._clock()
        found = self._store.read(key)
        if found is None or not self._is_good(found, demand):
            waiting = f"waiting for another awsexec, which is getting the {step}"
            with self._store.lock(key, lambda: self._report.waiting(waiting)):
                found = self._store.read(key)
                # what another run has just fetched is as good as fetching it again
                if found is None or not (
                    self._is_good(found, Demand(demand.min_ttl))
                    and (not demand.refresh or found.issued >= started)
                ):
                    fresh = self._fetch(chain, length)
                    self._remember(key, chain, fresh)
                    return fresh
        self._report.detail(
            f"{step}: cached, {found.life_left(self._clock()):.0f} seconds left"
        )
        return Credentials.from_variables(found.variables, found.expires)

    def _is_good(self, found: Entry, demand: Demand) -> bool:
        now = self._clock()
        if demand.refresh:
            return False
        if demand.min_ttl is not None:
            return found.life_left(now) > demand.min_ttl
        return found.is_fresh(now)

    def _remember(self, key: str, chain: Chain, fresh: Credentials) -> None:
        assert self._store is not None
        if fresh.expires is not None:
            self._store.write(
                Entry(
                    key,
                    chain.profile.name,
                    int(self._clock()),
                    fresh.expires,
                    fresh.variables(),
                )
            )

    def _fetch(self, chain: Chain, length: int) -> Credentials:
        """Make the call of step `length`, with a code for as often as it takes."""
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
            fresh = self._call(step.operation, parameters, signer)
        except refusals.Refused as error:
            raise refusals.explain(error, chain, step) from None
        except refusals.Unreachable as error:
            raise refusals.unreachable(error) from None
        self._report.detail(f"{step}: {step.operation} gave {fresh}")
        return fresh
