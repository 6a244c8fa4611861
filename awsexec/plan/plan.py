"""A plan: what a run will do to get the credentials of a profile.

Making a plan reads the user's AWS files, and nothing else happens: no network, no lock,
no prompt, no other program.
"""

from __future__ import annotations

from awsexec.errors import (
    ConfigError,
    Limited,
    NoSuchProfile,
    UnfinishedRole,
    UnlistedAccount,
    UsageError,
    first_profile,
    shown,
)
from awsexec.fastpath import LIMITS
from awsexec.plan.asking import Asking, asking_for
from awsexec.plan.calls import ROLE_SETTINGS
from awsexec.plan.chain import Chain, chain_of, chain_of_machine
from awsexec.plan.endpoint import Endpoint, chosen_region, endpoint_for
from awsexec.plan.guardrails import (
    Confirmation,
    ExpectedAccounts,
    confirmation,
    expected_accounts,
    limits_of,
    narrow,
    other_way,
    shown_limits,
)
from awsexec.plan.inputs import Inputs
from awsexec.plan.limits import clean_session_name
from awsexec.plan.overrides import local_user, profile_for, settings_of
from awsexec.plan.source_kinds import (
    METADATA_DISABLED,
    has_identity,
    source_of,
    source_of_session,
)
from awsexec.profiles import values
from awsexec.profiles.config import Config
from awsexec.profiles.profile import Profile
from awsexec.profiles.files import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.plan.by_name import Lists
    from awsexec.profiles.accounts import Account

    # what botocore calls ``retries``
    Retries = dict[str, str | int]

# what retry_mode and max_attempts may be (SDKs and Tools Reference Guide, "Retry
# behavior"); nobody waits for more attempts
RETRY_MODES = ("legacy", "standard", "adaptive")
ATTEMPT_BOUNDS = (1, 1000)
# what makes a profile a role
ROLE_LINKS = ("role_arn", "source_profile", "credential_source")


