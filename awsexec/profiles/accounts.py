"""The accounts and roles that a person has in IAM Identity Center, as awsexec keeps them.

A list is of one sign-in to one ``[sso-session]``. It turns the names of accounts into ids,
so that a role can be named SESSION/ACCOUNT/ROLE, and it is what TAB proposes. It holds no
secret. The file is in the cache directory, and this module only reads it.
"""

from __future__ import annotations

import os

from awsexec import fastpath
from awsexec.directories import ACCOUNTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# seconds for which a name stands for an id; accounts may be renamed
NAMES_LIFE = 86_400
# bytes; ten times what an organization with thousands of accounts needs
LARGEST = 16 * 1024 * 1024
# the format of the file
_VERSION = 1


class Account:
    """One account: its id of 12 digits, its name, and the person's roles in it."""

    __slots__ = ("id", "name", "roles")

    def __init__(self, id: str, name: str, roles: Iterable[str]) -> None:
        self.id = id
        self.name = name
        self.roles = tuple(roles)


class AccountList:
    """What IAM Identity Center listed for one sign-in.

    `session` is the name of the ``[sso-session]``, and `sign_in` a digest of the sign-in
    (`plan.inputs.sso_sign_in`). `listed` is when it was asked, in seconds since the epoch.
    `path` is the file that keeps the list, "" for none.
    """

    __slots__ = ("session", "sign_in", "listed", "accounts", "path")

    def __init__(
        self,
        session: str,
        sign_in: str | None,
        listed: int,
        accounts: Iterable[Account],
        path: str = "",
    ) -> None:
        self.session = session
        self.sign_in = sign_in
        self.listed = listed
        self.accounts = tuple(accounts)
        self.path = path

    @property
    def until(self) -> int:
        """When its names stop to stand for ids, in seconds since the epoch."""
        return self.listed + NAMES_LIFE

    def is_current(self, sign_in: str | None, now: float) -> bool:
        """Return whether it is of the sign-in `sign_in`, and its names still count."""
        is_of_now = self.listed - fastpath.CLOCK_SLACK < now < self.until
        return is_of_now and sign_in is not None and sign_in == self.sign_in

    def named(self, name: str) -> list[Account]:
        """Return the accounts that `name` may mean: an id, else the accounts of that name.

        An account whose name looks like an id is meant by its own id only.
        """
        if is_account_id(name):
            return [account for account in self.accounts if account.id == name]
        return [account for account in self.accounts if account.name == name]

    def roles(self, sessions: Iterable[str]) -> Iterator[tuple[str, Account, str]]:
        """Yield each role: SESSION/ACCOUNT/ROLE, its account and its name.

        ACCOUNT is the account's name where that means this account alone, else its id.
        `sessions` are the names of all sessions, with which a name is read back.
        """
        sessions = tuple(sessions)
        names: dict[str, int] = {}
        for account in self.accounts:
            names[account.name] = names.get(account.name, 0) + 1
        for account in self.accounts:
            is_callable = (
                names[account.name] == 1
                and account.name.isprintable()
                and not is_account_id(account.name)
            )
            for role in account.roles:
                name = f"{self.session}/{account.name}/{role}"
                if not is_callable or split(name, sessions) != (
                    self.session,
                    account.name,
                    role,
                ):
                    name = f"{self.session}/{account.id}/{role}"
                yield name, account, role


def is_account_id(text: str) -> bool:
    """Return whether `text` is written as the id of an account."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def split(name: str, sessions: Iterable[str]) -> tuple[str, str, str] | None:
    """Return SESSION, ACCOUNT and ROLE of a role's name; None if it is no such name.

    SESSION is the longest of `sessions` that leaves an account and a role. ROLE follows
    the last ``/``, since an account's name may have one.
    """
    for session in sorted(sessions, key=len, reverse=True):
        if name.startswith(f"{session}/"):
            account, _, role = name[len(session) + 1 :].rpartition("/")
            if account and role:
                return session, account, role
    return None


def path_of(directory: str, session: str, start_url: str) -> str:
    """Return the file in the cache `directory` for the list of a session."""
    key = ascii(("accounts", session, start_url))
    return os.path.join(directory, fastpath.file_name(key) + ACCOUNTS)


def kept(path: str) -> AccountList | None:
    """Return the list in the file at `path`; None if there is none that can be used."""
    import json

    try:
        fastpath.check_directory(os.path.dirname(path))
        found = json.loads(fastpath.read_private(path, LARGEST))
        if found["version"] != _VERSION:
            return None
        accounts = [
            Account(str(id), str(name), map(str, roles))
            for id, name, roles in found["accounts"]
        ]
        return AccountList(
            str(found["session"]),
            str(found["sign_in"]),
            int(found["listed"]),
            accounts,
            path,
        )
    except (
        ArithmeticError,
        LookupError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return None


def as_kept(found: AccountList) -> bytes:
    """Return the content of the file for `found`."""
    import json

    return json.dumps(
        {
            "version": _VERSION,
            "session": found.session,
            "sign_in": found.sign_in,
            "listed": found.listed,
            "accounts": [[each.id, each.name, each.roles] for each in found.accounts],
        }
    ).encode("ascii")
