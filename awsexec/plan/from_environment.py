"""The plan where the environment already holds credentials.

That is so in a shell or COMMAND of awsexec, and where a user exported keys. `--whoami`
and `--console` are then about these credentials.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, UsageError
from awsexec.fastpath import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN
from awsexec.plan.plan import Plan, Planner
from awsexec.plan.source_kinds import TOKEN_VARIABLES
from awsexec.profiles.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.options.arguments import Arguments

# where a COMMAND of --serve gets its credentials
ENDPOINT = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def environment_has_credentials(
    arguments: Arguments, environ: Mapping[str, str]
) -> bool:
    """Return whether no profile is named and the environment holds credentials."""
    has_keys = environ.get(ACCESS_KEY_ID) and environ.get(SECRET_ACCESS_KEY)
    # in a COMMAND of --serve
    has_endpoint = environ.get("AWSEXEC_PROFILE") and environ.get(ENDPOINT)
    return not arguments.named_profile(environ) and bool(has_keys or has_endpoint)


def _check_whole(environ: Mapping[str, str]) -> None:
    """Raise `ConfigError` if the environment has only a part of some credentials."""
    name = environ.get("AWSEXEC_PROFILE")
    pair = (ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    missing = [each for each in pair if not environ.get(each)]
    if environ.get(ENDPOINT) and len(missing) == 2:
        missing = []
    elif not missing and not any(map(environ.get, TOKEN_VARIABLES)):
        # the keys of a session (IAM User Guide, "Understanding unique ID prefixes")
        if environ[ACCESS_KEY_ID].startswith("ASIA"):
            missing = [SESSION_TOKEN]
    if not missing or (len(missing) == 2 and not name):
        return
    what = " and ".join(missing) + (" is" if len(missing) == 1 else " are") + " not set"
    if not name:
        raise ConfigError(
            f"the environment has a part of some credentials, but {what}; set it, or name "
            "a PROFILE"
        )
    import shlex

    raise ConfigError(
        f"this shell had the role of profile {name!r}, but {what}; for the role, name the "
        f"profile, as in: awsexec --whoami {shlex.quote(name)}"
    )


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
        if not arguments.named_profile(environ):
            _check_whole(environ)
        return otherwise()
    _check_whole(environ)
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
