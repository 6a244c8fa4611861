"""The plan where the environment already holds credentials.

That is so in a shell or COMMAND of awsexec, and where a user exported keys. `--whoami`
and `--console` are then about these credentials.
"""

from __future__ import annotations

from awsexec.errors import UsageError
from awsexec.fastpath import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from awsexec.plan.plan import Plan, Planner
from awsexec.profiles.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.options.arguments import Arguments


def environment_has_credentials(
    arguments: Arguments, environ: Mapping[str, str]
) -> bool:
    """Return whether no profile is named and the environment holds credentials."""
    has_keys = environ.get(ACCESS_KEY_ID) and environ.get(SECRET_ACCESS_KEY)
    # in a COMMAND of --serve
    has_endpoint = environ.get("AWSEXEC_PROFILE") and environ.get(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    )
    return not arguments.named_profile(environ) and bool(has_keys or has_endpoint)


def plan_here(
    arguments: Arguments,
    environ: Mapping[str, str],
    otherwise: Callable[[], Plan],
    *,
    federated: bool = False,
) -> Plan:
    """Make the plan for the environment's credentials, if the user means these.

    They are what a command here would run with. If not, `otherwise` makes the plan.
    `federated` is as for `Planner.plan`, which raises the same errors.
    """
    if not environment_has_credentials(arguments, environ):
        return otherwise()
    for setting, _, option in arguments.settings():
        # a --duration is for the session that the console makes of a user's keys
        if not (federated and setting == "duration_seconds"):
            raise UsageError(
                f"{option} needs a PROFILE, and none is named here; the credentials in "
                "the environment are used as they are"
            )
    region = environ.get("AWSEXEC_PROFILE_REGION")
    if region and not environ.get("AWS_DEFAULT_REGION"):
        # the profile's region is not the user's choice, but tells the partition
        environ = {**environ, "AWS_DEFAULT_REGION": region}
    # what the environment holds comes before every other source of the machine
    return Planner(
        arguments, environ, Config.without_profiles(environ)
    ).plan_of_machine()
