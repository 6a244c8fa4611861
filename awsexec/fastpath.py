"""What happens on every run: the words, the cache entry, the environment, the exec.

awsexec has two halves. This module is the one, and the rest of the package the other,
which is imported only when a run needs it: no entry in the cache, an option, anything
but ``awsexec [-q] PROFILE [--] COMMAND [ARG]...`` and, as SDKs call it at every start,
``awsexec [-q] --export process PROFILE``.

It is one module, and imports nothing that the interpreter has not loaded already,
because a cached run is to cost no more than starting Python: every further module of
our own would cost one per cent of that, `json` or `argparse` most of it once more.
"""

# the public module loads enum
import _signal  # type: ignore[import-not-found]
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NoReturn

# --- The cache entry ----------------------------------------------------------------
#
# A file of lines of ASCII, which need no parser. The times are in seconds since the
# epoch, by this machine's clock, and hexadecimal: for the decimal system, Python fetches
# a logarithm from the mathematical library, at two per cent of its memory.
#
#     awsexec 1 CHECKSUM        of all that follows
#     key KEY                   every input of what was asked for
#     profile NAME              whom --forget finds it by, as ascii() writes it
#     issued TIME
#     expires TIME              as AWS said
#     renew TIME                from when on to renew it ahead of time, 0 for never
#     files SIGNATURES          the config files it came from, "" for a session
#     AWS_ACCESS_KEY_ID=...     and the other variables
#
# Two kinds share it. A session is what AWS answered to one request; its key is all of
# the request's inputs. A run is what a profile came to in one environment; its key is
# the profile with that environment, and it counts only while the config files are what
# they were.

MAGIC = b"awsexec 1 "
# far above what an entry comes to: session tokens are a few KiB at the most
LARGEST = 65_536
# seconds that a clock may go back (NTP steps) without making entries useless
CLOCK_SLACK = 60
ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"
SESSION_TOKEN = "AWS_SESSION_TOKEN"
# ISO 8601, UTC
EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"
# the largest prime below 2 ** 128
_PRIME = 2**128 - 159

# What of the environment a run depends on, besides the config files: where AWS is
# called, what COMMAND is given, and when to renew it.
RUN_VARIABLES = (
    "HOME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_SIGNIN",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWSEXEC_REFRESH_AHEAD",
)


class Entry:
    """What one key stands for, and until when; the fields are the format's.

    Reading raises, where an entry is no use, `OSError` (not there, or out of reach) or
    `ValueError` (there, and the text says what is wrong with it).
    """

    __slots__ = ("key", "profile", "issued", "expires", "renew", "files", "variables")

    def __init__(
        self,
        key: str,
        profile: str,
        issued: int,
        expires: int,
        variables: "dict[str, str]",
        renew: int = 0,
        files: str = "",
    ) -> None:
        self.key = key
        self.profile = profile
        self.issued = issued
        self.expires = expires
        self.renew = renew
        self.files = files
        self.variables = variables

    def life_left(self, now: float) -> float:
        """Seconds until expiry; 0 where the clock says that it is not issued yet.

        A clock that was set back would make an expired entry look fresh.
        """
        return self.expires - now if now > self.issued - CLOCK_SLACK else 0.0

    def is_fresh(self, now: float) -> bool:
        """Whether enough life is left to hand it to a command."""
        return self.life_left(now) > margin(self.expires - self.issued)

    def is_due(self, now: float) -> bool:
        """Whether it is time to renew it ahead of its expiry."""
        return 0 < self.renew <= now


def margin(lifetime: int) -> int:
    """The seconds before its expiry from which a session of `lifetime` is renewed.

    Five minutes, and less for short ones: a 15-minute session still serves 13.
    """
    return min(300, lifetime // 8)


def run_key(
    profile: str, config: str, credentials: str, environ: "Mapping[str, str]"
) -> str:
    """The key of a run of `profile` with the two files at these paths."""
    return ascii(
        ("run", profile, config, credentials, *map(environ.get, RUN_VARIABLES))
    )


def signatures(paths: "Iterable[str]") -> str:
    """What tells whether any of the files has changed: ``None`` for a missing one.

    The change time sees an edit that keeps size and modification time.
    """
    return ascii([_signature(path) for path in paths])


def _signature(path: str) -> "tuple[int, ...] | None":
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


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
        f"profile {entry.profile}",
        f"issued {entry.issued:x}",
        f"expires {entry.expires:x}",
        f"renew {entry.renew:x}",
        f"files {entry.files}",
    ]
    for name, value in entry.variables.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} is not printable ASCII")
        lines.append(f"{name}={value}")
    body = "\n".join(lines).encode("ascii") + b"\n"
    return MAGIC + digest(body).encode("ascii") + b"\n" + body


