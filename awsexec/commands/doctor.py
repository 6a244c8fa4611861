"""--doctor: look at everything that a run depends on, and say what to mend.

A check is a function that gets the `Facts` and yields a `Finding` for each thing that it
looked at. To add one, write the function and name it in `CHECKS`. No check asks the user
for anything, changes anything, or shows a secret.
"""

from __future__ import annotations

import os
import sys
import time

from awsexec import bounded, fastpath, output
from awsexec.cache import owner
from awsexec.directories import cache_directory
from awsexec.errors import (
    AwsexecError,
    CredentialsError,
    reason,
    shown,
    tail,
    typed,
)
from awsexec.options.arguments import PROFILE_VARIABLES, default_profile
from awsexec.plan.limits import checked_serial
from awsexec.plan.plan import Planner
from awsexec.profiles.by_directory import NAME
from awsexec.profiles.config import Config, open_to_others
from awsexec.profiles.files import Setting
from awsexec.profiles.known import correction, misspelt, note_on
from awsexec.profiles.redact import redacted
from awsexec.profiles.trust import profile_here
from awsexec.text import without_userinfo
from awsexec.times import iso8601, left
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from awsexec.credentials.reach import Answer
    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.profiles.profile import Profile
    from awsexec.profiles.trust import DirectoryProfile
    from awsexec.report import Report

OK, WARNING, WRONG, SKIPPED = "ok", "warning", "wrong", "skipped"
SIGNS = {OK: "✓", WARNING: "!", WRONG: "✗", SKIPPED: "-"}
COLOURS = {WARNING: "33", WRONG: output.RED}
# the exit status if something is wrong
STATUS = 123

# seconds after which a key is old (CIS AWS Foundations Benchmark, "access keys are
# rotated every 90 days or less")
OLD_KEY = 90 * 86_400
# seconds that a clock may be wrong: AWS refuses a signature that is five minutes off
CLOCK_WARNING, CLOCK_WRONG = 60, 300
# variables that supply an identity of their own
IDENTITIES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
# variables that change where calls go, and for which region
WAYS = (
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION"),
    *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"),
    *("AWS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"),
)
SHELLS = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}
# file systems of a network (statfs(2) has no names, /proc/self/mounts does)
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "afs", "fuse.sshfs")


class Finding:
    """What a check found of one thing: `about` what, `status`, `text`, and the `mend`."""

    __slots__ = ("about", "status", "text", "mend")

    def __init__(self, about: str, status: str, text: str, mend: str = "") -> None:
        self.about = about
        self.status = status
        self.text = text
        self.mend = mend


class Facts:
    """What the checks look at.

    `config` are the AWS files, None if they cannot be read, and `fault` is why. `plans`
    are those of the profiles looked at, and `broken` the errors of those without a plan.
    `ask` sends a service of a plan a request that asks for nothing. `here` is what the
    file .awsexec names, None without one. `parent` is the name and the number of the
    process that started awsexec. `mounts` is the text of /proc/self/mounts.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        now: float,
        config: Config | None = None,
        fault: str = "",
        plans: Mapping[str, Plan] | None = None,
        broken: Mapping[str, str] | None = None,
        ask: Callable[[Plan, str], Answer] | None = None,
        here: DirectoryProfile | None = None,
        parent: tuple[str, int] = ("", 0),
        mounts: str = "",
    ) -> None:
        self.environ = environ
        self.now = now
        self.config = config
        self.fault = fault
        self.plans = plans or {}
        self.broken = broken or {}
        self.ask = ask
        self.here = here
        self.parent = parent
        self.mounts = mounts

    def profiles(self) -> Iterator[Profile]:
        """Yield the profiles looked at and those that they lead to, each once."""
        seen = set()
        for plan in self.plans.values():
            for profile in plan.chain.hops:
                if profile.name not in seen:
                    seen.add(profile.name)
                    yield profile


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what each check found; return 123 if something is wrong.

    With PROFILE, only that profile is looked at, else all profiles.
    """
    facts = _facts(arguments, environ)
    found = [finding for check in CHECKS for finding in _found(check, facts)]
    if arguments.json:
        names = Finding.__slots__
        rows = [{name: getattr(one, name) for name in names} for one in found]
        output.show(output.as_json(rows))
    else:
        output.show_lines(map(_line, found), environ)
    return STATUS if any(one.status == WRONG for one in found) else 0


