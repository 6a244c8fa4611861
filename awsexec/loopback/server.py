"""The small HTTP server: one GET request a connection, on a port of this machine.

It serves the user's browser (RFC 8252), which the console and the sign-in send there, and
COMMAND's SDKs (`serve.credentials_server`). Every program on the machine can connect, whoever runs
it, and a web page can make the browser connect. So a request is bounded in size and time,
the number of connections is bounded, and the Host header must be the server's own.
"""

from __future__ import annotations

import time

from awsexec.errors import AwsexecError
from awsexec.loopback.peer import is_same_user
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    _Server = TypeVar("_Server", bound="Server")

HOST = "127.0.0.1"
# connections that wait until the server accepts them
BACKLOG = 512
# headers of a request
HEADERS = 100
# seconds for writing an answer
WRITE_SECONDS = 2.0
# bytes and seconds for what a client still sends after a refusal. If the connection were
# closed at once, the client would lose the answer.
REST_BYTES, REST_SECONDS = 4_194_304, 2.0
# seconds after which to accept connections again, when the system has no more files or
# threads
PAUSE = 0.1

_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    410: "Gone",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}
_PAGE = """<!doctype html><meta charset="utf-8"><title>awsexec</title>
<p>{} You can close this window.</p>
"""


class Request:
    """A request: its method, its path with the query, and its headers.

    `headers` has the values of each header by its name in lower case.
    """

    __slots__ = ("method", "path", "headers", "_client", "_server")

    def __init__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, list[str]],
        client: tuple[str, int],
        server: tuple[str, int],
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self._client = client
        self._server = server

    def check_user(self) -> None:
        """Raise `HttpError` if the request is known to come from another user.

        This reads a file of the system, so make the checks that cost less before.
        """
        if not is_same_user(self._client, self._server):
            raise HttpError(403, "This is for another user.")


