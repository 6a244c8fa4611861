"""The credentials themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from awsexec import entry
from awsexec.errors import tail


@dataclass(frozen=True)
class Credentials:
    """What signs a request. `expires` is seconds since the epoch, None for never."""

    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires: int | None = None

    def variables(self) -> dict[str, str]:
        """The environment variables that hand them to a program."""
        variables = {
            entry.ACCESS_KEY_ID: self.key_id,
            entry.SECRET_ACCESS_KEY: self.secret,
        }
        if self.token is not None:
            variables[entry.SESSION_TOKEN] = self.token
        return variables

    @classmethod
    def from_variables(
        cls, variables: Mapping[str, str], expires: int | None
    ) -> Credentials:
        """The reverse of `variables`. Raises `KeyError` where a key is missing."""
        return cls(
            variables[entry.ACCESS_KEY_ID],
            variables[entry.SECRET_ACCESS_KEY],
            variables.get(entry.SESSION_TOKEN) or None,
            expires,
        )

    def __str__(self) -> str:
        return f"key {tail(self.key_id)}"
