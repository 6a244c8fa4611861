"""The tokens of sign-ins, in the directories where the AWS CLI keeps them."""

from __future__ import annotations

import os
import tempfile
import time

import botocore.utils
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from awsexec.credentials.checks import source_error, unsendable
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import failures
from awsexec.errors import CredentialsError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from awsexec.plan.source import Source


class TokenCache(JSONFileCache):  # type: ignore[misc]
    """The files of `directory`, for `source`; `dumps` writes a value as JSON.

    What cannot be kept is a `CredentialsError`.
    """

    def __init__(
        self,
        source: Source,
        directory: str,
        dumps: Callable[[Any], str] | None = None,
    ) -> None:
        super().__init__(directory, dumps)
        self._source = source
        self._directory = directory

    def check(self) -> None:
        """Raise `CredentialsError` where a token that is yet to come could not be kept.

        A renewal ends the token that it is made with, and a sign-in takes the user.
        """
        try:
            os.makedirs(self._directory, exist_ok=True)
            # with a name, as the file will have one
            with tempfile.NamedTemporaryFile(dir=self._directory) as probe:
                # on a full disk there is room for an empty file
                probe.write(bytes(4096))
        except OSError as error:
            raise self._cannot(error) from None

    def __setitem__(self, key: str, value: Any) -> None:
        try:
            super().__setitem__(key, value)
        except OSError as error:
            raise self._cannot(error) from None

    def _cannot(self, error: OSError) -> CredentialsError:
        return source_error(
            self._source,
            f"cannot write to {shown(self._directory)}: {error.strerror}; mend that, "
            "for the sign-in is kept there",
        )


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


class RenewingTokens(SSOTokenProvider):  # type: ignore[misc]
    """botocore's token provider, which also tells why a renewal failed.

    `session` stands for botocore's session: the provider uses its `full_config` and
    `create_client`. `service` and `url` are for messages. `is_good` is whether the token
    that is to be renewed can still be used.
    """

    def __init__(
        self,
        session: Any,
        cache: TokenCache,
        profile: str,
        *,
        service: str,
        url: str,
        is_good: bool,
    ) -> None:
        super().__init__(session, cache=cache, profile_name=profile)
        self._tokens = cache
        self._service = service
        self._url = url
        self._is_good = is_good

    def _attempt_create_token(self, token: dict[str, Any]) -> dict[str, Any] | None:
        """Return a new token; None where the sign-in is over.

        Raises `Refused` and `Unreachable`, which do not say that the sign-in is over, and
        `CredentialsError`.
        """
        names = ("clientId", "clientSecret", "refreshToken")
        if any(unsendable(token[name]) for name in names):
            # not a file of the AWS CLI
            return None
        try:
            self._tokens.check()
            with failures(self._service, self._url):
                new: dict[str, Any] = super()._attempt_create_token(token)
                if why := unsendable(new["accessToken"]):
                    raise ValueError(f"the token {why}")
                return new
        except Refused as error:
            if self._is_good or error.code in OVER:
                return None
            raise
        except (Unreachable, CredentialsError):
            if self._is_good:
                return None
            raise


class GivenToken:
    """A token, in the form that botocore's provider of credentials expects."""

    def __init__(self, token: str) -> None:
        self.token = token

    def load_token(self) -> GivenToken:
        return self

    def get_frozen_token(self) -> GivenToken:
        return self


def seconds_left(expires: str) -> float:
    """Return the seconds until `expires`, as the AWS CLI writes it.

    Raises `ValueError`.
    """
    when = botocore.utils.parse_to_aware_datetime(expires)
    return float(when.timestamp() - time.time())
