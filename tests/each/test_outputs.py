"""The output of many commands: lines with a prefix, blocks, JSON."""

import base64
import json
import os

import pytest

from awsexec.each.runner import Outcome
from awsexec.each.outputs import LONGEST_LINE, Block, Json, Lines


class Written:
    """What was written to stdout and stderr."""

    def __init__(self):
        self.parts = []

    def __call__(self, stream, data):
        self.parts.append((stream, bytes(data)))

    def of(self, stream):
        return b"".join(data for each, data in self.parts if each == stream)


def lines(*chunks):
    written = Written()
    sink = Lines({1: b"p | ", 2: b"p ! "}, b"p + ", written)
    for stream, data in chunks:
        sink.take(stream, data)
    sink.end(Outcome(0))
    return written


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([], b""),
        ([b"a\n"], b"p | a\n"),
        ([b"a"], b"p | a\n"),
        ([b"a\n\nb"], b"p | a\np | \np | b\n"),
        ([b"a", b"b\nc", b"d\n"], b"p | ab\np | cd\n"),
        ([b"\xff\0\n"], b"p | \xff\0\n"),
    ],
)
def test_lines_are_whole(chunks, expected):
    assert lines(*((1, chunk) for chunk in chunks)).of(1) == expected


def test_streams_do_not_mix():
    written = lines((1, b"a"), (2, b"x\n"), (1, b"b\n"))
    assert written.parts == [(2, b"p ! x\n"), (1, b"p | ab\n")]


@pytest.mark.parametrize("size", [1, 1000, LONGEST_LINE, 10 * LONGEST_LINE])
@pytest.mark.parametrize("character", [b"x", "ä".encode(), "│".encode()])
def test_a_long_line_comes_in_marked_pieces(character, size):
    """Nothing is lost, no piece cuts a character, and what is kept is bounded."""
    whole = character * (3 * LONGEST_LINE // len(character)) + b"end\n"
    chunks = [whole[n : n + size] for n in range(0, len(whole), size)]
    if size == 1:
        chunks = [whole[:-5], *chunks[-5:]]
    found = lines(*((1, chunk) for chunk in [*chunks, b"next\n"])).of(1).splitlines()
    assert found[-1] == b"p | next"
    pieces = found[:-1]
    assert [piece[:4] for piece in pieces] == [b"p | "] + [b"p + "] * (len(pieces) - 1)
    assert b"".join(piece[4:] for piece in pieces) == whole[:-1]
    for piece in pieces:
        piece.decode()
        assert len(piece) <= LONGEST_LINE + 4


def test_block_keeps_the_order_of_both_streams():
    written = Written()
    sink = Block(lambda outcome: f"-- {outcome}\n".encode(), written)
    for stream, data in ((1, b"a\n"), (2, b"x"), (1, b"b")):
        sink.take(stream, data)
    assert written.parts == []
    sink.end(Outcome(3))
    assert written.parts == [
        (1, b"-- status 3\n"),
        (1, b"a\n"),
        (2, b"x"),
        (1, b"b"),
        (1, b"\n"),
        (2, b"\n"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 4096])
@pytest.mark.parametrize(
    "data", [b"", b"plain\n", 'ä"\\\n\u2028'.encode(), b"\xff\0a", "ä".encode()[:1]]
)
def test_json_has_all_of_it(data, size):
    written = Written()
    sink = Json({"profile": "p"}, written)
    for start in range(0, len(data), size):
        sink.take(1, data[start : start + size])
    sink.take(2, b"err")
    sink.end(Outcome(signal="SIGTERM", seconds=1.2345))
    assert written.of(2) == b""
    assert written.of(1).endswith(b"\n") and written.of(1).count(b"\n") == 1
    found = json.loads(written.of(1))
    try:
        expected = {"stdout": data.decode()}
    except UnicodeDecodeError:
        expected = {"stdout_base64": base64.b64encode(data).decode()}
    assert found == {
        "profile": "p",
        "status": None,
        "signal": "SIGTERM",
        "seconds": 1.234,
        **expected,
        "stderr": "err",
    }


def test_spool_has_no_name_and_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sink = Json({}, Written())
    sink.take(1, b"secret")
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(sink._spool._file.fileno()).st_mode & 0o777 == 0o600
