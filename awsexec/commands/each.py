"""--each: COMMAND once for each of many profiles."""

from __future__ import annotations

import os
import sys

from awsexec import output
from awsexec.child.find import find
from awsexec.credentials.account_lists import plan_named
from awsexec.credentials.confirm import is_asked
from awsexec.credentials.many import Many, store_of_many
from awsexec.credentials.resolver import Demand
from awsexec.each.codes import give_code, share_codes
from awsexec.each.names import selected
from awsexec.each.run import Run, whose
from awsexec.errors import AwsexecError, ConfigError, Interrupted, names_of, shown
from awsexec.history import Log
from awsexec.plan.endpoint import is_region, not_a_region
from awsexec.plan.plan import Planner
from awsexec.profiles.files import Setting
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsexec.credentials.credentials import Credentials
    from awsexec.each.codes import Planned
    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

HEADER = ("PROFILE", "ACCOUNT", "ROLE", "REGION")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Run COMMAND for each profile that the patterns name; return the exit status.

    First come all the questions, then all the calls to AWS, then the commands.
    """
    command = arguments.command
    assert command is not None
    if sys.platform == "win32":
        raise AwsexecError("--each does not work on Windows; use WSL")
    log = Log(environ, report)
    log.check()
    plans: dict[str, Planned] = {}
    try:
        # before any question
        file = find(command[0], environ.get("PATH", os.defpath))
        planner = _plan_all(plans, arguments, environ, report)
        if arguments.dry_run:
            return _show_plans(plans, arguments, environ)
        credentials, many = _credentials(plans, arguments, planner, environ, report)
    except (Exception, KeyboardInterrupt) as error:
        if not arguments.dry_run:
            if not plans:
                log.refused(None, command, error)
            for recorded in map(whose, plans, plans.values()):
                log.refused(recorded, command, error)
        if arguments.fail_fast and plans and isinstance(error, AwsexecError):
            count = len(plans) * max(len(arguments.regions), 1)
            report.warning(f"{count} of {count} commands never started")
        raise
    return Run(plans, credentials, many, arguments, environ, report, log).run(file)


def _plan_all(
    plans: dict[str, Planned],
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
) -> Planner:
    """Add to `plans` what each profile that the patterns name will do.

    Raises `NoSuchProfile`, `ConfigError`, `UsageError` and `Interrupted`.
    """
    for region in arguments.regions:
        if not is_region(region):
            raise not_a_region(Setting.from_option("region", region, "--regions"))
    if arguments.regions:
        # of STS too: a session of a regional STS is valid in all regions
        arguments.region = arguments.regions[0]
    # a code need not be for every profile
    code, arguments.mfa_token = arguments.mfa_token, None
    planner = Planner(arguments, environ)
    names = selected(arguments.each, arguments.excepts, planner, environ, report)
    keys: list[str] = []
    for name, is_exact in names.items():
        try:
            plan = plan_named(planner, name, environ, report)
            if plan.hands_out_keys and not is_exact:
                keys.append(name)
                continue
            plans[name] = plan
        except Interrupted:
            raise
        except AwsexecError as error:
            plans[name] = error
    if code is not None:
        give_code(code, plans)
    _tell_left_out(keys, plans, report)
    return planner


def _tell_left_out(
    keys: list[str], plans: Mapping[str, Planned], report: Report
) -> None:
    """Say that only a pattern reached the users' keys `keys`, so that they are no plan.

    A key does not expire, and lies in the files so that roles can be assumed with it.
    Raises `ConfigError` if there is nothing else.
    """
    if not keys:
        return
    text = (
        f"left out {names_of(keys)}: COMMAND would get a key that does not expire; if you "
        f"want that, name the profile: --each {shown(keys[0])}"
    )
    if not plans:
        raise ConfigError(text)
    report.warning(text)


def _fault(plan: Planned) -> AwsexecError | None:
    """Return why there is no plan, or why the guardrails forbid it; None if it may run."""
    if isinstance(plan, AwsexecError):
        return plan
    try:
        plan.check()
    except AwsexecError as error:
        return error
    return None


# --- What would run -----------------------------------------------------------------


def _show_plans(
    plans: Mapping[str, Planned],
    arguments: Arguments,
    environ: Mapping[str, str],
) -> int:
    """Print what would run, what is refused and what asks; return the exit status."""
    rows = list(_rows(plans, arguments, environ))
    status = AwsexecError.status if any("error" in row for row in rows) else 0
    if arguments.json:
        for row in rows:
            output.show(output.as_json_line(row) + "\n")
        return status
    cells = [HEADER]
    for row in rows:
        role = str(row["role_arn"] or "").partition("/")[2] or row["sso_role"]
        role = role or row["source"]
        values = (row["profile"], row["account"], role, row["region"])
        profile, account, of, region = (str(value or "") for value in values)
        cells.append((profile, account, of, region))
    header, *others = output.table(cells, output.width(environ), shrink=(0, 2))
    lines: list[Line] = [(header, output.BOLD)]
    for line, row in zip(others, rows, strict=True):
        if "error" in row:
            why = printable(str(row["error"]))
            lines.append((f"{line}  refused: {why}", output.RED))
        else:
            lines.append(line + "  asks" * (row["confirm"] is not None))
    output.show_lines(lines, environ)
    return status


def _rows(
    plans: Mapping[str, Planned], arguments: Arguments, environ: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Yield a row for each run; `confirm` is what the question wants, None for none."""
    for name, plan in plans.items():
        fault = _fault(plan)
        row: dict[str, object] = dict.fromkeys(
            ("account", "role_arn", "sso_role", "source", "region", "confirm")
        )
        regions: Sequence[str | None] = (None,)
        if not isinstance(plan, AwsexecError):
            regions = arguments.regions or (plan.region,)
            row["account"] = plan.account
            row["role_arn"] = plan.chain.role_arn
            row["sso_role"] = plan.chain.source.value("sso_role_name")
            row["source"] = plan.chain.source.kind.label
            asks = plan.confirmation
            if fault is None and asks is not None and is_asked(plan, environ):
                row["confirm"] = "name" if asks.by_name else "yes"
        if fault is not None:
            row["error"] = str(fault)
        for region in regions:
            yield {"profile": name, **row, "region": region}


# --- With whose credentials ---------------------------------------------------------


def _credentials(
    plans: dict[str, Planned],
    arguments: Arguments,
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> tuple[dict[str, Credentials | AwsexecError], Many]:
    """Return the credentials of each plan, or why there are none, and what got them.

    Raises `UsageError` before the first question, and `Interrupted`.
    """
    store = store_of_many(environ, report, uses_cache=not arguments.no_cache)
    demand = Demand(arguments.min_ttl, arguments.refresh)
    found: dict[str, Credentials | AwsexecError] = {}
    good: dict[str, Plan] = {}
    for name, plan in plans.items():
        # before any question: what the guardrails forbid is no question
        fault = _fault(plan)
        if fault is not None:
            if arguments.fail_fast:
                raise fault
            found[name] = fault
        elif not isinstance(plan, AwsexecError):
            good[name] = plan
    due = share_codes(good, arguments, planner, store, demand, report)
    plans.update(good)
    _confirm(good, arguments, environ)
    many = Many(
        [*good.values()],
        demand,
        environ,
        store,
        report,
        code_for=due,
        stops=arguments.fail_fast,
    )
    return found | dict(zip(good, many.get(), strict=True)), many


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