class Response:
    """An answer. `sent` is called when all of it has been handed to the system."""

    __slots__ = ("status", "body", "headers", "sent")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        sent: Callable[[], None] | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.sent = sent

    def data(self) -> bytes:
        """Return the bytes to send."""
        lines = [f"HTTP/1.1 {self.status} {reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"Content-Length: {len(self.body)}")
        if self.status == 405:
            lines.append("Allow: GET")
        lines += ["Cache-Control: no-store", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


class HttpError(Exception):
    """A request that gets only `status` and a sentence that says why."""

    def __init__(self, status: int, text: str) -> None:
        # SDKs show it to people
        super().__init__(printable(text))
        self.status = status


def reason(status: int) -> str:
    """Return the reason phrase of `status` (RFC 9110)."""
    return _REASONS.get(status, "")


def page(status: int, text: str, sent: Callable[[], None] | None = None) -> Response:
    """Return a page for the user that says `text`."""
    import html

    body = _PAGE.format(html.escape(printable(text))).encode()
    return Response(status, body, {"Content-Type": "text/html; charset=utf-8"}, sent)


def listen() -> socket.socket:
    """Return a socket that listens on a free port. Raises `AwsexecError`."""
    try:
        import socket

        return socket.create_server((HOST, 0), backlog=BACKLOG)
    except OSError as error:
        raise AwsexecError(
            f"cannot listen on {HOST}: {error.strerror}; a sandbox may forbid it"
        ) from None


class Server:
    """Answers requests on `listener`, from ``with`` to its end.

    A subclass defines `answer`, and `error_response` if errors are not to be pages. Both
    run in a thread of the connection's own. Nothing is logged.
    """

    # bytes and seconds for a request's first line and headers
    HEAD_BYTES, HEAD_SECONDS = 65_536, 30.0
    # Connections that are open at the same time. The second half is for this user only:
    # other users could fill all of them with connections that say nothing.
    CONNECTIONS = 256

    def __init__(self, listener: socket.socket | None = None) -> None:
        self._listener = listener or listen()
        self._address: tuple[str, int] = self._listener.getsockname()[:2]
        import threading

        self._room = threading.Semaphore(self.CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def answer(self, request: Request) -> Response:
        """Return the answer to `request`, or raise `HttpError`."""
        raise NotImplementedError

    def error_response(self, error: HttpError) -> Response:
        """Return the answer that says why a request is refused."""
        return page(error.status, str(error))

    @property
    def port(self) -> int:
        return self._address[1]

    def __enter__(self: _Server) -> _Server:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing = True
        # the thread waits for room or for a connection
        self._room.release()
        try:
            import socket

            socket.create_connection(self._address, 1).close()
        except OSError:
            pass
        self._thread.join(1)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            self._room.acquire()
            try:
                connection, client = self._listener.accept()
            except Exception:
                # the client has hung up, or there are no more files or no more memory
                self._pause()
            else:
                if self._closing:
                    connection.close()
                    return
                self._start(connection, client[:2])

    def _start(self, connection: socket.socket, client: tuple[str, int]) -> None:
        """Serve `connection` in a thread."""
        self._open.add(connection)
        import threading

        thread = threading.Thread(
            target=self._serve, args=(connection, client), daemon=True
        )
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            # there are no more threads
            connection.close()
            self._open.discard(connection)
            self._pause()

    def _pause(self) -> None:
        """Give back the room for a connection, and wait a little."""
        self._room.release()
        time.sleep(PAUSE)

    def _serve(self, connection: socket.socket, client: tuple[str, int]) -> None:
        try:
            with connection:
                if len(self._open) <= self.CONNECTIONS // 2 or is_same_user(
                    client, self._address
                ):
                    self._exchange(connection, client)
        except Exception:
            # Mostly a client that hangs up or does not read. A traceback would be shown
            # on the user's terminal, amid what COMMAND prints.
            pass
        finally:
            self._open.discard(connection)
            self._room.release()

    def _exchange(self, connection: socket.socket, client: tuple[str, int]) -> None:
        try:
            head = self._read_head(connection)
            if head is None:
                return
            request = self._request(head, client)
            response = self.answer(request)
        except HttpError as error:
            response = self.error_response(error)
        except Exception as error:
            # nobody who asks is left without an answer
            text = f"awsexec: internal error: {type(error).__name__}; please report it"
            response = self.error_response(HttpError(500, text))
        connection.settimeout(WRITE_SECONDS)
        connection.sendall(response.data())
        if response.sent is not None:
            response.sent()
        if response.status >= 400:
            import socket

            connection.shutdown(socket.SHUT_WR)
            _pass_over_rest(connection)

    def _read_head(self, connection: socket.socket) -> bytes | None:
        """Return a request's first line and headers, without the empty line.

        None if nothing comes: browsers open connections that they do not use. Raises
        `HttpError`.
        """
        head, end = b"", time.monotonic() + self.HEAD_SECONDS
        while b"\r\n\r\n" not in head:
            if len(head) >= self.HEAD_BYTES:
                raise HttpError(
                    431, f"The request has more than {self.HEAD_BYTES} bytes."
                )
            try:
                data = _receive(connection, end, self.HEAD_BYTES - len(head))
            except TimeoutError:
                if not head:
                    return None
                raise HttpError(408, "The request did not come in time.") from None
            if not data:
                if not head:
                    return None
                raise HttpError(400, "The request is not complete.")
            head += data
        return head.partition(b"\r\n\r\n")[0]

    def _request(self, head: bytes, client: tuple[str, int]) -> Request:
        """Return the request in `head`. Raises `HttpError`."""
        line, *lines = head.decode("latin-1").split("\r\n")
        words = line.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise HttpError(400, "This is not an HTTP/1 request.")
        headers = _headers(lines)
        host = headers.get("host", [])
        if host not in ([f"{HOST}:{self.port}"], [f"localhost:{self.port}"]):
            # a web page can let its own name point to this machine (DNS rebinding)
            raise HttpError(421, "The Host header is not this server.")
        method, path, _ = words
        if method != "GET":
            raise HttpError(405, "Only GET is allowed.")
        path = path.removeprefix(f"http://{host[0]}")
        return Request(method, path, headers, client, self._address)


def _headers(lines: list[str]) -> dict[str, list[str]]:
    """Return the headers on `lines`. Raises `HttpError`."""
    if len(lines) > HEADERS:
        raise HttpError(400, f"The request has more than {HEADERS} headers.")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        # space before the name would continue the line above (RFC 9112, 5.2)
        if not colon or not name or name.split() != [name] or _has_control(line):
            raise HttpError(400, "The request has a malformed header.")
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return headers


def _has_control(line: str) -> bool:
    return any(character in line for character in "\0\r\n")


def _receive(connection: socket.socket, end: float, most: int) -> bytes:
    """Return what comes until `end`, on the monotonic clock. Raises `TimeoutError`."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(most)


def _pass_over_rest(connection: socket.socket) -> None:
    left, end = REST_BYTES, time.monotonic() + REST_SECONDS
    while left > 0:
        data = _receive(connection, end, 65_536)
        if not data:
            return
        left -= len(data)
