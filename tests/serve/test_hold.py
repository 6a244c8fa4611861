"""Holding the endpoint's port after its end."""

import os
import socket
import subprocess
import sys

import pytest

from awsexec.serve import hold

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells which programs have the token"
)


def can_listen(port, *options):
    with socket.socket() as other:
        for option in options:
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            other.bind(("127.0.0.1", port))
            other.listen()
        except OSError:
            return False
        return True


@pytest.mark.parametrize(
    "options", [(), (socket.SO_REUSEADDR,), (socket.SO_REUSEADDR, socket.SO_REUSEPORT)]
)
def test_nobody_listens_on_a_reserved_port(options):
    listener, reservation = hold.listen_and_reserve()
    port = listener.getsockname()[1]
    assert reservation is not None and reservation.getsockname()[1] == port
    with socket.create_connection(("127.0.0.1", port), 5):
        pass
    assert not can_listen(port, *options)
    listener.close()
    assert not can_listen(port, *options)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
    reservation.close()
    assert can_listen(port, socket.SO_REUSEADDR)


def test_who_has_the_token():
    name, token = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "EXAMPLETOKEN"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", "print(flush=True); input()"],
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for variables in (
            {name: token},
            {name: token + "2"},
            {name: token[:-1]},
            {"ANOTHER": token},
        )
    ]
    try:
        for child in children:
            child.stdout.readline()
        assert hold.holders(token) == [children[0].pid]
    finally:
        for child in children:
            child.communicate(b"\n")
    assert hold.holders(token) == []
