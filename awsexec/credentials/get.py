"""The way in: from a plan to credentials, leaving in the cache what the next run needs."""

from __future__ import annotations

import time

from awsexec import terminal
from awsexec.cache.store import Store, store_for
from awsexec.credentials import sources
from awsexec.credentials.context import Context
from awsexec.credentials.mfa import Codes
from awsexec.credentials.renew import ahead_from, leave_entry, take_turn
from awsexec.credentials.resolver import Demand, Resolver
from awsexec.errors import CredentialsError
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

    # from when on credentials are to be renewed, in seconds since the epoch
    RenewFrom = Callable[[Credentials], float]


def get(
    plan: Plan,
    demand: Demand,
    environ: Mapping[str, str],
    report: Report,
    *,
    renew_from: RenewFrom | None = None,
    attended: bool = True,
) -> Credentials:
    """Carry `plan` out and return credentials that satisfy `demand`.

    A session near its end is renewed in the background, while COMMAND runs. With
    `renew_from` it is renewed before this returns, from that moment on: for callers whose
    credentials nothing renews later. If nobody is `attended`, the user is not asked
    for anything while the session is still good.

    Raises `ConfigError`, `CredentialsError` (`TooShort` and `NoCode` among them) and
    `Interrupted`.
    """
    store = store_for(environ, report) if plan.uses_cache else None
    resolver = resolver_for(plan, environ, store, report)
    credentials = resolver.credentials(demand)
    if store is None:
        return credentials
    if renew_from is not None and renew_from(credentials) <= time.time():
        if _may_renew(resolver, store, attended):
            again = Demand(demand.min_ttl, refresh=True)
            credentials = _renewed(resolver, again, credentials, report)
    if plan.by_name:
        leave_entry(plan, resolver, credentials, environ, store)
    return credentials


def near_end(environ: Mapping[str, str]) -> RenewFrom:
    """Return the `renew_from` of a run that AWSEXEC_REFRESH_AHEAD governs."""

    def renew_from(credentials: Credentials) -> float:
        return ahead_from(environ, credentials) or float("inf")

    return renew_from


def _may_renew(resolver: Resolver, store: Store, attended: bool) -> bool:
    """Return whether to renew a session that is still good.

    An SDK then asks at each of its calls. One of these a minute tries, so that an AWS
    that cannot be reached does not slow down all of them.
    """
    # in any case, so that nothing in the background tries as well
    is_its_turn = take_turn(resolver, store)
    return attended or (is_its_turn and resolver.renewable_until() > time.time())


def _renewed(
    resolver: Resolver, demand: Demand, before: Credentials, report: Report
) -> Credentials:
    """Return new credentials, or those `before`, which are still good, with a warning."""
    try:
        return resolver.credentials(demand)
    except CredentialsError as error:
        assert before.expires is not None
        left = duration(before.expires - time.time())
        report.warning(f"using a session that has {left} left: {error}")
        return before


def resolver_for(
    plan: Plan, environ: Mapping[str, str], store: Store | None, report: Report
) -> Resolver:
    """Return what works out the credentials of `plan`, with a `store` or without.

    Raises `ProcessLoop`.
    """
    source, asking = plan.chain.source, plan.asking
    context = Context(
        environ=environ,
        paths=plan.config.paths,
        hops=tuple(hop.name for hop in plan.chain.hops),
        endpoint=plan.endpoint,
        retries=plan.retries,
        show=terminal.show if asking.may_prompt else None,
        device_code=asking.device_code,
        browser=asking.browser,
        lock=_Locks(store or store_for(environ, report), report),
        debug=report.debug,
    )
    return Resolver(
        plan=plan,
        load=lambda source: sources.load(source, context),
        signed_in=lambda: context.sign_in,
        call=_Sts(plan, report),
        codes=Codes(
            asking.code, asking.process, terminal.ask if asking.may_prompt else None
        ),
        store=store,
        waits=sources.check(source, context),
        clock=time.time,
        report=report,
    )


class _Locks:
    """The locks that sources use, which are files of the cache directory."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report

    def __call__(self, name: str, doing: str) -> AbstractContextManager[None]:
        text = f"waiting for another awsexec, which is {doing}"
        return self._store.lock(name, lambda: self._report.waiting(text))


class _Sts:
    """AWS STS, with the SDK loaded at the first call: a cached run makes none."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self._plan = plan
        self._report = report

    def __call__(
        self, operation: str, parameters: Mapping[str, object], signer: Credentials
    ) -> Credentials:
        from awsexec.credentials.sts import Sts

        sts = Sts(self._plan.endpoint, self._plan.retries, self._report.debug)
        return sts.call(operation, parameters, signer)
