"""Guardrails: what keeps a command from running in another account than the user means."""

from __future__ import annotations

from awsexec.errors import ConfigError, WrongAccount, shown
from awsexec.fastpath import LIMITS
from awsexec.plan.calls import MfaSession
from awsexec.plan.limits import is_arn
from awsexec.profiles import values
from awsexec.profiles.accounts import is_account_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from awsexec.plan.calls import Step
    from awsexec.plan.source import Source
    from awsexec.profiles.files import Setting
    from awsexec.profiles.profile import Profile, Profiles

# how a word of `LIMITS` begins that is a policy itself
_POLICY = "policy="

# set in what runs inside: the process that the user has confirmed, and for which profile
# and role (`credentials.confirm`)
CONFIRMED = "AWSEXEC_CONFIRMED"


class ExpectedAccounts:
    """The accounts that the credentials of a run must be of.

    `stated` are settings and options that say it, each with the profile whose credentials
    it is about and the account that these are of; None where only AWS tells.
    """

    __slots__ = ("stated",)

    def __init__(self, stated: Iterable[tuple[Setting, str, str | None]] = ()) -> None:
        self.stated = tuple(stated)

    @property
    def of_source(self) -> tuple[tuple[Setting, str], ...]:
        """What is stated of the source's credentials, of which only AWS knows the account."""
        return tuple((by, name) for by, name, account in self.stated if account is None)

    def check(self) -> None:
        """Raise `WrongAccount` for what is known without asking AWS."""
        for setting, name, account in self.stated:
            if account is not None:
                _check(setting, name, account)

    def check_source(self, account: str) -> None:
        """Raise `WrongAccount` unless the source's credentials, of `account`, may be used."""
        for setting, name in self.of_source:
            _check(setting, name, account)


def _check(setting: Setting, name: str, account: str) -> None:
    if setting.value != account:
        raise WrongAccount(
            f"{values.stated(setting)}, but the credentials of profile {shown(name)} are "
            f"of account {shown(account)}; use a profile of account {setting.value}, or "
            "correct the account"
        )


def expected_accounts(
    named: Profile,
    hops: Sequence[Profile],
    source: Source,
    steps: Sequence[Step],
    option: Setting | None,
) -> ExpectedAccounts:
    """Return which accounts the credentials of a chain must be of.

    `named` is the profile of the run, which comes with its `hops`, `source` and `steps`;
    `option` is --expect-account. A profile whose role is assumed says it of the role, and
    the source's profile of the source's credentials. Raises `ConfigError`.
    """
    of_source = _account_of(source)
    of_roles = {
        step.profile: step.role_arn.split(":", 5)[4]
        for step in steps
        if not isinstance(step, MfaSession)
    }
    stated = []
    for profile in {profile.name: profile for profile in (named, *hops)}.values():
        setting = own(profile, "expected_account")
        if setting is None:
            continue
        if not is_account_id(setting.value):
            raise values.wrong(
                setting,
                f"expected_account = {shown(setting.value)} is not an account; write its "
                "12 digits",
            )
        account = of_roles.get(profile.name, of_source)
        stated.append((setting, profile.name, account))
    if option is not None:
        stated.append((option, named.name, of_roles.get(hops[0].name, of_source)))
    return ExpectedAccounts(stated)


def _account_of(source: Source) -> str | None:
    """Return the account of the source's credentials, None where only AWS tells."""
    role, account = source.get("role_arn"), source.get("sso_account_id")
    if role is not None:
        return role.value.split(":", 5)[4]
    return account.value if account is not None else None


def own(profile: Profile, name: str) -> Setting | None:
    """Return the setting `name`, one that only awsexec has and that guards; or None.

    Raises `ConfigError` if indented lines follow: what guards must not get lost.
    """
    setting = profile.settings.get(name)
    if setting is not None and setting.block:
        raise ConfigError(
            f"{setting.block[0].where}: {name} takes no indented lines; put the value on "
            "the same line"
        )
    return setting if setting is not None and setting.value else None


