"""AWS Signature Version 4, from its specification and apart from botocore's signer.

It checks what a request to STS has: a POST to ``/`` without a query.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key_id>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>\w+)"
)


@dataclass(frozen=True)
class Authorization:
    """What an Authorization header claims."""

    key_id: str
    day: str
    region: str
    service: str
    signed: str
    signature: str

    @classmethod
    def parse(cls, header: str) -> Authorization | None:
        """The parts of `header`, or None if it is no such signature."""
        found = _HEADER.fullmatch(header)
        return cls(**found.groupdict()) if found else None

    def is_of(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the holder of `secret` signed these `headers` and this `body`."""
        names = self.signed.split(";")
        if not {"host", "x-amz-date"} <= set(names):
            return False
        lines = [f"{name}:{' '.join((headers[name] or '').split())}" for name in names]
        request = "\n".join(
            ["POST", "/", "", *lines, "", self.signed, hashlib.sha256(body).hexdigest()]
        )
        scope = f"{self.day}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                headers["x-amz-date"],
                scope,
                hashlib.sha256(request.encode()).hexdigest(),
            ]
        )
        key = f"AWS4{secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        wanted = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
        return hmac.compare_digest(wanted, self.signature)
