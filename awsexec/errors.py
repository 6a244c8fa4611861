"""The failures that a user can cause or correct.

Every expected failure is an `AwsexecError`. Its text is the one line that the user reads
(without the leading ``awsexec: ``): what failed and where, why, and what to do. No text
holds a secret: `tail` shows a key id, and URLs lose their passwords.
"""

import os

from awsexec.text import without_userinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class AwsexecError(Exception):
    """A failure of awsexec itself, which ends with the exit status `status`."""

    status = 125

    def __str__(self) -> str:
        return without_userinfo(super().__str__())


class UsageError(AwsexecError):
    """The command line does not fit the grammar: `what` is wrong, and `advice` helps."""

    advice = "see awsexec --help"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; {self.advice}")
        self.what = what


class UnknownOption(UsageError):
    """No option is called `flag`, the beginning of the word at `position` of the line."""

    def __init__(self, flag: str, position: int) -> None:
        super().__init__(f"unknown option {shown(flag)}")
        self.flag = flag
        self.position = position


class ConfigError(AwsexecError):
    """A config or credentials file, or a setting in one, cannot be used."""

    def named_by(self, what: str) -> "ConfigError":
        """Return this failure with the variable or the file that asked for the profile."""
        self.args = (f"{shown(what)}: {super().__str__()}",)
        return self


# how the advice to a user without any profile begins
_FIRST = "to write a first profile, see "


def first_profile(sessions: "Iterable[str]") -> str:
    """Return what to do without any profile; `sessions` are the ``[sso-session]`` names.

    A role of IAM Identity Center needs no profile.
    """
    text = f"{_FIRST}https://github.com/awsexec/awsexec#five-minutes"
    for name in sessions:
        return (
            f"{text}; to use a role of the sso-session {shown(name)} without one: "
            f"{typed('--accounts', name)}"
        )
    return text


class NoSuchProfile(ConfigError):
    """No file has the profile `name`. Its text is `what` and `advice`.

    The profiles `near` have a name that is like it. It `is_explained` if the `hint` says
    which section of a file was meant to be the profile.
    """

    def __init__(
        self,
        name: str,
        near: "Sequence[str]",
        files: "Iterable[str]",
        hint: str = "",
    ) -> None:
        self.name = name
        self.near = near
        self.is_explained = bool(hint) and not hint.startswith(_FIRST)
        self.what = f"no profile {name!r} in {' and '.join(files)}"
        if near:
            self.advice = "did you mean " + " or ".join(map(shown, near)) + "?"
        else:
            self.advice = hint or "add it there, or check the spelling"
        super().__init__(f"{self.what}; {self.advice}")

    def named_by(self, what: str) -> ConfigError:
        """Return this failure with the variable or the file that asked for the profile."""
        self.what = f"{shown(what)}: {self.what}"
        return super().named_by(what)


class UnlistedAccount(ConfigError):
    """The role `name` is in an account that the list of `session` does not have.

    Another list of the session may have it. `near` are names of roles that are like it.
    """

    def __init__(
        self, name: str, session: str, account: str, near: "Sequence[str]" = ()
    ) -> None:
        advice = f"see awsexec --accounts {shown(session)}, or write the account's id"
        if near:
            advice = f"did you mean {' or '.join(map(shown, near))}?"
        super().__init__(
            f"{shown(name)}: {shown(session)} has no account {shown(account)} for you; "
            f"{advice}"
        )
        self.session = session


class UnfinishedRole(ConfigError):
    """`name` is only the beginning of the name of a role: of SESSION/ACCOUNT/ROLE."""

    def __init__(self, name: str, session: str, where: str) -> None:
        super().__init__(
            f"{shown(name)} names the session {shown(session)} ({shown(where)}), and no "
            f"role in it; write {shown(session)}/ACCOUNT/ROLE; to see your accounts and "
            f"roles: awsexec --accounts {shown(session)}"
        )
        self.name = name
        self.session = session


class ProfileLoop(ConfigError):
    """The source_profile or include_profile settings lead back to a profile already passed."""

    def __init__(
        self, names: "Sequence[str]", where: str, setting: str = "source_profile"
    ) -> None:
        advice = "let one of these profiles name a profile that has credentials"
        if setting != "source_profile":
            advice = f"remove {setting} from one of these profiles"
        super().__init__(f"{where}: {setting} is a loop: {' → '.join(names)}; {advice}")


class ProcessLoop(ConfigError):
    """A command that `setting` names runs awsexec, which would run the command again."""

    def __init__(self, names: "Sequence[str]", where: str, setting: str) -> None:
        super().__init__(
            f"{where}: {setting} is a loop: {' → '.join(names)}; let one of these "
            "profiles get its credentials in another way"
        )