class Plan:
    """What a run will do to get credentials, and what its COMMAND is told.

    `chain` is what the profile stands for, `endpoint` where AWS is called, and `retries`
    how often (None for awsexec's own number). `asking` is how the user may be asked.
    `region` is COMMAND's region, None where none is known; `region_of_profile` is whether
    it is the profile's and no choice of the user's. `config` is what all of it was worked
    out from. `uses_cache` is whether sessions may be read from the cache and kept there.
    `by_name` is whether the profile's name alone, without an option that changes what
    the name stands for, made the plan. `expected` are the accounts that the credentials
    must be of, and `confirmation` the question before they are handed over, None for none.
    `why_not` is why the limits of the run around forbid this one, None if they do not, and
    `remark` what they change of it, "" for nothing. `unlimited` is whether --unlimited
    lifts them.
    `environ` is the environment of the run.
    """

    __slots__ = (
        "chain",
        "endpoint",
        "retries",
        "asking",
        "region",
        "region_of_profile",
        "config",
        "uses_cache",
        "by_name",
        "expected",
        "confirmation",
        "why_not",
        "remark",
        "unlimited",
        "environ",
    )

    def __init__(
        self,
        *,
        chain: Chain,
        endpoint: Endpoint,
        retries: Retries | None,
        asking: Asking,
        region: str | None,
        region_of_profile: bool,
        config: Config,
        uses_cache: bool,
        by_name: bool,
        expected: ExpectedAccounts,
        confirmation: Confirmation | None,
        why_not: str | None,
        remark: str,
        unlimited: bool,
        environ: Mapping[str, str],
    ) -> None:
        self.chain = chain
        self.endpoint = endpoint
        self.retries = retries
        self.asking = asking
        self.region = region
        self.region_of_profile = region_of_profile
        self.config = config
        self.uses_cache = uses_cache
        self.by_name = by_name
        self.expected = expected
        self.confirmation = confirmation
        self.why_not = why_not
        self.remark = remark
        self.unlimited = unlimited
        self.environ = environ

    @property
    def remarks(self) -> list[str]:
        """What the user should know of this run, one line each."""
        return [*self.chain.remarks, *filter(None, [self.remark])]

    @property
    def name(self) -> str:
        """The profile's name, which COMMAND is told."""
        return self.chain.profile.name

    @property
    def inside(self) -> dict[str, str]:
        """The variables that keep the session's limits in what runs with it."""
        limits = limits_of(self.chain.steps)
        return {LIMITS: limits} if limits else {}

    def check(self) -> None:
        """Raise `Limited` or `WrongAccount` for what is known without asking AWS."""
        if self.why_not is not None:
            raise Limited(self.why_not)
        self.expected.check()

    def look(self) -> Inputs:
        """Return what decides, besides settings, whose credentials the source gives now."""
        return self.chain.source.look(self.config.paths, self.environ)

    @property
    def account(self) -> str | None:
        """The id of the account of the credentials, None where only a call tells it."""
        return self.chain.account

    def keys(self, inputs: Inputs, key_id: str | None = None) -> list[str] | None:
        """Return the cache keys of the source and of what each step gives.

        None where nothing in the cache counts: something that decides cannot be told, or
        only the source's credentials tell whose they are, and their `key_id` is not given.
        """
        by_key_id = self.chain.source.tells_itself or self.chain.of_user_keys
        if not inputs.is_known or (by_key_id and key_id is None):
            return None
        return self.chain.keys(self._where, inputs, key_id)

    @property
    def _where(self) -> str:
        """What a key holds besides the chain: the STS that is called, and guardrails."""
        where = self.endpoint.identity
        if self.chain.source.is_cached and self.expected.of_source:
            # what the cache has under these keys comes from checked credentials
            where = ascii((where, [by.value for by, _ in self.expected.of_source]))
        if self.chain.source.kind.runs_command and self.environ.get(LIMITS):
            # an awsexec that the command runs gives no more
            where = ascii((where, self.environ[LIMITS]))
        return where

    def keys_now(self) -> list[str] | None:
        """Return `keys` by what decides now, without getting any credentials."""
        return self.keys(self.look())

    def keys_to_forget(self, cached: Iterable[str]) -> set[str]:
        """Return the key of every step; `cached` are those of the entries that there are.

        If the source may turn out to give a user's keys, whose id is not known yet, these
        are the keys with any id: the MFA device tells that it is the same user.
        """
        return set(self.keys_now() or ()).union(*self.keys_of_user_keys(cached))

    def keys_of_user_keys(self, cached: Iterable[str]) -> list[list[str]]:
        """Return which of the keys `cached` each step may have with a user's keys.

        That is if the source turns out to give some, whose id is not known yet; [] if it
        cannot.
        """
        other = self.chain.if_user_keys
        if other is None:
            return []
        cached = tuple(cached)
        found = []
        for pattern in other.keys(self._where, Inputs(), "*")[1:]:
            start, _, end = pattern.partition("'*'")
            found.append(
                [key for key in cached if key.startswith(start) and key.endswith(end)]
            )
        return found

    @property
    def is_of_environment(self) -> bool:
        """Whether the environment holds the credentials, and no profile led there."""
        source = self.chain.source
        return source.kind.is_environment and not source.profile.settings

    @property
    def label(self) -> str:
        """The profile, for messages about credentials that the environment may hold."""
        where = " in the environment" if self.is_of_environment else ""
        return f"profile {self.name!r}{where}"

    @property
    def hands_out_keys(self) -> bool:
        """Whether COMMAND would get a user's own keys, which are valid until deleted."""
        return not self.chain.steps and self.chain.source.is_user_keys

    def but(
        self,
        *,
        asking: Asking | None = None,
        endpoint: Endpoint | None = None,
        chain: Chain | None = None,
        retries: Retries | None = None,
    ) -> Plan:
        """Return the same plan with another way to ask, endpoint, chain or retries."""
        return Plan(
            chain=chain or self.chain,
            endpoint=endpoint or self.endpoint,
            retries=retries or self.retries,
            asking=asking or self.asking,
            region=self.region,
            region_of_profile=self.region_of_profile,
            config=self.config,
            uses_cache=self.uses_cache,
            by_name=self.by_name,
            expected=self.expected,
            confirmation=self.confirmation,
            why_not=self.why_not,
            remark=self.remark,
            unlimited=self.unlimited,
            environ=self.environ,
        )


