"""The first credentials of a chain, before any role: one module for each kind of source.

botocore speaks the protocols. Its providers get what awsexec has read of the user's
files, since awsexec accepts files that botocore refuses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the credentials of `source`.

    Raises `SignInDue` if the user has to `sign_in` first, `CredentialsError` and
    `Interrupted`.
    """
    found: Credentials = _module(source).load(source, context)
    return found


def sign_in(source: Source, context: Context, refused: str | None) -> None:
    """Let the user sign in, for as long as a person takes, after a `SignInDue`.

    Raises `CredentialsError` and `Interrupted`.
    """
    _module(source).sign_in(source, context, refused)


def check(source: Source, context: Context) -> None:
    """Make the checks of a kind that come before any lock is taken.

    Raises `ConfigError`.
    """
    if source.kind.is_checked:
        _module(source).check(source, context)


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise what `load` would raise before any call: of keys, a token file, a program.

    Nobody is asked, and nothing is run.
    """
    if source.kind.has_parts:
        _module(source).check_parts(source, environ)


def describe(source: Source, endpoint: Endpoint) -> Any:
    """Return what the source says of itself, for a kind that `is_described`.

    `endpoint` is the plan's. Raises as `load` does.
    """
    return _module(source).describe(source, endpoint)


def _module(source: Source) -> Any:
    # slow to load, and no use for what is cached
    from importlib import import_module

    return import_module(f"{__name__}.{source.kind.module}")
