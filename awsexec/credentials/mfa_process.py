"""MFA codes that a command of the user prints (``mfa_process``)."""

from __future__ import annotations

from awsexec.credentials.command import Command, CommandFailed
from awsexec.errors import CredentialsError, SaidAlready
from awsexec.plan.limits import mfa_code
from awsexec.processes.words import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.profiles.files import Setting


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
        try:
            argv = split(self._setting.value)
            output = command.run(argv, _has_line, by_line=True)
        except ValueError as error:
            raise CredentialsError(
                f"{where}: {command}: {error}; correct the quotes"
            ) from None
        except CommandFailed as error:
            failure = SaidAlready if error.has_said_why else CredentialsError
            raise failure(f"{where}: {error}") from None
        code = mfa_code(_first_line(output))
        if code is None:
            raise CredentialsError(
                f"{where}: {command} did not print a code of six digits on its first "
                "line; run it by hand to see what it prints"
            )
        return code


def _has_line(output: bytes) -> bool:
    return b"\n" in output or mfa_code(_first_line(output)) is not None


def _first_line(output: bytes) -> str:
    return output.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
