"""The credentials of many plans: first every question, then all calls, many at once."""

from __future__ import annotations

import threading
import time

from awsexec.cache.store import MemoryStore
from awsexec.credentials import sources
from awsexec.credentials.context import Shared
from awsexec.credentials.get import resolver_for
from awsexec.credentials.parallel import in_parallel, patient
from awsexec.credentials.resolver import Demand
from awsexec.directories import cache_directory
from awsexec.errors import (
    AwsexecError,
    CredentialsError,
    Interrupted,
    RoleRefused,
    SameFailure,
    TooShort,
    WrongAccount,
)
from awsexec.fastpath import margin
from awsexec.plan.calls import MfaSession

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

    from awsexec.cache.store import Store
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.resolver import Resolver
    from awsexec.credentials.sts import Sts
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.report import Report

    # a failure is in the place of the credentials
    Outcome = Credentials | AwsexecError

# calls to AWS at the same time
AT_ONCE = 16
# failures of one profile, which say nothing of others that need the same answer
_OWN = (TooShort, WrongAccount)


def store_of_many(
    environ: Mapping[str, str], report: Report, *, uses_cache: bool
) -> MemoryStore:
    """Return the store that the plans of one command line share."""
    return MemoryStore(cache_directory(environ), report, uses_files=uses_cache)


def device_due(plan: Plan, store: Store, demand: Demand, now: float) -> str | None:
    """Return the MFA device whose code `plan` needs now; None if it needs no code."""
    steps = plan.chain.steps
    asking = [n for n, step in enumerate(steps, start=1) if step.mfa_serial]
    if not asking:
        return None
    keys = plan.keys_now()
    if keys is not None:
        # with `refresh`, the cached session at the end is not used
        usable = keys[asking[-1] : len(keys) - demand.refresh]
        if any(store.fresh(usable, now)):
            return None
    return steps[asking[-1] - 1].mfa_serial


