"""What stands in for the world: the clock, time stamps of files, AWS, and the keyring."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.keys.iam import AccessKey
from awsexec.credentials.sdk.errors import Unreachable
from tests.whose.model import account_of, identity_of_role


class World:
    """The time, and what depends on it; and AWS.

    `step` is that of the file system's time stamps, in seconds. While AWS `is_down`,
    neither STS nor a source answers. `owners` are the accounts of all users' keys, and
    `users` the names of the users.
    """

    def __init__(self, step: float) -> None:
        # since the start of the system, and at that start by the clock
        self.passed, self.began = 1000.0, 1_799_999_000.25
        self.step = step
        self.stamps: dict[str, tuple[int, int]] = {}
        self.calls = 0
        self.is_down = False
        self.owners: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._stat = os.stat
        # before the clock was set back
        self._used: set[int] = set()
        self._latest = 0.0

    @property
    def now(self) -> float:
        """The time by the machine's clock."""
        return self.began + self.passed

    @now.setter
    def now(self, later: float) -> None:
        self.passed = later - self.began

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def stamp(self) -> int:
        """What the file system gives a file that is changed now, in nanoseconds."""
        ticks = int(self.now / self.step)
        # whole seconds where it keeps no finer ones, and those are hardly ever whole
        return int(ticks * self.step) * 10**9 if self.step >= 1 else ticks * 10**7 + 1

    def touched(self, path: Path, keep_mtime: bool = False) -> None:
        now = self.stamp()
        while self.now < self._latest and now in self._used:
            # two edits in the very same moment, an hour apart: nobody could tell
            self.now += self.step
            now = self.stamp()
        self._used.add(now)
        self._latest = max(self._latest, self.now)
        mtime = self.stamps[str(path)][0] if keep_mtime else now
        self.stamps[str(path)] = mtime, now

    def stat(self, path: Any, *arguments: Any, **options: Any) -> Any:
        true = self._stat(path, *arguments, **options)
        if path not in self.stamps:
            return true
        mtime, ctime = self.stamps[path]
        # a file system may give a new file the number of the one that it replaces
        mode, _, device = true[:3]
        return os.stat_result(
            (mode, 1, device, *true[3:7], true.st_atime, mtime / 1e9, ctime / 1e9),
            {
                "st_atime_ns": true.st_atime_ns,
                "st_mtime_ns": mtime,
                "st_ctime_ns": ctime,
            },
        )

    def add_key(self, key_id: str, account: str, user: str) -> None:
        self.owners[key_id] = account
        self.users[key_id] = user

    def session(self, who: str, seconds: int) -> Credentials:
        """New credentials whose token tells whose they are."""
        self.calls += 1
        expires = int(self.now) + seconds
        token = f"{who}#{self.calls}#{expires}"
        return Credentials(key_of(who, self.calls), "EXAMPLESECRET", token, expires)

    def sts(self) -> type:
        """An STS whose answers tell what was asked for."""
        world = self

        class Sts:
            def __init__(self, endpoint: Any, *_: Any, connections: int = 0) -> None:
                self._url = endpoint.url

            def call(
                self, operation: str, parameters: Mapping[str, Any], signer: Credentials
            ) -> Credentials:
                self._check()
                if operation == "GetSessionToken":
                    identity = f"session:{signer.key_id}"
                else:
                    limits = [each["arn"] for each in parameters.get("PolicyArns", ())]
                    limits += filter(None, [parameters.get("Policy")])
                    identity = identity_of_role(
                        parameters["RoleArn"].removeprefix("arn:aws:iam::"),
                        parameters.get("ExternalId", ""),
                        self._url,
                        frozenset(limits),
                        ",".join(tag["Value"] for tag in parameters.get("Tags", ())),
                        identity_of(signer),
                    )
                return world.session(identity, parameters.get("DurationSeconds", 3600))

            def identity(self, signer: Credentials, _: object) -> dict[str, str]:
                return self.caller(signer)

            def caller(self, signer: Credentials) -> dict[str, str]:
                self._check()
                account = account_of(identity_of(signer), world.owners)
                user = world.users.get(signer.key_id, "somebody")
                return {
                    "Account": account,
                    "Arn": f"arn:aws:iam::{account}:user/{user}",
                }

            def unreachable(self, error: Exception) -> Exception:
                from awsexec.errors import CredentialsError

                return CredentialsError(str(error))

            def _check(self) -> None:
                if world.is_down:
                    raise Unreachable(self._url or "AWS", "it is down")

        return Sts

    def iam(self) -> type:
        """An IAM that makes and deletes keys of users."""
        world = self

        class Iam:
            def __init__(self, sts: Any, signer: Credentials, user: str) -> None:
                self._user = user

            def keys(self) -> list[AccessKey]:
                keys = [key for key, user in world.users.items() if user == self._user]
                return [AccessKey(key, True, int(world.now)) for key in keys]

            def last_use(self, key_id: str) -> None:
                return None

            def create(self) -> tuple[str, str]:
                old = self.keys()[0].key_id
                new = f"AKIAEXAMPLE{len(world.owners):09}"
                world.add_key(new, world.owners[old], self._user)
                return new, "EXAMPLESECRET"

            def set_active(self, key_id: str, is_active: bool) -> None:
                pass

            def delete(self, key_id: str) -> None:
                # whose it was is still known
                world.users.pop(key_id, None)

            def check_may_rotate(self, key_id: str) -> None:
                pass

        return Iam


class Ring:
    """The keyring of the user whose home `home` returns."""

    def __init__(self, home: Callable[[], str]) -> None:
        self._home = home
        self._items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, item: str) -> str | None:
        return self._items.get((self._home(), item))

    def set_password(self, service: str, item: str, text: str) -> None:
        self._items[self._home(), item] = text

    def delete_password(self, service: str, item: str) -> None:
        del self._items[self._home(), item]


def as_given(key_id: str) -> str:
    """A key as AWS gives it to its user."""
    return json.dumps({"AccessKeyId": key_id, "SecretAccessKey": "EXAMPLESECRET"})


def identity_of(credentials: Credentials) -> str:
    return (credentials.token or credentials.key_id).partition("#")[0]


def key_of(who: str, number: int) -> str:
    """Each session has a key id of its own, as with AWS."""
    return f"ASIAEXAMPLE{hashlib.md5(who.encode()).hexdigest()[:4].upper()}{number:06}"
