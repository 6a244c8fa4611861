"""--sign-in: sign in to IAM Identity Center, without a command to run."""

from __future__ import annotations

import time

from awsexec.credentials.sign_ins import sign_in
from awsexec.errors import shown
from awsexec.plan.plan import Planner
from awsexec.plan.sign_in import sign_in_plan
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Sign in to SESSION, or to what the profile of that name signs in to."""
    plan = sign_in_plan(Planner(arguments, environ), arguments.profile)
    until = sign_in(plan, environ, report, refresh=arguments.refresh)
    end = ""
    if until is not None:
        end = f" until {iso8601(int(until))} ({left(until - time.time())})"
    name = shown(plan.chain.source.sign_in_name)
    report.warning(f"you are signed in to {name}{end}")
    return 0
