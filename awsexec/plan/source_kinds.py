"""What a profile's first credentials come from, and all that selects whose they are.

The settings and variables are those of the AWS SDKs and Tools Reference Guide
("Standardized credential providers"); where a variable and a setting say the same,
the variable wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from awsexec.errors import ConfigError, shown
from awsexec.plan import endpoint as endpoints
from awsexec.profiles import files
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile, Profiles, StaticKeys
from awsexec.profiles.values import variable

# what `credential_source` may name, and the kind of source it is here
CREDENTIAL_SOURCES = {
    "Environment": "environment",
    "Ec2InstanceMetadata": "ec2 metadata",
    "EcsContainer": "container",
}

# The settings that make a profile a source and the kind of source it is then, in the
# order in which botocore looks. Its keys count here if the credentials file has them,
# there if only the config file has. The last ones are no source to botocore: half of
# an SSO profile, to be told what it lacks, and a `credential_source` without a role.
_SOURCES = (
    ("web_identity_token_file", "web identity"),
    ("sso_account_id", "sso"),
    ("sso_role_name", "sso"),
    ("aws_access_key_id", "static"),
    ("login_session", "login"),
    ("credential_process", "process"),
    ("", "static"),
    ("sso_session", "sso"),
    ("sso_start_url", "sso"),
    ("credential_source", "named"),
)

# The kinds whose credentials the cache keeps, for as long as they live. Static keys
# and those of the environment are at hand anyway.
CACHED = frozenset(
    {"ec2 metadata", "container", "web identity", "sso", "login", "process"}
)

# The kinds that are a role's session for sure; nobody knows of what a process, the
# environment or `aws login` gives.
_ROLE_SESSIONS = frozenset({"ec2 metadata", "container", "web identity", "sso"})

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
EC2_VARIABLES = tuple(_EC2.values())
CONTAINER_VARIABLES = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
_WEB_IDENTITY = {
    "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
    "role_arn": "AWS_ROLE_ARN",
    "role_session_name": "AWS_ROLE_SESSION_NAME",
}
_SSO_PROFILE = ("sso_account_id", "sso_role_name")
_SSO_SESSION = ("sso_start_url", "sso_region")
# the services that a kind of source asks, besides STS
_SERVICES = {"sso": ("sso", "sso_oidc"), "login": ("signin",)}


@dataclass(frozen=True)
class Source:
    """Where the first credentials come from.

    `kind` is "static", "environment", "ec2 metadata", "container", "sso",
    "web identity", "login" or "process"; `setting` is the setting that says so. `keys`
    is there for "static" only. `settings` are all the others that have a say in whose
    credentials these are, and `urls` the configured endpoints of the services asked.
    """

    kind: str
    profile: Profile
    setting: Setting
    keys: StaticKeys | None = None
    settings: tuple[Setting, ...] = ()
    urls: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_user_keys(self) -> bool:
        """Whether these are an IAM user's own keys, which GetSessionToken accepts."""
        return self.keys is not None and self.keys.token is None

    @property
    def is_role_session(self) -> bool:
        """Whether these are sure to be a role's, with which nobody can present MFA."""
        return self.kind in _ROLE_SESSIONS

    @property
    def is_session(self) -> bool:
        """Whether these are sure to be a session's: a role's, or keys with a token."""
        return self.is_role_session or (self.keys is not None and not self.is_user_keys)

    @property
    def label(self) -> str:
        """For messages: the profile, and the key's tail and place."""
        if not self.profile.settings:
            return f"{self.kind} ({self.setting.where})"
        place = self.keys.where if self.keys else f"{self.kind}, {self.setting.where}"
        return f"profile {self.profile.name!r} ({place})"

    def get(self, name: str) -> Setting | None:
        """The setting or variable `name`, None where it is not set."""
        return next((item for item in self.settings if item.name == name), None)

    def value(self, name: str) -> str | None:
        """The value of the setting or variable `name`, None where it is not set."""
        setting = self.get(name)
        return setting.value if setting is not None else None

    def identity(self) -> tuple[object, ...]:
        """What tells this source from every other one, for cache keys.

        A digest, since a command line or a container's token may hold a secret.
        """
        if self.keys is not None:
            return (self.kind, self.keys.key_id.value)
        import hashlib

        pairs = sorted((item.name, item.value) for item in self.settings)
        inputs = ascii((self.kind, pairs, self.urls))
        digest = hashlib.sha256(inputs.encode("ascii")).hexdigest()
        return (self.kind, self.profile.name, digest)


def of(profile: Profile) -> Source:
    """The source that `profile` itself is; botocore's order where it is several.

    Raises `ConfigError` where it is none.
    """
    has_keys = profile.has_static_keys
    for name, kind in _SOURCES:
        setting = profile.get(name)
        if kind == "static":
            if has_keys and (name == "" or profile.keys_in_credentials_file):
                keys = profile.static_keys()
                return Source(kind, profile, keys.key_id, keys)
        elif setting is not None:
            if kind == "named":
                return named(profile, setting)
            if kind == "sso":
                own = profile.get("sso_session") or profile.get("sso_start_url")
                setting = own or setting
            return Source(kind, profile, setting)
    settings = (
        "web_identity_token_file",
        "sso_session",
        "sso_start_url",
        "login_session",
        "credential_process",
        "credential_source",
    )
    raise ConfigError(
        f"{profile.where}: profile {profile.name!r} has no credentials and no way to "
        f"get any; give it a role_arn, a key pair, or {' or '.join(settings)}"
    )


