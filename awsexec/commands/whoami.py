"""--whoami: ask AWS whose credentials these are."""

from __future__ import annotations

import time

from awsexec import output
from awsexec.credentials.account_lists import plan_named
from awsexec.credentials.get import get
from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError
from awsexec.plan.from_environment import plan_here
from awsexec.plan.plan import Planner
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what GetCallerIdentity says of PROFILE, and the account's alias.

    The alias is left out where the profile may not read it (iam:ListAccountAliases).
    """
    from awsexec.credentials.sts import Sts

    plan = plan_here(
        arguments,
        environ,
        lambda: plan_named(
            Planner(arguments, environ), arguments.profile, environ, report
        ),
    )
    demand = Demand.current(plan.chain, arguments.min_ttl, arguments.refresh)
    name, credentials = plan.name, get(plan, demand, environ, report, doing="")
    client = Sts(plan.endpoint, plan.retries, report.debug)
    identity = client.identity(credentials, plan)
    answer: dict[str, object] = {
        "profile": name,
        "account": identity["Account"],
        "account_alias": client.account_alias(credentials),
        "arn": identity["Arn"],
        "user_id": identity["UserId"],
        "expires": None,
        "seconds_left": None,
    }
    if credentials.expires is not None:
        answer["expires"] = iso8601(credentials.expires)
        answer["seconds_left"] = max(0, int(credentials.expires - time.time()))
    instance = _instance(plan)
    answer.update(instance)
    if arguments.json:
        output.show(output.as_json(answer))
        return 0
    alias = answer["account_alias"]
    lines = [
        f"account  {answer['account']}" + (f" ({alias})" if alias else ""),
        f"arn      {answer['arn']}",
        f"user id  {answer['user_id']}",
        # the metadata may not say which instance profile
        *(
            f"{key.replace('_', ' '):<16}  {value}"
            for key, value in instance.items()
            if value is not None
        ),
    ]
    if credentials.expires is not None:
        lines.append(
            f"expires  {answer['expires']} ({left(credentials.expires - time.time())})"
        )
    else:
        lines.append("expires  never")
    output.show_lines(lines, environ)
    return 0


def _instance(plan: Plan) -> dict[str, object]:
    """Return the role of this EC2 instance, if the credentials come from it."""
    if not plan.chain.source.kind.is_described:
        return {}
    from awsexec.credentials import sources

    try:
        found = sources.describe(plan.chain.source, plan.endpoint)
    except AwsexecError:
        # the credentials were cached, and the metadata cannot be reached now
        return {}
    return {"instance_role": found.role, "instance_profile": found.profile_arn}
