"""What AWS STS accepts: ARNs, names, ids, tags and durations.

The limits are those of the AWS STS API reference ("AssumeRole", "GetSessionToken",
"GetFederationToken") and of the IAM User Guide ("Pass session tags in AWS STS"). A value
is checked while it is still known in which line its setting stands.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, shown
from awsexec.profiles import values
from awsexec.times import in_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.profiles.files import Setting
    from awsexec.profiles.profile import Profile

# seconds: what AssumeRole accepts, and how long a role's session lives that says nothing
ROLE_SHORTEST, ROLE_LONGEST = 900, 43_200
ROLE_DEFAULT = 3_600
# seconds: the longest life of a role that is assumed with a session's credentials
CHAINED_LONGEST = 3_600
# seconds: the longest that GetFederationToken accepts
FEDERATED_LONGEST = 129_600
# seconds: the longest that GetSessionToken accepts, and what awsexec asks for by default
MFA_LONGEST, MFA_DEFAULT = 129_600, 43_200

# what is said of a text that is no MFA code
NO_CODE = "an MFA code is six digits"

# characters of the Name for GetFederationToken, at most
_FEDERATED_NAME = 32
_NAME = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"
)
_EXTERNAL_ID = _SERIAL = _NAME | frozenset(":/")
_TAG_PUNCTUATION = frozenset("_.:/=+-@")
_TAGS, _TAG_KEY, _TAG_VALUE = 50, 128, 256

_NAME_RULE = "use 2 to 64 characters: letters, digits and _+=,.@-"
_TAG_RULE = "letters, digits, blanks and _.:/=+-@"


def mfa_code(text: str) -> str | None:
    """Return the six digits of an MFA code, None if `text` is none.

    White space does not count: authenticators show a code as "123 456".
    """
    code = "".join(text.split())
    return code if len(code) == 6 and code.isascii() and code.isdigit() else None


def duration(profile: Profile, operation: str, longest: int) -> int | None:
    """Return the `duration_seconds` of `profile`, None where it has none.

    Raises `ConfigError` for what `operation`, which accepts up to `longest` seconds, would
    refuse.
    """
    seconds = values.number(profile.get("duration_seconds"))
    if seconds is not None and not ROLE_SHORTEST <= seconds <= longest:
        raise ConfigError(
            f"{profile.settings['duration_seconds'].where}: {operation} does not accept "
            f"{in_units(seconds)}; use {in_units(ROLE_SHORTEST)} to {in_units(longest)} "
            f"({ROLE_SHORTEST} to {longest} seconds)"
        )
    return seconds


def checked_arn(setting: Setting) -> str:
    """Return the role ARN in `setting`. Raises `ConfigError` for anything else."""
    if not is_arn(setting.value, "role/"):
        raise values.wrong(
            setting,
            f"{shown(setting.value)} is not a role ARN; write "
            "arn:aws:iam::ACCOUNT:role/NAME with the 12 digits of the account",
        )
    return setting.value


def is_arn(text: str, resource: str) -> bool:
    """Return whether `text` is an ARN of IAM whose resource begins with `resource`."""
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
        # no white space
        and text.split() == [text]
    )


def checked_session_name(setting: Setting) -> str:
    """Return the role session name in `setting`. Raises `ConfigError`."""
    if not is_session_name(setting.value):
        raise values.wrong(
            setting, f"{shown(setting.value)} is not a role session name; {_NAME_RULE}"
        )
    return setting.value


def checked_source_identity(setting: Setting | None) -> str | None:
    """Return the source identity in `setting`, None for none. Raises `ConfigError`."""
    if setting is None:
        return None
    if not is_session_name(setting.value):
        raise values.wrong(
            setting, f"{shown(setting.value)} is not a source identity; {_NAME_RULE}"
        )
    return setting.value


def checked_external_id(setting: Setting | None) -> str | None:
    """Return the external id in `setting`, None for none. Raises `ConfigError`.

    The message does not quote the id: it is a shared secret.
    """
    if setting is None:
        return None
    if not 2 <= len(setting.value) <= 1224 or not _EXTERNAL_ID.issuperset(
        setting.value
    ):
        raise values.wrong(
            setting,
            "AWS does not accept this external id; use 2 to 1224 characters: letters, "
            "digits and _+=,.@:/-",
        )
    return setting.value


def checked_serial(setting: Setting) -> str:
    """Return the MFA device in `setting`, as SerialNumber takes it. Raises `ConfigError`.

    It is the ARN of a device that gives codes, or the number of a hardware token.
    """
    serial = setting.value
    if not 9 <= len(serial) <= 256 or not _SERIAL.issuperset(serial):
        raise values.wrong(
            setting,
            f"{shown(serial)} is not an MFA device; write its serial number, or "
            "arn:aws:iam::ACCOUNT:mfa/NAME",
        )
    resource = serial.rpartition(":")[2]
    if serial.startswith("arn:") and resource.startswith(("u2f/", "fido")):
        raise values.wrong(
            setting,
            f"{serial} is a security key or passkey, which gives no codes for AWS STS; add "
            "an authenticator app to the user, and write arn:aws:iam::ACCOUNT:mfa/NAME",
        )
    if serial.startswith("arn:") and not any(
        is_arn(serial, kind) for kind in ("mfa/", "sms-mfa/")
    ):
        raise values.wrong(
            setting,
            f"{serial} is not the ARN of an MFA device; write "
            "arn:aws:iam::ACCOUNT:mfa/NAME with the 12 digits of the account",
        )
    return serial


def session_tags(setting: Setting | None) -> dict[str, str]:
    """Return the session tags in `setting`. Raises `ConfigError`.

    They are written ``key=value,key=value``, as in aws-vault, or one a line.
    """
    if setting is None:
        return {}
    tags: dict[str, str] = {}
    items = _items(setting)
    if len(items) > _TAGS:
        raise ConfigError(
            f"{setting.where}: {len(items)} session tags; AWS accepts at most {_TAGS}"
        )
    for item, where in items:
        key, equals, value = map(str.strip, item.partition("="))
        _check_tag_key(key, where)
        if not equals:
            raise ConfigError(
                f"{where}: the tag {shown(item)} has no value; add =VALUE"
            )
        if len(value) > _TAG_VALUE or not _is_tag_text(value):
            raise ConfigError(
                f"{where}: AWS does not accept the value of the tag {shown(key)}; use at "
                f"most {_TAG_VALUE} characters: {_TAG_RULE}"
            )
        # to AWS, keys that differ in case only are the same
        if key.lower() in map(str.lower, tags):
            raise ConfigError(
                f"{where}: two session tags {shown(key)}; remove one of them"
            )
        tags[key] = value
    return tags


def transitive_tags(
    setting: Setting | None, tags: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the keys of `tags` that `setting` makes transitive. Raises `ConfigError`."""
    if setting is None:
        return ()
    keys = sorted({key for key, _ in _items(setting)})
    for key in keys:
        _check_tag_key(key, setting.where)
        if key not in tags:
            raise ConfigError(
                f"{setting.where}: the transitive tag {shown(key)} is not a session tag "
                "of this role; add it to session_tags, or with --session-tag"
            )
    return tuple(keys)


