"""The surroundings of a run: cache, record, browser, shell and versions."""

from __future__ import annotations

import os
import sys

from awsexec import fastpath, history
from awsexec.cache.store import fault
from awsexec.directories import cache_directory
from awsexec.doctor.finding import OK, SKIPPED, WARNING, WRONG, Finding
from awsexec.errors import shown, typed
from awsexec.options.arguments import default_profile
from awsexec.profiles.by_directory import NAME
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts

SHELLS = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}
# the variable that the line of --init sets
MARK = "AWSEXEC_INIT"
# file systems of a network (statfs(2) has no names, /proc/self/mounts does)
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "afs", "fuse.sshfs")


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
    found = fault(directory)
    if found is not None:
        why, mend = found
        place = f"{shown(directory)}: " if directory else ""
        yield Finding("cache", WRONG, f"{place}{why}", mend)
        return
    chosen = facts.environ.get("AWSEXEC_CACHE_DIR", "")
    if chosen and not os.path.isabs(os.path.expanduser(chosen)):
        why = f"AWSEXEC_CACHE_DIR={shown(chosen)} is another cache in each directory"
        yield Finding("cache", WARNING, why, "set it to an absolute path")
        return
    is_there = os.path.isdir(directory)
    above = directory
    while not os.path.exists(above):
        above = os.path.dirname(above)
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
        there = "" if is_there else " (made with the first session)"
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
    """Whether the shell that started awsexec has read the line of --init.

    The line sets a variable. A shell whose environment had the same value when its program
    began has it from the shell around, or from before an exec.
    """
    name, pid, began_with = facts.parent
    mark = facts.environ.get(MARK, "")
    line = f'eval "$(awsexec --init {name})"'
    if name == "fish":
        line = "awsexec --init fish | source"
    if not name:
        text = "this system does not tell which shell started awsexec"
        yield Finding("shell", SKIPPED, text)
    elif name not in SHELLS:
        yield Finding("shell", SKIPPED, "no bash, zsh or fish started awsexec")
    elif mark and began_with is None:
        text = f"cannot tell whether this {name} has read the line of --init"
        yield Finding("shell", SKIPPED, text)
    elif mark and mark != began_with:
        yield Finding("shell", OK, f"this {name} has read the line of --init")
    elif mark == str(pid):
        text = (
            f"cannot tell whether this {name}, after exec, has read the line of --init"
        )
        yield Finding("shell", SKIPPED, text)
    else:
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
