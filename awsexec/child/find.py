"""COMMAND's file, for runs that do not become COMMAND."""

from __future__ import annotations

import errno
import os

from awsexec.errors import CommandNotExecutable, CommandNotFound


def find(command: str, path: str) -> str:
    """Return the file of `command` on the PATH `path`.

    Raises `CommandNotFound` and `CommandNotExecutable`.
    """
    folders = [""] if "/" in command else path.split(":")
    found = ""
    for folder in folders if command else ():
        file = f"{folder}/{command}" if folder else command
        if os.path.isfile(file):
            if os.access(file, os.X_OK):
                return file
            found = found or file
    if os.path.isdir(command) and "/" in command:
        raise CommandNotExecutable(command, _error(errno.EISDIR))
    if found:
        raise CommandNotExecutable(command, _error(errno.EACCES))
    raise CommandNotFound(command)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
