"""A server for the user's browser, on a port of loopback (RFC 8252)."""

from __future__ import annotations

import html
import http.server
import threading
from typing import TypeVar

HOST = "127.0.0.1"

_PAGE = """<!doctype html><meta charset="utf-8"><title>awsexec</title>
<p>{} You can close this window.</p>
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with short pages, and keeps no log."""

    timeout = 30

    def say(self, status: int, text: str) -> None:
        """Answer with a page that says `text`."""
        data = _PAGE.format(html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


class _Http(http.server.ThreadingHTTPServer):
    # a thread for each: browsers open connections that they do not use
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # whoever hangs up in between; it would be shown on the user's terminal
        pass


_Server = TypeVar("_Server", bound="Server")


class Server:
    """Serves on a free port of loopback, from ``with`` to its end."""

    def __init__(self, handler: type[Handler]) -> None:
        self._server = _Http((HOST, 0), handler)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self: _Server) -> _Server:
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
