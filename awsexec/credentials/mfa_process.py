"""MFA codes that a command of the user prints (``mfa_process``)."""

from __future__ import annotations

from awsexec.credentials.command import Command, CommandFailed, check_program
from awsexec.errors import CredentialsError, SaidAlready, program
from awsexec.plan.limits import mfa_code
from awsexec.processes.words import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from awsexec.credentials.context import Context
    from awsexec.profiles.files import Setting

    T = TypeVar("T")


class CodeProcess:
    """The command in `setting`, for the profile `name`; called, it returns a code.

    The command is split as a shell splits words, and run without a shell, as AWS does with
    credential_process. Calling it raises `CredentialsError` and `ConfigError`.
    """

    def __init__(self, setting: Setting, name: str, context: Context) -> None:
        self._setting = setting
        self._command = Command("mfa_process", setting, [name], context)

    def __str__(self) -> str:
        """Return the command and where it is set, for messages."""
        return f"{self._command} ({self._setting.where})"

    def __call__(self) -> str:
        where, command = self._setting.where, self._command
        output = _worded(
            self._setting,
            lambda argv: command.run(argv, _has_line, by_line=True),
        )
        code = mfa_code(_first_line(output))
        if code is None:
            raise CredentialsError(
                f"{where}: {command} did not print a code of six digits on its first "
                "line; run it by hand to see what it prints"
            )
        return code


def check(setting: Setting, environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError`, as a run does, if the program in `setting` is not there."""
    _worded(setting, lambda argv: check_program("mfa_process", setting, argv, environ))


def _worded(setting: Setting, do: Callable[[list[str]], T]) -> T:
    """Return what `do` returns for the words of the command; word its failures."""
    try:
        return do(split(setting.value))
    except ValueError as error:
        raise CredentialsError(
            f"{setting.where}: mfa_process {program(setting.value)}: {error}; correct "
            "the quotes"
        ) from None
    except CommandFailed as error:
        failure = SaidAlready if error.has_said_why else CredentialsError
        raise failure(f"{setting.where}: {error}") from None


def _has_line(output: bytes) -> bool:
    return b"\n" in output or mfa_code(_first_line(output)) is not None


def _first_line(output: bytes) -> str:
    return output.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
