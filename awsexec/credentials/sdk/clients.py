"""Clients of AWS services, all set up alike, and the calls that they make."""

from __future__ import annotations

import os
import ssl
import sys

import botocore
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.httpsession
import botocore.utils

from awsexec import bounded
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import (
    ENDPOINTS,
    check_answer,
    failures,
    from_network,
)
from awsexec.credentials.sdk.internals import bare_session, default_bundle
from awsexec.errors import ConfigError, reason, shown
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.endpoint import Endpoint

    T = TypeVar("T")

USER_AGENT = f"awsexec/{__version__}"
# seconds
CONNECT_TIMEOUT, READ_TIMEOUT = 10, 10
# for calls that are not signed
UNSIGNED = botocore.config.Config(signature_version=botocore.UNSIGNED)


class Clients:
    """Makes clients.

    Two things of `endpoint` hold for every service: the certificates to trust, and
    which kind of AWS's own endpoints is wanted. `retries` is botocore's ``retries``
    setting (SDKs and Tools Reference Guide, "Retry behavior"). With None there are three
    attempts, since somebody waits. `handlers` is whether the clients get botocore's
    built-in event handlers: half of those are for S3, and botocore's own providers need
    some of the others. `connections` is how many threads may use a client at the same
    time, 0 for botocore's own number.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        *,
        handlers: bool = False,
        connections: int = 0,
    ) -> None:
        self._endpoint = endpoint
        self._session = bare_session(handlers)
        self._session.register("before-parse", check_answer)
        self._config = botocore.config.Config(
            user_agent_extra=USER_AGENT,
            ignore_configured_endpoint_urls=True,
            use_fips_endpoint=endpoint.fips,
            use_dualstack_endpoint=endpoint.dualstack,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=connections or botocore.config.MAX_POOL_CONNECTIONS,
            retries=dict(retries or {"mode": "standard", "total_max_attempts": 3}),
        )

    def create(
        self,
        service: str,
        region: str,
        url: str | None,
        signer: Credentials | None = None,
        config: Any = None,
    ) -> Any:
        """Return a botocore client of `service` in `region`.

        It calls `url` if one is configured. Without a `signer` its calls are not signed:
        no credentials of the environment or of the machine are looked for. `config` is a
        botocore ``Config``, which wins over the one of all clients. Raises `Unreachable` if
        AWS has no such endpoint, `ConfigError` if the certificates to trust cannot be read,
        and as `failures` does.
        """
        place = url or f"{service.upper()} in {region}"
        bundle = checked_bundle(self._endpoint, place)
        keys, settings = {}, self._config
        if config is not None:
            settings = settings.merge(config)
        if signer is None:
            settings = settings.merge(UNSIGNED)
        else:
            keys = {
                "aws_access_key_id": signer.key_id,
                "aws_secret_access_key": signer.secret,
                "aws_session_token": signer.token,
            }
        with failures(place):
            try:
                return self._session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=url,
                    verify=bundle,
                    config=settings,
                    **keys,
                )
            except (botocore.exceptions.BotoCoreError, ValueError, *ENDPOINTS) as error:
                # its text is about the region and the URL
                cause = Unreachable.REQUEST if url else Unreachable.ENDPOINT
                raise Unreachable(place, str(error), cause) from None

    def get(self, url: str, query: str) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of `url` with `query`, which may be a secret.

        The request goes the way of the clients' calls, with the same trust, but is not
        signed. A redirect is not followed. Raises `Unreachable` and `ConfigError`.
        """
        session = botocore.httpsession.URLLib3Session(
            verify=checked_bundle(self._endpoint, url) or True,
            proxies=botocore.utils.get_environ_proxies(url),
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
        )
        request = botocore.awsrequest.AWSRequest(
            "GET", f"{url}?{query}", {"User-Agent": USER_AGENT}
        )
        try:
            answer = session.send(request.prepare())
            return answer.status_code, answer.headers, answer.content
        except (botocore.exceptions.BotoCoreError, OSError, ValueError) as error:
            failure = from_network(url, error)
            if query in failure.reason:
                # urllib3 puts the whole query into some of its errors
                failure = Unreachable(url, "the connection failed", failure.cause)
            raise failure from None
        finally:
            session.close()


def kept_bundle() -> str | None:
    """Return a path to botocore's certificates that stays when their file is deleted.

    This process keeps the file open. Only Linux has such a path; None elsewhere.
    """
    if sys.platform != "linux":
        return None
    path = f"/proc/self/fd/{os.open(default_bundle(), os.O_RDONLY)}"
    # a sandbox may have no /proc
    return path if os.path.exists(path) else None


def call(
    client: Any,
    operation: str,
    parameters: Mapping[str, object],
    read: Callable[[dict[str, Any]], T],
) -> T:
    """Return what `read` finds in the answer to one call of `client`.

    `operation` is AWS's name for it, such as "AssumeRole". Raises as `failures` does,
    which also covers what `read` raises.
    """
    with failures(url_of(client)):
        method = getattr(client, botocore.xform_name(operation))
        return read(method(**parameters))


def checked_bundle(endpoint: Endpoint, url: str) -> str | None:
    """Return the file of certificates to trust for `url`, None for the default.

    Raises `ConfigError` if there is none in the file.
    """
    bundle = endpoint.ca_bundle
    if bundle is None or url.startswith("http://"):
        return bundle
    # as botocore loads it, whose error would be one of the connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # OpenSSL reads whatever it is to its end
        is_file = os.path.isfile(bundle) and os.path.getsize(bundle) <= bounded.LARGEST
        if os.path.exists(bundle) and not is_file:
            raise ValueError("it is not a file of certificates")
        context.load_verify_locations(bundle)
    except (OSError, ValueError) as error:
        why = reason(error)
        if isinstance(error, ssl.SSLError):
            why = "it holds no certificates in PEM format"
        elif os.path.isdir(bundle):
            why = "it is a folder"
        where = endpoint.bundle_by.where if endpoint.bundle_by else "ca_bundle"
        raise ConfigError(
            f"{where}: cannot use the certificates in {shown(bundle)}: {why}; name a file "
            "of certificates, or remove the setting"
        ) from None
    return bundle


def url_of(client: Any) -> str:
    """Return the URL that `client` calls."""
    return str(client.meta.endpoint_url)
