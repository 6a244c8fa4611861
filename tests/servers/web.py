"""What the servers of credentials share: HTTP on loopback, and a record of it."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

from tests.servers.listening import HttpServer
from tests.servers.sts import Credentials


@dataclass(frozen=True)
class Request:
    """One request as it arrived; the names of its headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Answer:
    """A `str` is sent as text, bytes as they are, anything else as JSON."""

    status: int
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)


class WebServer:
    """A server on a free port of loopback; what it says is a subclass's `respond`.

    `requests` are what it was asked; with `delay` it takes so many seconds to answer.
    """

    delay = 0.0

    def __init__(self) -> None:
        self.requests: list[Request] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def _answer(self) -> None:
                parts = urllib.parse.urlsplit(self.path)
                request = Request(
                    self.command,
                    parts.path,
                    dict(urllib.parse.parse_qsl(parts.query)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers["content-length"] or 0)),
                )
                server.requests.append(request)
                time.sleep(server.delay)
                answer = server.respond(request)
                data = answer.body
                if not isinstance(data, (bytes, str)):
                    data = json.dumps(data)
                if isinstance(data, str):
                    data = data.encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = _answer

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = HttpServer(("127.0.0.1", 0), Handler)

    def respond(self, request: Request) -> Answer:
        raise NotImplementedError

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """The requests in short."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on; to be said before it runs."""
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )

    def __enter__(self):
        threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def document(credentials: Credentials) -> dict[str, object]:
    """Credentials as the metadata services write them."""
    return {
        "Code": "Success",
        "LastUpdated": iso8601(time.time()),
        "Type": "AWS-HMAC",
        "AccessKeyId": credentials.key_id,
        "SecretAccessKey": credentials.secret,
        "Token": credentials.token,
        "Expiration": iso8601(credentials.expires),
    }


def iso8601(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
