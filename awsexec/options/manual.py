"""The texts of -h, --help and the man page.

The options come from the table, the formats of --export from their module, and all else
from `sections`.
"""

from __future__ import annotations

from awsexec.export_formats import FORMATS
from awsexec.options import sections
from awsexec.options.sections import GRAMMAR, USAGE
from awsexec.options.table import GROUPS, OPTIONS, Option
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Rows = Sequence[tuple[str, str]]

# columns of a terminal, and those of the left side of a list
WIDTH, LEFT = 80, 27


def summary() -> str:
    """Return the text of -h: the commonest options, on 25 lines of 80 columns at most."""
    common = [option for option in OPTIONS if option.common]
    actions = [option for option in common if option.action]
    others = [option for option in common if not option.action]
    lines = ["Usage:", *_columns(USAGE, 38)]
    lines += ["", "Actions:", *_columns(_described(actions))]
    lines += ["", "Options:", *_columns(_described(others))]
    lines += ["", "All options: awsexec --help. More: man awsexec."]
    return "\n".join(lines) + "\n"


def help_text() -> str:
    """Return the text of --help, in 80 columns. The first screen shows the uses and the actions."""
    lines = ["Usage:", *_columns(USAGE, 38), f"  {GRAMMAR}"]
    for title, options in GROUPS:
        lines += ["", f"{title}:", *_columns(_described(options))]
    lines += ["", "How it works:"]
    for paragraph in sections.ABOUT:
        lines += [*wrapped(paragraph, WIDTH), ""]
    lines.pop()
    lines += ["", "Values:", *_columns(sections.VALUES)]
    lines += ["", "FORMAT of --export:"]
    for name, reader, line in FORMATS:
        lines += [*_columns([(name, reader)]), f"      {line}"]
    lines += ["", "Exit status:", *_columns(sections.STATUS)]
    for title, rows in sections.ENVIRONMENT:
        lines += ["", f"Environment: {title}", *_columns(rows)]
    lines += ["", "Environment of COMMAND:", *_columns(sections.CHILD)]
    lines += ["", "Settings, examples, files and all variables: man awsexec"]
    return "\n".join(lines) + "\n"


def man_page() -> str:
    """Return awsexec(1), in the macros that every man program knows (man(7))."""
    lines = [
        f'.TH AWSEXEC 1 "" "awsexec {__version__}" "User Commands"',
        # to the left, and no word broken: many are names to type
        ".ad l",
        ".nh",
        ".SH NAME",
        f"awsexec \\- {sections.IN_SHORT}",
        ".SH SYNOPSIS",
    ]
    for words in [*(words for words, _ in USAGE), GRAMMAR]:
        lines += [f".B {_roff(words)}", ".br"]
    lines.append(".SH DESCRIPTION")
    for paragraph in sections.ABOUT:
        lines += [".PP", *_roff_lines(paragraph)]
    lines.append(".SH OPTIONS")
    for title, options in GROUPS:
        lines += [f".SS {_roff(title)}", *_definitions(_described(options))]
    lines += [".SS Values", *_definitions(sections.VALUES)]
    lines.append(".SS FORMAT of \\-\\-export")
    for name, reader, line in FORMATS:
        lines += [*_definitions([(name, reader)]), ".br", _roff(line)]
    lines.append(".SH EXAMPLES")
    for text, typed in sections.EXAMPLES:
        lines += [".PP", *_roff_lines(text), ".PP", ".RS 4", ".nf"]
        lines += [*map(_roff, typed), ".fi", ".RE"]
    lines += [".SH EXIT STATUS", *_definitions(sections.STATUS)]
    lines.append(".SH CONFIGURATION")
    lines += _roff_lines(sections.SETTINGS_NOTE)
    for title, rows in settings():
        lines += [f".SS {_roff(title)}", *_definitions(rows)]
    lines.append(".SH ENVIRONMENT")
    for title, rows in (*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT):
        lines += [f".SS {_roff(title)}", *_definitions(rows)]
    lines += [
        ".SS The environment of COMMAND",
        *_definitions((*sections.CHILD, *sections.CHILD_TOO)),
    ]
    lines += [".SH FILES", *_definitions(sections.FILES)]
    lines += [".SH SEE ALSO", ".BR aws (1),", ".BR env (1),", ".BR sudo (8)"]
    return "\n".join(lines) + "\n"


def settings() -> list[tuple[str, Rows]]:
    """Return the settings of a profile by topic, each with the option that wins over it."""
    flags = {option.setting: option.flags[-1] for option in OPTIONS if option.setting}
    return [
        (
            title,
            [
                (names, f"{text}; option {flags[names]}" if names in flags else text)
                for names, text in rows
            ],
        )
        for title, rows in sections.SETTINGS
    ]


def _described(options: Iterable[Option]) -> Rows:
    return [(option.usage, option.help) for option in options]


def _columns(rows: Rows, left: int = LEFT) -> list[str]:
    """Return lines of two columns; a left side that is too wide has lines of its own."""
    lines = []
    for name, text in rows:
        first, *more = wrapped(text, WIDTH - left - 2)
        if len(name) < left - 1:
            lines.append(f"  {name:<{left}}{first}")
        else:
            lines += [f"  {line}" for line in wrapped(name, WIDTH - 2)]
            more = [first, *more]
        lines += [" " * (left + 2) + line for line in more]
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Return the words of `text` in lines of `width` columns.

    textwrap does the same, but importing it takes longer than all of --help.
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _definitions(rows: Rows) -> list[str]:
    return [
        line
        for name, text in rows
        for line in (".TP", f".B {_roff(name)}", *_roff_lines(text))
    ]


def _roff_lines(text: str) -> list[str]:
    return [_roff(line) for line in wrapped(text, WIDTH)]


def _roff(line: str) -> str:
    """Return `line` with the characters escaped that mean something to troff."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + escaped if escaped.startswith(".") else escaped
