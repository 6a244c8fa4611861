"""Keys in the environment (``credential_source = Environment``)."""

from __future__ import annotations

import time

from awsexec.credentials.credentials import Credentials, from_iso8601
from awsexec.credentials.sources import Surroundings, failed
from awsexec.errors import shown
from awsexec.everyrun import (
    ACCESS_KEY_ID,
    EXPIRATION,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
)
from awsexec.profiles.source import Source


def load(source: Source, around: Surroundings) -> Credentials:
    """What the key variables hold; AWS_SECURITY_TOKEN wins over AWS_SESSION_TOKEN.

    Raises `CredentialsError` where one is missing, or the session is over.
    """
    environ = around.environ
    for name in (ACCESS_KEY_ID, SECRET_ACCESS_KEY):
        if not environ.get(name):
            raise failed(source, f"{name} is not set; export it, or remove the setting")
    expires = None
    if environ.get(EXPIRATION):
        expires = from_iso8601(environ[EXPIRATION])
        if expires is None:
            raise failed(
                source,
                f"{EXPIRATION}={shown(environ[EXPIRATION])} is no ISO 8601 time with a "
                "time zone; mend or unset it",
            )
        if expires <= time.time():
            raise failed(
                source,
                f"these credentials expired at {environ[EXPIRATION]}; renew them",
            )
    return Credentials(
        environ[ACCESS_KEY_ID],
        environ[SECRET_ACCESS_KEY],
        environ.get("AWS_SECURITY_TOKEN") or environ.get(SESSION_TOKEN) or None,
        expires,
    )
