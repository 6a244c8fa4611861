"""--log: show the record that AWSEXEC_LOG names."""

from __future__ import annotations

import os

from awsexec import history, output
from awsexec.profiles.patterns import fitting
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from awsexec.options.arguments import Arguments
    from awsexec.output import Line
    from awsexec.report import Report

HEADER = ("TIME", "EVENT", "PROFILE", "ACCOUNT", "ROLE", "LIMITS", "KEY", "WHAT")
PROFILE, LIMITS = HEADER.index("PROFILE"), HEADER.index("LIMITS")
# the columns that a narrow terminal does not show, until it has room for WHAT
LEAVE_OUT = [HEADER.index(name) for name in ("KEY", "ACCOUNT", "LIMITS", "ROLE")]
# columns for WHAT at the least, and lines below a row at the most
WHAT, MOST_LINES = 16, 3


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the lines of the record whose profile fits PATTERN, the newest last."""
    fits = fitting(arguments.profile)
    rows = [
        row
        for row in history.read(environ)
        if fits(str(row.get("profile") or "")) or arguments.profile is None
    ]
    if arguments.json:
        output.show(output.as_json(rows))
    elif rows:
        output.show_lines(lines(rows, environ, output.width(environ)), environ)
    elif arguments.profile is None:
        report.warning(f"nothing is recorded in {history.path_of(environ)} yet")
    else:
        report.warning(
            f"nothing is recorded of a profile that fits {arguments.profile!r}; "
            "awsexec --log shows all"
        )
    return 0


def lines(
    rows: list[dict[str, Any]], environ: Mapping[str, str], width: int | None
) -> Iterator[Line]:
    """Yield the table. On a terminal, what does not fit into a row stands below it."""
    cells = [HEADER[:-1], *map(_cells, rows)]
    shown = [*range(len(cells[0]))]
    if not any(row[LIMITS] for row in cells[1:]):
        shown.remove(LIMITS)
    table = output.table([[row[each] for each in shown] for row in cells], None, ())
    for column in LEAVE_OUT:
        if width is None or max(map(output.columns, table)) + WHAT < width:
            break
        if column not in shown:
            continue
        shown.remove(column)
        fewer = [[row[each] for each in shown] for row in cells]
        table = output.table(fewer, width, shrink=(PROFILE,))
    size = max(map(output.columns, table))
    header, *padded = (output.padded(line, size) for line in table)
    what = f"  {HEADER[-1]}" if width is None or size + WHAT <= width else ""
    yield header + what, output.BOLD
    for row, line in zip(rows, padded, strict=True):
        what = printable(output.home_as_tilde(_what(row), environ))
        whole = [f"{line}  {what}".rstrip()]
        if width is not None and output.columns(whole[0]) > width:
            below = output.cut(what, MOST_LINES * width)
            whole = [line.rstrip(), *output.folded(below, width, "  ")]
        for each in whole:
            yield (each, output.RED) if row.get("event") == "refused" else each


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    role = str(row.get("role") or "")
    key = str(row.get("key") or "")
    return (
        str(row.get("time") or ""),
        str(row.get("event") or ""),
        # a region is recorded where --regions makes several runs of a profile
        " ".join(str(row[name]) for name in ("profile", "region") if row.get(name)),
        str(row.get("account") or ""),
        role.partition("/")[2] or role,
        _limits(row),
        f"…{key}" if key else "",
    )


def _limits(row: dict[str, Any]) -> str:
    """Return the names of the policies that limit the session, "" for none."""
    limits = row.get("limits")
    names = limits if isinstance(limits, list) else []
    names = [str(each).rpartition("/")[2] for each in names]
    return ", ".join([*names, *["lifted"] * bool(row.get("unlimited"))])


def _what(row: dict[str, Any]) -> str:
    """Return what happened, in a few words: the COMMAND, the call, the reason."""
    if row.get("event") == "session":
        return str(row.get("call") or "")
    words, form = row.get("argv"), row.get("format")
    command = os.path.basename(str(row.get("command") or ""))
    if form:
        command = "--console" if form == "console" else f"--export {form}"
    elif isinstance(words, list):
        # slow to load
        import shlex

        command = shlex.join(map(str, words)) + " …" * bool(row.get("argv_cut"))
    why = row.get("reason")
    return f"{command}: {why}" if why else command
