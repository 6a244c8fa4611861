"""A role of IAM Identity Center by its name, SESSION/ACCOUNT/ROLE, as a profile.

No file has such a profile: SESSION is an ``[sso-session]`` of the config file, ACCOUNT the
name or id of an account, and ROLE a permission set that the person has there.
"""

from __future__ import annotations

import time

from awsexec.directories import cache_directory
from awsexec.errors import ConfigError, UnfinishedRole, UnlistedAccount, shown
from awsexec.plan.inputs import InputFile, sso_sign_in, sso_token_file
from awsexec.plan.source_kinds import SSO_CACHE
from awsexec.profiles import accounts, files
from awsexec.profiles.accounts import AccountList
from awsexec.profiles.files import Setting
from awsexec.profiles.near import nearest
from awsexec.profiles.profile import Profile, Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Lists:
    """The lists of accounts: those that the cache keeps, and those that were just got.

    `uses_cache` is whether the kept ones count.
    """

    def __init__(self, environ: Mapping[str, str], *, uses_cache: bool = True) -> None:
        self._environ = environ
        self._uses_cache = uses_cache
        self._lists: dict[tuple[str, str], AccountList | None] = {}

    def add(self, start_url: str, found: AccountList) -> None:
        """Let `found` count, whatever the cache has."""
        self._lists[found.session, start_url] = found

    def get(self, profiles: Profiles, session: str) -> AccountList | None:
        """Return the last list of `session`, even if it does not count any more."""
        start_url = _start_url(profiles, session)
        key = session, start_url
        if key not in self._lists:
            self._lists[key] = None
            directory = cache_directory(self._environ) if self._uses_cache else ""
            if directory and start_url:
                path = accounts.path_of(directory, session, start_url)
                self._lists[key] = accounts.kept(path)
        return self._lists[key]

    def current(self, profiles: Profiles, session: str) -> AccountList | None:
        """Return the list of `session` if it is of the present sign-in, and not too old."""
        found = self.get(profiles, session)
        sign_in = sign_in_to(session, self._environ)
        if found is not None and found.is_current(sign_in, time.time()):
            return found
        return None


def sign_in_to(session: str, environ: Mapping[str, str]) -> str | None:
    """Return a digest of the present sign-in to `session`, None for none."""
    path = sso_token_file(session, files.expand(SSO_CACHE, environ))
    return InputFile(path, sso_sign_in).identity


def profile_of_role(name: str, profiles: Profiles, lists: Lists) -> Profile | None:
    """Return the role `name` as a profile; None if `name` is no name of a role.

    The account's id needs no list. Raises `UnlistedAccount` if ACCOUNT is a name that no
    current list has, `ConfigError` if two accounts have it, and `UnfinishedRole` if
    `name` is a session's alone, or ends after the account.
    """
    sessions = profiles.config.sso_sessions
    parts = accounts.split(name, sessions)
    if parts is None:
        for session in sorted(sessions, key=len, reverse=True):
            if f"{name}/".startswith(f"{session}/"):
                section = sessions[session]
                raise UnfinishedRole(name, session, f"{section.file}:{section.line}")
        return None
    session, account, role = parts
    section = sessions[session]
    where, listed = "PROFILE", None
    account_id = account
    if not accounts.is_account_id(account):
        listed = lists.current(profiles, session)
        found = listed.named(account) if listed is not None else []
        if listed is None or not found:
            known = [each.name for each in listed.accounts] if listed else []
            near = [f"{session}/{each}/{role}" for each in nearest(account, known)]
            raise UnlistedAccount(name, session, account, near)
        if len(found) > 1:
            ids = " and ".join(each.id for each in found)
            raise ConfigError(
                f"{shown(name)}: {shown(session)} has {len(found)} accounts with the "
                f"name {shown(account)}: {ids}; write the id instead of the name"
            )
        account_id, where = found[0].id, listed.path or where
    return Profile(
        name,
        options=[
            Setting("sso_session", session, section.file, section.line),
            Setting.outside("sso_account_id", account_id, where),
            Setting.outside("sso_role_name", role, "PROFILE"),
        ],
        listed=listed,
        index=profiles.index,
    )


def _start_url(profiles: Profiles, session: str) -> str:
    section = profiles.config.sso_sessions.get(session)
    setting = section.settings.get("sso_start_url") if section is not None else None
    return setting.value if setting is not None else ""
