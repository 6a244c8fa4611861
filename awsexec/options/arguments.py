"""The parser of the command line.

argparse takes as long to import as the interpreter takes to start, and it does not know
a grammar in which the second word that is not an option ends the options.
"""

from __future__ import annotations

from awsexec.errors import UnknownOption, UsageError, shown
from awsexec.export_formats import UNSET_FORMATS
from awsexec.options.table import (
    ACTIONS,
    OPTIONS,
    Option,
    alternatives,
    flag_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.profiles.trust import DirectoryProfile

# these win over all other actions and need no valid rest of the line
_HELP = ("help", "summary")


class Arguments:
    """The parsed command line: times in seconds, None for what was not given.

    Names and defaults come from the table. The types stand here once more because mypy
    reads no table; a test compares them.
    """

    profile: str | None
    command: Sequence[str] | None
    # what the file .awsexec names, where an action needs a profile and nothing else names
    # one
    of_directory: DirectoryProfile | None

    list: bool
    explain: bool
    whoami: bool
    json: bool
    export: str | None
    unset: bool
    console: bool
    init: str | None
    function: str | None
    forget: bool
    all: bool
    trust: bool
    untrust: bool
    doctor: bool
    log: bool
    accounts: bool
    print_profiles: bool
    name: str | None
    stale: bool
    add_keys: bool
    remove_keys: bool
    rotate_keys: bool
    no_verify: bool
    yes: bool
    unlimited: bool
    sign_in: bool
    sign_out: bool
    each: tuple[str, ...]
    excepts: tuple[str, ...]
    regions: tuple[str, ...]
    dry_run: bool
    jobs: int | None
    group: bool
    fail_fast: bool
    serve: bool
    shell: str | None
    login: bool
    region: str | None
    role_arn: str | None
    source_profile: str | None
    duration: int | None
    read_only: bool
    policy: str | None
    policy_arns: tuple[str, ...]
    external_id: str | None
    session_name: str | None
    source_identity: str | None
    session_tags: tuple[str, ...]
    transitive_tags: tuple[str, ...]
    mfa_serial: str | None
    mfa_token: str | None
    expect_account: str | None
    no_prompt: bool
    device_code: bool
    no_browser: bool
    refresh: bool
    min_ttl: int | None
    no_cache: bool
    service: str | None
    destination: str | None
    logout: bool
    quiet: bool
    verbose: bool
    debug: bool
    summary: bool
    help: bool
    version: bool
    completion: str | None
    profiles: bool

    def __init__(self) -> None:
        self.profile = self.command = self.of_directory = None
        for option in OPTIONS:
            setattr(self, option.attribute, option.default)

    def settings(self) -> tuple[tuple[str, str | tuple[str, ...], str], ...]:
        """Return the options that replace a setting: setting, value, option.

        The value is a tuple for an option that may be repeated.
        """
        given = []
        for option in OPTIONS:
            value = getattr(self, option.attribute)
            if not option.setting or value == option.default:
                continue
            if value is True:
                value = "true"
            elif not option.repeated:
                value = str(value)
            given.append((option.setting, value, option.flags[0]))
        return tuple(given)

    def named_profile(self, environ: Mapping[str, str]) -> str | None:
        """Return PROFILE, else the environment's profile, else None."""
        return self.profile or default_profile(environ, None)[0] or None

    def default_profile(self, environ: Mapping[str, str]) -> tuple[str, str, str]:
        """Return what counts without PROFILE, as the function of that name does."""
        return default_profile(environ, self.of_directory)

    def wanted_profile(self, environ: Mapping[str, str]) -> str | None:
        """Return PROFILE, else what counts without it, else None."""
        return self.profile or self.default_profile(environ)[0] or None

    def needed_profile(self) -> str:
        """Return PROFILE, for an action that needs it on the command line.

        Raises `UsageError` without it, whatever the environment names.
        """
        if self.profile is None:
            action = flag_of(self.action)
            raise UsageError(
                f"{action} needs the NAME of a profile; write {action} NAME"
            )
        return self.profile

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of the command line, of which a valid one has at most one."""
        return tuple(name for name in ACTIONS if getattr(self, name))

    @property
    def action(self) -> str:
        """What to do: one of ACTIONS, or "run"."""
        for name in _HELP:
            if getattr(self, name):
                return name
        return next(iter(self.actions), "run")


# the variables that name a profile; botocore reads them in the other order
PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def default_profile(
    environ: Mapping[str, str], of_directory: DirectoryProfile | None
) -> tuple[str, str, str]:
    """Return the profile where there is no PROFILE, what names it, and its fault.

    What names it is a variable, else the path of the directory's file. The fault says why
    that file cannot count. Each is "" where there is none.
    """
    for variable in PROFILE_VARIABLES:
        if environ.get(variable):
            return environ[variable], variable, ""
    if of_directory is None:
        return "", "", ""
    return of_directory.name, of_directory.path, of_directory.fault


def parse(argv: Sequence[str]) -> Arguments:
    """Parse the words after ``awsexec``. Raises `UsageError`.

    Options stand before or after PROFILE. COMMAND starts after ``--``, or at the second
    word that is neither an option nor the value of one. All words from there on are
    COMMAND's.
    """
    by_flag = {flag: option for option in OPTIONS for flag in option.flags}
    arguments = Arguments()
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--":
            if not words:
                raise UsageError(
                    "nothing follows --; add COMMAND, or leave out -- for a shell"
                )
            arguments.command = words
            break
        if word.startswith("-") and word != "-":
            if not _take(arguments, by_flag, word, words):
                position = len(argv) - len(words) - 1
                raise UnknownOption(word.partition("=")[0], position)
        elif arguments.profile is None:
            if not word:
                raise UsageError("PROFILE is empty; name a profile or leave it out")
            arguments.profile = word
        else:
            arguments.command = [word, *words]
            break
    if arguments.action not in _HELP:
        _check(arguments)
    return arguments


def export_format(argv: Sequence[str]) -> str | None:
    """Return the FORMAT of --export in `argv`, None without --export.

    The command line may have errors. The words are understood as far as they can be: if
    FORMAT is missing, it is "", and after an unknown option may stand its value.
    """
    valued = {flag for option in OPTIONS if option.value for flag in option.flags}
    known = {flag for option in OPTIONS for flag in option.flags}
    found, before_command = None, 1
    words = list(argv)
    while words and words[0] != "--":
        word = words.pop(0)
        flag, equals, value = word.partition("=")
        if word[:1] != "-" or word == "-":
            before_command -= 1
            if before_command < 0:
                break
        elif flag in valued:
            if not equals:
                value = words.pop(0) if words else ""
            if flag == "--export":
                found = value
        elif flag not in known:
            before_command += 1
    return found


def _check(arguments: Arguments) -> None:
    """Raise `UsageError` for options that contradict each other or would do nothing."""
    actions, action = arguments.actions, arguments.action
    if len(actions) > 1:
        raise UsageError(
            " and ".join(map(flag_of, actions)) + " cannot be used together; choose one"
        )
    if arguments.unset:
        _check_unset(arguments)
    for option in OPTIONS:
        if getattr(arguments, option.attribute) == option.default:
            continue
        _check_effect(arguments, option)
    if arguments.command is not None and (arguments.shell or arguments.login):
        flag = "--shell" if arguments.shell else "--login"
        raise UsageError(
            f"{flag} would do nothing: COMMAND runs without a shell; remove {flag} or COMMAND"
        )
    if arguments.service and arguments.destination:
        raise UsageError(
            "--service and --destination cannot be used together; choose one"
        )
    if arguments.stale and arguments.name:
        raise UsageError(
            "--name would do nothing with --stale, which prints no section; remove --name"
        )
    if arguments.no_verify and arguments.region:
        raise UsageError(
            "--region would do nothing with --no-verify, which asks nobody; remove "
            "--region"
        )
    if arguments.all and arguments.profile is not None:
        raise UsageError(
            f"--all takes no {'SESSION' if arguments.sign_out else 'PROFILE'}, since it is "
            "for all of them; remove one of the two"
        )
    if arguments.each:
        _check_each(arguments)
    elif actions and arguments.command is not None:
        flag = flag_of(action)
        raise UsageError(f"{flag} runs no COMMAND; remove COMMAND or {flag}")


def _check_each(arguments: Arguments) -> None:
    if arguments.profile is not None:
        # a quoting shell would have expanded the pattern, or -- was forgotten
        raise UsageError(
            f"{shown(arguments.profile)}: --each takes no PROFILE; write -- before "
            "COMMAND, and quote a PATTERN with *"
        )
    if arguments.command is None:
        raise UsageError("--each needs a COMMAND; add -- and COMMAND")
    if arguments.role_arn:
        raise UsageError(
            "--role-arn would make every profile of --each the same role; remove "
            "--role-arn, or run COMMAND once without --each"
        )
    if arguments.region and arguments.regions:
        raise UsageError("--region and --regions cannot be used together; choose one")
    if arguments.json and arguments.group:
        raise UsageError(
            "--group would do nothing with --json, which prints one object for each "
            "profile; remove --group"
        )


def _check_effect(arguments: Arguments, option: Option) -> None:
    """Raise `UsageError` if `option`, which was given, would do nothing."""
    action, flag = arguments.action, option.flags[-1]
    doing = flag_of(action)
    is_of_any = True
    if arguments.unset:
        doing, is_of_any = "--unset", False
    elif action == "forget" and arguments.profile is None:
        doing, is_of_any = "--forget without PROFILE", False
    if not option.only or (
        action in option.only and (is_of_any or "run" not in option.only)
    ):
        return
    if option.only == ("run",):
        raise UsageError(
            f"{flag} works only with COMMAND or a shell; remove {flag} or "
            + flag_of(action)
        )
    if "run" in option.only:
        raise UsageError(f"{flag} would do nothing with {doing}; remove {flag}")
    needed = alternatives([flag_of(name) for name in option.only])
    raise UsageError(f"{flag} works only with {needed}; add that or remove {flag}")


def _check_unset(arguments: Arguments) -> None:
    formats = alternatives(UNSET_FORMATS)
    if arguments.export is None:
        raise UsageError(
            f"--unset works only with --export; add --export and {formats}"
        )
    if arguments.export not in UNSET_FORMATS:
        raise UsageError(
            f"--unset does not work with --export {arguments.export}; "
            f"choose {formats}"
        )
    if arguments.profile is not None:
        raise UsageError(
            "--unset takes no PROFILE, since it unsets the credentials of any profile; "
            "remove PROFILE"
        )


def _take(
    arguments: Arguments, by_flag: Mapping[str, Option], word: str, rest: list[str]
) -> bool:
    """Set what the option `word` says; take its value from `word` or from `rest`.

    Return whether there is such an option.
    """
    flag, equals, value = word.partition("=")
    if not word.startswith("--") and word not in by_flag:
        # -qv is -q -v; no short option takes a value
        flags = [f"-{letter}" for letter in word[1:]]
        if all(flag in by_flag for flag in flags):
            for flag in flags:
                setattr(arguments, by_flag[flag].attribute, True)
            return True
    option = by_flag.get(flag)
    if option is None:
        return False
    if not option.value:
        if equals:
            raise UsageError(f"{flag} takes no value; remove = and what follows")
        setattr(arguments, option.attribute, True)
        return True
    if not equals:
        if not rest:
            raise UsageError(f"{flag} needs a value; write {flag} {option.value}")
        value = rest.pop(0)
        if value == "--":
            raise UsageError(
                f"{flag} needs a value before --; write {flag} {option.value}"
            )
    if not value and not option.may_be_empty:
        raise UsageError(
            f"the value of {flag} is empty; give {option.value} or remove {flag}"
        )
    try:
        given = option.read(value)
    except ValueError as error:
        raise UsageError(f"{flag} {shown(value)}: {error}") from None
    before = getattr(arguments, option.attribute)
    if option.repeated:
        # the values of two lists are one list, in which a name counts once
        if isinstance(given, tuple):
            given = tuple(dict.fromkeys((*before, *given)))
        else:
            given = (*before, given)
    elif option.guards and before not in (option.default, given):
        raise UsageError(
            f"{flag} is there twice, with {shown(str(before))} and {shown(value)}, and one "
            "of the two would be lost; remove one"
        )
    setattr(arguments, option.attribute, given)
    return True
