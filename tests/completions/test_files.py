"""The completion files against the table of options, and where they are installed.

Each file is read here as its shell would read it, not by the code that writes it.
"""

import json
import os
import re
import shlex
import subprocess
import sysconfig
from importlib import resources
from pathlib import Path

import pytest

from awsexec.child.completions import INSTALLED
from awsexec.options.completions import REGIONS
from awsexec.options.table import COMPLETION_FILES, OPTIONS
from tests.completions.shells import SOURCES
from tests.support import AWSEXEC

BASH, ZSH, FISH = (
    (SOURCES / name).read_text(encoding="utf-8")
    for name in ("awsexec.bash", "_awsexec", "awsexec.fish")
)
HELP = {flag: option.help for option in OPTIONS for flag in option.flags}
VALUED = {flag for option in OPTIONS if option.value for flag in option.flags}
ACTIONS = {
    flag
    for option in OPTIONS
    if option.action and option.operand not in ("", "FILE")
    for flag in option.flags
}
FILES = {"--trust", "--untrust"}
# --each takes no PROFILE, but a COMMAND after --
ALONE = {
    flag
    for option in OPTIONS
    if not option.operand and option.attribute != "each"
    for flag in option.flags
}


def bash_function(name):
    return re.search(rf"(?ms)^{name}\(\) \{{\n(.*?)^\}}$", BASH)[1]


def bash_case(line):
    """The flags in the pattern of `case`, in _awsexec_option, for which it does `line`."""
    text = bash_function("_awsexec_option").replace("\\\n", " ")
    return {
        flag.strip() for flag in re.search(rf"(.*)\)\n +{line}\n", text)[1].split("|")
    }


def bash_flags():
    return re.search(r"values=\((.*?)\)", bash_function("_awsexec_options"), re.S)[
        1
    ].split()


def bash_values():
    """What each option with a value completes to: words, or the name of a list."""
    text = bash_function("_awsexec_values")
    for flags, values, name in re.findall(
        r"(?s)^ {8}(--[^)]+)\)\n +(?:values=\((.*?)\)|list=(\w+))\n +;;$", text, re.M
    ):
        for flag in re.findall("--[a-z-]+", flags):
            yield flag, name or tuple(shlex.split(values))


def zsh_array(name):
    return re.search(rf"(?s)\n  {name}=\(\n(.*?)\n  \)\n", ZSH)[1]


def zsh_options():
    """The words of `options`: flag, whether it is repeated or excludes others, the rest.

    Braces are expanded. The rest is whether it takes a value, help, and values.
    """
    for line in zsh_array("options").splitlines():
        line = re.sub(r"'\{([^}]*)\}'", r"\1", line)
        (spec,) = shlex.split(line)
        found = re.fullmatch(r"(\(.*?\)|\*)?(-.*?)(=?)\[(.*?)\](?::[^:]+:(.*))?", spec)
        before, flags, equals, text, values = found.groups()
        assert bool(equals) == (values is not None), line
        for flag in flags.split(","):
            yield flag, before, bool(equals), text, values


def fish_options():
    """The lines that complete options: flag, whether it takes a value, help, and values."""
    for line in re.findall("^complete .*__awsexec_at option.*$", FISH, re.M):
        words = shlex.split(line.replace("\\'", "'\"'\"'"))
        pairs = list(zip(words, words[1:], strict=False))
        takes = {"-x", "-rF"} & set(words)
        for kind, name in pairs:
            if kind in ("-l", "-s"):
                flag = ("--" if kind == "-l" else "-") + name
                yield flag, "".join(takes), dict(pairs)["-d"], dict(pairs).get("-a")


def fish_list(name):
    return (
        re.search(rf"set -g {name} ((?:.*\\\n)*.*)", FISH)[1]
        .replace("\\\n", " ")
        .split()
    )


def test_bash_has_every_option():
    assert bash_flags() == list(HELP)


@pytest.mark.parametrize(
    "options",
    [
        [(flag, takes, text) for flag, _, takes, text, _ in zsh_options()],
        [(flag, bool(takes), text) for flag, takes, text, _ in fish_options()],
    ],
    ids=["zsh", "fish"],
)
def test_others_have_every_option_with_its_help(options):
    assert {flag: text for flag, _, text in options} == HELP
    assert {flag for flag, takes, _ in options if takes} == VALUED


def test_options_with_a_value_are_stepped_over():
    # zsh tells them by the = in `options`
    assert bash_case("valued=yes") == VALUED
    assert set(fish_list("__awsexec_valued")) == VALUED


def test_actions_that_take_a_profile():
    assert bash_case("# --unset may stand before --export") == ACTIONS
    assert set(zsh_array("actions").split()) == ACTIONS
    assert set(fish_list("__awsexec_actions")) == ACTIONS


def test_actions_that_take_a_file():
    assert bash_case("action=file") == FILES
    assert set(zsh_array("files").split()) == FILES
    assert set(fish_list("__awsexec_files")) == FILES


