"""A source of credentials, and what its kind says of it."""

from __future__ import annotations

import os

from awsexec import bounded
from awsexec.fastpath import ACCESS_KEY_ID, SESSION_TOKEN
from awsexec.plan.inputs import Inputs, SignedIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.profiles.files import Setting
    from awsexec.profiles.key_index import KeptKey
    from awsexec.profiles.profile import Profile, Profiles, StaticKeys

    Decides = Callable[["Source", "Facts"], list[Setting | None]]
    AtHand = Callable[[Profile], tuple[StaticKeys | None, KeptKey | None]]
    Looks = Callable[["Source", tuple[str, str], Mapping[str, str]], Inputs]


# How the token of an endpoint of --serve begins: it tells awsexec in COMMAND whose
# endpoint it asks.
OWN_TOKEN = "awsexec-"


class Facts:
    """What a run knows before it looks at its source.

    `profiles` are those of the user's files. `selected` is the profile of the run, whose
    settings for the metadata service and for endpoints count, as in botocore.
    `session_name` is for a web identity that configures none.
    """

    __slots__ = ("profiles", "selected", "session_name", "environ")

    def __init__(
        self,
        profiles: Profiles,
        selected: Profile,
        session_name: str,
        environ: Mapping[str, str],
    ) -> None:
        self.profiles = profiles
        self.selected = selected
        self.session_name = session_name
        self.environ = environ


class Kind:
    """A kind of source: one row of the table in `source_kinds`.

    - `label`: its name for people, in --list, in messages and in the docs
    - `module`: the module of `credentials.sources` that gets its credentials
    - `decides`: returns the settings and variables that decide whose credentials a source
      of this kind gives; None for keys, whose id is enough
    - `looks`: returns what else decides that, as it is now: files, surroundings, machine,
      sign-in; None for nothing else
    - `signed_in`: reads its sign-in from the content of the AWS CLI's token file, the
      first file that it `looks` at; None without a sign-in
    - `cli_sign_in`: the AWS CLI's command for its sign-in, "" where awsexec signs in itself
    - `at_hand`: returns the keys in a file and the key in the keyring of a profile of this
      kind; None where there are neither
    - `services`: the AWS services that it asks, besides STS, by their names in a
      ``services`` section
    - `asks`: what --explain says that a run asks, "" for nothing
    - `is_environment`: whether its credentials are in the environment
    - `is_role_session`: whether it is sure to give a role's session
    - `may_be_user_keys`: whether only its answer tells if these are a user's own keys
    - `assumes_role`: whether it assumes the profile's role itself
    - `may_prompt`: whether getting its credentials may need the user
    - `runs_command`: whether it runs a command of the user's; the command may ask by its
      own means, so any failure may be because there is no terminal
    - `is_cached`: whether the cache keeps its credentials; others are at hand anyway
    - `ask_again`: the seconds after which it is asked again, however long its credentials
      live; 0 for as long as they live
    - `is_fast`: whether the fast path may answer, which compares files and surroundings,
      and nothing else
    - `is_checked`: whether its module has a `check` to call before a lock is taken
    - `has_parts`: whether its module has a `check_parts`, which checks without any call
      what of it is on this machine: keys, a token file, a program
    - `is_described`: whether its module has a `describe` for --explain and --whoami
    """

    __slots__ = (
        "label",
        "module",
        "decides",
        "looks",
        "signed_in",
        "cli_sign_in",
        "at_hand",
        "services",
        "asks",
        "is_environment",
        "is_role_session",
        "may_be_user_keys",
        "assumes_role",
        "may_prompt",
        "runs_command",
        "is_cached",
        "ask_again",
        "is_fast",
        "is_checked",
        "has_parts",
        "is_described",
    )

    def __init__(
        self,
        label: str,
        module: str,
        decides: Decides | None,
        *,
        looks: Looks | None = None,
        signed_in: Callable[[bytes], SignedIn] | None = None,
        cli_sign_in: str = "",
        at_hand: AtHand | None = None,
        services: tuple[str, ...] = (),
        asks: str = "",
        is_environment: bool = False,
        is_role_session: bool = False,
        may_be_user_keys: bool = False,
        assumes_role: bool = False,
        may_prompt: bool = False,
        runs_command: bool = False,
        is_cached: bool = True,
        ask_again: int = 0,
        is_fast: bool = False,
        is_checked: bool = False,
        has_parts: bool = False,
        is_described: bool = False,
    ) -> None:
        self.label = label
        self.module = module
        self.decides = decides
        self.looks = looks
        self.signed_in = signed_in
        self.cli_sign_in = cli_sign_in
        self.at_hand = at_hand
        self.services = services
        self.asks = asks
        self.is_environment = is_environment
        self.is_role_session = is_role_session
        self.may_be_user_keys = may_be_user_keys
        self.assumes_role = assumes_role
        self.may_prompt = may_prompt
        self.runs_command = runs_command
        self.is_cached = is_cached
        self.ask_again = ask_again
        self.is_fast = is_fast
        self.is_checked = is_checked
        self.has_parts = has_parts
        self.is_described = is_described

    def __repr__(self) -> str:
        return f"<kind {self.label}>"


