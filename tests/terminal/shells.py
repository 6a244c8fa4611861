"""Real shells at a pseudoterminal, and the person who types at them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field

import pexpect
import pytest

from tests.support import Home

# what a terminal takes for orders: colours and the like, titles, character sets
ESCAPES = re.compile(
    r"\x1b(\[[0-9;?<=>]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[=>])"
)


@dataclass(frozen=True)
class Kind:
    """A shell: its start-up file, how it spells things, and where its history is."""

    name: str
    startup: str
    prompt: str
    login: str
    export: str = "export {}={}"
    status: str = "$?"
    renew: str = 'eval "$(awsexec --export sh {})"'
    history: str = ""
    # whether its prompt shows the role
    shows: bool = True
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        path = shutil.which(self.name)
        if path is None:
            pytest.skip(f"{self.name} is not installed")
        return path

    def set_up(self, home: Home, *lines: str) -> None:
        """Make the user's start-up file: `lines`, and a prompt that ends in ``me>``."""
        path = home.path / self.startup
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([self.prompt, *lines, ""]), encoding="utf-8")


BASH = Kind("bash", ".bashrc", "PS1='$?me> '", ".bash_profile", history=".bash_history")
ZSH = Kind(
    "zsh",
    ".zshrc",
    "PROMPT='%?me> '; HISTFILE=${ZDOTDIR:-$HOME}/.zsh_history SAVEHIST=9",
    ".zprofile",
    history=".zsh_history",
)
FISH = Kind(
    "fish",
    ".config/fish/config.fish",
    "set -g fish_greeting\nfunction fish_prompt; echo -n $status'me> '; end",
    ".config/fish/conf.d/login.fish",
    export="set -gx {} {}",
    status="$status",
    renew="awsexec --export fish {} | source",
    history=".local/share/fish/fish_history",
)
# the one that reads a file only where ENV says so
DASH = Kind(
    "dash",
    ".dashrc",
    "PS1='$?me> '",
    ".profile",
    shows=False,
    environ={"ENV": "{home}/.dashrc"},
)
SHELLS = (BASH, ZSH, FISH, DASH)


class Typist:
    """A person at a terminal, in the shell that `words` start."""

    def __init__(self, words: list[str], environ: dict[str, str], cwd: str) -> None:
        self.process = pexpect.spawn(
            words[0],
            words[1:],
            env=environ,
            cwd=cwd,
            encoding="utf-8",
            timeout=20,
            # wide, so that nothing that is looked for is broken up
            dimensions=(24, 300),
        )
        # it waits before it types, for programs that switch the echo off
        self.process.delaybeforesend = None
        self._count = 0

    def sees(self, pattern: str) -> re.Match[str]:
        """Wait for what a regular expression describes."""
        self.process.expect(pattern)
        assert isinstance(self.process.match, re.Match)
        return self.process.match

    def is_ready(self, prefix: str = "", status: str = r"\d+") -> None:
        """Wait for the user's own prompt, behind `prefix` (a regular expression)."""
        self.sees(f"{prefix}{status}me> ")

    def types(self, line: str) -> None:
        self.process.send(line + "\r")

    def interrupts(self, status: str = r"\d+") -> None:
        """Press Ctrl-C until there is a prompt; fish now and then overlooks one."""
        for _ in range(40):
            self.process.sendintr()
            if self.process.expect([pexpect.TIMEOUT, f"{status}me> "], timeout=0.5):
                return
        raise AssertionError(self.process.before)

    def gets(self, command: str) -> str:
        """What `command` prints, without the orders to the terminal; then a prompt."""
        self._count += 1
        begin, end = f"<{self._count}<", f">{self._count}>"
        # what is typed does not look like what it prints
        typed = [f"'{mark[0]}'{mark[1:-1]}'{mark[-1]}'" for mark in (begin, end)]
        self.types(f"echo {typed[0]}; {command}; echo {typed[1]}")
        self.sees(re.escape(begin))
        self.sees(re.escape(end))
        output = ESCAPES.sub("", str(self.process.before))
        self.is_ready()
        return output.replace("\r", "").strip("\n")

    def leaves(self) -> int:
        """End the input of the shell, and return its status."""
        self.process.expect(pexpect.EOF)
        self.process.close()
        return (
            self.process.exitstatus
            if self.process.exitstatus is not None
            else -int(self.process.signalstatus or 0)
        )
