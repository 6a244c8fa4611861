"""--print-profiles: config sections for the roles that have no profile yet.

awsexec does not write to ~/.aws; the user appends the output to the config file.
"""

from __future__ import annotations

import re

from awsexec import output
from awsexec.credentials.account_lists import lists_of_sessions
from awsexec.errors import ConfigError, UsageError, shown
from awsexec.plan.plan import Planner
from awsexec.profiles import files
from awsexec.profiles.patterns import fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.profiles.accounts import Account, AccountList
    from awsexec.report import Report

TEMPLATE = "{account}-{role}"
PLACES = ("session", "account", "account_id", "role")
# what every SDK takes in the name of a profile, without quotes
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+=@-]+")
# whose role a section is: the session's start URL, the account's id, the role
Role = tuple[str, str, str]


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print a section for each role that fits PATTERN and has none.

    With --stale, print the profiles whose role the user no longer has. Raises
    `ConfigError` if two sections, or a section and a profile, would have one name.
    """
    template = arguments.name or TEMPLATE
    _check(template)
    planner = Planner(arguments, environ)
    sessions = planner.config.profiles.config.sso_sessions
    pattern = arguments.profile
    listed = lists_of_sessions(
        planner,
        pattern,
        environ,
        report,
        refresh=arguments.refresh or arguments.stale,
    )
    written = dict(_written(planner))
    fits = fitting(None if pattern in sessions else pattern)
    found = [
        (one.session, account, role)
        for one in listed
        for name, account, role in one.roles(sessions)
        if fits(name)
    ]
    urls = {one.session: _start_url(planner, one.session) for one in listed}
    if arguments.stale:
        _print_stale(written, listed, urls)
        return 0
    new = [
        (session, account, role)
        for session, account, role in found
        if (urls[session], account.id, role) not in written.values()
    ]
    if not new:
        report.warning("every role of yours that fits has a profile already")
        return 0
    output.show(_sections(new, template, planner))
    return 0


def _check(template: str) -> None:
    """Raise `UsageError` unless the places of `template` are known ones."""
    rest = re.sub(r"\{(" + "|".join(PLACES) + r")\}", "", template)
    if "{" in rest or "}" in rest:
        raise UsageError(
            f"--name {shown(template)} has an unknown place; the places are "
            + ", ".join(f"{{{name}}}" for name in PLACES)
        )


def _written(planner: Planner) -> Iterator[tuple[str, Role]]:
    """Yield the profiles of the files that are a role of IAM Identity Center themselves."""
    for name in planner.config.profiles.names():
        try:
            source = planner.plan(name).chain.source
        except ConfigError:
            continue
        if source.sign_in_name and source.profile.name == name:
            yield name, (
                source.value("sso_start_url") or "",
                source.value("sso_account_id") or "",
                source.value("sso_role_name") or "",
            )


def _start_url(planner: Planner, session: str) -> str:
    source = planner.plan_of_session(session).chain.source
    return source.value("sso_start_url") or ""


def _print_stale(
    written: Mapping[str, Role], listed: list[AccountList], urls: Mapping[str, str]
) -> None:
    """Print the names of the profiles whose session lists their role no more."""
    there = {
        (urls[one.session], account.id, role)
        for one in listed
        for account in one.accounts
        for role in account.roles
    }
    asked = set(urls.values())
    stale = [
        name for name, role in written.items() if role[0] in asked and role not in there
    ]
    output.show("".join(f"{shown(name)}\n" for name in stale))


def _sections(
    new: list[tuple[str, Account, str]], template: str, planner: Planner
) -> str:
    """Return the sections for the roles `new`, which read back as they are meant.

    Sections of one name would become one profile. Raises `ConfigError`.
    """
    profiles = planner.config.profiles
    sections: dict[str, str] = {}
    for session, account, role in new:
        places = (session, account.name, account.id, role)
        name = template
        for place, value in zip(PLACES, places, strict=True):
            name = name.replace(f"{{{place}}}", _UNSAFE.sub("-", value).strip("-"))
        name = _UNSAFE.sub("-", name)
        wanted = f"the section for {shown(role)} in account {account.id}"
        advice = "choose another --name, like {session}-{account_id}-{role}"
        if name in sections:
            raise ConfigError(
                f"two sections would have the name {shown(name)}, one of them "
                f"{wanted}; {advice}"
            )
        if not name or name == "default" or name in profiles:
            raise ConfigError(
                f"{wanted} would have the name {name!r}, which is taken; {advice}"
            )
        settings = {
            "sso_session": session,
            "sso_account_id": account.id,
            "sso_role_name": role,
        }
        text = f"[profile {name}]\n" + "".join(
            f"{key} = {value}\n" for key, value in settings.items()
        )
        # the sections may be printed on a terminal
        is_visible = all(map(str.isprintable, text.splitlines()))
        if not (is_visible and _reads_back(text, name, settings)):
            raise ConfigError(
                f"{wanted} cannot be written: a config file cannot hold the name of the "
                f"session {shown(session)} or of the role as it is"
            )
        sections[name] = text
    return "\n".join(sections.values())


def _reads_back(text: str, name: str, settings: Mapping[str, str]) -> bool:
    """Return whether `text` is one section of this name with just these settings."""
    try:
        parsed = files.parse(text, "", files.CONFIG)
    except ConfigError:
        return False
    found = {
        section: {key: setting.value for key, setting in each.settings.items()}
        for section, each in parsed.profiles.items()
    }
    return not parsed.skipped and found == {name: dict(settings)}
