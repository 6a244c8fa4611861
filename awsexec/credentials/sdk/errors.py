"""The errors of AWS, and of sources of credentials.

These errors have a module of their own, since catching them must not load the SDK.
"""

from __future__ import annotations


class Refused(Exception):
    """A service answered with an error.

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
        return f"{self.message.strip().rstrip('.')} ({self.code})"


class Unreachable(Exception):
    """No answer came: network, name, TLS or proxy. `reason` is a short phrase."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class UnexpectedResponse(Unreachable):
    """An answer came that the service would not give, such as the page of a proxy."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "unexpected response")


class ProviderFailed(Exception):
    """A source of credentials gave none; `reason` is botocore's text for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
