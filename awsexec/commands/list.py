"""--list: the table of profiles."""

from __future__ import annotations

import gc
import time

from awsexec import output
from awsexec.cache.store import store_for
from awsexec.errors import AwsexecError, shown
from awsexec.plan.calls import AssumeRole
from awsexec.plan.plan import Planner
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.cache.store import Store
    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

HEADER = ("PROFILE", "SOURCE", "ACCOUNT", "ROLE", "REGION", "MFA", "CACHED")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the profiles whose names fit PROFILE, or all of them.

    PROFILE is a shell pattern, or a part of the name. A profile whose plan cannot be
    made is a row that says why.
    """
    # thousands of small objects, which are needed until the end
    gc.disable()
    planner = Planner(arguments, environ)
    store = store_for(environ, report)
    fits = _fitting(arguments.profile)
    rows = [
        _row(name, planner, store)
        for name in sorted(planner.config.profiles.names(), key=str.casefold)
        if fits(name)
    ]
    if arguments.json:
        output.show(output.as_json(rows))
    elif rows:
        output.show("\n".join(_lines(rows, environ)) + "\n")
    elif arguments.profile:
        report.warning(f"no profile fits {shown(arguments.profile)}")
    else:
        report.warning("there is no profile")
    return 0


def _fitting(pattern: str | None) -> Callable[[str], bool]:
    """Return whether a name fits `pattern`, as a function; None fits all."""
    if pattern is None:
        return lambda name: True
    if any(character in pattern for character in "*?["):
        import fnmatch

        return lambda name: fnmatch.fnmatchcase(name, pattern)
    part = pattern.casefold()
    return lambda name: part in name.casefold()


def _row(name: str, planner: Planner, store: Store) -> dict[str, object]:
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
    }
    try:
        plan = planner.plan(name)
    except AwsexecError as error:
        row["error"] = str(error)
        return row
    chain, source = plan.chain, plan.chain.source
    row["source"] = source.kind.label
    # the machine's own source has no profile
    if source.profile.is_users and source.profile.name != name:
        row["source_profile"] = source.profile.name
    row["region"] = plan.region
    # IAM Identity Center gives a role without an AssumeRole call
    row["account"] = source.value("sso_account_id")
    if source.kept is not None:
        row["account"] = source.kept.account or None
    row["sso_role"] = source.value("sso_role_name")
    # a web identity assumes the role itself
    role_arn = source.value("role_arn")
    for step in chain.steps:
        row["mfa_serial"] = row["mfa_serial"] or step.mfa_serial
        if isinstance(step, AssumeRole):
            role_arn = step.role_arn
    if role_arn is not None:
        row["role_arn"] = role_arn
        row["account"] = role_arn.split(":")[4] or None
    now = time.time()
    keys = plan.keys_now()
    last = store.fresh(keys[-1:], now)[0] if keys else None
    if last is not None:
        row["expires"] = iso8601(last.expires)
        row["seconds_left"] = int(last.life_left(now))
    return row


def _lines(rows: list[dict[str, object]], environ: Mapping[str, str]) -> list[str]:
    cells = [HEADER]
    for row in rows:
        left = row["seconds_left"]
        cells.append(
            (
                shown(str(row["profile"])),
                str(row["source"] or ""),
                str(row["account"] or ""),
                str(row["role_arn"] or "").partition("/")[2]
                or str(row["sso_role"] or ""),
                str(row["region"] or ""),
                "yes" if row["mfa_serial"] else "",
                duration(left) if isinstance(left, int) else "",
            )
        )
    width, colour = output.width(environ), output.has_colour(environ)
    lines = output.table(cells, width, shrink=(0, 3))
    name_width = lines[0].index("SOURCE")
    for number, row in enumerate(rows, start=1):
        if row["error"] is not None:
            # its other columns are empty
            error = output.home_as_tilde(str(row["error"]), environ)
            line = f"{output.padded(lines[number], name_width)}! {error}"
            lines[number] = output.coloured(output.cut(line, width), output.RED, colour)
    lines[0] = output.coloured(lines[0], output.BOLD, colour)
    return lines
