"""Credentials, and the variables that hand them to a program."""

from __future__ import annotations

from awsexec import fastpath
from awsexec.errors import tail
from awsexec.times import iso8601


class Credentials:
    """What signs a request: an access key id, a secret key, and a session's token.

    `issued` and `expires` are seconds since the epoch; `expires` is None for credentials
    that do not expire. They are `is_cached` if they come from the cache.
    """

    __slots__ = ("key_id", "secret", "token", "expires", "issued", "is_cached")

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
        self.is_cached = False

    def variables(self) -> dict[str, str]:
        """Return the environment variables that hand the credentials to a program."""
        variables = {
            fastpath.ACCESS_KEY_ID: self.key_id,
            fastpath.SECRET_ACCESS_KEY: self.secret,
        }
        if self.token is not None:
            variables[fastpath.SESSION_TOKEN] = self.token
        return variables

    @classmethod
    def from_entry(cls, found: fastpath.Entry) -> Credentials:
        """Return the credentials in a cache entry."""
        variables = found.variables
        credentials = cls(
            variables[fastpath.ACCESS_KEY_ID],
            variables[fastpath.SECRET_ACCESS_KEY],
            variables.get(fastpath.SESSION_TOKEN),
            found.expires,
            found.issued,
        )
        credentials.is_cached = True
        return credentials

    def __str__(self) -> str:
        return f"key {tail(self.key_id)}"

    def __repr__(self) -> str:
        # without the secrets, wherever it is printed
        return f"<{self}>"


def child_variables(
    credentials: Credentials,
    profile: str,
    region: str | None,
    of_profile: bool,
    account: str | None = None,
) -> dict[str, str]:
    """Return the variables that awsexec sets for COMMAND.

    AWS_CREDENTIAL_EXPIRATION is ISO 8601 in UTC, and absent for credentials that do not
    expire. `region`, `of_profile` and `account` are as for `profile_variables`.
    """
    added = credentials.variables()
    if credentials.expires is not None:
        added[fastpath.EXPIRATION] = iso8601(credentials.expires)
    return added | profile_variables(profile, region, of_profile, account)


def profile_variables(
    profile: str,
    region: str | None,
    of_profile: bool,
    account: str | None = None,
) -> dict[str, str]:
    """Return the variables that awsexec sets for COMMAND besides the credentials.

    `account` is the id of the account, None where it is not known. AWSEXEC_ACCOUNT is
    absent then. The region's variables are absent if no region is known.
    AWSEXEC_PROFILE_REGION is set if the region is `of_profile`. It tells an awsexec in
    COMMAND that the user has not chosen the region.
    """
    added = {"AWSEXEC_PROFILE": profile}
    if account is not None:
        added["AWSEXEC_ACCOUNT"] = account
    if region is not None:
        # botocore reads AWS_DEFAULT_REGION, the other SDKs AWS_REGION
        added["AWS_REGION"] = added["AWS_DEFAULT_REGION"] = region
        if of_profile:
            added["AWSEXEC_PROFILE_REGION"] = region
    return added


def shell_variables(
    credentials: Credentials,
    profile: str,
    region: str | None,
    of_profile: bool,
    account: str | None = None,
) -> dict[str, str]:
    """Return the variables for a subshell: those of COMMAND, and more for its prompt.

    With AWSEXEC_ISSUED (ISO 8601, UTC) the prompt knows when the session began, and so
    when its last quarter begins.
    """
    added = child_variables(credentials, profile, region, of_profile, account)
    if credentials.issued is not None:
        added["AWSEXEC_ISSUED"] = iso8601(credentials.issued)
    return added
