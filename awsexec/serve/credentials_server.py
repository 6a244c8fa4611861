"""The server that gives COMMAND its credentials, as a container's endpoint does.

The protocol is that of the SDKs and Tools Reference Guide, "Container credential
provider": GET with the token as the Authorization header, answered by JSON. Only a client
that runs as this user and knows the token gets credentials. A web page gets none.
"""

from __future__ import annotations

import hmac
import json
import sys
import time

from awsexec.loopback.server import HttpError, Request, Response, Server, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Protocol

    class Supply(Protocol):
        """Where the server gets credentials from."""

        def current(self) -> Mapping[str, str] | None:
            """Return AccessKeyId, SecretAccessKey, Token and Expiration (ISO 8601).

            None if there are no credentials at the moment.
            """

        def why_not(self) -> str:
            """Return why there are no credentials, for the client's message."""


# seconds for which a request waits for credentials: the SDK for JavaScript gives up
# after one, and botocore after two
ANSWER_WITHIN = 0.6
# seconds between two looks whether there are credentials
POLL = 0.05
# open files that a connection needs (one more to see whose it is), and all else
_FILES = 2 * Server.CONNECTIONS + 64
# what only browsers send
_BROWSERS = ("origin", "referer", "sec-fetch-site", "sec-fetch-mode")


class CredentialsServer(Server):
    """Gives what `supply` has to clients that show the `token`."""

    HEAD_BYTES, HEAD_SECONDS = 16_384, 5.0

    def __init__(self, listener: socket.socket, token: str, supply: Supply) -> None:
        super().__init__(listener)
        self._token = token.encode()
        self._supply = supply
        _allow_files()

    def answer(self, request: Request) -> Response:
        if any(name in request.headers for name in _BROWSERS):
            raise HttpError(403, "This is not for web pages.")
        shown = request.headers.get("authorization", [])
        if len(shown) != 1 or not hmac.compare_digest(
            shown[0].encode("latin-1"), self._token
        ):
            raise HttpError(
                401, "The Authorization is not AWS_CONTAINER_AUTHORIZATION_TOKEN."
            )
        request.check_user()
        if request.path != "/":
            raise HttpError(404, "There is nothing at this path.")
        return _json(200, self._credentials())

    def error_response(self, error: HttpError) -> Response:
        # some SDKs look for the one name, some for the other
        code, text = reason(error.status).replace(" ", ""), str(error)
        return _json(
            error.status,
            {"Code": code, "Message": text, "code": code, "message": text},
        )

    def _credentials(self) -> Mapping[str, str]:
        """Return the credentials there are `ANSWER_WITHIN` seconds. Raises `HttpError`."""
        end = time.monotonic() + ANSWER_WITHIN
        while (found := self._supply.current()) is None:
            if time.monotonic() > end:
                raise HttpError(403, self._supply.why_not())
            time.sleep(POLL)
        return found


def _json(status: int, document: Mapping[str, str]) -> Response:
    data = json.dumps(document).encode()
    return Response(status, data, {"Content-Type": "application/json"})


def _allow_files() -> None:
    """Raise the limit on open files to what the server needs, if the system lets it."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):
                # connections then wait for each other
                pass
