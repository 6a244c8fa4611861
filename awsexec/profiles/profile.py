"""A profile: what the config file and the credentials file say together of a name."""

from __future__ import annotations

from awsexec.errors import (
    ConfigError,
    NoSuchProfile,
    ProfileLoop,
    first_profile,
    shown,
    tail,
)
from awsexec.profiles import files, values
from awsexec.profiles.files import AwsFile, Section, Setting
from awsexec.profiles.key_index import KeptKey, KeyIndex
from awsexec.times import as_tools_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from awsexec.profiles.accounts import AccountList

KEY_ID = "aws_access_key_id"
SECRET = "aws_secret_access_key"
# the names of a session token, in the order in which botocore looks for them
TOKEN_SETTINGS = ("aws_security_token", "aws_session_token")

# the end of the session that a pair of keys is, as saml2aws and other tools write it
EXPIRIES = (
    "x_security_token_expires",
    "aws_session_expiration",
    "aws_credential_expiration",
    "aws_expiration",
    # aws-mfa's, in UTC, and awsume's, in the machine's zone
    "expiration",
)
# aws-vault's: the profile whose settings a profile inherits
INCLUDE = "include_profile"
# settings of a profile, each of which may be a misspelt one, and profiles that include
# one another
MOST_SETTINGS, MOST_INCLUDED = 1000, 50
# The settings that guard or limit, and that only awsexec has. They have one value, while
# of another setting the last value wins, and the credentials file's, as in the SDKs.
GUARDING = frozenset(
    "confirm confirm_text expected_account session_policy session_policy_arns "
    "session_read_only session_tags transitive_session_tags".split()
)
# those of them that are read in upper or lower case
_ANY_CASE = frozenset({"confirm", "session_read_only"})
# what says whose credentials assume a role
_LINKS = frozenset({"source_profile", "credential_source"})


class StaticKeys:
    """A key pair as it stands in one file, with the session token if it has one.

    `expiry` is the setting beside them that says when the session ends, and `expires` that
    moment in seconds since the epoch; both are None where nothing readable says so.
    """

    __slots__ = ("key_id", "secret", "token", "expiry", "expires")

    def __init__(
        self,
        key_id: Setting,
        secret: Setting,
        token: Setting | None,
        beside: Mapping[str, Setting],
    ) -> None:
        self.key_id = key_id
        self.secret = secret
        self.token = token
        self.expiry: Setting | None = None
        self.expires: int | None = None
        if token is None:
            return
        is_local = "autoawsume" in beside
        for name in EXPIRIES:
            if name not in beside:
                continue
            expires = as_tools_write(beside[name].value, is_local=is_local)
            if expires is not None and (self.expires is None or expires < self.expires):
                self.expiry, self.expires = beside[name], expires

    @property
    def where(self) -> str:
        """The last four characters of the key id and its place, for messages."""
        return f"key {tail(self.key_id.value)} in {self.key_id.where}"


