"""The fast path: all of a cached run, from the words through the cache to the exec.

It knows two command lines: ``awsexec [-q] PROFILE [--] COMMAND [ARG]...``, and
``awsexec [-q] --export process PROFILE``, which SDKs run at every start. Anything else,
and a run without a usable cache entry, is for the command line in `cli`, which is
imported only then.

It is one module, and imports only what the interpreter has loaded already: a cached run
must cost no more than starting Python. Each further module of ours would cost one per
cent of that start, and `json` or `argparse` nearly as much as the start itself.
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
# A file of lines of ASCII, which need no parser. Times are in seconds since the epoch, by
# this machine's clock. They are hexadecimal: for decimal numbers, Python loads a logarithm
# from the mathematical library, which takes two per cent more memory.
#
#     awsexec 3 CHECKSUM        of all that follows
#     key KEY                   every input of what was asked for
#     profile NAME              for --forget, as ascii() writes it
#     issued TIME
#     expires TIME              as AWS said
#     renew TIME                when to renew it ahead of its end, 0 for never
#     files SIGNATURES          of the config files it was made from, "" for a session
#     also DEPENDENCIES         what else must be as it was, see `is_unchanged`
#     about MEMBERS             of a run, for the record: see `log_line`
#     AWS_ACCESS_KEY_ID=...     and the other variables
#
# Two kinds of entry share this form. A session is AWS's answer to one request, and its
# key has all inputs of the request. A run is the result of a profile in one environment:
# its key has the profile and that environment, and it counts only while the config files
# are unchanged.

MAGIC = b"awsexec 3 "
# bytes, far more than an entry has: session tokens are a few KiB at most
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

# The variables that a run depends on, besides the config files: where AWS is called, what
# COMMAND is given, and when to renew it.
RUN_VARIABLES = (
    "HOME",
    # where the index of the keys in the keyring is
    "XDG_DATA_HOME",
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
    """A cache entry: the variables of one key, and until when; the fields are the file's.

    Reading an entry that cannot be used raises `OSError` (it is missing, or cannot be
    read) or `ValueError` (its text says what is wrong).
    """

    __slots__ = (
        "key",
        "profile",
        "issued",
        "expires",
        "renew",
        "files",
        "also",
        "variables",
        "about",
    )

    def __init__(
        self,
        key: str,
        profile: str,
        issued: int,
        expires: int,
        variables: "dict[str, str]",
        renew: int = 0,
        files: str = "",
        also: str = "",
        about: str = "",
    ) -> None:
        self.key = key
        self.profile = profile
        self.issued = issued
        self.expires = expires
        self.renew = renew
        self.files = files
        self.also = also
        self.variables = variables
        self.about = about

    def life_left(self, now: float) -> float:
        """Return the seconds until expiry; 0 if by the clock it is not issued yet.

        A clock that was set back would make an expired entry look fresh.
        """
        return self.expires - now if now > self.issued - CLOCK_SLACK else 0.0

    def is_fresh(self, now: float) -> bool:
        """Return whether enough life is left to hand it to COMMAND."""
        return self.life_left(now) > margin(self.expires - self.issued)

    def is_due(self, now: float) -> bool:
        """Return whether it is time to renew it ahead of its expiry."""
        return 0 < self.renew <= now


def margin(lifetime: int) -> int:
    """Return how many seconds before its end a session of `lifetime` is renewed.

    It is five minutes, and less for short sessions: one of 15 minutes serves 13.
    """
    return min(300, lifetime // 8)


def run_key(
    profile: str, config: str, credentials: str, environ: "Mapping[str, str]"
) -> str:
    """Return the key of a run of `profile` with the two files at these paths."""
    return ascii(
        ("run", profile, config, credentials, *map(environ.get, RUN_VARIABLES))
    )


def signatures(paths: "Iterable[str]") -> str:
    """Return a text that changes when one of the files changes.

    None in the text stands for a missing file. The change time shows an edit that keeps
    size and modification time.
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


