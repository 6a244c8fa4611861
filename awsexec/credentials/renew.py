"""What a run does for the next ones: it leaves its entry, and renews ahead of time."""

from __future__ import annotations

import time
from collections.abc import Mapping

from awsexec import fastpath
from awsexec.cache.store import Store
from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.credentials.resolver import Demand, Resolver
from awsexec.errors import AwsexecError, ConfigError, shown
from awsexec.fastpath import Entry
from awsexec.plan.plan import Selection
from awsexec.times import seconds

# seconds between two tries to renew the same session ahead of time
RETRY = 60

# the kinds of source whose credentials the config files alone decide
_FROM_FILES = frozenset({"static", "sso", "login", "process", "web identity"})


def prepare(
    selected: Selection,
    resolver: Resolver,
    credentials: Credentials,
    environ: Mapping[str, str],
    store: Store,
) -> None:
    """Write the entry of this run for the fast path, and renew if it is time.

    Nothing is written where the next run could not tell whether the entry counts.
    The renewal goes on in a process of its own: COMMAND does not wait for it.
    """
    if (
        credentials.expires is None
        or credentials.issued is None
        or selected.chain.source.kind not in _FROM_FILES
    ):
        return
    now = int(time.time())
    due = due_from(environ, credentials)
    if resolver.renewable_until(selected.chain) <= max(now, due):
        due = 0
    if 0 < due <= now:
        # the entry serves the runs in between, whatever comes of the renewal
        _write(selected, credentials, environ, store, now + RETRY)
        if claim(selected, store):
            from awsexec.processes.background import detach

            detach(lambda: _renew(selected, resolver, environ, store))
    else:
        _write(selected, credentials, environ, store, due)


def claim(selected: Selection, store: Store) -> bool:
    """Whether it is this process's turn to renew the session ahead of time."""
    return store.claim(f"renewal of {selected.keys()[-1]}", RETRY)


def due_from(environ: Mapping[str, str], credentials: Credentials) -> int:
    """From when on to renew a session ahead: by default, its last quarter.

    AWSEXEC_REFRESH_AHEAD is the time left by then (``10m``), or the part of the
    session's life (``25%``); 0 turns it off, and so is the answer then. Seconds since
    the epoch. Raises `ConfigError`.
    """
    issued, expires = credentials.issued, credentials.expires
    if issued is None or expires is None:
        return 0
    text = environ.get("AWSEXEC_REFRESH_AHEAD") or "25%"
    try:
        if text.endswith("%"):
            left = (expires - issued) * int(text[:-1]) // 100
        else:
            left = seconds(text)
    except ValueError:
        raise ConfigError(
            f"AWSEXEC_REFRESH_AHEAD={shown(text)}: write a time left like 10m, a part "
            "of the session's life like 25%, or 0 for off"
        ) from None
    return max(issued, expires - left) if left > 0 else 0


def _renew(
    selected: Selection, resolver: Resolver, environ: Mapping[str, str], store: Store
) -> None:
    """Renew the session behind COMMAND's back; there is nobody to tell if it fails."""
    try:
        fresh = resolver.credentials(selected.chain, Demand(refresh=True))
        prepare(selected, resolver, fresh, environ, store)
    except AwsexecError:
        pass


def _key(selected: Selection, environ: Mapping[str, str]) -> str:
    return fastpath.run_key(selected.name, *selected.config.paths, environ)


def _write(
    selected: Selection,
    credentials: Credentials,
    environ: Mapping[str, str],
    store: Store,
    renew: int,
) -> None:
    if not selected.config.settled:
        return
    assert credentials.expires is not None and credentials.issued is not None
    variables = child_variables(credentials, selected.name, selected.region)
    # the fast path knows the profile's name, which need not be ASCII
    del variables["AWSEXEC_PROFILE"]
    store.write(
        Entry(
            _key(selected, environ),
            ascii(selected.name),
            credentials.issued,
            credentials.expires,
            variables,
            renew,
            selected.config.files,
        )
    )
