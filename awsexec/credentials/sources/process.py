"""Credentials that a command of the user prints (``credential_process``).

SDKs and Tools Reference Guide, "Process credential provider".
"""

from __future__ import annotations

import json

from awsexec.credentials.checks import READING_ERRORS, source_error
from awsexec.credentials.command import Command, CommandFailed, check_program
from awsexec.credentials.sdk.errors import Malformed, ProviderFailed
from awsexec.errors import SaidAlready
from awsexec.plan.command_line import runs_by_shell
from awsexec.processes.words import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


def check(source: Source, context: Context) -> None:
    """Raise `ProcessLoop` if this run is inside the very process that it would start.

    Call it before any lock is taken, since the run that started this one may hold it.
    """
    _command(source, context).check()


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError`, as `load` does, if the program is not there.

    Of a line for a shell, only the shell knows its programs.
    """
    if runs_by_shell(source.profile, source.setting):
        return
    try:
        argv = split(source.setting.value)
        check_program("credential_process", source.setting, argv, environ)
    except ValueError:
        # `load` says it in botocore's words
        return
    except CommandFailed as error:
        raise source_error(source, str(error)) from None


def load(source: Source, context: Context) -> Credentials:
    """Run the command and return the credentials that it prints.

    A shell runs it only if its line is for one. Raises `CredentialsError` and
    `ConfigError`.
    """
    from awsexec.credentials.sdk.providers import from_process

    command = _command(source, context)
    was_run = False
    by_shell = runs_by_shell(source.profile, source.setting)

    def run(argv: list[str]) -> bytes:
        nonlocal was_run
        was_run = True
        if by_shell:
            # to a shell, the end of a line would end the command
            argv = [*argv, "-c", source.setting.value.replace("\n", " ")]
        return command.run(argv, _is_json)

    try:
        return from_process(source, run, by_shell=by_shell)
    except CommandFailed as error:
        if error.has_said_why:
            raise SaidAlready(f"{source.label}: {error}") from None
        raise source_error(source, str(error)) from None
    except ProviderFailed as error:
        raise source_error(source, f"{command}: {error.reason}") from None
    except Malformed as error:
        if not was_run:
            raise source_error(
                source, f"{command}: {error}; correct the quotes"
            ) from None
        raise source_error(
            source,
            f"{command} did not print the JSON that AWS documents (Version 1, and "
            "Expiration in ISO 8601); run it by hand to see what it prints",
        ) from None


def _command(source: Source, context: Context) -> Command:
    return Command("credential_process", source.setting, context.hops, context)


def _is_json(output: bytes) -> bool:
    try:
        json.loads(output)
    except READING_ERRORS:
        return False
    return True
