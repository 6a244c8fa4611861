"""The tokens of sign-ins, in the directories where the AWS CLI keeps them."""

from __future__ import annotations

import os
import time

import botocore.exceptions
import botocore.utils

from awsexec.bounded import NO_HOME, is_homeless
from awsexec.cache import owner
from awsexec.credentials.checks import READING_ERRORS, source_error, unsendable
from awsexec.credentials.sdk import internals
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import failures
from awsexec.errors import CredentialsError, shown
from awsexec.plan.inputs import SIGN_IN_NOTE, sign_in_note, sign_in_of, sso_token_file
from awsexec.plan.source_kinds import SSO_CACHE
from awsexec.profiles.files import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from awsexec.plan.source import Source

# The codes of CreateToken for a sign-in that is over (IAM Identity Center OIDC API
# reference). Other codes say nothing about the sign-in.
SIGN_IN_OVER = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidClientException",
        "InvalidGrantException",
        "InvalidRequestException",
        "InvalidScopeException",
        "UnauthorizedClientException",
        "UnsupportedGrantTypeException",
    }
)


class TokenCache(internals.TokenFiles):
    """The AWS CLI's files of `directory`, for `source`, which messages name.

    `dumps` writes a value as JSON. Raises `CredentialsError` for what cannot be written.
    """

    def __init__(
        self,
        source: Source,
        directory: str,
        dumps: Callable[[Any], str] | None = None,
    ) -> None:
        super().__init__(directory, dumps)
        self._source = source
        self.directory = directory

    def check(self) -> None:
        """Raise `CredentialsError` if a token could not be written here.

        Call it before a renewal, which ends the old token, and before a sign-in, which
        takes the user's time.
        """
        import tempfile

        self._check_owner()
        try:
            os.makedirs(self.directory, exist_ok=True)
            # with a name, as the file will have one
            with tempfile.NamedTemporaryFile(dir=self.directory) as probe:
                # on a full disk there is room for an empty file
                probe.write(bytes(4096))
        except OSError as error:
            raise self._cannot_write(error) from None

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_owner()
        try:
            super().__setitem__(key, value)
        except OSError as error:
            raise self._cannot_write(error) from None

    def __delitem__(self, key: str) -> None:
        try:
            super().__delitem__(key)
        except KeyError:
            # another process was faster
            pass
        except OSError as error:
            raise self._cannot_write(error) from None

    def _check_owner(self) -> None:
        if is_homeless(self.directory):
            raise source_error(
                self._source,
                f"{NO_HOME}, where the sign-in is kept; set HOME and sign in again",
            )
        try:
            owner.check(self.directory)
        except ValueError as error:
            raise source_error(
                self._source,
                f"cannot write to {shown(self.directory)}: {error}, who could not use "
                "the sign-in then; run awsexec without sudo or with sudo -H",
            ) from None

    def _cannot_write(self, error: OSError) -> CredentialsError:
        return source_error(
            self._source,
            f"cannot write to {shown(self.directory)}: {error.strerror}; make it "
            "writable, since the sign-in is kept there",
        )


def sso_tokens(source: Source, environ: Mapping[str, str]) -> TokenCache:
    """Return the AWS CLI's files of sign-ins to IAM Identity Center."""
    return TokenCache(source, expand(SSO_CACHE, environ), _dumps)


def _dumps(value: Any) -> str:
    """Return `value` as JSON, with times as the AWS CLI writes them."""
    import json
    from datetime import datetime

    def in_utc(time: object) -> str:
        assert isinstance(time, datetime)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")

    return json.dumps(value, default=in_utc)


def current_token(
    source: Source, create_client: Callable[..., Any], cache: TokenCache, url: str
) -> tuple[str, str | None] | None:
    """Return the token of the sign-in to IAM Identity Center, renewed if that is due.

    With it comes the sign-in that it is of, as `plan.inputs.sso_sign_in` tells it. Return
    None if the user has to sign in. `url` is where the token is renewed, for
    messages. Raises `CredentialsError`, and `Refused` and `Unreachable`, which do not
    mean that the sign-in is over.
    """
    try:
        found = _token_in(source, cache)
        left = seconds_left(found["expiresAt"])
        token = found["accessToken"]
    except (botocore.exceptions.SSOTokenLoadError, *READING_ERRORS):
        # a file that cannot be read counts as missing
        return None
    if unsendable(token):
        return None
    sign_in = sign_in_of(found)
    if source.get("sso_session") is None:
        return (str(token), sign_in) if left > 0 else None
    provider = internals.RenewingTokens(
        source.profile.name,
        internals.config_of(source),
        create_client,
        cache,
        lambda old, ask: _renewed(old, ask, cache, url, is_good=left > 0),
    )
    try:
        return str(provider.load_token().get_frozen_token().token), sign_in
    except (botocore.exceptions.TokenRetrievalError, *READING_ERRORS):
        return None


def token_end(source: Source, cache: TokenCache) -> float | None:
    """Return when the token of the sign-in ends, in seconds since the epoch; None for none."""
    try:
        found = _token_in(source, cache)
        return time.time() + seconds_left(found["expiresAt"])
    except (botocore.exceptions.SSOTokenLoadError, *READING_ERRORS):
        return None


def taken(source: Source, cache: TokenCache) -> str | None:
    """Delete the file of the sign-in and return its access token; None without a file.

    "" stands for a file that has none. Raises `CredentialsError`.
    """
    path = sso_token_file(source.sign_in_name, cache.directory)
    if not os.path.lexists(path):
        return None
    try:
        token = _token_in(source, cache)["accessToken"]
    except (botocore.exceptions.SSOTokenLoadError, *READING_ERRORS):
        token = ""
    del cache[os.path.basename(path).removesuffix(".json")]
    return "" if unsendable(token) else str(token)


def _token_in(source: Source, cache: TokenCache) -> Mapping[str, Any]:
    start_url = source.value("sso_start_url") or ""
    return internals.token_in(cache, start_url, source.value("sso_session"))


def _renewed(
    old: Mapping[str, Any],
    ask: Callable[[Any], Mapping[str, Any]],
    cache: TokenCache,
    url: str,
    *,
    is_good: bool,
) -> Mapping[str, Any] | None:
    """Return what `ask` gives for the token `old`; None if the sign-in is over.

    `is_good` is whether `old` can still be used, so that a failure does not matter.
    Raises as `current_token`.
    """
    names = ("clientId", "clientSecret", "refreshToken")
    if any(unsendable(old[name]) for name in names):
        # not a file of the AWS CLI
        return None
    try:
        cache.check()
        with failures(url):
            new = ask(old)
            if why := unsendable(new["accessToken"]):
                raise ValueError(f"the token {why}")
            # for the cache, it is the same sign-in
            sign_in = sign_in_of(old)
            if sign_in is None:
                return new
            return {**new, SIGN_IN_NOTE: sign_in_note(sign_in, new["accessToken"])}
    except Refused as error:
        if is_good or error.code in SIGN_IN_OVER:
            return None
        raise
    except (Unreachable, CredentialsError):
        if is_good:
            return None
        raise


def seconds_left(expires: str) -> float:
    """Return the seconds until `expires`, as the AWS CLI writes it.

    Raises `ValueError`.
    """
    when = botocore.utils.parse_to_aware_datetime(expires)
    return float(when.timestamp() - time.time())
