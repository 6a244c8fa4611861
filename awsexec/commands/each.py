"""--each: COMMAND once for each of many profiles."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import cycle

from awsexec import output
from awsexec.credentials.account_lists import account_list, plan_named
from awsexec.credentials.credentials import child_variables
from awsexec.credentials.many import device_due, get_many, store_of_many
from awsexec.credentials.resolver import Demand
from awsexec.errors import (
    AwsexecError,
    ConfigError,
    Interrupted,
    NoSuchProfile,
    UsageError,
    shown,
)
from awsexec.fastpath import child_environment
from awsexec.history import Log
from awsexec.plan.guardrails import CONFIRMED
from awsexec.plan.limits import NO_CODE, mfa_code
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import has_identity
from awsexec.profiles.files import Setting
from awsexec.profiles.near import nearest
from awsexec.profiles.patterns import is_glob, strictly_fitting
from awsexec.report import NORMAL
from awsexec.text import message, printable
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from awsexec.child.many import Job, Outcome, Sink
    from awsexec.credentials.credentials import Credentials
    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

    # what is known of a profile: how to get its credentials, or why that is not known
    Planned = Plan | AwsexecError

# exit statuses, besides 0 and the one of `Interrupted`
SOME_FAILED, SOME_WITHOUT_CREDENTIALS = 123, AwsexecError.status
# commands at the same time
JOBS = 8
# what is recorded of a command that was not reached
NEVER_STARTED = "--each ended before this command started"
HEADER = ("PROFILE", "ACCOUNT", "ROLE", "REGION")
# SGR colours of the prefixes, none of them that of failures
COLOURS = ("36", "32", "33", "35", "34", "96", "92", "93", "95", "94")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Run COMMAND for each profile that the patterns name; return the exit status.

    First come all the questions, then all the calls to AWS, then the commands.
    """
    command = arguments.command
    assert command is not None
    if sys.platform == "win32":
        raise AwsexecError("--each does not work on Windows; use WSL")
    from awsexec.child.many import find

    log = Log(environ, report)
    log.check()
    plans: dict[str, Planned] = {}
    try:
        # before any question
        file = find(command[0], environ.get("PATH", os.defpath))
        planner = _plan_all(plans, arguments, environ, report)
        if arguments.dry_run:
            return _show_plans(plans, arguments, environ)
        credentials = _credentials(plans, arguments, planner, environ, report)
    except (Exception, KeyboardInterrupt) as error:
        if not arguments.dry_run:
            if not plans:
                log.refused(None, command, error)
            for whose in map(_whose, plans, plans.values()):
                log.refused(whose, command, error)
        raise
    return _Run(plans, credentials, arguments, environ, report, log).run(file)


def _plan_all(
    plans: dict[str, Planned],
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
) -> Planner:
    """Add to `plans` what each profile that the patterns name will do.

    Raises `NoSuchProfile`, `ConfigError`, `UsageError` and `Interrupted`.
    """
    if arguments.regions:
        # of STS too: a session of a regional STS is valid in all regions
        arguments.region = arguments.regions[0]
    # a code need not be for every profile
    code, arguments.mfa_token = arguments.mfa_token, None
    planner = Planner(arguments, environ)
    names = _selected(arguments, planner, environ, report)
    plans.update((name, _plan(name, planner, environ, report)) for name in names)
    if code is not None:
        _give_code(code, plans)
    return planner


def _whose(name: str, plan: Planned) -> Plan | str:
    """Return what to record of a profile: its plan, or its name if there is none."""
    return name if isinstance(plan, AwsexecError) else plan


# --- Which profiles -----------------------------------------------------------------


