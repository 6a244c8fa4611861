"""An S3 that lists buckets, for sessions of roles only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.servers.sigv4 import Authorization
from tests.servers.sts import ACCOUNT, StsServer
from tests.servers.web import Answer, Request, WebServer

BUCKETS = {ACCOUNT: ("alice-holiday-photos",)}
CREATED = "2026-11-24T02:27:57Z"


class S3Server(WebServer):
    """Lists the `buckets` of the caller's account; `sts` says who the caller is."""

    def __init__(
        self, sts: StsServer, buckets: Mapping[str, Sequence[str]] = BUCKETS
    ) -> None:
        super().__init__()
        self._sts = sts
        self._buckets = buckets

    def respond(self, request: Request) -> Answer:
        claim = Authorization.parse(request.headers.get("authorization", ""))
        caller = self._sts.credentials_of(claim.key_id) if claim else None
        if (
            caller is None
            or caller.user is not None
            or caller.token != request.headers.get("x-amz-security-token")
        ):
            return _xml(
                403,
                "<Error><Code>AccessDenied</Code>"
                "<Message>Access Denied</Message></Error>",
            )
        buckets = "".join(
            f"<Bucket><Name>{name}</Name><CreationDate>{CREATED}</CreationDate></Bucket>"
            for name in self._buckets.get(caller.account, ())
        )
        return _xml(
            200,
            f"<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>"
            "</ListAllMyBucketsResult>",
        )


def _xml(status: int, text: str) -> Answer:
    return Answer(status, text, {"Content-Type": "text/xml"})
