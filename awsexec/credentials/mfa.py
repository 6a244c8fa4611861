"""The MFA code: where it comes from, in the order in which it is looked for.

1. ``--mfa-token``, or AWSEXEC_MFA_TOKEN, once;
2. the command in AWSEXEC_MFA_PROCESS or the profile's ``mfa_process``, once;
3. the user, on the controlling terminal.
"""

from __future__ import annotations

from awsexec import terminal
from awsexec.errors import (
    MfaRefused,
    NoCode,
    UsageError,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awsexec.credentials.credentials import Credentials
    from awsexec.profiles.files import Setting

# how many codes the user may try before a run gives up
ATTEMPTS = 3

# shown on the terminal before the question for the next code
REFUSED = "AWS refused the code. Each code works once, so wait for the next one."


class Codes:
    """Gives MFA codes for one call after the other.

    `given` is a code, and `process` returns one that a command prints; either may be
    None. `ask` asks the user a question and returns the answer. It is None if the user
    must not be asked, and raises `terminal.NoTerminal` if there is no terminal.
    """

    def __init__(
        self,
        given: Setting | None,
        process: Callable[[], str] | None,
        ask: Callable[[str], str] | None,
    ) -> None:
        self._given = given
        self._process = process
        self._ask = ask

    def attempts(self, profile: str, serial: str) -> Iterator[str]:
        """Yield the codes to try for `serial`; ask for the next one if AWS refuses one.

        Raises `NoCode` if there is no code to try at all, `UsageError`,
        `CredentialsError` and `Interrupted`.
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
            yield self._process()
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
                f"profile {profile!r} needs an MFA code of {serial}, and {why}; use "
                "--mfa-token, AWSEXEC_MFA_TOKEN or mfa_process",
                profile,
                serial,
            )

    def first_accepted(
        self, profile: str, serial: str, use: Callable[[str], Credentials]
    ) -> Credentials:
        """Return what `use` gives for the first of the `attempts` that AWS accepts.

        Raises as `attempts` and `use` do, and the last `MfaRefused` of `use` if AWS
        accepts no code.
        """
        refused: MfaRefused | None = None
        for code in self.attempts(profile, serial):
            try:
                return use(code)
            except MfaRefused as error:
                refused = error
        assert refused is not None, "no attempt was made, and none was refused"
        raise refused

    def _from_user(self, profile: str, serial: str, before: str) -> str:
        assert self._ask is not None
        question = f"MFA code for {shown(profile)} ({serial}): "
        code = self._ask(before + question)
        while not is_code(code):
            code = self._ask(f"An MFA code is six digits. {question}")
        return code


def is_code(text: str) -> bool:
    """Return whether `text` is six digits, which AWS accepts as a code."""
    return len(text) == 6 and text.isascii() and text.isdigit()
