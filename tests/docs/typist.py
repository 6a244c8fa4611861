"""A person at a terminal who types what a document says, and compares the screen.

A `console` block is a list of steps. A step is a prompt, a command, and what the
command prints. Where the printed text is a question, its answer stands behind it and is
typed too. A block that begins with what awsexec says, and not with a prompt, is about a
later time: the session in the shell is made to have as much time left as the next prompt
shows.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from awsexec.times import iso8601
from tests.screen import plain
from tests.support import SECRET

# the prompt of the user's shell, and awsexec's words before it in a shell with a role
_PROMPT = re.compile(r"^(?P<role>(\(\S+( \w+)?\) )?)\$ ?(?P<command>.*)$")
# what asks, so that what follows in the document is the answer
_QUESTION = re.compile(
    r"^(?P<question>(?:MFA code|Access key id) for .*?: |.*\? \[y/N\] )(?P<answer>.*)$"
)
# what asks for alice's secret key, and does not show it
_HIDDEN = re.compile(r"^Secret access key for \w+:$")
# in a line of its own any number of lines, else any text
_ELLIPSIS = "..."

# What differs from run to run, and what a document may say in its place.
_VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?"), "TIME"),
    (re.compile(r"\b\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b(\d+h\d\dm|\d{1,2}m|\d{1,2}s)\b"), "LEFT"),
    # the login name of whoever runs the tests
    (re.compile(r"(?<=:assumed-role/)([\w-]+)/[\w.@-]+"), r"\1/SESSION"),
    (re.compile(r"(?<=RoleSessionName = )[\w.@-]+"), "SESSION"),
    (re.compile(r"\bA(ROA|IDA|SIA)[A-Z0-9]+\b(:[\w-]+)?"), "ID"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "SERVER"),
    (re.compile(r"https://oidc\.[\w-]+\.amazonaws\.com(?=/authorize)"), "SERVER"),
    (re.compile(r"(?<=/)[\w.%?=&/+-]*SigninToken[\w.%?=&/+-]*"), "SIGN-IN"),
    (re.compile(r" +$", re.M), ""),
]


@dataclass
class Step:
    """One command of a block, with the `line` it stands in.

    `role` is what awsexec puts before the prompt. Without a `command`, time passes.
    """

    line: int
    role: str
    command: str | None
    expected: list[str] = field(default_factory=list)


def steps(text: str, line: int) -> list[Step]:
    """Split a `console` block, whose first line has the number `line`."""
    found: list[Step] = []
    rows = text.splitlines()
    if not _PROMPT.match(rows[0]):
        later = next(prompt for prompt in map(_PROMPT.match, rows) if prompt)
        found.append(Step(line, later["role"], None))
    for number, row in enumerate(rows, start=line):
        prompt = _PROMPT.match(row)
        if prompt is not None:
            found.append(Step(number, prompt["role"], prompt["command"]))
        else:
            found[-1].expected.append(row)
    return found


class Typist:
    """Somebody at a bash of 80 columns, whose home is `home`."""

    def __init__(self, environ: dict[str, str], home: Path) -> None:
        self.home = home
        # Without the line editor, a terminal shows what is typed as it is typed.
        (home / ".bashrc").write_text("PS1='$ '\nset +o emacs\n")
        self.process = pexpect.spawn(
            "bash",
            env={**environ, "TERM": "dumb", "SHELL": "/bin/bash"},
            cwd=str(home),
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 80),
        )
        self.process.delaybeforesend = None
        # the prompt that waits
        self.role = ""
        self._wait()

    def types(self, step: Step) -> None:
        """Type a step's command, and fail where the screen is not the document's."""
        command = step.command
        if command is None:
            command = _later(step.role)
        else:
            assert self.plain(self.role) == self.plain(step.role), self.role
        if not command:
            return
        self.process.sendline(command)
        # a terminal breaks a long line
        for part in command.split(" "):
            self.process.expect(r"\s*".join(map(re.escape, part)))
        self.process.expect_exact("\r\n")
        screen = ""
        for row in step.expected:
            question = _QUESTION.match(row)
            if _HIDDEN.match(row):
                self.process.expect_exact(f"{row} ")
                screen += self.process.before + self.process.after
                self.process.sendline(SECRET)
            elif question is not None:
                # what differs from run to run is compared below
                self.process.expect(_ends(question["question"]))
                screen += self.process.before + self.process.after
                self.process.sendline(question["answer"])
        screen += self._wait()
        expected = self.plain("\n".join(step.expected))
        printed = self.plain(plain(screen).rstrip("\n"))
        assert matches(expected, printed), f"\n{printed}\ninstead of\n{expected}"

    def _wait(self) -> str:
        """Wait for the next prompt, and return what came before it."""
        self.process.expect(r"(?:^|\n|\r)((?:\([^()\r\n]+\) )?)\$ $")
        assert isinstance(self.process.match, re.Match)
        self.role = plain(self.process.match[1])
        return (self.process.before or "") + "\n"

    def plain(self, text: str) -> str:
        """Return `text` without what differs from run to run."""
        text = text.replace(str(self.home), "/home/alice")
        for pattern, word in _VARYING:
            text = pattern.sub(word, text)
        return text

    def leaves(self) -> None:
        self.process.close(force=True)


def _ends(question: str) -> str:
    """Return a pattern for the end of a question, from its last varying word on."""
    return re.escape(re.split(r"[\d:]+Z", question)[-1])


def _later(role: str) -> str:
    """Return what leaves the session in a shell as many minutes as `role` shows."""
    left = re.search(r" (\d+)m\) $", role)
    assert left is not None, role
    expires = int(time.time()) + 60 * int(left[1]) + 30
    return (
        f"export AWS_CREDENTIAL_EXPIRATION={iso8601(expires)}"
        f" AWSEXEC_ISSUED={iso8601(expires - 3600)}"
    )


def matches(expected: str, printed: str) -> bool:
    """Whether the screen is the document's, in which `...` is any text or lines."""
    parts = [
        (
            r"(?:.*\n)*?"
            if row == _ELLIPSIS
            else ".*".join(map(re.escape, row.split(_ELLIPSIS))) + "\n"
        )
        for row in expected.splitlines()
    ]
    return re.fullmatch("".join(parts), printed + "\n" if printed else "") is not None
