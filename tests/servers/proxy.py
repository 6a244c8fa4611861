"""An HTTP proxy that tunnels every CONNECT to one place, and records what was asked.

With a TLS server at that place, a program can call an endpoint by its real name.
"""

from __future__ import annotations

import http.server
import select
import socket
import threading

from tests.servers.listening import HttpServer


class Proxy:
    """A proxy on a free port of loopback, tunnelling to `port` of loopback.

    `targets` are the HOST:PORTs that were asked for. With `port` None every tunnel is
    refused.
    """

    def __init__(self, port: int | None) -> None:
        self.targets: list[str] = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                proxy.targets.append(self.path)
                if port is None:
                    self.send_error(403)
                    return
                with socket.create_connection(("127.0.0.1", port)) as upstream:
                    self.send_response(200)
                    self.end_headers()
                    _relay(self.connection, upstream)
                self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = HttpServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def _relay(one: socket.socket, other: socket.socket) -> None:
    peers = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(peers), [], [])
        for end in ready:
            data = end.recv(65_536)
            if not data:
                return
            peers[end].sendall(data)
