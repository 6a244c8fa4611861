"""The record: its lines, and the files that it is written to, as values."""

import io
import json
import os
import threading

import pytest

from awsexec import fastpath, history
from awsexec.commands import log as shown
from awsexec.report import Report

LONG = "x" * 10_000
TEXTS = ["", "a", 'say "no"', "C:\\x", "a\nb\0\x7f", "ü…", "\U0001f600", "a\udcff"]


@pytest.mark.parametrize("text", TEXTS)
def test_text(text):
    written = fastpath.json_string(text)
    assert written.isascii() and written.isprintable()
    assert json.loads(written) == text


@pytest.mark.parametrize("size", [8, 9, 40, 512])
@pytest.mark.parametrize("text", [LONG, "ü" * 600, '"' * 600, "\U0001f600" * 99])
def test_long_text(text, size):
    written = fastpath.json_string(text, size)
    assert len(written) <= size
    beginning = json.loads(written).removesuffix("…")
    assert text.startswith(beginning) and beginning != text


def line(command=(), members='"profile": "p"', **environ):
    written = fastpath.log_line("started", members, command, environ, os.getppid())
    assert len(written) <= fastpath.LARGEST_LINE
    assert written.endswith(b"}\n") and written.count(b"\n") == 1
    return json.loads(written)


def test_line():
    found = line(["aws", "s3"])
    assert list(found) == [
        *("time", "event", "profile", "pid", "parent_pid", "parent", "command")
    ]
    assert (found["pid"], found["parent_pid"]) == (os.getpid(), os.getppid())
    assert found["command"] == "aws"
    assert "command" not in line()


@pytest.mark.parametrize(
    "command",
    [
        ["a"],
        ["a", *TEXTS],
        ["ends in…"],
        [LONG],
        ["a", LONG, "b"],
        ["a", "ü" * 600],
        ["a"] * 5_000,
        ["\U0001f600" * 600],
    ],
)
def test_all_words(command):
    found = line(command, AWSEXEC_LOG_ARGV="1")
    is_whole = found["argv"] == command
    assert found.get("argv_cut", False) is not is_whole
    assert is_whole == (len(json.dumps(command)) < 3_800)
    assert "argv" not in line(command, AWSEXEC_LOG_ARGV="0")


def test_longest_members():
    facts = {name: "\U0001f600" * 999 for name in ("profile", "role", "reason")}
    facts |= {"session_name": "s" * 64, "account": "1" * 12, "limits": [LONG] * 10}
    assert line([LONG] * 9, history.members(facts), AWSEXEC_LOG_ARGV="1")["argv_cut"]


@pytest.mark.parametrize("name", ["AWSEXEC_LOG_ARGV", "AWSEXEC_LOG_REQUIRED"])
def test_switches(name, tmp_path):
    environ = {"AWSEXEC_LOG": str(tmp_path / "log")}
    for value in ("", "0", "1"):
        line(["a"], **{name: value})
        history.Log({**environ, name: value}, Report(io.StringIO())).check()
    with pytest.raises(ValueError, match=name):
        line(["a"], **{name: "true"})
    with pytest.raises(history.ConfigError, match=f"{name}=true is unknown"):
        history.Log({**environ, name: "true"}, Report(io.StringIO())).check()


# --- The file -------------------------------------------------------------------------


def of_mode(mode):
    def make(path):
        path.touch()
        path.chmod(mode)

    return make


def of_another(path):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    path.touch(0o600)
    os.chown(path, 65_534, 65_534)


