"""What the value of a setting means: true or false, a number, one of some words.

Settings, variables and options are read alike. A value without a meaning is an error that
names the place: a slip must not silently turn off what somebody wanted.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, shown
from awsexec.profiles.files import Setting
from awsexec.times import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def variable(
    name: str, environ: Mapping[str, str], setting: str = ""
) -> Setting | None:
    """Return the variable `name` of the environment; None if the variable is unset or empty.

    `setting` is the name of the setting that the variable stands for, by default `name`.
    """
    value = environ.get(name)
    return Setting.outside(setting or name, value, name) if value else None


def stated(setting: Setting) -> str:
    """Return where `setting` stands and what it says, for the beginning of a message."""
    value = shown(setting.value)
    if setting.line:
        return f"{setting.where}: {setting.name} = {value}"
    return f"{setting.where}{' ' if setting.is_option else '='}{value}"


def wrong(setting: Setting, what: str) -> ConfigError:
    """Return the error of a value that cannot be used; `what` says why and what to do.

    If the quotes or a comment of the line are the likely cause, the error says so.
    """
    return ConfigError(f"{setting.where}: {what}{hint(setting)}")


def hint(setting: Setting) -> str:
    """Return the end of a message about the value: quotes or a comment may be the cause."""
    value = setting.value
    if setting.is_cut:
        return (
            "; a # or ; after a blank begins a comment, also between quotes, and cut this "
            "value"
        )
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return "; remove the quotes, which are part of the value"
    return ""


def is_true(setting: Setting | None) -> bool:
    """Return whether `setting` is ``true``, in upper or lower case; None is false.

    Raises `ConfigError` for all other values than ``true`` and ``false``.
    """
    if setting is None:
        return False
    if setting.value.lower() not in ("true", "false"):
        raise _unusable(setting, ": write true or false")
    return setting.value.lower() == "true"


def number(
    setting: Setting | None, bounds: tuple[int, int] | None = None
) -> int | None:
    """Return the whole number that `setting` has, None for no setting.

    Raises `ConfigError` for anything else, and for a number beyond the `bounds`.
    """
    if setting is None:
        return None
    text = setting.value
    # int() accepts digits of every script, and refuses thousands of them
    if text.isascii() and text.isdigit() and len(text) <= 20:
        if bounds is None or bounds[0] <= int(text) <= bounds[1]:
            return int(text)
    which = f" from {bounds[0]} to {bounds[1]}" if bounds else ""
    raise _unusable(setting, f" is not a whole number{which}{_in_seconds(setting)}")


def _in_seconds(setting: Setting) -> str:
    """Return what to write for a time like 1h, where the AWS SDKs take only seconds."""
    if not setting.name.endswith(("_seconds", "_timeout")):
        return ""
    try:
        return f"; write {seconds(setting.value)}"
    except ValueError:
        return ""


def one_of(setting: Setting | None, words: Collection[str]) -> str | None:
    """Return the value of `setting`, which must be one of `words`; None for no setting.

    Raises `ConfigError` for any other value.
    """
    if setting is None:
        return None
    if setting.value not in words:
        raise _unusable(setting, ": write " + " or ".join(words))
    return setting.value


def _unusable(setting: Setting, what: str) -> ConfigError:
    return ConfigError(f"{stated(setting)}{what}{hint(setting)}")
