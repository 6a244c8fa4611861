"""The endpoint that gives a COMMAND its credentials, like a container's.

It speaks the protocol of the SDKs and Tools Reference Guide, "Container credential
provider": GET, with the token as the Authorization header, answered by JSON. Only who
runs as this user and knows the token is answered; what a web page could send is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import http
import http.client
import io
import json
import sys
import time
from typing import Protocol

from awsexec.loopback import peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Mapping

# seconds for which a request waits for credentials: the SDK for JavaScript gives up
# after one, and botocore after two
PATIENCE = 0.6
# bytes and seconds that a request's head may take
HEAD, HEAD_SECONDS = 16_384, 5.0
# bytes and seconds for the rest of a request that was refused: a client that is
# still sending would lose the answer with the connection
REST, REST_SECONDS = 4_194_304, 2.0
# what only browsers send
_BROWSERS = ("origin", "referer", "sec-fetch-site", "sec-fetch-mode")


class Refused(Exception):
    """A request that gets no credentials; the text says why."""

    def __init__(self, status: http.HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Supply(Protocol):
    """Where the server has credentials from."""

    def current(self) -> Mapping[str, str] | None:
        """AccessKeyId, SecretAccessKey, Token and Expiration (ISO 8601), as of now.

        None where there are none for the moment.
        """

    def why_not(self) -> str:
        """Why there are none, for the client's message."""


class Server:
    """Answers on `listener`, a socket of loopback, who shows the `token`."""

    def __init__(self, listener: socket.socket, token: str, supply: Supply) -> None:
        self._listener = listener
        self._address = listener.getsockname()
        self._token = token.encode()
        self._supply = supply

    async def run_until(self, end: Callable[[], Awaitable[None]]) -> None:
        """Answer until `end` returns."""
        _raise_limit()
        # what goes wrong with a client is that one's, and nothing for the user's screen
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        await asyncio.start_server(self._answer, sock=self._listener, limit=HEAD)
        await end()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            try:
                await self._check(reader, writer)
                status, body = http.HTTPStatus.OK, await self._credentials()
            except Refused as refusal:
                status, body = refusal.status, _fault(refusal)
            data = json.dumps(body).encode()
            head = [
                f"HTTP/1.1 {status.value} {status.phrase}",
                "Content-Type: application/json",
                f"Content-Length: {len(data)}",
                "Cache-Control: no-store",
                "Connection: close",
            ]
            writer.write("\r\n".join([*head, "", ""]).encode() + data)
            await asyncio.wait_for(writer.drain(), REST_SECONDS)
            if status != http.HTTPStatus.OK:
                writer.write_eof()
                await asyncio.wait_for(_pass_over(reader), REST_SECONDS)
        except (OSError, asyncio.TimeoutError):
            # the client has gone, or does not read
            pass
        finally:
            writer.close()

    async def _credentials(self) -> Mapping[str, str]:
        """What there is, or comes within `PATIENCE`. Raises `Refused`."""
        end = time.monotonic() + PATIENCE
        while (found := self._supply.current()) is None:
            if time.monotonic() > end:
                raise Refused(http.HTTPStatus.FORBIDDEN, self._supply.why_not())
            await asyncio.sleep(0.05)
        return found

    async def _check(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Raise `Refused` unless what comes is a request that is to be answered."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        except asyncio.TimeoutError:
            raise Refused(
                http.HTTPStatus.REQUEST_TIMEOUT, "the request did not come in time"
            ) from None
        except asyncio.LimitOverrunError:
            raise Refused(
                http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"the request has more than {HEAD} bytes",
            ) from None
        except asyncio.IncompleteReadError:
            raise Refused(
                http.HTTPStatus.BAD_REQUEST, "the request is not complete"
            ) from None
        line, _, rest = head.partition(b"\r\n")
        words = line.split(b" ")
        try:
            headers = http.client.parse_headers(io.BytesIO(rest))
        except http.client.HTTPException:
            raise Refused(http.HTTPStatus.BAD_REQUEST, "too many headers") from None
        if len(words) != 3 or not words[2].startswith(b"HTTP/1.") or headers.defects:
            raise Refused(http.HTTPStatus.BAD_REQUEST, "this is no HTTP/1 request")
        port, host = self._address[1], headers.get_all("host", [])
        if host not in ([f"127.0.0.1:{port}"], [f"localhost:{port}"]):
            # a name that somebody lets point to loopback (DNS rebinding)
            raise Refused(http.HTTPStatus.FORBIDDEN, "the Host is not this one")
        if any(name in headers for name in _BROWSERS):
            raise Refused(http.HTTPStatus.FORBIDDEN, "this is not for web pages")
        shown = headers.get_all("authorization", [])
        if len(shown) != 1 or not hmac.compare_digest(
            shown[0].strip().encode("utf-8", "surrogateescape"), self._token
        ):
            raise Refused(
                http.HTTPStatus.UNAUTHORIZED,
                "the Authorization is not AWS_CONTAINER_AUTHORIZATION_TOKEN",
            )
        # after what costs less
        client = writer.get_extra_info("peername")
        if not client or not peer.is_same_user(client[:2], self._address):
            raise Refused(http.HTTPStatus.FORBIDDEN, "this is another user's")
        if words[0] != b"GET":
            raise Refused(http.HTTPStatus.METHOD_NOT_ALLOWED, "only GET is allowed")
        if words[1] not in (b"/", f"http://{host[0]}/".encode()):
            raise Refused(http.HTTPStatus.NOT_FOUND, "there is nothing at this path")


def _raise_limit() -> None:
    """Let as many connections be open as the system allows."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _pass_over(reader: asyncio.StreamReader) -> None:
    left = REST
    while left > 0:
        data = await reader.read(65_536)
        if not data:
            return
        left -= len(data)


def _fault(refusal: Refused) -> dict[str, str]:
    """The error, under the names that the SDKs look for: some the one, some the other."""
    code, text = refusal.status.name, str(refusal)
    return {"Code": code, "Message": text, "code": code, "message": text}
