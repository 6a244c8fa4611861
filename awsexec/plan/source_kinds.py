"""The kinds of source, one row each, and which of them a profile or the machine is.

To add a kind: a row here, and a module of `credentials.sources` that gets the
credentials. The settings and variables are those of the AWS SDKs and Tools Reference
Guide ("Standardized credential providers"); where a variable and a setting say the same,
the variable wins.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, first_profile, shown
from awsexec.fastpath import ACCESS_KEY_ID, SESSION_TOKEN, digest, machine
from awsexec.plan.command_line import SHELL_SETTING, runs_by_shell
from awsexec.plan.endpoint import configured_url, is_region, not_a_region
from awsexec.plan.inputs import (
    InputFile,
    Inputs,
    content,
    login_sign_in,
    login_signed_in,
    login_token_file,
    sso_sign_in,
    sso_signed_in,
    sso_token_file,
    surroundings_of,
)
from awsexec.plan.limits import checked_arn, checked_session_name
from awsexec.plan.source import Facts, Kind, Source
from awsexec.profiles import files, known, values
from awsexec.profiles.accounts import is_account_id
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import KEY_ID, Profile, Profiles
from awsexec.profiles.values import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

METADATA_DISABLED = "AWS_EC2_METADATA_DISABLED"
# settings of the EC2 instance metadata, and the variables that win over them
_EC2 = {
    "ec2_metadata_service_endpoint": "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "ec2_metadata_service_endpoint_mode": "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "ec2_metadata_v1_disabled": "AWS_EC2_METADATA_V1_DISABLED",
    "imds_use_ipv6": "AWS_IMDS_USE_IPV6",
    "metadata_service_timeout": "AWS_METADATA_SERVICE_TIMEOUT",
    "metadata_service_num_attempts": "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "": METADATA_DISABLED,
}
_RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
CONTAINER_VARIABLES = (
    _RELATIVE_URI,
    _FULL_URI,
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
# the token of keys in the environment; the first one that is set counts
TOKEN_VARIABLES = ("AWS_SECURITY_TOKEN", SESSION_TOKEN)
_TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
_WEB_IDENTITY = {
    "web_identity_token_file": _TOKEN_FILE,
    "role_arn": "AWS_ROLE_ARN",
    "role_session_name": "AWS_ROLE_SESSION_NAME",
}
# where the AWS CLI keeps its sign-ins
SSO_CACHE = "~/.aws/sso/cache"
LOGIN_CACHE, LOGIN_CACHE_VARIABLE = "~/.aws/login/cache", "AWS_LOGIN_CACHE_DIRECTORY"
# the setting that says that a command's credentials depend on its command line alone
COMMAND_DECIDES = "credential_process_command_decides"
_SSO_PROFILE = ("sso_account_id", "sso_role_name")
_SSO_SESSION = ("sso_start_url", "sso_region")

# --- What decides whose credentials a source gives ------------------------------------


def _decided_by_environment(source: Source, facts: Facts) -> list[Setting | None]:
    """Return the key id, and that there is a session token, if there is one."""
    tokens = (variable(name, facts.environ) for name in TOKEN_VARIABLES)
    token = next(filter(None, tokens), None)
    return [
        variable(ACCESS_KEY_ID, facts.environ),
        # the id tells which token
        Setting.outside(SESSION_TOKEN, "set", token.file) if token else None,
    ]


def _decided_by_container(source: Source, facts: Facts) -> list[Setting | None]:
    return [variable(name, facts.environ) for name in CONTAINER_VARIABLES]


def _decided_by_ec2(source: Source, facts: Facts) -> list[Setting | None]:
    return [
        variable(from_environ, facts.environ, name)
        # as in botocore, the profile of the run says where the metadata service is
        or facts.selected.get(name) or source.profile.get(name)
        for name, from_environ in _EC2.items()
    ]


def _decided_by_setting(source: Source, facts: Facts) -> list[Setting | None]:
    # raises where there is no shell
    runs_by_shell(source.profile, source.setting)
    shell = source.profile.get(SHELL_SETTING)
    return [source.setting, source.profile.get(COMMAND_DECIDES), shell]


def _decided_by_login(source: Source, facts: Facts) -> list[Setting | None]:
    return [source.setting, variable(LOGIN_CACHE_VARIABLE, facts.environ)]


def _decided_by_token(source: Source, facts: Facts) -> list[Setting | None]:
    """Return the token file, the role and the session's name of a web identity.

    All of them are the profile's, or without a profile the environment's.
    """
    of_profile = bool(source.profile.settings)
    found = {
        name: (
            source.profile.get(name)
            if of_profile
            else variable(from_environ, facts.environ, name)
        )
        for name, from_environ in _WEB_IDENTITY.items()
    }
    role, token = found["role_arn"], found["web_identity_token_file"]
    if role is None:
        name = "role_arn" if of_profile else _WEB_IDENTITY["role_arn"]
        raise ConfigError(
            f"{source.setting.where}: a web identity token without a role to assume; "
            f"add {name}"
        )
    if token is not None:
        path = files.expand(token.value, facts.environ)
        found[token.name] = Setting(token.name, path, token.file, token.line)
    if found["role_session_name"] is None:
        default = Setting.outside("role_session_name", facts.session_name, "")
        found["role_session_name"] = default
    checked_arn(role)
    name_setting = found["role_session_name"]
    assert name_setting is not None
    checked_session_name(name_setting)
    return list(found.values())


def _decided_by_sign_in(source: Source, facts: Facts) -> list[Setting | None]:
    return _sign_in_settings(source.profile, facts.profiles, _SSO_PROFILE)


def _sign_in_settings(
    profile: Profile, profiles: Profiles, of_role: tuple[str, ...]
) -> list[Setting | None]:
    """Return the settings of an SSO profile, with those of its sso-session.

    The two are merged as in botocore, except that an sso-session must say itself where to
    sign in. `of_role` are the settings that name the role. Raises `ConfigError`.
    """
    reference = profile.get("sso_session")
    found = {
        name: profile.get(name)
        for name in (*of_role, *_SSO_SESSION, "sso_registration_scopes")
    }
    place = profile.where
    if reference is not None:
        section = profiles.config.sso_sessions.get(reference.value)
        if section is None:
            raise ConfigError(
                f"{reference.where}: there is no [sso-session {reference.value}] in "
                f"{profiles.config.looked_in}; "
                + (
                    profiles.config.why_not(reference.value, "sso-session")
                    or "add it, or check the spelling"
                )
            )
        place = f"{section.file}:{section.line}"
        for name, own in found.items():
            shared = section.settings.get(name)
            if shared is not None and not shared.value:
                shared = None
            if own and shared and own.value != shared.value:
                raise ConfigError(
                    f"{own.where}: {name} differs from {shared.where}, and both count; "
                    "remove it here"
                )
            if shared is not None or name not in of_role:
                found[name] = shared
    for names, where in ((of_role, profile.where), (_SSO_SESSION, place)):
        missing = [name for name in names if found[name] is None]
        if missing:
            raise ConfigError(
                f"{where}: the SSO profile {profile.name!r} has no "
                f"{' and no '.join(missing)}; add what is missing"
            )
    _check_sign_in(found)
    return [reference, *found.values()]


def _check_sign_in(found: Mapping[str, Setting | None]) -> None:
    """Raise `ConfigError` for settings with which no sign-in can succeed."""
    account = found.get("sso_account_id")
    region, start_url = found["sso_region"], found["sso_start_url"]
    assert region is not None and start_url is not None
    if account is not None and not is_account_id(account.value):
        raise values.wrong(
            account,
            f"sso_account_id = {shown(account.value)} is not an account; write its 12 "
            "digits",
        )
    if not is_region(region.value):
        raise not_a_region(region)
    if not _is_start_url(start_url.value):
        raise values.wrong(
            start_url,
            f"sso_start_url = {shown(start_url.value)} is not the URL of an access portal; "
            "write one like https://example.awsapps.com/start",
        )


def _is_start_url(text: str) -> bool:
    """Return whether `text` is an https URL; http is for a server on this machine."""
    scheme, separator, rest = text.partition("://")
    host = rest.partition("/")[0]
    if not separator or not host or text.split() != [text]:
        return False
    name = "[::1]" if host.startswith("[::1]") else host.partition(":")[0]
    is_here = name in ("localhost", "[::1]") or name.startswith("127.")
    is_here = is_here and "@" not in host
    return scheme.lower() == "https" or (scheme.lower() == "http" and is_here)


# --- What else decides, as it is now ------------------------------------------------------


def _look_at_token(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    path = source.value("web_identity_token_file")
    token = InputFile(path or "", content)
    return Inputs(
        [token],
        is_known=token.identity is not None,
        is_fixed="$" not in source.setting.value,
    )


def _look_at_container(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    path = source.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    files = [InputFile(path, content)] if path is not None else []
    # a URL of loopback is another one on each machine
    return Inputs(files, machine=machine())


def _look_at_index(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    """The index of the keyring; no entry counts if it has changed since it was read."""
    assert source.kept is not None and source.kept.index is not None
    index = source.kept.index
    file = InputFile(index.path, digest)
    return Inputs([file], is_known=file.identity == index.identity)


def _look_at_machine(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    found = machine()
    return Inputs(machine=found, is_known=bool(found))


def _look_at_run(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    """A command may depend on all that it sees, and on the AWS files that it may read."""
    by_shell = runs_by_shell(source.profile, source.setting)
    if values.is_true(source.get(COMMAND_DECIDES)) and not (
        # what the shell fills in is not in the line
        by_shell
        and any(character in source.setting.value for character in "$~`")
    ):
        return Inputs()
    seen = surroundings_of(environ)
    files = [InputFile(path, content) for path in paths]
    is_known = seen is not None and all(file.is_known for file in files)
    return Inputs(files, seen or "", is_known=is_known)


def _look_at_sso(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    path = sso_token_file(source.sign_in_name, files.expand(SSO_CACHE, environ))
    found = _look_at_sign_in(InputFile(path, sso_sign_in), is_fixed=True)
    profile = source.profile
    if profile.listed is not None and profile.listed.path:
        # two accounts may swap their names; the id that counts is a setting
        names = InputFile(profile.listed.path, lambda data: "")
        found = found.with_file(names, until=profile.listed.until)
    if profile.index is not None and not profile.is_in_files:
        # a key in the keyring may get the name of the role, and wins then
        index = InputFile(profile.index.path, digest)
        is_known = index.identity == profile.index.identity
        index.identity = ""
        found = found.with_file(index, is_known=is_known)
    return found


def _look_at_login(
    source: Source, paths: tuple[str, str], environ: Mapping[str, str]
) -> Inputs:
    folder = source.value(LOGIN_CACHE_VARIABLE) or LOGIN_CACHE
    path = login_token_file(source.setting.value, files.expand(folder, environ))
    return _look_at_sign_in(InputFile(path, login_sign_in), is_fixed="$" not in folder)


def _look_at_sign_in(token: InputFile, *, is_fixed: bool) -> Inputs:
    # without a token file the user is signed out
    return Inputs([token], is_known=token.identity is not None, is_fixed=is_fixed)


# --- The table ------------------------------------------------------------------------

KEYS = Kind(
    "keys",
    "static",
    None,
    at_hand=lambda profile: (profile.static_keys(), None),
    has_parts=True,
    is_cached=False,
    is_fast=True,
)
KEYRING = Kind(
    "keyring",
    "keyring",
    None,
    looks=_look_at_index,
    at_hand=lambda profile: (None, profile.kept),
    asks="the keyring",
    is_cached=False,
    is_fast=True,
)
# keys in the environment may be a user's or a session's
ENVIRONMENT = Kind(
    "environment",
    "environment",
    _decided_by_environment,
    is_environment=True,
    is_cached=False,
    has_parts=True,
)
EC2 = Kind(
    "ec2",
    "ec2",
    _decided_by_ec2,
    looks=_look_at_machine,
    asks="the EC2 instance metadata",
    is_role_session=True,
    # the instance may get another role while the credentials live; asking costs little
    ask_again=300,
    is_described=True,
)
CONTAINER = Kind(
    "container",
    "container",
    _decided_by_container,
    looks=_look_at_container,
    asks="the container's metadata",
    is_role_session=True,
    has_parts=True,
)
WEB_IDENTITY = Kind(
    "web identity",
    "web_identity",
    _decided_by_token,
    looks=_look_at_token,
    asks="AssumeRoleWithWebIdentity",
    is_role_session=True,
    assumes_role=True,
    is_fast=True,
    has_parts=True,
)
SSO = Kind(
    "sso",
    "sso",
    _decided_by_sign_in,
    looks=_look_at_sso,
    signed_in=sso_signed_in,
    services=("sso", "sso_oidc"),
    asks="IAM Identity Center",
    is_role_session=True,
    may_prompt=True,
    is_fast=True,
)
# nobody knows whether `aws login` or a process gives a user's or a role's session
LOGIN = Kind(
    "login",
    "login",
    _decided_by_login,
    looks=_look_at_login,
    signed_in=login_signed_in,
    cli_sign_in="login",
    services=("signin",),
    asks="AWS Sign-In",
    may_prompt=True,
    is_fast=True,
)
PROCESS = Kind(
    "process",
    "process",
    _decided_by_setting,
    looks=_look_at_run,
    asks="credential_process",
    may_be_user_keys=True,
    may_prompt=True,
    runs_command=True,
    is_fast=True,
    is_checked=True,
    has_parts=True,
)
KINDS = (KEYS, KEYRING, ENVIRONMENT, EC2, CONTAINER, WEB_IDENTITY, SSO, LOGIN, PROCESS)

# what `credential_source` may name
CREDENTIAL_SOURCES = {
    "Environment": ENVIRONMENT,
    "Ec2InstanceMetadata": EC2,
    "EcsContainer": CONTAINER,
}

# the variables that make the machine a source, in the order in which the SDKs look
_OF_MACHINE = (
    (ACCESS_KEY_ID, ENVIRONMENT),
    (_TOKEN_FILE, WEB_IDENTITY),
    (_RELATIVE_URI, CONTAINER),
    (_FULL_URI, CONTAINER),
)


def _setting(name: str) -> Callable[[Profile], Setting | None]:
    return lambda profile: profile.get(name)


def _sign_in_of(name: str) -> Callable[[Profile], Setting | None]:
    """Find what a profile with the setting `name` signs in to, else that setting."""

    def found(profile: Profile) -> Setting | None:
        setting = profile.get(name)
        if setting is None:
            return None
        return profile.get("sso_session") or profile.get("sso_start_url") or setting

    return found


def _keys(profile: Profile) -> Setting | None:
    return profile.static_keys().key_id if profile.has_static_keys else None


def _key_in_keyring(profile: Profile) -> Setting | None:
    kept = profile.kept
    return Setting.outside(KEY_ID, kept.key_id, "the keyring") if kept else None


def _keys_of_credentials_file(profile: Profile) -> Setting | None:
    return _keys(profile) if profile.keys_in_credentials_file else None


# What makes a profile a source, in the order in which botocore looks. Keys count in two
# places: first if the credentials file has them, later if only the config file does.
# botocore does not take the last four rows for a source. With the sso_ rows, half an SSO
# profile gets a message that says what is missing. credential_source works without a role
# only in awsexec, and other programs do not see a key in the keyring.
_OF_PROFILE: tuple[tuple[Callable[[Profile], Setting | None], Kind | None], ...] = (
    (_setting("web_identity_token_file"), WEB_IDENTITY),
    (_sign_in_of("sso_account_id"), SSO),
    (_sign_in_of("sso_role_name"), SSO),
    (_keys_of_credentials_file, KEYS),
    (_setting("login_session"), LOGIN),
    (_setting("credential_process"), PROCESS),
    (_keys, KEYS),
    (_setting("sso_session"), SSO),
    (_setting("sso_start_url"), SSO),
    # which of the kinds, the setting says
    (_setting("credential_source"), None),
    (_key_in_keyring, KEYRING),
)
# what the message proposes to a profile that is no source
_PROPOSED = (
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "login_session",
    "credential_process",
    "credential_source",
)


# --- From a profile, or the machine, to its source ------------------------------------


def source_of(profile: Profile) -> Source:
    """Return the source that `profile` itself is.

    If several fit, botocore's order decides. Raises `ConfigError` if none fits.
    """
    for found_in, kind in _OF_PROFILE:
        setting = found_in(profile)
        if setting is None:
            continue
        if kind is None:
            return source_named(profile, setting)
        keys, kept = kind.at_hand(profile) if kind.at_hand else (None, None)
        return Source(kind, profile, setting, keys, kept=kept)
    raise ConfigError(
        f"{profile.where}: profile {profile.name!r} has no credentials and no way to "
        f"get any; give it a role_arn, a key pair, or {' or '.join(_PROPOSED)}"
        + known.explanation(profile)
    )


def source_named(profile: Profile, setting: Setting) -> Source:
    """Return the source that `setting`, the profile's credential_source, names.

    Raises `ConfigError`.
    """
    kind = CREDENTIAL_SOURCES.get(setting.value)
    if kind is None:
        raise ConfigError(
            f"{setting.where}: AWS knows no credential_source {shown(setting.value)}; "
            f"write {' or '.join(CREDENTIAL_SOURCES)}"
        )
    return Source(kind, profile, setting)


def has_identity(profile: Profile) -> bool:
    """Return whether `profile` says whose credentials it has, even if incompletely."""
    if profile.get("role_arn") is not None or profile.has_static_keys:
        return True
    return any(found_in(profile) is not None for found_in, _ in _OF_PROFILE)


def source_of_machine(
    environ: Mapping[str, str],
    default: Profile | None = None,
    *,
    is_named: bool = False,
    looked_in: tuple[str, ...] = (),
    sessions: Iterable[str] = (),
) -> Source | None:
    """Return the source that the SDKs use where there is no profile; None for none.

    It is the first of: keys, web identity, container, and the instance's role if the
    metadata is not turned off. `default` is a ``[default]`` that says nothing of these. If
    it `is_named` on the command line, the variables of the first two do not count, as in
    botocore. `looked_in` names the files without a profile, as `Profiles` does, and
    `sessions` are the ``[sso-session]`` sections in them.
    """
    for name, kind in _OF_MACHINE:
        if environ.get(name) and not (is_named and kind in (ENVIRONMENT, WEB_IDENTITY)):
            setting = Setting.outside("", environ[name], name)
            given_by = environ.get("AWSEXEC_PROFILE") or None
            profile = given_by or kind.label.replace(" ", "-")
            return Source(kind, Profile(profile), setting, given_by=given_by)
    if metadata_is_off(variable(METADATA_DISABLED, environ)):
        return None
    # what is said of a file that a variable names, and that is none
    found = " or ".join(text for text in looked_in if text.endswith(")"))
    why = f"no PROFILE, and no profile in {found or 'the config files'}"
    if default is not None:
        why = f"of the machine, since {default.where} has no credentials"
    # the machine may be no instance at all
    advice = first_profile(sessions)
    return Source(EC2, Profile("ec2"), Setting.outside("", "", why), advice=advice)


def metadata_is_off(setting: Setting | None) -> bool:
    """Return whether AWS_EC2_METADATA_DISABLED turns the instance metadata off.

    As for botocore, everything but "true" is false, and nothing is an error: many
    machines have a value here that the SDKs ignore, and need the instance's identity.
    """
    return setting is not None and setting.value.lower() == "true"


def with_settings(source: Source, facts: Facts) -> Source:
    """Return `source` with all that decides whose credentials it gives.

    Raises `ConfigError`.
    """
    kind = source.kind
    if kind.decides is None:
        return source
    settings = kind.decides(source, facts)
    endpoints = [
        (
            service,
            configured_url(service, facts.profiles, facts.selected, facts.environ),
        )
        for service in kind.services
    ]
    return Source(
        kind,
        source.profile,
        source.setting,
        source.keys,
        tuple(setting for setting in settings if setting is not None),
        tuple(endpoints),
        source.given_by,
        advice=source.advice,
    )


def source_of_session(
    profiles: Profiles, session: Setting, environ: Mapping[str, str]
) -> Source:
    """Return what signs in to `session`, and gives no role's credentials.

    It is a source of the kind SSO without the settings of a role. Raises `ConfigError`.
    """
    profile = Profile(session.value, options=[session])
    settings = _sign_in_settings(profile, profiles, ())
    endpoints = [
        (service, configured_url(service, profiles, profile, environ))
        for service in SSO.services
    ]
    return Source(
        SSO,
        profile,
        session,
        settings=tuple(setting for setting in settings if setting is not None),
        endpoints=tuple(endpoints),
    )
