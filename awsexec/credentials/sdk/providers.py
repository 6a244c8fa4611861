"""botocore's credential providers, given what awsexec has read of the user's files."""

from __future__ import annotations

import json

from botocore import UNSIGNED
from botocore.config import Config
from botocore.utils import InstanceMetadataFetcher

from awsexec.credentials.checks import MALFORMED, checked, source_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def config_of(source: Source) -> dict[str, Any]:
    """The settings of `source` as botocore's providers want the config files."""
    profile = {item.name: item.value for item in source.settings if item.name}
    sessions = {}
    if "sso_session" in profile:
        sessions[profile["sso_session"]] = {
            name: profile[name]
            for name in ("sso_start_url", "sso_region", "sso_registration_scopes")
            if name in profile
        }
    return {"profiles": {source.profile.name: profile}, "sso_sessions": sessions}


def client_creator(source: Source, context: Context) -> Callable[..., Any]:
    """What botocore's providers make their clients with."""
    from awsexec.credentials.sdk.clients import Clients

    clients: list[Clients] = []

    def create(
        service: str, config: Any = None, region_name: str = "", unsigned: bool = False
    ) -> Any:
        if not clients:
            clients.append(Clients(context.endpoint, context.retries, handlers=True))
        url = dict(source.urls).get(service.replace("-", "_"))
        if service == "sts":
            url = context.endpoint.url
        region = region_name or config.region_name or context.endpoint.region
        if unsigned:
            config = Config(signature_version=UNSIGNED)
        client = clients[0].create(service, region, url, config=config)
        context.debug(f"{source.kind.label}: {service} at {client.meta.endpoint_url}")
        return client

    return create


def from_botocore(source: Source, found: Any) -> Credentials:
    """What botocore's `found` holds, fetched if that was put off till now.

    Raises what botocore's provider raises, and `CredentialsError` for credentials
    that nobody could sign with.
    """
    try:
        frozen = found.get_frozen_credentials()
    except RuntimeError as error:
        if "still expired" not in str(error):
            raise
        raise source_error(
            source, "it gave credentials that have expired already"
        ) from None
    except TypeError as error:
        # botocore compares times with and without a zone
        if "offset-naive" not in str(error):
            raise
        raise source_error(source, "the expiration it gave has no time zone") from None
    expires = getattr(found, "_expiry_time", None)
    return checked(
        source,
        frozen.access_key,
        frozen.secret_key,
        frozen.token,
        int(expires.timestamp()) if expires else None,
    )


class MetadataFetcher(InstanceMetadataFetcher):  # type: ignore[misc]
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