def parse(data: bytes, key: "str | None" = None) -> Entry:
    """The entry in a file's content, which must be for `key` if one is given."""
    head, _, body = data.partition(b"\n")
    if not head.startswith(MAGIC):
        raise ValueError("written by another version, or no entry at all")
    if head[len(MAGIC) :] != digest(body).encode("ascii"):
        raise ValueError("damaged")
    lines = body.decode("ascii").split("\n")
    found, profile, issued, expires, renew, files = [
        line.partition(" ")[2] for line in lines[:6]
    ]
    if key is not None and found != key:
        raise ValueError("for another request")
    variables = {}
    for line in lines[6:-1]:
        name, _, value = line.partition("=")
        variables[name] = value
    times = [int(seconds, 16) for seconds in (issued, expires, renew)]
    return Entry(found, profile, times[0], times[1], variables, times[2], files)


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


# --- COMMAND ------------------------------------------------------------------------

# What would select another identity, or supply parts of one. botocore, for one,
# prefers an AWS_SECURITY_TOKEN to AWS_SESSION_TOKEN, and refuses to start when
# AWS_PROFILE names a missing profile, whatever keys the environment holds. Unset,
# not blanked: some programs take an empty variable for a value.
REMOVED = frozenset(
    {
        "AWSEXEC_BARE_CONFIG",
        "AWSEXEC_BARE_PROFILE",
        "AWSEXEC_ISSUED",
        "AWSEXEC_OWN_CONFIG",
        "AWSEXEC_PROFILE_REGION",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_ACCOUNT_ID",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_CREDENTIAL_FILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_EXPIRATION",
        "AWS_SESSION_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)
REMOVED_PREFIX = "AWS_CONTAINER_"


def child_environment(
    environ: "Mapping[str, str]", added: "Mapping[str, str]"
) -> dict[str, str]:
    """The caller's environment without what selects an identity, plus `added`."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in REMOVED and not name.startswith(REMOVED_PREFIX)
    }
    kept.update(added)
    return kept


def become(command: "list[str]", environ: "Mapping[str, str]") -> "NoReturn":
    """Replace this process by `command`, as POSIX's execvp does.

    That is the first file on the PATH of `environ` that runs; a script without ``#!``
    is run by sh. Raises `FileNotFoundError` where there is none, and another `OSError`
    where there is one and the system does not run it.
    """
    # Python ignores these two from its start on. A command that inherits that does
    # not stop when its reader does (`yes | head`).
    for name in ("SIGPIPE", "SIGXFSZ"):
        number = getattr(_signal, name, None)
        if number is not None:
            _signal.signal(number, _signal.SIG_DFL)
    name = command[0]
    folders = [""] if "/" in name else environ.get("PATH", os.defpath).split(":")
    failure: OSError = FileNotFoundError()
    for folder in folders if name else ():
        path = f"{folder}/{name}" if folder else name
        try:
            # a look costs a tenth of an exec that fails
            os.stat(path)
            _replace(path, command, environ)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            # a later folder may have one that runs
            failure = error
    raise failure


def _replace(path: str, command: "list[str]", environ: "Mapping[str, str]") -> None:
    try:
        os.execve(path, command, environ)
    except OSError as error:
        # ENOEXEC, without the module that has the name
        if error.errno != 8:
            raise
        os.execve("/bin/sh", ["sh", path, *command[1:]], environ)


def caller_environment() -> "dict[str, str]":
    """The environment as the caller left it.

    In a shell of ours the region may be that of the shell's profile, and then says
    nothing about the next one; nor do the config file and the profile that hide no
    endpoint from it (`commands/serve.py`). In the C locale Python sets LC_CTYPE to a
    UTF-8 locale for its own process and its children (PEP 538); COMMAND is not to see
    that.
    """
    environ = dict(os.environ)
    if "AWSEXEC_PROFILE_REGION" in environ:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            if environ.get(name) == environ["AWSEXEC_PROFILE_REGION"]:
                del environ[name]
    if "AWSEXEC_BARE_CONFIG" in environ:
        if environ.get("AWS_CONFIG_FILE") == environ["AWSEXEC_BARE_CONFIG"]:
            environ["AWS_CONFIG_FILE"] = environ.get("AWSEXEC_OWN_CONFIG", "")
        if environ.get("AWS_PROFILE") == environ.get("AWSEXEC_BARE_PROFILE"):
            environ.pop("AWS_PROFILE", None)
    if environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8") and not environ.get("LC_ALL"):
        try:
            with open("/proc/self/environ", "rb") as stream:
                original = stream.read()
        except OSError:
            return environ
        if b"\0LC_CTYPE=" not in b"\0" + original:
            del environ["LC_CTYPE"]
    return environ


# --- credential_process -------------------------------------------------------------

# Which profiles' processes this one runs in, as JSON: of each the config file, the
# credentials file, and the profiles from the selected one to that of the process. Set
# for processes only, and passed on to what these start.
CALLERS = "AWSEXEC_CALLERS"

DOCUMENT = (
    ("AccessKeyId", ACCESS_KEY_ID),
    ("SecretAccessKey", SECRET_ACCESS_KEY),
    ("SessionToken", SESSION_TOKEN),
    ("Expiration", EXPIRATION),
)


def process_document(variables: "Mapping[str, str]") -> str:
    """The JSON that an SDK takes from a ``credential_process``.

    `variables` are COMMAND's, those that it names printable ASCII. SDKs and Tools
    Reference Guide, "Process credential provider".
    """
    members = ['"Version": 1']
    for member, name in DOCUMENT:
        if name in variables:
            value = variables[name].replace("\\", "\\\\").replace('"', '\\"')
            members.append(f'"{member}": "{value}"')
    return "{" + ", ".join(members) + "}\n"


def put(text: str) -> None:
    """Write `text` to stdout at once. Raises `OSError`.

    Not through a buffer: Python would complain of what is left in it when it ends.
    """
    data = os.fsencode(text)
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


# --- The run ------------------------------------------------------------------------

_QUIET = ("-q", "--quiet")


def attempt(argv: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Do what `argv` says if that takes no more than a look at the cache.

    That is to become its COMMAND, or to print for an SDK, and return True. It knows
    two narrow shapes of the words, and the simple case of everything it looks at. At
    anything else it returns False, having done nothing, and the other half takes over
    and says what there is to say. AWSEXEC_FASTPATH=0 turns it off; then nothing but
    the speed differs.
    """
    parsed = _parse(argv)
    if parsed is None or os.name != "posix" or environ.get("AWSEXEC_FASTPATH") == "0":
        return False
    if environ.get(CALLERS):
        # this may be a loop, which no entry is to hide
        return False
    profile, command = parsed
    if not command and (sys.stdout is None or sys.stdout.isatty()):
        # which the other half warns of
        return False
    try:
        found = _cached_run(profile, environ, time.time())
        if found is None:
            return False
        if not command:
            put(process_document(found.variables))
            return True
        added = found.variables
        added["AWSEXEC_PROFILE"] = profile
        become(list(command), child_environment(environ, added))
    except (OSError, ValueError):
        # whatever it is, the other half comes upon it again and words it
        return False


def _parse(argv: "Sequence[str]") -> "tuple[str, Sequence[str]] | None":
    """PROFILE and COMMAND, or None where the words have any other shape.

    COMMAND is empty where it is ``--export process``.
    """
    profile, export, position = "", False, 0
    while position < len(argv):
        word = argv[position]
        position += 1
        if word in _QUIET:
            continue
        if word == "--export" and argv[position : position + 1] == ["process"]:
            export = True
            position += 1
        elif word == "--export=process":
            export = True
        elif word[:1] == "-":
            if word != "--" or export or not profile or position == len(argv):
                return None
            return profile, argv[position:]
        elif profile:
            return None if export else (profile, argv[position - 1 :])
        elif not word:
            return None
        else:
            profile = word
    return (profile, ()) if export and profile else None


def _cached_run(
    profile: str, environ: "Mapping[str, str]", now: float
) -> "Entry | None":
    """The entry of a run of `profile`, if it is fresh. Raises as `read` does."""
    home = environ.get("HOME", "")
    config = _path(environ.get("AWS_CONFIG_FILE") or "~/.aws/config", home)
    credentials = _path(
        environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials", home
    )
    directory = _cache_directory(environ, home)
    if not (config and credentials and directory):
        return None
    check_directory(directory)
    key = run_key(profile, config, credentials, environ)
    found = read(directory, key)
    if (
        not found.is_fresh(now)
        or found.is_due(now)
        or found.files != signatures((config, credentials))
    ):
        return None
    return found


def _path(path: str, home: str) -> str:
    """`path` with its ``~`` filled in; "" where that takes more than this."""
    if "$" in path:
        return ""
    if path[:2] == "~/" and home[:1] == "/":
        return home.rstrip("/") + path[1:]
    return path if path[:1] == "/" else ""


def _cache_directory(environ: "Mapping[str, str]", home: str) -> str:
    """The cache directory, as platformdirs finds it; "" where that takes more.

    A wrong answer costs time, nothing else: there is no entry to be found in it.
    """
    chosen = environ.get("AWSEXEC_CACHE_DIR")
    if chosen:
        return chosen.rstrip("/") if chosen[0] == "/" else ""
    base = environ.get("XDG_CACHE_HOME") or (
        "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    )
    path = _path(base, home)
    return path and path.rstrip("/") + "/awsexec"
