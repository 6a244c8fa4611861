"""What all HTTP servers of the tests are."""

from __future__ import annotations

import http.server
import sys


class HttpServer(http.server.ThreadingHTTPServer):
    """A thread for each client, and not a word of those that hang up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # a client that was killed, or distrusts the certificate, has just gone away
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
