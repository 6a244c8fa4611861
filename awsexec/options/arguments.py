"""The command line: its options and its grammar.

argparse costs as much time as the start of the interpreter, and does not know a
grammar in which the first word that is no option ends them; hence a parser here.
"""

from __future__ import annotations

from awsexec.errors import UsageError, shown
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# what --export prints, by commands/formats.py; the shells can be told to forget it
UNSET_FORMATS = ("sh", "fish", "powershell", "cmd")
EXPORT_FORMATS = ("process", *UNSET_FORMATS, "dotenv", "json")


# the shells that --completion has a script for
COMPLETION_SHELLS = ("bash", "zsh", "fish")


def export_format(text: str) -> str:
    """The name of an export format. Raises `ValueError`."""
    return _one_of(text, EXPORT_FORMATS)


def completion_shell(text: str) -> str:
    """The name of a shell that has completions. Raises `ValueError`."""
    return _one_of(text, COMPLETION_SHELLS)


def _one_of(text: str, known: Sequence[str]) -> str:
    if text not in known:
        raise ValueError(f"it is one of {', '.join(known)}")
    return text


def page(text: str) -> str:
    """The name of a service, which is in its console's URL. Raises `ValueError`."""
    if text.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise ValueError("a service is written as for the AWS CLI, like s3")
    return text


def pair(text: str) -> str:
    """A session tag. Raises `ValueError` for one without a key or ``=``."""
    if text.find("=") < 1:
        raise ValueError("a tag is KEY=VALUE")
    return text


class Option:
    """One option: its `flags`, the attribute of `Arguments` it sets, and its help.

    `value` names its argument in the help, "" for a flag; `read` turns the argument's
    text into what is set. A `repeated` option may be given more than once, and sets a
    tuple. `setting` is the profile's setting that it wins over, "" for none.
    """

    __slots__ = ("flags", "attribute", "value", "help", "read", "repeated", "setting")

    def __init__(
        self,
        flags: str,
        attribute: str,
        value: str,
        help: str,
        read: Callable[[str], object] = str,
        *,
        repeated: bool = False,
        setting: str = "",
    ) -> None:
        self.flags = tuple(flags.split())
        self.attribute = attribute
        self.value = value
        self.help = help
        self.read = read
        self.repeated = repeated
        self.setting = setting


