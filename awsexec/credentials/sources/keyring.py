"""A user's key in the system's keyring, which is opened for each request it is to sign."""

from __future__ import annotations

from awsexec.credentials.checks import source_error, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.keys.keyring import Keyring
from awsexec.errors import CredentialsError, NeedsUser, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source


def load(source: Source, context: Context) -> Credentials:
    """Return the key that the index names. Raises `CredentialsError` and `Interrupted`."""
    kept = source.kept
    assert kept is not None
    keyring = Keyring(may_prompt=context.show is not None, say=context.waiting)
    try:
        secret = keyring.secret(kept.name, kept.key_id)
    except NeedsUser as error:
        raise NeedsUser(f"profile {kept.name!r}: {error}", error.what) from None
    except CredentialsError as error:
        raise CredentialsError(f"profile {kept.name!r}: {error}") from None
    if secret is None:
        raise source_error(
            source,
            "the keyring has no such item; it was deleted or replaced, or this is another "
            f"keyring; add the key again: {typed('--add-keys', kept.name)}",
        )
    if why := unsendable(secret):
        raise source_error(
            source,
            f"its secret {why}; add the key again: {typed('--add-keys', kept.name)}",
        )
    return Credentials(kept.key_id, secret)
