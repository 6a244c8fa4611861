"""COMMAND for each profile whose credentials are there, and how that went."""

from __future__ import annotations

import os
import signal
import sys

from awsexec import output
from awsexec.credentials.credentials import child_variables
from awsexec.each.outputs import Block, Json, Lines
from awsexec.each.runner import STDOUT, Job, Runner, Watcher
from awsexec.each.screen import LiveLine, Style
from awsexec.errors import AwsexecError, Interrupted, SameFailure, names_of, shown
from awsexec.fastpath import child_environment
from awsexec.report import NORMAL
from awsexec.text import message, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.many import Many
    from awsexec.each.codes import Planned
    from awsexec.each.runner import Outcome, Sink
    from awsexec.history import Log
    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

# exit statuses, besides 0 and the one of `Interrupted`
SOME_FAILED, SOME_WITHOUT_CREDENTIALS = 123, AwsexecError.status
# commands at the same time
JOBS = 8
# what is recorded of a command that was not reached
NEVER_STARTED = "--each ended before this command started"
# what a command needs of this process's files besides one to keep its output in, and what
# starting one and calling AWS may need for a moment
PIPES, SPARE_FILES = 2, 16
# columns of the table of failures where stderr is not a terminal
WIDE = 200
INDENT = "  "
# what Ctrl-C leaves to say
ONCE_MORE = "press Ctrl-C again to kill the commands"


def whose(name: str, plan: Planned) -> Plan | str:
    """Return what to record of a profile: its plan, or its name if there is none."""
    return name if isinstance(plan, AwsexecError) else plan


