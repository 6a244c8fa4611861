"""TAB, pressed in each shell, and what has become of the line."""

import shutil

import pytest

from awsexec.options.table import OPTIONS
from tests.completions.conftest import HOSTILE
from tests.completions.shells import KINDS, SOURCES, TAB

pytestmark = pytest.mark.uncounted

GIT = shutil.which("git")


def completes(shell, cases):
    """Check (what is typed after ``awsexec``, the words that come of it) of `cases`."""
    found = {typed: shell.words(f"awsexec {typed}") for typed, _ in cases}
    assert found == dict(cases)


def test_names_of_profiles(shell):
    completes(
        shell,
        [
            ("pl\t", "<plain>"),
            ("dots\t", "<dots.and.more>"),
            ("me\t", "<me@example.com+tag>"),
            ("me@\t", "<me@example.com+tag>"),
            ("colon:o\t", "<colon:one/x>"),
            ("colon\tt\t", "<colon:two>"),
            ("eq\t", "<eq=ual>"),
            ("eq=\t", "<eq=ual>"),
            ("grö\t", "<größe-é>"),
            ("日\t", "<日本>"),
            # the credentials file's
            ("al\t", "<alice>"),
        ],
    )


def test_names_that_need_quotes(shell):
    completes(
        shell,
        [
            ("so\to\t", "<some team one>"),
            ("some\\ team\\ o\t", "<some team one>"),
            ("'some team o\t", "<some team one>"),
            ('"some team o\t', "<some team one>"),
            ("it\t", "<it's>"),
            ("it\\'\t", "<it's>"),
            ('"it\t', "<it's>"),
            ("double\t", '<double"quote>'),
            ('"double\t', '<double"quote>'),
            ("'double\t", '<double"quote>'),
            ("cash\t", "<cash$HOME>"),
            ("cash\\$H\t", "<cash$HOME>"),
            ("'cash\t", "<cash$HOME>"),
            ('"cash\t', "<cash$HOME>"),
            ("tick\t", "<tick`s>"),
            ('"tick\t', "<tick`s>"),
            ("back\t", "<back\\slash>"),
            ("back\\\\\t", "<back\\slash>"),
            ("wild\t", "<wild*?>"),
            ("names\t", "<names;more>"),
            ("\\~\t", "<~tilde>"),
            ("hash\t", "<hash#x>"),
            ("par\t", "<par(en)>"),
            ("\\{a\t", "<{a,b}c>"),
            ("\\|\t", "<|less&<more>>"),
            ("ex\t", "<ex!cl>"),
        ],
    )


def test_roles_by_name(shell, home):
    completes(
        shell,
        [
            ("corp/P\tA\t", "<corp/Prod/Admin>"),
            ("corp/P\tR\t -- fruit ap\t", "<corp/Prod/ReadOnly><--><fruit><apple>"),
            ("cor\tP\tA\t", "<corp/Prod/Admin>"),
            ("corp/1111\tA\t", "<corp/111122223333/Admin>"),
            ("corp/Te\tA\t", "<corp/Team One/Admin>"),
            ("corp/Team\\ \tA\t", "<corp/Team One/Admin>"),
            ("'corp/Te\tA\t", "<corp/Team One/Admin>"),
            ("--source-profile=corp/Te\tA\t", "<--source-profile=corp/Team One/Admin>"),
            ("corp/\\$\tA\t", f"<corp/{HOSTILE}/Admin>"),
            ("'corp/$\tA\t", f"<corp/{HOSTILE}/Admin>"),
        ],
    )
    # nothing of the name ran
    assert not [name for name in ("x", "y") if list(home.path.rglob(name))]


def test_options_and_their_values(shell):
    completes(
        shell,
        [
            ("--no-p\t plain", "<--no-prompt><plain>"),
            ("plain --no-p\t", "<plain><--no-prompt>"),
            ("--region eu-n\t", "<--region><eu-north-1>"),
            ("--region=eu-n\t", "<--region=eu-north-1>"),
            ("--source-profile pl\t", "<--source-profile><plain>"),
            ("--source-profile=colon:o\t", "<--source-profile=colon:one/x>"),
            ("--export f\t pl\t", "<--export><fish><plain>"),
            ("--export=s\t pl\t", "<--export=sh><plain>"),
            ("--shell /bin/ech\t pl\t", "<--shell></bin/echo><plain>"),
            ("--shell=/bin/ech\t pl\t", "<--shell=/bin/echo><plain>"),
            ("-v --duration 8h pl\t", "<-v><--duration><8h><plain>"),
            ("--external-id=1 -qv pl\t", "<--external-id=1><-qv><plain>"),
        ],
    )
    # the stand-in passes this one on
    shell.sees(f"awsexec --completion z{TAB}", "zsh")


