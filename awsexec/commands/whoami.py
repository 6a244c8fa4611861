"""Asking AWS whose credentials these are."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Mapping

from awsexec.credentials import aws_errors
from awsexec.errors import AwsexecError, CredentialsError
from awsexec.options.arguments import Arguments
from awsexec.plan.from_environment import whose
from awsexec.plan.source_kinds import Source
from awsexec.report import Report
from awsexec.times import duration, iso8601


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what GetCallerIdentity says of PROFILE, and the account's alias.

    The alias is left out where the profile may not see it (iam:ListAccountAliases).
    """
    from awsexec.credentials.sts import Sts

    found = whose(arguments, environ, report)
    name, credentials = found.name, found.load()
    client = Sts(found.endpoint, None, report.debug)
    try:
        identity = client.identity(credentials)
    except aws_errors.Refused as error:
        if error.code in ("ExpiredToken", "ExpiredTokenException"):
            raise CredentialsError(
                f"the credentials of {name} in the environment have expired; for fresh "
                f"ones: awsexec --whoami {shlex.quote(name)}"
            ) from None
        raise CredentialsError(
            f"profile {name!r}: AWS refused GetCallerIdentity: {error.message} "
            f"({error.code}); try --refresh"
        ) from None
    except aws_errors.Unreachable as error:
        raise aws_errors.unreachable(error) from None
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
    instance = _instance(found.source)
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


def _instance(source: Source | None) -> dict[str, object]:
    """The role of this EC2 instance, where the credentials began with that."""
    if source is None or source.kind != "ec2 metadata":
        return {}
    from awsexec.credentials.sources import ec2

    try:
        found = ec2.describe(source)
    except AwsexecError:
        # they were cached, and the metadata is out of reach now
        return {}
    return {"instance_role": found.role, "instance_profile": found.profile_arn}
