"""The cache entry: its file's name, its format, and reading it.

Part of every run: imports nothing that costs time, and so the format is lines of
ASCII, which need no parser::

    awsexec 1 CHECKSUM              of all that follows
    key KEY                         every input of what was asked for
    profile NAME                    whom --forget finds it by
    issued SECONDS                  since the epoch, by this machine's clock
    expires SECONDS                 as AWS said
    AWS_ACCESS_KEY_ID=...           and the other variables

Raises, where an entry is no use, `OSError` (it is not there, or out of reach) or
`ValueError` (it is there, and the text says what is wrong with it).
"""

import os

MAGIC = b"awsexec 1 "
# far above what an entry comes to: session tokens are a few KiB at the most
LARGEST = 65_536
# the largest prime below 2 ** 128
_PRIME = 2**128 - 159

ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"
SESSION_TOKEN = "AWS_SESSION_TOKEN"


class Entry:
    """What one key stands for, and until when. Times are seconds since the epoch."""

    __slots__ = ("key", "profile", "issued", "expires", "variables")

    def __init__(
        self,
        key: str,
        profile: str,
        issued: int,
        expires: int,
        variables: dict[str, str],
    ) -> None:
        self.key = key
        self.profile = profile
        self.issued = issued
        self.expires = expires
        self.variables = variables

    def life_left(self, now: float) -> float:
        """Seconds until expiry; 0 where the clock says that it is not issued yet.

        A clock that was set back would make an expired entry look fresh.
        """
        return self.expires - now if now > self.issued - CLOCK_SLACK else 0.0

    def is_fresh(self, now: float) -> bool:
        """Whether enough life is left to hand it to a command."""
        return self.life_left(now) > margin(self.expires - self.issued)


# seconds that a clock may go back (NTP steps) without making entries useless
CLOCK_SLACK = 60


def margin(lifetime: int) -> int:
    """The seconds before its expiry from which a session of `lifetime` is renewed.

    Five minutes, and less for short ones: a 15-minute session still serves 13.
    """
    return min(300, lifetime // 8)


def digest(data: bytes) -> str:
    """32 hex digits that spread file names and reveal damage.

    No protection against forgery; the directory's owner and mode are. hashlib is
    slower to import than everything else a cached run does.
    """
    return f"{int.from_bytes(b'.' + data, 'big') % _PRIME:032x}"


def file_name(key: str) -> str:
    """The name of the file of `key` in the cache directory."""
    return digest(key.encode("ascii"))


def dump(entry: Entry) -> bytes:
    """The file's content. Raises `ValueError` for a variable that does not fit."""
    lines = [
        f"key {entry.key}",
        f"profile {ascii(entry.profile)}",
        f"issued {entry.issued}",
        f"expires {entry.expires}",
    ]
    for name, value in entry.variables.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} is not printable ASCII")
        lines.append(f"{name}={value}")
    body = "\n".join(lines).encode("ascii") + b"\n"
    return MAGIC + digest(body).encode("ascii") + b"\n" + body


def parse(data: bytes, key: str | None = None) -> Entry:
    """The entry in a file's content, which must be for `key` if one is given."""
    head, _, body = data.partition(b"\n")
    if not head.startswith(MAGIC):
        raise ValueError("written by another version, or no entry at all")
    if head[len(MAGIC) :] != digest(body).encode("ascii"):
        raise ValueError("damaged")
    lines = body.decode("ascii").split("\n")
    fields = [line.partition(" ")[2] for line in lines[:4]]
    if key is not None and fields[0] != key:
        raise ValueError("for another request")
    return Entry(
        fields[0],
        fields[1],
        int(fields[2]),
        int(fields[3]),
        dict(line.split("=", 1) for line in lines[4:-1]),
    )


def check_directory(directory: str) -> None:
    """Raise unless `directory` is a real one, the user's own and closed to others."""
    _check_private(os.lstat(directory), 0o040000, "directory")


def read(directory: str, key: str) -> Entry:
    """The entry of `key` in a directory that `check_directory` has passed."""
    descriptor = os.open(
        directory + "/" + file_name(key),
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0),
    )
    try:
        _check_private(os.fstat(descriptor), 0o100000, "file")
        return parse(os.read(descriptor, LARGEST), key)
    finally:
        os.close(descriptor)


def _check_private(status: os.stat_result, kind: int, noun: str) -> None:
    if status.st_mode & 0o170000 != kind:
        raise ValueError(f"not a regular {noun}")
    # Windows has neither; there the user's profile directory is private
    if os.name == "posix":
        if status.st_uid != os.geteuid():
            raise ValueError("owned by another user")
        if status.st_mode & 0o077:
            raise ValueError(f"open to others (mode {status.st_mode & 0o777:04o})")
