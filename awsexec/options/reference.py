"""docs/reference.md: the tables of the manual, in Markdown."""

from __future__ import annotations

from awsexec.export_formats import FORMATS
from awsexec.options import manual, sections
from awsexec.options.table import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `make completions` from awsexec/options; edit it there. -->"


def page() -> str:
    """Return the text of docs/reference.md."""
    parts = [
        "# Reference",
        NOTE,
        "All options, formats, exit statuses, settings, variables and files. `man awsexec` "
        "says the same. `awsexec -h` is a summary.",
        "\n".join(
            ["```", *(words for words, _ in sections.USAGE), sections.GRAMMAR, "```"]
        ),
        *sections.ABOUT,
        "## Options",
    ]
    for title, options in GROUPS:
        described = [(_code(option.usage), option.help) for option in options]
        parts += [f"### {title}", _table(["option", "meaning"], described)]
    parts += ["### Values", _table(["value", "meaning"], _coded(sections.VALUES))]
    formats = [(_code(name), reader, _code(line)) for name, reader, line in FORMATS]
    parts += [
        "### Formats of --export",
        _table(["FORMAT", "for", "the line to use"], formats),
        "## Exit status",
        _table(["status", "meaning"], sections.STATUS),
        "A message of awsexec is one line on stderr that starts with `awsexec: `.",
        "## Settings of a profile",
        sections.SETTINGS_NOTE,
    ]
    for title, rows in manual.settings():
        parts += [f"### {title}", _table(["setting", "meaning"], _coded(rows))]
    parts += ["## Environment variables that awsexec reads"]
    for title, rows in (*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT):
        parts += [f"### {title}", _table(["variable", "meaning"], _coded(rows))]
    parts += [
        "## Environment of COMMAND",
        _table(["variable", "value"], _coded((*sections.CHILD, *sections.CHILD_TOO))),
        "## Files",
        _table(["file", "use"], sections.FILES),
    ]
    return "\n\n".join(parts) + "\n"


def _coded(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the rows with each name of the left side as code."""
    return [
        (
            ", ".join(map(_code, names.split(", "))) if "all" not in names else names,
            text,
        )
        for names, text in rows
    ]


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    # a bar in a cell ends the cell, in code too
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
