"""The list of accounts of a sign-in: from the cache, else from IAM Identity Center."""

from __future__ import annotations

import time

from awsexec.errors import ConfigError, UnlistedAccount, shown
from awsexec.profiles.patterns import fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.plan.plan import Plan, Planner
    from awsexec.profiles.accounts import AccountList
    from awsexec.report import Report


def plan_named(
    planner: Planner,
    name: str | None,
    environ: Mapping[str, str],
    report: Report,
    *,
    federated: bool = False,
) -> Plan:
    """Make the plan for `name`, and ask IAM Identity Center for an account's id if needed.

    It is asked once, for the list of the session. Raises as `Planner.plan` does,
    `CredentialsError` and `Interrupted`.
    """
    try:
        return planner.plan(name, federated=federated)
    except UnlistedAccount as missing:
        account_list(planner, missing.session, environ, report, refresh=True)
        return planner.plan(name, federated=federated)


def account_list(
    planner: Planner,
    session: str,
    environ: Mapping[str, str],
    report: Report,
    *,
    refresh: bool = False,
) -> AccountList:
    """Return the list of `session`; with `refresh` a new one, whatever the cache has.

    Signs in if that is due. Raises `ConfigError`, `CredentialsError` and `Interrupted`.
    """
    profiles = planner.config.profiles
    found = None if refresh else planner.lists.current(profiles, session)
    if found is not None:
        return found
    # what the cache has needs none of this
    from awsexec.cache.store import store_for
    from awsexec.credentials.get import context_for
    from awsexec.credentials.identity_center.assignments import list_accounts
    from awsexec.credentials.parallel import patient
    from awsexec.profiles import accounts

    plan = planner.plan_of_session(session)
    source, store = plan.chain.source, store_for(environ, report)
    context = context_for(plan, environ, store, report)
    context.retries = patient(plan.retries)
    start_url = source.value("sso_start_url") or ""
    with report.counting(f"reading the accounts of {shown(session)}") as progress:
        listed = list_accounts(source, context, progress)
    path = ""
    if plan.uses_cache and store.directory:
        path = accounts.path_of(store.directory, session, start_url)
    found = accounts.AccountList(
        session, context.sign_in, int(time.time()), listed, path
    )
    if path:
        store.keep_accounts(path, accounts.as_kept(found))
    planner.lists.add(start_url, found)
    return found


def lists_of_sessions(
    planner: Planner,
    pattern: str | None,
    environ: Mapping[str, str],
    report: Report,
    *,
    refresh: bool = False,
) -> list[AccountList]:
    """Return the lists of the sessions that `pattern` may fit.

    Of several sessions, those without a sign-in are only named in a warning: the user did
    not ask to sign in to all of them. Raises as `account_list` does.
    """
    from awsexec.plan.by_name import sign_in_to

    file = planner.config.profiles.config
    sessions = list(file.sso_sessions)
    if pattern in file.sso_sessions:
        sessions = [pattern]
    elif pattern is not None and "/" in pattern:
        # a pattern for the whole name; a part of a name fits any session
        fits = fitting(pattern.partition("/")[0])
        sessions = [each for each in sessions if fits(each)] or sessions
    if not sessions:
        raise ConfigError(
            f"no [sso-session] in {shown(file.path)}; write one, or run: "
            "aws configure sso-session"
        )
    signed_in = [each for each in sessions if sign_in_to(each, environ) is not None]
    if len(sessions) > 1 and not signed_in:
        raise ConfigError(
            f"not signed in to any of {', '.join(map(shown, sessions))}; sign in with "
            "awsexec --sign-in SESSION, or name one here"
        )
    if len(sessions) > 1:
        for other in sessions:
            if other not in signed_in:
                report.warning(
                    f"left out {shown(other)}: not signed in; sign in with "
                    f"awsexec --sign-in {shown(other)}"
                )
        sessions = signed_in
    return [
        account_list(planner, each, environ, report, refresh=refresh)
        for each in sessions
    ]