def _check_tag_key(key: str, where: str) -> None:
    if not 1 <= len(key) <= _TAG_KEY or not _is_tag_text(key):
        raise ConfigError(
            f"{where}: AWS does not accept the tag key {shown(key)}; use 1 to {_TAG_KEY} "
            f"characters: {_TAG_RULE}"
        )
    if key.lower().startswith("aws:"):
        raise ConfigError(
            f"{where}: AWS does not accept the tag key {shown(key)}; keys that begin "
            "with aws: are AWS's own"
        )


def _is_tag_text(text: str) -> bool:
    r"""Return whether STS accepts it in tags: ``[\p{L}\p{Z}\p{N}_.:/=+\-@]``."""
    import unicodedata

    return all(
        character in _TAG_PUNCTUATION or unicodedata.category(character)[0] in "LZN"
        for character in text
    )


def _items(setting: Setting) -> list[tuple[str, str]]:
    """Return the items of a list, each with its place.

    They are the lines of a block or the words of a repeated option, as they are; else
    what stands between commas and ends of lines.
    """
    if setting.block:
        return [(f"{item.name}={item.value}", item.where) for item in setting.block]
    items = setting.pieces or setting.value.replace("\n", ",").split(",")
    return [(item, setting.where) for item in map(str.strip, items) if item]


def clean_federated_name(text: str) -> str:
    """Return `text` made into a Name that GetFederationToken accepts."""
    return clean_session_name(text)[:_FEDERATED_NAME]


def is_session_name(name: str) -> bool:
    """Return whether STS accepts `name` as a RoleSessionName."""
    return 2 <= len(name) <= 64 and _NAME.issuperset(name)


def clean_session_name(text: str) -> str:
    """Return `text` with ``-`` for each character that no RoleSessionName may have."""
    cleaned = "".join(c if c in _NAME else "-" for c in text)[:64]
    return cleaned if len(cleaned) >= 2 else f"awsexec-{cleaned}".rstrip("-")
