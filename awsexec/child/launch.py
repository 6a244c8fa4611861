"""Becoming COMMAND."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from awsexec.errors import CommandNotExecutable, CommandNotFound


def launch(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replace this process by `command`, found on the PATH of `environ`.

    Returns only on Windows, which cannot replace a process: there the command runs as
    a child, and its exit status is returned. Raises `CommandNotFound` and
    `CommandNotExecutable`.
    """
    if sys.platform == "win32":
        return _run_and_wait(command, environ)
    restore_signals()
    _execute(list(command), environ)


def restore_signals() -> None:
    """Undo what Python changed when it started: it ignores SIGPIPE and SIGXFSZ.

    A command that inherits that does not stop when its reader does (``yes | head``).
    """
    for name in ("SIGPIPE", "SIGXFSZ"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_DFL)


def _execute(command: list[str], environ: Mapping[str, str]) -> NoReturn:
    """POSIX's execvp: the first file on PATH that runs; a script without #! by sh."""
    name = command[0]
    if "/" in name:
        candidates = [name]
    else:
        path = environ.get("PATH", os.defpath)
        candidates = [os.path.join(folder, name) for folder in path.split(":")]
    denied: OSError | None = None
    for candidate in candidates if name else ():
        try:
            _replace(candidate, command, environ)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            # go on as execvp does: a later folder may have one that runs
            denied = error
        except OSError as error:
            raise CommandNotExecutable(name, error.strerror or str(error)) from None
    if denied is not None:
        raise CommandNotExecutable(name, denied.strerror or str(denied))
    raise CommandNotFound(name)


def _replace(path: str, command: list[str], environ: Mapping[str, str]) -> None:
    try:
        os.execve(path, command, environ)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        os.execve("/bin/sh", ["sh", path, *command[1:]], environ)


def _run_and_wait(command: Sequence[str], environ: Mapping[str, str]) -> int:
    import shutil
    import subprocess

    # CreateProcess would look in this process's folder and PATH, not the child's
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        raise CommandNotFound(command[0])
    # the console sends Ctrl-C to both; it is the child's to answer
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.call([program, *command[1:]], env=dict(environ))
    except OSError as error:
        raise CommandNotExecutable(command[0], error.strerror or str(error)) from None
    finally:
        signal.signal(signal.SIGINT, previous)
