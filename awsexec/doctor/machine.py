"""The surroundings of a run: variables, cache, record, browser, shell and versions."""

from __future__ import annotations

import os
import shlex
import sys

from awsexec import fastpath, history
from awsexec.cache import owner
from awsexec.directories import cache_directory
from awsexec.doctor.finding import OK, SKIPPED, WARNING, WRONG, Finding
from awsexec.errors import reason, shown, typed
from awsexec.options.arguments import PROFILE_VARIABLES, default_profile
from awsexec.plan.guardrails import shown_limits
from awsexec.profiles.by_directory import NAME
from awsexec.profiles.files import Setting
from awsexec.profiles.redact import redacted
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts

# variables that supply an identity of their own
IDENTITIES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
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
    if limits := environ.get(fastpath.LIMITS):
        text = f"awsexec gives no more than {shown_limits(limits)} here"
        yield Finding(fastpath.LIMITS, OK, f"{text}; --unlimited lifts that")
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
        # whole: what is to be done is not to be told from a name in the file
        yield Finding(about, WRONG, fault.removeprefix(f"{shown(about)} "))
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
        mend = f"run: chmod 700 {shlex.quote(directory)}; or set AWSEXEC_CACHE_DIR"
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


def check_record(facts: Facts) -> Iterator[Finding]:
    """Whether the record that AWSEXEC_LOG names can be written."""
    environ = facts.environ
    if not environ.get(fastpath.LOG):
        yield Finding("record", SKIPPED, f"{fastpath.LOG} is not set")
        return
    fault = history.fault(environ)
    if fault is None:
        yield Finding("record", OK, shown(history.path_of(environ)))
    else:
        is_required = environ.get(fastpath.LOG_REQUIRED) == "1"
        yield Finding("record", WRONG if is_required else WARNING, *fault)


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
