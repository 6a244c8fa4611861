"""Keys in the environment (``credential_source = Environment``)."""

from __future__ import annotations

import time

from awsexec.credentials.checks import environment_expired, source_error, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError, shown
from awsexec.fastpath import ACCESS_KEY_ID, EXPIRATION, SECRET_ACCESS_KEY, SESSION_TOKEN
from awsexec.times import from_iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source

# the first one counts
TOKENS = ("AWS_SECURITY_TOKEN", SESSION_TOKEN)


def load(source: Source, context: Context) -> Credentials:
    """What the key variables hold; AWS_SECURITY_TOKEN wins over AWS_SESSION_TOKEN.

    Raises `CredentialsError` where one is missing or of no use, or the session is over.
    """
    environ = context.environ
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY):
        if not environ.get(name):
            raise source_error(
                source, f"{name} is not set; export it, or remove the setting"
            )
    check(environ)
    expires = None
    if environ.get(EXPIRATION):
        expires = from_iso8601(environ[EXPIRATION])
        if expires is None:
            raise source_error(
                source,
                f"{EXPIRATION}={shown(environ[EXPIRATION])} is no ISO 8601 time with a "
                "time zone; mend or unset it",
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
        next(filter(None, map(environ.get, TOKENS)), None),
        expires,
    )


def check(environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError` where no request could hold one of the variables."""
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY, *TOKENS):
        if environ.get(name) and (why := unsendable(environ[name])):
            raise CredentialsError(f"{name} {why}; set it anew, or unset it")
