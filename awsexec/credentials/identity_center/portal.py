"""The access portal of IAM Identity Center: a token in, a role's credentials out."""

from __future__ import annotations

from awsexec.credentials.checks import source_error
from awsexec.credentials.identity_center.sign_in import SERVICE, SignIn, command
from awsexec.credentials.sdk.errors import Refused, SignInDue
from awsexec.credentials.sdk.providers import client_creator, from_sso
from awsexec.credentials.sdk.tokens import current_token, sso_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source


class Portal:
    """The access portal that a source names."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source = source
        self._context = context
        self._create_client = client_creator(source, context)
        self._cache = sso_tokens(source, context.environ)

    def token(self) -> str:
        """Return a token that has not expired.

        Raises `SignInDue` if there is none, `CredentialsError` and `Unreachable`.
        """
        current = self._current()
        if current is None:
            raise SignInDue(None)
        token, self._context.sign_in = current
        return token

    def sign_in(self, refused: str | None) -> None:
        """Let the user sign in, unless there is a token other than the one `refused`.

        It takes as long as a person takes, so call it without any lock. Raises
        `CredentialsError` (`NeedsUser` if nobody can be asked), `Unreachable` and
        `Interrupted`.
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
                    current = signing.token(self._cache)
        self._context.fresh_token = current[0]

    def _current(self) -> tuple[str, str | None] | None:
        """Return `_current_token`; one process renews it, for all who want it."""
        source = self._source
        name = source.value("sso_session") or source.value("sso_start_url") or ""
        with self._context.lock(f"sso {name}", f"is renewing the sign-in to {name}"):
            return self._current_token()

    def _current_token(self) -> tuple[str, str | None] | None:
        """Return the token in the CLI's files, renewed if that is due; None for none.

        With it comes the sign-in that it is of.
        """
        source = self._source
        try:
            return current_token(
                source, self._create_client, self._cache, self._url("sso_oidc")
            )
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
        return from_sso(
            self._source, self._create_client, self._cache, token, self._url("sso")
        )

    def _url(self, service: str) -> str:
        """Return where `service` is, for messages."""
        region = self._source.value("sso_region")
        return dict(self._source.urls)[service] or f"{SERVICE} in {region}"
