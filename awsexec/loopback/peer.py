"""Whose process is at the other end of a connection on loopback.

A port of loopback is open to every user of the machine. Linux tells whose each socket
is (proc_pid_net(5), "/proc/net/tcp"); other systems tell nobody but root.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Literal

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
        except FileNotFoundError:
            # this kernel has no IPv6, or this is no Linux
            continue
        except OSError:
            # too many files are open: nobody can tell, where somebody could
            return False
    if not found:
        return True
    return any(owner(table, peer, local) in (os.getuid(), _ROOT) for table in found)


def owner(
    table: str,
    peer: tuple[str, int],
    local: tuple[str, int],
    order: Literal["little", "big"] = sys.byteorder,
) -> int | None:
    """The user id of the socket at `peer` that is connected to `local`, by a `table`.

    None for one that the table, the text of one of TABLES, does not have. `order` is
    the machine's byte order.
    """
    # looked for as text: a busy machine's table has tens of thousands of lines
    for ends in zip(_written(peer, order), _written(local, order), strict=True):
        _, found, rest = table.partition(": {} {} ".format(*ends))
        fields = rest.split(None, 7)
        # a socket that its owner has closed is root's, and has no inode
        if found and len(fields) > 6 and fields[6] != "0":
            return int(fields[4])
    return None


def _written(
    address: tuple[str, int], order: Literal["little", "big"]
) -> tuple[str, ...]:
    """How tables may have an address: words of 32 bits in the machine's byte order.

    IPv4 also stands in IPv6 (RFC 4291, 2.5.5.2).
    """
    host, port = address
    if ":" in host:
        raw = socket.inet_pton(socket.AF_INET6, host)
        forms = [raw, raw[12:]] if raw[:12] == _MAPPED else [raw]
    else:
        raw = socket.inet_aton(host)
        forms = [raw, _MAPPED + raw]
    return tuple(f"{_words(form, order)}:{port:04X}" for form in forms)


_MAPPED = bytes(10) + b"\xff\xff"


def _words(raw: bytes, order: Literal["little", "big"]) -> str:
    words = (raw[at : at + 4] for at in range(0, len(raw), 4))
    return "".join(f"{int.from_bytes(word, order):08X}" for word in words)
