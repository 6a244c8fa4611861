"""What can go wrong in ways a user can cause or mend.

Every expected failure is an `AwsexecError`: its text is the one line the user
reads (without the leading ``awsexec: ``), and says what happened and what to do.
Texts never hold a secret; a key id is shown through `tail`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class AwsexecError(Exception):
    """A failure of awsexec itself; `status` is the exit status it ends with."""

    status = 125


class UsageError(AwsexecError):
    """The command line does not fit the grammar."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; see awsexec --help")


class ConfigError(AwsexecError):
    """A config or credentials file, or a setting in one, cannot be used."""


class NoSuchProfile(ConfigError):
    """The profile that was asked for is in neither file."""

    def __init__(
        self,
        name: str,
        near: "Sequence[str]",
        files: "Iterable[str]",
        hint: str = "",
    ) -> None:
        looked = " and ".join(files)
        if near:
            advice = "did you mean " + " or ".join(near) + "?"
        else:
            advice = hint or "add it there, or check the spelling"
        super().__init__(f"no profile {name!r} in {looked}; {advice}")


class ProfileLoop(ConfigError):
    """Following source_profile comes back to a profile already passed."""

    def __init__(self, names: "Sequence[str]", where: str) -> None:
        super().__init__(
            f"source_profile goes round in a loop: {' → '.join(names)}; "
            f"let one of them name a profile with credentials ({where})"
        )


class ProcessLoop(ConfigError):
    """A credential_process comes back, through awsexec, to itself."""

    def __init__(self, names: "Sequence[str]", where: str) -> None:
        super().__init__(
            f"credential_process goes round in a loop: {' → '.join(names)}; "
            f"let one of them get its credentials elsewhere ({where})"
        )


class Deadlock(AwsexecError):
    """A command that awsexec waits for comes back to what awsexec is doing."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"this runs in a command of another awsexec (process {pid}), which waits for "
            "it, and wants the same credentials; let that credential_process or "
            "mfa_process get its own elsewhere"
        )


class CredentialsError(AwsexecError):
    """Credentials could not be had, from AWS or from a source before it."""


class SaidAlready(CredentialsError):
    """A process that is awsexec itself has failed, and has said why.

    Its one line is enough: of processes in each other, the innermost knows best.
    """


class MfaRefused(CredentialsError):
    """AWS did not take the MFA code; another one may do."""


class NeedsUser(CredentialsError):
    """It takes the user, and there is nobody to ask. `what` it takes, in a few words."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(text)
        self.what = what


class NoCode(NeedsUser):
    """An MFA code is needed, for `serial` of `profile`, and there is nobody to ask."""

    def __init__(self, text: str, profile: str, serial: str) -> None:
        super().__init__(text, "an MFA code")
        self.profile = profile
        self.serial = serial


class TooShort(CredentialsError):
    """There are no credentials that live for as long as they have to.

    `advice` is what may help, each in a few words.
    """

    def __init__(self, what: str, advice: "Sequence[str]") -> None:
        super().__init__("; ".join(filter(None, [what, ", or ".join(advice)])))
        self.what = what
        self.advice = advice


class CommandNotFound(AwsexecError):
    """COMMAND is nowhere on PATH."""

    status = 127

    def __init__(self, command: str) -> None:
        super().__init__(
            f"{shown(command)}: command not found; check the spelling and PATH"
        )


class CommandNotExecutable(AwsexecError):
    """COMMAND is there, but the system does not run it."""

    status = 126

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(
            f"{shown(command)}: cannot be run ({reason}); check its permissions"
        )


class Interrupted(AwsexecError):
    """Ctrl-C or end of input at a prompt of ours."""

    status = 130

    def __init__(self) -> None:
        super().__init__("interrupted")


def cannot_write(error: OSError) -> AwsexecError:
    """The failure of a write to stdout."""
    return AwsexecError(
        f"cannot write to stdout: {error.strerror}; look at what reads it"
    )


def shown(text: str) -> str:
    """`text` in a form that keeps a message on one line and printable."""
    return text if text.isprintable() and text else repr(text)


def program(command: str) -> str:
    """The first word of a command line; in its arguments there may be a secret."""
    return shown((command.split() or [""])[0])


def tail(key_id: str) -> str:
    """The last four characters of an access key id, all that is ever shown.

    Nothing of what is none: a line of it may be another value.
    """
    return "…" + (key_id[-4:] if key_id.isascii() and key_id.isalnum() else "")
