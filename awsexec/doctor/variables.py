"""The variables of the environment: each is read as a run reads it."""

from __future__ import annotations

from awsexec import fastpath, history
from awsexec.credentials.command import TIMEOUT_VARIABLE, process_timeout
from awsexec.credentials.mfa import check_code
from awsexec.credentials.mfa_process import check as check_mfa_process
from awsexec.credentials.renew import refresh_ahead
from awsexec.doctor.finding import OK, WARNING, WRONG, Finding
from awsexec.errors import AwsexecError, ConfigError, shown
from awsexec.options import sections
from awsexec.options.arguments import PROFILE_VARIABLES
from awsexec.plan.endpoint import chosen_region, configured_url, endpoint_for
from awsexec.plan.guardrails import shown_limits, unreadable
from awsexec.plan.plan import retries_of
from awsexec.profiles.files import PATH_VARIABLES, Setting
from awsexec.profiles.profile import Profile, Profiles
from awsexec.profiles.redact import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from awsexec.doctor.finding import Facts

    Reader = Callable[[Mapping[str, str]], object]

_KEY, _SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
# variables that supply an identity of their own
IDENTITIES = (
    *(_KEY, _SECRET, "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
_SERVICES = ("sts", "iam", "sso", "sso_oidc", "signin")


def _limits(environ: Mapping[str, str]) -> None:
    why = unreadable(environ[fastpath.LIMITS])
    if why:
        raise ConfigError(why)


def _calls(environ: Mapping[str, str]) -> None:
    """Read what says where, and how often, AWS is called, without any profile."""
    nobody, none = Profiles.none(), Profile("")
    endpoint_for(nobody, none, environ, chosen_region(environ, None), [])
    retries_of(none, environ)
    for service in _SERVICES:
        configured_url(service, nobody, none, environ)


def _setting(name: str, environ: Mapping[str, str]) -> Setting:
    return Setting.outside(name, environ[name], name)


# awsexec's own variables, each with the function by which a run reads it; it raises
# `AwsexecError`
OWN: dict[str, Reader] = {
    fastpath.LIMITS: _limits,
    "AWSEXEC_MFA_PROCESS": lambda environ: check_mfa_process(
        _setting("AWSEXEC_MFA_PROCESS", environ), environ
    ),
    "AWSEXEC_MFA_TOKEN": lambda environ: check_code(
        _setting("AWSEXEC_MFA_TOKEN", environ)
    ),
    TIMEOUT_VARIABLE: process_timeout,
    "AWSEXEC_REFRESH_AHEAD": refresh_ahead,
    fastpath.LOG_ARGV: history.check_switches,
    fastpath.LOG_REQUIRED: history.check_switches,
}
# those that have checks of their own, and those in which every value is good
ELSEWHERE = frozenset({"AWSEXEC_CACHE_DIR", fastpath.LOG, "AWSEXEC_INIT"})
ANY_VALUE = frozenset({"AWSEXEC_FASTPATH", "AWSEXEC_PROMPT"})


def _ways() -> list[str]:
    """Return the variables that say where and how AWS is called, as the manual lists them."""
    rows = dict(sections.SDK_ENVIRONMENT)["Calls to AWS"]
    names = [name for names, _ in rows for name in names.split(", ")]
    return ["AWS_REGION", "AWS_DEFAULT_REGION", *names]


def check_environment(facts: Facts) -> Iterator[Finding]:
    """Variables that cannot be read, and those that override what the files say."""
    yield from _profiles(facts)
    yield from _identities(facts.environ)
    environ = facts.environ
    for name, read in OWN.items():
        if environ.get(name):
            yield from _fault(read, environ)
    if limits := environ.get(fastpath.LIMITS):
        if not unreadable(limits):
            text = f"awsexec gives no more than {shown_limits(limits)} here"
            yield Finding(fastpath.LIMITS, OK, f"{text}; --unlimited lifts that")
    for name in PATH_VARIABLES:
        if environ.get(name):
            which = "config" if name == PATH_VARIABLES[0] else "credentials"
            yield Finding(name, OK, f"the {which} file is {shown(environ[name])}")
    for name in _ways():
        # each proxy counts under both names, and the one in lower case wins
        for spelt in (name, *([name.lower()] if name.endswith("_PROXY") else ())):
            if not environ.get(spelt):
                continue
            alone = {spelt: environ[spelt]}
            faults = list(_fault(_calls, alone))
            yield from faults or [Finding(spelt, OK, _effect(spelt, environ))]


def _fault(read: Reader, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say why a run could not `read` a variable; the error names it."""
    try:
        read(environ)
    except AwsexecError as error:
        yield Finding("environment", WRONG, str(error))


def _effect(name: str, environ: Mapping[str, str]) -> str:
    value = shown(redacted(_setting(name, environ)))
    if name.lower() == "no_proxy":
        return f"calls to {value} go through no proxy"
    if name.lower().endswith("_proxy"):
        scheme = name.lower().removesuffix("_proxy")
        return f"calls to {scheme}:// endpoints go through {value}"
    if name == "AWS_CA_BUNDLE":
        return f"the certificates to trust are in {value}"
    return f"{value} wins over the files"


def _profiles(facts: Facts) -> Iterator[Finding]:
    for name in PROFILE_VARIABLES:
        value = facts.environ.get(name)
        if not value or facts.config is None:
            continue
        if value in facts.config.profiles:
            yield Finding(name, OK, f"{shown(value)} is the profile if none is named")
        else:
            why = f"there is no profile {shown(value)}"
            yield Finding(name, WRONG, why, f"correct it, or unset {name}")


def _identities(environ: Mapping[str, str]) -> Iterator[Finding]:
    held = [name for name in IDENTITIES if environ.get(name)]
    given_by = environ.get("AWSEXEC_PROFILE")
    is_half = (_KEY in held) != (_SECRET in held)
    if held and given_by and not is_half:
        text = f"this shell has the credentials of {shown(given_by)}"
        yield Finding("environment", OK, text)
    elif held:
        what = "programs use these credentials, whatever the files say"
        if is_half:
            what = "half a key pair, which no program can use"
        yield Finding(
            "environment",
            WARNING,
            f"{', '.join(held)}: {what}",
            f"run: unset {' '.join(held)}",
        )
