"""Which sign-in a word of the command line means."""

from __future__ import annotations

from awsexec.errors import ConfigError, UsageError, shown
from awsexec.profiles.accounts import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.plan.plan import Plan, Planner


def all_sign_ins(planner: Planner) -> list[str]:
    """Return a name, as `sign_in_plan` takes it, for each sign-in that the files name.

    A profile without an ``[sso-session]`` signs in to its start URL. A profile that is
    broken has no sign-in.
    """
    names = list(planner.config.profiles.config.sso_sessions)
    urls = set()
    for name in planner.config.profiles.names():
        try:
            source = planner.plan(name).chain.source
        except (ConfigError, UsageError):
            continue
        url = source.value("sso_start_url")
        if url and not source.value("sso_session") and url not in urls:
            urls.add(url)
            names.append(name)
    return names


def sign_in_plan(planner: Planner, name: str | None) -> Plan:
    """Return the plan whose source signs in to what `name` means.

    `name` is an ``[sso-session]``, a role by its name, or a profile; None is the only
    session that there is. Raises `ConfigError` and `UsageError`.
    """
    file = planner.config.profiles.config
    sessions = file.sso_sessions
    if name is None:
        if not sessions:
            raise ConfigError(
                f"no [sso-session] in {shown(file.path)}; write one, or name a PROFILE "
                "that signs in"
            )
        if len(sessions) > 1:
            raise UsageError(
                f"{shown(file.path)} has {len(sessions)} sessions; name one of "
                + ", ".join(map(shown, sessions))
            )
        return planner.plan_of_session(next(iter(sessions)))
    if name in sessions:
        return planner.plan_of_session(name)
    role = split(name, sessions)
    if role is not None and name not in planner.config.profiles:
        return planner.plan_of_session(role[0])
    plan = planner.plan(name)
    source = plan.chain.source
    if source.sign_in_name:
        return plan
    if command := source.cli_sign_in():
        raise ConfigError(
            f"{source.setting.where}: profile {name!r} signs in by the AWS CLI; run: "
            f"{command} (or aws logout)"
        )
    raise ConfigError(
        f"profile {name!r} does not sign in: it has {source.kind.label} "
        f"({source.setting.where})"
    )
