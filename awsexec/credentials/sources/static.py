"""Keys that stand in a file."""

from __future__ import annotations

from awsexec.credentials.checks import unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """The key pair of the profile, with its session token if it has one.

    Raises `ConfigError` where no request could hold one of them.
    """
    keys = source.keys
    assert keys is not None
    for setting in filter(None, (keys.key_id, keys.secret, keys.token)):
        if why := unsendable(setting.value):
            raise ConfigError(f"{setting.where}: {setting.name} {why}; mend it")
    token = keys.token.value if keys.token is not None else None
    return Credentials(keys.key_id.value, keys.secret.value, token)
