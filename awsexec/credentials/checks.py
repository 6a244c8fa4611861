"""Checks of answers and files: whether they hold credentials that can be used."""

from __future__ import annotations

from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.plan.source import Source

# The errors of reading an answer that is not what was expected: a list in place of an
# object, a number out of range, an array nested too deeply.
READING_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def unsendable(value: object) -> str | None:
    """Return why `value`, a part of credentials, cannot be sent; None if it can.

    An HTTP header holds printable ASCII on one line. The reason is a phrase to follow the
    value's name. It does not quote the value, which may be a secret.
    """
    if not isinstance(value, str):
        return "is not text"
    if not value:
        return "is empty"
    if "\n" in value or "\r" in value:
        return "has a line break"
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return "is in quotes, which AWS would take for a part of it"
    if not (value.isascii() and value.isprintable()):
        return "has characters that are not printable ASCII"
    return None


def source_error(source: Source, what: str) -> CredentialsError:
    """Return the failure of `source`; `what` says what happened and what to do."""
    return CredentialsError(
        "; ".join(filter(None, [f"{source.label}: {what}", source.advice]))
    )


def environment_expired(source: Source) -> CredentialsError:
    """Return the failure of the environment's own session, which has ended.

    `source` is the machine's.
    """
    name = source.given_by
    if name is None:
        return CredentialsError(
            "the credentials in the environment have expired; export new ones, or name a "
            "PROFILE"
        )
    import shlex

    return CredentialsError(
        f"the credentials of profile {name!r} in the environment have expired; for new "
        f"ones name the profile, as in: awsexec --whoami {shlex.quote(name)}"
    )


def checked(
    source: Source, key_id: object, secret: object, token: object, expires: int | None
) -> Credentials:
    """Return the credentials that `source` gave, checked.

    `expires` is in seconds since the epoch. Raises `CredentialsError` if they
    cannot be sent in a request.
    """
    for name, value in (
        ("key id", key_id),
        ("secret key", secret),
        ("session token", token or "-"),
    ):
        if why := unsendable(value):
            raise source_error(
                source, f"it gave a {name} that {why}; correct it at the source"
            )
    assert isinstance(key_id, str) and isinstance(secret, str)
    return Credentials(key_id, secret, str(token) if token else None, expires)
