"""The access portal of IAM Identity Center: a token in, a role's credentials out."""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error
from awsexec.credentials.identity_center.sign_in import SERVICE, SignIn, command
from awsexec.credentials.sdk.clients import call
from awsexec.credentials.sdk.errors import (
    NotSignedIn,
    Refused,
    SignInDue,
    Unreachable,
)
from awsexec.credentials.sdk.providers import client_creator, from_sso
from awsexec.credentials.sdk.tokens import current_token, sso_tokens, taken, token_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.errors import CredentialsError
    from awsexec.plan.source import Source


class Portal:
    """The access portal that a source names."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source = source
        self._context = context
        self._create_client = client_creator(source, context)
        self._cache = sso_tokens(source, context.environ)
        self._client: Any = None

    def token(self) -> str:
        """Return a token that has not expired.

        Raises `SignInDue` if there is none, and `CredentialsError`.
        """
        current = self._current()
        if current is None:
            raise SignInDue(None)
        token, self._context.sign_in = current
        return token

    def sign_in(self, refused: str | None) -> None:
        """Let the user sign in, unless there is a token other than the one `refused`.

        It takes as long as a person takes, so call it without any lock. Raises
        `CredentialsError` (`NeedsUser` if nobody can be asked) and `Interrupted`.
        """
        current = self._current()
        if current is None or current[0] == refused:
            signing = SignIn(self._source, self._context, self._create_client)
            signing.check()
            # one sign-in for all who want it at the same time
            doing = f"signs in to {signing.name}"
            with self._context.lock(f"sign-in {signing.name}", doing, question=True):
                current = self._current()
                if current is None or current[0] == refused:
                    try:
                        current = signing.token(self._cache)
                    except Unreachable as error:
                        raise self.unreachable(error) from None
        self._context.fresh_token = current[0]

    def _current(self) -> tuple[str, str | None] | None:
        """Return `_current_token`; one process renews it, for all who want it."""
        name = self._source.sign_in_name
        with self._context.lock(f"sso {name}", f"is renewing the sign-in to {name}"):
            return self._current_token()

    def token_after_sign_in(self, refused: str | None) -> str:
        """Return a token other than the one `refused`, after a sign-in if one is due.

        Call it without any lock. Raises as `sign_in` does.
        """
        self.sign_in(refused)
        return self.token()

    def current_token(self) -> str | None:
        """Return the token of the present sign-in, None without one.

        Raises `CredentialsError` and `Unreachable`.
        """
        current = self._current()
        return current[0] if current is not None else None

    def _current_token(self) -> tuple[str, str | None] | None:
        """Return the token in the CLI's files, renewed if that is due; None for none.

        With it comes the sign-in that it is of.
        """
        source = self._source
        try:
            return current_token(
                source, self._create_client, self._cache, self._url("sso_oidc")
            )
        except Unreachable as error:
            raise self.unreachable(error) from None
        except Refused as error:
            raise source_error(
                source,
                f"{SERVICE} did not renew the sign-in: {error.said}; try again, or sign "
                f"in again: {command(source)}",
            ) from None

    def credentials(self, token: str) -> Credentials:
        """Return what the portal gives for the role.

        Raises `NotSignedIn` if it does not accept the token, `Refused`, `Unreachable` and
        `CredentialsError`.
        """
        return from_sso(self._source, self._create_client, self._cache, token, self.url)

    def unreachable(self, error: Unreachable) -> CredentialsError:
        """Return the failure to get an answer of IAM Identity Center."""
        source, endpoint = self._source, self._context.endpoint
        urls = (by for _, by in source.endpoints if by is not None)
        url = next((by for by in urls if error.url.startswith(by.value)), None)
        made_by = endpoint.host_made_by(url, source.get("sso_region"))
        return aws_errors.unreachable(error, endpoint, SERVICE, made_by)

    def ask(self, operation: str, token: str, **parameters: object) -> dict[str, Any]:
        """Return the portal's answer to `operation`, for whoever has the `token`.

        Raises `NotSignedIn` if it does not accept the token, `Refused` and `Unreachable`.
        """
        if self._client is None:
            region = self._source.value("sso_region") or ""
            self._client = self._create_client("sso", region_name=region, unsigned=True)
        try:
            return call(
                self._client, operation, {"accessToken": token, **parameters}, dict
            )
        except Refused as error:
            if error.code == "UnauthorizedException":
                raise NotSignedIn from None
            raise

    def until(self) -> float | None:
        """Return when the token in the CLI's file ends, in seconds since the epoch.

        None if there is none.
        """
        return token_end(self._source, self._cache)

    def sign_out(self) -> bool:
        """Tell the portal that the user signs out, and delete the CLI's file.

        Return whether there was one. Raises `CredentialsError` if the file cannot be
        deleted, and `Refused` and `Unreachable`, after it was deleted.
        """
        name = self._source.sign_in_name
        with self._context.lock(f"sso {name}", f"is signing out of {name}"):
            token = taken(self._source, self._cache)
        if token is None:
            return False
        if token:
            try:
                self.ask("Logout", token)
            except NotSignedIn:
                # it has ended already
                pass
        return True

    @property
    def url(self) -> str:
        """Where the access portal is, for messages."""
        return self._url("sso")

    def _url(self, service: str) -> str:
        """Return where `service` is, for messages."""
        region = self._source.value("sso_region")
        return dict(self._source.urls)[service] or f"{SERVICE} in {region}"
