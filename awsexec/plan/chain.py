"""From a profile to its chain: a source of credentials, then the calls to a role.

This module asks neither AWS nor the user. The rules are those of botocore's
`AssumeRoleProvider`, which the AWS CLI uses too. There are two differences: each call's
limits are checked here, where the setting's place is still known, and one MFA code
serves a whole chain.
"""

from __future__ import annotations

from awsexec.errors import (
    ConfigError,
    NoSuchProfile,
    ProfileLoop,
    UsageError,
    shown,
    typed,
)
from awsexec.plan.calls import OWN_SETTINGS, ROLE_SETTINGS, MfaSession, assume_role
from awsexec.plan.guardrails import other_way
from awsexec.plan.limits import (
    CHAINED_LONGEST,
    MFA_DEFAULT,
    MFA_LONGEST,
    ROLE_DEFAULT,
    checked_serial,
    duration,
)
from awsexec.plan.source import Facts
from awsexec.plan.source_kinds import (
    source_named,
    source_of,
    source_of_machine,
    with_settings,
)
from awsexec.profiles import known, values
from awsexec.profiles.profile import Profile, Profiles
from awsexec.times import in_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.plan.calls import Step
    from awsexec.plan.inputs import Inputs
    from awsexec.plan.source import Source
    from awsexec.profiles.files import Setting


# roles of a chain: each is a call to AWS STS, and nobody waits for more
MOST_ROLES = 50


class Chain:
    """What a profile stands for: its source, then the steps in the order of the calls.

    `hops` are the profiles on the way, from the one of the run to the source's.
    `if_user_keys` is the chain to take instead if the source turns out to give a user's
    own keys: one MFA code then serves all their roles. None if that makes no difference.
    `of_user_keys` is whether this is such a chain.
    """

    __slots__ = ("profile", "source", "steps", "hops", "if_user_keys", "of_user_keys")

    def __init__(
        self,
        profile: Profile,
        source: Source,
        steps: tuple[Step, ...],
        hops: tuple[Profile, ...],
        if_user_keys: Chain | None = None,
        of_user_keys: bool = False,
    ) -> None:
        self.profile = profile
        self.source = source
        self.steps = steps
        self.hops = hops
        self.if_user_keys = if_user_keys
        self.of_user_keys = of_user_keys

    @property
    def role_arns(self) -> list[Setting]:
        """The settings that name its roles, in the order of the calls."""
        of_source = self.source.get("role_arn")
        hops = {hop.name: hop for hop in self.hops}
        steps = [
            hops[step.profile].settings["role_arn"]
            for step in self.steps
            if not isinstance(step, MfaSession)
        ]
        return [of_source, *steps] if of_source is not None else steps

    @property
    def takes_code(self) -> bool:
        """Whether a step needs an MFA code, unless its session is there already."""
        return any(step.mfa_serial is not None for step in self.steps)

    @property
    def life(self) -> int | None:
        """The seconds that its last session lives; None where the source decides."""
        if not self.steps:
            return None
        return self.steps[-1].duration or ROLE_DEFAULT

    @property
    def role_arn(self) -> str | None:
        """The ARN of the role at its end; None for keys and for IAM Identity Center."""
        last = self.steps[-1] if self.steps else None
        if last is not None and not isinstance(last, MfaSession):
            return last.role_arn
        return self.source.value("role_arn")

    @property
    def account(self) -> str | None:
        """The id of the account of its credentials, None where only a call tells it."""
        role_arn = self.role_arn
        if role_arn is not None:
            return role_arn.split(":")[4] or None
        if self.source.kept is not None:
            # keys in a keyring
            return self.source.kept.account or None
        return self.source.value("sso_account_id")

    @property
    def is_chained(self) -> bool:
        """Whether a session assumes its last role. Such a role lives one hour at most.

        The first role of a user's keys does not count: for a longer life, awsexec assumes
        it with the keys.
        """
        roles = sum(not isinstance(step, MfaSession) for step in self.steps)
        return roles > (self.source.is_user_keys or self.of_user_keys)

    @property
    def remarks(self) -> list[str]:
        """What the user should know of profiles that mean something else to other tools.

        And of keys that are in a file and in the keyring.
        """
        return self._both_places() + [
            f"{setting.where}: {setting.name} is a setting of {tool}, which awsexec does "
            f"not use; {advice}"
            for hop in self.hops
            if not known.knows_all(hop)
            for setting, tool, advice, is_other in known.of_other_tools(hop)
            if is_other
        ]

    def _both_places(self) -> list[str]:
        keys, profile = self.source.keys, self.source.profile
        try:
            kept = profile.kept if keys is not None else None
        except ConfigError:
            # the index does not matter here
            kept = None
        if keys is None or kept is None:
            return []
        lines = [item.where for item in (keys.key_id, keys.secret, keys.token) if item]
        return [
            f"{keys.key_id.where}: profile {profile.name!r} has keys here and in the "
            f"keyring, and {keys.where} is used, as by every SDK, not {kept.where}; "
            f"delete {' and '.join(lines)}, or run {typed('--remove-keys', profile.name)}"
        ]

    @property
    def may_be_out_of_date(self) -> bool:
        """Whether the source may give other credentials now than the cache has."""
        return bool(self.source.kind.ask_again) and not self.steps

    def keys(
        self, endpoint: str, inputs: Inputs, key_id: str | None = None
    ) -> list[str]:
        """Return the cache key of the source, and of what each step gives.

        `endpoint` identifies the STS that is called; `inputs` and `key_id` are as for
        `Source.identity`. A key holds every input of the requests up to its step, all
        that decides who signs them, and nothing random.
        """
        calls = [
            (step.operation, *sorted(step.parameters().items())) for step in self.steps
        ]
        if self.of_user_keys:
            # the id tells whose keys these are, as for keys in a file
            identity: tuple[object, ...] = ("keys", key_id)
        else:
            identity = self.source.identity(inputs, key_id)
        return [
            ascii(("session", endpoint, identity, *calls[:length]))
            for length in range(len(calls) + 1)
        ]


