"""Which user's process is at the other end of a connection within this machine.

Every user of a machine can connect to its ports on 127.0.0.1. Linux tells everybody whose
each socket is (proc_pid_net(5), "/proc/net/tcp"); other systems tell only root.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

# the tables of this machine's sockets; the one of IPv6 may have sockets of IPv4 too
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")

_ROOT = 0


def is_same_user(
    peer: tuple[str, int],
    local: tuple[str, int],
    tables: tuple[str, ...] = TABLES,
) -> bool:
    """Return whether this user, or root, owns the socket at `peer` that talks to `local`.

    Both are an IP address and a port; `tables` are files. False if the socket is not in
    the tables, because it is closed or on another machine. True if the system has no such
    tables, so that nobody can tell.
    """
    found = []
    for path in tables:
        try:
            with open(path, encoding="ascii") as stream:
                found.append(stream.read())
        except FileNotFoundError:
            # this kernel has no IPv6, or this is not Linux
            continue
        except OSError:
            # too many files are open, for one: the tables could tell, so refuse
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
    """Return the user id of the socket at `peer` that is connected to `local`.

    `table` is the text of one of TABLES, and `order` the machine's byte order. None if
    the table does not have the socket.
    """
    # searched as text, because a busy machine's table has tens of thousands of lines
    for ends in zip(_written(peer, order), _written(local, order), strict=True):
        _, found, rest = table.partition(": {} {} ".format(*ends))
        fields = rest.split(None, 7)
        # a socket that its owner has closed is shown as root's, without an inode
        if found and len(fields) > 6 and fields[6] != "0":
            return int(fields[4])
    return None


def _written(
    address: tuple[str, int], order: Literal["little", "big"]
) -> tuple[str, ...]:
    """Return the forms of an address in tables: 32-bit words in the machine's byte order.

    An IPv4 address may also be written as an IPv6 address (RFC 4291, 2.5.5.2).
    """
    # slow to load, and COMMAND of --serve does not wait for a connection
    import socket

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