# Variables that cannot decide whose credentials a program gives: where and how deep the
# terminal is, and how awsexec asks, hurries and reports. All others may.
NEUTRAL_VARIABLES = frozenset(
    {
        "_",
        "AWSEXEC_CACHE_DIR",
        "AWSEXEC_CALLERS",
        "AWSEXEC_CONFIRMED",
        "AWSEXEC_FASTPATH",
        "AWSEXEC_INIT",
        "AWSEXEC_LOG",
        "AWSEXEC_LOG_ARGV",
        "AWSEXEC_LOG_REQUIRED",
        "AWSEXEC_MFA_PROCESS",
        "AWSEXEC_MFA_TOKEN",
        "AWSEXEC_PROCESS_TIMEOUT",
        "AWSEXEC_PROMPT",
        "AWSEXEC_REFRESH_AHEAD",
        "COLORFGBG",
        "COLORTERM",
        "COLUMNS",
        "DBUS_SESSION_BUS_ADDRESS",
        "DISPLAY",
        "GPG_AGENT_INFO",
        "GPG_TTY",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LINES",
        "LS_COLORS",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "NO_COLOR",
        "OLDPWD",
        "PWD",
        "SHLVL",
        "SSH_AGENT_PID",
        "SSH_AUTH_SOCK",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "SSH_TTY",
        "STY",
        "TERM",
        "TERMCAP",
        "TMUX",
        "TMUX_PANE",
        "WAYLAND_DISPLAY",
        "WINDOW",
        "WINDOWID",
        "WT_PROFILE_ID",
        "WT_SESSION",
        "XAUTHORITY",
    }
)
NEUTRAL_PREFIXES = (
    "ALACRITTY_",
    "GNOME_TERMINAL_",
    "ITERM_",
    "KITTY_",
    "KONSOLE_",
    "LC_TERMINAL",
    "TERM_",
    "VSCODE_",
    "VTE_",
    "WEZTERM_",
    "XDG_SESSION_",
)
# Another one after each start of the system, on every Linux; containers on one machine
# share it, and share the machine's role too.
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def machine() -> str:
    """Return a name of this machine's running system; "" where it has none."""
    try:
        descriptor = os.open(BOOT_ID, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 100).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)


def surroundings(environ: "Mapping[str, str]") -> str:
    """Return a digest of all that a program sees of its run.

    That is its variables, its directory, and its machine: machines may share a home. It
    is a cryptographic digest, since the environment holds secrets. The directory counts
    by its real path. Raises `OSError` where there is none any more.
    """
    # a tenth of what hashlib takes to load
    from _blake2 import blake2b

    seen = [
        (name, value)
        for name, value in environ.items()
        if name not in NEUTRAL_VARIABLES and not name.startswith(NEUTRAL_PREFIXES)
    ]
    seen.sort()
    data = ascii((machine(), os.getcwd(), seen)).encode("ascii")
    found: str = blake2b(data, digest_size=32).hexdigest()
    return found


def dependencies(files: "Iterable[tuple[str, str]]", surrounded_by: str = "") -> str:
    """Return what must be as it is for an entry to count; `is_unchanged` reads it.

    `files` are those whose content decides whose credentials these are, each with its
    signature when it was read. `surrounded_by` is the digest of the `surroundings` if
    they decide, else "".
    """
    words = [f"{os.fsencode(path).hex()}={signature}" for path, signature in files]
    if surrounded_by:
        words.append(f"surroundings={surrounded_by}")
    return ";".join(words)


def is_unchanged(also: str, environ: "Mapping[str, str]") -> bool:
    """Return whether the `dependencies` are as they were. Raises `OSError`."""
    for word in also.split(";") if also else ():
        name, _, value = word.partition("=")
        if name == "surroundings":
            now = surroundings(environ)
        else:
            now = signatures([os.fsdecode(bytes.fromhex(name))])
        if now != value:
            return False
    return True


def digest(data: bytes) -> str:
    """Return 32 hex digits, which spread file names and reveal damage.

    They do not protect against forgery; the directory's owner and mode do. Importing
    hashlib takes longer than everything else in a cached run.
    """
    return f"{int.from_bytes(b'.' + data, 'big') % _PRIME:032x}"


def file_name(key: str) -> str:
    """Return the name of the file of `key` in the cache directory."""
    return digest(key.encode("ascii"))


def dump(entry: Entry) -> bytes:
    """Return the file's content. Raises `ValueError` for a variable that cannot be kept."""
    lines = [
        f"key {entry.key}",
        f"profile {entry.profile}",
        f"issued {entry.issued:x}",
        f"expires {entry.expires:x}",
        f"renew {entry.renew:x}",
        f"files {entry.files}",
        f"also {entry.also}",
        f"about {entry.about}",
    ]
    for name, value in entry.variables.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} is not printable ASCII")
        lines.append(f"{name}={value}")
    body = "\n".join(lines).encode("ascii") + b"\n"
    return MAGIC + digest(body).encode("ascii") + b"\n" + body


