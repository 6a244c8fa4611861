"""What AWS's refusals become."""

import pytest

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.errors import Refused
from awsexec.errors import CredentialsError, MfaRefused
from awsexec.plan.chain import chain_of
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import ALICE, READER, READER_CONFIG, SERIAL

LABEL = "profile 'alice' (key …MPLE in CREDENTIALS:3)"


def explain(code, message, skew=None, settings="", keys=ALICE, step=0):
    profiles = Profiles(
        files.parse(READER_CONFIG + settings, "CONFIG", files.CONFIG),
        files.parse(keys, "CREDENTIALS", files.CREDENTIALS),
    )
    chain = chain_of(profiles, profiles.get("reader"), "me", {})
    return aws_errors.in_words(Refused(code, message, skew), chain, chain.steps[step])


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


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "Signature expired: x is now earlier than y"),
        ("SignatureDoesNotMatch", "Signature not yet current: x is still later than y"),
        ("RequestExpired", "Request has expired"),
    ],
)
@pytest.mark.parametrize(
    ("skew", "apart"), [(-299, "4m59s"), (-3, "3s"), (0, "0s"), (240, "4m")]
)
def test_clock_that_is_right(code, message, skew, apart):
    """A difference that AWS allows is not the cause: the request was late."""
    line = str(explain(code, message, skew))
    assert line == (
        "profile 'reader': AWS got the request at another time than its signature says, "
        f"though this machine's clock is right by now ({apart} apart); the "
        "machine slept, or its clock was set, or the network is slow: try again: "
        f"{message} ({code})"
    )


def test_session_that_expired_by_a_wrong_clock():
    line = str(explain("ExpiredToken", "x", -4000.0))
    assert line == (
        f"the credentials of {LABEL} have expired; this machine's clock is behind AWS's by "
        "1h7m: set it and try again"
    )


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (
            ALICE + "aws_session_token = EXAMPLEOLD\n",
            "a key id that begins with AKIA has no session token, so aws_session_token "
            "(CREDENTIALS:5) is left over from an older session: remove it",
        ),
        (
            ALICE.replace("AKIA", "ASIA"),
            "a key id that begins with ASIA is a session's, and its aws_session_token is "
            "missing: copy that too",
        ),
        (
            ALICE.replace("AKIA", "ASIA") + "aws_session_token = EXAMPLE\n",
            "it was deleted, made inactive or mistyped",
        ),
    ],
    ids=["left over", "missing", "together"],
)
def test_key_and_token_that_do_not_belong_together(keys, why):
    line = str(explain("InvalidClientTokenId", "Invalid.", keys=keys))
    assert line == (
        f"AWS does not know the key of {LABEL}; {why}: Invalid (InvalidClientTokenId)"
    )


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            "InvalidClientTokenId",
            "profile 'reader': AWS does not know {session} any more",
        ),
        ("ExpiredToken", "{session} has expired"),
    ],
)
def test_session_in_the_chain(code, line):
    """Alice's key signed another call; this one the session with her MFA."""
    settings = f"mfa_serial = {SERIAL}\n"
    said = str(explain(code, "x", settings=settings, step=1))
    session = f"the MFA session with {SERIAL}"
    advice = "; forget it with awsexec --forget, and try again"
    assert said.startswith(line.format(session=session) + advice)
    assert "alice'" not in said


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (
            "because no identity-based policy allows the sts:AssumeRole action",
            f"add sts:AssumeRole for {READER} to a policy of {LABEL}",
        ),
        (
            "with an explicit deny in a service control policy",
            f"a policy denies it to {LABEL}, or to all: an allow elsewhere does not help",
        ),
    ],
)
def test_denial_whose_reason_aws_says(reason, advice):
    message = (
        f"User: x is not authorized to perform: sts:AssumeRole on resource: y {reason}"
    )
    line = str(explain("AccessDenied", message))
    assert line == f"profile 'reader': {message} (AccessDenied); {advice}"


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