def _facts(arguments: Arguments, environ: Mapping[str, str]) -> Facts:
    from awsexec.credentials.reach import ask

    try:
        config = Config.load(environ)
    except AwsexecError as error:
        return Facts(
            environ=environ,
            now=time.time(),
            fault=str(error),
            here=profile_here(environ),
        )
    planner = Planner(arguments, environ, config)
    plans, broken = {}, {}
    names = [arguments.profile] if arguments.profile else config.profiles.names()
    for name in names:
        try:
            plans[name] = planner.plan(name)
        except AwsexecError as error:
            broken[name] = str(error)
    return Facts(
        environ=environ,
        now=time.time(),
        config=config,
        plans=plans,
        broken=broken,
        ask=ask,
        here=profile_here(environ),
        parent=_parent(),
        mounts=_text("/proc/self/mounts"),
    )


def _found(check: Callable[[Facts], Iterator[Finding]], facts: Facts) -> list[Finding]:
    """Return what `check` found. An error in one check does not stop the others."""
    try:
        return list(check(facts))
    except AwsexecError as error:
        return [Finding(check.__name__, WRONG, str(error))]


def _line(found: Finding) -> output.Line:
    line = f"{SIGNS[found.status]} {found.about}: {found.text}"
    line += f"; {found.mend}" if found.mend else ""
    colour = COLOURS.get(found.status)
    return (line, colour) if colour else line


def _text(path: str) -> str:
    try:
        return bounded.read(path, is_regular=True).decode("utf-8", "replace")
    except OSError:
        return ""


def _parent() -> tuple[str, int]:
    pid = os.getppid()
    return _text(f"/proc/{pid}/comm").strip(), pid


# --- The AWS files --------------------------------------------------------------------


def check_files(facts: Facts) -> Iterator[Finding]:
    """Whether the files can be read, and who else can read or change them."""
    if facts.config is None:
        yield Finding("files", WRONG, facts.fault)
        return
    profiles = facts.config.profiles
    for file in (profiles.config, profiles.credentials):
        if file.absent:
            status = WARNING if file.given_by else SKIPPED
            yield Finding(file.path, status, "there is no such file")
            continue
        try:
            mode = os.stat(file.path).st_mode & 0o777
        except OSError as error:
            yield Finding(file.path, WRONG, reason(error))
            continue
        if os.name == "posix" and mode & 0o022:
            why = f"other users may change the file (mode {mode:04o})"
            yield Finding(file.path, WRONG, why, f"run: chmod go-w {file.path}")
        else:
            yield Finding(file.path, OK, _count(len(file.profiles), "profile"))
        for header, line, why in file.skipped:
            yield Finding(f"{file.path}:{line}", WARNING, f"[{header}] {why}")
        yield from _twice(file.path, _text(file.path))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _twice(path: str, text: str) -> Iterator[Finding]:
    """Say which sections begin more than once."""
    first: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("["):
            continue
        header = line[1:].rpartition("]")[0].strip()
        if header in first:
            yield Finding(
                f"{path}:{number}",
                WARNING,
                f"[{header}] is in line {first[header]} too; the last value of a setting "
                "wins",
                "make one section of the two",
            )
        first.setdefault(header, number)


def check_keys(facts: Facts) -> Iterator[Finding]:
    """Keys in files that others may read, or in the clear, and old ones."""
    for profile in facts.profiles():
        if not profile.has_static_keys:
            continue
        keys = profile.static_keys()
        path = keys.key_id.file
        warning = open_to_others(path)
        if warning is not None:
            what, _, mend = warning.partition("; ")
            yield Finding(keys.key_id.where, WRONG, what.partition(": ")[2], mend)
        if keys.token is not None:
            continue
        yield Finding(
            keys.key_id.where,
            WARNING,
            f"the key {tail(keys.key_id.value)} of {shown(profile.name)} is readable in "
            "the file",
            f"move it to the keyring: {typed('--add-keys', profile.name)}",
        )
        try:
            age = facts.now - os.stat(path).st_mtime
        except OSError:
            continue
        if age > OLD_KEY:
            yield _old(keys.key_id.where, keys.key_id.value, age)


