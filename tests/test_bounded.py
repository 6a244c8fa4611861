"""Reading files that do not end, do not come, or are none; and who reads files at all."""

import ast
import os
import socket
import threading
import time
from pathlib import Path

import pytest

import awsexec
from awsexec import bounded


def test_up_to_the_limit(tmp_path):
    path = tmp_path / "file"
    for size in (0, 1, 99_999, 100_000):
        path.write_bytes(b"x" * size)
        assert bounded.read(str(path), 100_000, is_regular=True) == b"x" * size
    path.write_bytes(b"x" * 100_001)
    with pytest.raises(bounded.Unreadable, match="it has more than 97 KiB"):
        bounded.read(str(path), 100_000)


def test_sizes_in_words():
    sizes = [7, 1024, 1_048_575, 1_048_576, bounded.LARGEST]
    assert list(map(bounded.in_words, sizes)) == [
        *("7 bytes", "1 KiB", "1023 KiB", "1 MiB", "16 MiB")
    ]


def test_devices(capsys):
    assert bounded.read("/dev/null") == b""
    assert b"processor" in bounded.read("/proc/cpuinfo", is_regular=True)
    for path in ("/dev/zero", "/dev/urandom"):
        with pytest.raises(bounded.Unreadable, match="it has more than 16 MiB"):
            bounded.read(path)
        with pytest.raises(bounded.Unreadable, match="it is not a regular file"):
            bounded.read(path, is_regular=True)
    assert capsys.readouterr().err == ""


def test_what_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        bounded.read(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        bounded.read(str(tmp_path / "nothing"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError):
            bounded.read(str(tmp_path / "socket"))


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_pipe_that_nobody_writes(fifo, capsys):
    began = time.monotonic()
    with pytest.raises(bounded.Unreadable, match="no program wrote it in time"):
        bounded.read(str(fifo), seconds=1.3)
    assert 1.2 < time.monotonic() - began < 5
    said = f"awsexec: waiting for a program to write to {str(fifo)!r}\n"
    assert capsys.readouterr().err == said
    # a completion says nothing amid the user's line
    with pytest.raises(bounded.Unreadable):
        bounded.read(str(fifo), seconds=0.2)
    began = time.monotonic()
    with pytest.raises(bounded.Unreadable, match="it is not a regular file"):
        bounded.read(str(fifo), is_regular=True)
    assert time.monotonic() - began < 0.2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("pause", [0, 0.3])
@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a" * 70_000, b"b"]])
def test_pipe_that_somebody_writes(fifo, pause, pieces):
    def write():
        time.sleep(pause)
        with open(fifo, "wb", buffering=0) as stream:
            for piece in pieces:
                time.sleep(pause / 3)
                stream.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    assert bounded.read(str(fifo)) == b"".join(pieces)
    writer.join()


def test_pipe_of_a_writer_that_has_ended():
    """As with ``<(echo ...)`` of a shell: nobody is at its other end any more."""
    reading, writing = os.pipe()
    os.write(writing, b"text")
    os.close(writing)
    assert bounded.read(f"/dev/fd/{reading}") == b"text"
    os.close(reading)


# --- Who reads at all -----------------------------------------------------------------

PACKAGE = Path(awsexec.__file__).parent
READERS = {
    *("open", "read", "readline", "readlines", "readinto", "read_text", "read_bytes"),
    *("recv", "recv_into", "communicate", "fdopen", "makefile"),
}
READERS_OF = {"subprocess": {"run", "check_output", "getoutput"}, "json": {"load"}}
# what the reading is of, and what bounds it
ALLOWED = {
    "bounded.py": "the one place",
    "cache/forgotten.py": "a number of bytes, and not of a pipe",
    "cache/locks.py": "a number of bytes, and not of a pipe",
    "cache/store.py": "what the fast path reads, a number of bytes",
    "cli.py": "/dev/null",
    "child/completions.py": "what pip installed",
    "commands/completion.py": "what pip installed",
    "commands/keys.py": "_LARGEST of stdin",
    "credentials/command.py": "LARGEST and a time limit",
    "credentials/keys/index.py": "a directory, to write it to the disk",
    "credentials/sdk/clients.py": "what pip installed",
    "credentials/sdk/internals.py": "what arrives, within ANSWER_SECONDS",
    "directories.py": "what it writes",
    "each/outputs.py": "pieces of a file that it wrote itself",
    "each/runner.py": "pieces of a command's output, of a bounded size",
    "fastpath.py": "a number of bytes of the cache and of the boot id; the kernel's copy of the environment",
    "history.py": "it opens the full record for its lock, and reads by bounded",
    "loopback/browser.py": "one byte of a pipe of awsexec's own",
    "loopback/peer.py": "the kernel's table of sockets",
    "loopback/server.py": "HEAD_BYTES, REST_BYTES and a time limit",
    "options/generate.py": "a developer's files",
    "output.py": "/dev/null",
    "processes/background.py": "/dev/null",
    "processes/tree.py": "the kernel's files of processes; what ps prints",
    "serve/config_copy.py": "what it writes",
    "serve/endpoint.py": "a pipe of awsexec's own",
    "serve/hold.py": "the kernel's copies of environments",
    "serve/question.py": "LONGEST_LINE",
    "terminal.py": "a line that the user types, which the terminal bounds",
}


def reads(path):
    """The modules' and the built-in functions that a file calls to read something."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id == "open":
            yield node.lineno
        elif isinstance(function, ast.Attribute):
            of = ast.unparse(function.value)
            readers = READERS_OF.get(of, READERS)
            # awsexec's own functions of these names
            ours = ("bounded", "files", "history", "option", "self", "self._store")
            ours = (*ours, "cls", "index", "KeyIndex", "self._index", "store")
            if function.attr in readers and of not in ours:
                yield node.lineno


def test_no_other_module_reads():
    found = {
        path.relative_to(PACKAGE).as_posix(): list(reads(path))
        for path in PACKAGE.rglob("*.py")
    }
    others = {name: lines for name, lines in found.items() if lines}
    assert others.keys() <= ALLOWED.keys(), others
