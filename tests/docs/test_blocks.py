"""The blocks that are not typed along: what they set up works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from awsexec.fastpath import NEUTRAL_PREFIXES, NEUTRAL_VARIABLES
from awsexec.plan.source_kinds import KINDS
from tests.docs.blocks import block, read, section
from tests.docs.world import World
from tests.support import Awsexec

END = {"AWSEXEC_PROFILE": "50%", "AWS_CREDENTIAL_EXPIRATION": "2026-11-24T03:28:01Z"}
ENDLESS = {"AWSEXEC_PROFILE": "50%"}


def shell(program: str, line: str, environ: dict[str, str]) -> str:
    """Return what a line prints in a shell, which must end well and say nothing else."""
    if shutil.which(program, path=environ["PATH"]) is None:
        pytest.skip(f"{program} is not installed")
    finished = subprocess.run(
        [program, "-c", line], env=environ, capture_output=True, text=True, timeout=60
    )
    assert (finished.returncode, finished.stderr) == (0, ""), finished
    return finished.stdout


@pytest.fixture
def environ(run_awsexec: Awsexec) -> dict[str, str]:
    """An environment with awsexec on its PATH."""
    scripts = sysconfig.get_path("scripts")
    path = f"{scripts}:{run_awsexec.environ['PATH']}"
    return {**run_awsexec.environ, "PATH": path}


@pytest.mark.parametrize(
    ("variables", "shown"),
    [(END, "50% until 2026-11-24T03:28Z"), (ENDLESS, "50%"), ({}, "")],
)
def test_starship(variables, shown, environ):
    tomllib = pytest.importorskip("tomllib")
    module = tomllib.loads(block("docs/shell.md", "custom.awsexec"))["custom"]
    environ.update(variables)
    (program,) = module["awsexec"]["shell"]
    line = "{when} || exit 0\n{command}".format(**module["awsexec"])
    assert shell(program, line, environ).strip() == shown.replace("2026-11-24T", "")


@pytest.mark.parametrize(
    ("variables", "shown"), [(END, "50%% until 03:28Z"), (ENDLESS, "50%%"), ({}, "")]
)
def test_powerlevel10k(variables, shown, environ):
    function = block("docs/shell.md", "prompt_awsexec")
    environ.update(variables)
    line = f"p10k() {{ echo $@[-1]; }}\n{function}\nprompt_awsexec || true"
    assert shell("zsh", line, environ).strip() == shown


@pytest.mark.parametrize(
    ("program", "before", "after", "sign"),
    [
        ("bash", "", "complete -p awsexec", "awsexec"),
        ("zsh", "autoload -U compinit; compinit -D -u", "echo $_comps[awsexec]", "_"),
        ("fish", "", "complete -c awsexec", "awsexec"),
    ],
)
def test_completions(program, before, after, sign, environ):
    (line,) = re.findall(
        rf"^(.*--completion {program}\b.*?)\s+#",
        block("docs/shell.md", "--completion"),
        re.M,
    )
    assert sign in shell(program, f"{before}\n{line}\n{after}", environ)


@pytest.mark.parametrize("program", ["bash", "zsh", "fish"])
def test_init(program, environ):
    (line,) = re.findall(
        rf"^(.*--init {program}\b.*?)\s+#", block("docs/shell.md", "--init"), re.M
    )
    after = "assume --unset && echo it is there"
    assert shell(program, f"{line}\n{after}", environ) == "it is there\n"


def test_console_url_in_a_pipe(world: World):
    world.writes_alice()
    copied = world.home.path / "copied"
    world.home.script("bin/pbcopy", f"#!/bin/sh\nexec cat >{copied}\n")
    shell("sh", block("docs/console.md", "pbcopy"), world.environ)
    assert "SigninToken=" in copied.read_text()


def test_make_knows_its_targets():
    """The targets of make that CONTRIBUTING.md names exist too."""
    lines = block("README.md", "make demo") + read("CONTRIBUTING.md")
    named = set(re.findall(r"(?m)(?:^|[`$] ?)make ([a-z]+)\b", lines))
    assert {"demo", "test", "lint"} <= named
    for target in named:
        assert f"\n{target}:" in read("Makefile"), target


def test_installation():
    """The commands that cannot be run without a network name this package."""
    lines = block("README.md", "pipx install")
    words = [line.partition("#")[0].split() for line in lines.splitlines()]
    assert words == [
        ["pipx", "install", "'.[keyring]'"],
        ["pipx", "install", "'.[keyring,login]'"],
        ["pipx", "install", "--force", "'.[keyring]'"],
        "awsexec --forget --all && pipx uninstall awsexec".split(),
    ]
    assert "\nname = awsexec\n" in read("setup.cfg")
    for extra in ("keyring", "login"):
        assert f"\n{extra} =\n" in read("setup.cfg")
    assert "\npython_requires = >=3.10\n" in read("setup.cfg")
    assert "Python 3.10 or newer" in read("README.md")


def test_sources_have_the_names_of_the_list():
    table = section("docs/configuration.md", "Sources of credentials")
    named = re.findall(r"^\| `([a-z0-9 ]+)`.* \|$", table, re.M)
    assert sorted(named) == sorted(kind.label for kind in KINDS)


def test_variables_that_do_not_count_are_listed():
    text = section("docs/configuration.md", "When a command is run again")
    listed = re.findall(r"`([A-Z_]+\*?)`", text)
    prefixes = {f"{prefix}*" for prefix in NEUTRAL_PREFIXES}
    assert set(listed) == NEUTRAL_VARIABLES | prefixes


def test_usage_of_the_reference():
    """The reference begins as --help does."""
    usage = block("docs/reference.md", "awsexec PROFILE -- COMMAND")
    printed = subprocess.run(
        [sys.executable, "-m", "awsexec", "--help"], capture_output=True, text=True
    ).stdout
    for line in usage.splitlines():
        assert line in printed


# --- docs/directory.md ----------------------------------------------------------------

MISE = Path(sys.prefix) / "mise/node_modules/.bin/mise"
# who the shell's commands are, and what they would run as
WHO = 'echo "${AWSEXEC_PROFILE-nobody} ${AWS_PROFILE-none} ${AWS_ACCESS_KEY_ID:+key}"'


@pytest.fixture
def shop(world: World):
    """A directory of alice's, and what a line prints in a bash that starts above it."""
    world.writes_alice()
    folder = world.home.path / "shop"
    folder.mkdir()

    def prints(line: str) -> list[str]:
        line = f"cd {world.home.path}\n{line}"
        finished = subprocess.run(
            ["bash", "-c", line],
            env=world.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert finished.returncode == 0, finished
        return finished.stdout.splitlines()

    return folder, prints


@pytest.mark.skipif(not shutil.which("direnv"), reason="direnv is not installed")
@pytest.mark.parametrize("recipe", ["name the profile", "load the credentials"])
def test_direnv(recipe, shop):
    """In a shell that calls direnv at each prompt, as its hook does."""
    texts = {
        "name the profile": block("docs/directory.md", "name the profile"),
        "load the credentials": block("docs/directory.md", "load the credentials"),
    }
    folder, prints = shop
    (folder / ".envrc").write_text(texts[recipe])
    (folder / ".awsexec").write_text("alice-sts\n")
    prompt = 'prompt() { eval "$(direnv export bash)"; }'
    visit = f"{prompt}\ncd shop\nprompt\n{WHO}\ncd ..\nprompt\n{WHO}"
    nobody = "nobody none "
    assert prints(visit) == [nobody, nobody]
    prints("direnv allow shop")
    if recipe == "name the profile":
        assert prints(visit) == ["nobody alice-sts ", nobody]
        run = f"{prompt}\ncd shop\nprompt\nawsexec -- printenv AWSEXEC_PROFILE"
        assert prints(run) == ["alice-sts"]
        return
    # direnv's trust is not awsexec's
    assert prints(visit) == [nobody, nobody]
    prints("awsexec --trust shop")
    assert prints(visit) == ["alice-sts none key", nobody]
    # and direnv sees that the file changes
    change = f"{prompt}\ncd shop\nprompt\necho other >.awsexec\nprompt\n{WHO}"
    assert prints(change) == [nobody]


@pytest.mark.skipif(
    not MISE.exists(), reason="make test installs mise, if npm is there"
)
def test_mise(shop, world: World):
    folder, prints = shop
    world.environ["PATH"] += f":{MISE.parent}"
    (folder / "mise.toml").write_text(block("docs/directory.md", "[tasks.ls]"))
    (folder / ".awsexec").write_text("other\n")
    # what its hook runs at each prompt
    visit = f'cd shop\neval "$(mise hook-env -s bash)"\n{WHO}'
    paranoid = world.environ | {"MISE_PARANOID": "1"}
    finished = subprocess.run(
        ["mise", "run", "ls"], env=paranoid, cwd=folder, capture_output=True, text=True
    )
    assert finished.returncode != 0 and "not trusted" in finished.stderr
    prints("mise trust shop/mise.toml")
    assert prints(visit) == ["nobody alice-sts "]
    (listed,) = prints("cd shop\nmise run ls")
    assert listed.endswith(" alice-holiday-photos")