class Confirmation:
    """A question to the user before the credentials of a profile are handed over.

    `where` the profile says so, `by_name` whether the user has to type the profile's name,
    and `text` what the profile wants to be shown besides the `facts`, which are pairs of a
    name and a value. `mark` names profile, role and limits, for `CONFIRMED`. `whole` is
    the mark without limits, which is a yes to limited runs too. `given` is how the user
    has said yes to this run, as the record has it; None so far.
    """

    __slots__ = ("where", "by_name", "text", "facts", "mark", "whole", "given")

    def __init__(
        self,
        where: str,
        by_name: bool,
        text: str,
        facts: Sequence[tuple[str, str]],
        mark: str,
        whole: str,
    ) -> None:
        self.where = where
        self.by_name = by_name
        self.text = text
        self.facts = facts
        self.mark = mark
        self.whole = whole
        self.given: str | None = None


def confirmation(
    named: Profile, source: Source, steps: Sequence[Step], expected: ExpectedAccounts
) -> Confirmation | None:
    """Return the question that the profile of a run wants, None for none.

    `expected` tells the account where nothing else does. Raises `ConfigError`.
    """
    setting, text = own(named, "confirm"), own(named, "confirm_text")
    if setting is None:
        if text is not None:
            raise ConfigError(
                f"{text.where}: confirm_text would do nothing without confirm; add "
                "confirm = true, or remove it"
            )
        return None
    value = setting.value.lower()
    if value not in ("true", "false", "name"):
        raise values.wrong(
            setting, f"confirm = {shown(setting.value)}: write true, false or name"
        )
    if value == "false":
        return None
    role, account = source.value("sso_role_name") or "", _account_of(source)
    if (arn := source.value("role_arn")) is not None:
        role = arn
    for step in steps:
        if not isinstance(step, MfaSession):
            role, account = step.role_arn, step.role_arn.split(":", 5)[4]
    if account is None and expected.stated:
        account = f"expected {expected.stated[0][0].value}, AWS is asked"
    facts = [
        ("account", account or "known after the call"),
        ("role", role or f"none: {source.label}"),
    ]
    limits, whole = limits_of(steps), f"{named.name} {_whose(source, steps)}"
    if limits:
        facts.append(("limits", shown_limits(limits)))
    return Confirmation(
        setting.where,
        value == "name",
        text.value if text else "",
        facts,
        f"{whole} {limits}".rstrip(),
        whole,
    )


def _whose(source: Source, steps: Sequence[Step]) -> str:
    """Return what tells the identity that settings say from any other one.

    A yes is for this identity, and not for another one that the profile gets later. It is
    the role, else a digest of all that decides what the source gives, since a command
    line may hold a secret.
    """
    for step in reversed(steps):
        if not isinstance(step, MfaSession):
            return step.role_arn
    # few profiles confirm
    import hashlib

    settings = sorted((each.name, each.value) for each in source.settings)
    what = ascii((source.kind.label, source.key_id, settings))
    return hashlib.sha256(what.encode("ascii")).hexdigest()


# --- Limits that stay in what runs inside -------------------------------------------

_OR_LIFT = "; or add --unlimited"
# the roles of IAM Identity Center that only read, as people and AWS name them
_READS = ("readonly", "read-only", "viewonly", "view-only", "audit")


def limits_of(steps: Sequence[Step]) -> str:
    """Return the session policies of the last role as `LIMITS` has them, "" for none.

    They are words: the ARNs of managed policies, AWS's own as in the partition ``aws``,
    and ``policy=`` with a policy's JSON in hexadecimal digits.
    """
    if not steps or isinstance(steps[-1], MfaSession):
        return ""
    step = steps[-1]
    words = [_in_partition(arn, "aws") for arn in step.policy_arns]
    if step.policy is not None:
        words.append(_POLICY + step.policy.encode().hex())
    return " ".join(sorted(words))


def shown_limits(limits: str) -> str:
    """Return `limits` for people: the names of managed policies, and "a policy"."""
    return ", ".join(
        "a policy" if word.startswith(_POLICY) else shown(word.rpartition("/")[2])
        for word in limits.split()
    )


