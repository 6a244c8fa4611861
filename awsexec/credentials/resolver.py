"""From a chain to credentials: each step from the cache, or by a call."""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import TooShort
from awsexec.fastpath import Entry, margin
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Protocol

    from awsexec.cache.store import Store
    from awsexec.credentials.mfa import Codes
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.report import Report

    class Call(Protocol):
        """One call to STS: operation, request and signer in, credentials out.

        Raises `Refused` and `Unreachable`.
        """

        def __call__(
            self, operation: str, parameters: Mapping[str, object], signer: Credentials
        ) -> Credentials: ...


# entries of one profile and step, where each environment has entries of its own
MOST_SURROUNDED = 20


class Demand:
    """The life that a caller demands of the credentials at the end of a chain.

    `min_ttl` is the seconds that they must still live, None for the usual margin. With
    `refresh` the last step is made again, whatever the cache holds.
    """

    __slots__ = ("min_ttl", "refresh")

    def __init__(self, min_ttl: int | None = None, refresh: bool = False) -> None:
        self.min_ttl = min_ttl
        self.refresh = refresh

    @classmethod
    def current(cls, chain: Chain, min_ttl: int | None, refresh: bool) -> Demand:
        """Return the demand for what the source of `chain` gives now.

        It is for actions whose user looks at whose credentials these are.
        """
        return cls(min_ttl, refresh or chain.may_be_out_of_date)