OPTIONS: tuple[tuple[str, tuple[Option, ...]], ...] = (
    (
        "The role",
        (
            Option(
                "--role-arn",
                "role_arn",
                "ARN",
                "assume this role",
                setting="role_arn",
            ),
            Option(
                "--source-profile",
                "source_profile",
                "NAME",
                "with the credentials of this profile",
                setting="source_profile",
            ),
            Option(
                "--external-id",
                "external_id",
                "ID",
                "the id its trust policy asks for",
                setting="external_id",
            ),
            Option(
                "--session-name",
                "session_name",
                "NAME",
                "role session name; takes {user} {host} {profile}",
                setting="role_session_name",
            ),
            Option(
                "--source-identity",
                "source_identity",
                "NAME",
                "who is behind the session, for good",
                setting="source_identity",
            ),
            Option(
                "--session-tag",
                "session_tags",
                "KEY=VALUE",
                "tag the session; may be repeated",
                pair,
                repeated=True,
                setting="session_tags",
            ),
            Option(
                "--transitive-tag",
                "transitive_tags",
                "KEY",
                "keep this tag in a chain; may be repeated",
                repeated=True,
                setting="transitive_session_tags",
            ),
            Option(
                "--policy",
                "policy",
                "FILE",
                "no more than this policy (JSON) allows",
                setting="session_policy",
            ),
            Option(
                "--policy-arn",
                "policy_arns",
                "ARN",
                "no more than this one; may be repeated",
                repeated=True,
                setting="session_policy_arns",
            ),
            Option(
                "--read-only",
                "read_only",
                "",
                "no more than AWS's ReadOnlyAccess",
                setting="session_read_only",
            ),
            Option(
                "--duration",
                "duration",
                "TIME",
                "life of the session: seconds, or 15m, 8h",
                seconds,
                setting="duration_seconds",
            ),
            Option("--region", "region", "NAME", "region for AWS STS and COMMAND"),
        ),
    ),
    (
        "COMMAND, or the shell where there is none",
        (
            Option(
                "--serve", "serve", "", "serve it credentials, renewed while it runs"
            ),
            Option("--shell", "shell", "PATH", "this one, instead of $SHELL"),
            Option("--login", "login", "", "as a login shell"),
        ),
    ),
    (
        "MFA",
        (
            Option(
                "--mfa-serial",
                "mfa_serial",
                "ARN",
                "the MFA device",
                setting="mfa_serial",
            ),
            Option("--mfa-token", "mfa_token", "CODE", "its code, instead of asking"),
            Option("--no-prompt", "no_prompt", "", "fail rather than ask for anything"),
        ),
    ),
    (
        "Signing in to IAM Identity Center (SSO)",
        (
            Option(
                "--device-code",
                "device_code",
                "",
                "with a code to type in any browser, also elsewhere",
            ),
            Option("--no-browser", "no_browser", "", "show the URL, open no browser"),
        ),
    ),
    (
        "The console",
        (
            Option("--service", "service", "NAME", "the page of this service", page),
            Option("--destination", "destination", "URL", "this page; or its path"),
            Option("--logout", "logout", "", "sign the browser out before"),
        ),
    ),
    (
        "The cache",
        (
            Option(
                "--min-ttl",
                "min_ttl",
                "TIME",
                "life the credentials must have left, else renew them",
                seconds,
            ),
            Option("--refresh", "refresh", "", "renew the session now"),
            Option("--no-cache", "no_cache", "", "neither read nor write the cache"),
        ),
    ),
    (
        "Messages",
        (
            Option("-q --quiet", "quiet", "", "say nothing but errors"),
            Option("-v --verbose", "verbose", "", "say what is done"),
            Option("--debug", "debug", "", "say how, each request; secrets cut"),
        ),
    ),
    (
        "Instead of running a command",
        (
            Option(
                "--export",
                "export",
                "FORMAT",
                "print the credentials, for a shell or a program",
                export_format,
            ),
            Option("--unset", "unset", "", "with --export: what takes them away again"),
            Option("--console", "console", "", "open the AWS console as PROFILE"),
            Option("--list", "list", "", "list the profiles (whose names fit PROFILE)"),
            Option("--explain", "explain", "", "show what PROFILE stands for, and why"),
            Option("--whoami", "whoami", "", "ask AWS who PROFILE is"),
            Option("--json", "json", "", "these three as JSON, for programs"),
            Option(
                "--completion",
                "completion",
                "SHELL",
                "print the completions for bash, zsh or fish",
                completion_shell,
            ),
            Option("--profiles", "profiles", "", "print the profiles, for completions"),
            Option("--forget", "forget", "", "delete what is cached (of PROFILE)"),
            Option("-h --help", "help", "", "show this help"),
            Option("--version", "version", "", "show the version"),
        ),
    ),
)

ACTIONS = (
    "help",
    "version",
    "list",
    "explain",
    "whoami",
    "export",
    "console",
    "forget",
    "completion",
    "profiles",
)


class Arguments:
    """The command line, parsed. Times are in seconds; None is for what is not given."""

    profile: str | None = None
    command: Sequence[str] | None = None

    role_arn: str | None = None
    source_profile: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    source_identity: str | None = None
    session_tags: tuple[str, ...] = ()
    transitive_tags: tuple[str, ...] = ()
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    read_only: bool = False
    duration: int | None = None
    region: str | None = None
    shell: str | None = None
    login: bool = False
    serve: bool = False
    mfa_serial: str | None = None
    mfa_token: str | None = None
    no_prompt: bool = False
    device_code: bool = False
    no_browser: bool = False
    service: str | None = None
    destination: str | None = None
    logout: bool = False
    min_ttl: int | None = None
    refresh: bool = False
    no_cache: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    help: bool = False
    version: bool = False
    list: bool = False
    explain: bool = False
    whoami: bool = False
    json: bool = False
    export: str | None = None
    unset: bool = False
    console: bool = False
    completion: str | None = None
    profiles: bool = False
    forget: bool = False

    def settings(self) -> tuple[tuple[str, str | tuple[str, ...], str], ...]:
        """The options that say what a profile's setting does: setting, value, option.

        The value is a tuple for one that may be repeated.
        """
        given = []
        for _, options in OPTIONS:
            for option in options:
                value = getattr(self, option.attribute) if option.setting else None
                if value is None or value is False or value == ():
                    continue
                if value is True:
                    value = "true"
                elif not option.repeated:
                    value = str(value)
                given.append((option.setting, value, option.flags[0]))
        return tuple(given)

    def named_profile(self, environ: Mapping[str, str]) -> str | None:
        """PROFILE, else what the environment says; botocore asks that the other way."""
        return (
            self.profile
            or environ.get("AWS_PROFILE")
            or environ.get("AWS_DEFAULT_PROFILE")
            or None
        )

    @property
    def action(self) -> str:
        """What to do: one of ACTIONS, or "run"."""
        return next((name for name in ACTIONS if getattr(self, name)), "run")


