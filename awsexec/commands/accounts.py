"""--accounts: the table of the user's accounts and roles in IAM Identity Center."""

from __future__ import annotations

from awsexec import output
from awsexec.credentials.account_lists import lists_of_sessions
from awsexec.errors import shown
from awsexec.plan.plan import Planner
from awsexec.profiles.patterns import fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.report import Report

HEADER = ("ACCOUNT", "ID", "SESSION", "ROLES")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the roles whose names, SESSION/ACCOUNT/ROLE, fit PATTERN, or all of them.

    PATTERN is the name of a session, a shell pattern, or a part of the name. The list
    comes from the cache if it is a day old at most, else from IAM Identity Center.
    """
    planner = Planner(arguments, environ)
    sessions = planner.config.profiles.config.sso_sessions
    pattern = arguments.profile
    listed = lists_of_sessions(
        planner, pattern, environ, report, refresh=arguments.refresh
    )
    fits = fitting(None if pattern in sessions else pattern)
    rows = [
        {
            "profile": name,
            "session": one.session,
            "account": account.name,
            "account_id": account.id,
            "role": role,
        }
        for one in listed
        for name, account, role in one.roles(sessions)
        if fits(name)
    ]
    if arguments.json:
        output.show(output.as_json(rows))
    elif rows:
        output.show_lines(_lines(rows, environ), environ)
    else:
        what = f"no role fits {shown(pattern)!r}" if pattern else "you have no role"
        report.warning(f"{what} in {', '.join(shown(one.session) for one in listed)}")
    return 0


def _lines(rows: list[dict[str, str]], environ: Mapping[str, str]) -> list[Line]:
    """Return a line for each account, with its roles in the last column."""
    roles: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        key = row["account"], row["account_id"], row["session"]
        roles.setdefault(key, []).append(row["role"])
    cells = [HEADER]
    for (account, id, session), names in roles.items():
        cells.append((shown(account), id, shown(session), ", ".join(map(shown, names))))
    header, *lines = output.table(cells, output.width(environ), shrink=(0, 3))
    return [(header, output.BOLD), *lines]