class Profile:
    """One profile, as the AWS SDKs merge it: the credentials file's settings win.

    A setting with an empty value counts as not set. What the profile does not set comes
    from `included`, the profile that its ``include_profile`` names, except the keys.
    """

    def __init__(
        self,
        name: str,
        config: Section | None = None,
        credentials: Section | None = None,
        options: Iterable[Setting] = (),
        included: Profile | None = None,
        listed: AccountList | None = None,
        index: KeyIndex | None = None,
    ) -> None:
        self.name = name
        self.listed = listed
        self._config, self._credentials = config, credentials
        self.index = index
        self._options = tuple(options)
        self._included = included
        self._keys: StaticKeys | None = None
        self.settings: dict[str, Setting] = {}
        for section in (config, credentials):
            if section is not None:
                self.settings.update(_present(section))
        if included is not None:
            self.settings = dict(_inherited(included, self.settings)) | self.settings
        self.settings.update((option.name, option) for option in self._options)

    @property
    def is_in_files(self) -> bool:
        """Whether one of the files has the profile."""
        return self._config is not None or self._credentials is not None

    def with_options(self, options: Iterable[Setting]) -> Profile:
        """Return this profile with settings from the command line, which win over its own."""
        return Profile(
            self.name,
            self._config,
            self._credentials,
            (*self._options, *options),
            self._included,
            self.listed,
            self.index,
        )

    def without(self, *names: str) -> Profile:
        """Return this profile as if the settings `names` were empty."""
        return self.with_options([Setting.outside(name, "", "") for name in names])

    @property
    def where(self) -> str:
        """The profile's first line in the file whose settings win."""
        section = self._credentials or self._config
        if section is None:
            return self._options[0].where if self._options else "the keyring"
        return f"{section.file}:{section.line}"

    def get(self, name: str) -> Setting | None:
        """Return the setting `name`, None where it is absent, empty, or a nested block."""
        setting = self.settings.get(name)
        return setting if setting is not None and setting.value else None

    def value(self, name: str) -> str | None:
        """Return the value of the setting `name`, or None."""
        setting = self.get(name)
        return setting.value if setting is not None else None

    def or_variable(self, name: str, environ: Mapping[str, str]) -> Setting | None:
        """Return the variable AWS_`name`, which wins, or the setting `name`, or None."""
        variable = f"AWS_{name.upper()}"
        if variable in environ:
            return values.variable(variable, environ, name) or self.get(name)
        return self.get(name)

    def empty(self) -> list[Setting]:
        """Return the settings to which the files give no value."""
        return [
            setting
            for section in (self._config, self._credentials)
            if section is not None
            for setting in section.settings.values()
            if not (setting.value or setting.block)
        ]

    @property
    def has_static_keys(self) -> bool:
        """Whether any part of a key pair is there, complete or not."""
        return self.get(KEY_ID) is not None or self.get(SECRET) is not None

    @property
    def kept(self) -> KeptKey | None:
        """The user's key that the keyring has under this name; None for none.

        Raises `ConfigError` if that is not to be known.
        """
        return self.index.get(self.name) if self.index is not None else None

    @property
    def is_users(self) -> bool:
        """Whether the user has it: the source of a machine has a profile too."""
        return bool(self.settings) or self.kept is not None

    @property
    def keys_in_credentials_file(self) -> bool:
        """Whether the credentials file has the key id that counts."""
        return self._credentials is not None and KEY_ID in _present(self._credentials)

    def static_keys(self) -> StaticKeys:
        """Return the profile's own key pair, both keys from one file.

        As in botocore, the file that has the key id must have the secret key too. Raises
        `ConfigError` for half a pair.
        """
        # one profile may be the source of thousands
        if self._keys is None:
            self._keys = self._find_keys()
        return self._keys

    def _find_keys(self) -> StaticKeys:
        for section in (self._credentials, self._config):
            found = _present(section) if section is not None else {}
            if KEY_ID in found:
                if SECRET not in found:
                    raise self._half(found[KEY_ID], SECRET)
                token = next(
                    (found[name] for name in TOKEN_SETTINGS if name in found), None
                )
                return StaticKeys(found[KEY_ID], found[SECRET], token, found)
        raise self._half(self.settings[SECRET], KEY_ID)

    def _half(self, present: Setting, missing: str) -> ConfigError:
        return ConfigError(
            f"{present.where}: profile {self.name!r} has {present.name} but no "
            f"{missing} beside it; add it to {present.file}"
        )


def _inherited(
    included: Profile, own: Mapping[str, Setting]
) -> Iterator[tuple[str, Setting]]:
    """Yield what a profile with its `own` settings has from the one that it includes."""
    not_inherited = {KEY_ID, SECRET, *TOKEN_SETTINGS, *EXPIRIES}
    if not _LINKS.isdisjoint(own):
        # whose credentials are meant, it says itself
        not_inherited |= _LINKS
    for name, setting in included.settings.items():
        if name not in not_inherited:
            yield name, setting


def note_on_time(setting: Setting) -> str | None:
    """Return what is wrong with the end of a session beside its keys, None for nothing.

    Tools write it as they like, and the SDKs do not read it: nothing else is wrong then.
    """
    if setting.name not in EXPIRIES or as_tools_write(setting.value) is not None:
        return None
    return "not a time that awsexec can read"


def _is_present(setting: Setting) -> bool:
    return bool(setting.value or setting.block)


def _present(section: Section) -> dict[str, Setting]:
    present = {k: v for k, v in section.settings.items() if _is_present(v)}
    # an empty line below takes no guard away
    for before in section.replaced if section.earlier else ():
        if before.name in GUARDING and _is_present(before):
            present.setdefault(before.name, before)
    return present


def _check_guards(name: str, sections: Iterable[Section | None]) -> None:
    """Raise `ConfigError` if a setting of `GUARDING` has two values in `sections`.

    An empty value is none. Values that are read alike are one.
    """
    found: dict[str, Setting] = {}
    for section in filter(None, sections):
        guards = GUARDING.intersection(section.lines)
        if not guards:
            continue
        present = _present(section)
        for before in section.replaced if section.earlier else ():
            if before.name in guards and _is_present(before):
                _check_guard(name, before, present[before.name])
        for guard in guards.intersection(present):
            setting = present[guard]
            _check_guard(name, found.setdefault(guard, setting), setting)


def _check_guard(name: str, one: Setting, other: Setting) -> None:
    if one.where == other.where:
        return
    if _as_read(one) != _as_read(other) or one.block or other.block:
        raise ConfigError(
            f"{one.where} and {other.where}: profile {name!r} has two values of "
            f"{one.name}, {_shown(one)} and {_shown(other)}; remove one of them"
        )


def _as_read(setting: Setting) -> str:
    """Return the value of `setting`, the same for values that mean the same."""
    if setting.name == "session_policy_arns":
        return " ".join(sorted({word.rstrip(",") for word in setting.value.split()}))
    return setting.value.lower() if setting.name in _ANY_CASE else setting.value


def _shown(setting: Setting) -> str:
    return shown(setting.value) if setting.value else "none"


