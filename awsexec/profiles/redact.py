"""A setting as it may be shown to a person: without its secrets."""

from __future__ import annotations

from awsexec.errors import program, tail
from awsexec.profiles.profile import KEY_ID, SECRET, TOKEN_SETTINGS
from awsexec.text import HIDDEN, without_userinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.profiles.files import Setting

_SECRET = frozenset({SECRET, *TOKEN_SETTINGS, "external_id"})
# other programs give the secrets that they keep in these files such names
_SECRET_PARTS = ("secret", "token", "password")


def redacted(setting: Setting) -> str:
    """Return the value of `setting` without secrets.

    A key id loses all but its last four characters, a command its arguments, a URL its
    user and password. A value that is a secret as a whole becomes ``******``.
    """
    # a variable has its setting's name in capitals
    name, value = setting.name.lower(), setting.value
    if name == KEY_ID:
        return tail(value)
    if name.endswith("_process"):
        first = program(value)
        rest = value.strip().removeprefix(first)
        return f"{first} {HIDDEN}" if rest else first
    if name in _SECRET or (
        any(part in name for part in _SECRET_PARTS)
        and not name.endswith(("_file", "_expires"))
    ):
        return HIDDEN
    if setting.block:
        value = ", ".join(f"{item.name} = {redacted(item)}" for item in setting.block)
    if name in ("http_proxy", "https_proxy") and "://" not in value:
        # the SDK adds the scheme
        return without_userinfo(f"://{value}").removeprefix("://")
    return without_userinfo(value)
