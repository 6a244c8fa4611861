"""The small HTTP server: what it reads, its limits, and what it survives."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from awsexec.loopback.server import HttpError, Response, Server, page


class Echo(Server):
    """Answers with what it has read, after `wait` has been set."""

    HEAD_BYTES, HEAD_SECONDS = 2000, 0.5

    def __init__(self):
        super().__init__()
        self.wait = threading.Event()
        self.wait.set()
        self.requests = []
        self.sent = threading.Event()

    def answer(self, request):
        self.requests.append(request)
        self.wait.wait(20)
        if request.path == "/refused":
            raise HttpError(404, "<no>")
        if request.path == "/broken":
            raise KeyError
        return Response(200, b"body", {"X-Own": "y"}, self.sent.set)


@pytest.fixture
def echo():
    with Echo() as echo:
        yield echo


def connect(echo):
    return socket.create_connection(("127.0.0.1", echo.port), timeout=20)


def read(client):
    """What comes until the server closes the connection."""
    data = b""
    while more := client.recv(65_536):
        data += more
    return data


def send(echo, text):
    with connect(echo) as client:
        with contextlib.suppress(OSError):
            client.sendall(text.encode("latin-1").replace(b"PORT", b"%d" % echo.port))
        return read(client)


def status(answer):
    return int(answer.split()[1])


def test_answer(echo):
    found = send(
        echo, "GET /a?b=c HTTP/1.1\r\nHOST: 127.0.0.1:PORT\r\nX: 1\r\nx:2\r\n\r\n"
    )
    head, _, body = found.partition(b"\r\n\r\n")
    assert body == b"body"
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"X-Own: y",
        b"Content-Length: 4",
        b"Cache-Control: no-store",
        b"Connection: close",
    ]
    (request,) = echo.requests
    assert (request.method, request.path) == ("GET", "/a?b=c")
    assert request.headers["x"] == ["1", "2"]
    assert echo.sent.wait(20)


@pytest.mark.parametrize(
    "status_, text",
    [
        (200, "GET http://127.0.0.1:PORT/a HTTP/1.1\r\nHost: 127.0.0.1:PORT"),
        (200, "GET / HTTP/1.0\r\nHost: localhost:PORT"),
        (400, "GET / HTTP/1.1 x\r\nHost: 127.0.0.1:PORT"),
        (400, "GET  HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n  folded"),
        (400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX : y"),
        (400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nno colon"),
        (400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n: no name"),
        (400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: a\nY: b"),
        (400, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT" + "\r\nX: y" * 100),
        (200, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT" + "\r\nX: y" * 99),
        (405, "PUT / HTTP/1.1\r\nHost: 127.0.0.1:PORT"),
        (421, "GET / HTTP/1.1"),
        (421, "GET / HTTP/1.1\r\nHost: 127.0.0.1:1"),
        (421, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT"),
        (431, "GET / HTTP/1.1\r\nX: " + "x" * 2000),
    ],
)
def test_status(echo, status_, text):
    answer = send(echo, text + "\r\n\r\n")
    assert status(answer) == status_
    assert (b"\r\nAllow: GET\r\n" in answer) == (status_ == 405)
    assert len(echo.requests) == (status_ == 200)


def test_refusal_is_a_page(echo):
    answer = send(echo, "GET /refused HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert answer.endswith(page(404, "<no>").body)
    assert b"&lt;no&gt; You can close" in answer


def test_slow_and_silent_clients(echo):
    """Half a request gets an answer in time; a connection that is not used is closed."""
    begun = time.monotonic()
    assert status(send(echo, "GET / HT")) == 408
    assert send(echo, "") == b""
    assert 1 <= time.monotonic() - begun < 10


def test_client_that_is_still_sending_gets_the_answer(echo):
    """More than the connection's buffers hold."""
    text = "GET / HTTP/1.1\r\nX: " + "x" * 3_000_000 + "\r\n\r\n"
    assert status(send(echo, text)) == 431


def test_fault_of_one_connection(echo, capfd):
    """The client is told; nothing is printed."""
    answer = send(echo, "GET /broken HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")
    assert status(answer) == 500
    assert b"awsexec: internal error: " in answer
    assert status(send(echo, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")) == 200
    assert capfd.readouterr() == ("", "")


class Three(Echo):
    CONNECTIONS = 3


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells whose a connection is"
)
def test_another_user_cannot_take_all_connections():
    """Their connections say nothing, and would be open until the time limit."""
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    code = (
        "import socket, sys\n"
        "import os; os.setuid(65534)\n"
        "for _ in range(20):\n"
        "    client = socket.socket()\n"
        "    client.connect(('127.0.0.1', int(sys.argv[1])))\n"
        "    globals().setdefault('clients', []).append(client)\n"
        "print('connected', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with Patient() as echo:
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(echo.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert other.stdout.readline() == b"connected\n"
            begun = time.monotonic()
            request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
            assert status(send(echo, request)) == 200
            assert time.monotonic() - begun < 15
        finally:
            other.communicate()


class Patient(Echo):
    CONNECTIONS, HEAD_SECONDS = 8, 60


class One(Echo):
    CONNECTIONS = 1


def test_number_of_connections_is_bounded():
    with Three() as echo, contextlib.ExitStack() as stack:
        echo.wait.clear()
        clients = [stack.enter_context(connect(echo)) for _ in range(5)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % echo.port)
        end = time.monotonic() + 20
        while len(echo.requests) < 3:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.2)
        assert len(echo.requests) == 3
        # the others have waited, and are answered
        echo.wait.set()
        assert [status(read(client)) for client in clients] == [200] * 5


@pytest.mark.parametrize("is_full", [False, True])
def test_end(is_full):
    """Nobody listens any more, also if all connections were in use."""
    with One() as echo:
        client = connect(echo)
        if not is_full:
            client.close()
    with pytest.raises(ConnectionRefusedError):
        connect(echo)
    client.close()
