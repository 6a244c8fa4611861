"""A warm interpreter that forks for each run of a Python script, to save its start.

Most of a run's time is Python's start and the import of botocore, the same each time.
The server has done both. For each run it forks; the child takes over the run's
environment, working directory, words and standard streams, begins a session, and runs
the console script as ``__main__``. No module of awsexec is imported before the fork.

It does not imitate:

- what the interpreter reads before it runs a line: PYTHON* variables, the locale, and
  what else `STARTING` names. A run for which these are not as in the server, one with
  much to read, and all where coverage counts lines or the system is not Linux, get a
  true start: `ForkServer.takes` says so.
- the seed of string hashes, which the runs of one server share
- /proc/self/environ, /proc/self/cmdline, sys.orig_argv, and the process's name; the
  parent process, which is the server
- limits, the umask and ignored signals that this process changes after the server's
  start
- the destructors at the end of a run that ends by ``sys.exit`` of a number
- an ``import botocore`` that lacks a submodule which is loaded already

Tests that are about any of these, or about the start itself, are marked `true_start`.
`make coverage` starts every run truly. tests/test_fork_server.py compares the two.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import marshal
import os
import select
import signal
import socket
import sys
import threading
import time
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

# What of the environment counts at the start of a process only; and the server's own.
STARTING = ("PYTHON", "COVERAGE_", "LC_", "LANG", "LD_", "OPENSSL_", "GLIBC_")
ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}
# what awsexec imports, but for what is its own
WARM = (
    "botocore.credentials",
    "botocore.handlers",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.session",
    "botocore.signers",
    "platformdirs",
    "urllib3.exceptions",
)
# what a pipe holds in any case, so that writing it waits for nobody
LONGEST_INPUT = 4096

# --- In the tests' process ----------------------------------------------------------


class ForkServer:
    """Runs `script`, a Python program, in forks of a server that starts when needed.

    The server ends with `close`, and with this process however that ends.
    """

    def __init__(self, script: str) -> None:
        self.script = script
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    def close(self) -> None:
        if self._process is not None:
            self._control.close()
            self._process.communicate()
            self._process = None

    def takes(self, env: Mapping[str, str], stdin: bytes) -> bool:
        """Whether a run in `env` differs from a true start in nothing that is told."""
        starting = {k: v for k, v in env.items() if k.startswith(STARTING)}
        return (
            hasattr(os, "pidfd_open")
            and starting == {"LANG": ENVIRONMENT["LANG"]}
            and len(stdin) <= LONGEST_INPUT
        )

    def run(
        self,
        words: Sequence[str | bytes],
        env: Mapping[str, str],
        cwd: Path,
        stdin: bytes,
        timeout: float,
    ) -> subprocess.CompletedProcess[bytes]:
        """As `subprocess.run` with ``capture_output`` and ``start_new_session``."""
        import subprocess

        deadline = time.monotonic() + timeout
        ours, theirs = socket.socketpair()
        (stdin_read, stdin_write), *pipes = [os.pipe() for _ in range(3)]
        os.write(stdin_write, stdin)
        os.close(stdin_write)
        given = [theirs.detach(), stdin_read, *(write for _, write in pipes)]
        socket.send_fds(self._started(), [b"\0"], given)
        for descriptor in given:
            os.close(descriptor)
        start = (
            [os.fsencode(word) for word in words],
            {os.fsencode(name): os.fsencode(value) for name, value in env.items()},
            os.fsencode(cwd),
        )
        with contextlib.ExitStack() as stack:
            stack.enter_context(ours)
            streams = [stack.enter_context(open(read, "rb", 0)) for read, _ in pipes]
            answers = stack.enter_context(ours.makefile("rb"))
            ours.sendall(marshal.dumps(start))
            ours.shutdown(socket.SHUT_WR)
            pid = self._number(answers)
            outputs = dict.fromkeys(streams, b"")
            waiting = [*streams, ours]
            while waiting:
                left = max(0, deadline - time.monotonic())
                ready, _, _ = select.select(waiting, [], [], left)
                if not ready:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(self.script, timeout)
                for stream in ready:
                    data = b"" if stream is ours else stream.read(65_536)
                    if data:
                        outputs[stream] += data
                    else:
                        waiting.remove(stream)
            status = self._number(answers)
        return subprocess.CompletedProcess(self.script, status, *outputs.values())

    def _number(self, answers: BinaryIO) -> int:
        line = answers.readline()
        if not line:
            assert self._process is not None
            _, stderr = self._process.communicate()
            raise RuntimeError(f"the fork server has ended:\n{stderr.decode()}")
        return int(line)

    def _started(self) -> socket.socket:
        import subprocess

        with self._starting:
            if self._process is not None:
                return self._control
            self._control, control = socket.socketpair()
            with control:
                self._process = subprocess.Popen(
                    [sys.executable, __file__, str(control.fileno()), self.script],
                    env=ENVIRONMENT,
                    # pipes, as those of the runs will be: Python's streams know it
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[control.fileno()],
                    # Ctrl-C is for the tests' process
                    start_new_session=True,
                )
            return self._control


# --- The server ---------------------------------------------------------------------


def serve(control: socket.socket) -> tuple[int, list[int]]:
    """Fork for each request. Returns in each child, with the descriptors it is given.

    These are the connection for the request, which is answered with the child's number
    and in the end its status, and the three standard streams.
    """
    running: dict[int, tuple[int, int]] = {}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                poll.unregister(ready)
                os.close(ready)
                pid, answers = running.pop(ready)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                answer(answers, status)
                os.close(answers)
                continue
            _, given, _, _ = socket.recv_fds(control, 1, 4)
            if not given:
                # the tests' process has ended
                os._exit(0)
            answers, *streams = given
            pid = os.fork()
            if pid == 0:
                control.detach()
                return answers, streams
            answer(answers, pid)
            for stream in streams:
                os.close(stream)
            pidfd = os.pidfd_open(pid)
            running[pidfd] = pid, answers
            poll.register(pidfd, select.POLLIN)


def answer(connection: int, number: int) -> None:
    # nobody listens where the test was given up
    with contextlib.suppress(OSError):
        os.write(connection, b"%d\n" % number)


def become_run(request: int, streams: Sequence[int], script: str) -> None:
    """Make this process what it would be at the start of the script."""
    os.setsid()
    data = b""
    while part := os.read(request, 65_536):
        data += part
    words, environ, folder = marshal.loads(data)
    for standard, stream in enumerate(streams):
        os.dup2(stream, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(environ)
    time.tzset()
    sys.argv = [script, *map(os.fsdecode, words)]
    sys.path[0] = os.path.dirname(script)


def end(status: int) -> None:
    """End as Python does at ``sys.exit(status)``, without taking apart what is loaded.

    That would write to all the memory that the child shares with the server. Returns
    where a stream's reader is gone, for the interpreter to say so.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return
    os._exit(status & 0xFF)


def main() -> None:
    """Serve, and in each child run the script."""
    control = socket.socket(fileno=int(sys.argv[1]))
    script = sys.argv[2]
    with open(script, "rb") as stream:
        code = compile(stream.read(), script, "exec")
    for name in WARM:
        importlib.import_module(name)
    # what is there is not looked through again in every child
    gc.collect()
    gc.freeze()
    become_run(*serve(control), script)
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=__builtins__)
    try:
        exec(code, module.__dict__)
    except SystemExit as exit:
        if type(exit.code) is int:
            end(exit.code)
        raise


if __name__ == "__main__":
    main()
