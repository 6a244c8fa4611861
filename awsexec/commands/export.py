"""Printing the credentials for a shell to read: ``eval "$(awsexec --export sh p)"``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping

from awsexec.arguments import Arguments
from awsexec.commands.obtain import obtain
from awsexec.credentials.credentials import shell_variables
from awsexec.everyrun import SESSION_TOKEN
from awsexec.report import Report


def _sh(variables: Mapping[str, str], unset: list[str]) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, *(f"unset {name}" for name in unset)]) + "\n"


def _fish(variables: Mapping[str, str], unset: list[str]) -> str:
    def quote(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = [f"set -gx {name} {quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, *(f"set -e {name}" for name in unset)]) + "\n"


FORMATS: dict[str, Callable[[Mapping[str, str], list[str]], str]] = {
    "sh": _sh,
    "fish": _fish,
}


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the credentials of PROFILE in the chosen format."""
    assert arguments.export is not None
    selected, credentials = obtain(arguments, environ, report, renew_if_due=True)
    variables = shell_variables(credentials, selected.name, selected.region)
    unset = [] if SESSION_TOKEN in variables else [SESSION_TOKEN]
    if sys.stdout.isatty():
        report.warning("these are secrets, and they are on the screen now")
    sys.stdout.write(FORMATS[arguments.export](variables, unset))
    return 0