def parse(argv: Sequence[str]) -> Arguments:
    """Parse the words after ``awsexec``. Raises `UsageError`.

    Options stand before or after PROFILE; ``--``, or the first word after PROFILE
    that is no option, begins COMMAND, and all from there on is COMMAND's.
    """
    by_flag = {
        flag: option
        for _, options in OPTIONS
        for option in options
        for flag in option.flags
    }
    arguments = Arguments()
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            if not words:
                raise UsageError("no COMMAND after --; leave it out for a shell")
            arguments.command = words
            break
        if word.startswith("-") and word != "-":
            _take(arguments, by_flag, word, words)
        elif arguments.profile is None:
            if not word:
                raise UsageError("PROFILE is empty")
            arguments.profile = word
        else:
            arguments.command = [word, *words]
            break
    chosen = [name for name in ACTIONS if getattr(arguments, name)]
    if len(chosen) > 1 and "help" not in chosen:
        raise UsageError(
            " and ".join(f"--{name}" for name in chosen) + " exclude each other"
        )
    for name in ("service", "destination", "logout"):
        if getattr(arguments, name) and arguments.action not in ("console", "help"):
            raise UsageError(f"--{name} is for --console")
    if arguments.serve and arguments.action not in ("run", "help"):
        raise UsageError("--serve is for a COMMAND or a shell")
    if arguments.service and arguments.destination:
        raise UsageError("--service and --destination exclude each other")
    if chosen and chosen[0] != "help" and arguments.command is not None:
        raise UsageError(f"--{chosen[0]} takes no COMMAND")
    if arguments.unset and "help" not in chosen:
        _check_unset(arguments)
    return arguments


def _check_unset(arguments: Arguments) -> None:
    formats = ", ".join(UNSET_FORMATS)
    if arguments.export is None:
        raise UsageError(f"--unset goes with --export; FORMAT is one of {formats}")
    if arguments.export not in UNSET_FORMATS:
        raise UsageError(
            f"--unset is for a shell, one of {formats}; {arguments.export} is none"
        )
    if arguments.profile is not None:
        raise UsageError(
            "--unset takes no PROFILE; it takes away any profile's credentials"
        )


def _take(
    arguments: Arguments, by_flag: dict[str, Option], word: str, rest: list[str]
) -> None:
    """Set what the option at `word` says, taking its argument from `rest`."""
    flag, equals, value = word.partition("=")
    if not word.startswith("--") and word not in by_flag:
        # -qv is -q -v; no short option takes an argument
        flags = [f"-{letter}" for letter in word[1:]]
        if all(flag in by_flag for flag in flags):
            for flag in flags:
                setattr(arguments, by_flag[flag].attribute, True)
            return
    option = by_flag.get(flag)
    if option is None:
        raise UsageError(f"no option {shown(flag)}{_near(flag, by_flag)}")
    if not option.value:
        if equals:
            raise UsageError(f"{flag} takes no argument")
        setattr(arguments, option.attribute, True)
        return
    if not equals:
        if not rest:
            raise UsageError(f"{flag} needs {option.value}")
        value = rest.pop(0)
    if not value:
        raise UsageError(f"{flag} is empty; give {option.value} or leave it out")
    try:
        given = option.read(value)
    except ValueError as error:
        raise UsageError(f"{flag} {shown(value)}: {error}") from None
    if option.repeated:
        given = (*getattr(arguments, option.attribute), given)
    setattr(arguments, option.attribute, given)


def _near(flag: str, by_flag: dict[str, Option]) -> str:
    """The option that begins most like a misspelt one; difflib is slow to import."""

    def shared(known: str) -> int:
        pairs = enumerate(zip(flag, known, strict=False))
        return next((i for i, (a, b) in pairs if a != b), min(len(flag), len(known)))

    best = max(by_flag, key=shared)
    return f"; did you mean {best}?" if shared(best) > len("--") else ""