def parse(data: bytes, key: "str | None" = None) -> Entry:
    """Return the entry in a file's content, which must be for `key` if one is given."""
    head, _, body = data.partition(b"\n")
    if not head.startswith(MAGIC):
        raise ValueError("written by another version, or not an entry")
    if head[len(MAGIC) :] != digest(body).encode("ascii"):
        raise ValueError("damaged")
    lines = body.decode("ascii").split("\n")
    found, profile, issued, expires, renew, files, also, about = [
        line.partition(" ")[2] for line in lines[:8]
    ]
    if key is not None and found != key:
        raise ValueError("for another request")
    variables = {}
    for line in lines[8:-1]:
        name, _, value = line.partition("=")
        variables[name] = value
    times = [int(seconds, 16) for seconds in (issued, expires, renew)]
    return Entry(
        found, profile, times[0], times[1], variables, times[2], files, also, about
    )


def check_directory(directory: str) -> None:
    """Raise unless `directory` is a real one, belongs to the user and is closed to others."""
    check_private(os.lstat(directory), 0o040000, "directory")


def read(directory: str, key: str) -> Entry:
    """Return the entry of `key` in a directory that `check_directory` accepted."""
    return parse(read_private(directory + "/" + file_name(key), LARGEST), key)


def read_private(path: str, limit: int) -> bytes:
    """Return the first `limit` bytes of the user's own file at `path`.

    Raises `OSError`, and `ValueError` for a link, for anything but a file, and for a file
    that others own or can open.
    """
    descriptor = os.open(
        path,
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0),
    )
    try:
        check_private(os.fstat(descriptor), 0o100000, "file")
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def check_private(status: os.stat_result, kind: int, noun: str) -> None:
    """Raise `ValueError` unless the file is of that kind, the user's, and closed to others."""
    if status.st_mode & 0o170000 != kind:
        is_link = status.st_mode & 0o170000 == 0o120000
        raise ValueError("a symbolic link" if is_link else f"not a regular {noun}")
    # Windows has neither owner nor mode; there the user's own folder is private
    if os.name == "posix":
        if status.st_uid != os.geteuid():
            raise ValueError("owned by another user")
        if status.st_mode & 0o077:
            raise ValueError(f"open to others (mode {status.st_mode & 0o777:04o})")


# --- COMMAND ------------------------------------------------------------------------

