"""IAM Identity Center: a sign-in in the browser, then a role of an account.

The token of the sign-in is the AWS CLI's too: it is kept in ~/.aws/sso/cache, in files
that the CLI reads and writes, so that one sign-in serves both.
"""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error
from awsexec.credentials.identity_center.portal import NotSignedIn, Portal
from awsexec.credentials.identity_center.sign_in import SERVICE
from awsexec.credentials.sdk.errors import Refused, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """The credentials of the profile's role, after a sign-in if one is due.

    Raises `CredentialsError` and `Interrupted`.
    """
    portal = Portal(source, context)
    try:
        token = portal.token(refused=None)
        try:
            return portal.credentials(token)
        except NotSignedIn:
            # ended before its time: signed out, or the user's sessions were deleted
            return portal.credentials(portal.token(refused=token))
    except NotSignedIn:
        raise source_error(
            source, f"{SERVICE} does not take the token of a sign-in just made"
        ) from None
    except Refused as error:
        raise source_error(
            source,
            f"{SERVICE} refused role {source.value('sso_role_name')} in account "
            f"{source.value('sso_account_id')}: {error.message.rstrip('.')} "
            f"({error.code}); check sso_role_name, sso_account_id and your assignments",
        ) from None
    except Unreachable as error:
        raise aws_errors.unreachable(error, SERVICE) from None