def narrow(
    steps: Sequence[Step],
    source: Source,
    name: str,
    limits: str,
    other_way: Callable[[], str],
) -> str | None:
    """Limit the last of `steps`, of profile `name`, to `limits`; or return why that fails.

    The reason comes with what to do. `other_way` finds a profile for credentials that AWS
    cannot limit, "" for none. A step that is limited to less already stays as it is.
    Credentials that awsexec gave this environment have the limits already.
    """
    if not limits or (source.given_by is not None and not steps):
        return None
    around = f"the run around this one is limited to {shown_limits(limits)} ({LIMITS})"
    if why := unreadable(limits):
        return why
    words = set(limits.split())
    arns = {word for word in words if not word.startswith(_POLICY)}
    text = next((_decoded(word) for word in words.difference(arns)), None)
    if not steps or isinstance(steps[-1], MfaSession):
        way = other_way()
        return (
            f"profile {shown(name)}: {around}, and AWS cannot limit these credentials "
            f"({source.kind.label}); use a profile whose role is assumed with source_profile"
            + (f", or {way}" if way else "")
            + _OR_LIFT
        )
    step, own = steps[-1], set(limits_of(steps).split())
    if own and own <= words:
        return None
    if own:
        return (
            f"profile {shown(name)}: {around}, and this run to "
            f"{shown_limits(' '.join(sorted(own)))}; AWS would allow what one of them "
            "allows; leave out the limit of this run" + _OR_LIFT
        )
    _, partition, _, _, account, _ = step.role_arn.split(":", 5)
    for arn in arns:
        if arn.split(":", 5)[4] not in ("aws", account):
            return (
                f"profile {shown(name)}: {around}, and AWS accepts no policy of another "
                f"account for a role of {account}; use a profile of that account"
                + _OR_LIFT
            )
    step.policy = text
    step.policy_arns = tuple(sorted(_in_partition(arn, partition) for arn in arns))
    return None


def unreadable(limits: str) -> str:
    """Return what is wrong with the text of `LIMITS`, "" for nothing."""
    words = set(limits.split())
    policies = [word for word in words if word.startswith(_POLICY)]
    if (
        not words
        or len(policies) > 1
        or not all(map(_decoded, policies))
        or not all(map(_is_policy, words.difference(policies)))
    ):
        return f"{LIMITS} has no limits that awsexec can read; unset it, or add --unlimited"
    return ""


def _in_partition(arn: str, partition: str) -> str:
    """Return the ARN of a policy, if it is AWS's own as it is in `partition`."""
    parts = arn.split(":")
    if parts[4] == "aws":
        parts[1] = partition
    return ":".join(parts)


def _is_policy(arn: str) -> bool:
    return is_arn(arn, "policy/") and arn.count(":") == 5


def _decoded(word: str) -> str | None:
    try:
        text = bytes.fromhex(word.removeprefix(_POLICY)).decode()
    except ValueError:
        return None
    return text if text.startswith("{") else None


def other_way(profiles: Profiles, profile: Profile) -> str:
    """Return which profile of the same account can be limited, or only reads; "" for none.

    It is for a `profile` whose credentials AWS STS cannot limit.
    """
    account = _account_in(profile)
    found = ""
    for name in profiles.names() if account else ():
        try:
            other = profiles.get(name)
        except ConfigError:
            continue
        if name == profile.name or _account_in(other) != account:
            continue
        role = (other.value("sso_role_name") or "").lower()
        if other.get("sso_account_id") is None:
            if other.get("web_identity_token_file") is None:
                return (
                    f"use profile {shown(name)} of this account, which can be limited"
                )
        elif not found and any(word in role for word in _READS):
            found = f"use profile {shown(name)} of this account, whose role is "
            found += shown(other.value("sso_role_name") or "")
    return found


def _account_in(profile: Profile) -> str | None:
    """Return the account that the settings of `profile` name, None for none."""
    role = profile.value("role_arn")
    if role is not None:
        return role.split(":", 5)[4] if is_arn(role, "role/") else None
    return profile.value("sso_account_id")
