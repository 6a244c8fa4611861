"""AWS's errors in the user's words: what each means, and what to do about it.

The codes are from the AWS STS API reference ("Common errors" and each operation's
"Errors"). AWS does not document the texts of messages that are looked for here, but has
sent them for years. An unknown message is passed on as it is.
"""

from __future__ import annotations

from awsexec.credentials.checks import environment_expired
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.errors import CredentialsError, MfaRefused, shown
from awsexec.plan.calls import AssumeRole
from awsexec.plan.endpoint import DEFAULT
from awsexec.plan.limits import CHAINED_LONGEST
from awsexec.profiles import values
from awsexec.times import about, in_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.sdk.errors import Refused
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain
    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.plan import Plan
    from awsexec.plan.source import Source
    from awsexec.profiles.files import Setting

STS = "AWS STS"

# the codes for what a policy does not allow
DENIED = ("AccessDenied", "AccessDeniedException")
# the codes for a session that has ended
EXPIRED = ("ExpiredToken", "ExpiredTokenException")
# the codes for a key that was deleted, is inactive, or is too new
UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException")


# Seconds that AWS's services allow a request's time to differ from their clock at least
# (IAM User Guide, "Elements of an AWS API request signature").
CLOCK_TOLERANCE = 300


def in_words(
    error: Refused, chain: Chain, step: Step, signer: Credentials | None = None
) -> CredentialsError:
    """Return the failure of `step` of `chain` in the words that the user reads.

    `signer` is who signed the request.
    """
    said = error.said
    profile = f"profile {step.profile!r}"
    before = chain.steps[: chain.steps.index(step)]
    session = _session(before[-1]) if before else None

    if "MultiFactorAuthentication failed with invalid MFA" in error.message:
        return MfaRefused(
            f"{profile}: {said}; each code works once, so wait for the next one"
        )
    found = _of_signer(error, profile, chain.source, signer, session)
    if found is not None:
        return found
    if "role chaining" in error.message:
        return CredentialsError(
            f"{profile}: the credentials of {chain.source.label} are a session, and a role "
            "that a session assumes lives one hour at most; ask for "
            f"{in_units(CHAINED_LONGEST)} or less with --duration or duration_seconds "
            f"(--serve renews the session): {said}"
        )
    if "DurationSeconds" in error.message:
        return CredentialsError(
            f"{profile}: this role's maximum is less than {_seconds(step)}; ask for less "
            "with --duration or duration_seconds (--serve renews the session), or raise "
            f"the maximum: {said}"
        )
    if error.code in DENIED:
        return CredentialsError(f"{profile}: {said}; {_advice(error, chain, step)}")
    return CredentialsError(f"{profile}: AWS refused the {step}: {said}")


def federation_in_words(
    error: Refused, plan: Plan, signer: Credentials
) -> CredentialsError:
    """Return the failure of GetFederationToken with the keys `signer` of `plan`."""
    said = error.said
    found = _of_signer(error, plan.label, plan.chain.source, signer)
    if found is not None:
        return found
    if error.code in DENIED:
        return CredentialsError(
            f"{plan.label}: {said}; give the user the permission sts:GetFederationToken, or "
            "use a role"
        )
    return CredentialsError(f"{plan.label}: AWS refused GetFederationToken: {said}")


def identity_in_words(
    error: Refused, plan: Plan, signer: Credentials
) -> CredentialsError:
    """Return the failure of GetCallerIdentity with the credentials `signer` of `plan`."""
    chain, source = plan.chain, plan.chain.source
    if error.code in EXPIRED and plan.is_of_environment:
        return environment_expired(source)
    session = _session(chain.steps[-1]) if chain.steps else None
    found = _of_signer(error, plan.label, source, signer, session)
    if found is not None:
        return found
    again = "; try --refresh" if session or source.is_cached else ""
    return CredentialsError(
        f"{plan.label}: AWS refused GetCallerIdentity: {error.said}{again}"
    )


def key_in_words(error: Refused, profile: str, key: str) -> CredentialsError:
    """Return the failure of GetCallerIdentity with a `key` that is no source so far."""
    return _of_signer(error, profile, key) or CredentialsError(
        f"{profile}: AWS refused GetCallerIdentity: {error.said}"
    )


