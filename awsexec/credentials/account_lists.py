"""The list of accounts of a sign-in: from the cache, else from IAM Identity Center."""

from __future__ import annotations

import time

from awsexec.cache.store import store_for
from awsexec.credentials.get import context_for
from awsexec.errors import UnlistedAccount, shown

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
    from awsexec.credentials.identity_center.assignments import RETRIES, list_accounts
    from awsexec.profiles import accounts

    plan = planner.plan_of_session(session)
    source, store = plan.chain.source, store_for(environ, report)
    context = context_for(plan, environ, store, report)
    context.retries = context.retries or RETRIES
    start_url = source.value("sso_start_url") or ""
    with report.counting(f"reading the accounts of {shown(session)}") as progress:
        listed = list_accounts(source, context, progress)
    path = ""
    if plan.uses_cache:
        path = accounts.path_of(store.directory, session, start_url)
    found = accounts.AccountList(
        session, context.sign_in, int(time.time()), listed, path
    )
    if path:
        store.keep_accounts(path, accounts.as_kept(found))
    planner.lists.add(start_url, found)
    return found
