"""A role assumed with the token of another identity provider (OpenID Connect).

AWS STS API reference, "AssumeRoleWithWebIdentity".
"""

from __future__ import annotations

from botocore.credentials import AssumeRoleWithWebIdentityProvider

from awsexec.credentials import aws_errors
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.clients import failures
from awsexec.credentials.sources import (
    Surroundings,
    client_creator,
    config_of,
    failed,
    taken,
)
from awsexec.errors import shown
from awsexec.plan.source_kinds import Source

# characters of a token
SHORTEST, LONGEST = 4, 20_000


def load(source: Source, around: Surroundings) -> Credentials:
    """The session that STS gives for the token in the file. Raises `CredentialsError`."""
    path = source.value("web_identity_token_file")
    role = source.value("role_arn")
    assert path is not None
    try:
        with open(path, encoding="utf-8") as stream:
            token = stream.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise failed(
            source, f"cannot read the token in {shown(path)}: {reason}"
        ) from None
    if not SHORTEST <= len(token) <= LONGEST:
        raise failed(
            source,
            f"the token in {shown(path)} has {len(token)} characters, and AWS takes "
            f"{SHORTEST} to {LONGEST}; let its issuer write it anew",
        )
    provider = AssumeRoleWithWebIdentityProvider(
        load_config=lambda: config_of(source),
        client_creator=client_creator(source, around),
        profile_name=source.profile.name,
        cache={},
        # the settings of the source are the environment's where that counts
        disable_env_vars=True,
    )
    url = around.endpoint.url or f"STS in {around.endpoint.region}"
    try:
        with failures("AWS STS", url):
            return taken(source, provider.load())
    except aws_errors.Refused as error:
        raise failed(
            source,
            f"AWS refused {role} for the token in {shown(path)}: "
            f"{error.message.rstrip('.')} ({error.code}); check the token's life and the "
            "role's trust policy",
        ) from None
    except aws_errors.Unreachable as error:
        raise aws_errors.unreachable(error) from None
