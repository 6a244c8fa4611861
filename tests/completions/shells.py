"""Real shells at a pseudoterminal, and somebody who presses TAB in them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from tests.support import AWSEXEC

SOURCES = Path(__file__).parents[2] / "completions"
BASH_COMPLETION = [
    Path(prefix, "share/bash-completion/bash_completion")
    for prefix in ("/usr", "/usr/local", "/opt/homebrew")
]
TAB = "\t"
# colours and the like, and titles
ESCAPES = re.compile(r"\x1b(\[[0-9;?<=>]*[A-Za-z]|\][^\x07]*\x07|[()].|[=>])")
# what a pattern is waited for; only a failing test waits that long
PATIENCE = 20

# shows what words it was given, and counts how often it is asked for the profiles
AWSEXEC_STANDIN = f"""\
#!/bin/sh
case $1 in
    --profiles | --completion) echo "$1" >>"$HOME/asked"; exec {AWSEXEC} "$@" ;;
esac
printf 'argv:'
printf '<%s>' "$@"
echo ';'
"""

# a program with arguments to complete: `apple`, and `banana` after --best
FRUIT = {
    "bash": """\
_fruit() {
    [[ ${COMP_LINE%% *} == *fruit ]] || return
    COMPREPLY=($(compgen -W "apple --best" -- "$2"))
    [[ $3 == --best ]] && COMPREPLY=(banana)
}
complete -F _fruit fruit
""",
    "zsh": """\
_fruit() { _arguments "--best:fruit:(banana)" "*:fruit:(apple)" }
compdef _fruit fruit
""",
    "fish": """\
complete -c fruit -f -a apple -d "a red one"
complete -c fruit -l best -x -a banana
""",
}


@dataclass(frozen=True)
class Kind:
    """A shell, and the lines it is given to begin with; `load` loads the completions."""

    name: str
    arguments: tuple[str, ...]
    setup: str
    load: str
    bash_completion: bool = False

    def __str__(self) -> str:
        return f"{self.name}{' with bash-completion' if self.bash_completion else ''}"


_BASH = "PS1='> '; bind 'set enable-bracketed-paste off'; bind 'set bell-style none'"
KINDS = (
    Kind(
        "bash", ("--norc", "--noprofile"), _BASH, 'eval "$(awsexec --completion bash)"'
    ),
    Kind(
        "bash",
        ("--norc", "--noprofile"),
        f"{_BASH}; source {{bash_completion}}",
        'eval "$(awsexec --completion bash)"',
        bash_completion=True,
    ),
    Kind(
        "zsh",
        ("-f",),
        "PS1='> '; unset zle_bracketed_paste; setopt no_prompt_sp; "
        "autoload -U compinit; compinit -u -D",
        'eval "$(awsexec --completion zsh)"',
    ),
    Kind(
        "fish",
        (),
        "function fish_prompt; echo -n '> '; end; set -g fish_greeting; "
        "set -g fish_autosuggestion_enabled 0",
        "awsexec --completion fish | source",
    ),
)


class Shell:
    """One that runs, with completions for awsexec and for the program `fruit`."""

    def __init__(self, kind: Kind, environ: dict[str, str], load: str | None) -> None:
        path = shutil.which(kind.name)
        if path is None:
            pytest.skip(f"{kind.name} is not installed")
        setup = kind.setup
        if kind.bash_completion:
            found = [path for path in BASH_COMPLETION if path.exists()]
            if not found:
                pytest.skip("bash-completion is not installed")
            setup = setup.format(bash_completion=found[0])
        self.kind = kind
        self.home = Path(environ["HOME"])
        folder = self.home / "bin"
        folder.mkdir()
        for name, text in (("awsexec", AWSEXEC_STANDIN), ("fruit", "#!/bin/sh\n")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        started = self.home / "fruit-completion"
        started.write_text(FRUIT[kind.name])
        self.process = pexpect.spawn(
            path,
            list(kind.arguments),
            env={
                **environ,
                "PATH": f"{folder}:{environ['PATH']}",
                # fish has no menus on a dumb terminal
                "TERM": "xterm" if kind.name == "fish" else "dumb",
                "INPUTRC": "/dev/null",
            },
            cwd=folder,
            encoding="utf-8",
            dimensions=(100, 250),
            timeout=PATIENCE,
        )
        for line in (setup, f". {started}", kind.load if load is None else load):
            self.runs(line)

    def runs(self, line: str) -> None:
        """Run a line, and wait until it has ended."""
        # the quotes keep the echo of the line from looking like its output
        self.process.sendline(f"{line}\necho rea''dy")
        self.process.expect("ready\r\n")

    def words(self, typed: str) -> str | None:
        """The words, in <>, that awsexec gets where `typed`, with its TABs, is entered.

        None where the shell does not find the line complete.
        """
        self.process.send(f"{typed}\r")
        found = self.process.expect(["argv:(.*?);\r\n", pexpect.TIMEOUT])
        if found == 0:
            return self.process.match[1]
        self.leaves_line()
        return None

    def sees(self, typed: str, *texts: str) -> None:
        """Type it, with its TABs, and wait for each of `texts`, in whatever order."""
        self.process.send(typed)
        seen = ""
        while not all(text in ESCAPES.sub("", seen) for text in texts):
            try:
                seen += self.process.read_nonblocking(10_000, timeout=PATIENCE)
            except pexpect.TIMEOUT:
                pytest.fail(f"{self.kind} does not show all of {texts}, but {seen!r}")
        self.leaves_line()

    def leaves_line(self) -> None:
        self.process.sendintr()
        self.runs("true")

    def asked(self) -> list[str]:
        """What the real awsexec was asked for up to now."""
        return (self.home / "asked").read_text().split()

    def leaves(self) -> None:
        self.process.close(force=True)
