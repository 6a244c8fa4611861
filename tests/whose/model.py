"""The model: which identity a run has to get, or that it must not start.

It knows nothing of caches, files and keys of entries: only what the settings and options
say (`said`), and what the source gives at this moment (`right`).

An identity is a text. That of a role begins with its account: what was asked of it and
who asked. Keys are their id, and an MFA session of them is ``session:`` and the id. Other
sources say what decides them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ACCOUNTS = ("123456789012", "111122223333")

# profiles that assume a role with a user's key
PROFILES = ("reader", "writer")
# profiles whose credentials something else decides than the settings; of each there is
# also a role, r-NAME, that its credentials assume
SOURCES = (
    "sso",
    "login",
    "web",
    "moving",
    "container",
    "process",
    "fixed",
    "nested",
    "nested-sso",
    "machine",
    "kim",
)
# a role of IAM Identity Center without a profile, by the name of its account
BY_NAME = "corp/Production/reader"
OTHERS = (*SOURCES, *(f"r-{name}" for name in SOURCES), BY_NAME)

TOP = f"{ACCOUNTS[0]}:role/top"
READ, VIEW = (
    f"arn:aws:iam::aws:policy/{name}Access" for name in ("ReadOnly", "ViewOnly")
)


class Limit(NamedTuple):
    """A limit of a session: the setting, its value, and the option that says the same."""

    setting: str
    value: str
    words: tuple[str, ...]
    policies: frozenset[str]


NO_LIMIT = Limit("", "", (), frozenset())
LIMITS = {
    "": NO_LIMIT,
    "read": Limit("session_read_only", "true", ("--read-only",), frozenset({READ})),
    "view": Limit(
        "session_policy_arns", VIEW, ("--policy-arn", VIEW), frozenset({VIEW})
    ),
    "both": Limit(
        "session_policy_arns",
        f"{READ} {VIEW}",
        ("--policy-arn", READ, "--policy-arn", VIEW),
        frozenset({READ, VIEW}),
    ),
    # the file's content is the policy
    "file": Limit("session_policy", "FILE", ("--policy", "FILE"), frozenset({"FILE"})),
}


class Options(NamedTuple):
    """The options of a run."""

    limit: str = ""
    tag: str = ""
    expect: str = ""
    yes: bool = False
    unlimited: bool = False

    def words(self, policy_file: str) -> list[str]:
        """Return the options as they stand in the command line."""
        words = [word.replace("FILE", policy_file) for word in LIMITS[self.limit].words]
        if self.tag:
            words += ["--session-tag", f"team={self.tag}"]
        if self.expect:
            words += ["--expect-account", self.expect]
        return words + ["--yes"] * self.yes + ["--unlimited"] * self.unlimited


NONE = Options()
OPTIONS = (
    NONE,
    Options(yes=True),
    Options(limit="read"),
    Options(limit="view"),
    Options(limit="both"),
    Options(limit="file"),
    Options(tag="blue"),
    Options(expect=ACCOUNTS[0]),
    Options(expect=ACCOUNTS[1]),
    Options(unlimited=True),
    Options(limit="read", yes=True),
    Options(limit="view", unlimited=True),
)


class Role(NamedTuple):
    """What one of the `PROFILES` says. `user` is the profile of a user's key."""

    role: str
    external_id: str = "id-1"
    user: str = "alice"
    lifetime: int = 3600
    mfa: bool = False
    limit: str = ""
    tag: str = ""


class Config:
    """A config file: some of the `PROFILES`; and what guards any profile, by its name.

    `sso_account` is the account of the profile sso; `expected` are the values of expected_account, and `confirm` of confirm.
    """

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self.roles = dict(roles)
        self.sso_account = ACCOUNTS[0]
        self.expected: dict[str, str] = {}
        self.confirm: dict[str, str] = {}


class Around(NamedTuple):
    """What a shell of awsexec around a run says: its limits, and what was confirmed there.

    That is a profile, its role, key or account, and the limits with which it was confirmed.
    """

    limits: frozenset[str] = frozenset()
    confirmed: tuple[str, str, frozenset[str]] | None = None


NOTHING = Around()


