"""The first credentials of a chain, before any role: one module for each kind of source.

The protocols are botocore's. Its providers get what awsexec has read of the user's files,
since awsexec reads files that botocore refuses.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the credentials of `source`. Raises `CredentialsError` and `Interrupted`."""
    found: Credentials = _module(source).load(source, context)
    return found


def check(source: Source, context: Context) -> bool:
    """Check what a kind wants checked before any lock is taken.

    Return whether this process may wait for another one's lock. Raises `ConfigError`.
    """
    if not source.kind.is_checked:
        return True
    may_wait: bool = _module(source).check(source, context)
    return may_wait


def describe(source: Source) -> Any:
    """Return what the module of a kind that `is_described` says of `source`.

    Raises as `load` does.
    """
    return _module(source).describe(source)


def _module(source: Source) -> Any:
    return import_module(f"{__name__}.{source.kind.module}")
