"""--console: sign the user's browser in to the AWS Management Console."""

from __future__ import annotations

import sys
import time

from awsexec.credentials.account_lists import plan_named
from awsexec.credentials.get import get, near_end
from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError, Interrupted, UsageError
from awsexec.history import Log
from awsexec.loopback.browser import NoBrowser, Redirect, open_tab
from awsexec.output import put, tell
from awsexec.plan.endpoint import configured_url
from awsexec.plan.from_environment import plan_here
from awsexec.plan.plan import Planner
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.credentials import Credentials
    from awsexec.history import Attempt
    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

# seconds to wait for the browser
BROWSER_WAIT = 60
# seconds to wait if it ended with an error: explorer.exe does so when all is well
FAILED_WAIT = 3
# seconds between two looks whether it has
POLL = 0.2


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Open the console as PROFILE; print the URL if stdout is not a terminal."""
    log = Log(environ, report)
    log.check()
    whose = arguments.wanted_profile(environ) or environ.get("AWSEXEC_PROFILE")
    with log.attempt(whose, form="console") as attempt:
        return _run(arguments, environ, report, log, attempt)


def _run(
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    log: Log,
    attempt: Attempt,
) -> int:
    from awsexec.credentials.federation import Console

    attempt.of = plan = plan_here(
        arguments,
        environ,
        lambda: plan_named(
            Planner(arguments, environ),
            arguments.profile,
            environ,
            report,
            federated=True,
        ),
        federated=True,
    )
    profile = plan.chain.profile
    by = configured_url("signin", plan.config.profiles, profile, environ)
    console = Console.of(plan.endpoint.region, by.value if by is not None else None)
    page = console.page(plan.region, arguments.service, arguments.destination)
    credentials = _session(plan, arguments, environ, report, log)
    report.debug(f"getSigninToken at {console.sign_in} for {credentials}, to {page}")
    token = console.token(credentials, plan.endpoint, plan.label, by)
    secret = console.url(token, page, sign_out=arguments.logout)
    log.exported(plan, credentials, "console")
    if sys.stdout.isatty():
        why = ""
        if not arguments.no_browser:
            report.waiting(f"opening the console as {plan.name}{_until(credentials)}")
            try:
                _open(secret)
                return 0
            except NoBrowser as error:
                why = f"{error}; open this URL in a browser; "
        report.warning(
            f"{why}for 15 minutes, anybody who has this URL can use the session"
        )
    put(f"{secret}\n")
    return 0


def _session(
    plan: Plan,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    log: Log,
) -> Credentials:
    """Return a session that the console accepts; for a user's keys a new one."""
    from awsexec.credentials.federation import federated

    if arguments.duration is not None and _is_session_here(plan, environ):
        raise UsageError(
            "--duration would do nothing: it is for a session that awsexec opens, and "
            "the environment holds one already"
        )
    demand = Demand.current(plan.chain, arguments.min_ttl, arguments.refresh)
    # nothing renews the console's session
    credentials = get(
        plan,
        demand,
        environ,
        report,
        renew_from=near_end(environ),
        doing="open the AWS console (--console)",
        log=log,
    )
    if credentials.token is None:
        session = federated(plan, credentials, arguments.duration, report)
        log.obtained(plan, session, "GetFederationToken")
        return session
    return credentials


def _is_session_here(plan: Plan, environ: Mapping[str, str]) -> bool:
    """Return whether the environment holds a session, and no profile led there."""
    from awsexec.plan.source_kinds import TOKEN_VARIABLES

    if plan.chain.profile.is_users:
        return False
    return not plan.is_of_environment or any(map(environ.get, TOKEN_VARIABLES))


def _until(credentials: Credentials) -> str:
    if credentials.expires is None:
        return ""
    if credentials.expires - time.time() > 86_400:
        return f" until {iso8601(credentials.expires)}"
    return time.strftime(" until %H:%MZ", time.gmtime(credentials.expires))


def _open(secret: str) -> None:
    """Open the browser on the URL `secret`, which no process gets as an argument.

    Raises `NoBrowser`, and `AwsexecError` if the browser does not come in time.
    """
    failed, end = False, time.monotonic() + BROWSER_WAIT
    with Redirect(secret) as redirect:
        try:
            tab = open_tab(redirect.url)
            while time.monotonic() < end:
                if redirect.wait(POLL):
                    return
                if tab.has_failed():
                    failed, end = True, time.monotonic() + FAILED_WAIT
        except KeyboardInterrupt:
            # the terminal shows ^C; the next text needs a line of its own
            tell("\n")
            raise Interrupted from None
    if failed:
        raise NoBrowser("the browser could not be run, or failed")
    raise AwsexecError(
        f"the browser did not come within {BROWSER_WAIT} seconds; try again, or print the "
        "URL with --no-browser"
    )
