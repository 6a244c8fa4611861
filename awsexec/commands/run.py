"""Running COMMAND, or a shell, with the credentials of a profile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from awsexec.arguments import Arguments
from awsexec.child import environment
from awsexec.child.launch import launch
from awsexec.commands import selection
from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Become COMMAND with the credentials of PROFILE."""
    selected = selection.select(arguments, environ)
    credentials = selection.credentials(selected, arguments, environ, report)
    added = environment.variables(credentials, selected.name, selected.region)
    command = arguments.command or _shell(environ)
    report.debug(f"running {command!r} with {' '.join(sorted(added))}")
    return launch(command, environment.build(environ, added))


def _shell(environ: Mapping[str, str]) -> Sequence[str]:
    """$SHELL, else the user's login shell, else /bin/sh."""
    if os.name != "posix":
        return [environ.get("COMSPEC") or "cmd.exe"]
    shell = environ.get("SHELL")
    if not shell:
        import pwd

        try:
            shell = pwd.getpwuid(os.getuid()).pw_shell
        except KeyError:
            pass
    return [shell or "/bin/sh"]
