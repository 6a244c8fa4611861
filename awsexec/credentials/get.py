"""The way in: from a plan to credentials, leaving in the cache what the next run needs."""

from __future__ import annotations

import time

from awsexec import terminal
from awsexec.cache.store import Store, store_for
from awsexec.credentials import sources
from awsexec.credentials.context import Context
from awsexec.credentials.mfa import Codes
from awsexec.credentials.renew import ahead_from, leave_entry, take_turn
from awsexec.credentials.resolver import Demand, Resolver
from awsexec.errors import CredentialsError
from awsexec.fastpath import CALLERS
from awsexec.history import Log
from awsexec.processes import tree
from awsexec.report import SAY_AFTER, SAY_WAIT_AFTER
from awsexec.times import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from awsexec.cache.locks import Holder
    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.context import Shared
    from awsexec.credentials.sts import Sts
    from awsexec.plan.inputs import Inputs
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.report import Report

    # from when on credentials are to be renewed, in seconds since the epoch
    RenewFrom = Callable[[Credentials], float]

# what carrying out a plan may import
PACKAGES = (
    "awsexec.cache",
    "awsexec.credentials",
    "awsexec.loopback",
    "awsexec.plan",
    "awsexec.processes",
    "awsexec.profiles",
)


def get(
    plan: Plan,
    demand: Demand,
    environ: Mapping[str, str],
    report: Report,
    *,
    renew_from: RenewFrom | None = None,
    attended: bool = True,
    doing: str = "get the credentials",
    log: Log | None = None,
) -> Credentials:
    """Carry out `plan` and return credentials that satisfy `demand`.

    A session near its end is renewed in the background, while COMMAND runs. `renew_from`
    is for callers whose credentials nothing renews later: from that moment on the session
    is renewed before this function returns. If the caller is not `attended`, the user is
    not asked for anything while the session is still good. `log` is where to record what
    is obtained, None for what `environ` names.

    `doing` says what they are for, to a user whose profile asks before it is used; "" is
    for callers that hand them to nobody.

    Raises `ConfigError`, `NotConfirmed`, `CredentialsError` (`TooShort` and `NoCode` among
    them) and `Interrupted`.
    """
    return get_with_inputs(
        plan,
        demand,
        environ,
        report,
        renew_from=renew_from,
        attended=attended,
        doing=doing,
        log=log,
    )[0]


def get_with_inputs(
    plan: Plan,
    demand: Demand,
    environ: Mapping[str, str],
    report: Report,
    *,
    renew_from: RenewFrom | None = None,
    attended: bool = True,
    doing: str = "get the credentials",
    log: Log | None = None,
) -> tuple[Credentials, Inputs]:
    """Return what `get` returns, and what decided whose credentials these are."""
    if doing and plan.confirmation is not None:
        from awsexec.credentials.confirm import confirm

        confirm(plan, doing, environ, may_ask=attended)
    for remark in plan.remarks:
        report.warning(remark)
    log = log or Log(environ, report)
    log.check()
    store = store_for(environ, report) if plan.uses_cache else None
    resolver = resolver_for(plan, environ, store, report, log=log)
    credentials = resolver.credentials(demand)
    if store is None:
        return credentials, resolver.inputs
    if renew_from is not None and renew_from(credentials) <= time.time():
        if _may_renew(resolver, store, attended):
            again = Demand(demand.min_ttl, refresh=True)
            credentials = _renewed(resolver, again, credentials, report)
    if plan.by_name:
        leave_entry(plan, resolver, credentials, environ, store)
    return credentials, resolver.inputs


def load_all(plan: Plan) -> Plan:
    """Load all that carrying out `plan` needs; return the same plan for use from then on.

    An upgrade may then delete awsexec and botocore under this process: the modules, the
    models of the services and the certificates to trust are in memory. May raise anything.
    """
    import importlib
    import pkgutil

    from awsexec.credentials.keys.keyring import Keyring
    from awsexec.credentials.sdk.clients import Clients, kept_bundle

    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}."):
            importlib.import_module(module.name)
    endpoint, source = plan.endpoint, plan.chain.source
    clients = Clients(endpoint, plan.retries, handlers=True)
    clients.create("sts", endpoint.region, endpoint.url)
    for service in source.kind.services:
        region = source.value("sso_region") or endpoint.region
        clients.create(service.replace("_", "-"), region, None)
    if source.kept is not None:
        # it loads its backends itself
        Keyring(may_prompt=False, say=lambda _: None).name()
    if endpoint.ca_bundle is None and (bundle := kept_bundle()):
        endpoint = endpoint.trusting(bundle)
    return plan.but(endpoint=endpoint)


def near_end(environ: Mapping[str, str]) -> RenewFrom:
    """Return the `renew_from` that AWSEXEC_REFRESH_AHEAD sets."""

    def renew_from(credentials: Credentials) -> float:
        return ahead_from(environ, credentials) or float("inf")

    return renew_from


def _may_renew(resolver: Resolver, store: Store, attended: bool) -> bool:
    """Return whether to renew a session that is still good.

    While a session is near its end, an SDK starts awsexec for each of its calls. Only one
    of them a minute tries a renewal, so that an AWS that does not answer does not slow
    down all of them.
    """
    # An attended run takes the turn too, so that no other process renews meanwhile.
    is_its_turn = take_turn(resolver, store)
    return attended or (is_its_turn and resolver.renewable_until() > time.time())


