"""A bash in a terminal, in which commands are typed; and what its screen shows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect

from tests.screen import plain

# A green prompt, so that what is typed stands out. Without the line editor, a terminal
# shows what is typed as it is typed. The exit status goes into a file.
_BASHRC = """\
PS1='\\[\\e[32m\\]{prompt}\\[\\e[0m\\] '
PROMPT_COMMAND='echo $? >~/.status'
set +o emacs
"""
_PROMPT = r"(?:^|\n|\r|\x1b\[K)(\([^()\r\n]+\) )?\x1b\[32m{prompt}\x1b\[0m $"
_QUESTION = r"MFA code for .*\): $"


class Session:
    """A bash of `columns`, with the environment `environ`, at its first prompt.

    All that its terminal shows goes to `show` as it comes. `pace` is how many seconds
    pass from key to key; before and after a command it is a multiple of that.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        columns: int,
        show: Callable[[str], object],
        *,
        prompt: str = "$",
        pace: float = 0,
    ) -> None:
        self._home = Path(environ["HOME"])
        (self._home / ".bashrc").write_text(_BASHRC.format(prompt=prompt))
        self._prompt = _PROMPT.format(prompt=re.escape(prompt))
        self._pace = pace
        self._process = pexpect.spawn(
            "bash",
            env=dict(environ),
            cwd=str(self._home),
            encoding="utf-8",
            timeout=60,
            dimensions=(50, columns),
        )
        self._process.delaybeforesend = None
        self._process.logfile_read = _Shown(show)
        self._process.expect(self._prompt)

    def types(self, command: str, *answers: str) -> str:
        """Type a command, and an answer to each question; return what it printed."""
        time.sleep(self._pace * 40)
        self._press(command)
        printed = ""
        for answer in answers:
            self._process.expect(_QUESTION)
            printed += f"{self._process.before}{self._process.after}{answer}\r\n"
            time.sleep(self._pace * 60)
            self._press(answer)
        self._process.expect(self._prompt)
        return plain(printed + self._process.before) + "\n"

    def _press(self, keys: str) -> None:
        for key in keys:
            self._process.send(key)
            self._process.expect_exact(key)
            time.sleep(self._pace)
        self._process.send("\r")
        self._process.expect_exact("\r\n")

    @property
    def status(self) -> int:
        """The exit status of the last command."""
        return int((self._home / ".status").read_text())

    def close(self) -> None:
        """Hang up, as when a terminal's window is closed."""
        self._process.close(force=True)


class _Shown:
    """What pexpect writes to, and flushes."""

    def __init__(self, show: Callable[[str], object]) -> None:
        self.write = show

    def flush(self) -> None:
        pass