def _old(where: str, key_id: str, age: float) -> Finding:
    return Finding(
        where,
        WARNING,
        f"the key {tail(key_id)} is at least {int(age / 86_400)} days old",
        "replace it: awsexec --rotate-keys, or in IAM",
    )


def check_profiles(facts: Facts) -> Iterator[Finding]:
    """Profiles that cannot work, and settings that nothing reads."""
    for name, error in facts.broken.items():
        yield Finding(f"profile {shown(name)}", WRONG, error)
    unknown = False
    for profile in facts.profiles():
        slips = {setting.name: right for setting, right in misspelt(profile)}
        for name, setting in sorted(profile.settings.items()):
            note = None if name in slips or not setting.line else note_on(name)
            if name in slips:
                text = correction(setting, slips[name])
                yield Finding(setting.where, WRONG, text)
            elif note is not None and note.startswith("unknown"):
                unknown = True
                yield Finding(setting.where, WARNING, f"{name}: {note}")
    if facts.plans and not (facts.broken or unknown):
        yield Finding("profiles", OK, f"{len(facts.plans)} can work")


# --- The surroundings -----------------------------------------------------------------


def check_environment(facts: Facts) -> Iterator[Finding]:
    """Variables that override what the files say."""
    environ = facts.environ
    for name in PROFILE_VARIABLES:
        value = environ.get(name)
        if value and facts.config is not None:
            known = value in facts.config.profiles
            yield Finding(
                name,
                OK if known else WRONG,
                (
                    f"{shown(value)} is the profile if none is named"
                    if known
                    else f"there is no profile {shown(value)}"
                ),
                "" if known else f"correct it, or unset {name}",
            )
    held = [name for name in IDENTITIES if environ.get(name)]
    if held and environ.get("AWSEXEC_PROFILE"):
        text = f"this shell has the credentials of {shown(environ['AWSEXEC_PROFILE'])}"
        yield Finding("environment", OK, text)
    elif held:
        yield Finding(
            "environment",
            WARNING,
            f"{', '.join(held)}: programs use these credentials, whatever the files say",
            f"run: unset {' '.join(held)}",
        )
    for name in WAYS:
        if environ.get(name):
            value = redacted(Setting.outside(name, environ[name], name))
            yield Finding(name, OK, f"{shown(value)} wins over the files")


def check_directory(facts: Facts) -> Iterator[Finding]:
    """What the file .awsexec names, if one counts here."""
    found = facts.here
    name, by, fault = default_profile(facts.environ, found)
    about = found.path if found is not None and found.path else NAME
    if found is None:
        yield Finding(NAME, SKIPPED, "there is none for this directory")
    elif by != found.path:
        yield Finding(about, SKIPPED, f"{by} wins over it")
    elif fault:
        yield Finding(about, WRONG, fault)
    elif facts.config is not None and name not in facts.config.profiles:
        mend = f"correct it, and then type: {typed('--trust', about)}"
        yield Finding(about, WRONG, f"there is no profile {name!r}", mend)
    else:
        yield Finding(about, OK, f"{name!r} is the profile if none is named")


