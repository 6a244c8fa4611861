"""What STS's refusals mean to the user, and what to do about each.

The codes are from the AWS STS API reference ("Common errors" and each operation's
"Errors"); the messages that are told apart here are what AWS has sent for years, and
an unknown one is passed on as it is.
"""

from __future__ import annotations

from awsexec.errors import CredentialsError, MfaRefused
from awsexec.plan.calls import AssumeRole
from awsexec.plan.limits import CHAINED_LONGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.sdk.errors import Refused, Unreachable
    from awsexec.plan.calls import Step
    from awsexec.plan.chain import Chain

# the codes for a session that has ended
EXPIRED = ("ExpiredToken", "ExpiredTokenException")


def in_words(error: Refused, chain: Chain, step: Step) -> CredentialsError:
    """The failure of `step` of `chain` in the words the user reads."""
    said = f"{error.message.strip().rstrip('.')} ({error.code})"
    profile = f"profile {step.profile!r}"
    asking = chain.source.label
    code = error.code

    if "MultiFactorAuthentication failed with invalid MFA" in error.message:
        return MfaRefused(f"{profile}: {said}; each code works once, wait for the next")
    found = _of_signer(error, profile, asking, said)
    if found is not None:
        return found
    if "role chaining" in error.message:
        return CredentialsError(
            f"{profile}: the credentials of {asking} are a session, and a role assumed "
            f"from one lives one hour at most; ask for {CHAINED_LONGEST} seconds or less "
            f"with --duration or duration_seconds, and let --serve renew it: {said}"
        )
    if "DurationSeconds" in error.message:
        return CredentialsError(
            f"{profile}: AWS does not give this role {_seconds(step)}; ask for less with "
            "--duration or duration_seconds, and let --serve renew it, or raise the role's "
            f"maximum: {said}"
        )
    if code in ("AccessDenied", "AccessDeniedException"):
        return CredentialsError(f"{profile}: {said}; {_advice(chain, step)}")
    return CredentialsError(f"{profile}: AWS refused the {step}: {said}")


def federation_in_words(error: Refused, profile: str, asking: str) -> CredentialsError:
    """The failure of GetFederationToken for `profile`, with the keys of `asking`."""
    said = f"{error.message.strip().rstrip('.')} ({error.code})"
    found = _of_signer(error, profile, asking, said)
    if found is not None:
        return found
    if error.code in ("AccessDenied", "AccessDeniedException"):
        return CredentialsError(
            f"{profile}: {said}; the user needs the permission sts:GetFederationToken, "
            "or better a role, which has a console without it"
        )
    return CredentialsError(f"{profile}: AWS refused GetFederationToken: {said}")


def _of_signer(
    error: Refused, profile: str, asking: str, said: str
) -> CredentialsError | None:
    """The failures that have to do with who signed, and when; None for others."""
    code = error.code
    if code in ("RequestExpired", "RequestInTheFuture") or (
        "Signature expired" in error.message or "Signature not yet" in error.message
    ):
        if error.skew is None:
            clocks = "and AWS's differ"
        else:
            side = "ahead of" if error.skew > 0 else "behind"
            clocks = f"is {side} AWS's by {abs(error.skew):.0f} seconds"
        return CredentialsError(
            f"{profile}: this machine's clock {clocks}; set it and try again: {said}"
        )
    if code in EXPIRED:
        return CredentialsError(
            f"the credentials of {asking} have expired; renew them and try again"
        )
    if code in ("InvalidClientTokenId", "UnrecognizedClientException"):
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
    """The failure to reach a service in the words the user reads."""
    return CredentialsError(
        f"cannot reach {service} at {error.url}: {error.reason}; check the network, the "
        "proxy and AWS_CA_BUNDLE"
    )


def _seconds(step: Step) -> str:
    duration = step.parameters().get("DurationSeconds")
    return "that long" if duration is None else f"{duration} seconds"


def _advice(chain: Chain, step: Step) -> str:
    """Why AWS may have denied it, the likely causes first."""
    if not isinstance(step, AssumeRole):
        return f"check that {chain.source.label} owns {step.serial}"
    external = (
        "the one configured may not be the one the role's trust policy wants"
        if step.external_id is not None
        else "none is configured (external_id)"
    )
    vouched = step.mfa_serial is not None or chain.steps[0].mfa_serial is not None
    mfa = "a code was given" if vouched else "none is configured (mfa_serial)"
    serial = chain.source.profile.get("mfa_serial")
    if not vouched and serial is not None:
        mfa += f"; {serial.where} has one for the source profile only"
    return (
        f"{chain.source.label} asked for {step.role_arn}; check that both policies "
        f"allow it, the external id: {external}, and MFA: {mfa}"
    )
