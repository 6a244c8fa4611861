"""The grammar of the command line."""

import pytest

from awsexec.errors import UsageError
from awsexec.export_formats import EXPORT_FORMATS
from awsexec.options import arguments
from awsexec.options.arguments import Arguments
from awsexec.options.table import (
    ACTIONS,
    COMPLETION_FILES,
    OPTIONS,
    alternatives,
)
from awsexec.times import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("900", 900),
        ("90s", 90),
        ("15m", 900),
        ("8h", 28_800),
        ("1h30m", 5_400),
        ("7d", 604_800),
        ("0", 0),
    ],
)
def test_seconds(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "m", "1x", "1.5h", "-1", "15m3", "１", "1 h"])
def test_no_seconds(text):
    with pytest.raises(
        ValueError, match="write a time as seconds, or like 15m, 8h, 1h30m"
    ):
        seconds(text)


@pytest.mark.parametrize(
    ("words", "profile", "command"),
    [
        ("", None, None),
        ("p", "p", None),
        ("p ls", "p", ["ls"]),
        ("p ls -l --quiet", "p", ["ls", "-l", "--quiet"]),
        ("p -- ls --", "p", ["ls", "--"]),
        ("p -- -x", "p", ["-x"]),
        ("-- ls", None, ["ls"]),
        ("-q p -v ls -q", "p", ["ls", "-q"]),
        ("--region r p --duration=15m ls", "p", ["ls"]),
        ("- ls", "-", ["ls"]),
    ],
)
def test_shape(words, profile, command):
    parsed = arguments.parse(words.split())
    assert (parsed.profile, parsed.command) == (profile, command)
    assert parsed.action == "run"


def test_words_of_the_command_stay_as_they_are():
    words = ["", "a b", "\n", "\udcff", "--", "-q"]
    assert arguments.parse(["p", "--", "x", *words]).command == ["x", *words]


