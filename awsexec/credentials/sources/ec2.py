"""The role of the EC2 instance, from its metadata (EC2 User Guide, "IMDS").

IMDSv2 is tried first, and v1 where it is not switched off.
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    InvalidIMDSEndpointError,
    MetadataRetrievalError,
)
from botocore.utils import METADATA_ENDPOINT_MODES

from awsexec.credentials.checks import MALFORMED, checked, source_error
from awsexec.credentials.sdk.clients import USER_AGENT
from awsexec.credentials.sdk.providers import MetadataFetcher
from awsexec.errors import ConfigError, CredentialsError, shown
from awsexec.plan.source_kinds import METADATA_DISABLED, metadata_is_off
from awsexec.profiles import values
from awsexec.times import from_iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

# Seconds for a connection and for an answer, which come from the machine itself. Off
# EC2 there is mostly nobody, which is found out twice, for v2 and for v1.
TIMEOUT = (0.5, 0.5)
# what metadata_service_timeout (seconds) and metadata_service_num_attempts may be
TIMEOUTS, ATTEMPTS = (1, 3600), (1, 100)


@dataclass(frozen=True)
class Instance:
    """What the metadata says of the role: its name, and its profile's ARN if known."""

    role: str
    profile_arn: str | None
    credentials: Credentials


def load(source: Source, context: Context) -> Credentials:
    """The credentials of the instance's role.

    Raises `ConfigError` for a setting, and `CredentialsError`.
    """
    return _ask(source, with_profile=False).credentials


def describe(source: Source) -> Instance:
    """The instance's role, its instance profile and its credentials. Raises as `load`."""
    return _ask(source, with_profile=True)


def _ask(source: Source, with_profile: bool) -> Instance:
    if metadata_is_off(source.get(METADATA_DISABLED)):
        raise source_error(
            source, f"{METADATA_DISABLED} switches it off; unset it to use it"
        )
    timeout = values.number(source.get("metadata_service_timeout"), TIMEOUTS)
    attempts = values.number(source.get("metadata_service_num_attempts"), ATTEMPTS)
    mode = _mode(source)
    is_v1_off = values.is_true(source.get("ec2_metadata_v1_disabled"))
    try:
        fetcher = MetadataFetcher(
            timeout=timeout or TIMEOUT,
            num_attempts=attempts or 1,
            user_agent=USER_AGENT,
            config={
                "ec2_metadata_service_endpoint": source.value(
                    "ec2_metadata_service_endpoint"
                ),
                "ec2_metadata_service_endpoint_mode": mode,
                "ec2_metadata_v1_disabled": is_v1_off,
            },
            env={},
        )
        found = fetcher.retrieve_iam_role_credentials()
        arn = fetcher.instance_profile() if found and with_profile else None
    except InvalidIMDSEndpointError:
        setting = source.get("ec2_metadata_service_endpoint")
        assert setting is not None
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no URL; write http://HOST:PORT"
        ) from None
    except MetadataRetrievalError:
        # the one reason it has: no token, and v1 switched off
        raise source_error(
            source,
            f"no IMDSv2 token from {fetcher.get_base_url()}, and ec2_metadata_v1_disabled "
            "forbids IMDSv1; is this an EC2 instance, and no container too many hops away?",
        ) from None
    except (BotoCoreError, OSError) as error:
        raise source_error(source, f"{fetcher.get_base_url()}: {error}") from None
    except MALFORMED:
        raise source_error(
            source, f"what answers at {fetcher.get_base_url()} is no EC2 metadata"
        ) from None
    if not found:
        raise _nothing(source, fetcher)
    expires = from_iso8601(str(found["expiry_time"]))
    if expires is None:
        raise source_error(source, "the expiration it gave is no ISO 8601 time")
    credentials = checked(
        source, found["access_key"], found["secret_key"], found["token"], expires
    )
    return Instance(found["role_name"], arn, credentials)


def _nothing(source: Source, fetcher: MetadataFetcher) -> CredentialsError:
    url = fetcher.get_base_url()
    if fetcher.status is None:
        return source_error(
            source,
            f"no EC2 instance metadata at {url}; this is no EC2 instance, or its "
            "metadata service is off: name another PROFILE or source",
        )
    if fetcher.status == 404:
        return source_error(
            source, f"{url} knows no role; attach an instance profile to the instance"
        )
    if fetcher.status != 200:
        return source_error(
            source,
            f"{url} answers with HTTP status {fetcher.status}; is this an EC2 instance?",
        )
    return source_error(
        source,
        f"{url} has no credentials for the attached role; check that EC2 is in the "
        "role's trust policy",
    )


def _mode(source: Source) -> str:
    setting = source.get("ec2_metadata_service_endpoint_mode")
    if setting is None:
        return "ipv6" if values.is_true(source.get("imds_use_ipv6")) else "ipv4"
    if setting.value.lower() not in METADATA_ENDPOINT_MODES:
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no endpoint mode; write IPv4 "
            "or IPv6"
        )
    return setting.value.lower()
