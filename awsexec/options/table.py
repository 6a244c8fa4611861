"""The table of options: everything that awsexec knows of an option is one row here.

The parser, ``-h``, ``--help``, the man page, docs/reference.md and the completions of
the three shells are all made from this table. After a change run ``make completions``,
which writes the files among these.
"""

from __future__ import annotations

from awsexec.export_formats import EXPORT_FORMATS
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# the shells that have a completion script, and the name of its file
COMPLETION_FILES = {"bash": "awsexec.bash", "zsh": "_awsexec", "fish": "awsexec.fish"}

# the word that an action takes, if that is a file
FILE = "FILE"

# the actions that hand credentials to somebody ("run" is none of the options)
HANDING_OVER = ("run", "export", "console", "each")
# those that get credentials, or show how a run would get them
USING = (*HANDING_OVER, "explain", "whoami")
# those for which it counts what a session is asked for
OF_SESSION = (*USING, "forget")

# with --each: each command has two pipes, and a shell allows 1,024 open files
MOST_JOBS = 256


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of values that takes the `names` alone."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"unknown value; choose one of {', '.join(names)}")
        return text

    return read


def regions(text: str) -> tuple[str, ...]:
    """Read names of regions with commas between them; a name counts once."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not all(names):
        raise ValueError("a name is empty; write eu-west-1,us-east-1")
    return names


def jobs(text: str) -> int:
    """Read how many commands may run at the same time."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_JOBS):
        raise ValueError(f"not a number from 1 to {MOST_JOBS}")
    return int(text)


def service(text: str) -> str:
    """Read the name of an AWS service, which becomes part of a URL of the console."""
    if text.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise ValueError("not a service; write it as for the AWS CLI, like s3")
    return text


def tag(text: str) -> str:
    """Read a session tag, which has a key and ``=``."""
    if text.find("=") < 1:
        raise ValueError("not a tag; write KEY=VALUE")
    return text


def account(text: str) -> str:
    """Read the id of an account."""
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        raise ValueError("not an account; write its 12 digits")
    return text


def function_name(text: str) -> str:
    """Read the name of a function that bash, zsh and fish can have, or an empty one."""
    letters = text.replace("-", "_")
    if text and not (letters.isascii() and letters.isidentifier() and text[0] != "-"):
        raise ValueError("not a name; use letters, digits, _ and -, a letter first")
    return text


class Option:
    """One option.

    `flags` are its names, the long one last; `value` is the name of its value in the
    help, "" if it takes none. `about` is the help text, which makes sense without the
    texts around it: zsh and fish show it alone.

    `read` turns the text of the value into what the parser sets, or raises `ValueError`
    with the reason. A `repeated` option may be given more than once and sets a tuple. An
    option that `guards` may not be given with two values: one of the limits would be lost.
    `setting` is the setting of a profile that the option wins over, "" for none.

    An `action` is done instead of running COMMAND. `operand` is the word that an action
    takes, "" if it takes none. `only` names the actions that an option works with ("run"
    if there is no action); () is all of them. Without it, an option with a `setting` works
    with `OF_SESSION`. `common` options are in the summary too.

    `completes` is what the shells complete the value to: words, or the name of a list
    that each shell makes itself ("files", "profiles", "regions" or "shells"). The value
    of a `may_be_empty` option may be "".
    """

    __slots__ = (
        "flags",
        "value",
        "about",
        "read",
        "repeated",
        "guards",
        "setting",
        "action",
        "operand",
        "only",
        "common",
        "completes",
        "attribute",
        "may_be_empty",
    )

    def __init__(
        self,
        flags: str,
        value: str,
        about: str,
        *,
        read: Callable[[str], object] = str,
        repeated: bool = False,
        guards: bool = False,
        setting: str = "",
        action: bool = False,
        operand: str = "PROFILE",
        only: tuple[str, ...] = (),
        common: bool = False,
        completes: str | tuple[str, ...] = (),
        attribute: str = "",
        may_be_empty: bool = False,
    ) -> None:
        self.flags = tuple(flags.split())
        self.value = value
        self.about = about
        self.read = read
        self.repeated = repeated
        self.guards = guards
        self.setting = setting
        self.action = action
        self.operand = operand
        self.only = only or OF_SESSION * bool(setting)
        self.common = common
        self.completes = completes
        self.may_be_empty = may_be_empty
        # the attribute of `Arguments` that it sets
        name = self.flags[-1].lstrip("-").replace("-", "_")
        self.attribute = attribute or name + "s" * repeated

    @property
    def default(self) -> object:
        """What the parser sets if the option is not given."""
        if self.repeated:
            return ()
        return None if self.value else False

    @property
    def help(self) -> str:
        """The whole help text: with what actions it works, and how often."""
        actions = [flag_of(name) for name in self.only]
        # a longer list is no help
        is_told = self.only and len(actions) < 6 and "run" not in self.only
        start = f"with {alternatives(actions)}: " if is_told else ""
        return start + self.about + " (may be repeated)" * self.repeated

    @property
    def usage(self) -> str:
        """How it is written, with its value and the word that it takes."""
        words = ", ".join(self.flags) + f" {self.value}" * bool(self.value)
        return words + f" [{self.operand}]" * bool(self.action and self.operand)


