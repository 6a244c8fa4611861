"""The errors of AWS, and of sources of credentials.

These errors have a module of their own, since catching them must not load the SDK.
"""

from __future__ import annotations

from awsexec.text import remote


class Refused(Exception):
    """A service of AWS refused a request, with an error code of its own.

    `code` and `message` are AWS's own. `skew` is how many seconds this machine's clock is
    ahead of the answer's Date header (RFC 9110), None for an answer without one.
    """

    def __init__(self, code: str, message: str, skew: float | None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.skew = skew

    @property
    def said(self) -> str:
        """What AWS said, for a message: the text, then the code."""
        return f"{remote(self.message).rstrip('.')} ({remote(self.code)})"


class Unreachable(Exception):
    """No answer came that decides anything, and nobody refused: the call may be repeated.

    `url` was called, and `reason` is a short phrase. `cause` is one of the constants of
    this class; what to do about each is in `aws_errors`. `via` is the proxy, if one was in
    the way. `is_without_route` is whether this machine has no way into that network.
    """

    # what the kinds of trouble are; each comes with advice of its own
    NAME = "the name of the host is not known"
    CONNECTION = "no connection"
    SILENCE = "a connection, or an answer, did not come in time"
    TLS = "a certificate that is not trusted, or another failure of TLS"
    NO_TLS = "what answers speaks no TLS"
    PROXY = "the proxy does not answer, or refuses"
    PROXY_PASSWORD = "the proxy wants a name and a password"
    ENDPOINT = "AWS has no such endpoint"
    REQUEST = "the request cannot be made"
    # of the subclasses
    UNEXPECTED = "something else answers"
    THROTTLED = "too many requests"
    FAILED = "the service fails"

    def __init__(
        self,
        url: str,
        reason: str,
        cause: str = CONNECTION,
        via: str = "",
        is_without_route: bool = False,
    ) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.is_without_route = is_without_route
        # a certificate may say anything in it
        self.reason = remote(reason)
        self.cause = cause
        self.via = via


class UnexpectedResponse(Unreachable):
    """An answer came that the service would not give, such as the page of a proxy."""

    def __init__(self, url: str, reason: str = "", cause: str = "") -> None:
        super().__init__(url, reason, cause or self.UNEXPECTED)


class Throttled(Unreachable):
    """The service gets more requests than it takes; `reason` is what it said."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason, self.THROTTLED)


class Failed(Unreachable):
    """The service, or a proxy on the way, fails: HTTP 5xx; `reason` is what it said."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason, self.FAILED)


class ProviderFailed(Exception):
    """A source of credentials gave none; `reason` is botocore's text for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = remote(reason)


class Malformed(Exception):
    """A source of credentials gave something that cannot be read as credentials."""


class NoMetadataToken(Exception):
    """The EC2 instance metadata gave no IMDSv2 token, and IMDSv1 is turned off."""


class InvalidMetadataUrl(Exception):
    """The configured URL of the EC2 instance metadata is not a URL."""


class NotSignedIn(Exception):
    """There is no sign-in, or AWS does not accept its token."""


class NotPermitted(Exception):
    """AWS does not let this identity renew its login."""


class CrtMissing(Exception):
    """The package awscrt is needed, and is not installed."""


class SignInDue(Exception):
    """The user has to sign in, which must wait until this process holds no lock.

    `refused` is the token of a sign-in that AWS does not accept any more, None for none.
    """

    def __init__(self, refused: str | None) -> None:
        super().__init__("a sign-in is due")
        self.refused = refused
