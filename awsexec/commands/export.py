"""--export: print the credentials for a shell or a program, or what unsets them."""

from __future__ import annotations

import sys

from awsexec.credentials.account_lists import plan_named
from awsexec.credentials.credentials import child_variables, shell_variables
from awsexec.credentials.get import get, near_end
from awsexec.credentials.resolver import Demand
from awsexec.export_formats import DOCUMENTS, SHELLS
from awsexec.fastpath import LIMITS, REMOVED, REMOVED_PREFIX
from awsexec.history import Log
from awsexec.output import put
from awsexec.plan.guardrails import shown_limits
from awsexec.plan.plan import Planner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the credentials of PROFILE in the chosen format, or what unsets them.

    A shell also gets commands that unset what would select another identity, as COMMAND's
    environment loses it.
    """
    assert arguments.export is not None
    if arguments.unset:
        if environ.get(LIMITS):
            report.warning(
                f"this also ends the limit to {shown_limits(environ[LIMITS])} ({LIMITS}): "
                "the next role in this shell has no limits from outside"
            )
        unset = ["AWSEXEC_PROFILE", LIMITS, *_shadowing(environ)]
        put(SHELLS[arguments.export].script(_own_files(environ), unset))
        return 0
    log = Log(environ, report)
    log.check()
    whose = arguments.wanted_profile(environ)
    with log.attempt(whose, form=arguments.export) as attempt:
        planner = Planner(arguments, environ)
        attempt.of = plan = plan_named(planner, arguments.profile, environ, report)
        _export(plan, arguments, environ, report, log)
    return 0


def _export(
    plan: Plan,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    log: Log,
) -> None:
    assert arguments.export is not None
    credentials = get(
        plan,
        Demand(arguments.min_ttl, arguments.refresh),
        environ,
        report,
        renew_from=near_end(environ),
        # an SDK asks while its user is busy with something else
        attended=arguments.export != "process",
        doing=f"print the credentials (--export {arguments.export})",
        log=log,
    )
    of_profile = plan.region_of_profile
    if arguments.export in SHELLS:
        variables = shell_variables(
            credentials, plan.name, plan.region, of_profile, plan.account
        )
        variables |= plan.inside | _own_files(environ)
        if plan.confirmation is not None:
            from awsexec.credentials.confirm import confirmed_in_shell

            variables |= confirmed_in_shell(plan.confirmation, environ)
        unset = [name for name in _shadowing(environ) if name not in variables]
        if arguments.unlimited and LIMITS not in variables:
            unset.append(LIMITS)
        text = SHELLS[arguments.export].script(variables, unset)
    else:
        variables = child_variables(
            credentials, plan.name, plan.region, of_profile, plan.account
        )
        variables |= plan.inside
        text = DOCUMENTS[arguments.export](variables)
    if sys.stdout.isatty():
        report.warning("these credentials are secret, and now on your screen")
    log.exported(plan, credentials, arguments.export)
    put(text)


def _shadowing(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that could hold or select another identity, set or unset."""
    names = sorted(REMOVED)
    names += sorted(
        name
        for name in environ
        # a shell cannot have variables of other names
        if name.startswith(REMOVED_PREFIX) and name.isascii() and name.isidentifier()
    )
    if "AWSEXEC_PROFILE_REGION" in environ:
        # The shell's region is the one of its profile so far. If `environ` has a region,
        # the user chose it since.
        regions = ("AWS_REGION", "AWS_DEFAULT_REGION")
        names += [name for name in regions if name not in environ]
    return names


def _own_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the user's own config file for a shell with a copy (`serve.config_copy`)."""
    own = environ.get("AWS_CONFIG_FILE")
    return {"AWS_CONFIG_FILE": own} if own and "AWSEXEC_BARE_CONFIG" in environ else {}