def named(profile: Profile, setting: Setting) -> Source:
    """The source that the `credential_source` of `profile` names."""
    kind = CREDENTIAL_SOURCES.get(setting.value)
    if kind is None:
        raise ConfigError(
            f"{setting.where}: credential_source = {shown(setting.value)} is none that "
            f"AWS knows; write {' or '.join(CREDENTIAL_SOURCES)}"
        )
    return Source(kind, profile, setting)


def of_environment(environ: Mapping[str, str]) -> Source | None:
    """What the SDKs use where there is no profile at all; None for nothing.

    The first of: keys, web identity, container, and the instance's role if metadata
    is not switched off.
    """
    for kind, name in (
        ("environment", "AWS_ACCESS_KEY_ID"),
        ("web identity", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("container", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        ("container", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ):
        if environ.get(name):
            setting = Setting("", environ[name], name, 0)
            # in a COMMAND of awsexec's it is the profile of that
            profile = environ.get("AWSEXEC_PROFILE") or kind.replace(" ", "-")
            return Source(kind, Profile(profile), setting)
    if metadata_is_off(variable(METADATA_DISABLED, environ)):
        return None
    setting = Setting("", "", "no PROFILE, and none in the config files", 0)
    return Source("ec2 metadata", Profile("ec2"), setting)


def metadata_is_off(setting: Setting | None) -> bool:
    """Whether AWS_EC2_METADATA_DISABLED switches the metadata off.

    As for botocore, all but "true" is false, and none of it an error: many machines have
    a value here that the SDKs pass over, and live by the identity of the instance.
    """
    return setting is not None and setting.value.lower() == "true"


def complete(
    source: Source,
    profiles: Profiles,
    selected: Profile,
    session_name: str,
    environ: Mapping[str, str],
) -> Source:
    """`source` with all that has a say in whose credentials it gives.

    `selected` is the profile of the run, whose settings for the metadata service and
    for endpoints count, as in botocore; `session_name` is for a web identity that
    configures none. Raises `ConfigError`.
    """
    settings: Iterable[Setting | None]
    profile, kind = source.profile, source.kind
    if kind == "environment":
        settings = [variable("AWS_ACCESS_KEY_ID", environ)]
    elif kind == "container":
        settings = [variable(name, environ) for name in CONTAINER_VARIABLES]
    elif kind == "ec2 metadata":
        settings = [
            variable(from_environ, environ, name) or selected.get(name)
            # a source further down may be the one that knows
            or profile.get(name)
            for name, from_environ in _EC2.items()
        ]
    elif kind == "web identity":
        settings = _web_identity(source, session_name, environ)
    elif kind == "sso":
        settings = _sso(profile, profiles)
    elif kind == "login":
        settings = [
            source.setting,
            variable("AWS_LOGIN_CACHE_DIRECTORY", environ),
        ]
    elif kind == "process":
        settings = [source.setting]
    else:
        return source
    urls = tuple(
        (service, endpoints.url(service, profiles, selected, environ))
        for service in _SERVICES.get(kind, ())
    )
    return replace(source, settings=tuple(filter(None, settings)), urls=urls)


def _web_identity(
    source: Source, session_name: str, environ: Mapping[str, str]
) -> list[Setting | None]:
    """The token file, the role and the session's name.

    All from the profile, or without a profile all from the environment.
    """
    found = {
        name: (
            source.profile.get(name)
            if source.profile.settings
            else variable(from_environ, environ, name)
        )
        for name, from_environ in _WEB_IDENTITY.items()
    }
    if found["role_arn"] is None:
        name = "role_arn" if source.profile.settings else "AWS_ROLE_ARN"
        raise ConfigError(
            f"{source.setting.where}: a web identity token, and no role to assume with "
            f"it; add {name}"
        )
    token = found["web_identity_token_file"]
    if token is not None:
        path = files.expand(token.value, environ)
        found[token.name] = Setting(token.name, path, token.file, token.line)
    if found["role_session_name"] is None:
        found["role_session_name"] = Setting("role_session_name", session_name, "", 0)
    return list(found.values())


def _sso(profile: Profile, profiles: Profiles) -> list[Setting | None]:
    """The settings of an SSO profile, those of its sso-session among them."""
    reference = profile.get("sso_session")
    found = {
        name: profile.get(name)
        for name in (*_SSO_PROFILE, *_SSO_SESSION, "sso_registration_scopes")
    }
    place = profile.where
    if reference is not None:
        section = profiles.config.sso_sessions.get(reference.value)
        if section is None:
            raise ConfigError(
                f"{reference.where}: there is no [sso-session {reference.value}] in "
                f"{profiles.config.path}; add it, or check the spelling"
            )
        place = f"{section.file}:{section.line}"
        for name in (*_SSO_SESSION, "sso_registration_scopes"):
            own, shared = found[name], section.settings.get(name)
            if shared is not None and not shared.value:
                shared = None
            if own and shared and own.value != shared.value:
                raise ConfigError(
                    f"{own.where}: {name} is not what {shared.where} says; remove it "
                    "here"
                )
            found[name] = shared
    for names, where in ((_SSO_PROFILE, profile.where), (_SSO_SESSION, place)):
        missing = [name for name in names if found[name] is None]
        if missing:
            raise ConfigError(
                f"{where}: no {' and no '.join(missing)} for the SSO profile "
                f"{profile.name!r}; add what is missing"
            )
    return [reference, *found.values()]
