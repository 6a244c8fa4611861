"""The calls of a chain: what each asks of AWS STS, and the limits of that.

The limits are those of the AWS STS API reference ("AssumeRole", "GetSessionToken") and
of the IAM User Guide ("Pass session tags in AWS STS"). They are checked here, where
it is still known in which line a setting stands.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from awsexec.errors import ConfigError, shown
from awsexec.profiles import files, values
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile

# AssumeRole's limits, in seconds, and the life of a role's session that asks for none
SHORTEST, LONGEST = 900, 43_200
ROLE_DEFAULT = 3_600
# what AWS gives a role that is assumed with a role's credentials, or with those of
# an MFA session, at the most
CHAINED_LONGEST = 3_600
# GetFederationToken's limit, and that of the name of its user
FEDERATED_LONGEST, _FEDERATED_NAME = 129_600, 32
# GetSessionToken's limit, and the life awsexec asks for where nothing is configured
MFA_LONGEST, MFA_DEFAULT = 129_600, 43_200

_NAME = frozenset(string.ascii_letters + string.digits + "_+=,.@-")
_EXTERNAL_ID = _NAME | frozenset(":/")
_TAG_PUNCTUATION = frozenset("_.:/=+-@")
_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256
_POLICY, _POLICY_ARNS = 2048, 10

# Settings of awsexec's own: what a role's session is, or may not do.
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
# all that mean something to a role that is assumed, and to nothing else
ROLE_SETTINGS = OWN_SETTINGS | {"source_profile", "external_id", "role_session_name"}


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

    def parameters(self) -> dict[str, object]:
        """The request without the code: what the answer depends on."""
        return {"SerialNumber": self.serial, "DurationSeconds": self.duration}

    def __str__(self) -> str:
        return f"MFA session with {self.serial}"


@dataclass(frozen=True)
class AssumeRole:
    """An AssumeRole call. `mfa_serial` is set where this very call carries the code.

    `policy` is JSON. `tags` (key and value), `transitive_tags` and `policy_arns` are
    sorted, since their order means nothing.
    """

    role_arn: str
    session_name: str
    external_id: str | None
    duration: int | None
    mfa_serial: str | None
    profile: str
    source_identity: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tags: tuple[str, ...] = ()
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()

    operation = "AssumeRole"

    def parameters(self) -> dict[str, object]:
        """The request without the code: what the answer depends on."""
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


Step = MfaSession | AssumeRole


def assume_role(
    profile: Profile,
    session_name: str,
    mfa_serial: str | None,
    environ: Mapping[str, str],
) -> AssumeRole:
    """The call that assumes the role of `profile`.

    `session_name` is for a profile that has none; `environ` has the home directory of
    ``~``. Raises `ConfigError`.
    """
    role_arn = checked_arn(profile.settings["role_arn"])
    tags = _tags(_own(profile, "session_tags"))
    return AssumeRole(
        role_arn=role_arn,
        session_name=_session_name(profile, session_name),
        external_id=_external_id(profile.get("external_id")),
        duration=duration(profile, "AssumeRole", LONGEST),
        mfa_serial=mfa_serial,
        profile=profile.name,
        source_identity=_source_identity(_own(profile, "source_identity")),
        tags=tuple(sorted(tags.items())),
        transitive_tags=_transitive(_own(profile, "transitive_session_tags"), tags),
        policy=_policy(_own(profile, "session_policy"), environ),
        policy_arns=_policy_arns(profile, role_arn),
    )


def duration(profile: Profile, operation: str, longest: int) -> int | None:
    """The configured life of a session in seconds. Raises `ConfigError`."""
    seconds = values.number(profile.get("duration_seconds"))
    if seconds is not None and not SHORTEST <= seconds <= longest:
        raise ConfigError(
            f"{profile.settings['duration_seconds'].where}: {seconds} seconds; "
            f"{operation} takes {SHORTEST} to {longest}"
        )
    return seconds


def checked_arn(setting: Setting) -> str:
    """The ARN of a role. Raises `ConfigError` for what is none."""
    if not _is_arn(setting.value, "role/"):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no role ARN; "
            "write arn:aws:iam::ACCOUNT:role/NAME with the 12 digits of the account"
        )
    return setting.value


def _is_arn(text: str, resource: str) -> bool:
    parts = text.split(":", 5)
    return (
        len(parts) == 6
        and parts[0] == "arn"
        and parts[1].startswith("aws")
        and parts[2] == "iam"
        and (
            (len(parts[4]) == 12 and parts[4].isascii() and parts[4].isdigit())
            # AWS's own policies
            or (parts[4] == "aws" and resource == "policy/")
        )
        and parts[5].startswith(resource)
        and len(parts[5]) > len(resource)
        and not any(character.isspace() for character in text)
    )


def checked_session_name(setting: Setting) -> str:
    """A role session name. Raises `ConfigError` for what is none."""
    if not is_session_name(setting.value):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no role session name; "
            "it has 2 to 64 characters, letters, digits and _+=,.@-"
        )
    return setting.value


def _session_name(profile: Profile, default: str) -> str:
    setting = profile.get("role_session_name")
    return default if setting is None else checked_session_name(setting)


def _source_identity(setting: Setting | None) -> str | None:
    if setting is None:
        return None
    if not is_session_name(setting.value):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no source identity; "
            "it has 2 to 64 characters, letters, digits and _+=,.@-"
        )
    return setting.value


def _external_id(setting: Setting | None) -> str | None:
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


def checked_serial(setting: Setting) -> str:
    """The serial number of an MFA device. Raises `ConfigError` for what is none."""
    if not 9 <= len(setting.value) <= 256 or any(map(str.isspace, setting.value)):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is no MFA device; write its "
            "serial number, or arn:aws:iam::ACCOUNT:mfa/NAME"
        )
    return setting.value


def _own(profile: Profile, name: str) -> Setting | None:
    """The setting `name`, which is no SDK's, or None.

    Raises `ConfigError` for lines below it that are a block to every reader of the file:
    what limits a session is not to be passed over.
    """
    setting = profile.settings.get(name)
    if setting is not None and setting.block and name != "session_tags":
        raise ConfigError(
            f"{setting.block[0].where}: {name} has no NAME = VALUE below it; begin its "
            "value in its own line"
        )
    return setting if setting is not None and (setting.value or setting.block) else None


def _tags(setting: Setting | None) -> dict[str, str]:
    """Session tags, of ``key=value,key=value`` (aws-vault's form) or a line each."""
    if setting is None:
        return {}
    tags: dict[str, str] = {}
    for item, where in _items(setting):
        key, equals, value = map(str.strip, item.partition("="))
        _check_tag_key(key, where)
        if not equals:
            raise ConfigError(f"{where}: {shown(item)} is no tag; add =VALUE")
        if len(value) > _TAG_VALUE or not _is_tag_text(value):
            raise ConfigError(
                f"{where}: the value of the tag {shown(key)} does not fit AWS's "
                f"rule; it has {_TAG_VALUE} characters at most, letters, digits, blanks "
                "and _.:/=+-@"
            )
        # to AWS, keys that differ in case only are the same
        if key.lower() in map(str.lower, tags):
            raise ConfigError(
                f"{where}: two session tags {shown(key)}; remove one of them"
            )
        tags[key] = value
    if len(tags) > _TAGS:
        raise ConfigError(
            f"{setting.where}: {len(tags)} session tags; AWS takes {_TAGS} at most"
        )
    return tags


def _transitive(setting: Setting | None, tags: Mapping[str, str]) -> tuple[str, ...]:
    if setting is None:
        return ()
    keys = sorted({key for key, _ in _items(setting)})
    for key in keys:
        _check_tag_key(key, setting.where)
        if key not in tags:
            raise ConfigError(
                f"{setting.where}: {shown(key)} is to be transitive and is no session "
                "tag of this role; add it to session_tags, or with --session-tag"
            )
    return tuple(keys)


def _check_tag_key(key: str, where: str) -> None:
    if not 1 <= len(key) <= _TAG_KEY or not _is_tag_text(key):
        raise ConfigError(
            f"{where}: {shown(key)} is no key of a tag; it has 1 to {_TAG_KEY} "
            "characters, letters, digits, blanks and _.:/=+-@"
        )
    if key.lower().startswith("aws:"):
        raise ConfigError(
            f"{where}: {shown(key)} is no key of a tag; AWS keeps those that "
            "begin with aws: to itself"
        )


def _is_tag_text(text: str) -> bool:
    r"""Whether it is made of what STS allows: ``[\p{L}\p{Z}\p{N}_.:/=+\-@]``."""
    import unicodedata

    return all(
        character in _TAG_PUNCTUATION or unicodedata.category(character)[0] in "LZN"
        for character in text
    )


def _items(setting: Setting) -> list[tuple[str, str]]:
    """What a list consists of, each with its place.

    The lines of a block or the words of a repeated option, as they are; else what stands
    between commas and ends of lines.
    """
    if setting.block:
        return [(f"{item.name}={item.value}", item.where) for item in setting.block]
    items = setting.pieces or setting.value.replace("\n", ",").split(",")
    return [(item, setting.where) for item in map(str.strip, items) if item]


def _policy(setting: Setting | None, environ: Mapping[str, str]) -> str | None:
    """The JSON in the file that `setting` names, without its white space.

    A path in a config file is seen from that file's directory: from the current one
    it would be another policy in every directory.
    """
    if setting is None:
        return None
    path = files.expand(setting.value, environ)
    if setting.line:
        path = os.path.join(os.path.dirname(setting.file), path)
    # only few runs need it
    import json

    try:
        with open(path, encoding="utf-8-sig") as stream:
            policy = json.load(
                stream,
                object_pairs_hook=_once,
                parse_constant=_never,
                parse_float=_finite,
            )
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{setting.where}: cannot use the policy {shown(path)}: {reason}"
        ) from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise ConfigError(
            f"{setting.where}: {shown(path)} is no policy; write a JSON object with a "
            "Statement"
        )
    # STS takes no character above U+00FF; each escape counts as six or more
    text = "".join(
        character if character <= "\xff" else json.dumps(character)[1:-1]
        for character in json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
    )
    if len(text) > _POLICY:
        raise ConfigError(
            f"{setting.where}: the policy {shown(path)} has {len(text)} characters "
            f"without its white space; AWS takes {_POLICY} at most"
        )
    return text


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    # json takes the last of two; AWS might take the other
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands twice in one object")
        found[key] = value
    return found