def begin(word, words):
    """The shortest beginning of `word` that no other one of `words` has."""
    return next(
        word[:length]
        for length in range(1, len(word) + 1)
        if sum(other.startswith(word[:length]) for other in words) == 1
    )


def test_values_of_every_option_that_has_words(shell):
    cases = []
    for option in OPTIONS:
        words = option.completes
        # these two take no profile, and braces need quotes in some shells
        if not isinstance(words, tuple) or option.flags[-1] in (
            "--completion",
            "--init",
        ):
            continue
        for word in [words[0], words[-1]] if words and "{" not in words[0] else []:
            flag = option.flags[-1]
            typed = f"{flag} {begin(word, words)}\t pl\t"
            cases.append((typed, f"<{flag}><{word}><plain>"))
    assert len(cases) >= 8
    completes(shell, cases)


def test_command_has_its_own(shell):
    completes(
        shell,
        [
            ("plain -- frui\t", "<plain><--><fruit>"),
            ("plain frui\t", "<plain><fruit>"),
            ("plain -- fruit ap\t", "<plain><--><fruit><apple>"),
            ("plain fruit ap\t", "<plain><fruit><apple>"),
            ("-- fruit ap\t", "<--><fruit><apple>"),
            ("some\\ team\\ one -- fruit ap\t", "<some team one><--><fruit><apple>"),
            ("colon:two -- fruit ap\t", "<colon:two><--><fruit><apple>"),
            (
                "-q plain --region eu-west-1 fruit ap\t",
                "<-q><plain><--region><eu-west-1><fruit><apple>",
            ),
            ("plain -- fruit --be\t ba\t", "<plain><--><fruit><--best><banana>"),
            ("plain fruit --best ba\t", "<plain><fruit><--best><banana>"),
            # awsexec's options and profiles are not the command's
            ("plain -- fruit --no-p\t", "<plain><--><fruit><--no-p>"),
            ("plain -- fruit dots\t", "<plain><--><fruit><dots>"),
            # as any command without completions of its own
            ("plain -- cat /etc/passw\t", "<plain><--><cat></etc/passwd>"),
            (
                "plain -- awsexec me\t frui\t",
                "<plain><--><awsexec><me@example.com+tag><fruit>",
            ),
        ],
    )


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_git(shell):
    if shell.kind.name == "bash" and not shell.kind.bash_completion:
        pytest.skip("git's completions come with bash-completion")
    completes(
        shell,
        [
            ("plain -- git cherry-p\t", "<plain><--><git><cherry-pick>"),
            ("plain git cherry-p\t", "<plain><git><cherry-pick>"),
        ],
    )


def test_actions_take_a_profile_and_no_command(shell):
    completes(
        shell,
        [
            ("--list pl\t frui\t", "<--list><plain><frui>"),
            ("--explain pl\t frui\t", "<--explain><plain><frui>"),
            ("--whoami pl\t frui\t", "<--whoami><plain><frui>"),
            ("--forget pl\t frui\t", "<--forget><plain><frui>"),
            ("--export sh pl\t frui\t", "<--export><sh><plain><frui>"),
            ("--export=sh pl\t frui\t", "<--export=sh><plain><frui>"),
            ("pl\t --forget frui\t", "<plain><--forget><frui>"),
            ("--version pl\t", "<--version><pl>"),
            ("-h pl\t", "<-h><pl>"),
            ("--help pl\t", "<--help><pl>"),
            ("--export sh --unset pl\t", "<--export><sh><--unset><pl>"),
            ("--unset --export sh pl\t", "<--unset><--export><sh><pl>"),
        ],
    )


def test_no_file_in_place_of_a_profile(shell):
    # the working directory holds one
    completes(shell, [("frui\t", "<frui>"), ("./frui\t", "<./frui>")])


def test_file_of_an_action(shell):
    """No profile: `plain` is one."""
    folder = shell.home / "bin" / "plum"
    folder.mkdir()
    (folder / ".awsexec").touch()
    completes(
        shell,
        [
            ("--trust plu\t.aws\t", "<--trust><plum/.awsexec>"),
            ("--untrust ./plum/.a\t", "<--untrust><./plum/.awsexec>"),
            ("-v --untrust plum/.a\t --q\t", "<-v><--untrust><plum/.awsexec><--quiet>"),
        ],
    )


