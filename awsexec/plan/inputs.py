"""What decides whose credentials a source gives, besides its settings.

Files, what a program sees of its run, the machine, and a sign-in. The cache keeps none of
it, only cryptographic digests: tokens and the environment are secrets.
"""

from __future__ import annotations

import os
import time

from awsexec import bounded, fastpath
from awsexec.profiles.config import is_settled
from awsexec.times import YEAR_10000, as_tools_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# where AWS's tools keep what a sign-in gave; awsexec notes there which sign-in a token
# that it renewed itself comes from
SIGN_IN_NOTE = "awsexecSignIn"


class InputFile:
    """A file whose content decides, as it was when it was read.

    `identity` is a digest of what it says, None where it says nothing: it is missing, or
    cannot be read. `signature` changes when the file does, and `is_settled` is whether a
    later edit is sure to change it. `is_known` is False for a pipe, which gives its text
    only once, and for a file that is too large.
    """

    __slots__ = ("path", "identity", "signature", "is_settled", "is_known")

    def __init__(self, path: str, identify: Callable[[bytes], str | None]) -> None:
        self.path = path
        # before it is read: a change from now on gives another signature
        self.signature = fastpath.signatures([path])
        self.is_settled = is_settled(path)
        self.is_known = True
        try:
            self.identity = identify(bounded.read(path, is_regular=True))
        except bounded.Unreadable:
            self.identity = None
            self.is_known = path == os.devnull
        except (OSError, ValueError):
            self.identity = None


class SignedIn:
    """A sign-in as its token file tells it, without asking AWS.

    `until` is when its token ends, in seconds since the epoch, None without a token.
    `is_renewable` is whether AWS may give a new token without the user.
    """

    __slots__ = ("until", "is_renewable")

    def __init__(self, until: int | None, is_renewable: bool) -> None:
        self.until = until
        self.is_renewable = is_renewable

    def is_asked(self, now: float) -> bool | None:
        """Return whether the user has to sign in; None if AWS may renew the token."""
        if self.until is None:
            return True
        if self.until > now:
            return False
        return None if self.is_renewable else True


class Inputs:
    """What decides whose credentials a source gives now, besides its settings.

    `files` are the files whose content decides. `surroundings` is the digest of what a
    program sees of its run, "" where that does not decide. `machine` names the machine,
    "" where it does not decide. `is_known` is False where something that decides cannot
    be told: nothing in the cache counts then. `is_fixed` is False where variables choose
    the files, which the fast path does not know. `until` is until when all of it holds, in
    seconds since the epoch, None for no end.
    """

    __slots__ = ("files", "surroundings", "machine", "is_known", "is_fixed", "until")

    def __init__(
        self,
        files: Sequence[InputFile] = (),
        surroundings: str = "",
        machine: str = "",
        is_known: bool = True,
        is_fixed: bool = True,
        until: int | None = None,
    ) -> None:
        self.files = files
        self.surroundings = surroundings
        self.machine = machine
        self.is_known = is_known
        self.is_fixed = is_fixed
        self.until = until

    @property
    def identity(self) -> tuple[object, ...]:
        """All of it, for a cache key."""
        files = [(file.path, file.identity) for file in self.files]
        return (files, self.surroundings, self.machine)

    def with_file(
        self, file: InputFile, *, until: int | None = None, is_known: bool = True
    ) -> Inputs:
        """Return the same with one more `file`, whose content holds `until` then.

        With `is_known` False, nobody can tell what the file decided.
        """
        return Inputs(
            [*self.files, file],
            self.surroundings,
            self.machine,
            self.is_known and is_known,
            self.is_fixed,
            self.until if until is None else until,
        )

    @property
    def sign_in(self) -> str | None:
        """The sign-in that the file of a sign-in says, None for none."""
        return self.files[0].identity if self.files else None

    @property
    def is_settled(self) -> bool:
        """Whether a later change of the files is sure to show."""
        return all(file.is_settled for file in self.files)

    def dependencies(self) -> str:
        """Return what `fastpath.is_unchanged` compares."""
        return fastpath.dependencies(
            [(file.path, file.signature) for file in self.files], self.surroundings
        )


