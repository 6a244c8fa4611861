"""A key pair in a config or credentials file."""

from __future__ import annotations

import time

from awsexec.credentials.checks import source_error, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import ConfigError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise as `load` does, which asks nobody."""
    _credentials(source)


def load(source: Source, context: Context) -> Credentials:
    """Return the key pair of the profile, with its session token if it has one.

    Raises `ConfigError` if one of them cannot be sent in a request, and
    `CredentialsError` if the session has ended, as far as the file says.
    """
    return _credentials(source)


def _credentials(source: Source) -> Credentials:
    keys = source.keys
    assert keys is not None
    for setting in filter(None, (keys.key_id, keys.secret, keys.token)):
        if why := unsendable(setting.value):
            advice = "remove the quotes" if "in quotes" in why else "correct it"
            raise ConfigError(f"{setting.where}: {setting.name} {why}; {advice}")
    token = keys.token.value if keys.token is not None else None
    if keys.expires is not None and keys.expires <= time.time():
        assert keys.expiry is not None
        raise source_error(
            source,
            f"this session ended at {shown(keys.expiry.value)}, as {keys.expiry.name} in "
            f"{keys.expiry.where} says; get a new one with the tool that wrote it",
        )
    return Credentials(keys.key_id.value, keys.secret.value, token, keys.expires)