def chain_of(
    profiles: Profiles,
    profile: Profile,
    session_name: str,
    environ: Mapping[str, str],
    *,
    federated: bool = False,
    shares_code: bool = False,
) -> Chain:
    """Work out the chain of `profile`, which may carry settings from options.

    `session_name` is for roles that configure none. `federated` is for the console, which
    wants a user's keys as they are: GetFederationToken accepts no session of them. With
    `shares_code`, a role that is to live longer than an hour gets one hour if one code can
    then serve other roles too. Raises `ConfigError` and `UsageError`.
    """
    hops, source = _walk(profiles, profile)
    for one in (*hops, source.profile):
        if not known.knows_all(one):
            _refuse_misspelt(one)
    if not hops or source.kind.assumes_role:
        _refuse_role_settings(source, source.profile, profiles)
    source = with_settings(source, Facts(profiles, profile, session_name, environ))
    serial = profile.get("mfa_serial")
    steps: list[Step] = []
    if_user_keys: list[Step] = []
    if hops:
        roles = hops[::-1]
        steps = _role_steps(
            roles, source, session_name, environ, shares_code=shares_code
        )
        if source.kind.may_be_user_keys:
            if_user_keys = _role_steps(
                roles,
                source,
                session_name,
                environ,
                is_user_keys=True,
                shares_code=shares_code,
            )
    elif federated and source.is_user_keys:
        # and a --duration is for GetFederationToken
        _refuse_session_options(profile, ("mfa_serial",))
    elif serial is not None and source.is_user_keys:
        # a session's keys run as they are: they cannot open another session
        seconds = duration(profile, "GetSessionToken", MFA_LONGEST) or MFA_DEFAULT
        steps = [MfaSession(checked_serial(serial), seconds, profile.name)]
    elif not (federated and source.is_user_keys):
        # for the console, a --duration is for GetFederationToken
        _refuse_session_options(profile)
    if not hops or hops[-1].name != source.profile.name:
        hops.append(source.profile)
    other = None
    if len(if_user_keys) > len(steps):
        other = Chain(
            profile, source, tuple(if_user_keys), tuple(hops), of_user_keys=True
        )
    return Chain(profile, source, tuple(steps), tuple(hops), other)


