"""What the value of a setting may mean: true or false, a number, one of some words.

One reading for settings, variables and options alike. What means nothing is an error
that names the place: a slip is not to turn off, silently, what somebody wanted.
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
    """The environment's variable `name`, None where it is not set or empty.

    `setting` is the name of the setting that it stands for, else its own.
    """
    value = environ.get(name)
    return Setting.outside(setting or name, value, name) if value else None


def is_true(setting: Setting | None) -> bool:
    """Whether it is true, in any case of letters; one that is not there is false.

    Raises `ConfigError` where it is neither true nor false.
    """
    if setting is None:
        return False
    if setting.value.lower() not in ("true", "false"):
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is neither true nor false"
        )
    return setting.value.lower() == "true"


def number(
    setting: Setting | None, bounds: tuple[int, int] | None = None
) -> int | None:
    """The whole number that it is, None where it is not there.

    Raises `ConfigError` where it is something else, or beyond the `bounds`.
    """
    if setting is None:
        return None
    text = setting.value
    # int() takes digits of every script, and refuses thousands of them
    if text.isascii() and text.isdigit() and len(text) <= 20:
        if bounds is None or bounds[0] <= int(text) <= bounds[1]:
            return int(text)
    which = f" from {bounds[0]} to {bounds[1]}" if bounds else ""
    raise ConfigError(
        f"{setting.where}: {setting.name} = {shown(text)} is not a whole number{which}"
    )


def one_of(setting: Setting | None, words: Collection[str]) -> str | None:
    """Which of `words` it is, None where it is not there. Raises `ConfigError`."""
    if setting is None:
        return None
    if setting.value not in words:
        raise ConfigError(
            f"{setting.where}: {shown(setting.value)} is none of {', '.join(words)}"
        )
    return setting.value
