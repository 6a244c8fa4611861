"""The MFA code: where it comes from, in the order in which it is looked for.

1. ``--mfa-token``, or AWSEXEC_MFA_TOKEN, once;
2. the command in AWSEXEC_MFA_PROCESS or the profile's ``mfa_process``, once;
3. the user, on the controlling terminal.
"""

from __future__ import annotations

from awsexec import terminal
from awsexec.errors import (
    CredentialsError,
    MfaRefused,
    NoCode,
    UsageError,
    names_of,
)
from awsexec.plan.limits import NO_CODE, mfa_code
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from awsexec.profiles.files import Setting

    T = TypeVar("T")

# how many codes the user may try before a run gives up
ATTEMPTS = 3

# shown on the terminal before the question for the next code
REFUSED = "AWS refused the code. Each code works once, so wait for the next one."

NO_TERMINAL = "there is no terminal to ask on"


class Codes:
    """Gives MFA codes for one call after the other.

    `code` is one that was given, and `process` returns one that a command prints, which
    its ``str`` names; either may be None. `ask` asks the user a question and returns the
    answer. It is None if the user must not be asked. `check` raises `terminal.NoTerminal`
    if `ask` would. `serves` names the profiles that one code is for, if it is not for the
    one with the `mfa_serial` alone.
    """

    def __init__(
        self,
        code: Setting | None,
        process: Callable[[], str] | None,
        ask: Callable[[str], str] | None,
        check: Callable[[], None] = lambda: None,
        serves: Sequence[str] = (),
    ) -> None:
        self._code = code
        self._process = process
        self._ask = ask
        self._check = check
        self._serves = serves
        self._was_refused = False

    def check_given(self) -> None:
        """Raise `UsageError` if a code was given that AWS would not accept."""
        if self._code is not None:
            check_code(self._code)

    def given(self) -> str | None:
        """Return the code that was given, for one call, else None."""
        code, self._code = self._code, None
        self._was_refused = False
        return None if code is None else mfa_code(code.value)

    def may_ask_again(self) -> bool:
        """Return whether the user may be asked, after AWS refused the code `given`."""
        self._was_refused = True
        return self._why_not() is None

    def check(self, profile: str, serial: str) -> None:
        """Raise `NoCode` if neither a command nor the user can be asked."""
        if self._process is None or self._was_refused:
            if why := self._why_not():
                raise _no_code(why, profile, serial)

    def attempts(self, profile: str, serial: str) -> Iterator[str]:
        """Yield the codes to try for `serial`; get the next one if AWS refuses one.

        Raises `NoCode` if there is no code to try at all, `CredentialsError`,
        `ConfigError` and `Interrupted`.
        """
        before = f"{REFUSED}\n" if self._was_refused else ""
        tried = 0
        if self._process is not None and not self._was_refused:
            tried += 1
            yield self._process()
            before = f"AWS refused the code of {self._process}.\n"
        for _ in range(ATTEMPTS if self._ask is not None else 0):
            try:
                code = self._from_user(profile, serial, before)
            except terminal.NoTerminal:
                break
            tried += 1
            yield code
            before = f"{REFUSED}\n"
        if not tried:
            raise _no_code(self._why_not() or NO_TERMINAL, profile, serial)

    def first_accepted(self, profile: str, serial: str, use: Callable[[str], T]) -> T:
        """Return what `use` gives for the first of the `attempts` that AWS accepts.

        Raises as `attempts` and `use` do, and the last `MfaRefused` of `use` if AWS
        accepts no code.
        """
        refused: list[MfaRefused] = []
        for code in self.attempts(profile, serial):
            try:
                return use(code)
            except MfaRefused as error:
                refused.append(error)
        assert refused, "no attempt was made, and none was refused"
        if self._process is not None and not self._was_refused and len(refused) == 1:
            # no failure of a person: another run would get the same code
            raise CredentialsError(f"{refused[0]}; it is the code of {self._process}")
        raise refused[-1]

    def _why_not(self) -> str | None:
        """Return why the user cannot be asked, None if he can."""
        if self._ask is None:
            return "--no-prompt forbids asking"
        try:
            self._check()
        except terminal.InBackground:
            return "this run is in the background, where it cannot ask"
        except terminal.NoTerminal:
            return NO_TERMINAL
        return None

    def _from_user(self, profile: str, serial: str, before: str) -> str:
        assert self._ask is not None
        names = names_of(self._serves or [profile])
        question = f"MFA code for {names} ({printable(serial)}): "
        code = mfa_code(self._ask(before + question))
        while code is None:
            code = mfa_code(self._ask(f"An MFA code is six digits. {question}"))
        return code


def check_code(given: Setting) -> None:
    """Raise `UsageError` if AWS would not accept the code that was `given`."""
    if mfa_code(given.value) is None:
        raise UsageError(f"{given.where}: {NO_CODE}")


def _no_code(why: str, profile: str, serial: str) -> NoCode:
    return NoCode(
        f"profile {profile!r} needs an MFA code of {serial}, and {why}; use "
        "--mfa-token, AWSEXEC_MFA_TOKEN or mfa_process",
        profile,
        serial,
    )
