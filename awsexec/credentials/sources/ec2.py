"""The role of the EC2 instance, from its metadata (EC2 User Guide, "IMDS").

IMDSv2 is tried first, and v1 where it is not switched off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    InvalidIMDSEndpointError,
    MetadataRetrievalError,
)
from botocore.utils import METADATA_ENDPOINT_MODES, InstanceMetadataFetcher

from awsexec.credentials.checks import MALFORMED
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.clients import USER_AGENT
from awsexec.credentials.sources import Surroundings, checked, failed
from awsexec.errors import ConfigError, CredentialsError, shown
from awsexec.plan.source_kinds import METADATA_DISABLED, Source, metadata_is_off
from awsexec.profiles import values
from awsexec.times import from_iso8601

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


def load(source: Source, around: Surroundings) -> Credentials:
    """The credentials of the instance's role.

    Raises `ConfigError` for a setting, and `CredentialsError`.
    """
    return _ask(source, with_profile=False).credentials


def describe(source: Source) -> Instance:
    """The instance's role, its instance profile and its credentials. Raises as `load`."""
    return _ask(source, with_profile=True)


def _ask(source: Source, with_profile: bool) -> Instance:
    if metadata_is_off(source.get(METADATA_DISABLED)):
        raise failed(source, f"{METADATA_DISABLED} switches it off; unset it to use it")
    timeout = values.number(source.get("metadata_service_timeout"), TIMEOUTS)
    attempts = values.number(source.get("metadata_service_num_attempts"), ATTEMPTS)
    mode = _mode(source)
    is_v1_off = values.is_true(source.get("ec2_metadata_v1_disabled"))
    try:
        fetcher = _Fetcher(
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
        raise failed(
            source,
            f"no IMDSv2 token from {fetcher.get_base_url()}, and ec2_metadata_v1_disabled "
            "forbids IMDSv1; is this an EC2 instance, and no container too many hops away?",
        ) from None
    except (BotoCoreError, OSError) as error:
        raise failed(source, f"{fetcher.get_base_url()}: {error}") from None
    except MALFORMED:
        raise failed(
            source, f"what answers at {fetcher.get_base_url()} is no EC2 metadata"
        ) from None
    if not found:
        raise _nothing(source, fetcher)
    expires = from_iso8601(str(found["expiry_time"]))
    if expires is None:
        raise failed(source, "the expiration it gave is no ISO 8601 time")
    credentials = checked(
        source, found["access_key"], found["secret_key"], found["token"], expires
    )
    return Instance(found["role_name"], arn, credentials)


class _Fetcher(InstanceMetadataFetcher):  # type: ignore[misc]
    """botocore's, which remembers what it was answered, and asks for more."""

    status: int | None = None

    def instance_profile(self) -> str | None:
        """The ARN of the instance profile, None where the metadata does not say."""
        try:
            answer = self._get_request(
                "latest/meta-data/iam/info",
                self._needs_retry_for_credentials,
                self._fetch_metadata_token(),
            )
            arn = json.loads(answer.text).get("InstanceProfileArn")
        except (self._RETRIES_EXCEEDED_ERROR_CLS, *MALFORMED):
            return None
        return arn if isinstance(arn, str) else None

    def _is_non_ok_response(self, response: Any) -> bool:
        self.status = response.status_code
        return bool(super()._is_non_ok_response(response))

    def _evaluate_expiration(self, credentials: dict[str, str]) -> None:
        """Leave the expiration as it is.

        botocore makes one that is near a later one, for processes that live long.
        COMMAND, and the cache, want the truth.
        """


def _nothing(source: Source, fetcher: _Fetcher) -> CredentialsError:
    url = fetcher.get_base_url()
    if fetcher.status is None:
        return failed(
            source,
            f"no EC2 instance metadata at {url}; this is no EC2 instance, or its "
            "metadata service is off: name another PROFILE or source",
        )
    if fetcher.status == 404:
        return failed(
            source, f"{url} knows no role; attach an instance profile to the instance"
        )
    if fetcher.status != 200:
        return failed(
            source,
            f"{url} answers with HTTP status {fetcher.status}; is this an EC2 instance?",
        )
    return failed(
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
