"""What AWS's refusals become."""

import pytest

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import CredentialsError, MfaRefused
from awsexec.plan.chain import chain_of
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import ALICE, READER, READER_CONFIG, SERIAL

LABEL = "profile 'alice' (key …MPLE in CREDENTIALS:3)"


def explain(code, message, skew=None, settings=""):
    profiles = Profiles(
        files.parse(READER_CONFIG + settings, "CONFIG", files.CONFIG),
        files.parse(ALICE, "CREDENTIALS", files.CREDENTIALS),
    )
    chain = chain_of(profiles, profiles.get("reader"), "me", {})
    return aws_errors.in_words(Refused(code, message, skew), chain, chain.steps[0])


@pytest.mark.parametrize(
    ("code", "message", "skew", "line"),
    [
        (
            "RequestExpired",
            "Request has expired.",
            -4000.4,
            "profile 'reader': this machine's clock is behind AWS's by 1h7m; "
            "set it and try again: Request has expired (RequestExpired)",
        ),
        (
            "RequestInTheFuture",
            "Request is in the future.",
            4000.0,
            "profile 'reader': this machine's clock is ahead of AWS's by 1h7m; "
            "set it and try again: Request is in the future (RequestInTheFuture)",
        ),
        (
            "ExpiredTokenException",
            "x",
            None,
            f"the credentials of {LABEL} have expired; renew them and try again",
        ),
        (
            "UnrecognizedClientException",
            "Unknown.",
            None,
            f"AWS does not know the key of {LABEL}; it was deleted, made inactive or "
            "mistyped: Unknown (UnrecognizedClientException)",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds it.",
            None,
            "profile 'reader': this role's maximum is less than the duration asked for; "
            "ask for less with --duration or duration_seconds (--serve renews the "
            "session), or raise the maximum: The requested DurationSeconds exceeds it (ValidationError)",
        ),
        (
            "Odd",
            "Something else",
            None,
            f"profile 'reader': AWS refused the role {READER}: Something else (Odd)",
        ),
    ],
)
def test_explanation(code, message, skew, line):
    error = explain(code, message, skew)
    assert type(error) is CredentialsError
    assert str(error) == line


def test_clock_of_unknown_offset():
    # no Date came with it: the direction is not known either
    line = str(explain("RequestExpired", "Request has expired."))
    assert line == (
        "profile 'reader': this machine's clock and AWS's differ; set it and try again: "
        "Request has expired (RequestExpired)"
    )


def test_refused_code_may_be_followed_by_another():
    message = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    error = explain("AccessDenied", message, settings=f"mfa_serial = {SERIAL}\n")
    assert type(error) is MfaRefused
    assert str(error) == (
        "profile 'reader': MultiFactorAuthentication failed with invalid MFA one time "
        "pass code (AccessDenied); each code works once, so wait for the next one"
    )


def test_unreachable():
    assert str(aws_errors.unreachable(Unreachable("https://x", "no way"))) == (
        "cannot reach AWS STS at https://x: no way; check the network, the proxy and "
        "AWS_CA_BUNDLE"
    )
