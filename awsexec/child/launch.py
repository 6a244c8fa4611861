"""Becoming COMMAND, or on Windows running it."""

from __future__ import annotations

import sys

from awsexec import fastpath
from awsexec.errors import CommandNotExecutable, CommandNotFound
from awsexec.processes import core_dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def launch(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replace this process by `command`, which is searched on the PATH of `environ`.

    Windows cannot replace a process: there the command runs as a child, and its exit
    status is returned. Raises `CommandNotFound` and `CommandNotExecutable`.
    """
    try:
        if sys.platform == "win32":
            return _run_and_wait(command, environ)
        with core_dumps.AsCaller():
            fastpath.become(list(command), environ)
    except FileNotFoundError as error:
        # it may be a script whose interpreter is missing
        if fastpath.is_there(command[0], environ):
            raise CommandNotExecutable(command[0], error) from None
        raise CommandNotFound(command[0]) from None
    except OSError as error:
        raise CommandNotExecutable(command[0], error) from None


if sys.platform == "win32":

    def _run_and_wait(command: Sequence[str], environ: Mapping[str, str]) -> int:
        import shutil
        import signal
        import subprocess

        # CreateProcess would search this process's folder and PATH, not the child's
        program = shutil.which(command[0], path=environ.get("PATH"))
        if program is None:
            raise FileNotFoundError
        # the console sends Ctrl-C to both processes, and the child decides what it does
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return subprocess.call([program, *command[1:]], env=dict(environ))
        finally:
            signal.signal(signal.SIGINT, previous)
