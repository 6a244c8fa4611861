"""Renewal ahead of a session's end, and the entry that a run leaves for the next one."""

from __future__ import annotations

import time

from awsexec import fastpath
from awsexec.credentials.credentials import child_variables
from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError, ConfigError, shown
from awsexec.fastpath import Entry
from awsexec.history import facts_of, members
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.cache.store import Store
    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.resolver import Resolver
    from awsexec.plan.plan import Plan

# seconds between two attempts to renew the same session ahead of its end
RETRY_AFTER = 60


def leave_entry(
    plan: Plan,
    resolver: Resolver,
    credentials: Credentials,
    environ: Mapping[str, str],
    store: Store,
) -> None:
    """Write this run's cache entry for the fast path, and renew the session if due.

    Nothing is written if the next run could not tell whether the entry is valid. The
    renewal runs in a process of its own, and COMMAND does not wait for it. Raises
    `ConfigError`.
    """
    if (
        credentials.expires is None
        or credentials.issued is None
        or not plan.chain.source.kind.is_fast
        or plan.chain.source.tells_itself
        or resolver.keys is None
        or not (resolver.inputs.is_settled and resolver.inputs.is_fixed)
    ):
        return
    now = int(time.time())
    due = ahead_from(environ, credentials)
    if resolver.renewable_until() <= max(now, due):
        due = 0
    if 0 < due <= now:
        # until the renewal is done, and if it fails, this entry serves the next runs
        _write(plan, resolver, credentials, store, now + RETRY_AFTER)
        if take_turn(resolver, store):
            from awsexec.processes.background import detach

            # a command may depend on the directory it runs in
            in_place = bool(resolver.inputs.surroundings)
            detach(lambda: _renew(plan, resolver, environ, store), in_place=in_place)
    else:
        _write(plan, resolver, credentials, store, due)


def take_turn(resolver: Resolver, store: Store) -> bool:
    """Return whether this process is the one to renew the session ahead of its end."""
    return store.claim(f"renewal of {resolver.turn()}", RETRY_AFTER)


def ahead_from(environ: Mapping[str, str], credentials: Credentials) -> int:
    """Return when to renew a session ahead of its end: by default, in its last quarter.

    0 if that is turned off. In seconds since the epoch. Raises `ConfigError`.
    """
    issued, expires = credentials.issued, credentials.expires
    if issued is None or expires is None:
        return 0
    left, is_part = refresh_ahead(environ)
    if is_part:
        left = (expires - issued) * left // 100
    return max(issued, expires - left) if left > 0 else 0


def refresh_ahead(environ: Mapping[str, str]) -> tuple[int, bool]:
    """Return what AWSEXEC_REFRESH_AHEAD says: a number, and whether it is a part.

    It is the time left when a session is renewed (``10m``, in seconds), or the part of the
    session's life (``25%``, in per cent). 0 turns the renewal off. Raises `ConfigError`.
    """
    text = environ.get("AWSEXEC_REFRESH_AHEAD") or "25%"
    try:
        return (int(text[:-1]), True) if text.endswith("%") else (seconds(text), False)
    except ValueError:
        raise ConfigError(
            f"AWSEXEC_REFRESH_AHEAD={shown(text)}: write a time left like 10m, a part "
            "of the session's life like 25%, or 0 for off"
        ) from None


def _renew(
    plan: Plan, resolver: Resolver, environ: Mapping[str, str], store: Store
) -> None:
    """Renew the session while COMMAND runs; a failure is not shown to anybody."""
    try:
        fresh = resolver.credentials(Demand(refresh=True))
        leave_entry(plan, resolver, fresh, environ, store)
    except AwsexecError:
        pass


def _write(
    plan: Plan,
    resolver: Resolver,
    credentials: Credentials,
    store: Store,
    renew: int,
) -> None:
    if not plan.config.is_settled or plan.confirmation is not None:
        # the fast path asks nothing
        return
    assert credentials.expires is not None and credentials.issued is not None
    variables = child_variables(credentials, plan.name, plan.region, plan.account)
    variables |= plan.inside
    # the fast path knows the profile's name, which need not be ASCII
    del variables["AWSEXEC_PROFILE"]
    until = resolver.inputs.until
    store.write(
        Entry(
            fastpath.run_key(plan.name, *plan.config.paths, plan.environ),
            ascii(plan.name),
            credentials.issued,
            credentials.expires if until is None else min(credentials.expires, until),
            variables,
            renew,
            plan.config.signatures,
            resolver.inputs.dependencies(),
            members(facts_of(plan)),
        ),
        resolver.mark,
    )
