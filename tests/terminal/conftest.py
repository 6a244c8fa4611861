"""A person at a terminal."""

import termios

import pexpect
import pytest


class Terminal:
    """A person at a terminal, running a line of shell."""

    def __init__(self, environ, line):
        # a shell that stays, so that the terminal outlives awsexec
        self.process = pexpect.spawn(
            "/bin/sh",
            ["-c", f"{line}\necho status=$?; read over"],
            env=environ,
            encoding="utf-8",
            timeout=20,
        )

    def sees(self, text):
        self.process.expect_exact(text)

    def has(self, columns, rows=24):
        """Change the size of the terminal."""
        self.process.setwinsize(rows, columns)

    def types(self, text):
        self.process.sendline(text)

    def interrupts(self):
        self.process.sendintr()

    def ends(self):
        """What was on the screen since, and the status."""
        self.process.expect(r"status=(\d+)\r\n")
        screen, status = self.process.before, int(self.process.match[1])
        return screen, status

    def settings(self):
        return termios.tcgetattr(self.process.child_fd)

    def leaves(self):
        self.process.sendline()
        self.process.expect(pexpect.EOF)
        self.process.close()


@pytest.fixture
def terminal(run_awsexec):
    people = []

    def start(line):
        people.append(Terminal(run_awsexec.environment(), line))
        return people[-1]

    yield start
    for person in people:
        person.leaves()
