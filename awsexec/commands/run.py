"""Running COMMAND, or a shell, with the credentials of a profile."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from awsexec.child import subshell
from awsexec.child.launch import launch
from awsexec.credentials.credentials import (
    child_variables,
    profile_variables,
    shell_variables,
)
from awsexec.credentials.get import obtain
from awsexec.errors import TooShort
from awsexec.fastpath import child_environment
from awsexec.options.arguments import Arguments
from awsexec.report import Report
from awsexec.times import duration, iso8601


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Become COMMAND, or a shell, with the credentials of PROFILE."""
    try:
        # before COMMAND has the terminal, on which the endpoint would have to ask
        selected, credentials = obtain(
            arguments, environ, report, renew_if_due=arguments.serve
        )
    except TooShort as error:
        advice = "run it with --serve, which renews them"
        raise TooShort(error.what, [*error.advice, advice]) from None
    name, region = selected.name, selected.region
    is_shell = arguments.command is None
    of_profile = is_shell and selected.region_of_profile
    if arguments.serve:
        from awsexec.serve import endpoint

        added = endpoint.start(selected, credentials, arguments, environ, report)
        added |= profile_variables(name, region, of_profile)
    elif is_shell:
        added = shell_variables(credentials, name, region, of_profile)
    else:
        added = child_variables(credentials, name, region)
    if arguments.command is not None:
        command = list(arguments.command)
    else:
        shell = arguments.shell or subshell.user_shell(environ)
        command, more = subshell.command(
            shell, environ, added, login=arguments.login, interactive=os.isatty(0)
        )
        added.update(more)
    if credentials.expires is not None:
        left = duration(credentials.expires - time.time())
        report.detail(
            f"the credentials hold until {iso8601(credentials.expires)} ({left} left)"
            + (", and are renewed" if arguments.serve else "")
        )
    report.debug(f"running {command!r} with {' '.join(sorted(added))}")
    return launch(command, child_environment(environ, added))
