"""The access portal of IAM Identity Center: a token in, a role's credentials out."""

from __future__ import annotations

import json
from datetime import datetime

from botocore.credentials import SSOProvider
from botocore.exceptions import (
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.utils import SSOTokenLoader

from awsexec.credentials.checks import MALFORMED, source_error, unsendable
from awsexec.credentials.identity_center.sign_in import (
    SERVICE,
    SignIn,
    command,
)
from awsexec.credentials.sdk.errors import Refused
from awsexec.credentials.sdk.failures import failures
from awsexec.credentials.sdk.providers import client_creator, config_of, from_botocore
from awsexec.credentials.sdk.tokens import (
    GivenToken,
    RenewingTokens,
    TokenCache,
    seconds_left,
)
from awsexec.profiles.files import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


class NotSignedIn(Exception):
    """The portal does not take the token."""


class Portal:
    """The access portal that a source names, by way of botocore's providers."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source = source
        self._context = context
        # botocore's token provider takes this object for a session: of that it wants
        # `full_config` and `create_client`
        self.full_config = config_of(source)
        self.create_client = client_creator(source, context)
        self._cache = TokenCache(
            source, expand("~/.aws/sso/cache", context.environ), _dumps
        )
        self._start_url = source.value("sso_start_url") or ""
        self._session = source.value("sso_session")

    def token(self, refused: str | None) -> str:
        """A token that is good by its time, and is not the one that was `refused`."""
        name = self._session or self._start_url
        # one sign-in, or renewal, for all who want it at the same time
        with self._context.lock(f"sso {name}", f"signing in to {name}"):
            token = self._cached_token()
            if token is None or token == refused:
                signing = SignIn(self._source, self._context, self.create_client)
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
        provider = RenewingTokens(
            self,
            self._cache,
            self._source.profile.name,
            service=SERVICE,
            url=self.url("sso_oidc"),
            is_good=left > 0,
        )
        try:
            return str(provider.load_token().get_frozen_token().token)
        except (TokenRetrievalError, *MALFORMED):
            return None
        except Refused as error:
            raise source_error(
                self._source,
                f"{SERVICE} did not renew the sign-in: {error.message.rstrip('.')} "
                f"({error.code}); try again, or sign in anew: {command(self._source)}",
            ) from None

    def credentials(self, token: str) -> Credentials:
        """What the portal gives for the role. Raises `NotSignedIn`."""
        provider = SSOProvider(
            load_config=lambda: self.full_config,
            client_creator=self.create_client,
            profile_name=self._source.profile.name,
            cache={},
            token_cache=self._cache,
            token_provider=GivenToken(token),
        )
        with failures(SERVICE, self.url("sso")):
            try:
                return from_botocore(self._source, provider.load())
            except (UnauthorizedSSOTokenError, SSOTokenLoadError):
                raise NotSignedIn from None

    def url(self, service: str) -> str:
        """Where `service` is, for messages."""
        region = self._source.value("sso_region")
        return dict(self._source.urls)[service] or f"{SERVICE} in {region}"


def _dumps(value: Any) -> str:
    """JSON with times as the AWS CLI writes them."""

    def in_utc(time: object) -> str:
        assert isinstance(time, datetime)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")

    return json.dumps(value, default=in_utc)
