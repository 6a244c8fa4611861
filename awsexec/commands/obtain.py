"""From the arguments to credentials, leaving in the cache what the next run needs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

from awsexec.arguments import Arguments
from awsexec.commands import ahead, selection
from awsexec.commands.selection import Selection
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.resolver import KEPT, Demand
from awsexec.report import Report


def obtain(
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    *,
    renew_if_due: bool = False,
    as_attached: bool = False,
) -> tuple[Selection, Credentials]:
    """What the arguments select, and its credentials.

    A session near its end is renewed behind the command's back; with `renew_if_due`
    at once, for those whose credentials nothing renews later. With `as_attached`, an
    instance's role is what its metadata tell now, not some minutes ago. Raises
    `ConfigError`, `CredentialsError`, `NoCode` or `Interrupted`.
    """
    selected = selection.select(arguments, environ)
    store = None if arguments.no_cache else selection.store_for(environ, report)
    resolver = selection.resolver_for(selected, arguments, environ, store, report)
    chain = selected.chain
    anew = as_attached and chain.source.kind in KEPT and not chain.steps
    demand = Demand(arguments.min_ttl, arguments.refresh or anew)
    credentials = resolver.credentials(chain, demand)
    if renew_if_due and 0 < ahead.due_from(environ, credentials) <= time.time():
        demand = dataclasses.replace(demand, refresh=True)
        credentials = resolver.credentials(chain, demand)
    if store is not None and selected.by_name:
        ahead.prepare(selected, resolver, credentials, environ, store)
    return selected, credentials
