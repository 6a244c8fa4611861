"""A shell with the role, in real shells: that it is the user's own, and its prompt."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import time

import pexpect
import pytest

from awsexec.times import iso8601
from tests.support import AWSEXEC, READER_CONFIG, WRITER, age
from tests.terminal.shells import BASH, FISH, SHELLS, ZSH, Typist

WRITER_CONFIG = f"""
[profile writer]
role_arn = {WRITER}
source_profile = alice
region = eu-west-2
"""
# at the start of an hour that a slow machine may have begun to spend
FULL = r"\(reader (1h00m|59m)\) "
ALICE = r"\(alice\) "

YELLOW, RED = r"\x1b\[33m", r"\x1b\[31m"
# each shell has its own way back from a colour
PLAIN = r" ?\x1b\S* ?"

each_shell = pytest.mark.parametrize("kind", SHELLS, ids=lambda kind: kind.name)
each_prompt = pytest.mark.parametrize(
    "kind", (BASH, ZSH, FISH), ids=lambda kind: kind.name
)


@pytest.fixture(autouse=True)
def _world(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, WRITER_CONFIG)
    folder = os.path.dirname(AWSEXEC)
    run_awsexec.environ.update(PATH=f"{folder}:{os.defpath}", TERM="xterm")


@pytest.fixture
def start(run_awsexec, home, tmp_path):
    """Starts awsexec with `words` at a terminal, in a `kind` of shell."""
    typists = []

    def start(kind, *words, env=None, cwd=tmp_path):
        environ = {
            "SHELL": kind.path,
            **{k: v.format(home=home.path) for k, v in kind.environ.items()},
            **(env or {}),
        }
        typists.append(
            Typist([AWSEXEC, *words], run_awsexec.environment(environ), str(cwd))
        )
        return typists[-1]

    yield start
    for typist in typists:
        typist.process.close(force=True)


@pytest.fixture
def enter(start, home):
    """The same with a profile, up to the first prompt.

    Where it matters to nothing, that of alice's keys, which is the fastest.
    """

    def enter(
        kind,
        *lines,
        profile="alice",
        options=(),
        env=None,
        prefix=None,
        status=r"\d+",
    ):
        kind.set_up(home, *lines)
        typist = start(kind, *options, profile, env=env)
        if prefix is None:
            prefix = (FULL if profile == "reader" else ALICE) if kind.shows else ""
        typist.is_ready(prefix, status)
        return typist

    return enter


def expiry(kind, seconds):
    """The command that makes the session end in `seconds`."""
    return kind.export.format(
        "AWS_CREDENTIAL_EXPIRATION", iso8601(int(time.time()) + seconds)
    )


# the shell is the user's own


@each_shell
def test_the_users_files_history_and_folder(kind, start, home, tmp_path):
    kind.set_up(home, "alias own='echo from the alias'")
    work = tmp_path / "a folder"
    work.mkdir()
    typist = start(kind, "reader", env={"VIRTUAL_ENV": "/venv"}, cwd=work)
    typist.is_ready()
    typist.types("own")
    typist.sees("from the alias")
    typist.is_ready()
    assert typist.gets("pwd") == str(work)
    environ = dict(
        line.split("=", 1) for line in typist.gets("env").splitlines() if "=" in line
    )
    assert environ["AWSEXEC_PROFILE"] == "reader"
    assert environ["VIRTUAL_ENV"] == "/venv"
    assert environ["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000001"
    # of what makes it the shell with the role, nothing reaches its commands
    assert {name for name in environ if name.startswith("AWSEXEC_")} == {
        "AWSEXEC_PROFILE",
        "AWSEXEC_ACCOUNT",
        "AWSEXEC_ISSUED",
        "AWSEXEC_CACHE_DIR",
    }
    assert "ZDOTDIR" not in environ
    typist.types("exit")
    assert typist.leaves() == 0
    if kind.history:
        assert "own" in (home.path / kind.history).read_text()


@each_prompt
def test_what_the_users_files_select_is_not_taken_up(kind, enter):
    names = (
        "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "
        "AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CONTAINER_CREDENTIALS_FULL_URI "
        "AWS_CREDENTIAL_EXPIRATION AWSEXEC_PROFILE AWS_ROLE_ARN"
    ).split()
    typist = enter(
        kind, *(kind.export.format(name, "leak") for name in names), profile="reader"
    )
    printed = typist.gets("env")
    assert "=leak" not in printed
    assert "AWS_ACCESS_KEY_ID=ASIAEXAMPLE000000001" in printed
    assert "AWS_SESSION_TOKEN=EXAMPLESESSIONTOKEN00001" in printed
    assert "AWSEXEC_PROFILE=reader" in printed


@each_prompt
def test_served_shell(kind, enter):
    """The prompt of a served shell shows no time left: the endpoint renews the session."""
    names = (
        "AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
        "AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN"
    ).split()
    typist = enter(
        kind,
        *(kind.export.format(name, "leak") for name in names),
        profile="reader",
        options=["--serve"],
        prefix=r"\(reader\) ",
    )
    printed = typist.gets("env")
    assert "=leak" not in printed
    assert "AWS_ACCESS_KEY_ID" not in printed
    typist.types("awsexec --serve writer sh -c 'echo $AWSEXEC_PROFILE $AWS_REGION'")
    typist.sees("writer eu-west-2")
    typist.is_ready()
    typist.types("exit")
    assert typist.leaves() == 0


@each_prompt
def test_the_option_of_the_region_wins_over_the_users_files(kind, start, home):
    kind.set_up(home, kind.export.format("AWS_REGION", "us-east-1"))
    typist = start(kind, "--region", "eu-west-1", "reader")
    typist.is_ready(FULL)
    assert typist.gets("echo $AWS_REGION $AWS_DEFAULT_REGION") == "eu-west-1 eu-west-1"


@each_prompt
def test_keys_without_a_session(kind, start, home):
    kind.set_up(home, kind.export.format("AWS_SESSION_TOKEN", "leak"))
    typist = start(kind, "alice")
    typist.is_ready(r"\(alice\) ")
    assert "TOKEN" not in typist.gets("env")


def test_zdotdir_of_the_environment(start, home, tmp_path):
    folder = tmp_path / "zsh files"
    folder.mkdir()
    (folder / ".zshrc").write_text(ZSH.prompt + "\n")
    (folder / ".zshenv").write_text("own=zshenv\n")
    typist = start(ZSH, "reader", env={"ZDOTDIR": str(folder)})
    typist.is_ready(FULL)
    assert typist.gets("echo $own $ZDOTDIR $HISTFILE; printenv ZDOTDIR") == (
        f"zshenv {folder} {folder}/.zsh_history\n{folder}"
    )


def test_zdotdir_of_the_users_own_zshenv(start, home, tmp_path):
    (home.path / ".zshenv").write_text(f"ZDOTDIR={tmp_path}/z\n")
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / ".zshrc").write_text(ZSH.prompt + "\n")
    typist = start(ZSH, "reader")
    typist.is_ready(FULL)
    assert typist.gets("echo $ZDOTDIR $HISTFILE") == (
        f"{tmp_path}/z {tmp_path}/z/.zsh_history"
    )


@each_shell
def test_shell_option(kind, start, home):
    kind.set_up(home)
    typist = start(kind, "reader", "--shell", kind.path, env={"SHELL": "/bin/false"})
    typist.is_ready(FULL if kind.shows else "")


@each_shell
def test_login(kind, start, home):
    # it sees the role too; bash and dash read the others of the user's files from it
    path = home.path / kind.login
    path.parent.mkdir(parents=True, exist_ok=True)
    login = "true" if kind is not FISH else "status is-login"
    path.write_text(
        f"{login} && {kind.export.format('LOGIN', 'as-$AWSEXEC_PROFILE')}\n"
        + (f". {home.path}/.bashrc\n" if kind is BASH else "")
    )
    kind.set_up(home)
    typist = start(kind, "--login", "reader")
    typist.is_ready(FULL if kind.shows else "")
    assert typist.gets("echo $LOGIN") == "as-reader"


def test_no_such_shell(run_awsexec):
    result = run_awsexec("reader", env={"SHELL": "/no/such/shell"})
    assert result.error(127) == (
        "/no/such/shell: command not found; check the spelling and PATH"
    )


@each_shell
def test_commands_from_a_pipe(kind, run_awsexec, home):
    # these two read the user's files for them too
    if kind is ZSH:
        (home.path / ".zshenv").write_text("export AWS_PROFILE=leak\n")
    kind.set_up(home, kind.export.format("AWS_PROFILE", "leak"))
    result = run_awsexec(
        "reader",
        env={"SHELL": kind.path},
        stdin='echo "$AWSEXEC_PROFILE:$AWS_PROFILE"\nexit 3\n',
    )
    assert (result.status, result.stdout, result.stderr) == (3, "reader:\n", "")


# job control and the terminal


@each_shell
def test_interrupt_stop_and_exit(kind, enter):
    typist = enter(kind)
    typist.process.send("Q")
    typist.sees("Q")
    typist.interrupts()
    # a command that says when it is there
    typist.types("sh -c 'echo i''s up; exec sleep 100'")
    typist.sees("is up")
    typist.process.send("\x1a")
    typist.sees("(?i)stopped|suspended")
    typist.is_ready()
    assert "sleep" in typist.gets("jobs")
    typist.types("fg")
    # the job's own words again, as every shell shows them
    typist.sees("sleep")
    typist.sees("\n")
    typist.interrupts()
    typist.types("exit 7")
    assert typist.leaves() == 7


def again(typist, pattern, act, *values):
    """Do `act` with each value in turn until the screen shows `pattern`."""
    for value in itertools.islice(itertools.cycle(values), 5):
        act(*value)
        if not typist.process.expect([pattern, pexpect.TIMEOUT], timeout=4):
            return
    pytest.fail(f"no {pattern} on the screen")


@each_shell
def test_full_screen_programs_see_the_window_change(kind, enter, tmp_path):
    lacking = [name for name in ("less", "vi") if shutil.which(name) is None]
    if lacking:
        pytest.skip(f"{' and '.join(lacking)} not installed")
    text = tmp_path / "text"
    text.write_text("".join(f"line {number}.\n" for number in range(1, 100)))
    typist = enter(kind)
    for program, end in ((f"less {text}", "q"), (f"vi -u NONE {text}", ":q!\r")):
        typist.process.setwinsize(24, 300)
        typist.types(program)
        typist.sees(r"line 20\.")
        # less takes no notice of a size or a key that comes while it paints
        resize, send = typist.process.setwinsize, typist.process.send
        again(typist, r"line 45\.", resize, (50, 300), (49, 300))
        again(typist, r"\d+me> ", send, (end,))
    typist.process.setwinsize(50, 300)
    assert typist.gets("stty size") == "50 300"


# the prompt


@each_prompt
@pytest.mark.parametrize("options", [(), ("--serve",)], ids=["keys", "serve"])
def test_the_mark_goes_when_the_role_is_unset(kind, options, enter):
    typist = enter(kind, options=options)
    form = "fish" if kind is FISH else "sh"
    line = f"awsexec --export {form} --unset"
    typist.types(f"{line} | source" if kind is FISH else f'eval "$({line})"')
    typist.is_ready(r"(?<!\) )", "0")
    left = typist.gets(
        "env | sed -n 's/=.*//p' | grep -E 'KEY|TOKEN|AWSEXEC_P|CONTAINER'"
    )
    assert left == ""


@each_prompt
def test_prompt_off(kind, enter):
    typist = enter(kind, env={"AWSEXEC_PROMPT": "0"}, prefix=r"(?<!\) )")
    assert "AWSEXEC_PROFILE=alice" in typist.gets("env")
    assert "(alice" not in typist.process.before


@each_prompt
def test_prompt_counts_down_and_tells_of_the_end_once(kind, enter, sts):
    typist = enter(kind, profile="reader")
    typist.types(expiry(kind, 3000))
    typist.is_ready(r"\(reader (50|49)m\) ")
    typist.types(expiry(kind, 5 * 3600 + 59))
    typist.is_ready(r"\(reader 5h00m\) ")
    # the last quarter of an hour
    issued = iso8601(int(time.time()) - 3450)
    typist.types(f"{kind.export.format('AWSEXEC_ISSUED', issued)}; {expiry(kind, 150)}")
    advice = "to get new ones: " + kind.renew.format("reader")
    typist.sees(
        r"awsexec: the credentials of reader expire in 2m; "
        + re.escape(advice)
        + "\r\n"
    )
    typist.is_ready(YELLOW + r"\(reader 2m\)" + PLAIN)
    typist.types("true")
    typist.is_ready(r"\(reader [12]m\)" + PLAIN)
    assert "new ones" not in typist.process.before
    typist.types(expiry(kind, 30))
    typist.is_ready(r"\(reader <1m\)" + PLAIN)
    typist.types(expiry(kind, -30))
    typist.sees("credentials of reader have expired; " + re.escape(advice) + "\r\n")
    typist.is_ready(RED + r"\(reader expired\)" + PLAIN)
    typist.types("true")
    typist.is_ready(r"\(reader expired\)" + PLAIN)
    assert "new ones" not in typist.process.before
    assert len(sts.calls) == 1


@each_prompt
def test_fresh_credentials_without_leaving(kind, run_awsexec, start, home, sts):
    kind.set_up(home)
    run_awsexec("reader", "true")
    age(home, 3000)
    # without renewal behind our back, this is the session that is near its end
    typist = start(kind, "reader", env={"AWSEXEC_REFRESH_AHEAD": "0"})
    typist.sees("awsexec: the credentials of reader expire in")
    typist.is_ready(YELLOW + r"\(reader (9|10)m\)" + PLAIN)
    assert sts.operations == ["AssumeRole reader"]
    before = typist.gets("echo $AWS_ACCESS_KEY_ID")
    # its own variable out of the way, the last quarter counts again
    typist.types(
        "set -e AWSEXEC_REFRESH_AHEAD"
        if kind is FISH
        else "unset AWSEXEC_REFRESH_AHEAD"
    )
    typist.is_ready()
    typist.types(kind.renew.format("reader"))
    typist.is_ready(FULL)
    assert sts.operations == ["AssumeRole reader"] * 2
    assert typist.gets("echo $AWS_ACCESS_KEY_ID") != before
    assert "expire" not in typist.process.before


# the user's prompt in all the ways it is made; "1" is how `false` ended
PROMPTS = [
    (BASH, "PS1='$?me> '"),
    (BASH, "PS1='\\[\\e[32m\\]$(echo $?)\\[\\e[0m\\]me> '"),
    (BASH, 'make() { PS1="$?me> "; }; PROMPT_COMMAND=make'),
    (BASH, "make() { PS1=\"$?me> \"; }; export PROMPT_COMMAND='make;  # mine'"),
    (BASH, "set -u; unset PS1; PROMPT_COMMAND='PS1=\"$?me> \"; '"),
    (BASH, "PROMPT_COMMAND=(true 'PS1=\"$?me> \"')"),
    (BASH, "export PS1='$?me> '; trap 'last=$_' DEBUG; set -o vi"),
    # as starship does
    (BASH, 'go() { code=$?; PS1="$(printf %s $code)me> "; }; PROMPT_COMMAND=go'),
    (BASH, "alias printf=false local=false [=false date=false; IFS=_0; PS1='$?me> '"),
    (ZSH, "PROMPT='%?me> '"),
    (ZSH, "setopt promptsubst nounset; PROMPT='%F{green}$(print -n %?)%fme> '"),
    (ZSH, "precmd() { PROMPT=$?'me> ' }"),
    (ZSH, "autoload -U add-zsh-hook; f() { PS1=$?'me> ' }; add-zsh-hook precmd f"),
    (ZSH, "f() { psvar=($?); PROMPT='%1vme> ' }; precmd_functions=(f)"),
    (ZSH, "setopt ksharrays shwordsplit promptsubst; PROMPT='${?}me> '"),
    # in two lines, as many themes have it
    (ZSH, "PROMPT=$'%~\\n%?me> '; RPROMPT='%*'; f() { zle reset-prompt }; zle -N f"),
    (FISH, "function fish_prompt; echo -n $status'me> '; end"),
    # as starship does
    (FISH, "function fish_prompt; set s $status; printf '%sme> ' $s; end; set -g v"),
    (FISH, "fish_vi_key_bindings; function fish_mode_prompt; end"),
]


# another colour, or another line
BETWEEN = r"([^)]*\n)?(\x1b\S*)?"


@pytest.mark.parametrize(
    "kind, line", PROMPTS, ids=lambda item: getattr(item, "name", None)
)
def test_prompt_of_the_users_own(kind, line, enter):
    typist = enter(kind, line, prefix=ALICE + BETWEEN, status=r"0(\x1b\S*)?")
    typist.types("false")
    typist.is_ready(r"[^)\s]\(alice\) " + BETWEEN, status=r"1(\x1b\S*)?")
    assert "__awsexec" not in typist.process.before
    typist.types("true")
    typist.is_ready(r"[^)\s]\(alice\) " + BETWEEN, status=r"0(\x1b\S*)?")


@each_prompt
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colour(kind, env, enter):
    typist = enter(kind, env=env, profile="reader")
    typist.types(expiry(kind, -30))
    typist.sees("have expired; ")
    typist.is_ready(r"\(reader expired\) ")
    assert not re.search(r"\x1b\[3[13]m", typist.process.before + typist.process.after)


@each_prompt
def test_nested(kind, enter, sts):
    typist = enter(kind, profile="reader")
    key = typist.gets("echo $AWS_ACCESS_KEY_ID")
    assert typist.gets("awsexec reader -- printenv AWS_ACCESS_KEY_ID") == key
    assert sts.operations == ["AssumeRole reader"]
    typist.types("awsexec writer")
    typist.is_ready(r"(?<!\) )\(writer (1h00m|59m)\) ")
    # worked out from the files, not from the role here
    assert sts.calls[-1].key_id == "AKIAIOSFODNN7EXAMPLE"
    assert typist.gets("echo $AWSEXEC_PROFILE $AWS_REGION") == "writer eu-west-2"
    typist.types("exit")
    typist.is_ready(FULL)
    assert typist.gets("echo $AWS_ACCESS_KEY_ID") == key


@each_prompt
def test_exported_prompt_in_a_shell_without_the_role(kind, enter):
    lines = ["export PS1 PROMPT_COMMAND=true"] if kind is not FISH else []
    typist = enter(kind, *lines, profile="reader")
    # the same shell, with nothing but what it inherits
    plain = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}[kind.name]
    typist.types(f"{kind.name} {plain}")
    if kind is FISH:
        typist.types("echo i's' in")
        typist.sees("is in")
    else:
        typist.is_ready(r"(?<!\) )(?<!\S )")
        assert "__awsexec" not in ESCAPED.sub("", typist.process.before)
    typist.types("exit")
    typist.is_ready(FULL)
    # and in one with another role
    typist.types("awsexec writer")
    typist.is_ready(r"(?<!\) )\(writer (1h00m|59m)\) ")


ESCAPED = re.compile(r"\$\{?__awsexec_hook")

NASTY = "x$(touch pwned)`touch pwned` %n%F{red}%? ${HOME} \\u\\$ 'q' ! é 日本 ;&|"


@pytest.mark.parametrize(
    "kind, lines",
    [
        (BASH, ["", "PS1='0me> '; shopt -u promptvars", "set -o posix", "set -u"]),
        (
            ZSH,
            [
                "",
                "setopt promptsubst promptbang",
                "PS1='0me> '; setopt promptsubst nopromptpercent",
                "PS1='0me> '; setopt nopromptpercent promptbang nounset",
            ],
        ),
        (FISH, [""]),
    ],
    ids=lambda item: getattr(item, "name", ""),
)
def test_nothing_in_a_name_is_expanded(kind, lines, start, home, sts, tmp_path):
    home.write_config(READER_CONFIG.replace("profile reader", f'profile "{NASTY}"'))
    shown = re.escape(f"({NASTY} ") + r"(1h00m|59m)\) "
    for line in lines:
        kind.set_up(home, line)
        typist = start(kind, NASTY)
        typist.is_ready(shown)
        typist.types(expiry(kind, -30))
        typist.sees("have expired; to get new ones: (.*)\r\n")
        # what it says is good for typing
        typist.types(typist.process.match[1])
        typist.is_ready(shown)
        assert typist.gets("printenv AWSEXEC_PROFILE") == NASTY
        typist.process.close(force=True)
    assert not list(tmp_path.rglob("pwned"))
