"""The AWS files: who can change them, sections, profiles and settings."""

from __future__ import annotations

import os
import shlex
import stat

from awsexec.doctor.finding import OK, SKIPPED, WARNING, WRONG, Finding, count, text_of
from awsexec.errors import reason, shown
from awsexec.profiles.by_directory import others_can_write
from awsexec.profiles.files import IS_FOLDER
from awsexec.profiles.known import correction, misspelt, note_on
from awsexec.profiles.profile import note_on_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts

# sections that the AWS CLI has for itself
_OF_CLI = ("plugins", "preview")
# how many profiles with the same fault are named
_MOST_NAMES = 5


def check_files(facts: Facts) -> Iterator[Finding]:
    """Whether the files can be read, and who else can read or change them."""
    if facts.config is None:
        yield Finding("files", WRONG, facts.fault)
        return
    profiles = facts.config.profiles
    both = (profiles.config, profiles.credentials)
    for folder in dict.fromkeys(
        os.path.dirname(os.path.realpath(file.path)) for file in both
    ):
        yield from _replaced_by_others(folder)
    for file in both:
        if file.absent:
            is_none = file.absent == "there is no such file"
            status = SKIPPED if is_none and not file.given_by else WARNING
            mend = f"correct {file.given_by}, or unset it" if file.given_by else ""
            if file.absent == IS_FOLDER:
                status = WRONG
                mend = mend or "move it away: a file is to have this name"
            yield Finding(shown(file.path), status, file.absent, mend)
            continue
        try:
            changed = list(_changed_by_others(file.path))
        except OSError as error:
            yield Finding(file.path, WRONG, reason(error))
            continue
        yield from changed
        if not changed:
            yield Finding(file.path, OK, count(len(file.profiles), "profile"))
        for header, line, why in file.skipped:
            if header in _OF_CLI:
                continue
            text = why if why.startswith("[") else f"[{header}]: {why}"
            yield Finding(f"{file.path}:{line}", WARNING, text)
        yield from _twice(file.path, text_of(file.path))


def _changed_by_others(path: str) -> Iterator[Finding]:
    """Say whether other users may change the file."""
    status = os.stat(path)
    # not a device, as /dev/null, which every user may write to
    if not stat.S_ISREG(status.st_mode) or os.name != "posix":
        return
    if others_can_write(status):
        why = f"other users may change the file {_mode(status)}"
        yield Finding(path, WRONG, why, f"run: chmod go-w {shlex.quote(path)}")


def _replaced_by_others(folder: str) -> Iterator[Finding]:
    """Say whether other users may put other files into the place of those in `folder`."""
    try:
        status = os.stat(folder)
    except OSError:
        return
    # with the sticky bit, only the owner of a file may delete it
    if os.name != "posix" or status.st_mode & stat.S_ISVTX:
        return
    if others_can_write(status):
        why = f"other users may replace the files in it {_mode(status)}"
        yield Finding(folder, WRONG, why, f"run: chmod go-w {shlex.quote(folder)}")


def _mode(status: os.stat_result) -> str:
    return f"(mode {stat.S_IMODE(status.st_mode):04o})"


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
    bare, long = first.get("default"), first.get("profile default")
    if bare and long:
        why = f"[default] counts for nothing beside [profile default] in line {long}"
        yield Finding(f"{path}:{bare}", WARNING, why, "make one section of the two")


def _profiles(names: list[str]) -> str:
    """Return the `names` of profiles that have the same fault, the first few of them."""
    if len(names) == 1:
        return f"profile {names[0]}"
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES])
    return f"profiles {listed}" + (f" and {more} more" if more > 0 else "")


def check_profiles(facts: Facts) -> Iterator[Finding]:
    """Profiles that cannot work, and settings that nothing reads."""
    for status, errors in ((WRONG, facts.broken), (WARNING, facts.later)):
        names: dict[str, list[str]] = {}
        for name, error in errors.items():
            names.setdefault(error, []).append(shown(name))
        for error, alike in names.items():
            yield Finding(_profiles(alike), status, error)
    for name in facts.only_settings:
        text = "it has no credentials, only settings for other profiles"
        if name == "default":
            text = "it has no credentials; a run without a profile uses the machine's"
        yield Finding(f"profile {shown(name)}", SKIPPED, text)
    unknown = False
    for profile in facts.profiles():
        slips = {setting.name: right for setting, right in misspelt(profile)}
        for name, setting in sorted(profile.settings.items()):
            note = None if name in slips or not setting.line else note_on(name)
            if name in slips:
                text = correction(setting, slips[name])
                yield Finding(setting.where, WRONG, text)
            elif why := note_on_time(setting):
                text = f"{name} = {shown(setting.value)} is {why}, so it does not count"
                mend = "write it like 2026-11-24T08:27:57Z"
                yield Finding(setting.where, WARNING, text, mend)
            elif note is not None and note.startswith("unknown"):
                unknown = True
                yield Finding(setting.where, WARNING, f"{name}: {note}")
    if facts.plans and not (facts.broken or facts.later or unknown):
        yield Finding("profiles", OK, f"{len(facts.plans)} can work")
