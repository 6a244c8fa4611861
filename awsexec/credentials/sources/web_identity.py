"""A role assumed with the token of another identity provider (OpenID Connect).

AWS STS API reference, "AssumeRoleWithWebIdentity".
"""

from __future__ import annotations

from botocore.credentials import AssumeRoleWithWebIdentityProvider

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import failures
from awsexec.credentials.sdk.providers import client_creator, config_of, from_botocore
from awsexec.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

# characters of a token
SHORTEST, LONGEST = 4, 20_000


def load(source: Source, context: Context) -> Credentials:
    """The session that STS gives for the token in the file. Raises `CredentialsError`."""
    path = source.value("web_identity_token_file")
    role = source.value("role_arn")
    assert path is not None
    try:
        with open(path, encoding="utf-8") as stream:
            token = stream.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise source_error(
            source, f"cannot read the token in {shown(path)}: {reason}"
        ) from None
    if not SHORTEST <= len(token) <= LONGEST:
        raise source_error(
            source,
            f"the token in {shown(path)} has {len(token)} characters, and AWS takes "
            f"{SHORTEST} to {LONGEST}; let its issuer write it anew",
        )
    provider = AssumeRoleWithWebIdentityProvider(
        load_config=lambda: config_of(source),
        client_creator=client_creator(source, context),
        profile_name=source.profile.name,
        cache={},
        # the settings of the source are the environment's where that counts
        disable_env_vars=True,
    )
    url = context.endpoint.url or f"STS in {context.endpoint.region}"
    try:
        with failures("AWS STS", url):
            return from_botocore(source, provider.load())
    except Refused as error:
        raise source_error(
            source,
            f"AWS refused {role} for the token in {shown(path)}: "
            f"{error.message.rstrip('.')} ({error.code}); check the token's life and the "
            "role's trust policy",
        ) from None
    except Unreachable as error:
        raise aws_errors.unreachable(error) from None
