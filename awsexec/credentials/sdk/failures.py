"""From the SDK's errors to `Refused` and `Unreachable`."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import time

import botocore.exceptions
import botocore.parsers
import urllib3.exceptions

from awsexec.credentials.checks import READING_ERRORS
from awsexec.credentials.sdk.errors import Refused, UnexpectedResponse, Unreachable
from awsexec.credentials.sdk.internals import detail
from awsexec.errors import CredentialsError, reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

# botocore's errors for a kind of endpoint that AWS does not have
ENDPOINTS = (
    botocore.exceptions.BaseEndpointResolverError,
    botocore.exceptions.EndpointProviderError,
)


@contextlib.contextmanager
def failures(url: str) -> Iterator[None]:
    """Turn the errors of a call of the service at `url`, and of reading its answer.

    They become `Refused` where the service answers with an error, `Unreachable` where no
    answer comes, `UnexpectedResponse` where it is not the service that answers, and
    `CredentialsError` for a file of this machine. No text holds anything that was sent,
    which may be a secret.
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
        raise Unreachable(url, f"the request cannot be made ({kind})") from None
    except (botocore.parsers.ResponseParserError, *READING_ERRORS):
        # the page of a proxy or of a network that wants a sign-in, or another server
        raise UnexpectedResponse(url) from None
    except OSError as error:
        # the network's errors are caught above
        if error.errno == errno.EOVERFLOW:
            # a time that this machine cannot represent
            raise UnexpectedResponse(url) from None
        place = f"{shown(os.fsdecode(error.filename))}: " if error.filename else ""
        why = error.strerror or type(error).__name__
        raise CredentialsError(f"{place}{why}; correct that and try again") from None


def date_of(response: Mapping[str, Any]) -> float | None:
    """Return when `response` was sent, by the sender's clock; None if it does not say.

    In seconds since the epoch, from its Date header (RFC 9110).
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


# errors whose texts are about the connection, and not about what was to be sent
_OF_THE_NETWORK = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)


def short_reason(error: Exception) -> str:
    """Return why a connection failed, without the layers around the reason."""
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
    cause: BaseException | None = detail(error, "error") or error
    while cause is not None and (inner := _inner(cause)) is not None:
        cause = inner
    if not isinstance(cause, _OF_THE_NETWORK):
        # Python's error for an invalid header quotes all of it
        return kind or "the request cannot be sent"
    text = reason(cause)
    return f"{kind} ({text})" if kind else text


def _inner(error: BaseException) -> BaseException | None:
    """Return the error below one of urllib3's: its reason, or what it was raised from."""
    for name in ("reason", "original_error", "__cause__", "__context__"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException):
            return inner
    return None
