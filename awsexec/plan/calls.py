"""The calls that a chain makes, as data: AssumeRole and GetSessionToken of AWS STS."""

from __future__ import annotations

from awsexec.errors import ConfigError
from awsexec.plan.limits import (
    ROLE_LONGEST,
    checked_arn,
    checked_external_id,
    checked_session_name,
    checked_source_identity,
    duration,
    session_tags,
    transitive_tags,
)
from awsexec.plan.policies import session_policy, session_policy_arns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.profiles.files import Setting
    from awsexec.profiles.profile import Profile

# the settings that only awsexec has: what a role's session is, or may not do
OWN_SETTINGS = frozenset(
    {
        "source_identity",
        "session_tags",
        "transitive_session_tags",
        "session_policy",
        "session_policy_arns",
        "session_read_only",
    }
)
# all the settings that only AssumeRole uses
ROLE_SETTINGS = OWN_SETTINGS | {"source_profile", "external_id", "role_session_name"}


class MfaSession:
    """A GetSessionToken call: a user's own keys, with an MFA code.

    `serial` is the device, `duration` the seconds that the session is to live, and
    `profile` the name of the profile that asks for MFA.
    """

    __slots__ = ("serial", "duration", "profile")

    operation = "GetSessionToken"

    def __init__(self, serial: str, duration: int, profile: str) -> None:
        self.serial = serial
        self.duration = duration
        self.profile = profile

    @property
    def mfa_serial(self) -> str | None:
        """The device whose code the call needs."""
        return self.serial

    def parameters(self) -> dict[str, object]:
        """Return the request without the code: all that the answer depends on."""
        return {"SerialNumber": self.serial, "DurationSeconds": self.duration}

    def __str__(self) -> str:
        return f"MFA session with {self.serial}"


class AssumeRole:
    """An AssumeRole call, for the profile of that name.

    `mfa_serial` is set if this call itself carries the MFA code. `policy` is JSON. `tags`
    (key and value), `transitive_tags` and `policy_arns` are sorted, since their order
    means nothing. `duration` is in seconds.
    """

    __slots__ = (
        "role_arn",
        "session_name",
        "external_id",
        "duration",
        "mfa_serial",
        "profile",
        "source_identity",
        "tags",
        "transitive_tags",
        "policy",
        "policy_arns",
    )

    operation = "AssumeRole"

    def __init__(
        self,
        *,
        role_arn: str,
        session_name: str,
        profile: str,
        external_id: str | None = None,
        duration: int | None = None,
        mfa_serial: str | None = None,
        source_identity: str | None = None,
        tags: tuple[tuple[str, str], ...] = (),
        transitive_tags: tuple[str, ...] = (),
        policy: str | None = None,
        policy_arns: tuple[str, ...] = (),
    ) -> None:
        self.role_arn = role_arn
        self.session_name = session_name
        self.external_id = external_id
        self.duration = duration
        self.mfa_serial = mfa_serial
        self.profile = profile
        self.source_identity = source_identity
        self.tags = tags
        self.transitive_tags = transitive_tags
        self.policy = policy
        self.policy_arns = policy_arns

    def parameters(self) -> dict[str, object]:
        """Return the request without the code: all that the answer depends on."""
        request = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
            "ExternalId": self.external_id,
            "DurationSeconds": self.duration,
            "SerialNumber": self.mfa_serial,
            "SourceIdentity": self.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags] or None,
            "TransitiveTagKeys": list(self.transitive_tags) or None,
            "Policy": self.policy,
            "PolicyArns": [{"arn": arn} for arn in self.policy_arns] or None,
        }
        return {name: value for name, value in request.items() if value is not None}

    def __str__(self) -> str:
        return f"role {self.role_arn}"


if TYPE_CHECKING:
    Step = MfaSession | AssumeRole


def assume_role(
    profile: Profile, session_name: str, environ: Mapping[str, str]
) -> AssumeRole:
    """Return the call that assumes the role of `profile`, without MFA.

    `session_name` is for a profile that has none; `environ` has the home directory of
    ``~``. Raises `ConfigError`.
    """
    role_arn = checked_arn(profile.settings["role_arn"])
    name = profile.get("role_session_name")
    tags = session_tags(_own(profile, "session_tags"))
    policy = _own(profile, "session_policy")
    return AssumeRole(
        role_arn=role_arn,
        session_name=session_name if name is None else checked_session_name(name),
        profile=profile.name,
        external_id=checked_external_id(profile.get("external_id")),
        duration=duration(profile, "AssumeRole", ROLE_LONGEST),
        source_identity=checked_source_identity(_own(profile, "source_identity")),
        tags=tuple(sorted(tags.items())),
        transitive_tags=transitive_tags(_own(profile, "transitive_session_tags"), tags),
        policy=session_policy(policy, environ),
        policy_arns=session_policy_arns(
            _own(profile, "session_policy_arns"),
            _own(profile, "session_read_only"),
            policy,
            role_arn,
        ),
    )


def _own(profile: Profile, name: str) -> Setting | None:
    """Return the setting `name`, one of `OWN_SETTINGS`, or None.

    Raises `ConfigError` if indented lines follow. Other programs read those as a block,
    and a limit of a session must not get lost.
    """
    setting = profile.settings.get(name)
    if setting is not None and setting.block and name != "session_tags":
        raise ConfigError(
            f"{setting.block[0].where}: {name} takes no indented lines; put the value on "
            "the same line"
        )
    return setting if setting is not None and (setting.value or setting.block) else None