def content(data: bytes) -> str:
    """Return a digest of a file's content."""
    # slow to load
    import hashlib

    return hashlib.sha256(data).hexdigest()


def surroundings_of(environ: Mapping[str, str]) -> str | None:
    """Return the digest of what a program sees of its run; None where it cannot be told."""
    try:
        return fastpath.surroundings(environ)
    except OSError:
        # the current directory is gone
        return None


def sso_sign_in(data: bytes) -> str | None:
    """Return which sign-in to IAM Identity Center a token file of the AWS CLI holds.

    A token that awsexec renewed itself carries a note of the sign-in. Otherwise the
    refresh token tells, or the access token of a sign-in without one: an AWS CLI that
    renews the sign-in gives it new ones, and counts as another sign-in. An expired token
    is still a sign-in. Raises `ValueError`.
    """
    return sign_in_of(_object(data))


def sign_in_of(token: Mapping[str, object]) -> str | None:
    """Return which sign-in to IAM Identity Center `token` is of, None for none."""
    access = token.get("accessToken")
    if not isinstance(access, str) or not access:
        return None
    note = token.get(SIGN_IN_NOTE)
    if isinstance(note, str):
        sign_in, _, of_token = note.partition(":")
        if of_token == content(access.encode()):
            return sign_in
    refresh = token.get("refreshToken")
    secret = refresh if isinstance(refresh, str) and refresh else access
    return content(secret.encode())


def sign_in_note(sign_in: str, access_token: str) -> str:
    """Return the note that a token, renewed by awsexec, is of the sign-in `sign_in`."""
    return f"{sign_in}:{content(access_token.encode())}"


def login_sign_in(data: bytes) -> str | None:
    """Return which sign-in of ``aws login`` a token file of the AWS CLI holds.

    Its key for DPoP (RFC 9449) is made at the sign-in, and renewals keep it. Raises
    `ValueError`.
    """
    key = _object(data).get("dpopKey")
    return content(key.encode()) if isinstance(key, str) and key else None


def sso_signed_in(data: bytes) -> SignedIn:
    """Return the sign-in to IAM Identity Center of the AWS CLI's token file `data`.

    As botocore, awsexec renews a token as long as the registration of the client lives;
    the sign-in to a start URL without an sso-session has no refresh token. Raises
    `ValueError`.
    """
    token = _object(data)
    if sign_in_of(token) is None:
        return SignedIn(None, False)
    registered = _time(token.get("registrationExpiresAt"))
    parts = map(token.get, ("refreshToken", "clientId", "clientSecret"))
    return SignedIn(
        _time(token.get("expiresAt")),
        registered is not None and registered > time.time() and all(parts),
    )


def login_signed_in(data: bytes) -> SignedIn:
    """Return the sign-in of ``aws login`` of the AWS CLI's token file `data`.

    Raises `ValueError`.
    """
    token = _object(data)
    access = token.get("accessToken")
    if not isinstance(access, dict):
        return SignedIn(None, False)
    return SignedIn(_time(access.get("expiresAt")), bool(token.get("refreshToken")))


def _time(text: object) -> int | None:
    """Return seconds since the epoch for a time as the AWS CLI writes it."""
    found = as_tools_write(text) if isinstance(text, str) else None
    # what has no four-digit year is no time of the AWS CLI
    return found if found is not None and 0 <= found < YEAR_10000 else None


def _object(data: bytes) -> dict[str, object]:
    import json

    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def sso_token_file(name: str, folder: str) -> str:
    """Return the AWS CLI's file for the sign-in to the session or start URL `name`."""
    import hashlib

    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    return os.path.join(folder, f"{digest}.json")


def login_token_file(session: str, folder: str) -> str:
    """Return the AWS CLI's file for the ``aws login`` session `session`."""
    return os.path.join(folder, f"{content(session.encode())}.json")
