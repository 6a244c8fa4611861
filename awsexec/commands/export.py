"""Printing the credentials for a shell to read: ``eval "$(awsexec --export sh p)"``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping

from awsexec.arguments import Arguments
from awsexec.commands.obtain import obtain
from awsexec.credentials.credentials import shell_variables
from awsexec.everyrun import REMOVED, REMOVED_PREFIX, SESSION_TOKEN
from awsexec.report import Report


def _sh(variables: Mapping[str, str], unset: list[str]) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, *(f"unset {name}" for name in unset)]) + "\n"


def _fish(variables: Mapping[str, str], unset: list[str]) -> str:
    def quote(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = [f"set -gx {name} {quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, *(f"set -e {name}; or true" for name in unset)]) + "\n"


FORMATS: dict[str, Callable[[Mapping[str, str], list[str]], str]] = {
    "sh": _sh,
    "fish": _fish,
}


# what credentials need not have; those that a shell has of others must go
_OPTIONAL = (
    SESSION_TOKEN,
    "AWS_CREDENTIAL_EXPIRATION",
    "AWSEXEC_ISSUED",
    "AWSEXEC_PROFILE_REGION",
)


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the credentials of PROFILE in the chosen format.

    What else would select an identity is unset, as for COMMAND.
    """
    assert arguments.export is not None
    selected, credentials = obtain(arguments, environ, report, renew_if_due=True)
    variables = shell_variables(
        credentials, selected.name, selected.region, selected.region_of_profile
    )
    unset = [name for name in _OPTIONAL if name not in variables]
    unset += sorted(
        name
        for name in environ
        if (name in REMOVED or name.startswith(REMOVED_PREFIX))
        and name not in (*variables, *unset)
    )
    if selected.region is None and "AWSEXEC_PROFILE_REGION" in environ:
        # of the profile whose credentials the shell has so far
        unset += ["AWS_REGION", "AWS_DEFAULT_REGION"]
    if sys.stdout.isatty():
        report.warning("these are secrets, and they are on the screen now")
    sys.stdout.write(FORMATS[arguments.export](variables, unset))
    return 0
