"""The part of AWS IAM that is about a user's access keys, in one server with STS.

Keys can be made, deactivated and deleted. A new key is refused as often as `delay` says,
by STS and IAM alike, as it is for some seconds at AWS.
"""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field

from tests.servers.sigv4 import Authorization
from tests.servers.sts import (
    Credentials,
    Operations,
    Refusal,
    StsServer,
    User,
)
from tests.servers.web import iso8601

LONGEST_LIST = 2


@dataclass
class Key:
    """A key of a user; `used` is for which service it was used last."""

    user: User
    credentials: Credentials
    created: float
    is_active: bool = True
    used: str = ""


@dataclass
class IamServer(StsServer):
    """STS and IAM. Operations in `denied` are not allowed; with `mfa`, IAM wants MFA."""

    services: tuple[str, ...] = ("sts", "iam")
    delay: int = 0
    denied: set[str] = field(default_factory=set)
    mfa: bool = False
    keys: dict[str, Key] = field(default_factory=dict)

    def add_user(self, name, key_id, secret, codes=()):
        user = super().add_user(name, key_id, secret, codes)
        self._add_key(user, key_id, time.time() - 86_400)
        self._made, self._refusals = 0, {}
        return user

    def make_key(self, name: str) -> tuple[str, str]:
        """A further key of a user, as she makes it in the console."""
        user = next(key.user for key in self.keys.values() if key.user.name == name)
        self._made += 1
        key_id = f"AKIAI44QH8DHBEXAMP{self._made:02}"
        secret = f"je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEK{self._made:02}"
        self._credentials[key_id] = Credentials(
            key_id, secret, None, user.arn, user.arn, user
        )
        self._add_key(user, key_id, time.time())
        return key_id, secret

    def _add_key(self, user: User, key_id: str, created: float) -> None:
        self.keys[key_id] = Key(user, self._credentials[key_id], created)

    @property
    def active(self) -> list[str]:
        """The ids of the active keys."""
        return [key_id for key_id, key in self.keys.items() if key.is_active]

    def _authenticate(
        self,
        claim: Authorization | None,
        headers: http.client.HTTPMessage,
        body: bytes,
    ) -> Credentials:
        key_id = claim.key_id if claim is not None else ""
        if self._refusals.get(key_id, 0) > 0:
            self._refusals[key_id] -= 1
            raise Refusal("InvalidClientTokenId", "The security token is invalid.")
        caller = super()._authenticate(claim, headers, body)
        if key_id in self.keys:
            self.keys[key_id].used = claim.service
        return caller

    def operations_known(self) -> Operations:
        own = {
            "ListAccessKeys": self._list,
            "CreateAccessKey": self._create,
            "UpdateAccessKey": self._update,
            "DeleteAccessKey": self._delete,
            "GetAccessKeyLastUsed": self._last_used,
        }
        return {
            **super().operations_known(),
            "ListAccountAliases": lambda caller, parameters: (
                "<AccountAliases></AccountAliases><IsTruncated>false</IsTruncated>"
            ),
            **{name: self._guarded(name, answer) for name, answer in own.items()},
        }

    def _guarded(self, name, answer):
        def guarded(caller: Credentials, parameters: dict[str, str]) -> str:
            if caller.user is None or parameters.get("UserName", caller.user.name) != (
                caller.user.name
            ):
                raise self._denial(name, caller)
            if caller.token is not None and not caller.mfa:
                # a session of GetSessionToken without MFA cannot call IAM
                raise Refusal("InvalidClientTokenId", "The security token is invalid.")
            if name in self.denied or (self.mfa and not caller.mfa):
                raise self._denial(name, caller)
            return answer(caller, parameters)

        return guarded

    def _denial(self, name: str, caller: Credentials) -> Refusal:
        return Refusal(
            "AccessDenied",
            f"User: {caller.caller} is not authorized to perform: iam:{name} on "
            f"resource: user {caller.caller}",
        )

    def _of(self, user: User) -> dict[str, Key]:
        return {n: key for n, key in self.keys.items() if key.user.name == user.name}

    def _list(self, caller: Credentials, parameters: dict[str, str]) -> str:
        members = "".join(
            f"<member><UserName>{key.user.name}</UserName><AccessKeyId>{key_id}"
            f"</AccessKeyId><Status>{'Active' if key.is_active else 'Inactive'}</Status>"
            f"<CreateDate>{iso8601(key.created)}</CreateDate></member>"
            for key_id, key in self._of(caller.user).items()
        )
        return (
            f"<AccessKeyMetadata>{members}</AccessKeyMetadata>"
            "<IsTruncated>false</IsTruncated>"
        )

    def _create(self, caller: Credentials, parameters: dict[str, str]) -> str:
        if len(self._of(caller.user)) >= LONGEST_LIST:
            raise Refusal(
                "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409
            )
        key_id, secret = self.make_key(caller.user.name)
        self._refusals[key_id] = self.delay
        return (
            f"<AccessKey><UserName>{caller.user.name}</UserName><AccessKeyId>{key_id}"
            f"</AccessKeyId><Status>Active</Status><SecretAccessKey>{secret}"
            f"</SecretAccessKey><CreateDate>{iso8601(time.time())}</CreateDate></AccessKey>"
        )

    def _key(self, caller: Credentials, parameters: dict[str, str]) -> Key:
        key = self._of(caller.user).get(parameters["AccessKeyId"])
        if key is None:
            raise Refusal(
                "NoSuchEntity", "The Access Key with that id cannot be found.", 404
            )
        return key

    def _update(self, caller: Credentials, parameters: dict[str, str]) -> str:
        key = self._key(caller, parameters)
        key.is_active = parameters["Status"] == "Active"
        if key.is_active:
            self._credentials[key.credentials.key_id] = key.credentials
        else:
            self._credentials.pop(key.credentials.key_id, None)
        return ""

    def _delete(self, caller: Credentials, parameters: dict[str, str]) -> str:
        key = self._key(caller, parameters)
        del self.keys[key.credentials.key_id]
        self._credentials.pop(key.credentials.key_id, None)
        return ""

    def _last_used(self, caller: Credentials, parameters: dict[str, str]) -> str:
        key = self._key(caller, parameters)
        date = (
            f"<LastUsedDate>{iso8601(time.time())}</LastUsedDate>" if key.used else ""
        )
        return (
            f"<UserName>{key.user.name}</UserName><AccessKeyLastUsed>{date}"
            f"<ServiceName>{key.used or 'N/A'}</ServiceName>"
            f"<Region>{'us-east-1' if key.used else 'N/A'}</Region></AccessKeyLastUsed>"
        )
