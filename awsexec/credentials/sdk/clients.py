"""Clients of AWS services, all set up alike. The one place where the SDK is loaded."""

from __future__ import annotations

import os

import botocore
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.httpsession
import botocore.loaders
import botocore.parsers
import botocore.session
import botocore.utils
from botocore.configprovider import ConstantProvider

from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import ENDPOINTS, short_reason
from awsexec.errors import shown
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.endpoint import Endpoint

USER_AGENT = f"awsexec/{__version__}"
# seconds
CONNECT_TIMEOUT, READ_TIMEOUT = 10, 10


class Clients:
    """Makes clients.

    Of `endpoint`, what holds for every service counts: the certificates to trust, and
    which kind of AWS's own endpoints is wanted. `retries` is botocore's ``retries``
    setting (SDKs and Tools Reference Guide, "Retry behavior"); with None, three tries,
    since somebody waits. `handlers` is whether they have botocore's built-in ones:
    half of those are S3's, and its own providers count on some of the others.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        *,
        handlers: bool = False,
    ) -> None:
        self._ca_bundle = endpoint.ca_bundle
        self._session = botocore.session.Session(include_builtin_handlers=handlers)
        self._session.register_component("data_loader", _Loader())
        # every setting that counts is passed below: the user's files, which botocore
        # may not be able to read, and AWS_PROFILE have no say in here
        for name in ("config_file", "credentials_file"):
            self._session.set_config_variable(name, os.devnull)
        self._session.get_component("config_store").set_config_provider(
            "profile", ConstantProvider(None)
        )
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
        """A client of `service` in `region`, at `url` if one is configured.

        `config` is a botocore ``Config``, which wins. Raises `Unreachable` where there
        can be none.
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
            # what it says is of the region and the URL
            raise Unreachable(place, str(error)) from None

    def get(self, url: str, query: str) -> tuple[int, bytes]:
        """The status and body of what is at `url` with `query`, which may be a secret.

        By the way, and with the trust, of the clients' calls, but unsigned. A redirect
        is not followed. Raises `Unreachable`.
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
            # urllib3 puts the whole of it into some of its errors
            reason = "the connection failed" if query in reason else reason
            raise Unreachable(url, reason) from None
        finally:
            session.close()

    def _checked_bundle(self, url: str) -> str | None:
        bundle = self._ca_bundle
        if bundle is not None and not os.path.exists(bundle):
            raise Unreachable(url, f"there is no CA bundle {shown(bundle)}")
        return bundle


class _Loader(botocore.loaders.Loader):  # type: ignore[misc]
    """Loads the models of our services without looking which other services there are.

    botocore lists some four hundred directories for that, twice: a sixth of the time
    that a call takes.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return ["sts", "iam", "sso", "sso-oidc", "signin"]
