"""Asking AWS whose credentials these are."""

from __future__ import annotations

import json
import sys
import time

from awsexec.credentials.get import get
from awsexec.credentials.resolver import Demand
from awsexec.errors import AwsexecError
from awsexec.plan.from_environment import plan_here
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.source import Source
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what GetCallerIdentity says of PROFILE, and the account's alias.

    The alias is left out where the profile may not see it (iam:ListAccountAliases).
    """
    from awsexec.credentials.sts import Sts

    plan = plan_here(arguments, environ)
    demand = Demand(
        arguments.min_ttl, arguments.refresh or plan.chain.may_be_out_of_date
    )
    name, credentials = plan.name, get(plan, demand, environ, report)
    client = Sts(plan.endpoint, None, report.debug)
    identity = client.identity(credentials, plan.label)
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
    instance = _instance(plan.chain.source)
    answer.update(instance)
    if arguments.json:
        json.dump(answer, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    alias = answer["account_alias"]
    print(f"account  {answer['account']}" + (f" ({alias})" if alias else ""))
    print(f"arn      {answer['arn']}")
    print(f"user id  {answer['user_id']}")
    for name, value in instance.items():
        print(f"{name.replace('_', ' '):<16}  {value}")
    if credentials.expires is not None:
        left = duration(credentials.expires - time.time())
        print(f"expires  {answer['expires']} ({left}{' left' * (left != 'expired')})")
    else:
        print("expires  never")
    return 0


def _instance(source: Source) -> dict[str, object]:
    """The role of this EC2 instance, where the credentials began with that."""
    if not source.kind.is_described:
        return {}
    from awsexec.credentials import sources

    try:
        found = sources.describe(source)
    except AwsexecError:
        # they were cached, and the metadata is out of reach now
        return {}
    return {"instance_role": found.role, "instance_profile": found.profile_arn}
