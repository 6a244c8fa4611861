"""Calls to AWS IAM about the access keys of one user (IAM API Reference)."""

from __future__ import annotations

from awsexec.credentials.aws_errors import DENIED, EXPIRED, UNKNOWN_KEY
from awsexec.credentials.checks import unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import CredentialsError, tail
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from awsexec.credentials.sts import Sts

    T = TypeVar("T")

# No key has this id: 0 and 1 are not among AWS's letters. Deleting it shows whether the
# user may delete keys at all.
NOBODYS = "AKIA0000000000000000"


class NotKnownYet(CredentialsError):
    """AWS does not know the key that signed; it may be too new, or no longer active."""


class Denied(CredentialsError):
    """A policy does not allow the call, so that nothing was changed."""


class AccessKey:
    """An access key as IAM lists it; `created` is in seconds since the epoch."""

    __slots__ = ("key_id", "is_active", "created")

    def __init__(self, key_id: str, is_active: bool, created: int) -> None:
        self.key_id = key_id
        self.is_active = is_active
        self.created = created


class Iam:
    """The keys of the IAM user `user`, as `signer` may see and change them.

    All methods raise `CredentialsError`, and `NotKnownYet` where AWS does not know the
    signer's key.
    """

    def __init__(self, sts: Sts, signer: Credentials, user: str) -> None:
        self._sts = sts
        self._signer = signer
        self._user = user

    def keys(self) -> list[AccessKey]:
        """Return the user's keys, of which IAM allows two."""
        return self._ask("ListAccessKeys", {}, _keys)

    def last_use(self, key_id: str) -> str | None:
        """Return when and for what a key was used last, for people; None for never.

        It is "unknown" where the signer may not ask.
        """
        try:
            return self._sts.ask(
                "iam",
                "GetAccessKeyLastUsed",
                {"AccessKeyId": key_id},
                self._signer,
                _last_use,
            )
        except (Refused, Unreachable):
            return "unknown"

    def create(self) -> tuple[str, str]:
        """Make a new key; return its id and its secret, which IAM says only now."""
        return self._ask("CreateAccessKey", {}, _created)

    def set_active(self, key_id: str, is_active: bool) -> None:
        """Activate or deactivate a key."""
        status = "Active" if is_active else "Inactive"
        self._ask(
            "UpdateAccessKey", {"AccessKeyId": key_id, "Status": status}, lambda _: None
        )

    def delete(self, key_id: str) -> None:
        """Delete a key, which need not be there."""
        try:
            self._ask("DeleteAccessKey", {"AccessKeyId": key_id}, lambda _: None)
        except _Missing:
            pass

    def check_may_rotate(self, key_id: str) -> None:
        """Raise unless the signer may change and delete keys; this changes nothing.

        `key_id` is an active key of the user's. That it may create keys, only
        `create` shows.
        """
        self.set_active(key_id, True)
        self.delete(NOBODYS)

    def _ask(
        self,
        operation: str,
        parameters: dict[str, object],
        read: Callable[[dict[str, Any]], T],
    ) -> T:
        parameters = {"UserName": self._user, **parameters}
        try:
            return self._sts.ask("iam", operation, parameters, self._signer, read)
        except Refused as error:
            raise self._in_words(error, operation) from None
        except Unreachable as error:
            raise self._sts.unreachable(error, "iam") from None

    def _in_words(self, error: Refused, operation: str) -> CredentialsError:
        what = f"user {self._user}: {operation}"
        if error.code == "NoSuchEntity":
            return _Missing(f"{what}: {error.said}")
        if error.code in (*UNKNOWN_KEY, *EXPIRED):
            return NotKnownYet(
                f"{what}: AWS does not accept {self._signer}: {error.said}"
            )
        if error.code in DENIED:
            mfa = "MFA was given"
            if self._signer.token is None:
                mfa = "if the policy wants MFA, add --mfa-serial or mfa_serial"
            return Denied(
                f"{what}: {error.said}; allow the user iam:{operation} on itself; {mfa}"
            )
        if error.code == "LimitExceeded":
            return CredentialsError(
                f"{what}: {error.said}; a user has two keys at most: delete one first"
            )
        return CredentialsError(f"{what}: AWS refused: {error.said}")


class _Missing(CredentialsError):
    """There is no such key."""


def _keys(answer: dict[str, Any]) -> list[AccessKey]:
    return [
        AccessKey(
            str(item["AccessKeyId"]),
            item["Status"] == "Active",
            int(item["CreateDate"].timestamp()),
        )
        for item in answer["AccessKeyMetadata"]
    ]


def _last_use(answer: dict[str, Any]) -> str | None:
    found = answer["AccessKeyLastUsed"]
    date = found.get("LastUsedDate")
    if date is None:
        return None
    return (
        f"{iso8601(int(date.timestamp()))} ({found['ServiceName']}, {found['Region']})"
    )


def _created(answer: dict[str, Any]) -> tuple[str, str]:
    found = answer["AccessKey"]
    key_id, secret = found["AccessKeyId"], found["SecretAccessKey"]
    if unsendable(key_id) or unsendable(secret):
        raise ValueError("it cannot be sent")
    return str(key_id), str(secret)


def about(key: AccessKey, last_use: str | None) -> str:
    """Return what tells a person which key this is."""
    return (
        f"{tail(key.key_id)}, created {iso8601(key.created)}, last used "
        f"{last_use or 'never'}"
    )