# The variables that would select another identity, or supply parts of one. botocore
# prefers AWS_SECURITY_TOKEN to AWS_SESSION_TOKEN, and refuses to start when AWS_PROFILE
# names a missing profile, whatever keys the environment holds. They are unset, not
# blanked: to some programs an empty variable is a value.
REMOVED = frozenset(
    {
        "AWSEXEC_ACCOUNT",
        "AWSEXEC_BARE_CONFIG",
        "AWSEXEC_BARE_PROFILE",
        "AWSEXEC_CONFIRMED",
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
    """Return the caller's environment without what selects an identity, plus `added`."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in REMOVED and not name.startswith(REMOVED_PREFIX)
    }
    kept.update(added)
    return kept


def become(command: "list[str]", environ: "Mapping[str, str]") -> "NoReturn":
    """Replace this process by `command`, as POSIX's execvp does.

    It is the first file on the PATH of `environ` that can be run; sh runs a script
    without ``#!``. Raises `FileNotFoundError` where no folder has it, and another
    `OSError` where the system does not run it.
    """
    # Python ignores these two signals from its start. A command that inherited that would
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
            # a stat costs a tenth of an exec that fails
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
        # ENOEXEC, without loading the module errno
        if error.errno != 8:
            raise
        os.execve("/bin/sh", ["sh", path, *command[1:]], environ)


def caller_environment() -> "dict[str, str]":
    """Return the environment as the caller left it.

    A shell of awsexec may have its profile's region, and a COMMAND of --serve a copy of
    the config file with a profile of its own (`serve.config_copy`). Neither is the user's
    choice for the next profile, and both are taken back. In the C locale Python sets
    LC_CTYPE to a UTF-8 locale for its own process and its children (PEP 538). COMMAND
    must not see that.
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

# JSON: the runs of awsexec that wait for this one, the outermost first. Each is a list:
# config file, credentials file, then the profiles from the named one to the one with the
# process. awsexec sets the variable for a credential_process, whose children inherit it.
CALLERS = "AWSEXEC_CALLERS"

# the limits of the session of a run, for each awsexec that runs inside (plan.guardrails)
LIMITS = "AWSEXEC_LIMITS"

DOCUMENT = (
    ("AccessKeyId", ACCESS_KEY_ID),
    ("SecretAccessKey", SECRET_ACCESS_KEY),
    ("SessionToken", SESSION_TOKEN),
    ("Expiration", EXPIRATION),
)


def process_document(variables: "Mapping[str, str]") -> str:
    """Return the JSON that an SDK expects of a ``credential_process``.

    `variables` are COMMAND's; their values must be printable ASCII. SDKs and Tools
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

    It does not use a buffer: at its end, Python would complain of what is left in it.
    """
    data = os.fsencode(text)
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


# --- The record ---------------------------------------------------------------------
#
# AWSEXEC_LOG names a file. Each session obtained, and each COMMAND started or refused, is
# one JSON object on one line of it (`history` has the rest).

LOG, LOG_ARGV, LOG_REQUIRED = "AWSEXEC_LOG", "AWSEXEC_LOG_ARGV", "AWSEXEC_LOG_REQUIRED"
# bytes: of a line, and of a file that is full
LARGEST_LINE, LARGEST_LOG = 4096, 10_000_000
# bytes that the text of one member may take
LARGEST_MEMBER = 512
# whether `attempt` has recorded that COMMAND starts: it may fail after that, and `cli` runs
start_is_recorded = False


def json_string(text: str, size: int = LARGEST_MEMBER) -> str:
    """Return `text` as a JSON string of ASCII, of `size` bytes at the most.

    A text that is too long loses its end, and an ellipsis stands there.
    """
    found = _quoted(text[:size])
    while len(found) > size or len(text) > size:
        text = text[: min(len(text), size) // 2]
        found = _quoted(text + "…")
    return found


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return "\\" + character
    if 0x20 <= code < 0x7F:
        return character
    if code > 0xFFFF:
        # RFC 8259, section 7: as a pair of surrogates
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def log_line(
    event: str,
    members: str,
    command: "Sequence[str]",
    environ: "Mapping[str, str]",
    parent: int,
) -> bytes:
    """Return the line for an `event`: now, of this process, with the JSON `members`.

    `parent` is the process that this one works for. `command` are COMMAND's words, () for
    none. All of them are in the line only if AWSEXEC_LOG_ARGV is 1, since they may hold
    secrets. Raises `ValueError` if that, or AWSEXEC_LOG_REQUIRED, is anything but 1 and 0.
    """
    for name in (LOG_ARGV, LOG_REQUIRED):
        if environ.get(name, "") not in ("", "0", "1"):
            raise ValueError(f"{name} is neither 1 nor 0")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = (
        f'{{"time": "{now}", "event": "{event}", {members}, "pid": {os.getpid()}, '
        f'"parent_pid": {parent}, "parent": {_process_name(parent)}'
    )
    if command:
        line += f', "command": {json_string(command[0])}'
    if command and environ.get(LOG_ARGV) == "1":
        words, left, whole = [], LARGEST_LINE - len(line) - 40, True
        for word in command:
            quoted = json_string(word, max(left, 8))
            # room for the word, a comma and a blank
            left -= len(quoted) + 2
            whole = whole and left >= 0 and not _is_cut(quoted, word)
            if left < 0:
                break
            words.append(quoted)
        line += f', "argv": [{", ".join(words)}]' + ', "argv_cut": true' * (not whole)
    return line.encode("ascii") + b"}\n"


def _is_cut(quoted: str, text: str) -> bool:
    return quoted.endswith('\\u2026"') and quoted != _quoted(text)


def _process_name(pid: int) -> str:
    """Return the name of a process as JSON, null where Linux does not tell it."""
    try:
        descriptor = os.open(f"/proc/{pid}/comm", os.O_RDONLY)
    except OSError:
        return "null"
    try:
        return json_string(os.fsdecode(os.read(descriptor, 64)).rstrip("\n"))
    finally:
        os.close(descriptor)


def log_key(key_id: str) -> str:
    """Return all that the record has of a key: the last four characters of its id."""
    return json_string(key_id[-4:])


def log_path(text: str, home: str) -> str:
    """Return the path of the record; "" for one that is neither absolute nor in home."""
    if text[:2] == "~/" and home[:1] == "/":
        return home.rstrip("/") + text[1:]
    return text if text[:1] == "/" else ""


def append(path: str, line: bytes) -> bool:
    """Append `line` to the user's own file at `path` in one write; make it if need be.

    Return False, and have written nothing, if the file is full. Raises `OSError`, and
    `ValueError` for anything but a file that no other user owns or can open.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        status = os.fstat(descriptor)
        check_private(status, 0o100000, "file")
        if status.st_size >= LARGEST_LOG:
            return False
        if os.write(descriptor, line) < len(line):
            # ENOSPC, without loading the module errno
            raise OSError(28, os.strerror(28))
        return True
    finally:
        os.close(descriptor)


def _is_recorded(
    profile: str, found: Entry, command: "Sequence[str]", environ: "Mapping[str, str]"
) -> bool:
    """Record a cached run, or an export if there is no `command`.

    Return whether that is done. It is not for a `command` that cannot be run, which `cli`
    records with the reason.
    """
    if command and not is_there(command[0], environ):
        return False
    members = (
        f'"profile": {json_string(profile)}, {found.about}, '
        f'"key": {log_key(found.variables[ACCESS_KEY_ID])}, "cached": true'
    )
    if not command:
        members += ', "format": "process"'
    event = "started" if command else "exported"
    line = log_line(event, members, command, environ, os.getppid())
    return append(log_path(environ[LOG], environ.get("HOME", "")), line)


def is_there(name: str, environ: "Mapping[str, str]") -> bool:
    """Return whether `become` finds a program of that name that it may run."""
    folders = [""] if "/" in name else environ.get("PATH", os.defpath).split(":")
    paths = [f"{folder}/{name}" if folder else name for folder in folders if name]
    return any(os.access(path, os.X_OK) and os.path.isfile(path) for path in paths)


# --- The run ------------------------------------------------------------------------

_QUIET = ("-q", "--quiet")


def attempt(argv: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Run `argv` if a look at the cache is enough: become COMMAND, or print for an SDK.

    Return True if the credentials were printed. Return False, and have done nothing, for
    anything but the two known command lines and the simple case of everything they
    depend on: the command line in `cli` then runs. AWSEXEC_FASTPATH=0 turns the fast
    path off; nothing but the speed changes.
    """
    parsed = _parse(argv)
    if parsed is None or os.name != "posix" or environ.get("AWSEXEC_FASTPATH") == "0":
        return False
    if environ.get(CALLERS) or environ.get(LIMITS):
        # this may be a loop, which no entry may hide; and entries know no limits around
        return False
    profile, command = parsed
    if not command and (sys.stdout is None or sys.stdout.isatty()):
        # `cli` warns of secrets on the screen
        return False
    try:
        found = _cached_run(profile, environ, time.time())
        if found is None:
            return False
        if environ.get(LOG) and not _is_recorded(profile, found, command, environ):
            return False
        if not command:
            put(process_document(found.variables))
            return True
        global start_is_recorded
        start_is_recorded = bool(environ.get(LOG))
        added = found.variables
        added["AWSEXEC_PROFILE"] = profile
        become(list(command), child_environment(environ, added))
    except (OSError, ValueError):
        # `cli` meets the same failure again, and words it
        return False


def _parse(argv: "Sequence[str]") -> "tuple[str, Sequence[str]] | None":
    """Return PROFILE and COMMAND, or None for any other command line.

    COMMAND is empty for ``--export process``.
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
    """Return the entry of a run of `profile` if it is fresh. Raises as `read` does."""
    home = environ.get("HOME", "")
    config = _path(environ.get("AWS_CONFIG_FILE") or "~/.aws/config", home)
    credentials = _path(
        environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials", home
    )
    directory = cache_directory(environ, home)
    if not (config and credentials and directory):
        return None
    check_directory(directory)
    key = run_key(profile, config, credentials, environ)
    found = read(directory, key)
    if (
        not found.is_fresh(now)
        or found.is_due(now)
        or found.files != signatures((config, credentials))
        or not is_unchanged(found.also, environ)
    ):
        return None
    return found


def _path(path: str, home: str) -> str:
    """Return `path` with its ``~`` filled in; "" where that is not so simple."""
    return "" if "$" in path else log_path(path, home)


def cache_directory(environ: "Mapping[str, str]", home: str) -> str:
    """Return the cache directory, as platformdirs finds it; "" if that is not so simple.

    A wrong answer would only cost time: it has no entry.
    """
    chosen = environ.get("AWSEXEC_CACHE_DIR")
    if chosen:
        return chosen.rstrip("/") if chosen[0] == "/" else ""
    base = environ.get("XDG_CACHE_HOME") or (
        "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    )
    path = _path(base, home)
    return path and path.rstrip("/") + "/awsexec"
