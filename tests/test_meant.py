"""What the user may have meant: each answer is a command line that awsexec can follow."""

import shlex
import shutil
import subprocess

import pytest

from awsexec.errors import CommandNotFound, NoSuchProfile, UsageError
from awsexec.options import meant
from awsexec.profiles.near import nearest
from awsexec.options.arguments import parse
from awsexec.options.table import OPTIONS
from tests.support import CODES

NAMES = ("deploy", "acme-prod", "two words")


@pytest.fixture
def environ(tmp_path):
    """A user with the profiles NAMES, and with the programs `aws` and `ls`."""
    config = tmp_path / "config"
    config.write_text("".join(f'[profile "{name}"]\n' for name in NAMES))
    for name in ("aws", "ls", "tst"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    return {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "PATH": str(tmp_path),
        "SHELL": "/bin/bash",
    }


def answer(words, environ):
    """What the command line says for `words`, with its one error."""
    try:
        profile = parse(words).profile
        assert profile is not None and profile not in NAMES
        near = nearest(profile, NAMES)
        error = NoSuchProfile(profile, near, ["F"])
    except UsageError as caught:
        error = caught
    return meant.answer(error, words, environ)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        # a slip
        ("--lst", "awsexec --list"),
        ("-list", "awsexec --list"),
        ("--LIST", "awsexec --list"),
        ("--expl deploy", "awsexec --explain deploy"),
        ("--no_prompt deploy ls", "awsexec --no-prompt deploy -- ls"),
        ("deploy --readonly ls -l", "awsexec deploy --read-only -- ls -l"),
        ("--regoin=r --lst", "awsexec --region=r --list"),
        # an option of another tool
        ("--profile deploy aws s3 ls", "awsexec deploy -- aws s3 ls"),
        ("--profile=deploy", "awsexec deploy"),
        ("--profil deploy aws s3 ls", "awsexec deploy -- aws s3 ls"),
        ("-profile deploy", "awsexec deploy"),
        ("--porfile=deploy", "awsexec deploy"),
        ("--ecs-serve deploy x", "awsexec --serve deploy -- x"),
        ("-p deploy -- ls -p", "awsexec deploy -- ls -p"),
        ("-l", "awsexec --list"),
        ("-c deploy", "awsexec --console deploy"),
        ("--ecs-server -d 1h deploy x", "awsexec --serve --duration 1h deploy -- x"),
        # a word of another tool
        ("exec deploy -- make -j8", "awsexec deploy -- make -j8"),
        ("exec --ecs-server deploy make", "awsexec --serve deploy -- make"),
        ("-v exec deploy", "awsexec -v deploy"),
        ("assume deploy", "awsexec deploy"),
        ("shell deploy", "awsexec deploy"),
        ("list", "awsexec --list"),
        ("list --json", "awsexec --list --json"),
        ("ls", "awsexec --list"),
        ("login deploy", "awsexec --console deploy"),
        ("console deploy --service s3", "awsexec --console deploy --service s3"),
        ("whoami", "awsexec --whoami"),
        ("version", "awsexec --version"),
        ("sign-in corp", "awsexec --sign-in corp"),
        ("sso login", "awsexec --sign-in"),
        ("sso logout --sso-session corp", "awsexec --sign-out corp"),
        ("logout", "awsexec --sign-out"),
        ("help", "awsexec --help"),
        ("clear", "awsexec --forget --all"),
        ("clear deploy", "awsexec --forget deploy"),
        ("forget deploy", "awsexec --forget deploy"),
        ("serve deploy x", "awsexec --serve deploy -- x"),
        ("add alice", "awsexec --add-keys alice"),
        ("remove alice", "awsexec --remove-keys alice"),
        ("rotate alice", "awsexec --rotate-keys alice"),
        ("\u2014list", "awsexec --list"),
        # what prints lines for a shell, in the line that reads them
        ("unset", 'eval "$(awsexec --export sh --unset)"'),
        ("export deploy", 'eval "$(awsexec --export sh deploy)"'),
        ("export json deploy", "awsexec --export json deploy"),
        ("--export sh exec deploy", 'eval "$(awsexec --export sh deploy)"'),
        ("--export fish -p deploy", "awsexec --export fish deploy | source"),
        ("init", "awsexec --init bash"),
        ("init zsh", "awsexec --init zsh"),
        # a program before any profile
        ("aws s3 ls", "awsexec PROFILE -- aws s3 ls"),
        ("ls -l", "awsexec PROFILE -- ls -l"),
        # the user's own words
        ("exec 'two words' 'it'\\''s' ''", "awsexec 'two words' -- 'it'\\''s' ''"),
    ],
)
def test_the_whole_line(typed, right, environ):
    words = shlex.split(typed)
    said = answer(words, environ)
    assert said.endswith(f"type: {right}")
    if right.startswith("awsexec") and "|" not in right:
        parse(shlex.split(right)[1:])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--lst", "unknown option --lst; did you mean --list? type: awsexec --list"),
        ("--ver", "unknown option --ver; did you mean --verbose or --version? see"),
        ("--token 1 x", "unknown option --token; did you mean --mfa-token? see"),
        (
            "--profile",
            "unknown option --profile; PROFILE needs no option; type: awsexec",
        ),
        ("--profil", "unknown option --profil; PROFILE needs no option; type: awsexec"),
        ("deploy --profile x", "unknown option --profile; PROFILE needs no option;"),
        ("--qqq", "unknown option --qqq; see awsexec --help"),
        ("-x", "unknown option -x; see awsexec --help"),
        ("DEPLOI", "no profile 'DEPLOI' in F; did you mean deploy?"),
        ("prod", "no profile 'prod' in F; did you mean acme-prod?"),
        ("nosuch", "no profile 'nosuch' in F; add it there, or check the spelling"),
        (
            "'ls | wc'",
            "no profile 'ls | wc' in F; PROFILE comes first; type: awsexec PROFILE -- sh -c "
            "'ls | wc'",
        ),
        ("Two-Words", "no profile 'Two-Words' in F; did you mean two words?"),
    ],
)
def test_a_question(typed, said, environ):
    assert answer(shlex.split(typed), environ).startswith(said)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("aws s3 ls", "awsexec -- aws s3 ls"),
        ("-q aws s3 'a b'", "awsexec -q -- aws s3 'a b'"),
        ("ls -l", "awsexec -- ls -l"),
        ("'ls -l | wc'", "awsexec -- sh -c 'ls -l | wc'"),
    ],
)
def test_a_program_where_a_variable_names_the_profile(typed, right, environ):
    environ["AWS_PROFILE"] = "deploy"
    said = answer(shlex.split(typed), environ)
    assert said.endswith(f" as deploy (AWS_PROFILE), type: {right}")


