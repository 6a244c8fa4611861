"""Asking AWS whose credentials these are."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Mapping

from awsexec.arguments import Arguments
from awsexec.commands.obtain import obtain
from awsexec.credentials import refusals
from awsexec.credentials.credentials import Credentials, from_iso8601, iso8601
from awsexec.credentials.sources import environment
from awsexec.errors import AwsexecError, CredentialsError
from awsexec.everyrun import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN
from awsexec.profiles import endpoint as endpoints
from awsexec.profiles.endpoint import Endpoint
from awsexec.profiles.files import AwsFile
from awsexec.profiles.profile import Profile, Profiles
from awsexec.profiles.source import Source
from awsexec.profiles.values import variable
from awsexec.report import Report
from awsexec.times import duration


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print what GetCallerIdentity says of PROFILE, and the account's alias.

    The alias is left out where the profile may not see it (iam:ListAccountAliases).
    """
    from awsexec.credentials.sts import Sts

    name, endpoint, credentials, source = _whose(arguments, environ, report)
    client = Sts(endpoint, None, report.debug)
    try:
        identity = client.identity(credentials)
    except refusals.Refused as error:
        if error.code in ("ExpiredToken", "ExpiredTokenException"):
            raise CredentialsError(
                f"the credentials of {name} in the environment have expired; for fresh "
                f"ones: awsexec --whoami {shlex.quote(name)}"
            ) from None
        raise CredentialsError(
            f"profile {name!r}: AWS refused GetCallerIdentity: {error.message} "
            f"({error.code}); try --refresh"
        ) from None
    except refusals.Unreachable as error:
        raise refusals.unreachable(error) from None
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
    instance = _instance(source)
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


def _whose(
    arguments: Arguments, environ: Mapping[str, str], report: Report
) -> tuple[str, Endpoint, Credentials, Source | None]:
    """The credentials of PROFILE; without one, those that the environment holds.

    These are what a command here runs with: in a shell of awsexec's, the role's.
    """
    key_id, secret = environ.get(ACCESS_KEY_ID), environ.get(SECRET_ACCESS_KEY)
    if arguments.named_profile(environ) or not (key_id and secret):
        selected, credentials = obtain(arguments, environ, report, as_attached=True)
        source = selected.chain.source
        return selected.name, selected.endpoint, credentials, source
    environment.check(environ)
    profile = Profile(environ.get("AWSEXEC_PROFILE") or "environment")
    profiles = Profiles(AwsFile(""), AwsFile(""))
    # that of the profile is no choice of the user's, but where its partition is
    region = endpoints.region_of(profile, environ, arguments.region) or variable(
        "AWSEXEC_PROFILE_REGION", environ
    )
    endpoint = endpoints.resolve(profiles, profile, environ, region, ())
    expires = environ.get("AWS_CREDENTIAL_EXPIRATION")
    return (
        profile.name,
        endpoint,
        Credentials(
            key_id,
            secret,
            environ.get(SESSION_TOKEN),
            from_iso8601(expires) if expires else None,
        ),
        None,
    )


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