def _of_signer(
    error: Refused,
    profile: str,
    source: Source | str,
    signer: Credentials | None = None,
    session: str | None = None,
) -> CredentialsError | None:
    """Return the failure if it is about who signed, or when; None for other failures.

    `signer` signed: the credentials of `source`, which may be just its name, or those of a
    `session`.
    """
    code, said = error.code, error.said
    if code in ("RequestExpired", "RequestInTheFuture") or (
        "Signature expired" in error.message or "Signature not yet" in error.message
    ):
        if error.skew is not None and abs(error.skew) < CLOCK_TOLERANCE:
            return CredentialsError(
                f"{profile}: AWS got the request at another time than its signature says, "
                f"though this machine's clock is right by now ({about(abs(error.skew))} "
                "apart); the machine slept, or its clock was set, or the network is "
                f"slow: try again: {said}"
            )
        return CredentialsError(
            f"{profile}: this machine's clock {_clocks(error)}; set it and try again: {said}"
        )
    asking = session or (source if isinstance(source, str) else source.label)
    # it may be from the cache
    advice = "forget it with awsexec --forget, and try again"
    if code in EXPIRED:
        if error.skew is not None and abs(error.skew) >= CLOCK_TOLERANCE:
            advice = f"this machine's clock {_clocks(error)}: set it and try again"
        elif session is None:
            advice = "renew them and try again"
        what = "the credentials of " if session is None else ""
        verb = "have" if session is None else "has"
        return CredentialsError(f"{what}{asking} {verb} expired; {advice}")
    if code in UNKNOWN_KEY:
        if session is not None:
            return CredentialsError(
                f"{profile}: AWS does not know {asking} any more; {advice}: {said}"
            )
        why = None if isinstance(source, str) else _mixed(source, signer)
        if why is None:
            why = "it was deleted, made inactive or mistyped"
        return CredentialsError(f"AWS does not know the key of {asking}; {why}: {said}")
    if code == "SignatureDoesNotMatch":
        return CredentialsError(
            f"AWS does not accept the secret key of {asking}; check it: {said}"
        )
    return None


def _session(step: Step) -> str:
    return (
        f"the session of the {step}" if isinstance(step, AssumeRole) else f"the {step}"
    )


def _clocks(error: Refused) -> str:
    if error.skew is None:
        return "and AWS's differ"
    side = "ahead of" if error.skew > 0 else "behind"
    return f"is {side} AWS's by {about(abs(error.skew))}"


def _mixed(source: Source, signer: Credentials | None) -> str | None:
    """Return why a key and a session token do not belong together; None where they may.

    The beginning of a key id tells (IAM User Guide, "IAM identifiers"): AKIA is a user's
    key, which has no session token, and ASIA a session's, which has one.
    """
    keys = source.keys
    key_id = signer.key_id if signer is not None else ""
    token = signer.token if signer is not None else None
    token_place = "its session token"
    if source.kind.is_environment:
        token_place = "AWS_SESSION_TOKEN"
    if keys is not None:
        key_id, token = keys.key_id.value, None
        if keys.token is not None:
            token = keys.token.value
            token_place = f"{keys.token.name} ({keys.token.where})"
    if key_id.startswith("AKIA") and token is not None:
        return (
            f"a key id that begins with AKIA has no session token, so {token_place} is left "
            "over from an older session: remove it"
        )
    if key_id.startswith("ASIA") and token is None:
        return (
            "a key id that begins with ASIA is a session's, and its aws_session_token is "
            "missing: copy that too"
        )
    return None


