"""From a profile to its chain: one source of credentials, then the steps to a role.

Pure: what it needs of the machine comes in as arguments, and nothing is asked of AWS
or of the user. The rules are botocore's (`AssumeRoleProvider`), which the AWS CLI
shares, except that each step's limits are checked here, where the setting's place is
still known, and that one MFA code serves a whole chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from awsexec.errors import ConfigError, NoSuchProfile, ProfileLoop, UsageError, shown
from awsexec.plan import calls, source_kinds
from awsexec.plan.calls import (
    CHAINED_LONGEST,
    ROLE_DEFAULT,
    AssumeRole,
    MfaSession,
    Step,
)
from awsexec.plan.source_kinds import Source
from awsexec.profiles import values
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile, Profiles


@dataclass(frozen=True)
class Chain:
    """What a profile comes to: its source, then the steps in the order of the calls.

    `hops` are the profiles on the way, from the selected one to the source's.
    """

    profile: Profile
    source: Source
    steps: tuple[Step, ...]
    hops: tuple[Profile, ...]

    @property
    def role_arns(self) -> list[Setting]:
        """The settings that name its roles, in the order of the calls."""
        of_source = self.source.get("role_arn")
        hops = {hop.name: hop for hop in self.hops}
        steps = [
            hops[step.profile].settings["role_arn"]
            for step in self.steps
            if isinstance(step, AssumeRole)
        ]
        return [of_source, *steps] if of_source is not None else steps

    @property
    def life(self) -> int | None:
        """For how many seconds its last session lives; None where the source decides."""
        if not self.steps:
            return None
        return self.steps[-1].duration or ROLE_DEFAULT

    @property
    def is_chained(self) -> bool:
        """Whether its last role is assumed with a session, for an hour at most.

        One of a user's keys is not: for longer it is assumed with the keys themselves.
        """
        roles = sum(isinstance(step, AssumeRole) for step in self.steps)
        return roles > self.source.is_user_keys

    def key(self, endpoint: str, length: int) -> str:
        """The cache key of what the first `length` steps give at an STS `endpoint`.

        It holds every input of their requests, and nothing random.
        """
        calls = [
            (step.operation, *sorted(step.parameters().items()))
            for step in self.steps[:length]
        ]
        return ascii(("session", endpoint, self.source.identity(), *calls))


def resolve(
    profiles: Profiles,
    profile: Profile,
    session_name: str,
    environ: Mapping[str, str],
    *,
    federated: bool = False,
) -> Chain:
    """Work out the chain of `profile`, which may carry settings from options.

    `session_name` is for roles that configure none. `federated` is for the console: a
    user's keys are wanted as they are, since GetFederationToken takes no session of
    theirs. Raises `ConfigError`.
    """
    hops, source = _walk(profiles, profile)
    if not hops or source.kind == "web identity":
        _refuse_role_settings(source)
    source = _completed(source, profiles, profile, session_name, environ)
    serial = profile.get("mfa_serial")
    steps: list[Step] = []
    if hops:
        steps = _role_steps(hops[::-1], source, session_name, environ)
    elif federated and source.is_user_keys:
        # and a --duration is for GetFederationToken
        pass
    elif serial is not None and source.is_user_keys:
        # a session's keys run as they are: they cannot open another session
        duration = calls.duration(profile, "GetSessionToken", calls.MFA_LONGEST)
        steps = [
            MfaSession(
                calls.checked_serial(serial),
                duration or calls.MFA_DEFAULT,
                profile.name,
            )
        ]
    else:
        _refuse_session_options(profile)
    if not hops or hops[-1].name != source.profile.name:
        hops.append(source.profile)
    return Chain(profile, source, tuple(steps), tuple(hops))


def resolve_without_profile(
    session_name: str, environ: Mapping[str, str]
) -> Chain | None:
    """The chain where there is no profile: what the machine itself has, or None.

    Raises `ConfigError`.
    """
    source = source_kinds.of_environment(environ)
    if source is None:
        return None
    profiles = Profiles.none()
    source = _completed(source, profiles, source.profile, session_name, environ)
    return Chain(source.profile, source, (), (source.profile,))


def _completed(
    source: Source,
    profiles: Profiles,
    profile: Profile,
    session_name: str,
    environ: Mapping[str, str],
) -> Source:
    source = source_kinds.complete(source, profiles, profile, session_name, environ)
    if source.kind == "web identity":
        role, name = source.get("role_arn"), source.get("role_session_name")
        assert role is not None and name is not None
        calls.checked_arn(role)
        calls.checked_session_name(name)
    return source


def _walk(profiles: Profiles, profile: Profile) -> tuple[list[Profile], Source]:
    """The profiles that are roles, from the selected one on, and the source."""
    roles: list[Profile] = []
    while True:
        # only the selected profile prefers its role to its own keys
        if not _is_role(profile) or (roles and profile.has_static_keys):
            return roles, source_kinds.of(profile)
        roles.append(profile)
        link = _link(profile)
        if link.name == "credential_source":
            return roles, source_kinds.named(profile, link)
        source = _source_profile(profiles, profile, link)
        if source.name == profile.name and (
            source.has_static_keys or not _is_role(source)
        ):
            return roles, source_kinds.of(source)
        names = [role.name for role in roles]
        if source.name in names:
            loop = [*names[names.index(source.name) :], source.name]
            raise ProfileLoop(loop, link.where)
        profile = source


def _is_role(profile: Profile) -> bool:
    # a role with a web identity token is a source: it needs no credentials before it
    return (
        profile.get("role_arn") is not None
        and profile.get("web_identity_token_file") is None
    )


def _link(profile: Profile) -> Setting:
    """The one setting that says whose credentials assume the role of `profile`."""
    source, named = profile.get("source_profile"), profile.get("credential_source")
    if source is not None and named is not None:
        raise ConfigError(
            f"{named.where}: profile {profile.name!r} has both credential_source and "
            f"source_profile ({source.where}); remove one of them"
        )
    link = source or named
    if link is None:
        raise ConfigError(
            f"{profile.settings['role_arn'].where}: profile {profile.name!r} has "
            "role_arn but no source_profile or credential_source; add one of them"
        )
    return link


def _source_profile(profiles: Profiles, profile: Profile, link: Setting) -> Profile:
    try:
        return profiles.get(link.value)
    except NoSuchProfile as error:
        raise ConfigError(
            f"{link.where}: source_profile of profile {profile.name!r}: {error}"
        ) from None


def _refuse_role_settings(source: Source) -> None:
    """Raise where `source`, whose role no AssumeRole assumes, has settings of such a role.

    Of an option any that would do nothing is refused. Of a file it is those that no SDK
    has and that say how little a session may do; the others mean nothing to the SDKs
    here either. A profile that does no more than give its keys to the next one's role
    may have them: they are for its own role, which this run does not assume.
    """
    profile = source.profile
    by_token = source.kind == "web identity"
    for setting in profile.settings.values():
        is_option = not setting.line
        names = calls.ROLE_SETTINGS if is_option else calls.OWN_SETTINGS
        if (
            setting.name not in names
            or not (setting.value or setting.block)
            or (setting.name == "session_read_only" and not values.is_true(setting))
            or (setting.name == "role_session_name" and by_token)
        ):
            continue
        what = setting.file if is_option else f"{setting.where}: {setting.name}"
        why = f"{what} is for a role, and profile {shown(profile.name)} has "
        why += "one that a token assumes" if by_token else "none"
        if is_option:
            raise UsageError(why if by_token else f"{why}; add --role-arn")
        advice = "remove it" if by_token else "add role_arn, or remove it"
        raise ConfigError(f"{why}, so that it does nothing; {advice}")


def _refuse_session_options(profile: Profile) -> None:
    for name in ("duration_seconds", "mfa_serial"):
        setting = profile.get(name)
        if setting is not None and not setting.line:
            raise UsageError(
                f"{setting.file} is for a session that awsexec opens, and the "
                f"credentials of profile {shown(profile.name)} run as they are"
            )


def _role_steps(
    hops: Sequence[Profile],
    source: Source,
    session_name: str,
    environ: Mapping[str, str],
) -> list[Step]:
    """The steps through the roles of `hops`, in the order of the calls.

    The first hop's MFA goes into a session of its own where that is possible, so
    that one code serves every role of the same keys: not with credentials that are
    a session already, and not for a single role that is to live longer than a role
    assumed from a session may. A device that has vouched once is not asked again:
    role credentials cannot present it.
    """
    steps: list[Step] = []
    vouched: set[str] = set()
    for position, hop in enumerate(hops):
        serial = hop.get("mfa_serial")
        in_call = None
        if serial is not None and serial.value not in vouched:
            in_call = calls.checked_serial(serial)
            vouched.add(in_call)
        step = calls.assume_role(hop, session_name, in_call, environ)
        is_long = (step.duration or 0) > CHAINED_LONGEST
        if is_long and (position > 0 or source.is_session):
            setting = hop.settings["duration_seconds"]
            of = "another role" if position > 0 else f"a session ({source.label})"
            raise ConfigError(
                f"{setting.where}: {step.duration} seconds for profile {hop.name!r}, "
                f"but a role assumed from {of} lives one hour at most; ask for "
                f"{CHAINED_LONGEST} or less"
            )
        if in_call and position == 0 and source.is_role_session:
            # botocore asks for the code, and AWS refuses it
            raise ConfigError(
                f"{hop.settings['mfa_serial'].where}: MFA for profile {hop.name!r}, but a "
                f"role's session ({source.label}) cannot present it; remove mfa_serial, "
                "or name a source_profile with the keys of the device's user"
            )
        if in_call and position == 0 and source.is_user_keys and not is_long:
            steps.append(MfaSession(in_call, calls.MFA_DEFAULT, hop.name))
            step = replace(step, mfa_serial=None)
        steps.append(step)
    return steps
