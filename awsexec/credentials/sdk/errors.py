"""Why a call to AWS failed: AWS refused it, or nobody at AWS answered.

These two are apart from `failures`, since catching them must not load the SDK.
"""

from __future__ import annotations


class Refused(Exception):
    """STS answered with an error.

    `code` and `message` are AWS's own; `skew` is how many seconds this machine's
    clock is ahead of the answer's Date header (RFC 9110), None if it has none.
    """

    def __init__(self, code: str, message: str, skew: float | None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.skew = skew


class Unreachable(Exception):
    """No answer came: network, name, TLS or proxy. `reason` is a short phrase."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
