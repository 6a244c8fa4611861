"""The run itself: COMMAND, or a shell, with the credentials of a profile."""

from __future__ import annotations

import os
import time

from awsexec.child import subshell
from awsexec.child.launch import launch
from awsexec.credentials.account_lists import plan_named
from awsexec.credentials.credentials import (
    Credentials,
    child_variables,
    profile_variables,
    shell_variables,
)
from awsexec.credentials.get import get_with_inputs
from awsexec.credentials.resolver import Demand
from awsexec.errors import TooShort
from awsexec.fastpath import child_environment, is_there
from awsexec.history import Log
from awsexec.plan.guardrails import CONFIRMED
from awsexec.plan.plan import Plan, Planner
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.inputs import Inputs
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Become COMMAND, or a shell, with the credentials of PROFILE."""
    log = Log(environ, report)
    log.check()
    default = arguments.default_profile(environ)[0]
    whose: Plan | str | None = arguments.profile or default or None
    try:
        planner = Planner(arguments, environ)
        whose = plan = plan_named(planner, arguments.profile, environ, report)
        return _run(plan, arguments, environ, report, log)
    except (Exception, KeyboardInterrupt) as error:
        words = arguments.command or (arguments.shell or subshell.user_shell(environ),)
        log.refused(whose, words, error)
        raise


def _run(
    plan: Plan,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    log: Log,
) -> int:
    try:
        credentials, inputs = _credentials(plan, arguments, environ, report, log)
    except TooShort as error:
        advice = "run it with --serve, which renews them"
        raise TooShort(error.what, [*error.advice, advice]) from None
    name, region = plan.name, plan.region
    is_shell = arguments.command is None
    of_profile = is_shell and plan.region_of_profile
    if arguments.serve:
        from awsexec.serve import endpoint

        added = endpoint.start(plan, credentials, inputs, environ, report)
        added |= profile_variables(name, region, of_profile, account=plan.account)
    elif is_shell:
        added = shell_variables(credentials, name, region, of_profile, plan.account)
    else:
        added = child_variables(credentials, name, region, plan.account)
    added |= plan.inside
    if plan.confirmation is not None:
        added[CONFIRMED] = plan.confirmation.mark
    if arguments.command is not None:
        command = list(arguments.command)
    else:
        shell = arguments.shell or subshell.user_shell(environ)
        command, more = subshell.command(
            shell, environ, added, login=arguments.login, interactive=os.isatty(0)
        )
        added.update(more)
        _say_what_the_prompt_shows(shell, name, environ, report)
    if credentials.expires is not None:
        report.detail(
            f"the credentials are good until {iso8601(credentials.expires)} "
            f"({left(credentials.expires - time.time())})"
            + ("; the endpoint renews them" if arguments.serve else "")
        )
    report.debug(f"running {command!r} with {' '.join(sorted(added))}")
    child = child_environment(environ, added)
    if is_there(command[0], child):
        log.started(plan, credentials, command)
    return launch(command, child)


def _say_what_the_prompt_shows(
    shell: str, name: str, environ: Mapping[str, str], report: Report
) -> None:
    """Say so if nothing in the new shell shows that it has a role."""
    if (
        os.isatty(0)
        and not subshell.shows_role(shell)
        and environ.get("AWSEXEC_PROMPT") != "0"
    ):
        report.warning(
            f"this shell has the credentials of {name}, and its prompt does not show it: "
            f"awsexec cannot change the prompt of {os.path.basename(shell)}; exit leaves it"
        )


def _credentials(
    plan: Plan,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    log: Log,
) -> tuple[Credentials, Inputs]:
    doing = "start a shell"
    if arguments.command is not None:
        doing = "run COMMAND"
        if plan.confirmation is not None:
            # slow to load
            import shlex

            doing = shlex.join(arguments.command)
    if not arguments.serve:
        demand = Demand(arguments.min_ttl, arguments.refresh)
        return get_with_inputs(plan, demand, environ, report, doing=doing, log=log)
    from awsexec.serve.renewal import renew_from

    # The endpoint renews credentials that are too short. What is due is renewed now,
    # before COMMAND has the terminal, where the endpoint would have to ask.
    return get_with_inputs(
        plan,
        Demand(refresh=arguments.refresh),
        environ,
        report,
        renew_from=lambda credentials: min(
            renew_from(credentials, time.time()),
            (credentials.expires or float("inf")) - (arguments.min_ttl or 0),
        ),
        doing=doing,
        log=log,
    )