@pytest.mark.parametrize(
    ("words", "attribute", "value"),
    [
        ("--role-arn a", "role_arn", "a"),
        ("--source-profile=a=b", "source_profile", "a=b"),
        ("--external-id -x", "external_id", "-x"),
        ("--session-name n", "session_name", "n"),
        ("--source-identity n", "source_identity", "n"),
        ("--session-tag a=b", "session_tags", ("a=b",)),
        ("--session-tag a=b --session-tag=c=", "session_tags", ("a=b", "c=")),
        ("--transitive-tag a", "transitive_tags", ("a",)),
        ("--policy f", "policy", "f"),
        ("--policy-arn a --policy-arn b", "policy_arns", ("a", "b")),
        ("--read-only", "read_only", True),
        ("--duration 1h", "duration", 3600),
        ("--region r", "region", "r"),
        ("--mfa-serial s", "mfa_serial", "s"),
        ("--mfa-token 012345", "mfa_token", "012345"),
        ("--no-prompt", "no_prompt", True),
        ("--min-ttl 10m", "min_ttl", 600),
        ("--refresh", "refresh", True),
        ("--no-cache", "no_cache", True),
        ("-q", "quiet", True),
        ("--quiet", "quiet", True),
        ("-v", "verbose", True),
        ("--debug", "debug", True),
        ("-h", "summary", True),
        ("--help", "help", True),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_option(words, attribute, value, position):
    words = words.split()
    before, after = (words, []) if position == 0 else ([], words)
    parsed = arguments.parse([*before, "p", *after])
    assert parsed.profile == "p"
    assert getattr(parsed, attribute) == value


@pytest.mark.parametrize(
    ("flag", "values", "last"),
    [
        ("--expect-account", ("123456789012", "111122223333"), None),
        ("--expect-account", ("123456789012", "123456789012"), "123456789012"),
        ("--policy", ("a", "b"), None),
        # as an alias may have it
        ("--duration", ("1h", "2h"), 7200),
        ("--region", ("a", "b"), "b"),
    ],
)
def test_an_option_given_twice(flag, values, last):
    words = [word for value in values for word in (flag, value)]
    if last is None:
        with pytest.raises(UsageError, match=f"{flag} is there twice, with"):
            arguments.parse([*words, "p"])
    else:
        assert last in vars(arguments.parse([*words, "p"])).values()


def test_settings_that_options_stand_for():
    words = "--role-arn a --session-tag a=b --session-tag c=d --read-only --duration 1h"
    assert arguments.parse(words.split()).settings() == (
        ("role_arn", "a", "--role-arn"),
        ("duration_seconds", "3600", "--duration"),
        ("session_read_only", "true", "--read-only"),
        ("session_tags", ("a=b", "c=d"), "--session-tag"),
    )
    assert arguments.parse(["-q", "p", "--region", "r"]).settings() == ()


def test_short_options_together():
    parsed = arguments.parse(["-qv", "p"])
    assert (parsed.quiet, parsed.verbose) == (True, True)


def test_short_and_long_help_are_two_actions():
    assert arguments.parse(["-h"]).action == "summary"
    assert arguments.parse(["-qh"]).action == "summary"
    assert arguments.parse(["-h", "--help"]).action == "help"


@pytest.mark.parametrize(("word", "action"), [("--help", "help"), ("-h", "summary")])
def test_help_is_given_whatever_else_is_wrong(word, action):
    words = ["--forget", "--list", "--serve", "--unset", "--service", "s3"]
    assert arguments.parse([*words, word, "p", "ls"]).action == action


# a value of each kind, and what the parser sets
SAMPLES = {
    "TIME": ("15m", 900),
    "FORMAT": ("sh", "sh"),
    "SHELL": ("fish", "fish"),
    "KEY=VALUE": ("a=b", "a=b"),
    "NUMBER": ("4", 4),
    "NAME,...": ("a,b", ("a", "b")),
    "ID": ("111122223333", "111122223333"),
}
# what else must be given with an option that works only with some actions
NEEDED = {
    "add_keys": ["--add-keys"],
    "list": ["--list"],
    "export": ["--export", "sh"],
    "console": ["--console"],
    "forget": ["--forget"],
    "init": ["--init", "bash"],
    "print_profiles": ["--print-profiles"],
    "each": ["--each", "p"],
}


def test_the_function_of_init_may_have_no_name():
    for name in ("", "a-b_1", "_x"):
        for words in (["--function", name], [f"--function={name}"]):
            assert arguments.parse(["--init", "bash", *words]).function == name


def names_of(options):
    return [option.flags[-1] for option in options]


@pytest.mark.parametrize("option", OPTIONS, ids=names_of(OPTIONS))
def test_every_option_of_the_table(option):
    default = getattr(arguments.parse([]), option.attribute)
    assert (
        default == ((), None, False)[0 if option.repeated else 1 if option.value else 2]
    )
    word, read = SAMPLES.get(option.value, ("s3", "s3"))
    others = NEEDED.get(option.only[0], []) if option.only else []
    is_each = option.attribute == "each" or option.only == ("each",)
    command = ["--", "true"] if is_each else []
    for flag in option.flags:
        for given in ([flag, word], [f"{flag}={word}"]) if option.value else [[flag]]:
            parsed = arguments.parse([*others, *given, *command])
            expected = read if option.value else True
            if option.repeated:
                expected = read if isinstance(read, tuple) else (read,)
            assert getattr(parsed, option.attribute) == expected
            if option.action:
                assert parsed.action == option.attribute
            # and nothing else was set
            names = {other.attribute for other in OPTIONS} - {option.attribute}
            blank = arguments.parse([*others, *command])
            assert {name: getattr(parsed, name) for name in names} == {
                name: getattr(blank, name) for name in names
            }


def test_types_are_those_of_the_table():
    """mypy sees the annotations alone."""
    types = {
        "profile": "str | None",
        "command": "Sequence[str] | None",
        "of_directory": "DirectoryProfile | None",
    }
    for option in OPTIONS:
        if option.repeated:
            types[option.attribute] = "tuple[str, ...]"
        elif option.value:
            kind = type(option.read(SAMPLES.get(option.value, ("s3", ""))[0])).__name__
            kind = kind.replace("tuple", "tuple[str, ...]")
            types[option.attribute] = f"{kind} | None"
        else:
            types[option.attribute] = "bool"
    assert Arguments.__annotations__ == types


def test_no_two_options_are_the_same():
    for values in (
        [flag for option in OPTIONS for flag in option.flags],
        [option.attribute for option in OPTIONS],
        [option.setting for option in OPTIONS if option.setting],
    ):
        assert len(values) == len(set(values))


# a line of each action, and of the two that have no profile
LINES = {
    "run": ["p"],
    "list": ["--list"],
    "explain": ["--explain", "p"],
    "whoami": ["--whoami", "p"],
    "export": ["--export", "sh", "p"],
    "--unset": ["--export", "sh", "--unset"],
    "console": ["--console", "p"],
    "each": ["--each", "p", "--", "true"],
    "init": ["--init", "zsh"],
    "forget": ["--forget", "p"],
    "forget all": ["--forget"],
    "trust": ["--trust"],
    "untrust": ["--untrust", "x"],
    "doctor": ["--doctor"],
    "log": ["--log"],
    "accounts": ["--accounts"],
    "print_profiles": ["--print-profiles"],
    "sign_in": ["--sign-in"],
    "sign_out": ["--sign-out"],
    "add_keys": ["--add-keys", "p"],
    "remove_keys": ["--remove-keys", "p"],
    "rotate_keys": ["--rotate-keys", "p"],
    "version": ["--version"],
    "completion": ["--completion", "fish"],
    "profiles": ["--profiles"],
}
SESSION = "run explain whoami export console each forget"
# With what each option has an effect. With anything else, it is an error: who types it
# expects something that would not happen.
EFFECTIVE = {
    "--json": "list explain whoami accounts each doctor log",
    "--function": "init",
    "--all": "forget all,sign_out",
    "--name": "print_profiles",
    "--stale": "print_profiles",
    "--except": "each",
    "--regions": "each",
    "--dry-run": "each",
    "--jobs": "each",
    "--group": "each",
    "--fail-fast": "each",
    "--serve": "run",
    "--shell": "run",
    "--login": "run",
    # with --each, it would make all profiles one
    "--role-arn": SESSION.replace(" each", ""),
    "--region": f"{SESSION} list add_keys rotate_keys",
    "--mfa-serial": f"{SESSION} rotate_keys",
    "--mfa-token": "run explain whoami export console each rotate_keys",
    "--expect-account": "run explain whoami export console each rotate_keys",
    "--yes": "run explain export console each add_keys rotate_keys",
    "--unlimited": f"{SESSION} list rotate_keys",
    "--service": "console",
    "--destination": "console",
    "--logout": "console",
    "--no-verify": "add_keys",
}
# what only forbids, allows or hurries may stay in an alias
ALWAYS = set(
    "--no-prompt --no-browser --device-code --refresh --min-ttl --no-cache --quiet "
    "--verbose --debug".split()
)


def effective(option):
    """With what the option has an effect."""
    flag = option.flags[-1]
    if flag in ALWAYS:
        return set(LINES)
    names = EFFECTIVE.get(flag, SESSION) if option.setting else EFFECTIVE[flag]
    return set(names.split("," if "," in names else None))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            "--expect-account 111122223333 --expect-account 123456789012 p",
            "is there twice",
        ),
        ("--policy a --policy=b p", "is there twice"),
        ("--each -- echo hi", "--each needs a value before --; write --each PATTERN"),
        ("--except -- echo hi", "--except needs a value before --"),
        ("--region -- echo hi", "--region needs a value before --"),
    ],
)
def test_a_value_is_not_lost(words, error):
    with pytest.raises(UsageError) as caught:
        arguments.parse(words.split())
    assert error in str(caught.value)