class Run(Watcher):
    """Runs COMMAND with the `credentials` of each profile, and tells how that went.

    `many` gets new ones for those that wait for their turn longer than a session lives.

    With `--regions`, COMMAND runs once in each region. A run has a label: what a person
    sees of its profile and region.
    """

    def __init__(
        self,
        plans: Mapping[str, Planned],
        credentials: dict[str, Credentials | AwsexecError],
        many: Many,
        arguments: Arguments,
        environ: Mapping[str, str],
        report: Report,
        log: Log,
    ) -> None:
        self._plans = plans
        self._credentials = credentials
        self._many = many
        self._arguments = arguments
        self._command = arguments.command or ()
        self._environ = environ
        self._report = report
        self._log = log
        self._unforeseen: Exception | None = None
        # why a run has no credentials after all, by its label
        self._lost: dict[str, AwsexecError] = {}
        # how many runs had no credentials before any started
        self._without = 0
        # the labels of the runs of which the record says that they started
        self._recorded: set[str] = set()
        # profile and region by the label
        self._runs = {
            self._label(name, region): (name, region)
            for name, plan in plans.items()
            for region in self._regions(plan)
        }
        self._style = Style(environ, self._runs)
        self._live = LiveLine(environ, report)

    def _regions(self, plan: Planned) -> Sequence[str | None]:
        if isinstance(plan, AwsexecError):
            return (None,)
        return self._arguments.regions or (plan.region,)

    def _label(self, name: str, region: str | None) -> str:
        label = printable(name)
        return f"{label} {region}" if self._arguments.regions and region else label

    def run(self, file: str) -> int:
        """Run all of it, where `file` is COMMAND's; return the exit status."""
        # why a run has no credentials, by its label; the same words for the same reason
        refused: dict[str, str] = {}
        reasons: dict[str, str] = {}
        jobs: list[Job] = []
        for label, (name, region) in self._runs.items():
            given = self._credentials[name]
            if isinstance(given, AwsexecError):
                cause = given.cause if isinstance(given, SameFailure) else given
                reason = _without_name(str(cause), name)
                refused[label] = reasons.setdefault(str(cause), reason)
            else:
                jobs.append(self._job(label, name, region, len(jobs)))
        self._tell_refused(refused, in_full=not jobs)
        self._without = len(refused)
        runner = Runner(
            self._command,
            file,
            jobs,
            self._at_once(min(self._arguments.jobs or JOBS, len(jobs))),
            self,
            stops_at_failure=self._arguments.fail_fast,
        )
        try:
            outcomes = runner.run()
        finally:
            self._live.clear()
            for job in jobs:
                if job.name not in self._recorded:
                    self._refuse(job.name, AwsexecError(NEVER_STARTED))
        refused |= {
            label: _without_name(str(error), self._runs[label][0])
            for label, error in self._lost.items()
        }
        if jobs:
            labels = [job.name for job in jobs]
            self._tell_outcomes(dict(zip(labels, outcomes, strict=True)), refused)
        if runner.signal == signal.SIGINT:
            return Interrupted.status
        if runner.signal is not None:
            # as a program that does not handle it
            signal.signal(runner.signal, signal.SIG_DFL)
            os.kill(os.getpid(), runner.signal)
        if runner.lost is not None:
            raise runner.lost
        if refused:
            return SOME_WITHOUT_CREDENTIALS
        if all(outcome is not None and outcome.is_success for outcome in outcomes):
            return 0
        return SOME_FAILED

    def _at_once(self, wanted: int) -> int:
        """Return how many commands may run at once, with the files that each needs."""
        # Windows, where --each says that it does not work, has no such module
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY:
            return wanted
        is_kept = self._arguments.json or self._arguments.group
        free = limit - len(os.listdir("/dev/fd")) - SPARE_FILES
        possible = max(1, free // (PIPES + is_kept))
        if possible < wanted:
            self._report.warning(
                f"{possible} and not {wanted} commands run at once, because this process "
                f"may have only {limit} files open; raise ulimit -n, or lower --jobs"
            )
        return min(possible, wanted)

    # what runs

    def _job(
        self,
        label: str,
        name: str,
        region: str | None,
        number: int,
    ) -> Job:
        plan = self._plans[name]
        assert not isinstance(plan, AwsexecError)
        known = {"profile": name, "account": plan.account, "region": region}
        # its environment is made when it starts: with the credentials that are good then
        return Job(label, {}, self._sink(label, known, number))

    def _environ_of(
        self, plan: Plan, region: str | None, credentials: Credentials
    ) -> dict[str, str]:
        of_profile = plan.region_of_profile
        added = child_variables(
            credentials, plan.name, region, of_profile, plan.account
        )
        added |= plan.inside
        if plan.confirmation is not None:
            # few profiles have it
            from awsexec.credentials.confirm import confirmed

            added |= confirmed(plan.confirmation)
        return child_environment(self._environ, added)

    def is_due(self, job: Job) -> bool:
        """Return whether a command that is to start needs new credentials."""
        given = self._credentials[self._runs[job.name][0]]
        return not (isinstance(given, AwsexecError) or self._many.is_good(given))

    def renew(self, job: Job) -> None:
        """Get new credentials, in any thread; a failure is raised when the job starts."""
        name, _ = self._runs[job.name]
        try:
            self._credentials[name] = self._many.again(name)
        except AwsexecError as error:
            self._credentials[name] = error
        except Exception as error:
            # nobody foresaw it, and a thread would print it
            self._unforeseen = error

    def _sink(self, label: str, known: Mapping[str, object], number: int) -> Sink:
        if self._arguments.json:
            return Json(known, self._put)
        prefixes, more = self._style.prefixes(label, number)
        if self._arguments.group:
            # its head is on stdout
            prefixes[STDOUT] = b""
        lines = Lines(prefixes, more, self._put, self._style.terminals)
        if not self._arguments.group:
            return lines
        return Block(lambda outcome: self._style.head(label, outcome), lines, self._put)

    def _put(self, stream: int, data: bytes) -> None:
        self._live.clear(stream)
        output.write_all(stream, data)

    def starting(self, job: Job) -> None:
        """Record that a command starts, and make its environment.

        Raises `CannotRecord`, and why there are no credentials any more.
        """
        if self._unforeseen is not None:
            raise self._unforeseen
        name, region = self._runs[job.name]
        plan, given = self._plans[name], self._credentials[name]
        self._recorded.add(job.name)
        assert not isinstance(plan, AwsexecError)
        if isinstance(given, AwsexecError):
            self._lost[job.name] = given
            raise given
        job.environ = self._environ_of(plan, region, given)
        where = region if self._arguments.regions else None
        self._log.started(plan, given, self._command, region=where)

    def refused(self, job: Job, error: AwsexecError) -> None:
        self._refuse(job.name, error)

    def interrupted(self) -> None:
        self._live.tell(ONCE_MORE)

    def stopping(self) -> None:
        self._live.clear()

    def progress(self, done: int, failed: int, names: Sequence[str]) -> None:
        without = self._without
        self._live.show(done + without, len(self._runs), failed + without, names)

    def _refuse(self, label: str, error: AwsexecError) -> None:
        """Record that a command does not start."""
        name, region = self._runs[label]
        self._log.refused(
            whose(name, self._plans[name]),
            self._command,
            error,
            region=region if self._arguments.regions else None,
        )

    # what is said

    def _tell_refused(self, refused: Mapping[str, str], *, in_full: bool) -> None:
        """Say once for each reason which runs have no credentials.

        Many profiles may need the same source. If no table of failures follows, their
        names stand here `in_full`.
        """
        alike: dict[str, list[str]] = {}
        for label in refused:
            name, region = self._runs[label]
            error = self._credentials[name]
            assert isinstance(error, AwsexecError)
            self._refuse(label, error)
            alike.setdefault(refused[label], []).append(label)
            if self._arguments.json:
                plan = self._plans[name]
                object = {
                    "profile": name,
                    "account": None if isinstance(plan, AwsexecError) else plan.account,
                    "region": region,
                    "status": None,
                    "signal": None,
                    "error": str(error),
                }
                self._put(1, (output.as_json_line(object) + "\n").encode())
        is_all = in_full or self._report.level < NORMAL
        for reason, labels in alike.items():
            names = names_of(labels, len(labels)) if is_all else names_of(labels)
            output.tell(message(f"{names}: {reason}"))

    def _tell_outcomes(
        self, outcomes: Mapping[str, Outcome | None], refused: Mapping[str, str]
    ) -> None:
        """Say what failed, in a table, and how many commands never started."""
        if self._report.level < NORMAL:
            return
        rows = []
        for label in self._runs:
            outcome = outcomes.get(label)
            if label in refused:
                # what to do was said before
                what, _, _ = refused[label].partition("; ")
                what = output.home_as_tilde(what, self._environ)
                rows.append((label, "no credentials", what))
            elif outcome is not None and not outcome.is_success:
                rows.append((label, str(outcome), outcome.last_line))
        of = f"of {len(self._runs)} commands"
        if failed := len(rows) - len(refused):
            more = f", and {len(refused)} had no credentials" if refused else ""
            self._report.warning(f"{failed} {of} failed{more}")
        elif refused:
            self._report.warning(f"{len(refused)} {of} had no credentials")
        if rows:
            columns = output.width(self._environ, sys.stderr) or WIDE
            for line in output.table(rows, columns - len(INDENT), shrink=(0, 2)):
                self._report.draw(f"{INDENT}{line}\n")
        if waiting := [*outcomes.values()].count(None):
            self._report.warning(f"{waiting} {of} never started")


def _without_name(text: str, name: str) -> str:
    """Return why a profile failed without its name, which stands before it already."""
    for start in (f"profile {name!r}: ", f"{shown(name)}: "):
        text = text.removeprefix(start)
    if text.startswith(f"profile {name!r} needs "):
        text = text.removeprefix(f"profile {name!r} ")
    return text