class Many:
    """The credentials of `plans`.

    One code, one sign-in and one run of a ``credential_process`` serve all plans that need
    the same. The question for a code names those profiles that `code_for` has. With
    `stops`, `get` raises the first failure.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        demand: Demand,
        environ: Mapping[str, str],
        store: Store,
        report: Report,
        *,
        code_for: Collection[str] = (),
        stops: bool = False,
    ) -> None:
        self._demand = demand
        self._environ = environ
        self._store = store
        self._report = report
        self._stops = stops
        self._load = _LoadOnce()
        self._shared = Shared(AT_ONCE)
        self._plans = [plan.but(retries=patient(plan.retries)) for plan in plans]
        self._resolvers: list[Resolver | None] = [None] * len(plans)
        # by a profile's name: its number, and a lock, since a resolver does one thing at
        # a time
        self._turns = {
            plan.name: (number, threading.Lock()) for number, plan in enumerate(plans)
        }
        self._found: list[Outcome | None] = [None] * len(plans)
        self._groups = [_group(plan) for plan in self._plans]
        # the names of the profiles that wait for the same code
        self._served: dict[Hashable, list[str]] = {}
        for plan, group in zip(self._plans, self._groups, strict=True):
            if plan.name in code_for:
                self._served.setdefault(group, []).append(plan.name)

    def get(self) -> list[Outcome]:
        """Return the credentials of each plan, or the failure that it met.

        Raises `Interrupted`.
        """
        self._ask()
        open_ones = [n for n, found in enumerate(self._found) if found is None]
        with self._report.counting("getting credentials") as progress:
            found = in_parallel(self._unasked, open_ones, AT_ONCE, progress)
        for number, outcome in zip(open_ones, found, strict=True):
            # Somebody has to be asked after all: a session has ended in between.
            self._found[number] = outcome or self._try(number, self._asked)
        outcomes = [found for found in self._found if found is not None]
        assert len(outcomes) == len(self._plans)
        return outcomes

    def is_good(self, given: Credentials) -> bool:
        """Return whether `given` still live as long as a run demands of its credentials."""
        if given.expires is None:
            return True
        now = time.time()
        wanted = self._demand.min_ttl
        if wanted is None:
            wanted = margin(given.expires - (given.issued or int(now)))
        return given.expires - now > wanted

    def again(self, name: str) -> Credentials:
        """Return new credentials of the profile `name`, whose first ones are at their end.

        The user is not asked. It may be called in any thread. Raises `CredentialsError`.
        """
        self._load.forget(self.is_good)
        number, turn = self._turns[name]
        with turn:
            found = self._resolver(number).unasked(Demand(self._demand.min_ttl))
        if found is None:
            raise CredentialsError(
                "its session came to its end before its turn, and a new one needs your "
                "answer; ask for longer sessions with --duration where the role allows it, "
                "or run fewer profiles at a time"
            )
        return found

    def _ask(self) -> None:
        """Ask the user all there is to ask."""
        for remark in dict.fromkeys(
            remark for plan in self._plans for remark in plan.remarks
        ):
            self._report.warning(remark)
        # how each question ended: None for an answer, else which profile failed of what
        asked: dict[Hashable, tuple[str, AwsexecError] | None] = {}
        has_code = True
        for number, plan in enumerate(self._plans):
            if not has_code:
                asking = plan.asking.again(may_prompt=plan.asking.may_prompt)
                self._plans[number] = plan = plan.but(asking=asking)
            group = self._groups[number]
            if group is None:
                continue
            if group in asked:
                if (failed := asked[group]) is not None:
                    self._found[number] = self._same(number, *failed)
                continue
            try:
                was_due = self._resolver(number).prepare(self._demand)
            except Interrupted:
                raise
            except AwsexecError as error:
                self._found[number] = self._failure(error)
                if isinstance(error, RoleRefused):
                    # of a sign-in that is there
                    asked[group] = None
                elif isinstance(error, CredentialsError) and not isinstance(
                    error, _OWN
                ):
                    asked[group] = plan.name, error
                was_due = False
            else:
                if was_due:
                    asked[group] = None
            # AWS accepts a code once
            has_code = has_code and not (plan.chain.takes_code and was_due)

    def _same(self, number: int, first: str, error: AwsexecError) -> Outcome | None:
        """Return the failure of a profile that needs the answer that `first` did not get.

        None if the cache has what spares the answer.
        """
        try:
            if self._resolver(number).needs_answer(self._demand):
                return SameFailure(first, error)
        except AwsexecError as own:
            return self._failure(own)
        return None

    def _asked(self, number: int) -> Credentials:
        return self._resolver(number).credentials(self._demand)

    def _unasked(self, number: int) -> Outcome | None:
        return self._try(
            number, lambda number: self._resolver(number).unasked(self._demand)
        )

    def _try(
        self, number: int, get: Callable[[int], Credentials | None]
    ) -> Outcome | None:
        try:
            return get(number)
        except Interrupted:
            raise
        except AwsexecError as error:
            return self._failure(error)

    def _failure(self, error: AwsexecError) -> AwsexecError:
        if self._stops:
            raise error
        return error

    def _resolver(self, number: int) -> Resolver:
        found = self._resolvers[number]
        if found is None:
            plan = self._plans[number]
            found = self._resolvers[number] = resolver_for(
                plan,
                self._environ,
                self._store,
                self._report,
                load=self._load,
                sts=lambda: self._sts(plan),
                shared=self._shared,
                code_serves=self._served.get(self._groups[number], ()),
            )
        return found

    def _sts(self, plan: Plan) -> Sts:
        """Return what calls STS, with one client for each set of signing keys."""
        # the SDK is loaded at the first call
        from awsexec.credentials.sts import Sts

        return self._shared.once(
            (Sts, *plan.endpoint.key, ascii(plan.retries)),
            lambda: Sts(
                plan.endpoint, plan.retries, self._report.debug, connections=AT_ONCE
            ),
        )


def _group(plan: Plan) -> Hashable:
    """Return the question that `plan` may need an answer to, None for none.

    Plans of one group need the same answer.
    """
    chain, source = plan.chain, plan.chain.source
    if chain.takes_code:
        keys = plan.keys_now()
        if keys is not None and isinstance(chain.steps[0], MfaSession):
            return keys[1]
        # a code in the call of a role serves that role alone
        return (plan.name, "code")
    if source.asks_itself:
        return _LoadOnce.key(source)
    if source.kind.may_prompt:
        return plan.look().files[0].path
    return None


class _LoadOnce:
    """Loads sources; one that asks its user itself, as a keyring does, only once."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, threading.Lock] = {}
        self._found: dict[Hashable, Outcome] = {}

    @staticmethod
    def key(source: Source) -> Hashable:
        settings = sorted((each.name, each.value) for each in source.settings)
        return (source.kind.label, source.profile.name, *settings)

    def forget(self, is_good: Callable[[Credentials], bool]) -> None:
        """Forget the failures, and the credentials that are not good any more."""
        for key, found in [*self._found.items()]:
            if isinstance(found, AwsexecError) or not is_good(found):
                self._found.pop(key, None)

    def __call__(self, source: Source, context: Context) -> Credentials:
        if not source.asks_itself:
            return sources.load(source, context)
        key = self.key(source)
        with self._locks.setdefault(key, threading.Lock()):
            found = self._found.get(key)
            if found is None:
                try:
                    found = sources.load(source, context)
                except AwsexecError as error:
                    found = error
                self._found[key] = found
        if isinstance(found, AwsexecError):
            raise found
        return found
