"""Whose process is at the other end of a connection, by the kernel's table."""

import os
import socket
import subprocess
import sys

import pytest

from awsexec.loopback.peer import is_same_user, owner

HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    "  timeout inode\n"
)
LINE = (
    "   0: {} {} {} 00000000:00000000 00:00000000 00000000 {:>5}        0 34567 1 "
    "0000000000000000 20 4 30 10 -1\n"
)
# 127.0.0.1 with the ports 40000 and 443
PEER, LOCAL = ("127.0.0.1", 40000), ("127.0.0.1", 443)
V4_PEER, V4_LOCAL = "0100007F:9C40", "0100007F:01BB"
MAPPED = "0000000000000000FFFF00000100007F:{}"
V6_PEER = "00000000000000000000000001000000:9C40"
V6_LOCAL = "00000000000000000000000001000000:01BB"


def table(*rows):
    return HEAD + "".join(LINE.format(*row) for row in rows)


@pytest.mark.parametrize(
    ("rows", "user"),
    [
        pytest.param([(V4_PEER, V4_LOCAL, "01", 1000)], 1000, id="theirs"),
        pytest.param([(V4_PEER, V4_LOCAL, "01", 0)], 0, id="root's"),
        pytest.param([], None, id="an empty table"),
        pytest.param([(V4_LOCAL, V4_PEER, "01", 1000)], None, id="our own end"),
        pytest.param(
            [("0100007F:9C41", V4_LOCAL, "01", 7), (V4_PEER, V4_LOCAL, "01", 8)],
            8,
            id="another port",
        ),
        pytest.param(
            [(V4_PEER, "0200007F:01BB", "01", 7), (V4_PEER, V4_LOCAL, "01", 8)],
            8,
            id="another address",
        ),
        pytest.param(
            [(MAPPED.format("9C40"), MAPPED.format("01BB"), "01", 1000)],
            1000,
            id="IPv4 in IPv6",
        ),
    ],
)
def test_owner(rows, user):
    assert owner(table(*rows), PEER, LOCAL, "little") == user


def test_closed_by_its_owner():
    """A closed connection has no owner any more; a half closed one still has."""
    text = table((V4_PEER, V4_LOCAL, "06", 0))
    assert owner(text.replace("34567", "0"), PEER, LOCAL, "little") is None
    text = table((V4_PEER, V4_LOCAL, "05", 1000))
    assert owner(text, PEER, LOCAL, "little") == 1000


def test_owner_of_ipv6():
    text = table((V6_PEER, V6_LOCAL, "01", 1000))
    assert owner(text, ("::1", 40000), ("::1", 443), "little") == 1000


def test_owner_by_the_other_byte_order():
    text = table(("7F000001:9C40", "7F000001:01BB", "01", 1000))
    assert owner(text, PEER, LOCAL, "big") == 1000
    assert owner(text, PEER, LOCAL, "little") is None


@pytest.mark.parametrize(
    "line", ["", "   0:\n", "   0: x y 01 z\n", "   0: 01 02 01\n"]
)
def test_lines_that_are_none(line):
    text = HEAD + line + LINE.format(V4_PEER, V4_LOCAL, "01", 1000)
    assert owner(text, PEER, LOCAL, "little") == 1000


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def connection(request):
    """Both ends of a connection of our own."""
    family, host = request.param
    with socket.socket(family) as listening:
        try:
            listening.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        with socket.create_connection(listening.getsockname()[:2]) as client:
            server, address = listening.accept()
            with server:
                yield client, server, address[:2]


def test_own_connection(connection):
    _, server, address = connection
    assert is_same_user(address, server.getsockname()[:2])


@pytest.mark.skipif(
    not os.path.exists("/proc/net/tcp"), reason="this system has no such table"
)
def test_connection_that_is_not_there(connection):
    client, server, address = connection
    local = server.getsockname()[:2]
    assert not is_same_user((address[0], 1), local)
    client.close()
    assert not is_same_user(address, local)


def test_table_that_cannot_be_read(tmp_path):
    """As where too many files are open."""
    assert not is_same_user(PEER, LOCAL, (str(tmp_path / "none"), str(tmp_path)))


def test_system_without_a_table(tmp_path):
    assert is_same_user(PEER, LOCAL, (str(tmp_path / "none"),))
    (tmp_path / "tcp").write_text(HEAD)
    assert not is_same_user(PEER, LOCAL, (str(tmp_path / "tcp"),))


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root becomes another user"
)
def test_connection_of_another_user():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        port = listening.getsockname()[1]
        program = (
            "import os, socket, sys\n"
            "os.setuid(65534)\n"
            "with socket.socket() as client:\n"
            f"    client.connect(('127.0.0.1', {port}))\n"
            "    sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE
        ) as nobody:
            server, address = listening.accept()
            with server:
                assert not is_same_user(address, server.getsockname())
            nobody.stdin.close()
