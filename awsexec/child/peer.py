"""Whose process is at the other end of a connection on loopback.

A port of loopback is open to every user of the machine. Linux tells whose each socket
is (proc_pid_net(5), "/proc/net/tcp"); other systems tell nobody but root.
"""

from __future__ import annotations

import os
import socket
import sys

# the tables of this machine's sockets: of IPv4, and of IPv6, which may carry IPv4 too
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")

_ROOT = 0


def is_same_user(
    peer: tuple[str, int],
    local: tuple[str, int],
    tables: tuple[str, ...] = TABLES,
) -> bool:
    """Whether this user, or root, owns the socket at `peer` that talks to `local`.

    Both are an IP address and a port; `tables` are files. False for one that is not in
    the tables: it is closed, or of another machine. True where the system has no such
    table, and so nobody can tell.
    """
    found = []
    for path in tables:
        try:
            with open(path, encoding="ascii") as stream:
                found.append(stream.read())
        except OSError:
            # this kernel has no IPv6
            continue
    if not found:
        return True
    return any(owner(table, peer, local) in (os.getuid(), _ROOT) for table in found)


def owner(
    table: str,
    peer: tuple[str, int],
    local: tuple[str, int],
    order: str = sys.byteorder,
) -> int | None:
    """The user id of the socket at `peer` that is connected to `local`, by a `table`.

    None for one that the table, the text of one of TABLES, does not have. `order` is
    the machine's byte order.
    """
    for line in table.splitlines()[1:]:
        fields = line.split()
        try:
            if (
                _address(fields[1], order) == _plain(peer)
                and _address(fields[2], order) == _plain(local)
                # a socket that its owner has closed (state 06, TIME_WAIT) is root's
                and fields[3] == _ESTABLISHED
            ):
                return int(fields[7])
        except (IndexError, ValueError):
            continue
    return None


_ESTABLISHED = "01"


def _address(text: str, order: str) -> tuple[bytes, int]:
    """An address and port of a table: words of 32 bits in the machine's byte order."""
    digits, _, port = text.partition(":")
    raw = bytes.fromhex(digits)
    if order == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return _unmapped(raw), int(port, 16)


def _plain(address: tuple[str, int]) -> tuple[bytes, int]:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return _unmapped(socket.inet_pton(family, host)), port


def _unmapped(raw: bytes) -> bytes:
    """IPv4 in IPv6 (RFC 4291, 2.5.5.2) as IPv4."""
    return raw[12:] if raw[:12] == bytes(10) + b"\xff\xff" else raw
