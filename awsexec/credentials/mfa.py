"""The MFA code: where it comes from, in the order in which it is looked for.

1. ``--mfa-token``, or AWSEXEC_MFA_TOKEN, once;
2. the command in AWSEXEC_MFA_PROCESS or the profile's ``mfa_process``, once;
3. the user, on the controlling terminal.
"""

from __future__ import annotations

import shlex
import subprocess

from awsexec import terminal
from awsexec.errors import CredentialsError, NoCode, UsageError, program, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awsexec.profiles.files import Setting

# how often a code is asked for that AWS then refuses
ATTEMPTS = 3

# on the terminal, where the next code is asked for
REFUSED = "AWS refused the code; each code works once, so wait for the next one to show"


class Codes:
    """Gives codes for the device of one call after the other.

    `given` and `process` are a code and a command with where each comes from; `ask`
    is None where the user is not to be asked.
    """

    def __init__(
        self,
        given: Setting | None,
        process: Setting | None,
        ask: Callable[[str], str] | None,
    ) -> None:
        self._given = given
        self._process = process
        self._ask = ask

    def attempts(self, profile: str, serial: str) -> Iterator[str]:
        """The codes to try for `serial`, each after AWS has refused the one before.

        Raises `NoCode` where there is none to try at all, and `Interrupted`.
        """
        tried = 0
        if self._given is not None:
            given, self._given = self._given, None
            if not is_code(given.value):
                raise UsageError(f"{given.where}: an MFA code is six digits")
            tried += 1
            yield given.value
        elif self._process is not None:
            tried += 1
            yield _from_process(self._process)
        for _ in range(ATTEMPTS if self._ask is not None else 0):
            try:
                code = self._from_user(profile, serial, f"{REFUSED}\n" if tried else "")
            except terminal.NoTerminal:
                break
            tried += 1
            yield code
        if not tried:
            why = (
                "--no-prompt forbids asking"
                if self._ask is None
                else "there is no terminal to ask on"
            )
            raise NoCode(
                f"profile {profile!r} needs an MFA code of {serial} and {why}; give "
                "--mfa-token, AWSEXEC_MFA_TOKEN or mfa_process",
                profile,
                serial,
            )

    def _from_user(self, profile: str, serial: str, before: str) -> str:
        assert self._ask is not None
        question = f"MFA code for {shown(profile)} ({serial}): "
        code = self._ask(before + question)
        while not is_code(code):
            code = self._ask(f"A code is six digits. {question}")
        return code


def is_code(text: str) -> bool:
    """Whether AWS could take `text`: six digits."""
    return len(text) == 6 and text.isascii() and text.isdigit()


def _from_process(process: Setting) -> str:
    """The code a command prints on its first line.

    The command is split as a shell splits words, and run without one, as AWS does
    with credential_process. Its stderr and the terminal stay its own, for "touch
    your key"; stdin is COMMAND's, so it gets none.
    """
    try:
        argv = shlex.split(process.value)
        finished = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CredentialsError(
            f"{process.where}: cannot run mfa_process {program(process.value)}: {reason}"
        ) from None
    line = finished.stdout.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    if finished.returncode != 0:
        raise CredentialsError(
            f"{process.where}: mfa_process {program(process.value)} ended with status "
            f"{finished.returncode}; run it by hand to see why"
        )
    if not is_code(line):
        raise CredentialsError(
            f"{process.where}: mfa_process {program(process.value)} printed no six-digit "
            "code on its first line"
        )
    return line