@pytest.mark.parametrize(
    "words", ["--policy a --policy a p", "--region a --region b p"]
)
def test_an_option_may_be_there_twice(words):
    """The last one wins over one in an alias, unless it is a limit."""
    arguments.parse(words.split())


def test_regions_of_several_options():
    words = "--each p --regions a,b --regions b,c -- true".split()
    assert arguments.parse(words).regions == ("a", "b", "c")


@pytest.mark.parametrize("what", LINES)
@pytest.mark.parametrize(
    "option",
    [
        option
        for option in OPTIONS
        if not (option.action or option.flags[0] == "--unset")
    ],
    ids=lambda option: option.flags[-1],
)
def test_an_option_that_would_do_nothing_is_an_error(option, what):
    flag, line = option.flags[-1], LINES[what]
    value = [SAMPLES.get(option.value, ("s3",))[0]] if option.value else []
    words = [flag, *value, *line]
    if what in effective(option):
        arguments.parse(words)
        return
    with pytest.raises(UsageError) as caught:
        arguments.parse(words)
    said = str(caught.value)
    assert said.startswith(f"{flag} ") and "remove " in said


def test_every_action_has_a_line():
    shown = {*ACTIONS} - {"help", "summary"}
    assert {arguments.parse(line).action for line in LINES.values()} == {"run", *shown}


