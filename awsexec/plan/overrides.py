"""The profile of a run: the one that was named, with the options laid over it."""

from __future__ import annotations

import os

from awsexec.errors import UsageError, shown
from awsexec.plan.limits import clean_session_name
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile, Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.options.arguments import Arguments


def settings_of(arguments: Arguments) -> list[Setting]:
    """Return the settings that the options of `arguments` stand for."""
    return [
        (
            Setting.from_option(name, value, option)
            if isinstance(value, str)
            else Setting.from_option(name, "\n".join(value), option, value)
        )
        for name, value, option in arguments.settings()
    ]


def profile_for(
    profiles: Profiles, name: str | None, variable: str | None, options: list[Setting]
) -> Profile:
    """Return the profile of a run, over which the settings `options` win.

    `name` is PROFILE, and `variable` what the environment names. Raises `UsageError`
    where neither is there, and `NoSuchProfile`.
    """
    if not options and name is not None:
        return profiles.named(name)
    by_name = {option.name: option for option in options}
    role, source = by_name.get("role_arn"), by_name.get("source_profile")
    if name is None and role is not None and source is not None:
        # a role that no config file has
        return _with_session_name(Profile(role.value), options)
    name = name or variable
    if not name:
        raise UsageError("no PROFILE; name one, or set AWS_PROFILE")
    profile = profiles.named(name)
    if source is not None:
        # --source-profile replaces what the profile says
        profile = profile.without("credential_source")
    if role is not None and source is None and profile.get("role_arn") is None:
        added = Setting.from_option("source_profile", name, "--role-arn")
        options = [*options, added]
    return _with_session_name(profile, options)


def _with_session_name(profile: Profile, options: list[Setting]) -> Profile:
    return profile.with_options(
        (
            Setting.from_option(
                option.name, _fill(option.value, profile.name), option.file
            )
            if option.name == "role_session_name"
            else option
        )
        for option in options
    )


def _fill(template: str, profile: str) -> str:
    """Fill in the places of a --session-name.

    What is filled in is cleaned to what STS allows. What the user wrote is not.
    """
    import socket
    import string

    host = socket.gethostname().partition(".")[0]
    places = {"user": local_user(), "host": host, "profile": profile}
    filled = ""
    try:
        for text, name, form, conversion in string.Formatter().parse(template):
            filled += text
            if name is None:
                continue
            if form or conversion:
                # Python's forms can make it as long as memory is
                raise KeyError(form)
            filled += clean_session_name(places[name])
    except (KeyError, ValueError):
        raise UsageError(
            f"--session-name {shown(template)} has an unknown place; the places are "
            + ", ".join(f"{{{name}}}" for name in places)
        ) from None
    return filled


def local_user() -> str:
    """Return the name of the user this process runs as, whatever the environment says."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        pass
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # as in a container that runs with a number for a user
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"