def flag_of(action: str) -> str:
    """Return the option that asks for `action`."""
    return "--" + action.replace("_", "-")


def alternatives(words: Sequence[str]) -> str:
    """The words as a sentence has them: "a", "a or b", "a, b or c"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


# the groups of the help, with their titles; the commonest first
GROUPS: tuple[tuple[str, tuple[Option, ...]], ...] = (
    (
        "Actions, instead of running a command",
        (
            Option(
                "--list",
                "",
                "list the profiles, or those that match PATTERN",
                action=True,
                operand="PATTERN",
                common=True,
            ),
            Option(
                "--explain",
                "",
                "show what a run of PROFILE would do, and why",
                action=True,
                common=True,
            ),
            Option(
                "--whoami",
                "",
                "ask AWS which identity PROFILE has",
                action=True,
                common=True,
            ),
            Option(
                "--json",
                "",
                "print JSON, with actions that show something",
                only=("list", "explain", "whoami", "accounts", "each", "doctor", "log"),
            ),
            Option(
                "--export",
                "FORMAT",
                "print PROFILE's credentials for a shell or program",
                read=one_of(EXPORT_FORMATS),
                action=True,
                common=True,
                completes=EXPORT_FORMATS,
            ),
            Option(
                "--unset",
                "",
                "print the commands that unset the variables",
                operand="",
                only=("export",),
            ),
            Option(
                "--console",
                "",
                "open the AWS console in the browser as PROFILE",
                action=True,
                common=True,
            ),
            Option(
                "--each",
                "PATTERN",
                "run COMMAND for many profiles",
                repeated=True,
                action=True,
                operand="",
                common=True,
                completes="profiles",
                attribute="each",
            ),
            Option(
                "--init",
                "SHELL",
                "print the start-up line for bash, zsh or fish: prompt, TAB, function",
                read=one_of(tuple(COMPLETION_FILES)),
                action=True,
                operand="",
                completes=tuple(COMPLETION_FILES),
            ),
            Option(
                "--function",
                "NAME",
                "the function's name (default: assume), '' for no function",
                read=function_name,
                may_be_empty=True,
                only=("init",),
            ),
            Option(
                "--forget",
                "",
                "delete cached sessions of PROFILE (default: AWS_PROFILE, else all)",
                action=True,
                common=True,
            ),
            Option(
                "--all",
                "",
                "all profiles, or all sign-ins",
                operand="",
                only=("forget", "sign_out"),
            ),
            Option(
                "--trust",
                "",
                "let the file .awsexec name the profile of its directory",
                action=True,
                operand=FILE,
            ),
            Option(
                "--untrust",
                "",
                "let the file .awsexec name no profile any more",
                action=True,
                operand=FILE,
            ),
            Option(
                "--doctor",
                "",
                "check files, variables, clock, network, sign-ins: what to mend",
                action=True,
            ),
            Option(
                "--log",
                "",
                "show the record that AWSEXEC_LOG names, or what matches PATTERN",
                action=True,
                operand="PATTERN",
            ),
        ),
    ),
    (
        "IAM Identity Center",
        (
            Option(
                "--accounts",
                "",
                "list your accounts and roles, or those that match PATTERN",
                action=True,
                operand="PATTERN",
            ),
            Option(
                "--print-profiles",
                "",
                "print config sections for roles that have no profile yet",
                action=True,
                operand="PATTERN",
            ),
            Option(
                "--name",
                "TEMPLATE",
                "names like {session}-{account_id}-{role}",
                only=("print_profiles",),
                completes=("{account}-{role}", "{session}-{account_id}-{role}"),
            ),
            Option(
                "--stale",
                "",
                "list the profiles whose role you no longer have",
                only=("print_profiles",),
            ),
            Option(
                "--sign-in",
                "",
                "sign in to a session of IAM Identity Center",
                action=True,
                operand="SESSION",
            ),
            Option(
                "--sign-out",
                "",
                "sign out, and delete the credentials got with the sign-in",
                action=True,
                operand="SESSION",
            ),
        ),
    ),
    (
        "Many profiles",
        (
            Option(
                "--except",
                "PATTERN",
                "leave out profiles that PATTERN names",
                repeated=True,
                only=("each",),
                completes="profiles",
            ),
            Option(
                "--regions",
                "NAME,...",
                "run COMMAND in each of several regions",
                read=regions,
                repeated=True,
                attribute="regions",
                only=("each",),
                completes="regions",
            ),
            Option(
                "--dry-run",
                "",
                "print what would run, and run nothing",
                only=("each",),
            ),
            Option(
                "--jobs",
                "NUMBER",
                "how many commands run at once (default: 8)",
                read=jobs,
                only=("each",),
            ),
            Option(
                "--group",
                "",
                "print the output of each profile as one block, at its end",
                only=("each",),
            ),
            Option(
                "--fail-fast",
                "",
                "start nothing more after the first failure",
                only=("each",),
            ),
        ),
    ),
    (
        "The command or the shell",
        (
            Option(
                "--serve",
                "",
                "renew the credentials of COMMAND while it runs",
                only=("run",),
                common=True,
            ),
            Option(
                "--shell",
                "PATH",
                "the shell to start (default: $SHELL)",
                only=("run",),
                completes="shells",
            ),
            Option("--login", "", "start the shell as a login shell", only=("run",)),
            Option(
                "--region",
                "NAME",
                "the AWS region, for COMMAND and for AWS STS",
                only=(*OF_SESSION, "list", "add_keys", "rotate_keys"),
                common=True,
                completes="regions",
            ),
        ),
    ),
    (
        "The role and its session",
        (
            Option("--role-arn", "ARN", "the role to assume", setting="role_arn"),
            Option(
                "--source-profile",
                "NAME",
                "the profile whose credentials assume the role",
                setting="source_profile",
                completes="profiles",
            ),
            Option(
                "--duration",
                "TIME",
                "the lifetime of the session, like 900, 15m or 8h",
                read=seconds,
                setting="duration_seconds",
                common=True,
                completes=("15m", "1h", "2h", "4h", "8h", "12h"),
            ),
            Option(
                "--read-only",
                "",
                "limit the session to AWS's ReadOnlyAccess policy",
                setting="session_read_only",
                common=True,
            ),
            Option(
                "--policy",
                "FILE",
                "limit the session to the policy in this JSON file",
                guards=True,
                setting="session_policy",
                completes="files",
            ),
            Option(
                "--policy-arn",
                "ARN",
                "limit the session to this managed policy",
                repeated=True,
                setting="session_policy_arns",
            ),
            Option(
                "--external-id",
                "ID",
                "the external id that the trust policy requires",
                setting="external_id",
            ),
            Option(
                "--session-name",
                "NAME",
                "the session name; may use {user} {host} {profile}",
                setting="role_session_name",
                completes=("{user}", "{host}", "{profile}"),
            ),
            Option(
                "--source-identity",
                "NAME",
                "the source identity, kept through role chaining",
                setting="source_identity",
            ),
            Option(
                "--session-tag",
                "KEY=VALUE",
                "add a session tag",
                read=tag,
                repeated=True,
                setting="session_tags",
            ),
            Option(
                "--transitive-tag",
                "KEY",
                "keep this session tag through role chaining",
                repeated=True,
                setting="transitive_session_tags",
            ),
        ),
    ),
    (
        "Guardrails",
        (
            Option(
                "--expect-account",
                "ID",
                "fail unless the credentials are of this account",
                read=account,
                guards=True,
                only=(*USING, "rotate_keys"),
            ),
            Option(
                "--yes",
                "",
                "answer yes: to confirm in the profile, and to questions about keys",
                only=(*HANDING_OVER, "explain", "add_keys", "rotate_keys"),
            ),
            Option(
                "--unlimited",
                "",
                "lift the limits of the run around this one",
                only=(*OF_SESSION, "list", "rotate_keys"),
            ),
        ),
    ),
    (
        "MFA and other questions",
        (
            Option(
                "--mfa-serial",
                "ARN",
                "the MFA device, by its ARN or serial number",
                setting="mfa_serial",
                only=(*OF_SESSION, "rotate_keys"),
            ),
            Option(
                "--mfa-token",
                "CODE",
                "the MFA code (default: ask)",
                only=(*USING, "rotate_keys"),
            ),
            Option(
                "--no-prompt",
                "",
                "fail instead of asking for anything",
                common=True,
            ),
            Option(
                "--device-code",
                "",
                "sign in to IAM Identity Center with a code, in any browser",
            ),
            Option("--no-browser", "", "print the URL instead of opening the browser"),
        ),
    ),
    (
        "The cache",
        (
            Option(
                "--refresh",
                "",
                "get new credentials even if cached ones are valid",
                common=True,
            ),
            Option(
                "--min-ttl",
                "TIME",
                "get new credentials if less than TIME is left",
                read=seconds,
                completes=("5m", "15m", "30m", "1h"),
            ),
            Option("--no-cache", "", "do not read or write the cache"),
        ),
    ),
    (
        "The AWS console",
        (
            Option(
                "--service",
                "NAME",
                "open the page of a service, like s3",
                read=service,
                only=("console",),
                completes=tuple(
                    "cloudformation cloudtrail cloudwatch dynamodb ec2 ecr ecs eks iam "
                    "kms lambda rds route53 s3 secretsmanager sns sqs ssm stepfunctions "
                    "vpc".split()
                ),
            ),
            Option(
                "--destination",
                "URL",
                "open this page, by its URL or path",
                only=("console",),
            ),
            Option(
                "--logout",
                "",
                "sign the browser out first",
                only=("console",),
            ),
        ),
    ),
    (
        "Keys in the keyring",
        (
            Option(
                "--add-keys",
                "",
                "put a user's access key into the keyring, as profile NAME",
                action=True,
                operand="NAME",
            ),
            Option(
                "--remove-keys",
                "",
                "delete the access key of profile NAME from the keyring",
                action=True,
                operand="NAME",
            ),
            Option(
                "--rotate-keys",
                "",
                "replace the access key of profile NAME by a new one, at AWS too",
                action=True,
                operand="NAME",
            ),
            Option(
                "--no-verify",
                "",
                "store the key without asking AWS whose it is",
                only=("add_keys",),
            ),
        ),
    ),
    (
        "Messages",
        (
            Option("-q --quiet", "", "print only errors"),
            Option("-v --verbose", "", "print what awsexec does", common=True),
            Option("--debug", "", "print each request to AWS, without secrets"),
        ),
    ),
    (
        "Help",
        (
            Option(
                "-h",
                "",
                "print a summary of the help",
                action=True,
                operand="",
                attribute="summary",
            ),
            Option("--help", "", "print the whole help", action=True, operand=""),
            Option(
                "--version",
                "",
                "print the version of awsexec",
                action=True,
                operand="",
            ),
            Option(
                "--completion",
                "SHELL",
                "print the completion script for bash, zsh or fish",
                read=one_of(tuple(COMPLETION_FILES)),
                action=True,
                operand="",
                completes=tuple(COMPLETION_FILES),
            ),
            Option(
                "--profiles",
                "",
                "print the profile names, for completion scripts",
                action=True,
                operand="WORD",
            ),
        ),
    ),
)

OPTIONS = tuple(option for _, options in GROUPS for option in options)
# what can be done instead of running COMMAND
ACTIONS = tuple(option.attribute for option in OPTIONS if option.action)
