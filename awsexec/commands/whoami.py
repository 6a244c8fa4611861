"""Asking AWS whose credentials these are."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

from awsexec.arguments import Arguments
from awsexec.commands import text
from awsexec.commands.obtain import obtain
from awsexec.credentials import refusals
from awsexec.credentials.credentials import iso8601
from awsexec.errors import CredentialsError
from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what GetCallerIdentity says of PROFILE, and the account's alias.

    The alias is left out where the profile may not see it (iam:ListAccountAliases).
    """
    from awsexec.credentials.sts import Sts

    selected, credentials = obtain(arguments, environ, report)
    client = Sts(selected.endpoint, None, report.debug)
    try:
        identity = client.identity(credentials)
    except refusals.Refused as error:
        raise CredentialsError(
            f"profile {selected.name!r}: AWS refused GetCallerIdentity: {error.message} "
            f"({error.code}); try --refresh"
        ) from None
    except refusals.Unreachable as error:
        raise refusals.unreachable(error) from None
    answer: dict[str, object] = {
        "profile": selected.name,
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
    if arguments.json:
        json.dump(answer, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    alias = answer["account_alias"]
    print(f"account  {answer['account']}" + (f" ({alias})" if alias else ""))
    print(f"arn      {answer['arn']}")
    print(f"user id  {answer['user_id']}")
    if credentials.expires is not None:
        left = text.duration(credentials.expires - time.time())
        print(f"expires  {answer['expires']} ({left} left)")
    else:
        print("expires  never")
    return 0