def test_options_that_limit_are_for_a_session():
    limits = {"--duration", "--policy", "--policy-arn", "--read-only", "--external-id"}
    limits |= {"--session-tag", "--transitive-tag", "--role-arn", "--source-identity"}
    assert limits < {option.flags[-1] for option in OPTIONS if option.setting}
    for option in OPTIONS:
        if option.flags[-1] in limits:
            assert effective(option) | {"each"} == set(SESSION.split())


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_alternatives(words, text):
    assert alternatives(words) == text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["p", "--"], "nothing follows --; add COMMAND, or leave out -- for a shell"),
        ([""], "PROFILE is empty; name a profile or leave it out"),
        (["---"], "unknown option ---"),
        (["--roel-arn", "x"], "unknown option --roel-arn"),
        (["-x"], "unknown option -x"),
        (["-qx"], "unknown option -qx"),
        (["--x\ny"], "unknown option '--x\\ny'"),
        (["--region"], "--region needs a value; write --region NAME"),
        (["--region="], "the value of --region is empty; give NAME or remove --region"),
        (
            ["--external-id", ""],
            "the value of --external-id is empty; give ID or remove --external-id",
        ),
        (["--refresh=1"], "--refresh takes no value; remove = and what follows"),
        (
            ["--duration", "soon"],
            "--duration soon: write a time as seconds, or like 15m, 8h, 1h30m",
        ),
        # str() would refuse to print this number
        (
            ["--min-ttl", "9" * 4299 + "d"],
            f"--min-ttl {'9' * 4299}d: the time is too long; use at most 7d",
        ),
        (["--min-ttl", "8d"], "--min-ttl 8d: the time is too long; use at most 7d"),
        (
            ["--min-ttl", "9" * 20],
            f"--min-ttl {'9' * 20}: the time is too long; use at most 7d",
        ),
        (["--session-tag", "a"], "--session-tag a: not a tag; write KEY=VALUE"),
        (["--session-tag", "=b"], "--session-tag =b: not a tag; write KEY=VALUE"),
        (
            ["--service", "S3", "--console"],
            "--service S3: not a service; write it as for the AWS CLI, like s3",
        ),
        (
            ["--export", "csh"],
            "--export csh: unknown value; choose one of " + ", ".join(EXPORT_FORMATS),
        ),
        (
            ["--completion", "tcsh"],
            f"--completion tcsh: unknown value; choose one of {', '.join(COMPLETION_FILES)}",
        ),
        (
            ["--serve", "--list"],
            "--serve works only with COMMAND or a shell; remove --serve or --list",
        ),
        (
            ["--serve", "--export", "sh", "p"],
            "--serve works only with COMMAND or a shell; remove --serve or --export",
        ),
        (
            ["--json", "p", "ls"],
            "--json works only with --list, --explain, --whoami, --accounts, --each, "
            "--doctor or --log; add that or remove "
            "--json",
        ),
        (
            ["--shell", "/bin/sh", "p", "ls"],
            "--shell would do nothing: COMMAND runs without a shell; remove --shell or "
            "COMMAND",
        ),
        (
            ["--login", "p", "ls"],
            "--login would do nothing: COMMAND runs without a shell; remove --login or "
            "COMMAND",
        ),
        (
            ["--service", "s3", "p"],
            "--service works only with --console; add that or remove --service",
        ),
        (
            ["--console", "--service", "s3", "--destination", "/"],
            "--service and --destination cannot be used together; choose one",
        ),
        (
            ["--print-profiles", "--stale", "--name", "{role}"],
            "--name would do nothing with --stale, which prints no section; remove --name",
        ),
        (
            ["--add-keys", "p", "--no-verify", "--region", "eu-west-1"],
            "--region would do nothing with --no-verify, which asks nobody; remove "
            "--region",
        ),
        (
            ["--forget", "--all", "p"],
            "--all takes no PROFILE, since it is for all of them; remove one of the two",
        ),
        (
            ["--init", "bash", "--function", "a b"],
            "--function a b: not a name; use letters, digits, _ and -, a letter first",
        ),
        (
            ["--init", "bash", "p", "ls"],
            "--init runs no COMMAND; remove COMMAND or --init",
        ),
        (
            ["--all", "p"],
            "--all works only with --forget or --sign-out; add that or remove --all",
        ),
        (
            ["--forget", "p", "ls"],
            "--forget runs no COMMAND; remove COMMAND or --forget",
        ),
        (
            ["--forget", "--version"],
            "--forget and --version cannot be used together; choose one",
        ),
        (
            ["--unset"],
            "--unset works only with --export; add --export and sh, fish, powershell or "
            "cmd",
        ),
        (
            ["--unset", "--export", "json"],
            "--unset does not work with --export json; choose sh, fish, powershell or cmd",
        ),
        (
            ["--unset", "--export", "sh", "p"],
            "--unset takes no PROFILE, since it unsets the credentials of any profile; "
            "remove PROFILE",
        ),
    ],
)
def test_usage_error(words, message):
    with pytest.raises(UsageError) as caught:
        arguments.parse(words)
    assert str(caught.value) == f"{message}; see awsexec --help"
