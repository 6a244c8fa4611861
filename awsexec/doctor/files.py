"""The AWS files: who can change them, sections, profiles and settings."""

from __future__ import annotations

import os
import shlex

from awsexec.doctor.finding import (
    OK,
    SKIPPED,
    WARNING,
    WRONG,
    Finding,
    count,
    text_of,
)
from awsexec.errors import reason, shown
from awsexec.profiles.known import correction, misspelt, note_on
from awsexec.profiles.profile import note_on_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts


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
            mend = f"run: chmod go-w {shlex.quote(file.path)}"
            yield Finding(file.path, WRONG, why, mend)
        else:
            yield Finding(file.path, OK, count(len(file.profiles), "profile"))
        for header, line, why in file.skipped:
            yield Finding(f"{file.path}:{line}", WARNING, f"[{header}] {why}")
        yield from _twice(file.path, text_of(file.path))


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
            elif why := note_on_time(setting):
                text = f"{name} = {shown(setting.value)} is {why}, so it does not count"
                mend = "write it like 2026-11-24T08:27:57Z"
                yield Finding(setting.where, WARNING, text, mend)
            elif note is not None and note.startswith("unknown"):
                unknown = True
                yield Finding(setting.where, WARNING, f"{name}: {note}")
    if facts.plans and not (facts.broken or unknown):
        yield Finding("profiles", OK, f"{len(facts.plans)} can work")
