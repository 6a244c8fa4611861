"""The credentials themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from awsexec import everyrun
from awsexec.errors import tail

YEAR_10000 = 253_402_300_800


@dataclass(frozen=True)
class Credentials:
    """What signs a request.

    `issued` and `expires` are seconds since the epoch, None where they do not expire.
    """

    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires: int | None = None
    issued: int | None = None

    def variables(self) -> dict[str, str]:
        """The environment variables that hand them to a program."""
        variables = {
            everyrun.ACCESS_KEY_ID: self.key_id,
            everyrun.SECRET_ACCESS_KEY: self.secret,
        }
        if self.token is not None:
            variables[everyrun.SESSION_TOKEN] = self.token
        return variables

    @classmethod
    def from_entry(cls, found: everyrun.Entry) -> Credentials:
        """What a cache entry holds."""
        variables = found.variables
        return cls(
            variables[everyrun.ACCESS_KEY_ID],
            variables[everyrun.SECRET_ACCESS_KEY],
            variables.get(everyrun.SESSION_TOKEN),
            found.expires,
            found.issued,
        )

    def __str__(self) -> str:
        return f"key {tail(self.key_id)}"


def child_variables(
    credentials: Credentials, profile: str, region: str | None
) -> dict[str, str]:
    """What COMMAND's environment gets.

    AWS_CREDENTIAL_EXPIRATION is ISO 8601 in UTC; it is absent for credentials that
    do not expire, as are the region's variables where no region is known.
    """
    added = credentials.variables()
    if credentials.expires is not None:
        added["AWS_CREDENTIAL_EXPIRATION"] = iso8601(credentials.expires)
    return added | profile_variables(profile, region)


def profile_variables(
    profile: str, region: str | None, of_profile: bool = False
) -> dict[str, str]:
    """What COMMAND's environment gets besides credentials.

    AWSEXEC_PROFILE_REGION tells a shell's region that is there because it is
    `of_profile` from one that the user has set.
    """
    added = {"AWSEXEC_PROFILE": profile}
    if region is not None:
        # botocore reads the one, the other SDKs the other
        added["AWS_REGION"] = added["AWS_DEFAULT_REGION"] = region
        if of_profile:
            added["AWSEXEC_PROFILE_REGION"] = region
    return added


def shell_variables(
    credentials: Credentials, profile: str, region: str | None, of_profile: bool
) -> dict[str, str]:
    """What a shell gets: as COMMAND, and what its prompt and awsexec in it go by.

    With AWSEXEC_ISSUED (ISO 8601, UTC), and so both ends of the session's life, the
    prompt tells the last quarter.
    """
    added = child_variables(credentials, profile, region)
    added |= profile_variables(profile, region, of_profile)
    if credentials.issued is not None:
        added["AWSEXEC_ISSUED"] = iso8601(credentials.issued)
    return added


def iso8601(seconds: int) -> str:
    """Seconds since the epoch as ISO 8601 in UTC.

    Raises `ValueError` for a time that it has no four digits of a year for.
    """
    if not 0 <= seconds < YEAR_10000:
        raise ValueError("no time that ISO 8601 knows")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def from_iso8601(text: str) -> int | None:
    """Seconds since the epoch for ISO 8601 with a time zone, None for other text."""
    from datetime import datetime

    try:
        # Python 3.10 does not know the Z
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    # without a zone it would be read in this machine's
    return int(found.timestamp()) if found.tzinfo is not None else None
