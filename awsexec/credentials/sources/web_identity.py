"""A role assumed with the token of another identity provider (OpenID Connect).

AWS STS API reference, "AssumeRoleWithWebIdentity".
"""

from __future__ import annotations

from awsexec import bounded
from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

# in characters, as AssumeRoleWithWebIdentity accepts it
TOKEN_LENGTH = (4, 20_000)
# bytes of its file
_LARGEST = 1_048_576


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError`, as `load` does, if the file holds no token."""
    _token(source)


def load(source: Source, context: Context) -> Credentials:
    """Return the session that STS gives for the token in the file.

    Raises `CredentialsError`.
    """
    from awsexec.credentials.sdk.providers import from_web_identity

    path = source.value("web_identity_token_file") or ""
    role = source.value("role_arn")
    token = _token(source)
    try:
        return from_web_identity(source, context, token)
    except Refused as error:
        if error.code == "IDPCommunicationError":
            raise source_error(
                source,
                f"AWS cannot reach the issuer of the token in {shown(path)} at the moment: "
                f"{error.said}; try again",
            ) from None
        raise source_error(
            source,
            f"AWS refused {role} for the token in {shown(path)}: "
            f"{error.said}; check whether the token has expired, and the role's trust "
            "policy",
        ) from None
    except Unreachable as error:
        raise aws_errors.unreachable(error, context.endpoint) from None


def _token(source: Source) -> str:
    path = source.value("web_identity_token_file") or ""
    try:
        token = bounded.read(path, _LARGEST, is_regular=True).decode("utf-8")
    except (OSError, ValueError) as error:
        why = reason(error, otherwise="it is not text")
        raise source_error(
            source,
            f"cannot read the token in {shown(path)}: {why}; get a token from its issuer, "
            "or correct the path",
        ) from None
    shortest, longest = TOKEN_LENGTH
    if not shortest <= len(token) <= longest:
        raise source_error(
            source,
            f"the token in {shown(path)} has {len(token)} characters, but AWS accepts "
            f"{shortest} to {longest}; get a new token from its issuer",
        )
    if any(map(str.isspace, token.strip())):
        raise source_error(
            source,
            f"the token in {shown(path)} has a line break or a blank in its middle; a token "
            "is one word: get it again from its issuer",
        )
    return token
