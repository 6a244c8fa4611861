"""The README against the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from awsexec.plan.chain import chain_of
from awsexec.profiles import files
from awsexec.profiles.files import AwsFile
from awsexec.profiles.profile import Profiles

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_knows_the_commands(target):
    assert f"\n$ make {target}\n" in README
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_examples_of_sources_are_what_they_say():
    text = section("Sources of credentials")
    blocks = [part.partition("```")[0] for part in text.split("```ini\n")[1:]]
    config = files.parse("\n".join(blocks), "README", files.CONFIG)
    profiles = Profiles(config, AwsFile(""))
    kinds = {
        name: chain_of(profiles, profiles.get(name), "me", {}).source.kind.label
        for name in profiles.names()
    }
    assert kinds == {
        "instance": "ec2",
        "backup": "ec2",
        "reader": "sso",
        "anywhere": "process",
        "deploy": "process",
    }


def test_demo_shows_what_the_readme_does():
    """The sample commands are the demo's, which checks what they print."""
    demo = (ROOT / "tests" / "demo" / "demo.sh").read_text(encoding="utf-8")
    lines = section("Use").splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    assert commands
    for command in commands:
        # in double quotes where it has single ones
        assert f"run '{command}'" in demo or command.replace("$", r"\$") in demo
