"""The credentials themselves."""

from __future__ import annotations

from awsexec import fastpath
from awsexec.errors import tail
from awsexec.times import iso8601


class Credentials:
    """What signs a request.

    `issued` and `expires` are seconds since the epoch, None where they do not expire.
    """

    __slots__ = ("key_id", "secret", "token", "expires", "issued")

    def __init__(
        self,
        key_id: str,
        secret: str,
        token: str | None = None,
        expires: int | None = None,
        issued: int | None = None,
    ) -> None:
        self.key_id = key_id
        self.secret = secret
        self.token = token
        self.expires = expires
        self.issued = issued

    def variables(self) -> dict[str, str]:
        """The environment variables that hand them to a program."""
        variables = {
            fastpath.ACCESS_KEY_ID: self.key_id,
            fastpath.SECRET_ACCESS_KEY: self.secret,
        }
        if self.token is not None:
            variables[fastpath.SESSION_TOKEN] = self.token
        return variables

    @classmethod
    def from_entry(cls, found: fastpath.Entry) -> Credentials:
        """What a cache entry holds."""
        variables = found.variables
        return cls(
            variables[fastpath.ACCESS_KEY_ID],
            variables[fastpath.SECRET_ACCESS_KEY],
            variables.get(fastpath.SESSION_TOKEN),
            found.expires,
            found.issued,
        )

    def __str__(self) -> str:
        return f"key {tail(self.key_id)}"

    def __repr__(self) -> str:
        # never the secrets, wherever it is printed
        return f"<{self}>"


def child_variables(
    credentials: Credentials, profile: str, region: str | None
) -> dict[str, str]:
    """What COMMAND's environment gets.

    AWS_CREDENTIAL_EXPIRATION is ISO 8601 in UTC; it is absent for credentials that
    do not expire, as are the region's variables where no region is known.
    """
    added = credentials.variables()
    if credentials.expires is not None:
        added[fastpath.EXPIRATION] = iso8601(credentials.expires)
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
