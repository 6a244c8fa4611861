"""From the arguments to credentials, leaving in the cache what the next run needs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from awsexec.cache.store import Store
from awsexec.credentials import renew
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.resolver import KEPT, Demand, Resolver
from awsexec.errors import CredentialsError
from awsexec.options.arguments import Arguments
from awsexec.plan import plan
from awsexec.plan.plan import Selection
from awsexec.report import Report
from awsexec.serve.renewal import due_from
from awsexec.times import duration


def obtain(
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    *,
    selected: Selection | None = None,
    renew_if_due: bool = False,
    attended: bool = True,
    as_attached: bool = False,
) -> tuple[Selection, Credentials]:
    """What the arguments select, unless it is `selected`, and its credentials.

    A session near its end is renewed behind the command's back; with `renew_if_due`
    at once, for those whose credentials nothing renews later. Where that is not
    `attended`, nobody is asked for anything while the session is still good. With
    `as_attached`, an instance's role is what its metadata tell now, not some minutes
    ago. Raises `ConfigError`, `CredentialsError`, as `TooShort` and `NoCode` are, or
    `Interrupted`.
    """
    selected = selected or plan.select(arguments, environ)
    store = None if arguments.no_cache else plan.store_for(environ, report)
    resolver = plan.resolver_for(selected, arguments, environ, store, report)
    chain = selected.chain
    anew = as_attached and chain.source.kind in KEPT and not chain.steps
    # the endpoint of --serve renews what is too short
    min_ttl = None if arguments.serve else arguments.min_ttl
    demand = Demand(min_ttl, arguments.refresh or anew)
    credentials = resolver.credentials(chain, demand)
    if store is not None and renew_if_due:
        if _is_due(arguments, environ, credentials):
            again = replace(demand, refresh=True)
            if _may_renew(selected, resolver, store, attended):
                credentials = _renewed(selected, resolver, again, credentials, report)
    if store is not None and selected.by_name:
        renew.prepare(selected, resolver, credentials, environ, store)
    return selected, credentials


def _is_due(
    arguments: Arguments, environ: Mapping[str, str], credentials: Credentials
) -> bool:
    now = time.time()
    if arguments.serve:
        return due_from(credentials, now) <= now
    return 0 < renew.due_from(environ, credentials) <= now


def _may_renew(
    selected: Selection, resolver: Resolver, store: Store, attended: bool
) -> bool:
    """Whether to renew a session that is still good.

    An SDK asks at each of its calls by then: of those, one a minute tries, so that an
    AWS out of reach does not slow down them all.
    """
    # in any case, so that nothing in the background tries as well
    claimed = renew.claim(selected, store)
    return attended or (
        claimed and resolver.renewable_until(selected.chain) > time.time()
    )


def _renewed(
    selected: Selection,
    resolver: Resolver,
    demand: Demand,
    before: Credentials,
    report: Report,
) -> Credentials:
    """New credentials, or those `before`, which are still good, with a warning."""
    try:
        return resolver.credentials(selected.chain, demand)
    except CredentialsError as error:
        assert before.expires is not None
        left = duration(before.expires - time.time())
        report.warning(f"going on with a session that has {left} left: {error}")
        return before
