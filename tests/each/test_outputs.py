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


def in_block(*chunks):
    written = Written()
    marked = Lines({1: b"", 2: b"p ! "}, b"p + ", written)
    sink = Block(lambda outcome: f"-- {outcome}\n".encode(), marked, written)
    for stream, data in chunks:
        sink.take(stream, data)
    assert written.parts == []
    sink.end(Outcome(3))
    return written


def test_block_keeps_the_order_of_both_streams_and_marks_stderr():
    written = in_block((1, b"a\n"), (2, b"x\ny"), (1, b"b\nc"), (2, b"z\n"))
    assert written.parts == [
        (1, b"-- status 3\n"),
        (1, b"a\n"),
        (2, b"p ! x\n"),
        (1, b"b\n"),
        (2, b"p ! yz\n"),
        (1, b"c\n"),
    ]


@pytest.mark.parametrize("size", [1000, LONGEST_LINE, 10 * LONGEST_LINE])
def test_stdout_of_a_block_is_as_it_was(size):
    whole = b"\x1b[2J" + 3 * LONGEST_LINE * b"x" + b"\r\nnext\n"
    chunks = [whole[n : n + size] for n in range(0, len(whole), size)]
    assert in_block(*((1, chunk) for chunk in chunks)).of(1) == b"-- status 3\n" + whole


CONTROLS = [
    (b"\ttext \xc3\xa4 \xe2\x94\x82 \xff", b"\ttext \xc3\xa4 \xe2\x94\x82 \xff"),
    # colours stay, and end with the line
    (b"\x1b[1;31mred\x1b[m", b"\x1b[1;31mred\x1b[m\x1b[0m"),
    (b"\x1b[38:5:1mred", b"\x1b[38:5:1mred\x1b[0m"),
    # the end of what shows progress, and the line feed of Windows
    (b" 5%\r50%\r\x1b[Kdone", b"done"),
    (b"5%\r100%\r", b"100%"),
    (b"text\r", b"text"),
    # moves, another screen, a title, a link, another character set, a bell
    (b"a\x1b[2Ab\x1b[?1049hc\x1b[Kd", b"abcd"),
    (b"a\x1b]0;title\x07b\x1b]8;;https://x\x1b\\c", b"abc"),
    (b"a\x1b]0;no end", b"a"),
    (b"a\x1bPsixel\x1b\\b\x1b(0c\x1bcd\x1b7e", b"abcde"),
    (b"a\x07\x08\x0b\x0c\x0e\x00\x7fb\xc2\x9b2Jc", b"ab2Jc"),
    (b"a\x1b", b"a"),
    (b"a\x1b[3", b"a3"),
]


@pytest.mark.parametrize(("line", "expected"), CONTROLS)
def test_lines_for_a_terminal(line, expected):
    """A terminal gets colours, and nothing else that it acts on; a file gets all."""
    written = Written()
    sink = Lines({1: b"p | ", 2: b"p ! "}, b"p + ", written, terminals={2})
    for stream in (1, 2):
        sink.take(stream, b"a\n" + line + b"\n")
    assert written.of(1) == b"p | a\np | " + line + b"\n"
    assert written.of(2) == b"p ! a\np ! " + expected + b"\n"


def test_a_long_line_for_a_terminal():
    """As of progress that goes on without a line feed."""
    written = Written()
    sink = Lines({1: b"p | ", 2: b""}, b"p + ", written, terminals={1})
    for _ in range(3 * LONGEST_LINE // 8):
        sink.take(1, b"\x1b[2Kab\r\b")
    sink.end(Outcome(0))
    assert written.of(1).translate(None, b"p |+ab\n") == b""
    assert written.of(1).startswith(b"p | ab\np + ab\n")


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
