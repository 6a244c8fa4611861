"""From the SDK's errors and HTTP's to `Refused` and `Unreachable`: what went wrong.

This is the one place that tells AWS's own refusals from throttling, from failures of a
service, and from what a proxy or another server says. `aws_errors` says it to the user.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import socket
import time
import urllib.parse

import botocore.exceptions
import botocore.parsers
import urllib3.exceptions

from awsexec.credentials.checks import READING_ERRORS
from awsexec.credentials.sdk.errors import (
    Failed,
    Refused,
    Throttled,
    UnexpectedResponse,
    Unreachable,
)
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
# The codes for too many requests, of the services that awsexec calls and of all of AWS
# (SDKs and Tools Reference Guide, "Retry behavior"). None of them refuses anything.
THROTTLING = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "SlowDownException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsError",
        "TooManyRequestsException",
    }
)
# how a page begins
_PAGE = (b"<!doctype", b"<html")


class _NotAws(Exception):
    """An HTTP answer that no AWS service gives."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.answer = status, headers, body


@contextlib.contextmanager
def failures(url: str) -> Iterator[None]:
    """Turn the errors of a call of the service at `url`, and of reading its answer.

    They become `Refused` if AWS itself refuses, `Unreachable` if no answer comes or if it
    decides nothing (`Throttled`, `Failed`, `UnexpectedResponse`), and `CredentialsError`
    for a file of this machine. No text holds anything that was sent, which may be a
    secret.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise _from_client(url, error) from None
    except _NotAws as error:
        raise from_http(url, *error.answer) from None
    except (
        botocore.exceptions.ConnectionError,
        botocore.exceptions.HTTPClientError,
    ) as error:
        raise from_network(url, error) from None
    except ENDPOINTS as error:
        raise Unreachable(url, str(error), Unreachable.ENDPOINT) from None
    except botocore.exceptions.BotoCoreError as error:
        why = f"the request cannot be made ({type(error).__name__})"
        raise Unreachable(url, why, Unreachable.REQUEST) from None
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


def check_answer(
    response_dict: dict[str, Any], operation_model: Any, **_: object
) -> None:
    """Raise for an HTTP answer that AWS does not give, before botocore parses it.

    A handler of botocore's event "before-parse". botocore's parsers take a page of XHTML
    for an answer, and of others do not say the status. `failures` catches what is raised.
    """
    status, headers = response_dict["status_code"], response_dict["headers"]
    body = response_dict["body"]
    protocol = str(operation_model.service_model.metadata.get("protocol"))
    begins = b"{" if "json" in protocol else b"<"
    if not isinstance(body, bytes) or _may_be_of_aws(headers, body, begins):
        return
    if status < 300 and not body and operation_model.output_shape is None:
        # Logout of the access portal has nothing to say
        return
    if status >= 500:
        # without a body botocore does not parse it, and tries again
        response_dict["body"] = b""
    else:
        raise _NotAws(status, headers, body)


def unexpected(
    url: str, status: int, headers: Mapping[str, str], body: bytes
) -> Unreachable | None:
    """Return what an answer means if the AWS service at `url` would not give it; else None.

    The request need not have been one that the service takes: a refusal is fine.
    """
    is_of_aws = any(name.lower() == "x-amzn-requestid" for name in headers)
    # a refusal need not have a body
    is_refusal = _may_be_of_aws(headers, body, (b"<", b"{")) or (
        status >= 400 and not body
    )
    is_redirect = 300 <= status < 400
    fails = status >= 500 or status == 407
    if not fails and (is_of_aws or (is_refusal and not is_redirect)):
        return None
    return from_http(url, status, headers, body)


def _may_be_of_aws(
    headers: Mapping[str, str], body: bytes, begins: bytes | tuple[bytes, ...]
) -> bool:
    if any(name.lower() == "x-amzn-errortype" for name in headers):
        return True
    return not _is_page(body) and body.lstrip().startswith(begins)


def _is_page(body: bytes) -> bool:
    text = body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(_PAGE) or b"<html" in text


def from_http(
    url: str, status: int, headers: Mapping[str, str], body: bytes
) -> Unreachable:
    """Return what an HTTP answer of `url` means that has no error code of AWS."""
    said = f"HTTP {status}"
    phrase = http.client.responses.get(status)
    if phrase:
        said = f"{said} {phrase}"
    if status == 407:
        return UnexpectedResponse(url, said, Unreachable.PROXY_PASSWORD)
    if status == 429:
        return Throttled(url, said)
    if status >= 500 and status != 511:
        return Failed(url, f"{said}, without an error code of AWS")
    if 300 <= status < 400:
        location = next(
            (text for name, text in headers.items() if name.lower() == "location"), ""
        )
        try:
            host = urllib.parse.urlsplit(location).hostname
        except ValueError:
            host = None
        what = "a redirect" + (f" to {shown(host)}" if host else "")
    elif _is_page(body):
        what = "a web page"
    elif not body:
        what = "an empty answer"
    else:
        what = "no error code of AWS" if status >= 400 else "no answer of AWS"
    return UnexpectedResponse(url, f"{what}, {said}")


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


def _from_client(
    url: str, error: botocore.exceptions.ClientError
) -> Refused | Unreachable:
    """Return what an answer means that botocore takes for an error of the service."""
    response = error.response
    details = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    code, status = str(details.get("Code") or ""), metadata.get("HTTPStatusCode", 400)
    if not code or code.isdigit():
        # botocore fills in the status where the answer has no code
        message = str(details.get("Message") or "").encode()
        return from_http(url, status, metadata.get("HTTPHeaders", {}), message)
    date = date_of(response)
    skew = None if date is None else time.time() - date
    refused = Refused(code, str(details.get("Message") or "no message"), skew)
    if code in THROTTLING or status == 429:
        return Throttled(url, refused.said)
    if status >= 500:
        return Failed(url, refused.said)
    return refused


# errors whose texts are about the connection, and not about what was to be sent
_OF_THE_NETWORK = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException)
# the errors of connect(2) on a machine that is in no network
_NO_ROUTE = (errno.ENETUNREACH, errno.ENETDOWN)


def from_network(url: str, error: Exception) -> Unreachable:
    """Return what `error` means, which botocore raised where no answer came."""
    inner: BaseException = detail(error, "error") or error
    names_unknown = False
    while (below := _inner(inner)) is not None:
        inner = below
        names_unknown |= isinstance(inner, socket.gaierror)
    names_unknown |= isinstance(inner, socket.gaierror)
    # Python's error for an invalid header quotes all of it
    text = reason(inner) if isinstance(inner, _OF_THE_NETWORK) else ""
    why, cause, via = text or "the request cannot be sent", Unreachable.CONNECTION, ""
    if isinstance(error, botocore.exceptions.ProxyConnectionError):
        # without its user and password
        via = proxy_of(url, str(detail(error, "proxy_url") or ""))
        cause = Unreachable.PROXY
        if " 407 " in f" {text} ":
            cause = Unreachable.PROXY_PASSWORD
    elif isinstance(error, botocore.exceptions.SSLError):
        no_tls = "wrong version number" in text.lower().replace("_", " ")
        cause = Unreachable.NO_TLS if no_tls else Unreachable.TLS
        why = _around("TLS failed", _without_source(text))
    elif names_unknown:
        cause = Unreachable.NAME
    elif isinstance(error, botocore.exceptions.ConnectTimeoutError):
        cause, why = Unreachable.SILENCE, _around("no connection in time", text)
    elif isinstance(error, botocore.exceptions.ReadTimeoutError):
        cause, why = Unreachable.SILENCE, _around("no answer in time", text)
    elif isinstance(error, botocore.exceptions.ConnectionClosedError):
        why = _around("the connection was closed", text)
    elif not text:
        cause = Unreachable.REQUEST
    no_route = isinstance(inner, OSError) and inner.errno in _NO_ROUTE
    return Unreachable(url, why, cause, via, no_route)


def _without_source(text: str) -> str:
    """Return a text of OpenSSL's without its code and its place in Python's source."""
    text = text.partition("] ")[2] if text.startswith("[") and "] " in text else text
    return text.partition(" (_ssl.c:")[0]


def _around(kind: str, text: str) -> str:
    return f"{kind} ({text})" if text else kind


def proxy_of(url: str, proxy: str = "") -> str:
    """Return the proxy for `url` as messages name it: its URL, and the variable it is from.

    `proxy` is its URL, without a password.
    """
    scheme = urllib.parse.urlsplit(url).scheme or "https"
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
        if os.environ.get(name):
            return f"{shown(proxy)} ({name})" if proxy else name
    return shown(proxy) if proxy else ""


def _inner(error: BaseException) -> BaseException | None:
    """Return the error below one of urllib3's: its reason, or what it was raised from."""
    for name in ("reason", "original_error", "__cause__", "__context__"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException):
            return inner
    return None
