"""Running COMMAND, or a shell, with the credentials of a profile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from awsexec.arguments import Arguments
from awsexec.everyrun import child_environment
from awsexec.child.launch import launch
from awsexec.commands import ahead, selection
from awsexec.credentials.credentials import child_variables
from awsexec.credentials.resolver import Demand
from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Become COMMAND with the credentials of PROFILE."""
    selected = selection.select(arguments, environ)
    store = None if arguments.no_cache else selection.store_for(environ, report)
    resolver = selection.resolver_for(selected, arguments, environ, store, report)
    credentials = resolver.credentials(
        selected.chain, Demand(arguments.min_ttl, arguments.refresh)
    )
    if store is not None and selected.by_name:
        ahead.prepare(selected, resolver, credentials, environ, store)
    added = child_variables(credentials, selected.name, selected.region)
    command = arguments.command or _shell(environ)
    report.debug(f"running {command!r} with {' '.join(sorted(added))}")
    return launch(command, child_environment(environ, added))


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
