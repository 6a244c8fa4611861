"""Which profiles the patterns of --each and --except mean."""

from __future__ import annotations

from fnmatch import fnmatchcase

from awsexec.credentials.account_lists import account_list
from awsexec.errors import (
    AwsexecError,
    ConfigError,
    NoSuchProfile,
    UnlistedAccount,
    UsageError,
    names_of,
    shown,
)
from awsexec.plan.source_kinds import has_identity
from awsexec.profiles.accounts import is_account_id, split
from awsexec.profiles.near import nearest
from awsexec.profiles.patterns import is_glob, strictly_fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from awsexec.plan.plan import Planner
    from awsexec.profiles.accounts import Account, AccountList
    from awsexec.profiles.profile import Profile
    from awsexec.report import Report

    # a role of IAM Identity Center: session, id of the account, name of the role
    Role = tuple[str, str, str]

EACH, EXCEPT = "--each", "--except"


def selected(
    patterns: Sequence[str],
    excepts: Sequence[str],
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> dict[str, bool]:
    """Return the names that `patterns` without `excepts` mean, in the order of --list.

    With each comes whether a pattern is just this name. Two names of one role of IAM
    Identity Center, with the account's name and with its id, count as one, and who leaves
    out a role leaves out each profile that is that role. A list of accounts that a pattern
    needs is got. Raises `ConfigError` (`NoSuchProfile` among them) for a pattern that
    means nothing that exists, `UsageError`, and as `account_list` does.
    """
    names = _Names(planner, environ, report)
    chosen: dict[str, bool] = {}
    roles: dict[str, Role | None] = {}
    by_role: dict[Role, str] = {}
    for pattern in patterns:
        for name in names.of(pattern, EACH):
            role = roles[name] = names.role(name)
            if role is not None and name not in planner.config.profiles:
                name = by_role.setdefault(role, name)
            is_exact = name == pattern or not is_glob(pattern)
            chosen[name] = is_exact or chosen.get(name, False)
    out: set[str | Role | None] = set()
    for pattern in excepts:
        for name in names.of(pattern, EXCEPT, [*filter(None, roles.values())]):
            out |= {name, names.role(name)}
    out.discard(None)
    left = [name for name in chosen if name not in out and roles[name] not in out]
    if not left:
        raise UsageError(
            "--except leaves no profile; remove one of its patterns, or add --each PATTERN"
        )
    return {name: chosen[name] for name in sorted(left, key=str.casefold)}


class _Names:
    """The names of all profiles, and of the roles of IAM Identity Center."""

    def __init__(
        self, planner: Planner, environ: Mapping[str, str], report: Report
    ) -> None:
        self._planner = planner
        self._environ = environ
        self._report = report
        self._profiles = planner.config.profiles
        self._sessions = self._profiles.config.sso_sessions
        # the sessions whose list is of this run
        self._got: set[str] = set()

    def of(self, pattern: str, option: str, known: Collection[Role] = ()) -> list[str]:
        """Return the names that `pattern` means, which `option` gives.

        That is the profile of that name, else those whose whole name fits it. --except
        takes both: what it leaves out by mistake does no harm. The roles `known` need no
        list of accounts. Raises `ConfigError` and as `account_list` does.
        """
        found = [pattern] if pattern in self._profiles else []
        if not is_glob(pattern):
            return found or [self._role_named(pattern, option, known)]
        if found and option == EACH:
            return found
        found += self._fitting(pattern, option)
        if not found:
            raise self._none(pattern, option)
        if "default" in found and self._is_empty("default"):
            # It holds settings for other profiles, and would stand for the machine's
            # own identity, which nobody named.
            found.remove("default")
            self._report.detail(f"{option} {pattern}: left out default, no identity")
        return found

    def _is_empty(self, name: str) -> bool:
        """Return whether the profile holds nothing but settings for other profiles."""
        try:
            return not has_identity(self._profiles.get(name))
        except AwsexecError:
            # its plan will say so, and the others run
            return False

    def role(self, name: str) -> Role | None:
        """Return the role that the profile `name` is, None if it is something else."""
        try:
            return _role_of(self._profiles.named(name))
        except AwsexecError:
            # its plan will say so
            return None

    # a name

    def _role_named(self, name: str, option: str, known: Collection[Role]) -> str:
        """Return `name` if it is a role that the person has, SESSION/ACCOUNT/ROLE.

        Without a list of accounts, AWS will tell whether a role of --each with an
        account's id is one.
        """
        try:
            role = self._with_new_list(name)
        except NoSuchProfile as error:
            raise error.named_by(option) from None
        except ConfigError as error:
            raise ConfigError(f"{option} {error}") from None
        if role is None or role in known:
            return name
        session, account, called = role
        listed = self._planner.lists.current(self._profiles, session)
        if listed is None and option == EACH:
            return name
        listed = listed or self._list(session)
        if not _has(listed, role) and not _has(self._list(session, again=True), role):
            # as the user wrote it
            _, account, _ = split(name, self._sessions) or role
            near = self._near(name, [session])
            raise ConfigError(
                f"{option} {shown(name)}: you have no role {shown(called)} in account "
                f"{shown(account)} of {shown(session)}; "
                + (near or f"see awsexec --accounts {shown(session)}")
            )
        return name

    def _with_new_list(self, name: str) -> Role | None:
        """Return the role `name`; get a new list if the one at hand lacks the account."""
        try:
            return _role_of(self._profiles.named(name))
        except UnlistedAccount as missing:
            self._list(missing.session, again=True)
            return _role_of(self._profiles.named(name))

    # a pattern

    def _fitting(self, pattern: str, option: str) -> Iterator[str]:
        """Yield the names that fit `pattern`, of profiles and of roles."""
        yield from filter(strictly_fitting(pattern), self._profiles.names())
        for session in self._sessions:
            if not _may_fit(pattern, session):
                continue
            listed = self._list(session)
            for name, account, role in listed.roles(self._sessions):
                if name not in self._profiles and self._fits(
                    pattern, session, account, role
                ):
                    _check_single(pattern, option, listed, account)
                    yield name

    def _fits(self, pattern: str, session: str, account: Account, role: str) -> bool:
        """Return whether `pattern`, whose beginning fits `session`, fits a role of it.

        Between the session and the last ``/`` stands the account: an id, which must be
        complete, or a pattern for its name, which may have a ``/`` itself.
        """
        parts = pattern.split("/")[session.count("/") + 1 :]
        wanted = "/".join(parts[:-1])
        if not fnmatchcase(role, parts[-1]):
            return False
        if is_account_id(wanted):
            return wanted == account.id
        means = split(f"{session}/{account.name}/{role}", self._sessions)
        longer = means[0] if means else session
        if longer != session and _may_fit(pattern, longer):
            # there it means an account of the session with the longer name
            return False
        return fnmatchcase(account.name, wanted)

    def _none(self, pattern: str, option: str) -> ConfigError:
        sessions = [name for name in self._sessions if _may_fit(pattern, name)]
        word = "".join(each for each in pattern if each not in "*?[]")
        places = " and ".join(self._profiles.looked_in)
        advice = "awsexec --list shows all names"
        if sessions:
            advice = f"awsexec --accounts {shown(sessions[0])} shows all names"
        near = self._near(word, sessions)
        return ConfigError(
            f"{option} {shown(pattern)}: fits the whole name of no profile in {places}; "
            + (near or f"* does not fit a /; {advice}")
        )

    # both

    def _list(self, session: str, *, again: bool = False) -> AccountList:
        """Return the list of `session`, `again` for a new one, once in a run."""
        found = self._planner.lists.current(self._profiles, session)
        if found is not None and (not again or session in self._got):
            return found
        self._got.add(session)
        return account_list(
            self._planner, session, self._environ, self._report, refresh=True
        )

    def _near(self, word: str, sessions: Collection[str]) -> str:
        """Return a question for the names near `word`, "" for none near."""
        names = list(self._profiles.names())
        for session in sessions:
            names += (name for name, _, _ in self._list(session).roles(self._sessions))
        # what stands before the first * may be what is wrong
        heads = {name[: len(word) + 1]: name for name in reversed(names)}
        near = nearest(word, names) or [heads[each] for each in nearest(word, heads)]
        return f"did you mean {' or '.join(map(shown, near))}?" if near else ""


def _role_of(profile: Profile) -> Role | None:
    """Return the role that `profile` is without another step, None for none."""
    session, account, role = map(
        profile.value, ("sso_session", "sso_account_id", "sso_role_name")
    )
    if profile.get("role_arn") or not (session and account and role):
        return None
    return session, account, role


def _has(listed: AccountList, role: Role) -> bool:
    _, id, called = role
    return any(called in account.roles for account in listed.named(id))


def _may_fit(pattern: str, session: str) -> bool:
    """Return whether `pattern` may fit a role of `session`, whose name may have a ``/``."""
    size = session.count("/") + 1
    parts = pattern.split("/")
    # after it come the account and the role
    return len(parts) > size + 1 and strictly_fitting("/".join(parts[:size]))(session)


def _check_single(
    pattern: str, option: str, listed: AccountList, account: Account
) -> None:
    """Raise `ConfigError` if `pattern` has an account's name that two accounts have."""
    found = listed.named(account.name)
    if len(found) > 1 and f"/{account.name}/" in pattern:
        raise ConfigError(
            f"{option} {shown(pattern)}: {shown(listed.session)} has {len(found)} accounts "
            f"with the name {shown(account.name)}: {names_of([each.id for each in found])}; "
            "write the id instead of the name"
        )
