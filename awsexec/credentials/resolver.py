"""From a chain to credentials: each step from the cache, or by a call."""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.cached import ACCOUNT, note_of, noted_account
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.errors import Refused, SignInDue, Unreachable
from awsexec.errors import MfaRefused, TooShort
from awsexec.fastpath import Entry, margin
from awsexec.times import duration, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Protocol, TypeVar

    from awsexec.cache.store import Store
    from awsexec.credentials.context import Locks
    from awsexec.credentials.mfa import Codes
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.report import Report

    T = TypeVar("T")

    class Call(Protocol):
        """One call to STS: operation, request and signer in, credentials out.

        Raises `Refused` and `Unreachable`.
        """

        def __call__(
            self, operation: str, parameters: Mapping[str, object], signer: Credentials
        ) -> Credentials: ...

    # what was obtained: of a step, or of the source
    Record = Callable[[Plan, Step | None, Credentials], None]


# seconds for which a note counts that says whose a key is
NOTE_LIFE = 90 * 86_400
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


class _CodeDue(Exception):
    """Step `length` needs an MFA code, which must wait until this process holds no lock."""

    def __init__(self, length: int) -> None:
        super().__init__(f"step {length} needs a code")
        self.length = length


class Resolver:
    """Works out the credentials of a chain, and calls AWS only for what is not cached.

    `load` gets the credentials of the plan's source, and `signed_in` returns the sign-in
    whose token it used, None for none. If `load` raises `SignInDue`, `sign_in` gets the
    token that was refused. `call` makes one call to STS, `account` asks it of which account
    credentials are, and `codes` gives MFA codes. `record` is told what was obtained, and
    may raise `CredentialsError`.
    `store` is None to do without a cache. `waits` is False where another process that holds
    a `lock` may wait for this one. `clock` gives seconds since the epoch.

    There are two kinds of locks. The one of a call is held by the run that makes the call,
    while others wait for its result. A person may take long, so it is never held while one
    is asked: a step that needs an answer raises `_CodeDue` or `SignInDue`, which gives back
    all locks. The one of a question is taken then, by runs that may ask.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        load: Callable[[Source], Credentials],
        sign_in: Callable[[str | None], None],
        signed_in: Callable[[], str | None],
        call: Call,
        account: Callable[[Credentials], str],
        codes: Codes,
        store: Store | None,
        lock: Locks,
        waits: bool,
        clock: Callable[[], float],
        report: Report,
        record: Record,
    ) -> None:
        self._plan = self._given_plan = plan
        self._load = load
        self._sign_in = sign_in
        self._signed_in = signed_in
        self._call = call
        self._account = account
        self._codes = codes
        self._store = store
        self._locks = lock
        self._waits = waits
        self._clock = clock
        self._report = report
        self._demand = Demand()
        self._record = record
        # what is forgotten from now on, this run does not write
        self.mark = store.mark() if store is not None else ""

    def _look(self) -> None:
        """Look what decides now whose credentials these are, and which entries count.

        `inputs` is what decides, and `keys` are the cache keys of the source and of each
        step, None where no entry counts and none is to be written.
        """
        self._plan = self._given_plan
        self.inputs = self._plan.look()
        self.keys = self._plan.keys(self.inputs)

    def credentials(self, demand: Demand) -> Credentials:
        """Return the credentials at the end of the chain.

        Raises `CredentialsError` (`TooShort` and `NoCode` among them) and `Interrupted`.
        """
        self._start(demand)
        return self._checked(self._answered(self._resolve))

    def prepare(self, demand: Demand) -> bool:
        """Get what the user may be asked for, and nothing that comes after it.

        `unasked` then goes on from there. Return whether there was anything to get: False
        if the cache has it. Raises as `credentials` does.
        """
        self._start(demand)
        return self._answered(self._resolve_asked)

    def needs_answer(self, demand: Demand) -> bool:
        """Return whether `prepare` would have anything to get; this gets nothing.

        Raises `Limited`, `WrongAccount` and `TooShort`.
        """
        self._start(demand)
        return self._must_see_source() or self._last_asking() is not None

    def unasked(self, demand: Demand) -> Credentials | None:
        """Return what `credentials` does; None where the user has to be asked for it.

        It may be called in any thread. Raises as `credentials` does.
        """
        if self._demand is not demand:
            self._start(demand)
        try:
            return self._checked(self._resolve())
        except (_CodeDue, SignInDue):
            return None

    def _answered(self, do: Callable[[], T]) -> T:
        """Return what `do` returns, after the user has given what it needs."""
        while True:
            try:
                return do()
            except _CodeDue as due:
                self._in_hand[due.length] = self._ask(due.length)
            except SignInDue as due:
                self._sign_in(due.refused)
                self._begin(self._demand)

    def _start(self, demand: Demand) -> None:
        """Begin, and refuse what no call and no answer of the user could change."""
        # a resolver may be asked again later, and then of something else
        self._plan.check()
        self._begin(demand)
        chain, min_ttl = self._chain, demand.min_ttl
        if min_ttl is not None and chain.life is not None:
            # before the user is asked for a code that would not help
            _check_life(chain, chain.life, min_ttl)

    def _checked(self, found: Credentials) -> Credentials:
        if self._demand.min_ttl is not None and found.expires is not None:
            seconds = int(found.expires - self._clock())
            _check_life(self._chain, seconds, self._demand.min_ttl)
        return found

    @property
    def _chain(self) -> Chain:
        return self._plan.chain

    def _begin(self, demand: Demand) -> None:
        self._demand = demand
        # what this run has got by now, and what the cache had at first, by length
        self._in_hand: dict[int, Credentials] = {}
        self._before: dict[int, Entry | None] = {}
        self._look()

    def _resolve(self) -> Credentials:
        """Return the credentials at the end of the chain.

        Raises `_CodeDue` and `SignInDue`, for what has to happen first.
        """
        if self._must_see_source():
            self._see_source()
        if self._plan.expected.of_source and not self._chain.source.is_cached:
            # what the cache has of the steps tells nothing of the keys at hand
            self._check_keys_at_hand()
        return self._after(len(self._chain.steps))

    def _resolve_asked(self) -> bool:
        """Get the last step that may ask the user; return whether that was necessary.

        Raises as `_resolve` does.
        """
        if self._must_see_source():
            self._see_source()
        last = self._last_asking()
        if last is None:
            return False
        self._after(last)
        return True

    def _last_asking(self) -> int | None:
        """Return the last step that may ask the user, None if the cache spares all."""
        steps, source = self._chain.steps, self._chain.source
        asking = [n for n, step in enumerate(steps, start=1) if step.mfa_serial]
        if not (asking or source.kind.may_prompt or source.asks_itself):
            return None
        last = asking[-1] if asking else 0
        for length in range(len(steps), last - 1, -1):
            if self._store is not None and self._usable(length):
                return None
        return last

    def _must_see_source(self) -> bool:
        """Return whether only the source's credentials say which steps and entries count."""
        chain, length = self._chain, len(self._chain.steps)
        if 0 in self._in_hand or not length:
            return False
        if chain.if_user_keys is None:
            return chain.source.tells_itself and self._store is not None
        # a session that is cached under this key was not got with a user's keys
        found = self._cached(length)
        if found is not None:
            self._in_hand[length] = found
        return found is None

    def _see_source(self) -> None:
        """Get the source's credentials first, and choose by them how to go on."""
        if self._chain.takes_code:
            self._codes.check_given()
        given, chain = self._after(0), self._chain
        if chain.if_user_keys is not None and given.token is None:
            self._plan = self._plan.but(chain=chain.if_user_keys)
            self._before = {}
        if chain.source.tells_itself or self.keys is not None:
            self.keys = self._plan.keys(self.inputs, given.key_id)

    def _after(self, length: int) -> Credentials:
        """Return the credentials after the first `length` steps, 0 for the source."""
        if length in self._in_hand:
            return self._in_hand[length]
        source = self._chain.source
        found = None
        if self._store is None or (length == 0 and not source.is_cached):
            found = self._fetch(length)
        else:
            found = self._cached(length)
        if found is None:
            found = self._once(length, lambda: self._fetch(length))
        self._in_hand[length] = found
        return found

    def _signer(self, length: int) -> Credentials:
        """Return what `_after` returns, to sign the next call.

        The steps before are got one after another. If each got the one before it, a long
        chain would hold a lock for each step.
        """
        nearest = length
        while nearest and not (nearest in self._in_hand or self._usable(nearest)):
            nearest -= 1
        for each in range(nearest, length):
            self._after(each)
        return self._after(length)

    def _cached(self, length: int) -> Credentials | None:
        """Return what the cache has of step `length`, None if it has nothing to use."""
        entry = self._usable(length)
        if entry is None:
            return None
        self._report.detail(
            f"{self._what(length)}: cached, {left(entry.life_left(self._clock()))}"
        )
        return Credentials.from_entry(entry)

    def _usable(self, length: int) -> Entry | None:
        """Return the entry of step `length`, None if there is none to use.

        With ``refresh``, what the cache had at first is not to be used.
        """
        entry = self._read(length)
        before = self._before.setdefault(length, entry)
        if entry is None:
            return None
        demand = self._demand if length == len(self._chain.steps) else Demand()
        if demand.refresh and before is not None:
            if entry.variables == before.variables:
                return None
        return entry if self._is_good(entry, demand.min_ttl) else None

    def _once(self, length: int, make: Callable[[], Credentials]) -> Credentials:
        """Return what `make` gives for step `length`, or what another run has got by now.

        This run holds the lock of the call meanwhile, so `make` must not ask the user.
        """
        with self._lock(self._name(length), f"is getting the {self._what(length)}"):
            if (
                self.keys is None
                and not self._chain.source.tells_itself
                # what is in hand is of what decided before
                and not self._in_hand
            ):
                # another run may have signed in
                self._look()
            # another run may have fetched it while this one waited for the lock
            return self._cached(length) or self._remember(length, make())

    def _ask(self, length: int) -> Credentials:
        """Return the credentials of step `length`, with an MFA code that this run asks for.

        Of those that may ask, one does. The others wait for it, and ask then if they still
        have to.
        """
        step = self._chain.steps[length - 1]
        assert step.mfa_serial is not None
        self._codes.check(step.profile, step.mfa_serial)
        signer = self._signer(length - 1)
        name = self._name(length)

        def use(code: str) -> Credentials:
            return self._once(length, lambda: self._request(step, signer, code))

        doing = f"asks for the MFA code of {step.mfa_serial}"
        lock = f"question {step.mfa_serial}"
        with self._lock(lock, doing, question=True, about=name):
            return self._cached(length) or self._codes.first_accepted(
                step.profile, step.mfa_serial, use
            )

    def _what(self, length: int) -> str:
        """Return what is got at `length`, for messages."""
        if length == 0:
            return f"source {self._chain.source.label}"
        return str(self._chain.steps[length - 1])

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
        self, name: str, doing: str, *, question: bool = False, about: str = ""
    ) -> AbstractContextManager[None]:
        if self._store is None or not self._waits:
            # slow to load, and rarely needed
            from contextlib import nullcontext

            return nullcontext()
        return self._locks(name, doing, question=question, about=about)

    def _is_good(self, found: Entry, min_ttl: int | None) -> bool:
        now = self._clock()
        if found.is_due(now):
            return False
        return (
            found.is_fresh(now) if min_ttl is None else found.life_left(now) > min_ttl
        )

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
                # for `Store.forget_from`: the key says already what these are
                also=self.inputs.dependencies(),
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
        """Make the call of step `length`.

        Raises `_CodeDue` and `SignInDue` where the user has to be asked first.
        """
        if length == 0:
            source = self._chain.source
            self._report.debug(f"source: {source.label}")
            fresh = self._load(source)
            self._report.detail(f"{source.label} gave {fresh}")
            self._check_account(fresh)
            if source.kind.is_cached:
                self._record(self._plan, None, fresh)
            self._look_again()
            return fresh
        step = self._chain.steps[length - 1]
        if step.mfa_serial is not None:
            self._codes.check_given()
        # Get the signer first: the code is valid only for half a minute. The signer is for
        # one call, so the usual margin is enough.
        signer = self._signer(length - 1)
        if step.mfa_serial is None:
            return self._request(step, signer, None)
        code = self._codes.given()
        if code is None:
            raise _CodeDue(length)
        try:
            return self._request(step, signer, code)
        except MfaRefused as error:
            if self._codes.may_ask_again():
                raise _CodeDue(length) from error
            raise

    def _check_account(self, given: Credentials) -> None:
        """Raise `WrongAccount` if the source's credentials are of no expected account.

        Keys at hand are asked about once: a key id never changes its account. All other
        credentials of a source are asked about when it gives them.
        """
        plan = self._plan
        if not plan.expected.of_source:
            return
        store = None if self._chain.source.is_cached else self._store
        if store is None:
            plan.expected.check_source(self._account(given))
            return
        key = note_of(self._plan, given.key_id)
        with self._lock(key, f"asks AWS whose the {given} is"):
            account = self._noted(given.key_id)
            if account is None:
                account = self._account(given)
                now = int(self._clock())
                end = min(given.expires or now + NOTE_LIFE, now + NOTE_LIFE)
                name = ascii(self._chain.profile.name)
                store.write(Entry(key, name, now, end, {ACCOUNT: account}), self.mark)
        plan.expected.check_source(account)

    def _check_keys_at_hand(self) -> None:
        """Check a source that the cache does not keep; a noted key need not be got."""
        key_id = self._chain.source.key_id
        account = self._noted(key_id) if key_id is not None else None
        if account is None:
            self._after(0)
        else:
            self._plan.expected.check_source(account)

    def _noted(self, key_id: str) -> str | None:
        if self._store is None:
            return None
        return noted_account(self._plan, self._store, key_id, self._clock())

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
            raise aws_errors.in_words(error, self._chain, step, signer) from None
        except Unreachable as error:
            raise aws_errors.unreachable(error, self._plan.endpoint) from None
        self._report.detail(f"{step}: {step.operation} gave {fresh}")
        self._record(self._plan, step, fresh)
        return fresh


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