def check_cache(facts: Facts) -> Iterator[Finding]:
    """Where the cache is, whose it is, whether it can be written, and on what disk."""
    directory = cache_directory(facts.environ)
    if not directory:
        mend = "set HOME, or AWSEXEC_CACHE_DIR"
        yield Finding("cache", WRONG, "this user has no home directory", mend)
        return
    other = owner.others_directory(os.path.dirname(directory))
    if other is not None:
        why = f"this is root, and {other[0]} belongs to {other[1]}"
        yield Finding("cache", WRONG, why, "run awsexec without sudo or with sudo -H")
        return
    above = directory
    while not os.path.exists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    try:
        if above == directory:
            fastpath.check_directory(directory)
        if not os.access(above, os.W_OK | os.X_OK):
            raise ValueError(f"{shown(above)} cannot be written")
    except (OSError, ValueError) as error:
        mend = f"run: chmod 700 {shown(directory)}; or set AWSEXEC_CACHE_DIR"
        yield Finding("cache", WRONG, f"{shown(directory)}: {reason(error)}", mend)
        return
    kind = kind_of_mount(os.path.realpath(above), facts.mounts)
    if kind in NETWORK:
        yield Finding(
            "cache",
            WARNING,
            f"{shown(directory)} is on a file system of the network ({kind}): locks may "
            "not hold, and the server's administrators can read it",
            "set AWSEXEC_CACHE_DIR to a directory of this machine",
        )
    else:
        there = "" if above == directory else " (made with the first session)"
        yield Finding("cache", OK, f"{shown(directory)}{there}")


def kind_of_mount(path: str, mounts: str) -> str:
    """Return the kind of the file system that has `path`, "" if `mounts` do not tell."""
    found, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        # proc(5): a blank is \040
        place = fields[1].replace("\\040", " ")
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(found):
            found, kind = place, fields[2]
    return kind


def check_network(facts: Facts) -> Iterator[Finding]:
    """Whether each endpoint answers, and whether this machine's clock is right."""
    asked: dict[tuple[object, ...], tuple[Plan, str]] = {}
    for plan in facts.plans.values():
        endpoint, source = plan.endpoint, plan.chain.source
        place = endpoint.url or endpoint.region, endpoint.ca_bundle
        asked.setdefault(place, (plan, "sts"))
        for service in source.kind.services:
            way = service, source.urls, source.value("sso_region"), place
            asked.setdefault(way, (plan, service))
    ahead = None
    answers = _in_parallel(facts.ask, list(asked.values()))
    for answer in answers:
        where = without_userinfo(answer.url)
        if not answer.fault:
            yield Finding("endpoint", OK, f"{where} answers")
        elif answer.is_offline:
            yield Finding("endpoint", WARNING, f"{answer.fault} (offline?)")
        else:
            yield Finding("endpoint", WRONG, answer.fault)
        if answer.ahead is not None:
            ahead = answer.ahead
    yield clock(ahead)


def _in_parallel(
    ask: Callable[[Plan, str], Answer] | None, asked: Sequence[tuple[Plan, str]]
) -> list[Answer]:
    if ask is None or not asked:
        return []
    # somebody waits for those that do not answer
    from concurrent.futures import ThreadPoolExecutor

    # the first one loads the SDK
    first = ask(*asked[0])
    with ThreadPoolExecutor(8) as pool:
        return [first, *pool.map(lambda one: ask(*one), asked[1:])]


def clock(ahead: float | None) -> Finding:
    """Return what there is to say of a clock that is `ahead` of AWS's by so many seconds."""
    if ahead is None:
        return Finding("clock", SKIPPED, "not compared: AWS did not say its time")
    off = f"{abs(round(ahead))} seconds {'ahead of' if ahead > 0 else 'behind'} AWS's"
    if abs(ahead) >= CLOCK_WRONG:
        why = f"{off}: AWS refuses signatures that are five minutes off"
        return Finding("clock", WRONG, why, "set the clock")
    if abs(ahead) >= CLOCK_WARNING:
        return Finding("clock", WARNING, off, "set the clock")
    return Finding("clock", OK, "agrees with AWS's")


# --- The user -------------------------------------------------------------------------


def check_sign_ins(facts: Facts) -> Iterator[Finding]:
    """Sign-ins of IAM Identity Center and aws login, and their end."""
    seen = set()
    for plan in facts.plans.values():
        source = plan.chain.source
        found = source.signed_in(plan.config.paths, facts.environ)
        what = source.sign_in_name or source.value("login_session") or source.label
        if found is None or what in seen:
            continue
        seen.add(what)
        asked = found.is_asked(facts.now)
        if asked:
            text = "you are not signed in; the next run asks you to"
            yield Finding(f"sign-in {shown(what)}", WARNING, text)
        else:
            until = found.until or 0
            more = (
                "renewed by the next run" if asked is None else left(until - facts.now)
            )
            text = f"until {iso8601(int(until))} ({more})"
            yield Finding(f"sign-in {shown(what)}", OK, text)


