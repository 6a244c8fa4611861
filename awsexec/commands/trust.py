"""--trust and --untrust: whether the file ``.awsexec`` may name a profile."""

from __future__ import annotations

import os
import time

from awsexec.cache import owner
from awsexec.cache.store import store_for
from awsexec.credentials.cached import Cached
from awsexec.credentials.faults import fault_of
from awsexec.errors import (
    AwsexecError,
    ConfigError,
    UnlistedAccount,
    UsageError,
    reason,
    shown,
)
from awsexec.plan.plan import Planner
from awsexec.profiles import by_directory
from awsexec.profiles.trust import Trusts, home_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report


def trust(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Trust FILE, by default the one that counts here, with what it names now."""
    place = _place(arguments, environ)
    name, trusts = by_directory.name_in(place), Trusts.of(environ)
    try:
        owner.make_private(trusts.directory)
        trusts.put(place, name)
    except (OSError, ValueError) as error:
        raise _cannot_write(trusts, error) from None
    reach = "its directory"
    if by_directory.reaches_below(os.path.dirname(place), home_of(environ)):
        reach += " and those below"
    whom = ""
    fault: AwsexecError | None = None
    try:
        plan = Planner(arguments, environ).plan(name)
        whom = _of_whom(plan)
        fault = fault_of(plan, _cached(environ, report))
    except UnlistedAccount:
        # only a call gets the list of accounts
        pass
    except AwsexecError as error:
        fault = error
    report.warning(
        f"{shown(place)} is trusted: it names profile {name!r}{whom}, for {reach}"
    )
    if fault is not None:
        report.warning(f"this profile cannot be used yet: {fault}")
    _, by, _ = arguments.default_profile(environ)
    if by:
        report.warning(f"here {by}={shown(environ[by])} wins over it")
    return 0


def untrust(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Take back the trust in FILE, which need not exist any more."""
    place, trusts = _place(arguments, environ), Trusts.of(environ)
    try:
        was_trusted = trusts.remove(place)
    except OSError as error:
        raise _cannot_write(trusts, error) from None
    if was_trusted:
        report.warning(f"{shown(place)} is no longer trusted")
    else:
        report.warning(f"{shown(place)} was not trusted")
    return 0


def _place(arguments: Arguments, environ: Mapping[str, str]) -> str:
    """Return where FILE is: the file, or its directory. Raises `AwsexecError`."""
    given = arguments.profile
    try:
        if given is not None:
            # no abspath, to which what lies behind a symbolic link and .. is elsewhere
            absolute = (
                given if os.path.isabs(given) else os.path.join(os.getcwd(), given)
            )
            return _given(absolute)
        found = by_directory.find(os.getcwd(), home_of(environ))
    except OSError as error:
        raise AwsexecError(
            f"cannot look for {by_directory.NAME} from the current directory up: "
            f"{reason(error)}; name FILE by its absolute path"
        ) from None
    if found is None:
        raise ConfigError(
            f"there is no {by_directory.NAME} for {shown(os.getcwd())}; write a profile's "
            "name into one, or name FILE"
        )
    return found


def _given(path: str) -> str:
    name = by_directory.NAME
    if os.path.basename(path) != name:
        if not os.path.isdir(path):
            raise UsageError(
                f"{shown(path)} would name no profile: only a file called {name} does"
            )
        path = os.path.join(path, name)
    return by_directory.place(path)


def _cached(environ: Mapping[str, str], report: Report) -> Cached | None:
    try:
        return Cached(store_for(environ, report), time.time())
    except AwsexecError:
        # what is wrong with the cache is not the profile's fault
        return None


def _of_whom(plan: Plan) -> str:
    """Return the role or the account, in brackets; "" where only a call tells it."""
    chain = plan.chain
    role = chain.role_arn or chain.source.value("sso_role_name")
    # a role's ARN has the account
    account = chain.account if not chain.role_arn else None
    facts = [
        f"{noun} {fact}"
        for noun, fact in (("role", role), ("account", account))
        if fact
    ]
    return f" ({', '.join(facts)})" if facts else ""


def _cannot_write(trusts: Trusts, error: Exception) -> AwsexecError:
    return AwsexecError(
        f"cannot write what you trust to {shown(trusts.directory)}: {reason(error)}; "
        "correct that and try again"
    )