# What is said of each cause of `Unreachable`. The request may be made again, so none of it
# says that AWS refused anything.
_TROUBLE = {
    Unreachable.NAME: (
        "cannot reach {service} at {url}: {reason}; the host comes from {host}: check that, "
        "the network and DNS"
    ),
    Unreachable.CONNECTION: (
        "cannot reach {service} at {url}: {reason}; the host comes from {host}: check that "
        "and the network"
    ),
    Unreachable.SILENCE: (
        "cannot reach {service} at {url}: {reason}; the host comes from {host}: check that, "
        "the network and the proxy"
    ),
    Unreachable.TLS: (
        "cannot reach {service} at {url}: {reason}; the host comes from {host}: check that, "
        "this machine's clock, and {bundle}"
    ),
    Unreachable.NO_TLS: (
        "cannot reach {service} at {url}: what answers there does not speak TLS; the host "
        "comes from {host}: write http:// there, or correct the port; or check the proxy"
    ),
    Unreachable.PROXY: (
        "cannot reach {service} at {url}: no connection through the proxy{via} ({reason}); "
        "check the proxy, or name the host in NO_PROXY"
    ),
    Unreachable.PROXY_PASSWORD: (
        "cannot reach {service} at {url}: the proxy{via} wants a user and a password "
        "({reason}); write them into its URL, before the host: USER:PASSWORD@HOST:PORT"
    ),
    Unreachable.ENDPOINT: (
        "AWS has no such endpoint, {url}: {reason}; it comes from {host}: correct that"
    ),
    Unreachable.REQUEST: (
        "cannot send the request to {service} at {url}: {reason}; the host comes from "
        "{host}: check that"
    ),
    Unreachable.UNEXPECTED: (
        "unexpected response from {service} at {url}{said}; is a proxy answering? check the "
        "network, the proxy, and where the host comes from: {host}"
    ),
    Unreachable.THROTTLED: (
        "{service} at {url} gets too many requests: {reason}; wait a minute and try again"
    ),
    Unreachable.FAILED: (
        "{service} at {url} fails at the moment: {reason}; try again in a minute"
    ),
}


def unreachable(
    error: Unreachable,
    endpoint: Endpoint,
    service: str = STS,
    made_by: Sequence[Setting] | None = None,
) -> CredentialsError:
    """Return the failure to get an answer of `service` in the words that the user reads.

    `endpoint` is the plan's, and `made_by` are the settings that make the service's host,
    by default those that make the host of STS.
    """
    by = endpoint.bundle_by
    return CredentialsError(
        _TROUBLE[error.cause].format(
            service=service,
            url=error.url,
            reason=error.reason,
            said=f" ({error.reason})" if error.reason else "",
            via=f" {error.via}" if error.via else "",
            host=named(endpoint.made_by if made_by is None else made_by),
            bundle=(
                "AWS_CA_BUNDLE, which must name the certificates of a proxy that reads TLS"
                if by is None
                else f"whether {shown(by.value)} ({by.where}) holds the certificates of "
                "that host, or of a proxy that reads TLS"
            ),
        )
    )


def named(settings: Sequence[Setting]) -> str:
    """Return the names of `settings`, and where each stands.

    A URL is left out: the message has the host, and the rest of it may be a secret.
    """
    return " and ".join(map(_named, settings))


def _named(setting: Setting) -> str:
    name = setting.name
    is_url = "://" in setting.value or setting.value.startswith("/")
    if setting.line:
        value = "" if is_url or name == "role_arn" else f" = {shown(setting.value)}"
        return f"{name}{value} ({setting.where})"
    if is_url or not setting.value:
        return setting.where
    if setting.where == DEFAULT:
        return f"{DEFAULT} {name} {setting.value}"
    return values.stated(setting)


def _seconds(step: Step) -> str:
    duration = step.parameters().get("DurationSeconds")
    if not isinstance(duration, int):
        return "the duration asked for"
    return in_units(duration)


def _advice(error: Refused, chain: Chain, step: Step) -> str:
    """Return why AWS may have denied the step, and what to check."""
    if not isinstance(step, AssumeRole):
        return f"check that {chain.source.label} owns {step.serial}"
    before = chain.steps[: chain.steps.index(step)]
    roles = [one for one in before if isinstance(one, AssumeRole)]
    who = f"the {roles[-1]}" if roles else chain.source.label
    if "explicit deny" in error.message:
        return (
            f"a policy denies it to {who}, or to all: an allow elsewhere does not help"
        )
    if "no identity-based policy" in error.message:
        return f"add sts:AssumeRole for {step.role_arn} to a policy of {who}"
    vouched = step.mfa_serial is not None or chain.steps[0].mfa_serial is not None
    external = "external_id is not set"
    if step.external_id is not None:
        external = "external_id is set, and may be another one"
    mfa = "an MFA code was given" if vouched else "mfa_serial is not set"
    serial = chain.source.profile.get("mfa_serial")
    if not vouched and serial is not None:
        mfa += f" (the one in {serial.where} is for the source profile only)"
    return (
        f"check that a policy of {who} allows sts:AssumeRole for {step.role_arn}, and that "
        f"the role's trust policy allows it; if the trust policy asks for more: {external}; "
        f"{mfa}"
    )
