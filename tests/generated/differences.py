"""The rows of "Differences from botocore" in docs/internals.md, for a test.

Where the two differ by a row, either there is another world, in which botocore does
what awsexec does in this one (`MENDED`), or what awsexec says tells the row (`TOLD`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.docs.blocks import section
from tests.generated.worlds import (
    ALICE,
    BOB,
    BOB_ID,
    BOB_SECRET,
    CHINESE,
    OF_SESSION,
    TWICE,
    Settings,
    World,
)
from tests.servers.container import PATH
from tests.servers.identity_center import START_URL
from tests.support import READER, SERIAL, WRITER


def rows() -> set[str]:
    """The first cells of both tables."""
    tables = section("docs/internals.md", "Differences from botocore")
    found = set(re.findall(r"(?m)^\| ([^|]+?) \|", tables))
    return found - {"in the files", "in a profile"}


@dataclass(frozen=True)
class Row:
    """A row by its name, and the world that is to botocore what `world` is to awsexec.

    That is the same world where the row has nothing to do with it. `beside` names what
    of an outcome it leaves different.
    """

    name: str
    mend: Callable[[World], World]
    beside: str = ""


def _respelled(spelling: str) -> Callable[[World], World]:
    return lambda world: world.without(spelling)


def _merged(world: World) -> World:
    """With what stands twice standing once; nothing in an sso-session that is a stray."""

    def once(header: str, settings: Settings) -> Settings:
        if header.startswith("sso-session "):
            return settings
        return {**TWICE, **settings}

    config, credentials = (
        (
            ((sections[0][0], once(*sections[0])), *sections[1:])
            if "twice" in spelling and sections
            else sections
        )
        for sections, spelling in zip(
            (world.config, world.credentials), world.spellings, strict=True
        )
    )
    return replace(world, config=config, credentials=credentials).without("twice")


def _without_quotes(world: World) -> World:
    def plain(text: str) -> str:
        return text.replace("o'neill", "oneill")

    def changed(header: str, settings: Settings) -> Settings:
        return {
            key: plain(value) if isinstance(value, str) else value
            for key, value in settings.items()
        }

    world = world.changed(changed)
    return replace(
        world,
        config=tuple((plain(header), found) for header, found in world.config),
        credentials=tuple(
            (plain(header), found) for header, found in world.credentials
        ),
        environ={name: plain(value) for name, value in world.variables.items()},
        profile=world.profile and plain(world.profile),
    )


def _without_empty_values(world: World) -> World:
    return world.changed(
        lambda _, settings: {key: value for key, value in settings.items() if value}
    )


def _with_whole_paths(world: World) -> World:
    names = ("web_identity_token_file", "ca_bundle")

    def whole(path: str) -> str:
        return path.replace("~/", "{home}/").replace("$HOME/", "{home}/")

    def changed(header: str, settings: Settings) -> Settings:
        return {
            key: whole(value) if key in names and isinstance(value, str) else value
            for key, value in settings.items()
        }

    environ = {name: whole(value) for name, value in world.variables.items()}
    return replace(world.changed(changed), environ=environ)


def _with_profile(world: World) -> World:
    environ = world.variables
    name = environ.pop("AWS_PROFILE", None) or environ.pop("AWS_DEFAULT_PROFILE", None)
    return replace(world, environ=environ, profile=world.profile or name)


def _without_default_profile(world: World) -> World:
    environ = world.variables
    if "AWS_PROFILE" in environ:
        environ.pop("AWS_DEFAULT_PROFILE", None)
    return replace(world, environ=environ)


def _with_default_region(world: World) -> World:
    environ = world.variables
    if "AWS_REGION" in environ:
        environ["AWS_DEFAULT_REGION"] = environ.pop("AWS_REGION")
    return replace(world, environ=environ)


def _with_a_region(world: World) -> World:
    environ = world.variables
    if not (
        environ.keys() & {"AWS_REGION", "AWS_DEFAULT_REGION"}
        or (world.selected and world.settings_of(world.selected).get("region"))
    ):
        settings = world.settings_of(world.selected) if world.selected else {}
        is_chinese = settings.get("role_arn") == CHINESE
        environ["AWS_DEFAULT_REGION"] = "cn-north-1" if is_chinese else "us-east-1"
    return replace(world, environ=environ)


def _asking_once(world: World) -> World:
    """Without the MFA of roles whose source has vouched with the same device."""

    def serials_before(name: str) -> set[object]:
        found: set[object] = set()
        seen = [name]
        settings = world.settings_of(name)
        while (source := settings.get("source_profile")) and source not in seen:
            assert isinstance(source, str)
            seen.append(source)
            settings = world.settings_of(source)
            if "role_arn" in settings:
                found.add(settings.get("mfa_serial"))
        return found

    def changed(header: str, settings: Settings) -> Settings:
        before = serials_before(header.removeprefix("profile "))
        if settings.get("mfa_serial") not in before:
            return settings
        return {k: v for k, v in settings.items() if k != "mfa_serial"}

    return world.changed(changed)


def _named_directly(world: World) -> World:
    """With roles that have the credential_source of the profile that is their source."""

    def changed(header: str, settings: Settings) -> Settings:
        source = settings.get("source_profile")
        if not isinstance(source, str):
            return settings
        named = world.settings_of(source)
        if "role_arn" in named or "credential_source" not in named:
            return settings
        settings = {**settings, "credential_source": named["credential_source"]}
        del settings["source_profile"]
        return settings

    return world.changed(changed)


def _as_the_machine(world: World) -> World:
    """With nothing but what the selected profile names as its source."""
    settings = world.settings_of(world.selected) if world.selected else {}
    source = settings.get("credential_source")
    if source is None or "role_arn" in settings:
        return world
    earlier = {
        "Environment": (),
        "EcsContainer": ("AWS_ACCESS", "AWS_SECRET", "AWS_WEB"),
        "Ec2InstanceMetadata": ("AWS_ACCESS", "AWS_SECRET", "AWS_WEB", "AWS_CONTAINER"),
    }.get(str(source), ())
    environ = {
        name: value
        for name, value in world.variables.items()
        if not name.startswith(("AWS_PROFILE", *earlier))
    }
    if "region" in settings:
        environ.setdefault("AWS_DEFAULT_REGION", str(settings["region"]))
    return World(environ=environ, profile=None)


def _without_lost_sessions(world: World) -> World:
    """Without sso_sessions that are not there, in the selected profile."""
    there = [header for header, _ in world.config]
    name = world.selected
    if name is None or "role_arn" not in world.settings_of(name):
        return world

    def changed(header: str, settings: Settings) -> Settings:
        session = settings.get("sso_session")
        if header.removeprefix("profile ") != name or session is None:
            return settings
        if f"sso-session {session}" in there:
            return settings
        return {k: v for k, v in settings.items() if k != "sso_session"}

    return world.changed(changed)


def _without_mfa(world: World) -> World:
    name = world.selected
    if name is None or "role_arn" in world.settings_of(name):
        return world

    def changed(header: str, settings: Settings) -> Settings:
        if header.removeprefix("profile ") != name:
            return settings
        return {k: v for k, v in settings.items() if k != "mfa_serial"}

    return world.changed(changed)


def _with_account(world: World) -> World:
    """With the account of its sso-session in each profile that names the session."""
    accounts = {
        header.removeprefix("sso-session "): settings.get("sso_account_id")
        for header, settings in world.config
        if header.startswith("sso-session ")
    }

    def changed(header: str, settings: Settings) -> Settings:
        account = accounts.get(str(settings.get("sso_session")))
        if account is None or header.startswith("sso-session "):
            return settings
        return {"sso_account_id": account, **settings}

    return world.changed(changed)


def _included(world: World) -> World:
    """With the settings that profiles include, as far as their own do not win."""
    names = {
        header.removeprefix("profile "): None
        for header, _ in (*world.config, *world.credentials)
        if not header.startswith(("sso-session ", "services "))
    }

    def all_of(name: str, seen: tuple[str, ...] = ()) -> Settings:
        own = world.settings_of(name)
        include = own.pop("include_profile", None)
        if not isinstance(include, str) or include in (*seen, name):
            return own
        more = all_of(include, (*seen, name))
        links = {"source_profile", "credential_source"}
        return {
            key: value
            for key, value in more.items()
            if not key.startswith("aws_") and not (key in links and links & own.keys())
        } | own

    if not any("include_profile" in world.settings_of(name) for name in names):
        return world
    added = {
        name: {
            key: value
            for key, value in all_of(name).items()
            if key not in world.settings_of(name)
        }
        for name in names
    }

    def changed(header: str, settings: Settings) -> Settings:
        return {k: v for k, v in settings.items() if k != "include_profile"}

    mended = world.changed(changed)
    more = tuple((f"profile {name}", found) for name, found in added.items() if found)
    headers = {
        ("profile default" if header == "default" else header): (header, settings)
        for header, settings in mended.config
    }
    for header, found in more:
        own_header, settings = headers.get(header, (header, {}))
        headers[header] = (own_header, {**found, **settings})
    return replace(mended, config=tuple(headers.values()))


def _without_shell(world: World) -> World:
    """With the command alone of a line for a shell."""

    def changed(header: str, settings: Settings) -> Settings:
        return {
            key: (
                value.partition(" | ")[0]
                if key == "credential_process" and isinstance(value, str)
                else value
            )
            for key, value in settings.items()
        }

    return world.changed(changed)


def _without_strays(world: World) -> World:
    """With nothing in an sso-session but what belongs there."""

    def changed(header: str, settings: Settings) -> Settings:
        if not header.startswith("sso-session "):
            return settings
        return {k: v for k, v in settings.items() if k.startswith("sso_")}

    return world.changed(changed)


ALL_IN_SESSION = "sso_account_id and sso_role_name both in the sso-session only"
SHELL = "operators of a shell in credential_process"
NO_CREDENTIALS = "no credentials, in another profile than `[default]`"
NO_PROFILE = "no PROFILE, and profiles with credentials"
MISSPELT = "a misspelt setting, like `mfa_serail` or `session_readonly`"
LIKE = "`[profiles p]`, `[sso-sessions s]` and others that begin like the right word"
BEHIND = "text after a section's `]` that is no comment"
STRAY = "a setting of an sso-session that does not belong there, such as region"
PATHS = (
    "`~` or `$VARIABLE` in web_identity_token_file, setting or variable, and in "
    "ca_bundle"
)

# in the order in which they are mended
MENDED = (
    Row("include_profile", _included),
    Row("a name with `'`, `\"` or `\\` in it", _without_quotes),
    Row("a section or a setting that appears twice", _merged),
    Row(STRAY, _without_strays),
    Row("`#` or `;` after white space in a value", _respelled("comments")),
    Row("`:` between name and value", _respelled("colon")),
    Row("a byte order mark", _respelled("mark")),
    Row("blanks inside the brackets", _respelled("blanks")),
    Row("`[DEFAULT]`", _respelled("DEFAULT")),
    Row("`[default]` and `[profile default]`", _respelled("both defaults")),
    Row("an empty value", _without_empty_values),
    Row(PATHS, _with_whole_paths),
    Row("AWS_PROFILE beside keys in the environment", _with_profile),
    Row("AWS_PROFILE beside AWS_DEFAULT_PROFILE", _without_default_profile),
    Row("AWS_REGION", _with_default_region),
    Row("no region", _with_a_region, "region"),
    Row("MFA in a chain", _asking_once),
    Row("credential_source without role_arn", _named_directly),
    Row("credential_source without role_arn", _as_the_machine),
    Row("an sso_session that does not exist, beside a role", _without_lost_sessions),
    Row("mfa_serial without role_arn", _without_mfa, "serials"),
    Row(SHELL, _without_shell),
    Row(ALL_IN_SESSION, _with_account),
)

# What awsexec says where it gives up and botocore goes on, and what botocore may have
# come to: whatever it is, or what the machine has.
_MACHINE = "assumed-role/(instance|task)-role/|no credentials"
TOLD: tuple[tuple[str, str, str], ...] = (
    (
        "beyond AWS's limits",
        "does not accept [0-9hms]+; use|is not a whole number|is not a role ARN|one hour at most",
        "",
    ),
    (
        NO_CREDENTIALS,
        "has no credentials and no way|has aws_secret_access_key but no|there is no "
        r"\[sso-session|the SSO profile|AWS knows no credential_source",
        _MACHINE,
    ),
    (
        "credential_source without role_arn",
        r"^profile .* \((environment|ec2|container), ",
        _MACHINE,
    ),
    (
        "mfa_serial without role_arn",
        "MultiFactorAuthentication failed",
        ":user/|^A[KS]IA",
    ),
    (
        "use_fips_endpoint and other settings that are true or false",
        ": write true or false",
        "",
    ),
    ("a role of another partition than the region", "is in the partition", ""),
    ("`[profile p]` in the credentials file", "without the word profile", ""),
    (MISSPELT, "unknown setting .*; did you mean", ""),
    ("include_profile", "include_profile (of profile|is a loop)", ""),
    (LIKE, r": write \[(profile|sso-session|services) ", ""),
    (BEHIND, "put what follows the ']' on a line of its own", ""),
    (NO_PROFILE, "no PROFILE; name one", ""),
    (
        "use_fips_endpoint or use_dualstack_endpoint with an endpoint_url",
        "exclude each other",
        "",
    ),
    (
        "mfa_serial with a role's session (EC2, ECS, SSO, web identity)",
        "cannot present it",
        "",
    ),
    ("a region in upper case, like EU-WEST-1", "is not an AWS region", ""),
    ("a services section that does not exist", r"there is no \[services", ""),
)

_KEYS = ("alice", ALICE)
_ROLE: Settings = {"role_arn": READER, "source_profile": "alice"}
_IRELAND: Settings = {"region": "eu-west-1"}
_MFA: Settings = {"mfa_serial": SERIAL}


def _spelled(spelling: str, **settings: str) -> World:
    """A role in a config file with a `spelling`."""
    return World(
        (("profile a", {**_ROLE, "external_id": "ext-1", **settings}),),
        (_KEYS,),
        (frozenset({spelling}), frozenset()),
    )


def _role(**more: str) -> World:
    return World((("profile a", {**_ROLE, **_IRELAND, **more}),), (_KEYS,))


def _keys(name: str, **more: str) -> World:
    return World((), ((name, {**ALICE, **more}),), profile=name)


# one of each row, so that none stays in the documents when botocore has changed
EXAMPLES = {
    "a section or a setting that appears twice": _spelled("twice"),
    "`#` or `;` after white space in a value": _spelled("comments", **_IRELAND),
    "`:` between name and value": _spelled("colon", **_IRELAND),
    "a byte order mark": _spelled("mark", **_IRELAND),
    "blanks inside the brackets": _spelled("blanks", **_IRELAND),
    "`[DEFAULT]`": replace(_role(), spellings=(frozenset({"DEFAULT"}), frozenset())),
    "`[default]` and `[profile default]`": World(
        (("default", {**_ROLE, **_IRELAND}),),
        (_KEYS,),
        (frozenset({"both defaults"}), frozenset()),
        profile="default",
    ),
    "`[profile p]` in the credentials file": _keys("profile p"),
    LIKE: World((("profiles a", {**_ROLE, **_IRELAND}),), (_KEYS,)),
    BEHIND: _spelled("behind", **_IRELAND),
    "a name with `'`, `\"` or `\\` in it": World(
        (("profile o'neill", {**_ROLE, **_IRELAND}),), (_KEYS,), profile="o'neill"
    ),
    "an empty value": _role(external_id=""),
    MISSPELT: _role(session_readonly="true"),
    "include_profile": World(
        (
            ("profile a", {"include_profile": "b", "role_arn": READER}),
            ("profile b", {"source_profile": "alice", **_IRELAND}),
        ),
        (_KEYS,),
    ),
    NO_CREDENTIALS: World((("profile a", {**_IRELAND}),)),
    "credential_source without role_arn": World(
        (("profile a", {"credential_source": "Ec2InstanceMetadata"}),),
        environ={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": PATH},
    ),
    # the tool has another answer to these arguments
    SHELL: World(
        (
            (
                "profile a",
                {"credential_process": "{home}/tool alice | sed s/x/x/", **_IRELAND},
            ),
        )
    ),
    "mfa_serial without role_arn": _keys("a", mfa_serial=SERIAL),
    "beyond AWS's limits": _role(duration_seconds="soon"),
    "MFA": _role(mfa_serial=SERIAL),
    "MFA in a chain": World(
        (
            ("profile a", {"role_arn": WRITER, "source_profile": "b"} | _MFA),
            ("profile b", {**_ROLE, **_MFA}),
        ),
        (_KEYS,),
        environ={"AWS_DEFAULT_REGION": "eu-west-1"},
    ),
    "no role_session_name": _role(),
    "no region": World((("profile a", _ROLE),), (_KEYS,)),
    STRAY: World(
        (
            (
                "sso-session corp",
                {
                    "sso_start_url": START_URL,
                    "sso_region": "eu-west-1",
                    "region": "us-east-1",
                },
            ),
            (
                "profile a",
                {
                    "sso_session": "corp",
                    "sso_account_id": "123456789012",
                    "sso_role_name": "reader",
                    **_IRELAND,
                },
            ),
        )
    ),
    ALL_IN_SESSION: World(
        (
            (
                "sso-session corp",
                {"sso_start_url": START_URL, "sso_region": "eu-west-1", **OF_SESSION},
            ),
            ("profile a", {"sso_session": "corp", **_IRELAND}),
        )
    ),
    PATHS: World(
        (
            (
                "profile a",
                {
                    "role_arn": READER,
                    "web_identity_token_file": "~/token",
                    **_IRELAND,
                },
            ),
        )
    ),
    NO_PROFILE: World((), (("default", ALICE),), profile=None),
    "AWS_PROFILE beside keys in the environment": World(
        (),
        (_KEYS,),
        environ={
            "AWS_PROFILE": "alice",
            "AWS_ACCESS_KEY_ID": BOB_ID,
            "AWS_SECRET_ACCESS_KEY": BOB_SECRET,
        },
        profile=None,
    ),
    "AWS_REGION": replace(_role(), environ={"AWS_REGION": "us-east-1"}),
    "use_fips_endpoint and other settings that are true or false": _role(
        use_fips_endpoint="yes"
    ),
    "a role of another partition than the region": _role(role_arn=CHINESE),
    "use_fips_endpoint or use_dualstack_endpoint with an endpoint_url": _role(
        use_fips_endpoint="true", endpoint_url="http://127.0.0.1:4444"
    ),
    "mfa_serial with a role's session (EC2, ECS, SSO, web identity)": World(
        (
            (
                "profile a",
                {
                    "role_arn": READER,
                    "credential_source": "Ec2InstanceMetadata",
                    **_IRELAND,
                    **_MFA,
                },
            ),
        )
    ),
    "a region in upper case, like EU-WEST-1": _role(region="EU-WEST-1"),
    "AWS_PROFILE beside AWS_DEFAULT_PROFILE": World(
        (),
        (_KEYS, ("bob", BOB)),
        environ={"AWS_PROFILE": "alice", "AWS_DEFAULT_PROFILE": "bob"},
        profile=None,
    ),
    "a services section that does not exist": _keys("a", services="lost"),
    "an sso_session that does not exist, beside a role": _role(sso_session="lost"),
}