class Planner:
    """Makes the plans of one command line in one environment.

    `config` saves reading the user's files again. Raises `ConfigError`.
    """

    def __init__(
        self,
        arguments: Arguments,
        environ: Mapping[str, str],
        config: Config | None = None,
    ) -> None:
        self._arguments = arguments
        self._environ = environ
        self.config = config or Config.load(environ)
        self.config.profiles.elsewhere = self._role_by_name
        self._lists: Lists | None = None
        self._options = settings_of(arguments)
        self._account: Setting | None = None
        if arguments.expect_account is not None:
            self._account = Setting.from_option(
                "expected_account", arguments.expect_account, "--expect-account"
            )
        self._session_name = clean_session_name(local_user())

    def plan(
        self,
        name: str | None,
        *,
        federated: bool = False,
        shares_code: bool = False,
    ) -> Plan:
        """Make the plan for the profile `name`, None for what is named without PROFILE.

        `federated` is for the console, which wants a user's keys as they are:
        GetFederationToken accepts no session of them, and --duration is for that call.
        With `shares_code`, its MFA code is to serve other roles too, as for `chain_of`.
        Raises `ConfigError` and `UsageError`.
        """
        profiles, options, environ = self.config.profiles, self._options, self._environ
        variable = by = ""
        if name is None:
            variable, by, fault = self._arguments.default_profile(environ)
            if fault:
                raise ConfigError(fault)
        if not options and (name or variable or "default") == "default":
            # nothing else to choose, or nothing else wanted
            if "default" in profiles and (
                name or variable or len(profiles.names()) == 1
            ):
                default = profiles.get("default")
                if not has_identity(default):
                    return self.plan_of_machine(default, is_named=name is not None)
            elif not (name or variable or profiles.names()):
                return self.plan_of_machine()
        try:
            profile = profile_for(profiles, name, variable, options)
        except (NoSuchProfile, UnfinishedRole, UnlistedAccount) as error:
            raise (error.named_by(by) if by else error) from None
        chain = chain_of(
            profiles,
            profile,
            self._session_name,
            environ,
            federated=federated,
            shares_code=shares_code,
        )
        by_name = (
            not options
            and self._arguments.region is None
            # a policy file is not among the files whose signatures are known
            and not any(hop.get("session_policy") for hop in chain.hops)
            # the fast path says nothing
            and not chain.remarks
        )
        return self._plan_of(chain, by_name=by_name)

    def plan_of_key(self, name: str) -> Plan:
        """Make the plan for the key that the keyring has of `name`, without any role.

        The profile's MFA counts, and its endpoints. Raises as `plan` does.
        """
        profile = profile_for(self.config.profiles, name, None, self._options).without(
            *ROLE_LINKS, *ROLE_SETTINGS, "duration_seconds"
        )
        chain = chain_of(
            self.config.profiles, profile, self._session_name, self._environ
        )
        return self._plan_of(chain, by_name=False)

    def endpoint(self, name: str) -> tuple[Endpoint, Retries | None]:
        """Return where and how often to call AWS for a profile that need not exist yet.

        Raises `ConfigError`.
        """
        profiles, environ = self.config.profiles, self._environ
        profile = profiles.get(name) if profiles.in_files(name) else Profile(name)
        region = chosen_region(environ, self._arguments.region) or profile.get("region")
        endpoint = endpoint_for(profiles, profile, environ, region, [])
        return endpoint, retries_of(profile, environ)

    @property
    def lists(self) -> Lists:
        """The lists of accounts that turn a role's name into a profile."""
        from awsexec.plan.by_name import Lists

        if self._lists is None:
            uses_cache = not self._arguments.no_cache
            self._lists = Lists(self._environ, uses_cache=uses_cache)
        return self._lists

    def _role_by_name(self, name: str) -> Profile | None:
        """Return the role of IAM Identity Center that `name` means, None for none."""
        profiles = self.config.profiles
        if not profiles.config.sso_sessions:
            return None
        # most profiles are in a file
        from awsexec.plan.by_name import profile_of_role

        return profile_of_role(name, profiles, self.lists)

    def listed_roles(self) -> Iterator[tuple[str, Account, str]]:
        """Yield each role of the lists of accounts in the cache that no file names.

        That is SESSION/ACCOUNT/ROLE, the account, and the role's name.
        """
        profiles = self.config.profiles
        sessions = profiles.config.sso_sessions
        for session in sessions:
            listed = self.lists.get(profiles, session)
            for name, account, role in listed.roles(sessions) if listed else ():
                if name not in profiles:
                    yield name, account, role

    def plan_of_session(self, name: str) -> Plan:
        """Make the plan to sign in to the ``[sso-session]`` `name`.

        It ends at no credentials. Raises `ConfigError`.
        """
        section = self.config.profiles.config.sso_sessions[name]
        session = Setting("sso_session", name, section.file, section.line)
        source = source_of_session(self.config.profiles, session, self._environ)
        chain = Chain(source.profile, source, (), (source.profile,))
        return self._plan_of(chain, by_name=False)

    def plan_of_machine(
        self, default: Profile | None = None, *, is_named: bool = False
    ) -> Plan:
        """Make the plan for the machine's own source. Raises as `plan` does.

        `default` and `is_named` are as for `chain_of_machine`.
        """
        profiles = self.config.profiles
        chain = chain_of_machine(
            self._session_name,
            self._environ,
            profiles,
            default,
            is_named=is_named,
        )
        if chain is None and default is not None:
            # which says what it lacks
            source_of(default)
        if chain is None:
            raise ConfigError(
                f"no PROFILE, no profile in {' or '.join(profiles.looked_in)}, and "
                f"{METADATA_DISABLED} turns the instance metadata off; "
                + first_profile(profiles.config.sso_sessions)
            )
        return self._plan_of(chain, by_name=False, named=default)

    def _plan_of(
        self, chain: Chain, *, by_name: bool, named: Profile | None = None
    ) -> Plan:
        """Make the plan of `chain`. `named` guards it, by default the chain's profile."""
        arguments, environ = self._arguments, self._environ
        profile = chain.profile
        if arguments.mfa_token is not None and not chain.takes_code:
            raise UsageError(
                f"--mfa-token would do nothing: no step of profile {shown(profile.name)} "
                "takes an MFA code; remove --mfa-token, or add --mfa-serial"
            )
        named = named or profile
        expected = expected_accounts(
            named, chain.hops, chain.source, chain.steps, self._account
        )
        limits, why_not = environ.get(LIMITS, ""), None
        own = limits_of(chain.steps)
        for each in filter(None, (chain, chain.if_user_keys)):
            why = narrow(
                each.steps,
                chain.source,
                named.name,
                limits,
                lambda: other_way(self.config.profiles, profile),
            )
            why_not = why_not or why
        remark = ""
        if why_not is None and limits_of(chain.steps) != own:
            remark = (
                f"profile {shown(named.name)} is limited to {shown_limits(limits)} here, as "
                f"the run around this one is ({LIMITS}); --unlimited lifts that"
            )
        chosen = chosen_region(environ, arguments.region)
        region = chosen or profile.get("region")
        return Plan(
            chain=chain,
            endpoint=endpoint_for(
                self.config.profiles, profile, environ, region, chain.role_arns
            ),
            retries=retries_of(profile, environ),
            asking=asking_for(profile, chain.source.profile, arguments, environ),
            region=region.value if region is not None else None,
            region_of_profile=chosen is None,
            config=self.config,
            uses_cache=not arguments.no_cache,
            # the limits around are not in the key of the run
            by_name=by_name and not limits,
            expected=expected,
            confirmation=confirmation(named, chain.source, chain.steps, expected),
            why_not=why_not,
            remark=remark,
            unlimited=arguments.unlimited,
            environ=environ,
        )


def make_plan(
    arguments: Arguments,
    environ: Mapping[str, str],
    *,
    federated: bool = False,
) -> Plan:
    """Make the plan for PROFILE and the options of `arguments`, as `Planner.plan` does."""
    planner = Planner(arguments, environ)
    return planner.plan(arguments.profile, federated=federated)


def retries_of(profile: Profile, environ: Mapping[str, str]) -> Retries | None:
    """Return what the user configured of botocore's ``retries``, None for nothing.

    Raises `ConfigError`.
    """
    mode = values.one_of(profile.or_variable("retry_mode", environ), RETRY_MODES)
    attempts = values.number(
        profile.or_variable("max_attempts", environ), ATTEMPT_BOUNDS
    )
    retries: Retries = {}
    if mode is not None:
        retries["mode"] = mode
    if attempts is not None:
        retries["total_max_attempts"] = attempts
    return retries or None
