"""Signing the user's browser in to the AWS Management Console."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from awsexec.credentials import aws_errors
from awsexec.credentials.credentials import Credentials
from awsexec.errors import AwsexecError, CredentialsError, Interrupted, UsageError
from awsexec.loopback.browser import Redirect, open_tab
from awsexec.options.arguments import Arguments
from awsexec.output import put
from awsexec.plan import calls
from awsexec.plan import endpoint as endpoints
from awsexec.plan.from_environment import Whose, whose
from awsexec.plan.plan import local_user
from awsexec.profiles.files import Setting
from awsexec.report import Report
from awsexec.times import iso8601

# seconds for the browser to come
LONGEST = 60


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Open the console as PROFILE; print the URL where stdout is no terminal."""
    from awsexec.credentials.federation import Console

    found = whose(arguments, environ, report, federated=True)
    url = endpoints.url("signin", found.profiles, found.profile, environ)
    console = Console.of(found.endpoint.region, url)
    page = console.page(found.region, arguments.service, arguments.destination)
    credentials = _session(found, arguments, report)
    report.debug(f"getSigninToken at {console.sign_in} for {credentials}, to {page}")
    try:
        token = console.token(credentials, found.endpoint, found.label)
    except aws_errors.Unreachable as error:
        raise aws_errors.unreachable(error, "AWS Sign-In") from None
    secret = console.url(token, page, sign_out=arguments.logout)
    if sys.stdout.isatty() and not arguments.no_browser:
        report.waiting(f"opening the console as {found.name}{_until(credentials)}")
        _open(secret)
        return 0
    if sys.stdout.isatty():
        report.warning("for 15 minutes, whoever has this URL gets the session")
    put(f"{secret}\n")
    return 0


def _session(found: Whose, arguments: Arguments, report: Report) -> Credentials:
    """Credentials that the console takes: a session, of a user's keys a new one."""
    if found.source is None:
        for setting, _, option in arguments.settings():
            if setting != "duration_seconds":
                raise UsageError(f"{option} needs a PROFILE; the environment has none")
    credentials = found.load()
    if credentials.expires is not None and credentials.expires <= time.time():
        raise CredentialsError(
            f"the credentials of {found.label} have expired; name a PROFILE for fresh "
            "ones"
        )
    if credentials.token is None:
        return _federated(found, credentials, arguments, report)
    if found.source is None and arguments.duration is not None:
        raise UsageError(
            "--duration is for a session that awsexec opens, and the environment has "
            "one already"
        )
    return credentials


def _federated(
    found: Whose, keys: Credentials, arguments: Arguments, report: Report
) -> Credentials:
    """A session of the user that `keys` are of, which may do all that the user may."""
    from awsexec.credentials.federation import ALLOW_ALL
    from awsexec.credentials.sts import Sts

    if found.profile.get("mfa_serial") is not None:
        report.warning(
            f"AWS gives a console session of a user's keys no MFA, so that what needs "
            f"it is denied there; a role with mfa_serial has it ({found.label})"
        )
    profile = found.profile
    if arguments.duration is not None:
        given = Setting("duration_seconds", str(arguments.duration), "--duration", 0)
        profile = profile.with_options([given])
    duration = calls.duration(profile, "GetFederationToken", calls.FEDERATED_LONGEST)
    parameters: dict[str, object] = {
        "Name": calls.clean_federated_name(local_user()),
        "Policy": ALLOW_ALL,
    }
    if duration is not None:
        parameters["DurationSeconds"] = duration
    try:
        session = Sts(found.endpoint, None, report.debug).call(
            "GetFederationToken", parameters, keys
        )
    except aws_errors.Refused as error:
        asking = found.label if found.source is None else found.source.label
        raise aws_errors.explain_federation(error, found.label, asking) from None
    except aws_errors.Unreachable as error:
        raise aws_errors.unreachable(error) from None
    report.detail(f"{found.label}: GetFederationToken gave {session}")
    return session


def _until(credentials: Credentials) -> str:
    if credentials.expires is None:
        return ""
    if credentials.expires - time.time() > 86_400:
        return f" until {iso8601(credentials.expires)}"
    return time.strftime(" until %H:%MZ", time.gmtime(credentials.expires))


def _open(secret: str) -> None:
    """Open the browser on `secret`, which no process has among its arguments."""
    with Redirect(secret) as redirect:
        try:
            if not open_tab(redirect.url):
                raise AwsexecError(
                    "there is no browser to open; set BROWSER, or print the URL with "
                    "--no-browser"
                )
            if redirect.wait(LONGEST):
                return
        except KeyboardInterrupt:
            # the terminal shows ^C; what comes next begins on a line of its own
            sys.stderr.write("\n")
            raise Interrupted from None
    raise AwsexecError(
        f"the browser did not come within {LONGEST} seconds; try again, or print the "
        "URL with --no-browser"
    )