def _finite(number: str) -> float:
    if float(number) in (float("inf"), float("-inf")):
        raise ValueError(f"{number} is too large a number")
    return float(number)


def _never(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _policy_arns(profile: Profile, role_arn: str) -> tuple[str, ...]:
    """The managed policies, of a list with white space between them."""
    setting = _own(profile, "session_policy_arns")
    read_only = _own(profile, "session_read_only")
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    if read_only is not None and values.is_true(read_only):
        other = setting or _own(profile, "session_policy")
        if other is not None:
            # the session may do what any of its policies allows
            raise ConfigError(
                f"{read_only.where}: the session would not be read-only, for AWS adds "
                f"up {read_only.name} and {other.name} ({other.where}); use one of them"
            )
        return (f"arn:{partition}:iam::aws:policy/ReadOnlyAccess",)
    if setting is None:
        return ()
    words = setting.pieces or [word.rstrip(",") for word in setting.value.split()]
    arns = sorted(set(words))
    for arn in arns:
        # a colon more is that of the next one, after a comma without a blank
        if not _is_arn(arn, "policy/") or arn.count(":") > 5:
            raise ConfigError(
                f"{setting.where}: {shown(arn)} is no policy ARN; write "
                f"arn:{partition}:iam::aws:policy/NAME, or the account instead of aws, "
                "with blanks between several"
            )
        _, where, _, _, owner, _ = arn.split(":", 5)
        if where != partition or owner not in ("aws", account):
            raise ConfigError(
                f"{setting.where}: the policy {arn} is not of the role's account; AWS "
                f"takes policies of {account} and its own in the partition {partition}"
            )
    if len(arns) > _POLICY_ARNS:
        raise ConfigError(
            f"{setting.where}: {len(arns)} session policies; AWS takes {_POLICY_ARNS} "
            "managed ones at most"
        )
    return tuple(arns)


def clean_federated_name(text: str) -> str:
    """`text` made into a Name for GetFederationToken."""
    return clean_session_name(text)[:_FEDERATED_NAME]


def is_session_name(name: str) -> bool:
    """Whether STS takes `name` as a RoleSessionName."""
    return 2 <= len(name) <= 64 and _NAME.issuperset(name)


def clean_session_name(text: str) -> str:
    """`text` with what STS does not take in a RoleSessionName made into ``-``."""
    cleaned = "".join(c if c in _NAME else "-" for c in text)[:64]
    return cleaned if len(cleaned) >= 2 else f"awsexec-{cleaned}".rstrip("-")
