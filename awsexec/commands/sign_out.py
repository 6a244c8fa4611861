"""--sign-out: end a sign-in to IAM Identity Center, and delete what was got with it."""

from __future__ import annotations

from awsexec.credentials.sign_ins import sign_out
from awsexec.errors import AwsexecError, shown
from awsexec.plan.plan import Planner
from awsexec.plan.sign_in import all_sign_ins, sign_in_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Sign out of SESSION, or of all that the files name.

    One that fails does not stop the others; the first failure is raised at the end.
    """
    planner = Planner(arguments, environ)
    names: list[str | None] = [arguments.profile]
    if arguments.all:
        names = list(all_sign_ins(planner))
    failure: AwsexecError | None = None
    for name in names:
        try:
            plan = sign_in_plan(planner, name)
            was_in = sign_out(plan, environ, report)
        except AwsexecError as error:
            failure = failure or error
            continue
        called = shown(plan.chain.source.sign_in_name)
        if was_in:
            report.warning(f"you are signed out of {called}")
        else:
            report.warning(f"you were not signed in to {called}")
    if failure is not None:
        raise failure
    return 0