FILES = {
    "group": (of_mode(0o620), "open to others (mode 0620)"),
    "others": (of_mode(0o604), "open to others (mode 0604)"),
    "of another": (of_another, "owned by another user"),
    "directory": (lambda path: path.mkdir(), "not a regular file"),
    "fifo": (lambda path: os.mkfifo(path), "not a regular file"),
    "link": (lambda path: path.symlink_to("other"), "it is a symbolic link"),
    "device": (lambda path: path.symlink_to("/dev/null"), "it is a symbolic link"),
    "missing directory": (lambda path: None, "No such file or directory"),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_cannot_be_written(kind, tmp_path):
    path = tmp_path / ("no/log" if kind == "missing directory" else "log")
    make, why = FILES[kind]
    make(path)
    stream, environ = io.StringIO(), {"AWSEXEC_LOG": str(path)}
    log = history.Log(environ, Report(stream))
    log.check()
    log.refused("p", ["a"], ValueError())
    # said once
    said = stream.getvalue()
    assert said.startswith(
        f"awsexec: AWSEXEC_LOG={path}: cannot write the record: {why}; going on"
    )
    assert said.count("\n") == 1 and "; going on without a record; " in said
    assert not (tmp_path / "other").exists()
    log = history.Log({**environ, "AWSEXEC_LOG_REQUIRED": "1"}, Report(stream))
    with pytest.raises(history.CannotRecord, match="REQUIRED=1 stops the run; "):
        log.check()
    log.refused("p", ["a"], ValueError())


def test_pipe_that_somebody_reads(tmp_path):
    os.mkfifo(tmp_path / "log")
    reading = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(ValueError, match="not a regular file"):
        fastpath.append(str(tmp_path / "log"), b"x")
    assert os.read(reading, 9) == b""
    os.close(reading)


@pytest.mark.parametrize(
    ("text", "path"),
    [("/x", "/x"), ("~/x", "/h/x"), ("x", ""), ("./x", ""), ("~alice/x", "")],
)
def test_path(text, path):
    assert fastpath.log_path(text, "/h") == path
    assert fastpath.log_path("~/x", "h") == ""


def test_new_file(tmp_path):
    before = os.umask(0)
    try:
        assert fastpath.append(str(tmp_path / "log"), b"x\n")
    finally:
        os.umask(before)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def fill(path, text):
    path.write_text(text + "\n")
    # as a sparse file
    os.truncate(path, fastpath.LARGEST_LOG)
    path.chmod(0o600)


def test_full(tmp_path):
    path, environ = tmp_path / "log", {"AWSEXEC_LOG": str(tmp_path / "log")}
    fill(path, "first")
    assert not fastpath.append(str(path), b"x")
    fill(tmp_path / "log.1", "before")
    history.Log(environ, Report(io.StringIO())).refused("p", ["a"], ValueError())
    assert (tmp_path / "log.1").read_text().startswith("first\n")
    assert json.loads(path.read_bytes())["event"] == "refused"
    # FILE.1 that cannot be replaced: the file does not grow
    fill(path, "second")
    (tmp_path / "log.1").unlink()
    (tmp_path / "log.1" / "x").mkdir(parents=True)
    with pytest.raises(history.CannotRecord):
        required = {**environ, "AWSEXEC_LOG_REQUIRED": "1"}
        history.Log(required, Report(io.StringIO())).check()
    assert path.read_text().startswith("second\n")


def test_many_find_it_full(tmp_path):
    """None of them renames the new file of another, whose lines would be lost."""
    path, environ = tmp_path / "log", {"AWSEXEC_LOG": str(tmp_path / "log")}
    for _ in range(10):
        fill(path, "full")
        log = history.Log(environ, Report(io.StringIO()))
        threads = [
            threading.Thread(target=log.refused, args=(str(n), ["a"], ValueError()))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (tmp_path / "log.1").stat().st_size >= fastpath.LARGEST_LOG
        written = path.read_bytes() + (tmp_path / "log.1").read_bytes()
        assert written.count(b'"event": "refused"') == 8
        path.unlink()


def test_reading(tmp_path):
    path, environ = tmp_path / "log", {"AWSEXEC_LOG": str(tmp_path / "log")}
    one = fastpath.log_line("refused", '"profile": "1"', (), {}, 1).decode()
    two, three = one.replace('"1"', '"2"'), one.replace('"1"', '"3"')
    (tmp_path / "log.1").write_text(one)
    # a full disk cut a line, and later there was room
    path.write_text(two[:50] + three + "[]\n" + "[" * 100_000 + "\nno JSON\n")
    found = [row["profile"] for row in history.read(environ)]
    assert found == ["1", "3"]
    path.unlink()
    assert len(history.read(environ)) == 1


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "AWSEXEC_LOG is not set"), ("log", "depends on the current directory")],
)
def test_no_file_to_read(value, said):
    with pytest.raises(history.ConfigError, match=said):
        history.read({"AWSEXEC_LOG": value, "HOME": "/h"})


# --- The table ------------------------------------------------------------------------


@pytest.mark.parametrize("width", [24, 40, 80, 200, None])
def test_table(width):
    """Nothing that a person needs is cut: it stands below its row."""
    row = {"time": "2026-11-26T04:49:03Z", "profile": "deploy", "key": "MPLE"}
    row |= {"account": "123456789012", "role": "arn:aws:iam::123456789012:role/deploy"}
    row |= {"command": "/bin/terraform"}
    why = "no profile 'deploy' in the file; did you mean deplay? Write it."
    rows = [{**row, "event": "started"}, {**row, "event": "refused", "reason": why}]
    found = [
        each if isinstance(each, str) else each[0]
        for each in shown.lines(rows, {}, width)
    ]
    text = " ".join(" ".join(found).split())
    assert "started deploy" in text and f"terraform: {why[:30]}" in text
    assert (why in text) == (width != 24)
    assert ("…MPLE" in text) == (width in (200, None))
    assert ("123456789012" in text) == (width in (80, 200, None))
    if width is None:
        assert len(found) == 3
        regional = [{**rows[0], "region": "eu-west-1"}]
        _, line = shown.lines(regional, {}, None)
        assert "deploy eu-west-1" in line
    elif width >= 40:
        assert max(map(len, found)) <= width
