"""Keys in the environment (``credential_source = Environment``)."""

from __future__ import annotations

import time

from awsexec.credentials.checks import environment_expired, source_error, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError, shown
from awsexec.fastpath import ACCESS_KEY_ID, EXPIRATION, SECRET_ACCESS_KEY
from awsexec.plan.source_kinds import TOKEN_VARIABLES
from awsexec.times import from_iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise as `load` does, which asks nobody."""
    _credentials(source, environ)


def load(source: Source, context: Context) -> Credentials:
    """Return the keys in the variables; AWS_SECURITY_TOKEN wins over AWS_SESSION_TOKEN.

    Raises `CredentialsError` if one is missing or cannot be sent, or has expired.
    """
    return _credentials(source, context.environ)


def _credentials(source: Source, environ: Mapping[str, str]) -> Credentials:
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY):
        if not environ.get(name):
            raise source_error(
                source, f"{name} is not set; export it, or remove the setting"
            )
    _check_sendable(environ)
    expires = None
    if environ.get(EXPIRATION):
        expires = from_iso8601(environ[EXPIRATION])
        if expires is None:
            raise source_error(
                source,
                f"{EXPIRATION}={shown(environ[EXPIRATION])} is not a time in ISO 8601 "
                "with a time zone; correct or unset it",
            )
        if expires <= time.time():
            if not source.profile.settings:
                raise environment_expired(source)
            raise source_error(
                source,
                f"these credentials expired at {environ[EXPIRATION]}; renew them",
            )
    return Credentials(
        environ[ACCESS_KEY_ID],
        environ[SECRET_ACCESS_KEY],
        next(filter(None, map(environ.get, TOKEN_VARIABLES)), None),
        expires,
    )


def _check_sendable(environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError` if one of the variables cannot be sent in a request."""
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY, *TOKEN_VARIABLES):
        if environ.get(name) and (why := unsendable(environ[name])):
            raise CredentialsError(f"{name} {why}; set it again, or unset it")
