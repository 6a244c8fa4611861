"""From a profile to its chain: one source of credentials, then the steps to a role.

Pure: what it needs of the machine comes in as arguments, and nothing is asked of AWS
or of the user. The rules are botocore's (`AssumeRoleProvider`), which the AWS CLI
shares, except that each step's limits are checked here, where the setting's place is
still known, and that one MFA code serves a whole chain.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from awsexec.errors import ConfigError, NoSuchProfile, ProfileLoop, shown
from awsexec.profiles import source as source_kinds
from awsexec.profiles.files import AwsFile, Setting
from awsexec.profiles.profile import Profile, Profiles
from awsexec.profiles.source import Source

# AssumeRole's limits (AWS STS API reference, "AssumeRole"), in seconds
SHORTEST, LONGEST = 900, 43_200
# what AWS gives a role that is assumed with a role's credentials, or with those of
# an MFA session, at the most
CHAINED_LONGEST = 3_600
# GetSessionToken's limit, and the life awsexec asks for where nothing is configured
MFA_LONGEST, MFA_DEFAULT = 129_600, 43_200

_SESSION_NAME = frozenset(string.ascii_letters + string.digits + "_+=,.@-")
_EXTERNAL_ID = _SESSION_NAME | frozenset(":/")

SESSION_NAME_RULE = "it has 2 to 64 characters, letters, digits and _+=,.@-"


@dataclass(frozen=True)
class MfaSession:
    """A GetSessionToken call: the user's own keys, with MFA."""

    serial: str
    duration: int
    profile: str

    operation = "GetSessionToken"

    @property
    def mfa_serial(self) -> str | None:
        """The device whose code the call needs."""
        return self.serial

    def parameters(self) -> dict[str, str | int]:
        """The request without the code: what the answer depends on."""
        return {"SerialNumber": self.serial, "DurationSeconds": self.duration}

    def __str__(self) -> str:
        return f"MFA session with {self.serial}"


@dataclass(frozen=True)
class AssumeRole:
    """An AssumeRole call. `mfa_serial` is set where this very call carries the code."""

    role_arn: str
    session_name: str
    external_id: str | None
    duration: int | None
    mfa_serial: str | None
    profile: str

    operation = "AssumeRole"

    def parameters(self) -> dict[str, str | int]:
        """The request without the code: what the answer depends on."""
        request: dict[str, str | int] = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
        }
        if self.external_id is not None:
            request["ExternalId"] = self.external_id
        if self.duration is not None:
            request["DurationSeconds"] = self.duration
        if self.mfa_serial is not None:
            request["SerialNumber"] = self.mfa_serial
        return request

    def __str__(self) -> str:
        return f"role {self.role_arn}"


Step = MfaSession | AssumeRole


@dataclass(frozen=True)
class Chain:
    """What a profile comes to: its source, then the steps in the order of the calls.

    `hops` are the profiles on the way, from the selected one to the source's.
    """

    profile: Profile
    source: Source
    steps: tuple[Step, ...]
    hops: tuple[Profile, ...]

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
) -> Chain:
    """Work out the chain of `profile`, which may carry settings from options.

    `session_name` is for roles that configure none. Raises `ConfigError`.
    """
    hops, source = _walk(profiles, profile)
    source = _completed(source, profiles, profile, session_name, environ)
    serial = profile.get("mfa_serial")
    if hops:
        steps = _role_steps(hops[::-1], source, session_name)
    elif serial is not None and source.is_user_keys:
        # a session's keys run as they are: they cannot open another session
        duration = _duration(profile, "GetSessionToken", MFA_LONGEST) or MFA_DEFAULT
        steps = [MfaSession(_checked_serial(serial), duration, profile.name)]
    else:
        steps = []
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
    profiles = Profiles(AwsFile(""), AwsFile(""))
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
        _checked_arn(role)
        if not is_session_name(name.value):
            raise _bad_session_name(name)
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


def _role_steps(
    hops: Sequence[Profile], source: Source, session_name: str
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
        duration = _duration(hop, "AssumeRole", LONGEST)
        serial = hop.get("mfa_serial")
        in_call = None
        if serial is not None and serial.value not in vouched:
            vouched.add(_checked_serial(serial))
            is_long = (duration or 0) > CHAINED_LONGEST
            if position == 0 and source.is_user_keys and not is_long:
                steps.append(MfaSession(serial.value, MFA_DEFAULT, hop.name))
            else:
                in_call = serial.value
        if position > 0 and duration is not None and duration > CHAINED_LONGEST:
            setting = hop.settings["duration_seconds"]
            raise ConfigError(
                f"{setting.where}: {duration} seconds for profile {hop.name!r}, but "
                "a role assumed from another role lives one hour at most; ask for "
                f"{CHAINED_LONGEST} or less"
            )
        steps.append(
            AssumeRole(
                role_arn=_checked_arn(hop.settings["role_arn"]),
                session_name=_checked_session_name(hop, session_name),
                external_id=_checked_external_id(hop),
                duration=duration,
                mfa_serial=in_call,
                profile=hop.name,
            )
        )
    return steps


def _duration(profile: Profile, operation: str, longest: int) -> int | None:
    seconds = profile.number("duration_seconds")
    if seconds is not None and not SHORTEST <= seconds <= longest:
        raise ConfigError(
            f"{profile.settings['duration_seconds'].where}: {seconds} seconds; "
            f"{operation} takes {SHORTEST} to {longest}"
        )
    return seconds


def _checked_arn(setting: Setting) -> str:
    parts = setting.value.split(":", 5)
    if not (
        len(parts) == 6
        and parts[0] == "arn"
        and parts[1].startswith("aws")
        and parts[2] == "iam"
        and len(parts[4]) == 12
        and parts[4].isdigit()
        and parts[5].startswith("role/")
        and len(parts[5]) > len("role/")
        and not any(character.isspace() for character in setting.value)
    ):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no role ARN; "
            "write arn:aws:iam::ACCOUNT:role/NAME with the 12 digits of the account"
        )
    return setting.value


def _checked_session_name(hop: Profile, default: str) -> str:
    setting = hop.get("role_session_name")
    if setting is None:
        return default
    if not is_session_name(setting.value):
        raise _bad_session_name(setting)
    return setting.value


def _bad_session_name(setting: Setting) -> ConfigError:
    return ConfigError(
        f"{setting.where}: {shown(setting.value)} is no role session name; "
        f"{SESSION_NAME_RULE}"
    )


def _checked_external_id(hop: Profile) -> str | None:
    setting = hop.get("external_id")
    if setting is None:
        return None
    if not 2 <= len(setting.value) <= 1224 or not _EXTERNAL_ID.issuperset(
        setting.value
    ):
        raise ConfigError(
            f"{setting.where}: the external id does not fit AWS's rule; it has 2 to "
            "1224 characters, letters, digits and _+=,.@:/-"
        )
    return setting.value


def _checked_serial(setting: Setting) -> str:
    if not 9 <= len(setting.value) <= 256 or any(map(str.isspace, setting.value)):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no MFA device; write its "
            "serial number, or arn:aws:iam::ACCOUNT:mfa/NAME"
        )
    return setting.value


def is_session_name(name: str) -> bool:
    """Whether STS takes `name` as a RoleSessionName."""
    return 2 <= len(name) <= 64 and _SESSION_NAME.issuperset(name)


def clean_session_name(text: str) -> str:
    """`text` with what STS does not take in a RoleSessionName made into ``-``."""
    cleaned = "".join(c if c in _SESSION_NAME else "-" for c in text)[:64]
    return cleaned if len(cleaned) >= 2 else f"awsexec-{cleaned}".rstrip("-")
