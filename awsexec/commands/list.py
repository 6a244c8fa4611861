"""--list: the table of profiles."""

from __future__ import annotations

import gc
import time

from awsexec import output
from awsexec.cache.store import store_for
from awsexec.credentials.cached import Cached
from awsexec.credentials.faults import fault_of
from awsexec.errors import AwsexecError, first_profile
from awsexec.plan.plan import Planner
from awsexec.profiles.config import open_to_others
from awsexec.profiles.patterns import fitting
from awsexec.text import printable
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.report import Report

HEADER = ("PROFILE", "SOURCE", "ACCOUNT", "ROLE", "REGION", "MFA", "CACHED")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the profiles whose names fit PROFILE, or all of them.

    PROFILE is a shell pattern, or a part of the name. A profile that cannot work is a row
    that says why.
    """
    # thousands of small objects, which are needed until the end
    gc.disable()
    planner = Planner(arguments, environ)
    cached = Cached(store_for(environ, report), time.time())
    fits = fitting(arguments.profile)
    modes = _Modes()
    rows = [
        _row(name, planner, cached, modes)
        for name in sorted(planner.config.profiles.names(), key=str.casefold)
        if fits(name)
    ]
    if arguments.json:
        output.show(output.as_json(rows))
    elif rows:
        output.show_lines(_lines(rows, environ), environ)
        for warning in dict.fromkeys(row["warning"] for row in rows if row["warning"]):
            report.warning(warning)
    elif arguments.profile:
        report.warning(
            f"no profile fits {arguments.profile!r}; awsexec --list shows all profiles"
        )
    else:
        where = " and ".join(planner.config.paths)
        advice = first_profile(planner.config.profiles.config.sso_sessions)
        report.warning(f"there is no profile in {where}; {advice}")
    return 0


class _Modes(dict[str, "str | None"]):
    """The warning of `open_to_others` for each file; one file has thousands of keys."""

    def __missing__(self, path: str) -> str | None:
        self[path] = open_to_others(path)
        return self[path]


def _row(
    name: str, planner: Planner, cached: Cached, modes: _Modes
) -> dict[str, object]:
    """Return what is known of the profile; None for what it does not have."""
    row: dict[str, object] = {
        "profile": name,
        "source": None,
        "source_profile": None,
        "account": None,
        "role_arn": None,
        "sso_role": None,
        "region": None,
        "mfa_serial": None,
        "expires": None,
        "seconds_left": None,
        "error": None,
        "warning": None,
    }
    try:
        plan = planner.plan(name)
    except AwsexecError as error:
        row["error"] = str(error)
        return row
    fault = fault_of(plan, cached)
    if fault is not None:
        row["error"] = str(fault)
    chain, source = plan.chain, plan.chain.source
    row["source"] = source.kind.label
    if source.keys is not None:
        row["warning"] = modes[source.keys.secret.file]
    # the machine's own source has no profile
    if source.profile.is_users and source.profile.name != name:
        row["source_profile"] = source.profile.name
    row["region"] = plan.region
    # IAM Identity Center gives a role without an AssumeRole call
    row["sso_role"] = source.value("sso_role_name")
    row["role_arn"] = chain.role_arn
    row["account"] = chain.account
    row["mfa_serial"] = next(
        (step.mfa_serial for step in chain.steps if step.mfa_serial), None
    )
    last = cached.last(plan)
    if last is not None:
        row["expires"] = iso8601(last.expires)
        row["seconds_left"] = int(last.life_left(cached.now))
    return row


def _lines(rows: list[dict[str, object]], environ: Mapping[str, str]) -> list[Line]:
    cells = [HEADER]
    for row in rows:
        if row["error"] is not None:
            # which stands in their place
            cells.append((str(row["profile"]), "", "", "", "", "", ""))
            continue
        left = row["seconds_left"]
        cells.append(
            (
                str(row["profile"]),
                str(row["source"] or "") + ("!" if row["warning"] else ""),
                str(row["account"] or ""),
                str(row["role_arn"] or "").partition("/")[2]
                or str(row["sso_role"] or ""),
                str(row["region"] or ""),
                "yes" if row["mfa_serial"] else "",
                duration(left) if isinstance(left, int) else "",
            )
        )
    width = output.width(environ)
    lines: list[Line] = [*output.table(cells, width, shrink=(0, 3))]
    header = str(lines[0])
    name_width = header.index("SOURCE")
    first: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if row["error"] is not None:
            # its other columns are empty
            error, name = str(row["error"]), cells[number][0]
            before = first.setdefault(error, name)
            # many profiles may have one source, or one variable be wrong
            if before != name:
                error = f"the same as {before}"
            error = printable(output.home_as_tilde(error, environ))
            line = output.padded(str(lines[number]), name_width)
            lines[number] = output.cut(f"{line}! {error}", width), output.RED
    lines[0] = header, output.BOLD
    return lines
