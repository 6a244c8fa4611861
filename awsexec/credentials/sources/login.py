"""The session of ``aws login``, which is a sign-in to the AWS Management Console."""

from __future__ import annotations

import shlex

from botocore.credentials import LoginProvider
from botocore.exceptions import (
    LoginError,
    LoginInsufficientPermissions,
    LoginTokenLoadError,
    MissingDependencyException,
    ParamValidationError,
)

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import MALFORMED, source_error
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import failures
from awsexec.credentials.sdk.providers import client_creator, config_of, from_botocore
from awsexec.credentials.sdk.tokens import TokenCache
from awsexec.profiles.files import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """The credentials of the sign-in, which botocore renews in the AWS CLI's own cache.

    Raises `CredentialsError`.
    """
    directory = expand(
        source.value("AWS_LOGIN_CACHE_DIRECTORY") or "~/.aws/login/cache",
        context.environ,
    )
    cache = TokenCache(source, directory)
    create = client_creator(source, context)
    asked = False

    def begin(*arguments: Any, **options: Any) -> Any:
        """Make the client, which botocore does where it has to renew the login."""
        nonlocal asked
        asked = True
        cache.check()
        return create(*arguments, **options)

    provider = LoginProvider(
        load_config=lambda: config_of(source),
        client_creator=begin,
        profile_name=source.profile.name,
        token_cache=cache,
    )
    command = shlex.join(["aws", "login", "--profile", source.profile.name])
    url = dict(source.urls).get("signin") or "AWS Sign-In"
    # a renewal ends the token that it was made with
    with context.lock(f"login {source.setting.value}", "renewing the login"):
        try:
            with failures("AWS Sign-In", url):
                try:
                    return from_botocore(source, provider.load())
                except MissingDependencyException:
                    raise source_error(
                        source,
                        "aws login sessions need the package awscrt; install "
                        "awsexec[login]",
                    ) from None
                except LoginInsufficientPermissions:
                    raise source_error(
                        source,
                        "AWS does not let this identity renew its login; it wants the "
                        "policy SignInLocalDevelopmentAccess",
                    ) from None
                except (
                    LoginError,
                    LoginTokenLoadError,
                    ParamValidationError,
                    *MALFORMED,
                ) as error:
                    if asked and isinstance(error, MALFORMED):
                        # the answer's fault, not the file's
                        raise
                    raise source_error(
                        source, f"there is no valid login; run: {command}"
                    ) from None
        except Refused as error:
            raise source_error(
                source,
                f"AWS refused to renew the login: {error.message.rstrip('.')} "
                f"({error.code}); run: {command}",
            ) from None
        except Unreachable as error:
            raise aws_errors.unreachable(error, "AWS Sign-In") from None