def _renewed(
    resolver: Resolver, demand: Demand, before: Credentials, report: Report
) -> Credentials:
    """Return new credentials; if that fails, warn and return `before`, still good."""
    try:
        return resolver.credentials(demand)
    except CredentialsError as error:
        assert before.expires is not None
        report.warning(
            f"using the session, which has {left(before.expires - time.time())}, because "
            f"renewing it failed: {error}"
        )
        return before


def resolver_for(
    plan: Plan,
    environ: Mapping[str, str],
    store: Store | None,
    report: Report,
    ask: Callable[[str], str] = terminal.ask,
    log: Log | None = None,
    *,
    load: Callable[[Source, Context], Credentials] | None = None,
    sts: Callable[[], Sts] | None = None,
    code_serves: Sequence[str] = (),
    shared: Shared | None = None,
) -> Resolver:
    """Return what works out the credentials of `plan`, with a `store` or without.

    `ask` is how the user is asked for an MFA code, if he may be asked. `log` is as for
    `get`. `load` gets a source's credentials, and `sts` returns what calls AWS STS.
    `code_serves` is as for `Codes`, and `shared` as for `Context`. Raises `ProcessLoop`.
    """
    source, asking = plan.chain.source, plan.asking
    context = context_for(
        plan, environ, store or store_for(environ, report), report, shared
    )
    sources.check(source, context)
    process = None
    if asking.process is not None and plan.chain.takes_code:
        from awsexec.credentials.mfa_process import CodeProcess

        process = CodeProcess(asking.process, plan.name, context)
    runs_command = source.kind.runs_command or process is not None

    def sts_of_plan() -> Sts:
        # a cached run makes no call, and does not load the SDK
        from awsexec.credentials.sts import Sts

        return Sts(plan.endpoint, plan.retries, report.debug)

    sts = sts or sts_of_plan
    return Resolver(
        plan=plan,
        load=lambda source: (load or sources.load)(source, context),
        sign_in=lambda refused: sources.sign_in(source, context, refused),
        signed_in=lambda: context.sign_in,
        call=lambda *request: sts().call(*request),
        account=lambda given: _account(plan, given, sts()),
        codes=Codes(
            asking.code,
            process,
            ask if asking.may_prompt else None,
            terminal.check,
            code_serves,
        ),
        store=store,
        lock=context.lock,
        # a → b and b → a, started at once, would wait for each other
        waits=not (runs_command and environ.get(CALLERS)),
        clock=time.time,
        report=report,
        record=(log or Log(environ, report)).session,
    )


def context_for(
    plan: Plan,
    environ: Mapping[str, str],
    store: Store,
    report: Report,
    shared: Shared | None = None,
) -> Context:
    """Return what the source of `plan` may use of the world; its locks are in `store`."""
    asking = plan.asking
    return Context(
        environ=environ,
        paths=plan.config.paths,
        hops=tuple(hop.name for hop in plan.chain.hops),
        endpoint=plan.endpoint,
        retries=plan.retries,
        show=terminal.show if asking.may_prompt else None,
        device_code=asking.device_code,
        browser=asking.browser,
        lock=_Locks(plan, store, report),
        debug=report.debug,
        waiting=report.waiting,
        shared=shared,
    )


# What decides, besides the plan, how AWS is reached.
NETWORK_VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


class _Locks:
    """The locks that runs share (`context.Locks`); they are files in the cache directory.

    `about` names what is wanted where that is not the lock's name.
    """

    def __init__(self, plan: Plan, store: Store, report: Report) -> None:
        self._who = f"profile {plan.name!r}"
        self._store = store
        self._report = report
        # by another way, the same call may succeed
        way = [plan.environ.get(name) for name in NETWORK_VARIABLES]
        self._way = ascii([way, plan.endpoint.ca_bundle, plan.retries])

    def __call__(
        self, name: str, doing: str, *, question: bool = False, about: str = ""
    ) -> AbstractContextManager[None]:
        def waiting(holder: Holder | None) -> AbstractContextManager[object]:
            text = f"waiting for another awsexec, which {doing}"
            seconds: float | None = SAY_WAIT_AFTER
            if holder is not None and question:
                text = f"waiting for awsexec process {holder.pid}, which {doing}"
            if holder is not None and holder.shares_terminal:
                # there, the user sees the question
                seconds = None if question else SAY_AFTER
            if holder is not None and tree.is_stopped(holder.pid):
                seconds = 0
                text = (
                    f"waiting for awsexec process {holder.pid}, which {doing} and is "
                    "stopped; continue it with fg, or end it with kill"
                )
            return self._report.patience(text, seconds)

        # keys are ASCII, and a name from the config file may be anything
        key = name if name.isascii() else ascii(name)
        return self._store.lock(key, waiting, about + self._way, self._who)


def _account(plan: Plan, given: Credentials, sts: Sts) -> str:
    """Ask AWS of which account the credentials `given` are. Raises `CredentialsError`."""
    from awsexec.plan.chain import Chain

    chain = plan.chain
    # they are the source's, and messages must not name the steps
    of_source = plan.but(chain=Chain(chain.profile, chain.source, (), chain.hops))
    return sts.identity(given, of_source)["Account"]