def test_a_word_that_may_be_a_habit_or_a_program(environ):
    environ["AWS_PROFILE"] = "deploy"
    said = answer(["ls"], environ)
    assert "type: awsexec --list; to run ls" in said
    assert said.endswith("type: awsexec -- ls")


@pytest.mark.parametrize("word", ["exec", "list", "shell", "login"])
def test_the_name_of_a_profile_is_no_habit(word, environ):
    with open(environ["AWS_CONFIG_FILE"], "a") as config:
        config.write(f"[profile {word}]\n")
    with pytest.raises(UsageError) as caught:
        parse([word, "--qqq"])
    assert meant.answer(caught.value, [word, "--qqq"], environ) == str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["p", "aws s3 ls"], "type: awsexec p -- sh -c 'aws s3 ls'"),
        (["-q", "p", "--", "a | b"], "type: awsexec -q p -- sh -c 'a | b'"),
        (["--", "echo '$X'"], "type: awsexec -- sh -c 'echo '\\''$X'\\'''"),
        (["p", "A=1", "make"], "type: awsexec p -- env A=1 make"),
        (["p", "source", "x"], "to start a shell with the role, type: awsexec p"),
        (
            ["p", "nosuch", "a b"],
            "nosuch: command not found; check the spelling and PATH",
        ),
        (["p", " "], " : command not found; check the spelling and PATH"),
    ],
)
def test_a_command_that_is_not_found(words, said, environ):
    error = CommandNotFound(parse(words).command[0])
    text = meant.answer(error, words, environ)
    assert text.startswith(str(error).partition("; ")[0])
    assert text.endswith(said)


def slips(word):
    """Each word that is one slip from `word`, with letters in place of any other one."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + "x" + word[at:]
        yield word[:at] + "x" + word[at + 1 :]
        yield word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


LONG = [flag for option in OPTIONS for flag in option.flags if flag[:2] == "--"]


@pytest.mark.parametrize("flag", LONG)
def test_each_slip_of_each_option(flag):
    for word in slips(flag[2:]):
        if f"--{word}" not in LONG and word[:1] != "-" and len(word) > 2:
            assert flag in meant.near_options(f"--{word}")[0], word


def test_no_secret_is_in_the_line():
    words = [
        "--mfa-token",
        CODES[0],
        "--external-id=secret",
        "p",
        "x",
        "--mfa-token",
        "1",
    ]
    typed = "awsexec --mfa-token CODE --external-id=ID p -- x --mfa-token 1"
    assert meant.line(words) == typed


def test_a_long_line_ends_with_the_program():
    assert meant.line(["p", "make", *["x"] * 1000]) == "awsexec p -- make ..."


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_quoting_for_a_shell(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = [
        "",
        "a b",
        "it's",
        "=x",
        "a=b",
        "~",
        "*",
        "ü",
        "-x",
        "\\",
        "\x1b[31m\n'\\",
        "\u202e",
    ]
    words += [chr(code) for code in range(1, 128)] + ["\udcff", "{a,b}", "!!", "#"]
    line = " ".join(["printf '%s\\0'", *map(meant.quoted, words)])
    assert line.isprintable()
    printed = subprocess.run(
        [shell, "-c", line], capture_output=True, check=True
    ).stdout
    assert printed.decode("utf-8", "surrogateescape").split("\0")[:-1] == words
