"""IAM Identity Center: a sign-in in the browser, then a role of an account.

The token of the sign-in is the AWS CLI's too: it is kept in ~/.aws/sso/cache, in files
that the CLI reads and writes, so that one sign-in serves both.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from botocore.credentials import SSOProvider
from botocore.exceptions import (
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.tokens import SSOTokenProvider
from botocore.utils import SSOTokenLoader

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import MALFORMED, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.identity_center.sign_in import (
    SERVICE,
    SignIn,
    command,
    seconds_left,
)
from awsexec.credentials.sdk.clients import failures
from awsexec.credentials.sdk.tokens import TokenCache
from awsexec.credentials.sources import (
    Surroundings,
    client_creator,
    config_of,
    failed,
    taken,
)
from awsexec.errors import CredentialsError
from awsexec.plan.source_kinds import Source
from awsexec.profiles.files import expand

# what CreateToken answers where a sign-in is over (IAM Identity Center OIDC API
# reference); other refusals say nothing of it
OVER = frozenset(
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


def load(source: Source, around: Surroundings) -> Credentials:
    """The credentials of the profile's role, after a sign-in if one is due.

    Raises `CredentialsError` and `Interrupted`.
    """
    portal = _Portal(source, around)
    try:
        token = portal.token(refused=None)
        try:
            return portal.credentials(token)
        except _NotSignedIn:
            # ended before its time: signed out, or the user's sessions were deleted
            return portal.credentials(portal.token(refused=token))
    except _NotSignedIn:
        raise failed(
            source, f"{SERVICE} does not take the token of a sign-in just made"
        ) from None
    except aws_errors.Refused as error:
        raise failed(
            source,
            f"{SERVICE} refused role {source.value('sso_role_name')} in account "
            f"{source.value('sso_account_id')}: {error.message.rstrip('.')} "
            f"({error.code}); check sso_role_name, sso_account_id and your assignments",
        ) from None
    except aws_errors.Unreachable as error:
        raise aws_errors.unreachable(error, SERVICE) from None


class _NotSignedIn(Exception):
    """The portal does not take the token."""


class _Portal:
    """The access portal that a source names, by way of botocore's providers."""

    def __init__(self, source: Source, around: Surroundings) -> None:
        self._source = source
        self._around = around
        # botocore's token provider takes this object for a session: of that it wants
        # `full_config` and `create_client`
        self.full_config = config_of(source)
        self.create_client = client_creator(source, around)
        self._cache = TokenCache(
            source, expand("~/.aws/sso/cache", around.environ), _dumps
        )
        self._start_url = source.value("sso_start_url") or ""
        self._session = source.value("sso_session")

    def token(self, refused: str | None) -> str:
        """A token that is good by its time, and is not the one that was `refused`."""
        name = self._session or self._start_url
        # one sign-in, or renewal, for all who want it at the same time
        with self._around.lock(f"sso {name}", f"signing in to {name}"):
            token = self._cached_token()
            if token is None or token == refused:
                signing = SignIn(self._source, self._around, self.create_client)
                token = signing.token(self._cache)
            return token

    def _cached_token(self) -> str | None:
        """The token in the CLI's cache, renewed if it is time; None for none."""
        try:
            found = SSOTokenLoader(self._cache)(
                self._start_url, session_name=self._session
            )
            left = seconds_left(found["expiresAt"])
            token = found["accessToken"]
        except (SSOTokenLoadError, *MALFORMED):
            # a file that nobody can read is as good as none
            return None
        if unsendable(token):
            return None
        if self._session is None:
            return str(token) if left > 0 else None
        provider = _Renewing(self, self._cache, self._source, left > 0)
        try:
            return str(provider.load_token().get_frozen_token().token)
        except (TokenRetrievalError, *MALFORMED):
            return None
        except aws_errors.Refused as error:
            raise failed(
                self._source,
                f"{SERVICE} did not renew the sign-in: {error.message.rstrip('.')} "
                f"({error.code}); try again, or sign in anew: {command(self._source)}",
            ) from None

    def credentials(self, token: str) -> Credentials:
        """What the portal gives for the role. Raises `_NotSignedIn`."""
        provider = SSOProvider(
            load_config=lambda: self.full_config,
            client_creator=self.create_client,
            profile_name=self._source.profile.name,
            cache={},
            token_cache=self._cache,
            token_provider=_Given(token),
        )
        with failures(SERVICE, self.url("sso")):
            try:
                return taken(self._source, provider.load())
            except (UnauthorizedSSOTokenError, SSOTokenLoadError):
                raise _NotSignedIn from None

    def url(self, service: str) -> str:
        """Where `service` is, for messages."""
        region = self._source.value("sso_region")
        return dict(self._source.urls)[service] or f"{SERVICE} in {region}"


class _Renewing(SSOTokenProvider):  # type: ignore[misc]
    """botocore's, which tells apart what a renewal fails of.

    `is_good` is whether the token that is to be renewed will do until then.
    """

    def __init__(
        self, portal: _Portal, cache: TokenCache, source: Source, is_good: bool
    ) -> None:
        super().__init__(portal, cache=cache, profile_name=source.profile.name)
        self._portal = portal
        self._is_good = is_good

    def _attempt_create_token(self, token: dict[str, Any]) -> dict[str, Any] | None:
        """A new token; None where the sign-in is over.

        Raises `refusals.Refused` and `refusals.Unreachable`, which say nothing of it,
        and `CredentialsError`.
        """
        names = ("clientId", "clientSecret", "refreshToken")
        if any(unsendable(token[name]) for name in names):
            # written by nobody who knows the format
            return None
        try:
            self._cache.check()
            with failures(SERVICE, self._portal.url("sso_oidc")):
                new: dict[str, Any] = super()._attempt_create_token(token)
                if why := unsendable(new["accessToken"]):
                    raise ValueError(f"the token {why}")
                return new
        except aws_errors.Refused as error:
            if self._is_good or error.code in OVER:
                return None
            raise
        except (aws_errors.Unreachable, CredentialsError):
            if self._is_good:
                return None
            raise


class _Given:
    """A token that is at hand, as botocore's provider of credentials wants it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def load_token(self) -> _Given:
        return self

    def get_frozen_token(self) -> _Given:
        return self


def _dumps(value: Any) -> str:
    """JSON with times as the AWS CLI writes them."""

    def in_utc(time: object) -> str:
        assert isinstance(time, datetime)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")

    return json.dumps(value, default=in_utc)
