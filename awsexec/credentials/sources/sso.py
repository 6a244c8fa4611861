"""IAM Identity Center: a sign-in in the browser, then a role of an account.

The token of the sign-in is kept in ~/.aws/sso/cache, in files that the AWS CLI reads and
writes too, so that one sign-in serves both.
"""

from __future__ import annotations

from awsexec.credentials.checks import source_error
from awsexec.credentials.identity_center.portal import Portal
from awsexec.credentials.identity_center.sign_in import SERVICE
from awsexec.credentials.sdk.errors import (
    NotSignedIn,
    Refused,
    SignInDue,
    Unreachable,
)
from awsexec.errors import RoleRefused, shown
from awsexec.profiles.near import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the credentials of the profile's role.

    Raises `SignInDue`, `CredentialsError` and `Interrupted`.
    """
    portal = Portal(source, context)
    try:
        token = portal.token()
        try:
            return portal.credentials(token)
        except NotSignedIn:
            if token == context.fresh_token:
                raise source_error(
                    source,
                    f"{SERVICE} does not accept the token of a sign-in just made; try "
                    "again",
                ) from None
            # it ended early: the user signed out, or an administrator deleted the session
            raise SignInDue(token) from None
    except Refused as error:
        raise RoleRefused(
            f"{source.label}: {SERVICE} refused role {source.value('sso_role_name')} in "
            f"account {source.value('sso_account_id')}: {error.said}; {_advice(source)}"
        ) from None
    except Unreachable as error:
        raise portal.unreachable(error) from None


def _advice(source: Source) -> str:
    """Return what to do if IAM Identity Center refuses the role."""
    role, listed = source.get("sso_role_name"), source.profile.listed
    if role is None or role.line:
        return "check sso_role_name, sso_account_id and your assignments"
    # the user named it: SESSION/ACCOUNT/ROLE
    account = source.value("sso_account_id") or ""
    roles = [
        each for one in (listed.named(account) if listed else ()) for each in one.roles
    ]
    place = source.profile.name.removesuffix(role.value)
    near = [shown(place + each) for each in nearest(role.value, roles)]
    start = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{start}awsexec --accounts {shown(source.sign_in_name)} lists your roles"


def sign_in(source: Source, context: Context, refused: str | None) -> None:
    """Let the user sign in; `refused` is a token that AWS does not accept any more.

    Raises `CredentialsError` and `Interrupted`.
    """
    Portal(source, context).sign_in(refused)
