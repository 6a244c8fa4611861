"""What the arguments and the environment select: a profile, and all that follows."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from awsexec import fastpath, terminal
from awsexec.cache.store import Store, default_directory
from awsexec.credentials import sources
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.mfa import Codes
from awsexec.credentials.resolver import Resolver
from awsexec.credentials.sources import Surroundings
from awsexec.errors import UsageError, shown
from awsexec.fastpath import Entry
from awsexec.options.arguments import Arguments
from awsexec.plan import chain as chains
from awsexec.plan import endpoint as endpoints
from awsexec.plan.calls import clean_session_name
from awsexec.plan.chain import Chain
from awsexec.plan.endpoint import Endpoint
from awsexec.plan.source_kinds import METADATA_DISABLED
from awsexec.profiles import files, values
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile, Profiles
from awsexec.report import Report

# Seconds for which a file may look the same after another edit; git calls such index
# entries "racily clean". Time stamps of whole seconds may be any file system's, down
# to FAT with its steps of two seconds; finer ones are the kernel's, which takes them
# from a clock that ticks a hundred times a second at the least.
COARSE_STEP, FINE_STEP = 2, 0.02

# what retry_mode and max_attempts may be (SDKs and Tools Reference Guide, "Retry
# behavior"); nobody waits for more tries
RETRY_MODES = ("legacy", "standard", "adaptive")
MAX_ATTEMPTS = (1, 1000)


@dataclass(frozen=True)
class Config:
    """The config files, read.

    `paths` are the config file's and the credentials file's; `files` tells, as
    `fastpath.signatures` does, what they were when they were read, and `settled` whether
    a later edit is sure to show in that.
    """

    profiles: Profiles
    paths: tuple[str, str]
    files: str
    settled: bool

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Config:
        """Read the files that `environ` selects. Raises `ConfigError`."""
        paths = files.paths(environ)
        # before they are read: what changes from now on is another signature
        signatures = fastpath.signatures(paths)
        settled = all(_is_settled(path) for path in paths)
        return cls(Profiles.load(paths), paths, signatures, settled)

    @classmethod
    def without_profiles(cls, environ: Mapping[str, str]) -> Config:
        """As if the files that `environ` selects were not there."""
        return cls(Profiles.none(), files.paths(environ), "", False)


@dataclass(frozen=True)
class Selection:
    """A profile's chain, where its calls go and how often, and its command's region.

    `retries` is as in `Clients`. `region_of_profile` is whether the region is the
    profile's, and no choice of the user's.
    `config` is what they were worked out from. `by_name` is whether the profile's name
    alone, with no option to change what it stands for, made the selection.
    """

    chain: Chain
    endpoint: Endpoint
    retries: dict[str, str | int] | None
    region: str | None
    region_of_profile: bool
    config: Config
    by_name: bool

    @property
    def name(self) -> str:
        """What COMMAND is told that it runs with."""
        return self.chain.profile.name

    def keys(self) -> list[str]:
        """The cache key of the source, and of each step."""
        return [
            self.chain.key(self.endpoint.identity, length)
            for length in range(len(self.chain.steps) + 1)
        ]

    def cached(self, store: Store, now: float) -> list[Entry | None]:
        """What the cache holds of the source and of each step, None for nothing of use."""
        found = [store.read(key) for key in self.keys()]
        return [
            entry if entry and entry.is_fresh(now) and not entry.is_due(now) else None
            for entry in found
        ]


def select(
    arguments: Arguments,
    environ: Mapping[str, str],
    config: Config | None = None,
    *,
    federated: bool = False,
) -> Selection:
    """Read the config files if need be, and work out the chain.

    `federated` is for the console: a user's keys are wanted as they are there, since
    GetFederationToken takes no session of theirs, and may have a --duration. Raises
    `ConfigError` and `UsageError`.
    """
    config = config or Config.load(environ)
    profiles = config.profiles
    options = [_option(*given) for given in arguments.settings()]
    session_name = clean_session_name(local_user())
    chain = None
    if not (arguments.named_profile(environ) or options or profiles.names()):
        chain = chains.resolve_without_profile(session_name, environ)
        if chain is None:
            raise UsageError(
                f"no PROFILE, no profile in {' or '.join(config.paths)}, and "
                f"{METADATA_DISABLED} switches the instance's metadata off; add a profile"
            )
    if chain is None:
        profile = _profile(profiles, arguments, options, environ)
        chain = chains.resolve(
            profiles, profile, session_name, environ, federated=federated
        )
    profile = chain.profile
    region = endpoints.region_of(profile, environ, arguments.region)
    endpoint = endpoints.resolve(profiles, profile, environ, region, chain.role_arns)
    return Selection(
        chain,
        endpoint,
        _retries(profile, environ),
        region.value if region is not None else None,
        endpoints.region_of(Profile(""), environ, arguments.region) is None,
        config,
        by_name=profile.name in profiles and not options and arguments.region is None
        # nor a file that is none of `paths`
        and not any(hop.get("session_policy") for hop in chain.hops),
    )


def _is_settled(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return True
    stamps = status.st_mtime_ns, status.st_ctime_ns
    coarse = any(stamp % 1_000_000_000 == 0 for stamp in stamps)
    step = COARSE_STEP if coarse else FINE_STEP
    return max(stamps) / 1e9 < time.time() - step


def _option(name: str, value: str | tuple[str, ...], option: str) -> Setting:
    if isinstance(value, str):
        return Setting(name, value, option, 0)
    return Setting(name, "\n".join(value), option, 0, pieces=value)


def _profile(
    profiles: Profiles,
    arguments: Arguments,
    options: list[Setting],
    environ: Mapping[str, str],
) -> Profile:
    """The selected profile, with the settings from options laid over it."""
    by_name = {option.name: option for option in options}
    name = arguments.named_profile(environ)
    role, source = by_name.get("role_arn"), by_name.get("source_profile")
    if arguments.profile is None and role is not None and source is not None:
        # a role that no config file knows
        return _with_session_name(Profile(role.value), options, arguments)
    if not name:
        raise UsageError("no PROFILE; name one, or set AWS_PROFILE")
    profile = profiles.get(name)
    if source is not None:
        # the option says it instead of whatever the profile says
        profile = profile.without("credential_source")
    if role is not None and source is None and profile.get("role_arn") is None:
        options.append(Setting("source_profile", name, "--role-arn", 0))
    return _with_session_name(profile, options, arguments)


def _with_session_name(
    profile: Profile, options: list[Setting], arguments: Arguments
) -> Profile:
    for setting in options:
        if setting.name == "role_session_name":
            setting.value = _fill(setting.value, profile.name)
    return profile.with_options(options)


def _fill(template: str, profile: str) -> str:
    """A --session-name with its places filled in.

    What is filled in is cleaned to what STS allows; what the user wrote is not.
    """
    import socket

    host = socket.gethostname().partition(".")[0]
    places = {"user": local_user(), "host": host, "profile": profile}
    try:
        return template.format_map(
            {name: clean_session_name(value) for name, value in places.items()}
        )
    except (KeyError, ValueError, IndexError, AttributeError):
        raise UsageError(
            f"--session-name {shown(template)}: the places are "
            + ", ".join(f"{{{name}}}" for name in places)
        ) from None


def local_user() -> str:
    """The name of the user this process runs as, whatever the environment says."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        pass
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "unknown"


