"""Where the output of many commands goes: lines, blocks, or JSON.

A `Sink` of `runner` takes the output of one command.
"""

from __future__ import annotations

import base64
import codecs
import json
import struct
import tempfile

from awsexec.each.controls import for_terminal
from awsexec.each.runner import CHUNK, STDERR, STDOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from awsexec.each.runner import Outcome

    # writes to stdout (1) or stderr (2)
    Write = Callable[[int, bytes], None]

# bytes of a line that are kept until its end comes; a longer line is passed on in pieces
LONGEST_LINE = 65_536


class Lines:
    """Passes on each line as soon as it is whole, with a prefix.

    `prefixes` has one for stdout and one for stderr. After `LONGEST_LINE` bytes of a line
    comes a line feed, and `more` before the next piece, unless the prefix is empty. Lines
    for the streams `terminals` lose what a terminal would act on.
    """

    def __init__(
        self,
        prefixes: Mapping[int, bytes],
        more: bytes,
        put: Write,
        terminals: Collection[int] = (),
    ) -> None:
        self._prefixes = prefixes
        self._more = more
        self._terminals = terminals
        self._put = put
        self._rest = {STDOUT: b"", STDERR: b""}
        # whether the last thing written was a piece of a line that goes on
        self._goes_on = {STDOUT: False, STDERR: False}

    def take(self, stream: int, data: bytes) -> None:
        whole, feed, rest = data.rpartition(b"\n")
        written: list[bytes] = []
        if feed:
            lines = (self._rest[stream] + whole).split(b"\n")
            if self._goes_on[stream] or max(map(len, lines)) > LONGEST_LINE:
                for line in lines:
                    self._add(stream, line, written, is_whole=True)
            else:
                # nearly always, and there may be millions
                prefix = self._prefixes[stream]
                if stream in self._terminals:
                    lines = [*map(for_terminal, lines)]
                written += [prefix, (b"\n" + prefix).join(lines), b"\n"]
            self._rest[stream] = b""
        rest = self._rest[stream] + rest
        if len(rest) > LONGEST_LINE:
            rest = self._add(stream, rest, written, is_whole=False)
        self._rest[stream] = rest
        if written:
            self._put(stream, b"".join(written))

    def _add(
        self, stream: int, line: bytes, written: list[bytes], *, is_whole: bool
    ) -> bytes:
        """Add `line`, in pieces if it is long; return what is not added yet."""
        feed = b"\n" if self._prefixes[stream] else b""
        while len(line) > LONGEST_LINE:
            size = _character_end(line, LONGEST_LINE)
            written += [self._prefix(stream), self._shown(stream, line[:size]), feed]
            self._goes_on[stream] = True
            line = line[size:]
        if not is_whole:
            return line
        written += [self._prefix(stream), self._shown(stream, line), b"\n"]
        self._goes_on[stream] = False
        return b""

    def _shown(self, stream: int, line: bytes) -> bytes:
        return for_terminal(line) if stream in self._terminals else line

    def _prefix(self, stream: int) -> bytes:
        prefix = self._prefixes[stream]
        return self._more if prefix and self._goes_on[stream] else prefix

    def end(self, outcome: Outcome) -> None:
        for stream, rest in self._rest.items():
            if rest:
                # the last line has no end
                self.take(stream, b"\n")


def _character_end(line: bytes, size: int) -> int:
    """Return `size`, or a little less if it would cut a character of UTF-8."""
    for fewer in range(4):
        if line[size - fewer] & 0xC0 != 0x80:
            return size - fewer
    return size


class Spool:
    """What a command wrote, in a file without a name that only this user can read.

    It is a sequence of records: the stream, the number of bytes, and the bytes.
    """

    _HEAD = struct.Struct(">BI")

    def __init__(self) -> None:
        # Python makes it 0600, and without a name or with one that is deleted at once
        self._file = tempfile.TemporaryFile(buffering=0)

    def add(self, stream: int, data: bytes) -> None:
        """Add `data` of a stream. Raises `OSError`."""
        view = memoryview(self._HEAD.pack(stream, len(data)) + data)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            error.filename = tempfile.gettempdir()
            raise

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Yield stream and bytes of each record. Raises `OSError`."""
        self._file.seek(0)
        while len(head := self._file.read(self._HEAD.size)) == self._HEAD.size:
            stream, size = self._HEAD.unpack(head)
            while size > 0 and (data := self._file.read(min(size, CHUNK))):
                size -= len(data)
                yield stream, data

    def close(self) -> None:
        self._file.close()


class _Spooled:
    """Keeps the output in a file until the end; the file is made with the first byte."""

    def __init__(self, put: Write) -> None:
        self._put = put
        self._spool: Spool | None = None

    def take(self, stream: int, data: bytes) -> None:
        if self._spool is None:
            self._spool = Spool()
        self._spool.add(stream, data)

    def _records(self) -> Iterator[tuple[int, bytes]]:
        return iter(()) if self._spool is None else self._spool.read()

    def end(self, outcome: Outcome) -> None:
        try:
            self.put_all(outcome)
        finally:
            if self._spool is not None:
                self._spool.close()

    def put_all(self, outcome: Outcome) -> None:
        raise NotImplementedError


class Block(_Spooled):
    """Passes on all output to `lines` at the end, in the order in which it came.

    Before it comes a head that `head` makes of the outcome.
    """

    def __init__(
        self, head: Callable[[Outcome], bytes], lines: Lines, put: Write
    ) -> None:
        super().__init__(put)
        self._head = head
        self._lines = lines

    def put_all(self, outcome: Outcome) -> None:
        self._put(STDOUT, self._head(outcome))
        for stream, data in self._records():
            self._lines.take(stream, data)
        self._lines.end(outcome)


class Json(_Spooled):
    """Prints one JSON object, on one line: `known` of the job, its end and its output.

    Output that is not UTF-8 is base64, in ``stdout_base64`` or ``stderr_base64``.
    """

    def __init__(self, known: Mapping[str, object], put: Write) -> None:
        super().__init__(put)
        self._known = known

    def put_all(self, outcome: Outcome) -> None:
        head = {**self._known, **_ending(outcome)}
        self._put(STDOUT, json.dumps(head)[:-1].encode())
        # before it is an object, all of it must be readable
        for stream, name in ((STDOUT, "stdout"), (STDERR, "stderr")):
            is_text = self._is_text(stream)
            name += "" if is_text else "_base64"
            self._put(STDOUT, f', "{name}": "'.encode())
            for piece in self._text(stream) if is_text else self._base64(stream):
                self._put(STDOUT, piece)
            self._put(STDOUT, b'"')
        self._put(STDOUT, b"}\n")

    def _of(self, stream: int) -> Iterator[bytes]:
        return (data for each, data in self._records() if each == stream)

    def _is_text(self, stream: int) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for data in self._of(stream):
                decoder.decode(data)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _text(self, stream: int) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        for data in self._of(stream):
            yield json.dumps(decoder.decode(data))[1:-1].encode()

    def _base64(self, stream: int) -> Iterator[bytes]:
        rest = b""
        for data in self._of(stream):
            rest += data
            size = len(rest) // 3 * 3
            yield base64.b64encode(rest[:size])
            rest = rest[size:]
        yield base64.b64encode(rest)


def _ending(outcome: Outcome) -> dict[str, object]:
    """Return how a command ended, for JSON."""
    found: dict[str, object] = {"status": outcome.status, "signal": outcome.signal}
    if outcome.error is not None:
        found["error"] = outcome.error
    found["seconds"] = round(outcome.seconds, 3)
    return found