def check_mfa(facts: Facts) -> Iterator[Finding]:
    """The kinds of the MFA devices."""
    seen = set()
    for profile in facts.profiles():
        serial = profile.get("mfa_serial")
        if serial is None or serial.value in seen:
            continue
        seen.add(serial.value)
        try:
            checked_serial(serial)
        except AwsexecError as error:
            yield Finding("MFA device", WRONG, str(error))
            continue
        is_virtual = serial.value.startswith("arn:")
        kind = "an authenticator app, or a token" if is_virtual else "a hardware token"
        yield Finding("MFA device", OK, f"{shown(serial.value)}: {kind}")


def check_browser(facts: Facts) -> Iterator[Finding]:
    """Whether a browser can be opened."""
    from awsexec.loopback.browser import NoBrowser, browsers_of

    try:
        browsers_of(facts.environ.get("BROWSER", ""))
    except NoBrowser as error:
        mend = "use --no-browser or --device-code, or set BROWSER"
        yield Finding("browser", WARNING, str(error), mend)
    else:
        yield Finding("browser", OK, "found")


def check_keyring(facts: Facts) -> Iterator[Finding]:
    """Whether the keyring that has keys is there, without unlocking it; and old keys."""
    from awsexec.credentials.keys.keyring import Keyring
    from awsexec.profiles.key_index import KeyIndex

    index = KeyIndex.load(facts.environ)
    if index.fault:
        yield Finding("keyring", WRONG, index.fault)
        return
    if not index.keys:
        yield Finding("keyring", SKIPPED, "it has no keys of awsexec")
        return
    try:
        name = Keyring(may_prompt=False, say=lambda text: None).name()
    except CredentialsError as error:
        yield Finding("keyring", WRONG, str(error))
        return
    yield Finding("keyring", OK, f"{name}, {_count(len(index.keys), 'key')}")
    for key in index.keys.values():
        age = facts.now - key.added
        if key.added and age > OLD_KEY:
            yield _old(f"keyring, {shown(key.name)}", key.key_id, age)


def check_shell(facts: Facts) -> Iterator[Finding]:
    """Whether the shell that started awsexec has read the line of --init."""
    name, pid = facts.parent
    if name not in SHELLS:
        yield Finding("shell", SKIPPED, "no bash, zsh or fish started awsexec")
    elif facts.environ.get("AWSEXEC_INIT") == str(pid):
        yield Finding("shell", OK, f"this {name} has read the line of --init")
    else:
        line = f'eval "$(awsexec --init {name})"'
        if name == "fish":
            line = "awsexec --init fish | source"
        yield Finding(
            "shell",
            WARNING,
            f"this {name} has no prompt, completions and function of awsexec",
            f"write into {SHELLS[name]}: {line}",
        )


def check_versions(facts: Facts) -> Iterator[Finding]:
    """The versions of awsexec, Python and the SDK, and whether they fit."""
    from importlib import metadata

    yield Finding("awsexec", OK, __version__)
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", OK, f"{python} ({sys.executable})")
    try:
        needs = metadata.requires("awsexec") or []
    except metadata.PackageNotFoundError:
        needs = []
    for name in ("boto3", "botocore"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, WRONG, "not installed", "install awsexec again")
            continue
        wanted = [need for need in needs if need.partition(">")[0] == name]
        oldest = wanted[0].partition(">=")[2].partition(",")[0] if wanted else ""
        if oldest and _numbers(version) < _numbers(oldest):
            why = f"{version} is older than {oldest}, which awsexec needs"
            yield Finding(name, WRONG, why, "install awsexec again")
        else:
            yield Finding(name, OK, version)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    *(check_files, check_profiles, check_keys, check_keyring),
    *(check_environment, check_directory, check_cache, check_network),
    *(check_sign_ins, check_mfa, check_browser, check_shell, check_versions),
)
