"""What keeps a profile from working, as far as this machine tells it without any call."""

from __future__ import annotations

from awsexec.credentials import sources
from awsexec.errors import AwsexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.cached import Cached
    from awsexec.plan.plan import Plan


def fault_of(plan: Plan, cached: Cached | None) -> AwsexecError | None:
    """Return the error that the next run of `plan` ends with, None for none.

    It is the run's own error: accounts, as far as they are known, and limits that contradict
    the profile, keys that cannot be sent or have expired, and a token file or a program
    that is not there. What only AWS or the user tells is not looked at. What is `cached`
    needs no source; None is for an empty cache. Nobody is asked, and nothing is run.
    """
    account = cached.account_of_keys(plan) if cached is not None else None
    try:
        plan.check()
        if account is not None:
            plan.expected.check_source(account)
    except AwsexecError as error:
        return error
    code = _fault_of_code(plan)
    fault = _fault_of_source(plan) or code
    if fault is None or cached is None:
        return fault
    found = cached.steps(plan)
    last = max((n for n, entry in enumerate(found) if entry), default=None)
    if last is None:
        return fault
    # a cached step needs none of the steps before it
    return code if any(step.mfa_serial for step in plan.chain.steps[last:]) else None


def _fault_of_source(plan: Plan) -> AwsexecError | None:
    try:
        sources.check_parts(plan.chain.source, plan.environ)
    except AwsexecError as error:
        return error
    return None


def _fault_of_code(plan: Plan) -> AwsexecError | None:
    """Return why no code comes from the plan's command, None if one may."""
    process, takes_code = plan.asking.process, plan.chain.takes_code
    if process is None or plan.asking.code is not None or not takes_code:
        return None
    from awsexec.credentials.mfa_process import check

    try:
        check(process, plan.environ)
    except AwsexecError as error:
        return error
    return None
