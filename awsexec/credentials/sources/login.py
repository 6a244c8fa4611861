"""The session of ``aws login``, which is a sign-in to the AWS Management Console."""

from __future__ import annotations

import shlex
from typing import Any

from botocore.credentials import LoginProvider
from botocore.exceptions import (
    LoginError,
    LoginInsufficientPermissions,
    LoginTokenLoadError,
    MissingDependencyException,
    ParamValidationError,
)

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import MALFORMED
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.clients import failures
from awsexec.credentials.sdk.tokens import TokenCache
from awsexec.credentials.sources import (
    Surroundings,
    client_creator,
    config_of,
    failed,
    taken,
)
from awsexec.plan.source_kinds import Source
from awsexec.profiles.files import expand


def load(source: Source, around: Surroundings) -> Credentials:
    """The credentials of the sign-in, which botocore renews in the AWS CLI's own cache.

    Raises `CredentialsError`.
    """
    directory = expand(
        source.value("AWS_LOGIN_CACHE_DIRECTORY") or "~/.aws/login/cache",
        around.environ,
    )
    cache = TokenCache(source, directory)
    create = client_creator(source, around)
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
    with around.lock(f"login {source.setting.value}", "renewing the login"):
        try:
            with failures("AWS Sign-In", url):
                try:
                    return taken(source, provider.load())
                except MissingDependencyException:
                    raise failed(
                        source,
                        "aws login sessions need the package awscrt; install "
                        "awsexec[login]",
                    ) from None
                except LoginInsufficientPermissions:
                    raise failed(
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
                    raise failed(
                        source, f"there is no valid login; run: {command}"
                    ) from None
        except aws_errors.Refused as error:
            raise failed(
                source,
                f"AWS refused to renew the login: {error.message.rstrip('.')} "
                f"({error.code}); run: {command}",
            ) from None
        except aws_errors.Unreachable as error:
            raise aws_errors.unreachable(error, "AWS Sign-In") from None