def test_options_that_take_no_profile():
    assert bash_case("action=none") == ALONE | {"--each"}
    assert set(fish_list("__awsexec_alone")) == ALONE | {"--each"}
    befores = {flag: before for flag, before, _, _, _ in zsh_options()}
    excluding = {flag for flag, before in befores.items() if before == "(- : *)"}
    # these two stand beside another action
    assert befores["--unset"] == befores["--all"] == "(1)"
    assert excluding == ALONE - {"--unset", "--all"}


def test_zsh_offers_an_option_again_only_if_it_may_be_repeated():
    befores = {flag: before for flag, before, _, _, _ in zsh_options()}
    repeated = {option.flags[0] for option in OPTIONS if option.repeated}
    assert {flag for flag, before in befores.items() if before == "*"} == repeated
    for option in OPTIONS:
        if len(option.flags) > 1:
            assert {befores[flag] for flag in option.flags} == {
                f"({' '.join(option.flags)})"
            }


def test_values():
    in_bash = dict(bash_values())
    in_zsh = {flag: values for flag, _, _, _, values in zsh_options()}
    in_fish = {flag: (takes, values) for flag, takes, _, values in fish_options()}
    for option in OPTIONS:
        flag, words = option.flags[-1], option.completes
        if not words:
            assert flag not in in_bash
            assert in_zsh[flag] == (" " if option.value else None)
            assert in_fish[flag] == ("-x" if option.value else "", None)
        elif words == "files":
            assert in_bash[flag] == "files"
            assert in_zsh[flag] == "_files"
            assert in_fish[flag] == ("-rF", None)
        elif isinstance(words, str):
            expected = tuple(REGIONS) if words == "regions" else words
            assert in_bash[flag] == expected
            assert in_zsh[flag] == f"_awsexec_{words}"
            takes = "-rF" if words == "shells" else "-x"
            assert in_fish[flag] == (takes, f"(__awsexec_{words})")
        else:
            assert in_bash[flag] == words
            assert in_zsh[flag] == f"({' '.join(words)})"
            takes, values = in_fish[flag]
            assert (takes, values.replace("\\", "")) == ("-x", " ".join(words))


def test_regions():
    in_zsh = dict(re.findall(r"^    '([a-z0-9-]+):(.*)'$", zsh_array("regions"), re.M))
    in_fish = dict(re.findall(r"^ {8}([a-z0-9-]+) '(.*?)'", FISH, re.M))
    assert in_zsh == in_fish == REGIONS
    # not the other way round: a region that AWS has added is not a fault here
    partitions = json.loads(
        resources.files("botocore").joinpath("data/partitions.json").read_text()
    )["partitions"]
    assert set(REGIONS) <= {name for part in partitions for name in part["regions"]}


def test_every_shell_has_a_file():
    assert list(COMPLETION_FILES) == list(INSTALLED) == ["bash", "zsh", "fish"]
    for shell, name in COMPLETION_FILES.items():
        assert INSTALLED[shell].endswith(f"/{name}")


@pytest.mark.parametrize(
    ("shell", "text"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)]
)
def test_printed(run_awsexec, shell, text):
    # the C locale has no ã
    printed = run_awsexec("--completion", shell, env={"LANG": "C"})
    assert (printed.status, printed.stderr) == (0, "")
    assert printed.stdout == text


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
def test_script_that_cannot_be_written_is_an_error(run_awsexec):
    with open("/dev/full", "wb") as full:
        finished = subprocess.run(
            [AWSEXEC, "--completion", "bash"],
            env=run_awsexec.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert finished.returncode == 125
    (line,) = finished.stderr.splitlines()
    assert line.startswith("awsexec: cannot write to stdout: No space left on device; ")


# each of them takes longer than all of awsexec's own modules
SLOW = {"argparse", "dataclasses", "enum", "inspect", "json", "re", "typing"}


# coverage itself loads some of these modules
@pytest.mark.uncounted
def test_printed_without_the_modules_of_a_run(run_awsexec):
    result = run_awsexec("--completion", "bash", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.commands.completion" in loaded
    assert not loaded & {*SLOW, "importlib.metadata", "botocore", "boto3"}


def test_unknown_shell(run_awsexec):
    assert run_awsexec("--completion", "tcsh").error() == (
        "--completion tcsh: unknown value; choose one of bash, zsh, fish; see awsexec "
        "--help"
    )


def test_installed_where_shells_look():
    # by name: a working copy has metadata of its own, nearer on the path
    packages = Path(sysconfig.get_path("purelib"))
    (record,) = packages.glob("awsexec-*.dist-info/RECORD")
    recorded = [line.partition(",")[0] for line in record.read_text().splitlines()]
    if "awsexec/cli.py" not in recorded:
        pytest.skip("awsexec is installed in editable mode, which leaves them out")
    for shell, text in (("bash", BASH), ("zsh", ZSH), ("fish", FISH)):
        (found,) = [path for path in recorded if path.endswith(INSTALLED[shell])]
        assert (packages / found).read_text(encoding="utf-8") == text