class Source:
    """Where the first credentials of a chain come from.

    `setting` is what makes `profile` a source of this `kind`. `keys` are there for keys
    in a file only, and `kept` for a key in the keyring. `settings` are all that decide
    whose credentials these are, `endpoints` the settings with the URLs of the services
    asked, None for AWS's own, and `urls` only the URLs. `given_by` is the profile of which
    awsexec put them in this environment, None if it is not known that awsexec did.
    `advice` is what else to do if it fails, "" for nothing.
    """

    __slots__ = (
        "kind",
        "profile",
        "setting",
        "keys",
        "settings",
        "endpoints",
        "given_by",
        "kept",
        "advice",
    )

    def __init__(
        self,
        kind: Kind,
        profile: Profile,
        setting: Setting,
        keys: StaticKeys | None = None,
        settings: tuple[Setting, ...] = (),
        endpoints: tuple[tuple[str, Setting | None], ...] = (),
        given_by: str | None = None,
        kept: KeptKey | None = None,
        advice: str = "",
    ) -> None:
        self.kind = kind
        self.profile = profile
        self.setting = setting
        self.keys = keys
        self.settings = settings
        self.endpoints = endpoints
        self.given_by = given_by
        self.kept = kept
        self.advice = advice

    @property
    def urls(self) -> tuple[tuple[str, str | None], ...]:
        """The configured endpoints of the services asked, None for AWS's own."""
        return tuple((name, by.value if by else None) for name, by in self.endpoints)

    @property
    def is_user_keys(self) -> bool:
        """Whether these are an IAM user's own keys, which GetSessionToken accepts."""
        if self.kept is not None:
            return True
        if self.keys is not None:
            return self.keys.token is None
        # the environment has a key, and no token beside it
        return bool(
            self.kind.is_environment
            and self.value(ACCESS_KEY_ID)
            and not self.value(SESSION_TOKEN)
        )

    @property
    def is_session(self) -> bool:
        """Whether these are sure to be a session's: a role's, or keys with a token."""
        return self.kind.is_role_session or (
            self.keys is not None and self.keys.token is not None
        )

    @property
    def sign_in_name(self) -> str:
        """What it signs in to at IAM Identity Center: the sso-session, else the start URL.

        "" for a source that does not sign in there.
        """
        return self.value("sso_session") or self.value("sso_start_url") or ""

    def cli_sign_in(self) -> str:
        """Return the AWS CLI's command line that signs in; "" where awsexec does so."""
        if not self.kind.cli_sign_in:
            return ""
        # slow to load
        import shlex

        words = ["aws", self.kind.cli_sign_in, "--profile", self.profile.name]
        return shlex.join(words)

    @property
    def is_session_only(self) -> bool:
        """Whether it is an ``[sso-session]`` to sign in to, without a role."""
        is_session = self.setting.name == "sso_session"
        return is_session and self.get("sso_role_name") is None

    @property
    def key_id(self) -> str | None:
        """The id of its key where that is known without getting the key."""
        if self.kept is not None:
            return self.kept.key_id
        return self.keys.key_id.value if self.keys is not None else None

    @property
    def label(self) -> str:
        """For messages: the profile, and the key's tail and place."""
        if self.is_session_only:
            return f"sso-session {self.profile.name!r} ({self.setting.where})"
        if not self.profile.is_users:
            return f"{self.kind.label} ({self.setting.where})"
        keys = self.keys or self.kept
        place = keys.where if keys else None
        place = place or f"{self.kind.label}, {self.setting.where}"
        return f"profile {self.profile.name!r} ({place})"

    def get(self, name: str) -> Setting | None:
        """Return the setting or variable `name`, None where it is not set."""
        return next((item for item in self.settings if item.name == name), None)

    def value(self, name: str) -> str | None:
        """Return the value of the setting or variable `name`, None where it is not set."""
        setting = self.get(name)
        return setting.value if setting is not None else None

    @property
    def tells_itself(self) -> bool:
        """Whether only its credentials tell whose they are.

        That is another awsexec, as a credential_process or as the endpoint of --serve around
        this run: it has profiles, sign-ins and a cache of its own, and answers from the
        cache in no time.
        """
        token = self.value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if token is not None and token.startswith(OWN_TOKEN):
            return True
        if not self.kind.runs_command:
            return False
        program = os.path.basename((self.setting.value.split() or [""])[0])
        return program.strip("\"'") in ("awsexec", "awsexec.exe")

    @property
    def asks_itself(self) -> bool:
        """Whether what gives its credentials may ask the user by means of its own."""
        return self.kind.runs_command or self.kept is not None

    @property
    def is_cached(self) -> bool:
        """Whether the cache keeps its credentials."""
        return self.kind.is_cached and not self.tells_itself

    def look(self, paths: tuple[str, str], environ: Mapping[str, str]) -> Inputs:
        """Return what decides, besides its settings, whose credentials it gives now.

        `paths` are the config file's and the credentials file's.
        """
        if self.kind.looks is None:
            return Inputs()
        return self.kind.looks(self, paths, environ)

    def signed_in(
        self, paths: tuple[str, str], environ: Mapping[str, str]
    ) -> SignedIn | None:
        """Return its sign-in as it is now; None for a source without one."""
        read = self.kind.signed_in
        if read is None:
            return None
        try:
            path = self.look(paths, environ).files[0].path
            return read(bounded.read(path, is_regular=True))
        except (OSError, ValueError):
            # as for botocore, a file that cannot be read counts as missing
            return SignedIn(None, False)

    def identity(self, inputs: Inputs, key_id: str | None) -> tuple[object, ...]:
        """Return what tells this source from every other one, for cache keys.

        `key_id` is the key that it gave, if it `tells_itself`. The result has a digest,
        since a command line or a container's token may hold a secret.
        """
        if self.keys is not None:
            return (self.kind.label, self.keys.key_id.value)
        if self.kept is not None:
            return (self.kind.label, self.kept.key_id, self.kept.generation)
        if self.is_user_keys:
            # as in a file
            return ("keys", self.value(ACCESS_KEY_ID))
        # slow to load, and no use for keys
        import hashlib

        pairs = sorted((item.name, item.value) for item in self.settings)
        if self.tells_itself:
            what = ascii((self.kind.label, key_id))
        else:
            what = ascii((self.kind.label, pairs, self.urls, inputs.identity))
        digest = hashlib.sha256(what.encode("ascii")).hexdigest()
        return (self.kind.label, self.profile.name, digest)
