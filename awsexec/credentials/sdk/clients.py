"""Clients of AWS services, all set up alike, and the calls that they make."""

from __future__ import annotations

import os
import sys

import botocore
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.httpsession
import botocore.utils

from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import ENDPOINTS, failures, short_reason
from awsexec.credentials.sdk.internals import bare_session, default_bundle
from awsexec.errors import shown
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


class Clients:
    """Makes clients.

    Two things of `endpoint` hold for every service: the certificates to trust, and
    which kind of AWS's own endpoints is wanted. `retries` is botocore's ``retries``
    setting (SDKs and Tools Reference Guide, "Retry behavior"). With None there are three
    attempts, since somebody waits. `handlers` is whether the clients get botocore's
    built-in event handlers: half of those are for S3, and botocore's own providers need
    some of the others.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        *,
        handlers: bool = False,
    ) -> None:
        self._ca_bundle = endpoint.ca_bundle
        self._session = bare_session(handlers)
        self._config = botocore.config.Config(
            user_agent_extra=USER_AGENT,
            ignore_configured_endpoint_urls=True,
            use_fips_endpoint=endpoint.fips,
            use_dualstack_endpoint=endpoint.dualstack,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
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

        It calls `url` if one is configured. `config` is a botocore ``Config``, which wins
        over the one of all clients. Raises `Unreachable` if AWS has no such endpoint, and
        as `failures` does.
        """
        place = url or f"{service.upper()} in {region}"
        bundle = self._checked_bundle(place)
        keys = {}
        if signer is not None:
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
                    config=self._config.merge(config) if config else self._config,
                    **keys,
                )
            except (botocore.exceptions.BotoCoreError, ValueError, *ENDPOINTS) as error:
                # its text is about the region and the URL
                raise Unreachable(place, str(error)) from None

    def get(self, url: str, query: str) -> tuple[int, bytes]:
        """Return the status and the body of `url` with `query`, which may be a secret.

        The request goes the way of the clients' calls, with the same trust, but is not
        signed. A redirect is not followed. Raises `Unreachable`.
        """
        session = botocore.httpsession.URLLib3Session(
            verify=self._checked_bundle(url) or True,
            proxies=botocore.utils.get_environ_proxies(url),
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
        )
        request = botocore.awsrequest.AWSRequest(
            "GET", f"{url}?{query}", {"User-Agent": USER_AGENT}
        )
        try:
            answer = session.send(request.prepare())
            return answer.status_code, answer.content
        except (botocore.exceptions.BotoCoreError, OSError, ValueError) as error:
            reason = short_reason(error)
            # urllib3 puts the whole query into some of its errors
            reason = "the connection failed" if query in reason else reason
            raise Unreachable(url, reason) from None
        finally:
            session.close()

    def _checked_bundle(self, url: str) -> str | None:
        bundle = self._ca_bundle
        if bundle is not None and not os.path.exists(bundle):
            raise Unreachable(url, f"the CA bundle {shown(bundle)} does not exist")
        return bundle


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


def url_of(client: Any) -> str:
    """Return the URL that `client` calls."""
    return str(client.meta.endpoint_url)
