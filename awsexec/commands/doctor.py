"""--doctor: look at everything that a run depends on, and say what to mend.

A check is a function of `awsexec.doctor` that gets the `Facts` and yields a `Finding` for
each thing that it looked at. To add one, write the function and name it in `CHECKS`.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from awsexec import internal_error, output
from awsexec.cache.store import store_for
from awsexec.credentials.cached import Cached
from awsexec.credentials.faults import fault_of
from awsexec.doctor import files, keys, machine, network, sign_ins, variables
from awsexec.doctor.finding import (
    OK,
    SKIPPED,
    WARNING,
    WRONG,
    Facts,
    Finding,
    count,
    text_of,
)
from awsexec.errors import AwsexecError, Limited
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import has_identity
from awsexec.profiles.config import Config
from awsexec.profiles.known import misspelt
from awsexec.profiles.trust import profile_here
from awsexec.report import QUIET
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

SIGNS = {OK: "✓", WARNING: "!", WRONG: "✗", SKIPPED: "-"}
COLOURS = {WARNING: "33", WRONG: output.RED}
# the exit status if something is wrong
STATUS = 123
CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    *(files.check_files, files.check_profiles, keys.check_keys, keys.check_keyring),
    *(variables.check_environment, machine.check_directory, machine.check_cache),
    network.check_network,
    *(sign_ins.check_sign_ins, sign_ins.check_mfa, machine.check_browser),
    *(machine.check_shell, machine.check_record, machine.check_versions),
)


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what each check found; return 123 if something is wrong.

    With PROFILE, only that profile is looked at, else all profiles. With --quiet, only
    what is to be mended is printed.
    """
    facts = _facts(arguments, environ, report)
    found = [finding for check in CHECKS for finding in _found(check, facts, report)]
    if report.level == QUIET:
        found = [one for one in found if one.status in (WARNING, WRONG)]
    if arguments.json:
        names = Finding.__slots__
        rows = [{name: getattr(one, name) for name in names} for one in found]
        output.show(output.as_json(rows))
    else:
        output.show_lines(lines(found, environ, output.width(environ)), environ)
    return STATUS if any(one.status == WRONG for one in found) else 0


def _facts(arguments: Arguments, environ: Mapping[str, str], report: Report) -> Facts:
    from awsexec.credentials.keys.keyring import Keyring
    from awsexec.credentials.reach import ask

    config, why, now = None, "", time.time()
    plans: dict[str, Plan] = {}
    broken: dict[str, str] = {}
    later: dict[str, str] = {}
    names: list[str] = []
    try:
        config = Config.load(environ)
        names = [arguments.profile] if arguments.profile else config.profiles.names()
    except AwsexecError as error:
        why = str(error)
    planner = Planner(arguments, environ, config or Config.without_profiles(environ))
    cached: Cached | None = None
    try:
        cached = Cached(store_for(environ, report), now)
    except AwsexecError:
        # as `check_cache` says
        pass
    for name in names:
        fault: AwsexecError | None = None
        try:
            plans[name] = planner.plan(name)
            fault = fault_of(plans[name], cached)
        except AwsexecError as error:
            fault = error
        if isinstance(fault, Limited):
            # of the run around, and not the profile's
            later[name] = str(fault)
        elif fault is not None:
            broken[name] = str(fault)
        elif (fault := fault_of(plans[name], None)) is not None:
            later[name] = f"{fault}; the cache has a session, which works until its end"
    only_settings: list[str] = []
    if config and broken and not arguments.profile:
        only_settings = _only_settings(config, broken)
        broken = {name: broken[name] for name in broken if name not in only_settings}
    return Facts(
        environ=environ,
        now=now,
        config=config,
        fault=why,
        plans=plans,
        broken=broken,
        later=later,
        only_settings=only_settings,
        ask=ask,
        here=profile_here(environ),
        parent=_parent(),
        mounts=text_of("/proc/self/mounts"),
        keyring=lambda: Keyring(may_prompt=False, say=lambda _: None).name(),
    )


def _only_settings(config: Config, names: Collection[str]) -> list[str]:
    """Return those of `names` whose profiles are not meant to give credentials."""
    profiles = []
    for name in config.profiles.names():
        with suppress(AwsexecError):
            profiles.append(config.profiles.get(name))
    included = {profile.value("include_profile") for profile in profiles}
    return [
        profile.name
        for profile in profiles
        if profile.name in names
        and not has_identity(profile)
        and not list(misspelt(profile))
        # a source without a role is half of one, unless another profile includes it
        and (profile.get("source_profile") is None or profile.name in included)
    ]


def _found(
    check: Callable[[Facts], Iterator[Finding]], facts: Facts, report: Report
) -> list[Finding]:
    """Return what `check` found. An error in one check does not stop the others."""
    try:
        return list(check(facts))
    except AwsexecError as error:
        text = str(error)
    except Exception as error:
        for line in internal_error.lines(error, ["--debug"]):
            report.debug(line)
        text = internal_error.in_words(error)
    return [Finding(check.__name__.removeprefix("check_"), WRONG, text)]


def lines(
    found: Sequence[Finding], environ: Mapping[str, str], width: int | None
) -> Iterator[output.Line]:
    """Yield a line for each of `found`, and one that counts them.

    On a terminal, the mend of what does not fit `width` has lines of its own, so that it
    can be copied.
    """
    for one in found:
        text = printable(output.home_as_tilde(f"{one.about}: {one.text}", environ))
        whole = f"{SIGNS[one.status]} {text}" + f"; {printable(one.mend)}" * bool(
            one.mend
        )
        rows = [whole]
        if width is not None and output.columns(whole) > width:
            rows = output.folded(text, width, f"{SIGNS[one.status]} ")
            if one.mend:
                rows += output.folded(printable(one.mend), width, "  → ", "    ")
        colour = COLOURS.get(one.status)
        for row in rows:
            yield (row, colour) if colour else row
    wrong, warnings = (
        sum(one.status == status for one in found) for status in (WRONG, WARNING)
    )
    text = f"{count(wrong, 'thing')} wrong (✗)" if wrong else "nothing is wrong"
    text += f", {warnings} worth a look (!)" * bool(warnings)
    yield from [text] if width is None else output.folded(text, width, later="")


def _parent() -> tuple[str, int, str | None]:
    pid = os.getppid()
    began_with = None
    if environment := text_of(f"/proc/{pid}/environ"):
        pairs = (one.partition("=") for one in environment.split("\0"))
        began_with = {name: value for name, _, value in pairs}.get(machine.MARK, "")
    return text_of(f"/proc/{pid}/comm").strip(), pid, began_with