class Deadlock(AwsexecError):
    """awsexec waits for a command that runs this awsexec, which would wait for it."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"loop: awsexec process {pid} waits for this one, which needs the same "
            "credentials; let that credential_process or mfa_process get its credentials "
            "in another way"
        )


class Limited(AwsexecError):
    """The run around this one is limited, and this one cannot be limited so."""


class NotConfirmed(AwsexecError):
    """The user did not allow what the profile asks about, or cannot be asked."""


class CredentialsError(AwsexecError):
    """AWS, or a source before it, gave no credentials.

    `is_shared` is whether the runs that wait for the one that failed fail too. The failure
    of a person, and of what a single run was given, is that run's own.
    """

    is_shared = True


class WrongAccount(CredentialsError):
    """The credentials are of another account than the user expects."""

    is_shared = False


class RoleRefused(CredentialsError):
    """IAM Identity Center does not give this role; it may give others of the sign-in."""


class SameFailure(CredentialsError):
    """What the profile `first` failed of, with `cause`, fails another profile too."""

    def __init__(self, first: str, cause: AwsexecError) -> None:
        super().__init__(f"the same as {shown(first)}: {cause}")
        self.cause = cause


class SaidAlready(CredentialsError):
    """A process that is awsexec itself failed, and its line says why.

    Its line is enough: the innermost process knows best.
    """


class MfaRefused(CredentialsError):
    """AWS refused the MFA code; it may accept another one."""

    is_shared = False


class SignInFailed(CredentialsError):
    """The user did not allow the sign-in, or not in time."""

    is_shared = False


class NeedsUser(CredentialsError):
    """The user is needed, and cannot be asked. `what` is needed, in a few words."""

    is_shared = False

    def __init__(self, text: str, what: str) -> None:
        super().__init__(text)
        self.what = what


class NoCode(NeedsUser):
    """An MFA code of `serial` is needed for `profile`, and nobody can be asked."""

    def __init__(self, text: str, profile: str, serial: str) -> None:
        super().__init__(text, "an MFA code")
        self.profile = profile
        self.serial = serial


class TooShort(CredentialsError):
    """No credentials live as long as they must.

    `what` happened; each of `advice` is what may help, in a few words.
    """

    is_shared = False

    def __init__(self, what: str, advice: "Sequence[str]") -> None:
        super().__init__("; ".join(filter(None, [what, ", or ".join(advice)])))
        self.what = what
        self.advice = advice


class CommandNotFound(AwsexecError):
    """No folder of PATH has COMMAND. Its text is `what` and `advice`."""

    status = 127
    advice = "check the spelling and PATH"

    def __init__(self, command: str) -> None:
        self.what = f"{shown(command)}: command not found"
        super().__init__(f"{self.what}; {self.advice}")


class CommandNotExecutable(AwsexecError):
    """The system found COMMAND and refused to run it with `error`."""

    status = 126

    def __init__(self, command: str, error: OSError) -> None:
        why, advice = reason(error), "check its permissions"
        if isinstance(error, FileNotFoundError):
            why = "the interpreter that its first line names is not there"
            advice = "correct that line, or install the interpreter"
        elif os.path.isdir(command):
            why, advice = "it is a folder", "name the program in it"
        super().__init__(f"{shown(command)}: cannot be run ({why}); {advice}")


class Interrupted(AwsexecError):
    """Ctrl-C or end of input at a prompt of ours."""

    status = 130

    def __init__(self) -> None:
        super().__init__("interrupted")


class ReaderGone(AwsexecError):
    """Nobody reads stdout any more, as in ``awsexec --list | head``."""


def reason(error: BaseException, otherwise: str = "") -> str:
    """Return why `error` was raised: in the system's words, if the system said it.

    If not, `otherwise`, by default the text of `error`.
    """
    return getattr(error, "strerror", None) or otherwise or str(error)


def cannot_write(error: OSError, stream: str = "stdout") -> AwsexecError:
    """Return the failure of a write to `stream`."""
    # EBADF, and Python's own error without a number
    is_closed = error.errno in (9, None)
    why = "it is closed" if is_closed else error.strerror
    return AwsexecError(
        f"cannot write to {stream}: {why}; check the file or program that it goes to"
    )


def shown(text: str) -> str:
    """Return `text` in a form that keeps a message printable and on one line."""
    return text if text.isprintable() and text else repr(text)


def names_of(names: "Sequence[str]", most: int = 3) -> str:
    """Return `names` for a message: all, or the first `most` and how many more there are.

    One name more than `most` takes no more room than to say so.
    """
    if len(names) <= most + 1:
        *first, last = map(shown, names)
        return f"{', '.join(first)} and {last}" if first else last
    return f"{', '.join(map(shown, names[:most]))} and {len(names) - most} more"


def typed(action: str, name: str) -> str:
    """Return the command line of an `action` for the profile `name`, to type in a shell."""
    # slow to load
    import shlex

    return f"awsexec {action} {shlex.quote(name)}"


def program(command: str) -> str:
    """Return the first word of a command line; its arguments may hold a secret."""
    text = command.lstrip()
    # a path with blanks is in quotes
    end = text.find(text[0], 1) if text[:1] in ('"', "'") else -1
    return shown(text[: end + 1] if end > 0 else (text.split() or [""])[0])


def tail(key_id: str) -> str:
    """Return the last four characters of an access key id: all that is ever shown.

    Of a text that cannot be a key id nothing is shown: it may hold another value.
    """
    return "…" + (key_id[-4:] if key_id.isascii() and key_id.isalnum() else "")