class Profiles:
    """Every profile of the two files, each merged when it is asked for.

    A name of the `index` of the keyring that no file has is a profile too.
    """

    def __init__(
        self,
        config: AwsFile,
        credentials: AwsFile,
        index: KeyIndex | None = None,
    ) -> None:
        self.config = config
        self.credentials = credentials
        self.index = index or KeyIndex()
        # one profile may be the source of many
        self._merged: dict[str, Profile] = {}
        # finds a profile that no file has, by its name
        self.elsewhere: Callable[[str], Profile | None] = lambda name: None

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Profiles:
        """Read the files and the index that `environ` selects. Raises `ConfigError`."""
        config, credentials = files.paths(environ)
        return cls(
            files.read(config, files.CONFIG),
            files.read(credentials, files.CREDENTIALS),
            KeyIndex.load(environ),
        )

    @classmethod
    def none(cls) -> Profiles:
        """Return no profiles, as if the files did not exist."""
        return cls(AwsFile(""), AwsFile(""))

    def names(self) -> list[str]:
        """Return the names of both files' profiles, in their order there, then the keyring's."""
        names = *self.config.profiles, *self.credentials.profiles, *self.index.keys
        return list(dict.fromkeys(names))

    @property
    def looked_in(self) -> tuple[str, ...]:
        """The paths of both files, for messages that something is in neither."""
        return self.config.looked_in, self.credentials.looked_in

    def __contains__(self, name: str) -> bool:
        return self.in_files(name) or name in self.index.keys

    def in_files(self, name: str) -> bool:
        """Return whether one of the files has the profile `name`."""
        return name in self.config.profiles or name in self.credentials.profiles

    def named(self, name: str) -> Profile:
        """Return the profile that a person means by `name`: as `get`, else elsewhere.

        Raises as `get` does, and what `elsewhere` raises.
        """
        is_written = name in self or self._why_not(name)
        if not is_written:
            # a keyring of which nobody knows the names may have this one
            self.index.get(name)
        found = None if is_written else self.elsewhere(name)
        return found or self.get(name)

    def get(self, name: str) -> Profile:
        """Return the profile `name` of the files, or of the keyring.

        Raises `NoSuchProfile`, with near matches or with a section that looks as if it
        was meant to be this profile.
        """
        merged = self._merged.get(name)
        if merged is not None:
            return merged
        if self.in_files(name) or (
            # a broken section of that name is not passed over for the keyring
            not self._why_not(name)
            and self.index.get(name) is not None
        ):
            merged = self._merged[name] = self._merge(name, ())
            return merged
        # only a mistake needs it
        from awsexec.profiles.near import nearest

        paths = self.looked_in
        # a file that is not where a variable says it is may have profiles
        is_lost = paths != (self.config.path, self.credentials.path)
        if self.index.keys:
            paths = *paths, "the keyring"
        if why := self._why_not(name):
            raise NoSuchProfile(name, (), paths, why)
        names = self.names()
        hint = "" if names or is_lost else first_profile(self.config.sso_sessions)
        near = nearest(name, names)
        session, _, role = name.partition("/")
        if role:
            # SESSION/ACCOUNT/ROLE
            sessions = nearest(session, self.config.sso_sessions)
            near = [*(f"{each}/{role}" for each in sessions), *near]
        raise NoSuchProfile(name, near, paths, hint)

    def _why_not(self, name: str) -> str:
        """Return which section looks as if it was meant to be the profile `name`, or ""."""
        return self.config.why_not(name) or self.credentials.why_not(name)

    def _merge(self, name: str, includers: tuple[str, ...]) -> Profile:
        """Return the profile `name`, which the profiles `includers` include in a row."""
        for file in (self.config, self.credentials):
            # what is below that header may limit the profile
            if why := file.why_not_whole(name):
                raise ConfigError(
                    f"{why}; the section is not part of profile {name!r} so far"
                )
        sections = self.config.profiles.get(name), self.credentials.profiles.get(name)
        _check_guards(name, sections)
        profile = Profile(name, *sections, index=self.index)
        if len(profile.settings) > MOST_SETTINGS:
            raise ConfigError(
                f"{profile.where}: profile {name!r} has {len(profile.settings)} settings; "
                f"awsexec reads at most {MOST_SETTINGS}; delete the others"
            )
        link = profile.get(INCLUDE)
        if link is None:
            return profile
        names = (*includers, name)
        if len(names) > MOST_INCLUDED:
            raise ConfigError(
                f"{link.where}: more than {MOST_INCLUDED} profiles include one another in "
                f"a row, from {names[0]!r} on; let {INCLUDE} name one nearer to the end"
            )
        if link.value in names:
            raise ProfileLoop(
                [*names[names.index(link.value) :], link.value], link.where, INCLUDE
            )
        if link.value not in self:
            try:
                self.get(link.value)
            except NoSuchProfile as error:
                raise ConfigError(
                    f"{link.where}: {INCLUDE} of profile {name!r}: {error}"
                ) from None
        included = self._merge(link.value, names)
        return Profile(name, *sections, (), included, index=self.index)
