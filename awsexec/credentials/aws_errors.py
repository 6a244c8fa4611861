"""AWS's errors in the user's words: what each means, and what to do about it.

The codes are from the AWS STS API reference ("Common errors" and each operation's
"Errors"). AWS does not document the texts of messages that are looked for here, but has
sent them for years. An unknown message is passed on as it is.
"""

from __future__ import annotations

from awsexec.credentials.sdk.errors import UnexpectedResponse, Unreachable
from awsexec.errors import CredentialsError, MfaRefused
from awsexec.plan.calls import AssumeRole
from awsexec.plan.limits import CHAINED_LONGEST
from awsexec.times import about, in_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.sdk.errors import Refused
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain

# the codes for what a policy does not allow
DENIED = ("AccessDenied", "AccessDeniedException")
# the codes for a session that has ended
EXPIRED = ("ExpiredToken", "ExpiredTokenException")
# the codes for a key that was deleted, is inactive, or is too new
UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException")


def in_words(error: Refused, chain: Chain, step: Step) -> CredentialsError:
    """Return the failure of `step` of `chain` in the words that the user reads."""
    said = error.said
    profile = f"profile {step.profile!r}"
    asking = chain.source.label
    code = error.code

    if "MultiFactorAuthentication failed with invalid MFA" in error.message:
        return MfaRefused(
            f"{profile}: {said}; each code works once, so wait for the next one"
        )
    found = _of_signer(error, profile, asking, said)
    if found is not None:
        return found
    if "role chaining" in error.message:
        return CredentialsError(
            f"{profile}: the credentials of {asking} are a session, and a role that a "
            f"session assumes lives one hour at most; ask for "
            f"{in_units(CHAINED_LONGEST)} or less with --duration or duration_seconds "
            f"(--serve renews the session): {said}"
        )
    if "DurationSeconds" in error.message:
        return CredentialsError(
            f"{profile}: this role's maximum is less than {_seconds(step)}; ask for less "
            "with --duration or duration_seconds (--serve renews the session), or raise "
            f"the maximum: {said}"
        )
    if code in DENIED:
        return CredentialsError(f"{profile}: {said}; {_advice(chain, step)}")
    return CredentialsError(f"{profile}: AWS refused the {step}: {said}")


def federation_in_words(error: Refused, profile: str, asking: str) -> CredentialsError:
    """Return the failure of GetFederationToken for `profile` with the keys of `asking`."""
    said = error.said
    found = _of_signer(error, profile, asking, said)
    if found is not None:
        return found
    if error.code in DENIED:
        return CredentialsError(
            f"{profile}: {said}; give the user the permission sts:GetFederationToken, or "
            "use a role"
        )
    return CredentialsError(f"{profile}: AWS refused GetFederationToken: {said}")


def identity_in_words(error: Refused, profile: str, asking: str) -> CredentialsError:
    """Return the failure of GetCallerIdentity for `profile` with the keys of `asking`."""
    return _of_signer(error, profile, asking, error.said) or CredentialsError(
        f"{profile}: AWS refused GetCallerIdentity: {error.said}"
    )


def _of_signer(
    error: Refused, profile: str, asking: str, said: str
) -> CredentialsError | None:
    """Return the failure if it is about who signed, or when; None for other failures."""
    code = error.code
    if code in ("RequestExpired", "RequestInTheFuture") or (
        "Signature expired" in error.message or "Signature not yet" in error.message
    ):
        if error.skew is None:
            clocks = "and AWS's differ"
        else:
            side = "ahead of" if error.skew > 0 else "behind"
            clocks = f"is {side} AWS's by {about(abs(error.skew))}"
        return CredentialsError(
            f"{profile}: this machine's clock {clocks}; set it and try again: {said}"
        )
    if code in EXPIRED:
        return CredentialsError(
            f"the credentials of {asking} have expired; renew them and try again"
        )
    if code in UNKNOWN_KEY:
        return CredentialsError(
            f"AWS does not know the key of {asking}; it was deleted, made inactive or "
            f"mistyped: {said}"
        )
    if code == "SignatureDoesNotMatch":
        return CredentialsError(
            f"AWS does not accept the secret key of {asking}; check it: {said}"
        )
    return None


def unreachable(error: Unreachable, service: str = "AWS STS") -> CredentialsError:
    """Return the failure to get an answer of `service` in the words that the user reads."""
    if isinstance(error, UnexpectedResponse):
        return CredentialsError(
            f"unexpected response from {service} at {error.url}; is a proxy answering? "
            "check the network, the proxy and the endpoint URL"
        )
    return CredentialsError(
        f"cannot reach {service} at {error.url}: {error.reason}; check the network, the "
        "proxy and AWS_CA_BUNDLE"
    )


def _seconds(step: Step) -> str:
    duration = step.parameters().get("DurationSeconds")
    if not isinstance(duration, int):
        return "the duration asked for"
    return in_units(duration)


def _advice(chain: Chain, step: Step) -> str:
    """Return why AWS may have denied the step, the likely causes first."""
    if not isinstance(step, AssumeRole):
        return f"check that {chain.source.label} owns {step.serial}"
    external = (
        "the configured one may differ from the one in the role's trust policy"
        if step.external_id is not None
        else "none is configured (external_id)"
    )
    vouched = step.mfa_serial is not None or chain.steps[0].mfa_serial is not None
    mfa = "a code was given" if vouched else "none is configured (mfa_serial)"
    serial = chain.source.profile.get("mfa_serial")
    if not vouched and serial is not None:
        mfa += f"; the one in {serial.where} is for the source profile only"
    return (
        f"{chain.source.label} asked for {step.role_arn}; check that your policy and the "
        f"role's trust policy allow it; external id: {external}; MFA: {mfa}"
    )