def chain_of_machine(
    session_name: str,
    environ: Mapping[str, str],
    profiles: Profiles | None = None,
    default: Profile | None = None,
    *,
    is_named: bool = False,
) -> Chain | None:
    """Return the chain of the machine's own source; None where it has none.

    `default` is the ``[default]`` of `profiles`, where that is the profile of the run and
    names no source; it `is_named` on the command line or not. Raises `ConfigError`.
    """
    source = source_of_machine(
        environ,
        default,
        is_named=is_named,
        looked_in=profiles.looked_in if profiles is not None else (),
        sessions=profiles.config.sso_sessions if profiles is not None else (),
    )
    if source is None:
        return None
    profile = source.profile
    # in a COMMAND of awsexec, the credentials are those of its profile
    if default is not None and source.profile.name != environ.get("AWSEXEC_PROFILE"):
        profile = default
    _refuse_misspelt(profile)
    _refuse_role_settings(source, profile, profiles)
    source = with_settings(
        source, Facts(profiles or Profiles.none(), profile, session_name, environ)
    )
    return Chain(profile, source, (), (profile,))


def _walk(profiles: Profiles, profile: Profile) -> tuple[list[Profile], Source]:
    """Return the profiles that are roles, from the one of the run on, and the source."""
    roles: list[Profile] = []
    while True:
        # only the profile of the run prefers its role to its own keys
        if not _is_role(profile) or (roles and profile.has_static_keys):
            return roles, source_of(profile)
        if len(roles) == MOST_ROLES:
            raise ConfigError(
                f"{profile.where}: the chain of profile {roles[0].name!r} has more than "
                f"{MOST_ROLES} roles; let source_profile name one nearer to the end"
            )
        roles.append(profile)
        link = _link(profile)
        if link.name == "credential_source":
            return roles, source_named(profile, link)
        source = _source_profile(profiles, profile, link)
        if source.name == profile.name and (
            source.has_static_keys or source.kept is not None or not _is_role(source)
        ):
            return roles, source_of(source)
        names = [role.name for role in roles]
        if source.name in names:
            loop = [*names[names.index(source.name) :], source.name]
            raise ProfileLoop(loop, link.where)
        profile = source


def _is_role(profile: Profile) -> bool:
    # a role with a web identity token is a source: it needs no other credentials
    return (
        profile.get("role_arn") is not None
        and profile.get("web_identity_token_file") is None
    )


def _link(profile: Profile) -> Setting:
    """Return the one setting that says whose credentials assume the role of `profile`."""
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
            + known.explanation(profile)
        )
    return link


def _source_profile(profiles: Profiles, profile: Profile, link: Setting) -> Profile:
    try:
        return (
            profiles.named(link.value) if link.is_option else profiles.get(link.value)
        )
    except NoSuchProfile as error:
        # only a mistake needs it
        from awsexec.profiles.accounts import split

        if split(link.value, profiles.config.sso_sessions):
            raise ConfigError(
                f"{link.where}: source_profile of profile {profile.name!r} is the name of "
                "a role of IAM Identity Center, which no other program that reads this "
                "file knows; write a profile for it: awsexec --print-profiles "
                f"{shown(link.value)}"
            ) from None
        raise ConfigError(
            f"{link.where}: source_profile of profile {profile.name!r}: {error}"
        ) from None


def _refuse_misspelt(profile: Profile) -> None:
    """Raise for a setting that looks like one that limits a session or identifies it."""
    for setting, right in known.misspelt(profile):
        raise ConfigError(f"{setting.where}: {known.correction(setting, right)}")


