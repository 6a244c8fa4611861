"""The first credentials of a chain, before any role: one module for each kind of source.

The protocols are botocore's, whose providers are given what our reader has read: it
reads files that botocore refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from awsexec.credentials.checks import unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError
from awsexec.plan.endpoint import Endpoint
from awsexec.plan.source_kinds import Source


@dataclass(frozen=True)
class Surroundings:
    """What a source may use of the world.

    `paths` are the config file's and the credentials file's, and `hops` the names of the
    profiles from the selected one to the source's. `show` puts text on the
    controlling terminal and raises `terminal.NoTerminal`; it is None where the user is
    not to be asked for anything. `device_code` and `browser` say how to sign in.
    `lock` holds, among processes, the lock of a name, and says why it waits.
    """

    environ: Mapping[str, str]
    paths: tuple[str, str]
    hops: tuple[str, ...]
    endpoint: Endpoint
    retries: Mapping[str, Any] | None
    show: Callable[[str], None] | None
    device_code: bool
    browser: bool
    lock: Callable[[str, str], AbstractContextManager[None]]
    debug: Callable[[str], None]


def load(source: Source, around: Surroundings) -> Credentials:
    """The credentials of `source`. Raises `CredentialsError` and `Interrupted`."""
    if source.kind == "static":
        from awsexec.credentials.sources.static import load
    elif source.kind == "environment":
        from awsexec.credentials.sources.environment import load
    elif source.kind == "ec2 metadata":
        from awsexec.credentials.sources.ec2 import load
    elif source.kind == "container":
        from awsexec.credentials.sources.container import load
    elif source.kind == "process":
        from awsexec.credentials.sources.process import load
    elif source.kind == "web identity":
        from awsexec.credentials.sources.web_identity import load
    elif source.kind == "sso":
        from awsexec.credentials.sources.sso import load
    else:
        from awsexec.credentials.sources.login import load
    return load(source, around)


def failed(source: Source, what: str) -> CredentialsError:
    """The failure of `source`: `what` happened, and what to do."""
    return CredentialsError(f"{source.label}: {what}")


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


def client_creator(source: Source, around: Surroundings) -> Callable[..., Any]:
    """What botocore's providers make their clients with."""
    from awsexec.credentials.sdk.clients import Clients

    clients: list[Clients] = []

    def create(service: str, config: Any = None, region_name: str = "") -> Any:
        if not clients:
            clients.append(Clients(around.endpoint, around.retries, handlers=True))
        url = dict(source.urls).get(service.replace("-", "_"))
        if service == "sts":
            url = around.endpoint.url
        region = region_name or config.region_name or around.endpoint.region
        client = clients[0].create(service, region, url, config=config)
        around.debug(f"{source.kind}: {service} at {client.meta.endpoint_url}")
        return client

    return create


def taken(source: Source, found: Any) -> Credentials:
    """What botocore's `found` holds, fetched if that was put off till now.

    Raises what botocore's provider raises, and `CredentialsError` for credentials
    that nobody could sign with.
    """
    try:
        frozen = found.get_frozen_credentials()
    except RuntimeError as error:
        if "still expired" not in str(error):
            raise
        raise failed(source, "it gave credentials that have expired already") from None
    except TypeError as error:
        # botocore compares times with and without a zone
        if "offset-naive" not in str(error):
            raise
        raise failed(source, "the expiration it gave has no time zone") from None
    expires = getattr(found, "_expiry_time", None)
    return checked(
        source,
        frozen.access_key,
        frozen.secret_key,
        frozen.token,
        int(expires.timestamp()) if expires else None,
    )


def checked(
    source: Source, key_id: Any, secret: Any, token: Any, expires: int | None
) -> Credentials:
    """What `source` gave as credentials. Raises `CredentialsError` if it is none."""
    for name, value in (
        ("key id", key_id),
        ("secret key", secret),
        ("session token", token or "-"),
    ):
        if why := unsendable(value):
            raise failed(source, f"the {name} it gave {why}")
    return Credentials(key_id, secret, token or None, expires)
