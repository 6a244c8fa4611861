"""The role of the EC2 instance, from its metadata (EC2 User Guide, "IMDS").

IMDSv2 is tried first, then IMDSv1 unless it is turned off.
"""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import checked, source_error
from awsexec.credentials.sdk.errors import (
    InvalidMetadataUrl,
    Malformed,
    NoMetadataToken,
    ProviderFailed,
    Unreachable,
)
from awsexec.credentials.sdk.providers import InstanceMetadata
from awsexec.errors import ConfigError, CredentialsError, shown
from awsexec.plan.endpoint import DEFAULT
from awsexec.plan.source_kinds import METADATA_DISABLED, metadata_is_off
from awsexec.profiles import values
from awsexec.profiles.files import Setting
from awsexec.times import from_iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.source import Source

# Seconds for a connection, and for an answer, which comes from the machine itself. Off
# EC2 mostly nobody answers, which takes two attempts to find out, for v2 and for v1.
TIMEOUT = (0.5, 0.5)
# the bounds of metadata_service_timeout (seconds) and metadata_service_num_attempts
TIMEOUT_BOUNDS, ATTEMPT_BOUNDS = (1, 3600), (1, 100)
MODES = ("ipv4", "ipv6")


class Instance:
    """An instance's role: its name, its profile's ARN if known, and its credentials."""

    __slots__ = ("role", "profile_arn", "credentials")

    def __init__(
        self, role: str, profile_arn: str | None, credentials: Credentials
    ) -> None:
        self.role = role
        self.profile_arn = profile_arn
        self.credentials = credentials


def load(source: Source, context: Context) -> Credentials:
    """Return the credentials of the instance's role.

    Raises `ConfigError` for a setting, and `CredentialsError`.
    """
    return _ask(source, context.endpoint, with_profile=False).credentials


def describe(source: Source, endpoint: Endpoint) -> Instance:
    """Return the instance's role, its instance profile and its credentials.

    Raises as `load`.
    """
    return _ask(source, endpoint, with_profile=True)


def _ask(source: Source, endpoint: Endpoint, with_profile: bool) -> Instance:
    if metadata_is_off(source.get(METADATA_DISABLED)):
        raise source_error(
            source, f"{METADATA_DISABLED} turns it off; unset that variable to use it"
        )
    timeout = values.number(source.get("metadata_service_timeout"), TIMEOUT_BOUNDS)
    attempts = values.number(
        source.get("metadata_service_num_attempts"), ATTEMPT_BOUNDS
    )
    try:
        metadata = InstanceMetadata(
            endpoint=source.value("ec2_metadata_service_endpoint"),
            mode=_mode(source),
            is_v1_disabled=values.is_true(source.get("ec2_metadata_v1_disabled")),
            timeout=timeout or TIMEOUT,
            attempts=attempts or 1,
        )
    except InvalidMetadataUrl:
        setting = source.get("ec2_metadata_service_endpoint")
        assert setting is not None
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is not a URL; write "
            "http://HOST:PORT"
        ) from None
    try:
        found = metadata.role()
        arn = metadata.instance_profile() if found and with_profile else None
        if not found:
            raise _nothing(source, metadata, endpoint)
        expires = from_iso8601(str(found["expiry_time"]))
        if expires is None:
            raise source_error(
                source, "the expiration it gave is not a time in ISO 8601"
            )
    except NoMetadataToken:
        raise source_error(
            source,
            f"no IMDSv2 token from {metadata.url}, and ec2_metadata_v1_disabled forbids "
            "IMDSv1; check that this is an EC2 instance, and no container too many hops away from it",
        ) from None
    except Unreachable as error:
        raise _unreachable(source, error, endpoint) from None
    except ProviderFailed as error:
        raise source_error(source, f"{metadata.url}: {error.reason}") from None
    except Malformed:
        raise source_error(
            source,
            f"unexpected response from {metadata.url}, which is not EC2 metadata; check "
            "that this is an EC2 instance",
        ) from None
    credentials = checked(
        source, found["access_key"], found["secret_key"], found["token"], expires
    )
    return Instance(found["role_name"], arn, credentials)


def _unreachable(
    source: Source, error: Unreachable, endpoint: Endpoint
) -> CredentialsError:
    settings = map(
        source.get,
        ("ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode"),
    )
    made_by = [one for one in settings if one is not None][:1]
    default = Setting.outside("address", error.url, DEFAULT)
    return aws_errors.unreachable(
        error, endpoint, "the EC2 instance metadata", made_by or [default]
    )


def _nothing(
    source: Source, metadata: InstanceMetadata, endpoint: Endpoint
) -> CredentialsError:
    """Return why the metadata service gave no credentials."""
    url, status = metadata.url, metadata.status
    if status is None:
        return source_error(
            source,
            f"no EC2 instance metadata at {url}; this is not an EC2 instance, or its "
            "metadata service is turned off: name another PROFILE or source",
        )
    if status == 404:
        return source_error(
            source,
            f"{url} names no role; attach an instance profile to the instance",
        )
    error = metadata.not_of_ec2()
    if error is not None:
        return _unreachable(source, error, endpoint)
    if status != 200:
        return source_error(
            source,
            f"{url} answers with HTTP status {status}; check that this is an EC2 instance, "
            "and that its metadata service is turned on",
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
    if setting.value.lower() not in MODES:
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is not an endpoint mode; write "
            "IPv4 or IPv6"
        )
    return setting.value.lower()
