"""The environment COMMAND gets."""

from __future__ import annotations

import time
from collections.abc import Mapping

from awsexec.credentials.credentials import Credentials

# What would select another identity, or supply parts of one. botocore, for one,
# prefers an AWS_SECURITY_TOKEN to AWS_SESSION_TOKEN, and refuses to start when
# AWS_PROFILE names a missing profile, whatever keys the environment holds. Unset,
# not blanked: some programs take an empty variable for a value.
REMOVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_ACCOUNT_ID",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_CREDENTIAL_FILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_EXPIRATION",
        "AWS_SESSION_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)
REMOVED_PREFIX = "AWS_CONTAINER_"


def variables(
    credentials: Credentials, profile: str, region: str | None
) -> dict[str, str]:
    """What is set for COMMAND.

    AWS_CREDENTIAL_EXPIRATION is ISO 8601 in UTC; it is absent for credentials that
    do not expire, as are the region's variables where no region is known.
    """
    added = credentials.variables()
    if credentials.expires is not None:
        added["AWS_CREDENTIAL_EXPIRATION"] = time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(credentials.expires)
        )
    added["AWSEXEC_PROFILE"] = profile
    if region is not None:
        # botocore reads the one, the other SDKs the other
        added["AWS_REGION"] = added["AWS_DEFAULT_REGION"] = region
    return added


def build(environ: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what selects an identity, plus `added`."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in REMOVED and not name.startswith(REMOVED_PREFIX)
    }
    kept.update(added)
    return kept
