"""--init in a start-up file: the prompt, the function and the completions, in real shells."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import time

import pytest

from awsexec.times import iso8601
from tests.support import AWSEXEC, READER_CONFIG, WRITER
from tests.terminal.shells import BASH, DASH, FISH, ZSH, Kind, Typist

KINDS = (BASH, ZSH, FISH)
INIT = {
    "bash": 'eval "$(awsexec --init bash{})"',
    "zsh": 'eval "$(awsexec --init zsh{})"',
    "fish": "awsexec --init fish{} | source",
}
FULL = r"\(reader (1h00m|59m)\) "
WRITING = r"\(writer (1h00m|59m)\) "
NONE = r"(?<!\) )"
# what stands before the only prefix
ONCE = r"[^)\s]"
# another line or another colour
BETWEEN = r"([^)]*\n)?(\x1b\S*)?"

each = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(autouse=True)
def _world(run_awsexec, home, sts):
    writer = READER_CONFIG.replace("reader", "writer").replace("e reader", WRITER)
    home.write_config(READER_CONFIG, writer, "region = eu-west-2\n")
    folder = os.path.dirname(AWSEXEC)
    run_awsexec.environ.update(PATH=f"{folder}:{os.defpath}", TERM="xterm")


@pytest.fixture
def start(run_awsexec, home, tmp_path):
    """Starts a `kind` of shell whose start-up file has `lines` and, last, that of --init."""
    typists = []

    def start(kind: Kind, *lines, words="", env=None, command=None, last=()):
        kind.set_up(home, *lines, INIT[kind.name].format(words), *last)
        environ = run_awsexec.environment({"SHELL": kind.path, **(env or {})})
        typists.append(
            Typist(command or [kind.path, "-i"], environ, str(tmp_path)),
        )
        return typists[-1]

    yield start
    for typist in typists:
        typist.process.close(force=True)


# the prompt


@each
def test_no_role_no_prompt(kind, start):
    typist = start(kind)
    typist.is_ready(NONE)
    assert "reader" not in typist.process.before
    assert "AWSEXEC_" not in re.sub(
        "AWSEXEC_CACHE_DIR", "", typist.gets("env")
    ).replace("AWSEXEC_INIT", "")


@each
def test_a_child_of_the_shell_shows_the_role(kind, start, run_awsexec):
    """And a shell in it: one prefix each, though the file is read again."""
    typist = start(kind, command=[AWSEXEC, "reader"])
    typist.is_ready(BETWEEN + FULL)
    for _ in range(2):
        typist.types(f"{kind.path} -i")
        typist.is_ready(NONE + FULL)
        typist.types("true")
        typist.is_ready(ONCE + FULL)
        assert "reader" not in typist.process.before
    typist.types("exit")
    typist.is_ready(FULL)


@each
def test_a_command_that_starts_a_shell(kind, start):
    """As `awsexec reader -- tmux` does, with the time left but not from when on."""
    typist = start(kind, command=[AWSEXEC, "reader", "--", kind.path, "-i"])
    typist.is_ready(FULL)


@each
@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "read-only"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess policy=7b7d", "limited"),
        ("arn:aws:iam::123456789012:policy/x", "limited"),
    ],
)
def test_prompt_of_a_limited_session(kind, start, limits, word):
    end = iso8601(int(time.time()) + 1000)
    env = {"AWSEXEC_PROFILE": "reader", "AWSEXEC_LIMITS": limits}
    typist = start(kind, env={**env, "AWS_CREDENTIAL_EXPIRATION": end})
    typist.is_ready(rf"\(reader {word} 1\dm\) ?")


@each
def test_prompt_off(kind, start):
    env = {"AWSEXEC_PROMPT": "0", "AWSEXEC_PROFILE": "reader", "AWSEXEC_LIMITS": "x"}
    typist = start(kind, env=env)
    typist.is_ready(NONE)
    assert "(reader" not in typist.process.before


@each
def test_prompt_tells_of_the_end(kind, start):
    ended = {
        "AWSEXEC_PROFILE": "reader",
        "AWS_CREDENTIAL_EXPIRATION": iso8601(int(time.time()) - 60),
    }
    typist = start(kind, env=ended)
    typist.sees("the credentials of reader have expired; to get new ones: ")
    typist.is_ready(r"\(reader expired\) ?\x1b\S* ?")


# prompts that are made after the line of --init
LATER = [
    (BASH, 'make() { PS1="$?me> "; }; PROMPT_COMMAND="make;$PROMPT_COMMAND"'),
    (BASH, 'make() { PS1="$?me> "; }; PROMPT_COMMAND="$PROMPT_COMMAND"$\'\\n\'make'),
    # as starship does, which runs what was there before it makes the prompt
    (
        BASH,
        'old=$PROMPT_COMMAND; go() { code=$?; eval "$old"; PS1="${code}me> "; }; '
        "PROMPT_COMMAND=go",
    ),
    (BASH, 'PROMPT_COMMAND=("${PROMPT_COMMAND[@]}" "PS1=\\"\\$?me> \\"")'),
    (ZSH, "precmd() { PROMPT=$?'me> ' }"),
    (ZSH, "autoload -U add-zsh-hook; f() { PS1=$?'me> ' }; add-zsh-hook precmd f"),
    (ZSH, "f() { PS1=$?'me> ' }; precmd_functions=(f)"),
    (FISH, "function fish_prompt; echo -n $status'me> '; end"),
]


@pytest.mark.parametrize(
    ("kind", "line"), LATER, ids=lambda item: getattr(item, "name", None)
)
def test_a_theme_that_comes_later(kind, line, start):
    typist = start(kind, last=[line], env={"AWSEXEC_PROFILE": "reader"})
    # in bash, the hook may find itself before the theme, and is last from then on
    typist.is_ready("" if kind is BASH else r"\(reader\) ", status="0")
    typist.types("false")
    typist.is_ready(r"\(reader\) ", status=r"\d")
    typist.types("false")
    typist.is_ready(ONCE + r"\(reader\) ", status="1")


# the user's aliases, options and functions
ODD = [
    (
        BASH,
        "alias printf=false local=false [=false date=false builtin=false eval=false",
    ),
    (BASH, "alias case=false; shopt -u expand_aliases"),
    (BASH, "set -u; IFS=_0"),
    (ZSH, "alias -g assume=false emulate=false; alias local=false print=false"),
    (ZSH, "setopt ksharrays shwordsplit nounset promptsubst"),
    (ZSH, "unsetopt aliases"),
    (FISH, "set -g v 1; fish_vi_key_bindings; function fish_mode_prompt; end"),
]


@pytest.mark.parametrize(
    ("kind", "line"), ODD, ids=lambda item: getattr(item, "name", None)
)
def test_odd_start_up_files(kind, line, start):
    # eval is an alias in one of them
    begin = ["unalias eval"] if "eval=" in line else []
    typist = start(
        kind,
        line,
        *begin,
        words=" --function become",
        env={"AWSEXEC_PROFILE": "reader"},
    )
    typist.is_ready(r"\(reader\) " + BETWEEN)
    assert "awsexec:" not in typist.process.before
    typist.types("become writer")
    typist.is_ready(WRITING + BETWEEN)


def test_the_aliases_are_as_they_were(start):
    for kind, show in ((BASH, "shopt expand_aliases"), (ZSH, "echo $options[aliases]")):
        for line, word in (
            ("true", "on"),
            ("shopt -u expand_aliases" if kind is BASH else "unsetopt aliases", "off"),
        ):
            typist = start(kind, line)
            typist.is_ready()
            assert typist.gets(show).split()[-1] == word


# the function


@each
def test_the_function_changes_the_shell(kind, start, sts):
    typist = start(kind)
    typist.is_ready(NONE)
    typist.types("assume reader")
    typist.is_ready(FULL, status="0")
    assert typist.gets("printenv AWSEXEC_PROFILE AWS_ACCESS_KEY_ID") == (
        "reader\nASIAEXAMPLE000000001"
    )
    typist.types("assume writer --region eu-west-1")
    typist.is_ready(WRITING, status="0")
    assert typist.gets("printenv AWS_REGION AWSEXEC_PROFILE") == "eu-west-1\nwriter"
    typist.types("assume --unset")
    typist.is_ready(NONE, status="0")
    assert "AWSEXEC_PROFILE" not in typist.gets("env")


@each
def test_a_failure_leaves_everything(kind, start, run_awsexec):
    typist = start(kind)
    typist.is_ready(NONE)
    typist.types("assume reader")
    typist.is_ready(FULL)
    before = typist.gets("env | grep ^AWS | sort")
    for words in ("nosuch", "reader --nosuch", "writer -- true", "writer --json"):
        typist.types(f"assume {words}")
        typist.sees("awsexec: ")
        typist.is_ready(FULL, status="125")
        assert typist.gets("env | grep ^AWS | sort") == before
    # it prints the help, and runs nothing of it
    typist.types("assume --help")
    typist.sees(r"COMMAND \[ARG\]")
    typist.is_ready(FULL, status="0")
    assert typist.gets("env | grep ^AWS | sort") == before


@each
def test_the_picker(kind, start):
    typist = start(kind)
    typist.is_ready(NONE)
    typist.types("assume")
    typist.sees("writer")
    typist.process.send("rit\r")
    typist.is_ready(WRITING, status="0")


@each
def test_interrupted(kind, start):
    typist = start(kind)
    typist.is_ready(NONE)
    typist.types("assume")
    typist.sees("writer")
    typist.process.sendintr()
    typist.is_ready(NONE, status="130")


@each
def test_another_name_or_none(kind, start):
    typist = start(kind, words=" --function to-be")
    typist.is_ready(NONE)
    typist.types("to-be reader")
    typist.is_ready(FULL)
    typist = start(kind, words=" --function ''")
    typist.is_ready(NONE)
    typist.types("assume reader")
    typist.is_ready(NONE, status="127")


TAKEN = [
    ("alias", BASH, "alias assume='. assume'"),
    ("alias", ZSH, "alias assume='. assume'"),
    ("function", BASH, "assume() { echo mine; }"),
    ("function", ZSH, "assume() { echo mine; }"),
    ("function", FISH, "function assume; echo mine; end"),
    ("abbreviation", FISH, "abbr -a assume 'echo mine'"),
]


@pytest.mark.parametrize(
    ("what", "kind", "line"),
    TAKEN,
    ids=lambda item: getattr(item, "name", item),
)
def test_a_name_that_is_taken(what, kind, line, start):
    typist = start(kind, line)
    typist.sees(
        "awsexec: no function assume is defined, because there is another "
        f"{what} of that name; choose another name with --init {kind.name} --function NAME"
    )
    typist.is_ready(NONE)
    if what == "function":
        assert typist.gets("assume") == "mine"


@each
def test_a_command_of_that_name(kind, start, home, run_awsexec):
    (home.path / "bin").mkdir()
    home.script("bin/assume", "#!/bin/sh\necho mine\n")
    path = f"{home.path}/bin:{run_awsexec.environ['PATH']}"
    typist = start(kind, env={"PATH": path})
    typist.sees("no function assume is defined, because there is another command of")
    typist.is_ready(NONE)
    assert typist.gets("assume") == "mine"


@each
def test_reading_the_file_again(kind, start, home):
    typist = start(kind, env={"AWSEXEC_PROFILE": "reader"})
    typist.is_ready(r"\(reader\) " + BETWEEN)
    typist.types(f"source {home.path}/{kind.startup}")
    typist.is_ready(r"\(reader\) " + BETWEEN)
    assert "awsexec:" not in typist.process.before
    typist.types("assume writer")
    typist.is_ready(ONCE + WRITING)


@each
@pytest.mark.parametrize("compinit", ["before", "after"])
def test_completions(kind, start, compinit):
    line = "autoload -U compinit; compinit -u"
    before = [line] if kind is ZSH and compinit == "before" else []
    after = [line] if kind is ZSH and compinit == "after" else []
    typist = start(kind, *before, last=after)
    typist.is_ready(NONE)
    for word in ("awsexec", "assume"):
        typist.process.send(f"{word} writ\t")
        typist.sees("writer")
        typist.process.send("\x15")


@each
def test_not_interactive(kind, run_awsexec, home):
    """Nothing is printed, and a script may use the function."""
    line = INIT[kind.name].format("")
    for what in ("true", f"alias assume=x; {line}"):
        result = subprocess.run(
            [kind.path, "-c", f"{what}; {line}; assume reader; echo $AWSEXEC_PROFILE"],
            env=run_awsexec.environment(),
            capture_output=True,
            text=True,
        )
        if what == "true":
            assert (result.stdout, result.stderr) == ("reader\n", "")
        assert "no function" not in result.stderr


def test_a_shell_whose_prompt_does_not_show_it(run_awsexec, home, tmp_path):
    DASH.set_up(home)
    for words, said in (([], True), (["-q"], False)):
        environ = run_awsexec.environment(
            {"SHELL": DASH.path, "ENV": f"{home.path}/.dashrc"}
        )
        typist = Typist([AWSEXEC, *words, "reader"], environ, str(tmp_path))
        typist.is_ready()
        expected = (
            "awsexec: this shell has the credentials of reader, and its prompt does not "
            "show it: awsexec cannot change the prompt of dash; exit leaves it\r\n"
        )
        assert (expected in typist.process.before) == said
        typist.process.close(force=True)


@pytest.mark.uncounted
@pytest.mark.true_start
def test_start_up_cost(run_awsexec):
    """At most 1.6 times an interpreter's start; twice on a machine that others use."""
    python = os.path.join(os.path.dirname(AWSEXEC), "python")
    times: dict[str, list[float]] = {"init": [], "python": []}
    for _ in range(40):
        for name, command in (
            ("init", [AWSEXEC, "--init", "bash"]),
            ("python", [python, "-c", "pass"]),
        ):
            begun = time.perf_counter()
            subprocess.run(
                command, env=run_awsexec.environment(), stdout=subprocess.DEVNULL
            )
            times[name].append(time.perf_counter() - begun)
    assert statistics.median(times["init"]) < 2 * statistics.median(times["python"])


@each
def test_a_profile_that_asks(kind, start, home):
    """The yes to `assume` holds in the shell and in what it runs."""
    home.write_config(READER_CONFIG, "confirm = true\n")
    typist = start(kind)
    typist.is_ready(NONE)
    typist.types("assume reader")
    typist.sees(r"Go on\? \[y/N\] ")
    typist.types("y")
    typist.is_ready(FULL)
    inner = f"sh -c '{AWSEXEC} reader -- echo RAN; true'"
    for command in (f"{AWSEXEC} reader -- echo RAN", inner):
        assert typist.gets(command) == "RAN"
    # again, without a question, as at the session's end
    assert typist.gets(kind.renew.format("reader")) == ""
    assert typist.gets(inner) == "RAN"
