"""Holding the endpoint's port after its end, so that nobody else answers there.

A program that COMMAND left running still has the endpoint's URL and token. If another user
of the machine listened on the port then, he could give that program credentials of his
own. So a small process keeps the port bound, without listening, as long as such a program
lives. It also does so if the endpoint is killed while COMMAND runs.

Only Linux tells which programs have the token (proc_pid_environ(5)).
"""

from __future__ import annotations

# COMMAND waits for this; the module socket takes as long to load as half of Python
import _socket
import os
import signal
import sys
import time

from awsexec.loopback.server import BACKLOG, HOST, listen
from awsexec.serve.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# seconds between two looks that must both find nobody: a program may start another one
# and end while this process reads
PAUSE = 0.1
# how often to look for a free port that can be reserved
ATTEMPTS = 10


def listen_and_reserve() -> tuple[_socket.socket, _socket.socket | None]:
    """Return a socket that listens on a free port, and one that only holds the port.

    The second is None if the system cannot do that. Raises `AwsexecError`.
    """
    for _ in range(ATTEMPTS if sys.platform == "linux" else 0):
        try:
            return _pair()
        except OSError:
            pass
    return listen(), None


def _pair() -> tuple[_socket.socket, _socket.socket]:
    """Return both sockets. Raises `OSError` if another process took the port meanwhile."""
    pair: list[_socket.socket] = []
    try:
        port = 0
        for _ in range(2):
            each = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            pair.append(each)
            # two sockets may be bound to one port if both allow it and none listens yet
            each.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            each.bind((HOST, port))
            port = each.getsockname()[1]
        listener, reservation = pair
        listener.listen(BACKLOG)
        # from now on nobody else can listen there, whatever he allows
        reservation.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 0)
        return listener, reservation
    except OSError:
        for each in pair:
            each.close()
        raise


def start(
    reservation: _socket.socket, command: int, token: str, others: Collection[int]
) -> None:
    """Hold `reservation` in a process of its own while anything may have `token`.

    That is the process `command`, and after its end what it has left. The descriptors
    `others` are closed in the new process. May raise `OSError`.
    """
    watch = Watch(command)
    if os.fork():
        reservation.close()
        return
    try:
        for descriptor in others:
            os.close(descriptor)
        # nobody who reads COMMAND's output waits for this process
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nowhere, standard)
        os.chdir("/")
        # its end is that of the last program with the token, and of nothing else
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        watch.wait()
        while found := holders(token) or _later(token):
            for pid in found:
                try:
                    Watch(pid).wait()
                except ProcessLookupError:
                    pass
    finally:
        os._exit(0)


def _later(token: str) -> list[int]:
    time.sleep(PAUSE)
    return holders(token)


def holders(token: str) -> list[int]:
    """Return the processes of this user that were started with `token`."""
    wanted = os.fsencode(f"AWS_CONTAINER_AUTHORIZATION_TOKEN={token}\0")
    found = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as stream:
                if wanted in stream.read() + b"\0":
                    found.append(int(name))
        except OSError:
            # another user's, or it has ended
            continue
    return found