class Resolver:
    """Works out the credentials of a chain, and calls AWS only for what is not cached.

    `load` gets the credentials of the plan's source, and `signed_in` returns the sign-in
    whose token it used, None for none. `call` makes one call to STS, and `codes` gives MFA
    codes. `store` is None to do without a cache. `waits` is False where another process that
    holds a lock may wait for this one. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        load: Callable[[Source], Credentials],
        signed_in: Callable[[], str | None],
        call: Call,
        codes: Codes,
        store: Store | None,
        waits: bool,
        clock: Callable[[], float],
        report: Report,
    ) -> None:
        self._plan = self._given_plan = plan
        self._load = load
        self._signed_in = signed_in
        self._call = call
        self._codes = codes
        self._store = store
        self._waits = waits
        self._clock = clock
        self._report = report
        # what is forgotten from now on, this run does not write
        self.mark = store.mark() if store is not None else ""

    def _look(self) -> None:
        """Look what decides now whose credentials these are, and which entries count.

        `inputs` is what decides, and `keys` are the cache keys of the source and of each
        step, None where no entry counts and none is to be written.
        """
        self._given: Credentials | None = None
        self._plan = self._given_plan
        self.inputs = self._plan.look()
        self.keys = self._plan.keys(self.inputs)

    def credentials(self, demand: Demand) -> Credentials:
        """Return the credentials at the end of the chain.

        Raises `CredentialsError` (`TooShort` and `NoCode` among them) and `Interrupted`.
        """
        # a resolver may be asked again later, and then of something else
        self._look()
        chain = self._chain
        if demand.min_ttl is not None and chain.life is not None:
            # before the user is asked for a code that would not help
            _check_life(chain, chain.life, demand.min_ttl)
        if self._must_see_source(demand):
            self._see_source()
        found = self._after(len(self._chain.steps), demand)
        if demand.min_ttl is not None and found.expires is not None:
            left = int(found.expires - self._clock())
            _check_life(self._chain, left, demand.min_ttl)
        return found

    @property
    def _chain(self) -> Chain:
        return self._plan.chain

    def _must_see_source(self, demand: Demand) -> bool:
        """Return whether only the source's credentials say which steps and entries count."""
        chain = self._chain
        if chain.if_user_keys is None:
            return (
                chain.source.tells_itself
                and bool(chain.steps)
                and self._store is not None
            )
        # a session that is cached was not got with a user's keys
        found = self._read(len(chain.steps))
        return found is None or not self._is_good(found, demand)

    def _see_source(self) -> None:
        """Get the source's credentials first, and choose by them how to go on."""
        given, chain = self._after(0, Demand()), self._chain
        if chain.if_user_keys is not None and given.token is None:
            self._plan = self._plan.with_chain(chain.if_user_keys)
        if chain.source.tells_itself or self.keys is not None:
            self.keys = self._plan.keys(self.inputs, given.key_id)
        self._given = given

    def _after(self, length: int, demand: Demand) -> Credentials:
        """Return the credentials after the first `length` steps, 0 for the source."""
        source = self._chain.source
        if length == 0 and self._given is not None:
            return self._given
        if self._store is None or (length == 0 and not source.is_cached):
            return self._fetch(length)
        what = (
            str(self._chain.steps[length - 1]) if length else f"source {source.label}"
        )
        found = before = self._read(length)
        if found is None or not self._is_good(found, demand):
            with self._lock(self._store, length, what):
                if self.keys is None and self._given is None:
                    # another run may have signed in
                    self._look()
                found = self._read(length)
                # another run may have fetched it while this one waited for the lock
                if found is None or not (
                    self._is_good(found, Demand(demand.min_ttl))
                    and (not demand.refresh or _differs(found, before))
                ):
                    return self._remember(length, self._fetch(length))
        self._report.detail(
            f"{what}: cached, {found.life_left(self._clock()):.0f} seconds left"
        )
        return Credentials.from_entry(found)

    def _read(self, length: int) -> Entry | None:
        if self._store is None or self.keys is None:
            return None
        return self._store.read(self.keys[length])

    def turn(self) -> str:
        """Return a name for what is got, for locks and turns: the key if there is one."""
        return self._name(len(self._chain.steps))

    def _name(self, length: int) -> str:
        if self.keys is not None:
            return self.keys[length]
        return ascii(("unknown", self._chain.profile.name, length))

    def _lock(
        self, store: Store, length: int, what: str
    ) -> AbstractContextManager[None]:
        if not self._waits:
            # slow to load, and rarely needed
            from contextlib import nullcontext

            return nullcontext()
        key = self._name(length)
        waiting = f"waiting for another awsexec, which is getting the {what}"
        return store.lock(key, lambda: self._report.waiting(waiting))

    def _is_good(self, found: Entry, demand: Demand) -> bool:
        now = self._clock()
        if demand.refresh or found.is_due(now):
            return False
        if demand.min_ttl is not None:
            return found.life_left(now) > demand.min_ttl
        return found.is_fresh(now)

    def _remember(self, length: int, fresh: Credentials) -> Credentials:
        """Write `fresh`, of step `length`, to the cache unless it does not expire.

        Credentials of STS always expire. A source's may not, and then nothing says when to
        ask again. Some kinds of source are asked again before their credentials expire.
        """
        if self._store is None or fresh.expires is None:
            return fresh
        issued = int(self._clock())
        kept = self._chain.source.kind.ask_again if length == 0 else 0
        if self.keys is not None:
            self._write(self._store, self.keys[length], fresh, issued, kept)
        return Credentials(
            fresh.key_id, fresh.secret, fresh.token, fresh.expires, issued
        )

    def _write(
        self, store: Store, key: str, fresh: Credentials, issued: int, kept: int
    ) -> None:
        assert fresh.expires is not None
        store.write(
            Entry(
                key,
                ascii(self._chain.profile.name),
                issued,
                fresh.expires,
                fresh.variables(),
                issued + kept if kept else 0,
            ),
            self.mark,
            # each environment has entries of its own
            at_most=MOST_SURROUNDED if self.inputs.surroundings else None,
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
        found = self._read(length)
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
            self._look_again()
            return fresh
        step = self._chain.steps[length - 1]
        # Get the signer first: the code is valid for only half a minute. The signer is for
        # one call, so the usual margin is enough.
        signer = self._after(length - 1, Demand())
        if step.mfa_serial is None:
            return self._request(step, signer, None)
        return self._codes.first_accepted(
            step.profile,
            step.mfa_serial,
            lambda code: self._request(step, signer, code),
        )

    def _look_again(self) -> None:
        """Look whether what decides is as it was before the source was asked.

        It may be another sign-in, if that is the one whose token was used. Otherwise
        nobody knows whose credentials these are: no entry is written, and `inputs` stay
        those of before, so that who looks again later sees the difference.
        """
        now = self._plan.look()
        if now.identity == self.inputs.identity:
            self.inputs = now
            return
        sign_in = self._signed_in()
        if sign_in is not None and sign_in == now.sign_in:
            self.inputs, self.keys = now, self._plan.keys(now)
        else:
            self.keys = None

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
