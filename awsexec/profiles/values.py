"""What the value of a setting means: true or false, a number, one of some words.

Settings, variables and options are read alike. A value without a meaning is an error that
names the place: a slip must not silently turn off what somebody wanted.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, shown
from awsexec.profiles.files import Setting

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


def is_true(setting: Setting | None) -> bool:
    """Return whether `setting` is ``true``, in upper or lower case; None is false.

    Raises `ConfigError` for all other values than ``true`` and ``false``.
    """
    if setting is None:
        return False
    if setting.value.lower() not in ("true", "false"):
        raise ConfigError(
            f"{setting.where}: {setting.name} = {shown(setting.value)}: write true or false"
        )
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
    raise ConfigError(
        f"{setting.where}: {setting.name} = {shown(text)} is not a whole number{which}"
    )


def one_of(setting: Setting | None, words: Collection[str]) -> str | None:
    """Return the value of `setting`, which must be one of `words`; None for no setting.

    Raises `ConfigError` for any other value.
    """
    if setting is None:
        return None
    if setting.value not in words:
        raise ConfigError(
            f"{setting.where}: {setting.name} = {shown(setting.value)}: write "
            + " or ".join(words)
        )
    return setting.value