def _refuse_role_settings(
    source: Source, profile: Profile, profiles: Profiles | None
) -> None:
    """Raise for settings that only AssumeRole uses, if this run does not call AssumeRole.

    An option that would do nothing is refused. Of a file's settings only awsexec's own
    are: they say how little a session may do. The SDKs ignore the others here too. A
    profile that only lends its keys to another profile's role may have all of them: they
    are for its own role, which this run does not assume.
    """
    by_token = source.kind.assumes_role
    for setting in profile.settings.values():
        names = ROLE_SETTINGS if setting.is_option else OWN_SETTINGS
        if (
            setting.name not in names
            or not (setting.value or setting.block)
            or (setting.name == "session_read_only" and not values.is_true(setting))
            or (setting.name == "role_session_name" and by_token)
        ):
            continue
        name = shown(profile.name)
        if by_token:
            why = f"profile {name} assumes its role with a web identity token"
        else:
            why = f"profile {name} has no role"
        way = ""
        if setting.name == "session_read_only" and profiles is not None:
            way = other_way(profiles, source.profile)
        way = f", or {way}" if way else ""
        if setting.is_option:
            advice = "leave the option out" if by_token else "add --role-arn"
            raise UsageError(f"{setting.where} would do nothing: {why}; {advice}{way}")
        advice = "remove the setting" if by_token else "add role_arn, or remove it"
        raise ConfigError(
            f"{setting.where}: {setting.name} would do nothing: {why}; {advice}{way}"
        )


def _refuse_session_options(
    profile: Profile, names: tuple[str, ...] = ("duration_seconds", "mfa_serial")
) -> None:
    for name in names:
        setting = profile.get(name)
        if setting is not None and setting.is_option:
            raise UsageError(
                f"{setting.where} would do nothing: the credentials of profile "
                f"{shown(profile.name)} are used as they are, and awsexec opens no session"
            )


def _role_steps(
    hops: Sequence[Profile],
    source: Source,
    session_name: str,
    environ: Mapping[str, str],
    *,
    is_user_keys: bool = False,
    shares_code: bool = False,
) -> list[Step]:
    """Return the steps through the roles of `hops`, in the order of the calls.

    `is_user_keys` is whether to take the source's credentials for a user's own keys,
    whatever the plan knows of them. `shares_code` is as for `chain_of`.

    The first hop's MFA gets a session of its own where that is possible, so that one code
    serves every role of the same keys. It is not possible with credentials that are a
    session already, and for a single role that is to live longer than a role assumed
    with a session may. A device is asked for one code only: role credentials cannot
    present it again.
    """
    steps: list[Step] = []
    vouched: set[str] = set()
    for position, hop in enumerate(hops):
        serial = hop.get("mfa_serial")
        in_call = None
        if serial is not None and serial.value not in vouched:
            in_call = checked_serial(serial)
            vouched.add(in_call)
        step = assume_role(hop, session_name, environ)
        step.mfa_serial = in_call
        is_long = (step.duration or 0) > CHAINED_LONGEST
        if is_long and (position > 0 or source.is_session):
            setting = hop.settings["duration_seconds"]
            signer = "another role" if position > 0 else f"a session ({source.label})"
            raise ConfigError(
                f"{setting.where}: {in_units(step.duration or 0)} for profile {hop.name!r}, "
                f"but a role that {signer} assumes lives one hour at most; ask for "
                f"{CHAINED_LONGEST} seconds or less"
            )
        if in_call and position == 0 and source.kind.is_role_session:
            # botocore asks for the code, and AWS refuses it
            raise ConfigError(
                f"{hop.settings['mfa_serial'].where}: MFA for profile {hop.name!r}, but a "
                f"role's session ({source.label}) cannot present it; remove mfa_serial, "
                "or name a source_profile with the keys of the device's user"
            )
        opens_session = source.is_user_keys or is_user_keys
        if is_long and shares_code and in_call and position == 0 and opens_session:
            step.duration, is_long = CHAINED_LONGEST, False
        if in_call and position == 0 and opens_session and not is_long:
            steps.append(MfaSession(in_call, MFA_DEFAULT, hop.name))
            step.mfa_serial = None
        steps.append(step)
    return steps
