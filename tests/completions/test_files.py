"""The three files against the parser's table, each other, and where they come from."""

import json
import re
import shlex
import sysconfig
from importlib import resources
from pathlib import Path

import pytest

from awsexec.options.arguments import COMPLETION_SHELLS, EXPORT_FORMATS, OPTIONS
from tests.completions.shells import SOURCES

BASH, ZSH, FISH = (
    (SOURCES / name).read_text(encoding="utf-8")
    for name in ("awsexec.bash", "_awsexec", "awsexec.fish")
)
KNOWN = [option for _, options in OPTIONS for option in options]
HELP = {flag: option.help for option in KNOWN for flag in option.flags}
VALUED = {flag for option in KNOWN if option.value for flag in option.flags}


def bash_flags():
    offered = re.search(r'_awsexec_offer "\$cur" "\$2" \\\n(.*?)\n    elif', BASH, re.S)
    return offered[1].replace("\\\n", " ").split()


def bash_valued():
    return _cases(r"\n +(--completion \|.*?)\)\n", BASH, "|")


def zsh_options():
    """What the words of `options` say, braces expanded: flag, takes a value, help."""
    block = re.search(r"\n  options=\(\n(.*?)\n  \)\n", ZSH, re.S)[1]
    for line in block.splitlines():
        line = re.sub(r"'\{([^}]*)\}'", r"\1", line)
        spec = shlex.split(line)[0]
        found = re.fullmatch(r"(?:\(.*?\)|\*)?(-.*?)(=?)\[(.*?)\](:.*)?", spec)
        flags, equals, text, action = found.groups()
        assert bool(equals) == bool(action), line
        for flag in flags.split(","):
            yield flag, bool(equals), text


def fish_options():
    for line in re.findall("^complete .*__awsexec_at option.*$", FISH, re.M):
        words = shlex.split(line)
        pairs = list(zip(words, words[1:], strict=False))
        text = dict(pairs)["-d"]
        takes = bool({"-x", "-rF"} & set(words))
        for kind, name in pairs:
            if kind in ("-l", "-s"):
                yield ("--" if kind == "-l" else "-") + name, takes, text


def fish_valued():
    return _cases(r"\n +case (--completion .*?)\n +if", FISH, None)


def _cases(pattern, text, separator):
    found = re.search(pattern, text, re.S)[1].replace("\\\n", " ")
    return [word.strip() for word in found.split(separator)]


def test_bash_has_every_option():
    assert sorted(bash_flags()) == sorted(HELP)


@pytest.mark.parametrize("options", [zsh_options, fish_options])
def test_others_have_every_option_with_its_help(options):
    assert {flag: text for flag, _, text in options()} == HELP
    assert {flag for flag, takes, _ in options() if takes} == VALUED


@pytest.mark.parametrize("valued", [bash_valued, fish_valued])
def test_options_with_a_value_are_stepped_over(valued):
    assert sorted(valued()) == sorted(VALUED)


@pytest.mark.parametrize(
    ("flag", "values"), [("export", EXPORT_FORMATS), ("completion", COMPLETION_SHELLS)]
)
def test_values(flag, values):
    listed = " ".join(values)
    assert re.search(rf"--{flag}\) values=\((.*?)\)", BASH)[1] == listed
    assert re.search(rf"--{flag}=\[.*?\]:\w+:\((.*?)\)'", ZSH)[1] == listed
    assert re.search(rf"-l {flag} -x -a '(.*?)'", FISH)[1] == listed


def test_regions():
    in_zsh = dict(re.findall(r"^    '([a-z0-9-]+):(.*)'$", ZSH, re.M))
    in_fish = dict(re.findall(r"^ {8}([a-z0-9-]+) '(.*?)'", FISH, re.M))
    in_bash = re.search(r"--region\)\n +values=\((.*?)\)", BASH, re.S)[1].split()
    assert in_zsh == in_fish
    assert list(in_zsh) == in_bash
    # not the other way about: a new one of AWS's is no fault of ours
    partitions = json.loads(
        resources.files("botocore").joinpath("data/partitions.json").read_text()
    )["partitions"]
    assert set(in_bash) <= {name for part in partitions for name in part["regions"]}


@pytest.mark.parametrize(
    ("shell", "text"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)]
)
def test_printed(run_awsexec, shell, text):
    # the C locale has no ã
    printed = run_awsexec("--completion", shell, env={"LANG": "C"})
    assert (printed.status, printed.stderr) == (0, "")
    assert printed.stdout == text


# coverage would load some of them itself
@pytest.mark.uncounted
def test_printed_without_the_modules_of_a_run(run_awsexec):
    result = run_awsexec("--completion", "bash", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.commands.completion" in loaded
    slow = {"json", "argparse", "typing", "importlib.metadata", "botocore", "boto3"}
    assert not loaded & slow


def test_unknown_shell(run_awsexec):
    error = run_awsexec("--completion", "tcsh").error()
    assert "bash, zsh, fish" in error


def test_installed_where_shells_look():
    # by name: a working copy has metadata of its own, nearer on the path
    packages = Path(sysconfig.get_path("purelib"))
    (record,) = packages.glob("awsexec-*.dist-info/RECORD")
    recorded = [line.partition(",")[0] for line in record.read_text().splitlines()]
    if "awsexec/cli.py" not in recorded:
        pytest.skip("awsexec is installed in editable mode, which leaves them out")
    for name, text in (
        ("share/bash-completion/completions/awsexec.bash", BASH),
        ("share/zsh/site-functions/_awsexec", ZSH),
        ("share/fish/vendor_completions.d/awsexec.fish", FISH),
    ):
        (found,) = [path for path in recorded if path.endswith(name)]
        assert (packages / found).read_text(encoding="utf-8") == text