def test_what_is_before_and_around(shell):
    cases = {
        "A=1 awsexec pl\t": "<plain>",
        "./awsexec pl\t": "<plain>",
    }
    # fish gives a redirection's file to completions as a word like any other
    if shell.kind.name != "fish":
        cases["awsexec pl\t 2>/dev/null fruit ap\t"] = "<plain><fruit><apple>"
    assert {typed: shell.words(typed) for typed in cases} == cases


def test_a_tab_is_one_look_at_the_profiles(shell):
    before = len(shell.asked())
    assert shell.words("awsexec pl\t --no-p\t -- fruit ap\t") is not None
    assert shell.asked()[before:] == ["--profiles"]


def test_menus(shell):
    shell.sees(f"awsexec {TAB}{TAB}", "plain", "me@example.com+tag", "alice")
    shell.sees(f"awsexec --{TAB}{TAB}", "--role-arn", "--no-cache", "--version")
    shell.sees(f"awsexec --region us-{TAB}{TAB}", "us-east-1", "us-west-2")
    if shell.kind.name != "bash":
        role = "arn:aws:iam::123456789012:role/plain eu-west-1"
        shell.sees(f"awsexec {TAB}{TAB}", role)
        shell.sees(f"awsexec --{TAB}{TAB}", "fail instead of asking for anything")
        shell.sees(f"awsexec --region us-{TAB}{TAB}", "N. Virginia")


def test_broken_file_is_no_noise(shell, home):
    home.write_config("[profile x\n")
    completes(shell, [("al\t", "<alice>")])


def test_as_installed(start, kind, home):
    """The shell finds the file by itself, as it does in share/."""
    if kind.name == "bash":
        if not kind.bash_completion:
            pytest.skip("bash finds no files by itself")
        folder, name = ".local/share/bash-completion/completions", "awsexec.bash"
        load = "true"
    elif kind.name == "zsh":
        folder, name = "site-functions", "_awsexec"
        load = "fpath+=(~/site-functions); compinit -u -D"
    else:
        folder, name = ".local/share/fish/vendor_completions.d", "awsexec.fish"
        load = "set -p fish_complete_path ~/.local/share/fish/vendor_completions.d"
    (home.path / folder).mkdir(parents=True)
    shutil.copy(SOURCES / name, home.path / folder)
    shell = start(load)
    completes(
        shell,
        [
            ("so\to\t", "<some team one>"),
            ("plain -- fruit ap\t", "<plain><--><fruit><apple>"),
        ],
    )
    assert "--completion" not in shell.asked()


class TestBash:
    """bash's ways to say how a command is completed."""

    @pytest.fixture(params=KINDS[:2], ids=str)
    def kind(self, request):
        return request.param

    def test_words_and_actions(self, shell):
        shell.runs("complete -W 'cherry damson' fruit")
        completes(shell, [("plain -- fruit ch\t", "<plain><--><fruit><cherry>")])
        shell.runs("complete -A signal fruit")
        completes(shell, [("plain -- fruit SIGHU\t", "<plain><--><fruit><SIGHUP>")])

    def test_options_of_complete(self, shell):
        shell.runs("complete -o nospace -W elder= fruit")
        completes(shell, [("plain fruit el\t1", "<plain><fruit><elder=1>")])

    def test_program(self, shell, home):
        # as the AWS CLI's
        home.script(
            "bin/fruit_completer",
            """\
            #!/bin/sh
            [ "$COMP_LINE,$COMP_POINT,$*" = "fruit fi,8,fruit fi fruit" ] && echo fig
            """,
        )
        shell.runs("complete -C fruit_completer fruit")
        completes(shell, [("plain -- fruit fi\t", "<plain><--><fruit><fig>")])

    def test_loader(self, shell):
        shell.runs("complete -r fruit")
        shell.runs(
            "_load() { complete -W grape $1; return 124; }; complete -D -F _load"
        )
        completes(shell, [("plain -- fruit gr\t", "<plain><--><fruit><grape>")])

    def test_by_its_path(self, shell):
        completes(
            shell,
            [
                (
                    f"plain -- {shell.home}/bin/fruit --best ba\t",
                    f"<plain><--><{shell.home}/bin/fruit><--best><banana>",
                )
            ],
        )
