"""The session of ``aws login``, which is a sign-in to the AWS Management Console."""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error
from awsexec.credentials.sdk.errors import (
    CrtMissing,
    NotPermitted,
    NotSignedIn,
    Refused,
    Unreachable,
)
from awsexec.credentials.sdk.providers import from_login
from awsexec.credentials.sdk.tokens import TokenCache
from awsexec.plan.source_kinds import LOGIN_CACHE, LOGIN_CACHE_VARIABLE
from awsexec.profiles.files import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the credentials of the login, renewed in the AWS CLI's own files if due.

    Raises `CredentialsError`.
    """
    directory = expand(
        source.value(LOGIN_CACHE_VARIABLE) or LOGIN_CACHE, context.environ
    )
    command = source.cli_sign_in()
    try:
        # A renewal makes the old token invalid, so one process renews at a time.
        with context.lock(f"login {source.setting.value}", "is renewing the login"):
            return from_login(source, context, TokenCache(source, directory))
    except CrtMissing:
        raise source_error(
            source, "aws login sessions need the package awscrt; install awsexec[login]"
        ) from None
    except NotPermitted:
        raise source_error(
            source,
            "AWS does not let this identity renew its login; attach the policy "
            "SignInLocalDevelopmentAccess to it",
        ) from None
    except NotSignedIn:
        raise source_error(source, f"there is no valid login; run: {command}") from None
    except Refused as error:
        raise source_error(
            source, f"AWS refused to renew the login: {error.said}; run: {command}"
        ) from None
    except Unreachable as error:
        made_by = context.endpoint.host_made_by(dict(source.endpoints)["signin"])
        raise aws_errors.unreachable(
            error, context.endpoint, "AWS Sign-In", made_by
        ) from None
