"""Clients of AWS services, all set up alike. The one place where the SDK is loaded."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import botocore
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.httpsession
import botocore.loaders
import botocore.parsers
import botocore.session
import botocore.utils
import urllib3.exceptions
from botocore.configprovider import ConstantProvider

from awsexec.credentials.aws_errors import Refused, Unreachable
from awsexec.credentials.checks import MALFORMED
from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError, shown
from awsexec.plan.endpoint import Endpoint
from awsexec.version import __version__

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
        except (botocore.exceptions.BotoCoreError, ValueError, *_ENDPOINTS) as error:
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
            reason = _short(error)
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


# botocore's words for endpoints of a kind that AWS does not have
_ENDPOINTS = (
    botocore.exceptions.BaseEndpointResolverError,
    botocore.exceptions.EndpointProviderError,
)


@contextlib.contextmanager
def failures(service: str, url: str) -> Iterator[None]:
    """Around a call of `service` at `url`, and all that is read of its answer.

    What that fails of becomes `Refused` where the service says no; `Unreachable` where
    nobody answers, or somebody else does; and `CredentialsError` where it is a file of
    this machine. None of their texts has anything in it that was sent: that may be a
    secret.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise _refused(error) from None
    except (
        botocore.exceptions.ConnectionError,
        botocore.exceptions.HTTPClientError,
    ) as error:
        raise Unreachable(url, _short(error)) from None
    except _ENDPOINTS as error:
        raise Unreachable(url, str(error)) from None
    except botocore.exceptions.BotoCoreError as error:
        kind = type(error).__name__
        raise Unreachable(url, f"no request can be made ({kind})") from None
    except (botocore.parsers.ResponseParserError, *MALFORMED):
        # the page of a proxy or of a network that wants a sign-in, or another server
        raise Unreachable(url, f"what answers there is not {service}") from None
    except OSError as error:
        # the network's come as those above
        if error.errno == errno.EOVERFLOW:
            # a time beyond what this machine can tell
            raise Unreachable(url, f"what answers there is not {service}") from None
        place = f"{shown(os.fsdecode(error.filename))}: " if error.filename else ""
        reason = error.strerror or type(error).__name__
        raise CredentialsError(f"{place}{reason}; mend that and try again") from None


class _Loader(botocore.loaders.Loader):  # type: ignore[misc]
    """Loads the models of our services without looking which other services there are.

    botocore lists some four hundred directories for that, twice: a sixth of the time
    that a call takes.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return ["sts", "iam", "sso", "sso-oidc", "signin"]


def date_of(response: Mapping[str, Any]) -> float | None:
    """When `response` was sent, by the sender's clock; None where it does not say.

    Seconds since the epoch, from its Date header (RFC 9110).
    """
    import email.utils

    text = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None


def _refused(error: botocore.exceptions.ClientError) -> Refused:
    response = error.response
    date = date_of(response)
    skew = None if date is None else time.time() - date
    details = response.get("Error", {})
    return Refused(
        str(details.get("Code") or "an unknown error"),
        str(details.get("Message") or "no message"),
        skew,
    )


# what speaks of the connection, and not of what was to be sent
_OF_THE_NETWORK = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)


def _short(error: Exception) -> str:
    """What a connection failed of, without the layers around it."""
    if isinstance(error, botocore.exceptions.SSLError):
        kind = "TLS failed"
    elif isinstance(error, botocore.exceptions.ProxyConnectionError):
        kind = "the proxy does not answer"
    elif isinstance(error, botocore.exceptions.ConnectTimeoutError):
        kind = "no connection in time"
    elif isinstance(error, botocore.exceptions.ReadTimeoutError):
        kind = "no answer in time"
    elif isinstance(error, botocore.exceptions.ConnectionClosedError):
        kind = "the connection was closed"
    else:
        kind = ""
    cause: BaseException | None = error.__dict__.get("kwargs", {}).get("error") or error
    while cause is not None and (inner := _inner(cause)) is not None:
        cause = inner
    if not isinstance(cause, _OF_THE_NETWORK):
        # Python's words for a header that cannot be one have all of it
        return kind or "the request cannot be sent"
    text = getattr(cause, "strerror", None) or str(cause)
    return f"{kind} ({text})" if kind else text


def _inner(error: BaseException) -> BaseException | None:
    """The error below one of urllib3's: its reason, or what it was raised from."""
    for name in ("reason", "original_error", "__cause__", "__context__"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException):
            return inner
    return None