class Said(NamedTuple):
    """What settings and options say of a run that may start.

    `source` is the profile of its source, with the `key` if it is a user's, and the
    `account` of a role of IAM Identity Center. `role` is what the source's credentials assume, ""
    for nothing; `tag` and `limits` are of its session. `expected` are the accounts that
    the source's credentials have to be of. `around` is what counts around it.
    """

    name: str
    source: str
    key: str | None
    account: str
    role: str
    external_id: str
    mfa: bool
    lifetime: int
    limits: frozenset[str]
    tag: str
    expected: tuple[str, ...]
    confirms: bool
    around: Around

    @property
    def inside(self) -> Around:
        """What its COMMAND is for a run in it."""
        whose = self.role or self.key or self.account
        mark = (self.name, whose, self.limits) if self.confirms else None
        return Around(self.limits or self.around.limits, mark)


def said(
    name: str,
    options: Options,
    config: Config,
    keys: Mapping[str, str],
    around: Around = NOTHING,
    *,
    account: str = "",
    policy: str = "",
    may_ask: bool = True,
) -> Said | None:
    """Return what a run of profile `name` is to be, None if it must not start.

    `keys` are the users' keys by the names of their profiles, `account` is that of the
    role `BY_NAME`, and `policy` the content of the policy's file. Nobody can answer a
    question; `may_ask` is whether a yes in the shell around counts.
    """
    if options.unlimited:
        around = Around(confirmed=around.confirmed)
    profile = config.roles.get(name)
    if profile is not None:
        source = profile.user
    elif name.startswith("r-"):
        source, profile = name[2:], Role(TOP, external_id="")
    else:
        source = name
    key = keys.get(source)
    if key is None and source not in (*SOURCES, BY_NAME) or source == "kim" and not key:
        return None
    if profile is None:
        if options.limit or options.tag or around.limits:
            # which AWS cannot do
            return None
        profile = Role("", external_id="")
    limits = _limits(LIMITS[profile.limit], LIMITS[options.limit], policy)
    if limits is None or around.limits and not limits <= around.limits:
        return None
    limits = limits or around.limits
    # whose account each expectation is about: the role's, or the source's
    expected = {True: set[str](), False: set[str]()}
    expected[bool(profile.role)] |= {options.expect, config.expected.get(name, "")}
    expected[False].add(config.expected.get(source, ""))
    if expected[True] - {"", profile.role[:12]}:
        return None
    if source == "sso":
        account = config.sso_account
    confirms = bool(config.confirm.get(name))
    whose = profile.role or key or account
    known = {(name, whose, limits), (name, whose, frozenset[str]())}
    if confirms and not (options.yes or may_ask and around.confirmed in known):
        return None
    return Said(
        name,
        source,
        key,
        account,
        profile.role,
        profile.external_id,
        profile.mfa,
        profile.lifetime,
        limits,
        options.tag or profile.tag,
        tuple(expected[False] - {""}),
        confirms,
        around,
    )


def _limits(setting: Limit, option: Limit, policy: str) -> frozenset[str] | None:
    """Return the policies of a profile's and an option's limit; None if they conflict."""
    # an option replaces the setting of its own
    limits = {setting.setting: setting, option.setting: option}
    limits.pop("", None)
    if "session_read_only" in limits and len(limits) > 1:
        # AWS would allow what one of them allows
        return None
    policies = frozenset[str]().union(*(limit.policies for limit in limits.values()))
    return frozenset(policy if word == "FILE" else word for word in policies)


def right(
    said: Said | None, given: str | None, url: str, owners: Mapping[str, str]
) -> str | None:
    """Return the identity that a run has to get; None if it must not start.

    `given` is whose credentials the source gives now, None for an error. `url` is where
    STS is called, and `owners` are the accounts of keys.
    """
    if said is None or given is None:
        return None
    if any(account_of(given, owners) != account for account in said.expected):
        return None
    if not said.role:
        return given
    by = f"session:{given}" if said.mfa else given
    return identity_of_role(said.role, said.external_id, url, said.limits, said.tag, by)


def identity_of_role(
    role: str, external_id: str, url: str, limits: frozenset[str], tag: str, by: str
) -> str:
    return "|".join((role, external_id, url, ",".join(sorted(limits)), tag, by))


def account_of(identity: str, owners: Mapping[str, str]) -> str:
    """Return the account of an identity, as GetCallerIdentity says it."""
    if identity[:12].isdigit():
        return identity[:12]
    key_id = identity.removeprefix("session:")
    return owners.get(key_id) or ACCOUNTS[identity.endswith(("david", "i-2"))]