def store_for(environ: Mapping[str, str], report: Report) -> Store:
    """The cache that `environ` selects."""
    return Store(default_directory(environ), report)


def resolver_for(
    selection: Selection,
    arguments: Arguments,
    environ: Mapping[str, str],
    store: Store | None,
    report: Report,
) -> Resolver:
    """What works out the credentials of `selection`, with a `store` or without."""
    profile, source = selection.chain.profile, selection.chain.source.profile
    waits = True
    hops = tuple(hop.name for hop in selection.chain.hops)
    if selection.chain.source.kind == "process":
        from awsexec.credentials.sources import process

        # before a lock is taken, which the run that this one is in may hold
        process.check(selection.chain.source, selection.config.paths, hops, environ)
        # or another, whose process comes round to wait for that run: a → b and b → a
        waits = not process.callers(environ)
    around = Surroundings(
        environ,
        selection.config.paths,
        hops,
        selection.endpoint,
        selection.retries,
        None if arguments.no_prompt else terminal.show,
        arguments.device_code,
        not arguments.no_browser,
        _Locks(store or store_for(environ, report), report),
        report.debug,
    )
    mfa_process = _option_or_variable(None, "MFA_PROCESS", environ) or (
        profile.get("mfa_process") or source.get("mfa_process")
    )
    return Resolver(
        endpoint=selection.endpoint.identity,
        load=lambda source: sources.load(source, around),
        call=_Sts(selection.endpoint, selection.retries, report),
        codes=Codes(
            _option_or_variable(arguments.mfa_token, "MFA_TOKEN", environ),
            mfa_process,
            None if arguments.no_prompt else terminal.ask,
        ),
        store=store,
        waits=waits,
        clock=time.time,
        report=report,
    )


def _option_or_variable(
    value: str | None, name: str, environ: Mapping[str, str]
) -> Setting | None:
    option, variable = f"--{name.lower().replace('_', '-')}", f"AWSEXEC_{name}"
    if value is not None:
        return Setting(name.lower(), value, option, 0)
    if environ.get(variable):
        return Setting(name.lower(), environ[variable], variable, 0)
    return None


def _retries(
    profile: Profile, environ: Mapping[str, str]
) -> dict[str, str | int] | None:
    """What the user configured of botocore's retries, None for nothing.

    Raises `ConfigError`.
    """
    mode = values.one_of(profile.or_variable("retry_mode", environ), RETRY_MODES)
    attempts = values.number(profile.or_variable("max_attempts", environ), MAX_ATTEMPTS)
    retries: dict[str, str | int] = {}
    if mode is not None:
        retries["mode"] = mode
    if attempts is not None:
        retries["total_max_attempts"] = attempts
    return retries or None


class _Locks:
    """The locks that sources want, which are files of the cache directory."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report

    def __call__(self, name: str, doing: str) -> AbstractContextManager[None]:
        text = f"waiting for another awsexec, which is {doing}"
        return self._store.lock(name, lambda: self._report.waiting(text))


class _Sts:
    """STS, with the SDK loaded at the first call: a cached run makes none."""

    def __init__(
        self, endpoint: Endpoint, retries: dict[str, str | int] | None, report: Report
    ) -> None:
        self._arguments = endpoint, retries, report.debug

    def __call__(
        self, operation: str, parameters: Mapping[str, object], signer: Credentials
    ) -> Credentials:
        from awsexec.credentials.sts import Sts

        return Sts(*self._arguments).call(operation, parameters, signer)
