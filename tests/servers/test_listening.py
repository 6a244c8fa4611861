"""The tests' servers and clients that go away."""

import socket
import struct
import threading

from tests.servers.web import Answer, WebServer


class Slow(WebServer):
    """A server whose client hangs up before it is answered."""

    def __init__(self):
        super().__init__()
        self.gone, self.answered = threading.Event(), threading.Event()

    def respond(self, request):
        assert self.gone.wait(20)
        self.answered.set()
        # more than a socket holds
        return Answer(200, "x" * 10_000_000)


def test_client_that_hangs_up_is_not_worth_a_word(capsys):
    with Slow() as server:
        # its end waits for the thread
        server._http.daemon_threads = False
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        # with a reset
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        server.gone.set()
        assert server.answered.wait(20)
    assert capsys.readouterr().err == ""
