"""From the SDK's errors to `Refused` and `Unreachable`."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import time

import botocore
import urllib3.exceptions

from awsexec.credentials.checks import MALFORMED
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import CredentialsError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

# botocore's words for endpoints of a kind that AWS does not have
ENDPOINTS = (
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
        raise Unreachable(url, short_reason(error)) from None
    except ENDPOINTS as error:
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


def short_reason(error: Exception) -> str:
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
