"""A key pair in a config or credentials file."""

from __future__ import annotations

from awsexec.credentials.checks import unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the key pair of the profile, with its session token if it has one.

    Raises `ConfigError` if one of them cannot be sent in a request.
    """
    keys = source.keys
    assert keys is not None
    for setting in filter(None, (keys.key_id, keys.secret, keys.token)):
        if why := unsendable(setting.value):
            raise ConfigError(f"{setting.where}: {setting.name} {why}; correct it")
    token = keys.token.value if keys.token is not None else None
    return Credentials(keys.key_id.value, keys.secret.value, token)
