"""The grammar of the command line."""

import pytest

from awsexec.errors import UsageError
from awsexec.options import arguments


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
    assert arguments.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "m", "1x", "1.5h", "-1", "15m3", "１", "1 h"])
def test_no_seconds(text):
    with pytest.raises(
        ValueError, match="^write a time as seconds, or like 15m, 8h, 1h30m$"
    ):
        arguments.seconds(text)


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
        ("-h", "help", True),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_option(words, attribute, value, position):
    words = words.split()
    before, after = (words, []) if position == 0 else ([], words)
    parsed = arguments.parse([*before, "p", *after])
    assert parsed.profile == "p"
    assert getattr(parsed, attribute) == value


def test_settings_that_options_stand_for():
    words = "--role-arn a --session-tag a=b --session-tag c=d --read-only --duration 1h"
    assert arguments.parse(words.split()).settings() == (
        ("role_arn", "a", "--role-arn"),
        ("session_tags", ("a=b", "c=d"), "--session-tag"),
        ("session_read_only", "true", "--read-only"),
        ("duration_seconds", "3600", "--duration"),
    )
    assert arguments.parse(["-q", "p", "--region", "r"]).settings() == ()


def test_short_options_together():
    parsed = arguments.parse(["-qv", "p"])
    assert (parsed.quiet, parsed.verbose) == (True, True)


@pytest.mark.parametrize("action", ["help", "version", "forget"])
def test_action(action):
    assert arguments.parse([f"--{action}"]).action == action


def test_help_comes_before_everything():
    assert arguments.parse(["--forget", "--help", "p", "ls"]).action == "help"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["p", "--"], "no COMMAND after --; leave it out for a shell"),
        ([""], "PROFILE is empty"),
        (["--nothing-like-it"], "no option --nothing-like-it"),
        (["--roel-arn", "x"], "no option --roel-arn; did you mean --role-arn?"),
        (["-x"], "no option -x"),
        (["--region"], "--region needs NAME"),
        (["--region="], "--region is empty; give NAME or leave it out"),
        (["--external-id", ""], "--external-id is empty; give ID or leave it out"),
        (["--refresh=1"], "--refresh takes no argument"),
        (
            ["--duration", "soon"],
            "--duration soon: write a time as seconds, or like 15m, 8h, 1h30m",
        ),
        # which str() would refuse to print
        (
            ["--min-ttl", "9" * 4299 + "d"],
            f"--min-ttl {'9' * 4299}d: the time is too long; use at most 7d",
        ),
        (["--min-ttl", "8d"], "--min-ttl 8d: the time is too long; use at most 7d"),
        (
            ["--min-ttl", "9" * 20],
            f"--min-ttl {'9' * 20}: the time is too long; use at most 7d",
        ),
        (["--session-tag", "a"], "--session-tag a: a tag is KEY=VALUE"),
        (["--session-tag", "=b"], "--session-tag =b: a tag is KEY=VALUE"),
        (["--serve", "--list"], "--serve is for a COMMAND or a shell"),
        (["--serve", "--export", "sh", "p"], "--serve is for a COMMAND or a shell"),
        (["--forget", "p", "ls"], "--forget takes no COMMAND"),
        (["--forget", "--version"], "--version and --forget exclude each other"),
    ],
)
def test_usage_error(words, message):
    with pytest.raises(UsageError) as caught:
        arguments.parse(words)
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("; see awsexec --help")
