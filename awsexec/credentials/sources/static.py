"""Keys that stand in a file."""

from __future__ import annotations

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sources import Surroundings
from awsexec.profiles.source import Source


def load(source: Source, around: Surroundings) -> Credentials:
    """The key pair of the profile, with its session token if it has one."""
    keys = source.keys
    assert keys is not None
    token = keys.token.value if keys.token is not None else None
    return Credentials(keys.key_id.value, keys.secret.value, token)