def _selected(
    arguments: Arguments,
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> list[str]:
    """Return the names that the patterns choose, in the order of --list.

    Raises `NoSuchProfile`, `ConfigError` and `UsageError`.
    """
    names = _Names(planner, environ, report)
    chosen = {
        name: None for pattern in arguments.each for name in names.of(pattern, "--each")
    }
    for pattern in arguments.excepts:
        for name in names.of(pattern, "--except"):
            chosen.pop(name, None)
    if not chosen:
        raise UsageError(
            "--except leaves no profile; remove one of its patterns, or add --each PATTERN"
        )
    return sorted(chosen, key=str.casefold)


class _Names:
    """The names of all profiles, and of the roles of IAM Identity Center."""

    def __init__(
        self, planner: Planner, environ: Mapping[str, str], report: Report
    ) -> None:
        self._planner = planner
        self._environ = environ
        self._report = report
        self._profiles = planner.config.profiles

    def of(self, pattern: str, option: str) -> list[str]:
        """Return the names that `pattern` means, which `option` gives.

        That is the profile of that name, else those whose whole name fits it. Raises
        `NoSuchProfile` and `ConfigError`.
        """
        if pattern in self._profiles:
            return [pattern]
        if not is_glob(pattern):
            return [self._role(pattern, option)]
        fits = strictly_fitting(pattern)
        found = [name for name in self._all(pattern) if fits(name)]
        if not found:
            raise self._none(pattern, option)
        if "default" in found and not has_identity(self._profiles.get("default")):
            # It holds settings for other profiles, and would stand for the machine's
            # own identity, which nobody named.
            found.remove("default")
            self._report.detail(f"{option} {pattern}: left out default, no identity")
        return found

    def _role(self, name: str, option: str) -> str:
        """Return `name` if it is a role of IAM Identity Center, SESSION/ACCOUNT/ROLE."""
        from awsexec.profiles.accounts import split

        if split(name, self._profiles.config.sso_sessions) is not None:
            return name
        try:
            self._profiles.get(name)
        except NoSuchProfile as error:
            raise error.named_by(option) from None
        return name

    def _all(self, pattern: str) -> list[str]:
        sessions = self._profiles.config.sso_sessions
        if "/" in pattern:
            fits = strictly_fitting(pattern.partition("/")[0])
            for session in filter(fits, sessions):
                account_list(self._planner, session, self._environ, self._report)
        roles = (name for name, _, _ in self._planner.listed_roles())
        return [*self._profiles.names(), *roles]

    def _none(self, pattern: str, option: str) -> ConfigError:
        names = self._all(pattern)
        word = "".join(each for each in pattern if each not in "*?[]")
        # what stands before the first * may be what is wrong
        heads = {name[: len(word) + 1]: name for name in reversed(names)}
        near = nearest(word, names) or [heads[each] for each in nearest(word, heads)]
        places = " and ".join(self._profiles.looked_in)
        advice = "* does not fit a /; awsexec --list shows all names"
        if near:
            advice = f"did you mean {' or '.join(map(shown, near))}?"
        return ConfigError(
            f"{option} {shown(pattern)}: fits the whole name of no profile in {places}; "
            f"{advice}"
        )


def _plan(
    name: str,
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> Planned:
    try:
        plan = plan_named(planner, name, environ, report)
        # before any question: what the guardrails forbid is no question
        plan.check()
        return plan
    except Interrupted:
        raise
    except AwsexecError as error:
        return error


def _show_plans(
    plans: Mapping[str, Planned],
    arguments: Arguments,
    environ: Mapping[str, str],
) -> int:
    """Print what would run; return the exit status."""
    rows = list(_rows(plans, arguments))
    is_broken = any(isinstance(plan, AwsexecError) for plan in plans.values())
    if arguments.json:
        for row in rows:
            output.show(output.as_json_line(row) + "\n")
        return SOME_WITHOUT_CREDENTIALS if is_broken else 0
    cells = [HEADER]
    for row in rows:
        role = str(row["role_arn"] or "").partition("/")[2] or row["sso_role"]
        values = (row["profile"], row["account"], role, row["region"])
        profile, account, of, region = (str(value or "") for value in values)
        cells.append((profile, account, of, region))
    header, *others = output.table(cells, output.width(environ), shrink=(0, 2))
    lines: list[Line] = [(header, output.BOLD)]
    for line, row in zip(others, rows, strict=True):
        if "error" in row:
            lines.append((f"{line}  ! {printable(str(row['error']))}", output.RED))
        else:
            lines.append(line)
    output.show_lines(lines, environ)
    return SOME_WITHOUT_CREDENTIALS if is_broken else 0


def _rows(
    plans: Mapping[str, Planned], arguments: Arguments
) -> Iterator[dict[str, object]]:
    for name, plan in plans.items():
        if isinstance(plan, AwsexecError):
            yield {
                "profile": name,
                "account": None,
                "role_arn": None,
                "sso_role": None,
                "region": None,
                "error": str(plan),
            }
            continue
        for region in arguments.regions or (plan.region,):
            yield {
                "profile": name,
                "account": plan.account,
                "role_arn": plan.chain.role_arn,
                "sso_role": plan.chain.source.value("sso_role_name"),
                "region": region,
            }


# --- Whose credentials --------------------------------------------------------------


def _give_code(code: str, plans: dict[str, Planned]) -> None:
    """Let the plans that take an MFA code use `code`. Raises `UsageError`."""
    if mfa_code(code) is None:
        raise UsageError(f"--mfa-token: {NO_CODE}")
    given = Setting.from_option("mfa_token", code, "--mfa-token")
    is_used = False
    for name, plan in plans.items():
        if isinstance(plan, AwsexecError):
            # nobody knows what it takes
            is_used = True
        elif plan.chain.takes_code:
            is_used = True
            asking = plan.asking.again(may_prompt=plan.asking.may_prompt, code=given)
            plans[name] = plan.but(asking=asking)
    if not is_used:
        raise UsageError(
            "--mfa-token would do nothing: no step of these profiles takes an MFA code; "
            "remove --mfa-token, or add --mfa-serial"
        )


def _credentials(
    plans: dict[str, Planned],
    arguments: Arguments,
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> dict[str, Credentials | AwsexecError]:
    """Return the credentials of each plan, or why there are none.

    Raises `UsageError` before the first question, and `Interrupted`.
    """
    store = store_of_many(environ, report, uses_cache=not arguments.no_cache)
    demand = Demand(arguments.min_ttl, arguments.refresh)
    now = time.time()
    by_device: dict[str, list[str]] = {}
    for name, plan in plans.items():
        if not isinstance(plan, AwsexecError):
            device = device_due(plan, store, demand, now)
            if device is not None:
                by_device.setdefault(device, []).append(name)
    _check_one_code(by_device, plans)
    for device, names in by_device.items():
        if len(names) > 1:
            _share_code(device, names, plans, arguments, planner, report)
    found: dict[str, Credentials | AwsexecError] = {}
    good: dict[str, Plan] = {}
    for name, plan in plans.items():
        if isinstance(plan, AwsexecError):
            if arguments.fail_fast:
                raise plan
            found[name] = plan
        else:
            good[name] = plan
    _confirm(good, arguments, environ)
    outcomes = get_many(
        [*good.values()], demand, environ, store, report, stops=arguments.fail_fast
    )
    return found | dict(zip(good, outcomes, strict=True))


def _confirm(
    plans: Mapping[str, Plan], arguments: Arguments, environ: Mapping[str, str]
) -> None:
    """Ask for those profiles that ask before they are used. Raises `NotConfirmed`."""
    if any(plan.confirmation is not None for plan in plans.values()):
        # slow to load
        import shlex

        from awsexec.credentials.confirm import confirm_many

        doing = shlex.join(arguments.command or ())
        regions = ", ".join(arguments.regions or ())
        confirm_many([*plans.values()], doing, environ, regions=regions)


def _check_one_code(
    by_device: Mapping[str, Sequence[str]], plans: Mapping[str, Planned]
) -> None:
    """Raise `UsageError` if a code was given, and there are two devices."""
    if len(by_device) < 2:
        return
    for names in by_device.values():
        plan = plans[names[0]]
        assert not isinstance(plan, AwsexecError)
        if plan.asking.code is not None:
            raise UsageError(
                f"{plan.asking.code.where}: these profiles have {len(by_device)} MFA "
                f"devices ({', '.join(map(shown, by_device))}), and a code is of one; "
                "leave it out and awsexec asks for each, or choose the profiles of one "
                "device"
            )


def _share_code(
    device: str,
    names: Sequence[str],
    plans: dict[str, Planned],
    arguments: Arguments,
    planner: Planner,
    report: Report,
) -> None:
    """Let one code of `device` serve the profiles `names`, whose roles may be long.

    AWS takes a code once. A role that lives longer than an hour needs one of its own.
    Raises `UsageError` if that life was asked for in the command line.
    """
    for name in names:
        before = plans[name]
        shared = planner.plan(name, shares_code=True)
        assert not isinstance(before, AwsexecError)
        life = before.chain.life
        if shared.chain.life == life or life is None:
            continue
        if arguments.duration is not None:
            raise UsageError(
                f"--duration: {duration(life)} is more than the hour that one MFA code "
                f"of {shown(device)} gives {len(names)} profiles; ask for 1h or less, or "
                "run one profile at a time"
            )
        report.warning(
            f"{shown(name)}: its session will live one hour and not {duration(life)}, so "
            f"that one MFA code serves {len(names)} profiles"
        )
        plans[name] = shared.but(asking=before.asking)


# --- The commands -------------------------------------------------------------------


class _Run:
    """Runs COMMAND with the `credentials` of each profile, and tells how that went."""

    def __init__(
        self,
        plans: Mapping[str, Planned],
        credentials: Mapping[str, Credentials | AwsexecError],
        arguments: Arguments,
        environ: Mapping[str, str],
        report: Report,
        log: Log,
    ) -> None:
        self._log = log
        # the labels of the runs of which the record says that they started
        self._recorded: set[str] = set()
        self._plans = plans
        self._credentials = credentials
        self._arguments = arguments
        self._environ = environ
        self._report = report
        is_shown = report.level >= NORMAL
        self._live = _Live(sys.stderr, environ, is_shown)
        # profile and region of each run, by the label that a person sees
        self._runs = {
            self._label(name, region): (name, region)
            for name, plan in plans.items()
            for region in self._regions(plan)
        }
        self._width = max(map(output.columns, self._runs))

    def _regions(self, plan: Planned) -> Sequence[str | None]:
        if isinstance(plan, AwsexecError):
            return (None,)
        return self._arguments.regions or (plan.region,)

    def _label(self, name: str, region: str | None) -> str:
        label = printable(name)
        return f"{label} {region}" if self._arguments.regions and region else label

    def run(self, file: str) -> int:
        """Run all of it, and return the exit status."""
        from awsexec.child.many import Runner

        without = self._tell_failures()
        jobs: list[Job] = []
        colours = cycle(COLOURS)
        for label, (name, region) in self._runs.items():
            given = self._credentials[name]
            if not isinstance(given, AwsexecError):
                jobs.append(self._job(label, name, region, given, next(colours)))
        total = len(jobs)
        runner = Runner(
            self._arguments.command or (),
            file,
            jobs,
            self._arguments.jobs or JOBS,
            stops_at_failure=self._arguments.fail_fast,
            show=lambda done, failed, names: self._live.show(
                done, total, failed + without, names
            ),
            interrupted=self._say_interrupted,
            starting=self._record,
            refused=lambda job, error: self._refuse(job.name, error),
        )
        try:
            outcomes = runner.run()
        finally:
            self._live.clear()
            for job in jobs:
                if job.name not in self._recorded:
                    self._refuse(job.name, AwsexecError(NEVER_STARTED))
        self._tell_outcomes([job.name for job in jobs], outcomes)
        if runner.signal == signal.SIGINT:
            return Interrupted.status
        if runner.signal is not None:
            # as a program that does not handle it
            signal.signal(runner.signal, signal.SIG_DFL)
            os.kill(os.getpid(), runner.signal)
        if without:
            return SOME_WITHOUT_CREDENTIALS
        if all(outcome is not None and outcome.is_success for outcome in outcomes):
            return 0
        return SOME_FAILED

    def _record(self, job: Job) -> None:
        """Record that a command starts. Raises `CannotRecord`."""
        name, _ = self._runs[job.name]
        plan, given = self._plans[name], self._credentials[name]
        self._recorded.add(job.name)
        assert not isinstance(plan, AwsexecError)
        assert not isinstance(given, AwsexecError)
        self._log.started(plan, given, self._arguments.command or ())

    def _refuse(self, label: str, error: AwsexecError) -> None:
        """Record that a command does not start."""
        name, _ = self._runs[label]
        whose = _whose(name, self._plans[name])
        self._log.refused(whose, self._arguments.command or (), error)

    def _job(
        self,
        label: str,
        name: str,
        region: str | None,
        credentials: Credentials,
        colour: str,
    ) -> Job:
        from awsexec.child.many import Job

        plan = self._plans[name]
        assert not isinstance(plan, AwsexecError)
        added = child_variables(credentials, name, region, plan.account)
        added |= plan.inside
        if plan.confirmation is not None:
            added[CONFIRMED] = plan.confirmation.mark
        environ = child_environment(self._environ, added)
        known = {"profile": name, "account": plan.account, "region": region}
        return Job(label, environ, self._sink(label, known, colour))

    def _sink(self, label: str, known: Mapping[str, object], colour: str) -> Sink:
        from awsexec.child.outputs import Block, Json, Lines

        if self._arguments.json:
            return Json(known, self._put)
        if self._arguments.group:
            return Block(lambda outcome: self._head(label, outcome), self._put)
        prefixes = {
            1: self._prefix(label, "│", "|", colour, sys.stdout),
            2: self._prefix(label, "!", "!", colour, sys.stderr),
        }
        more = self._prefix(label, "+", "+", colour, sys.stdout)
        return Lines(prefixes, more, self._put)

    def _prefix(
        self, label: str, sign: str, plain: str, colour: str, stream: TextIO
    ) -> bytes:
        text = f"{output.padded(label, self._width)} {_in(stream, sign, plain)}"
        if output.has_colour(self._environ, stream):
            text = f"\033[{colour}m{text}\033[0m"
        return _bytes(stream, text + " ")

    def _head(self, label: str, outcome: Outcome) -> bytes:
        line = _in(sys.stdout, "──", "--")
        text = f"{line} {label}: {outcome}, {outcome.seconds:.1f} s"
        if output.has_colour(self._environ):
            text = f"\033[{output.BOLD}m{text}\033[0m"
        return _bytes(sys.stdout, text + "\n")

    def _put(self, stream: int, data: bytes) -> None:
        from awsexec.child.many import write

        self._live.clear()
        try:
            write(stream, data)
        except AwsexecError:
            # what a command says on stderr goes nowhere if nobody reads it
            if stream == 1:
                raise

    def _say_interrupted(self, running: int) -> None:
        if running and self._live.is_shown:
            self._live.note = "; press Ctrl-C again to kill them"

    def _tell_failures(self) -> int:
        """Say whose credentials could not be had; return how many commands cannot run."""
        count = 0
        first: dict[str, str] = {}
        for label, (name, region) in self._runs.items():
            given = self._credentials[name]
            if not isinstance(given, AwsexecError):
                continue
            count += 1
            self._refuse(label, given)
            # many profiles may have one source
            before = first.setdefault(str(given), label)
            text = given if before == label else f"the same as {before}"
            output.tell(message(f"{label}: {text}"))
            if self._arguments.json:
                object = {
                    "profile": name,
                    "account": None,
                    "region": region,
                    "status": None,
                    "signal": None,
                    "error": str(given),
                }
                self._put(1, (output.as_json_line(object) + "\n").encode())
        return count

    def _tell_outcomes(
        self, labels: Sequence[str], outcomes: Sequence[Outcome | None]
    ) -> None:
        """Say which commands failed, and how many never started."""
        if self._report.level < NORMAL:
            return
        rows = [
            (label, str(outcome), printable(outcome.last_line))
            for label, outcome in zip(labels, outcomes, strict=True)
            if outcome is not None and not outcome.is_success
        ]
        if rows:
            text = f"{len(rows)} of {len(outcomes)} commands failed"
            self._report.warning(text)
            width = _columns(sys.stderr)
            for line in output.table(rows, width, shrink=(0, 2)):
                self._report.draw(f"  {line}\n")
        if waiting := outcomes.count(None):
            self._report.warning(f"{waiting} of {len(outcomes)} commands never started")


class _Live:
    """A line below all output that shows how far it is, if `stream` is a terminal."""

    def __init__(
        self, stream: TextIO, environ: Mapping[str, str], is_shown: bool
    ) -> None:
        self._stream = stream
        self.is_shown = (
            is_shown and stream.isatty() and environ.get("TERM", "dumb") != "dumb"
        )
        self.note = ""
        self._began = time.monotonic()
        self._drawn = ""
        self._next = 0.0

    def show(self, done: int, total: int, failed: int, names: Sequence[str]) -> None:
        """Draw it, a few times a second at most."""
        now = time.monotonic()
        if not self.is_shown or now < self._next:
            return
        parts = [f"{done} of {total} done"]
        if failed:
            parts.append(f"{failed} failed")
        parts.append(f"{now - self._began:.0f} s")
        if names:
            parts.append(f"running: {', '.join(names)}")
        line = output.cut(", ".join(parts) + self.note, _columns(self._stream) - 1)
        if line != self._drawn:
            self._write(f"\r\033[K{line}")
            self._drawn = line
            self._next = now + 0.1

    def clear(self) -> None:
        """Take it away before something else is written."""
        if self._drawn:
            self._write("\r\033[K")
            self._drawn = ""

    def _write(self, text: str) -> None:
        output.tell(text)


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 200


def _in(stream: TextIO, text: str, plain: str) -> str:
    """Return `text`, or `plain` if the encoding of the stream does not have it."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return text


def _bytes(stream: TextIO, text: str) -> bytes:
    return text.encode(stream.encoding or "ascii", "backslashreplace")
