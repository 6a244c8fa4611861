"""Signing in to IAM Identity Center, with the user's browser and terminal.

Two grants of OAuth 2.0, as the AWS CLI uses them (IAM Identity Center OIDC API
reference). The authorization code with PKCE (RFC 7636) comes back to a port on loopback
(RFC 8252). The device code (RFC 8628) is for a browser on another machine. botocore has
neither.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import queue
import secrets
import shlex
import time
import urllib.parse

from awsexec import terminal
from awsexec.credentials.checks import READING_ERRORS, source_error, unsendable
from awsexec.credentials.sdk.clients import call, url_of
from awsexec.credentials.sdk.errors import Refused, Throttled
from awsexec.credentials.sdk.failures import failures
from awsexec.credentials.sdk.tokens import TokenCache, seconds_left
from awsexec.errors import AwsexecError, Interrupted, NeedsUser, SignInFailed
from awsexec.loopback.browser import NoBrowser, Redirect, open_tab
from awsexec.loopback.server import HOST, HttpError, Request, Response, page
from awsexec.plan.inputs import sign_in_of
from awsexec.text import printable, remote, without_userinfo
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source

SERVICE = "AWS IAM Identity Center"

# what the AWS CLI asks for if nothing is configured
DEFAULT_SCOPE = "sso:account:access"
# seconds that the user has in the browser, as in the AWS CLI
SIGN_IN_WAIT = 600
# seconds; a registration that ends sooner is not used again
REGISTRATION_WINDOW = 900
# RFC 8628: seconds between questions, and how many more if that was too often
INTERVAL = SLOW_DOWN = 5
# without the port, which AWS ignores on loopback
CALLBACK = "/oauth/callback"
REDIRECT = f"http://{HOST}{CALLBACK}"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class SignIn:
    """A sign-in for `source`; `create_client` is a `client_creator` of the SDK."""

    def __init__(
        self,
        source: Source,
        context: Context,
        create_client: Callable[..., Any],
    ) -> None:
        self._source = source
        self._context = context
        self._create_client = create_client
        # what the user signs in to
        self.name = source.sign_in_name
        self._session = source.value("sso_session")
        self._start_url = source.value("sso_start_url") or ""
        self._region = source.value("sso_region") or ""
        scopes = source.value("sso_registration_scopes") or ""
        self._scopes = [scope.strip() for scope in scopes.split(",") if scope.strip()]

    def check(self) -> None:
        """Raise `NeedsUser` if nobody can be asked."""
        self._show()

    def token(self, cache: TokenCache) -> tuple[str, str | None]:
        """Sign in, write the token to `cache`, the AWS CLI's files, and return it.

        With it comes the sign-in that it is of, as `plan.inputs.sso_sign_in` tells it.
        Raises `NeedsUser` if nobody can be asked, `CredentialsError` if the sign-in
        fails, `Unreachable` and `Interrupted`.
        """
        what = f"awsexec: signing in to {without_userinfo(self.name)}"
        if not self._source.is_session_only:
            what += f" for profile {self._source.profile.name}"
        self._show(what)
        cache.check()
        client = self._create_client(
            "sso-oidc", region_name=self._region, unsigned=True
        )
        try:
            with failures(url_of(client)):
                if self._session is None or self._context.device_code:
                    registration = self._register(client, cache, {})
                    answer = self._with_device_code(client, registration)
                else:
                    registration = self._register(
                        client,
                        cache,
                        {
                            "grantTypes": ["authorization_code", "refresh_token"],
                            "redirectUris": [REDIRECT],
                            "issuerUrl": self._start_url,
                            "scopes": self._scopes or [DEFAULT_SCOPE],
                        },
                    )
                    answer = self._with_browser(client, registration)
                token = self._kept(registration, answer)
        except KeyboardInterrupt:
            # the terminal shows ^C; the next text begins on a line of its own
            self._show("")
            raise Interrupted from None
        except Refused as error:
            raise source_error(
                self._source,
                f"{SERVICE} refused the sign-in: {error.said}; check sso_start_url and "
                "sso_region",
            ) from None
        cache[_sha1(self.name)] = token
        self._show("awsexec: signed in")
        return str(token["accessToken"]), sign_in_of(token)

    def _kept(
        self, registration: dict[str, Any], answer: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the token of an `answer` as the AWS CLI keeps it.

        Raises one of `READING_ERRORS` if it has none that can be sent.
        """
        token = {
            "startUrl": self._start_url,
            "region": self._region,
            "accessToken": answer["accessToken"],
            "expiresAt": iso8601(int(time.time()) + answer["expiresIn"]),
            "clientId": registration["clientId"],
            "clientSecret": registration["clientSecret"],
            "registrationExpiresAt": registration["expiresAt"],
        }
        if "refreshToken" in answer:
            token["refreshToken"] = answer["refreshToken"]
        if why := unsendable(token["accessToken"]):
            raise ValueError(f"the token {why}")
        return token

    def _show(self, *lines: str) -> None:
        show = self._context.show
        text = "".join(f"{printable(line)}\n" for line in lines)
        try:
            if show is None:
                raise terminal.NoTerminal
            show(text)
        except terminal.NoTerminal:
            why = (
                "--no-prompt forbids signing in"
                if show is None
                else "there is no terminal to sign in on"
            )
            raise NeedsUser(
                f"{self._source.label}: not signed in, and {why}; run: "
                f"{command(self._source)}",
                "a sign-in",
            ) from None

    def _register(
        self, client: Any, cache: TokenCache, grant: dict[str, Any]
    ) -> dict[str, Any]:
        """Return this client's registration, from the cache or a new one.

        It is kept in the AWS CLI's file for it, in the CLI's format.
        """
        named = {
            "tool": "botocore",
            "startUrl": self._start_url,
            "region": self._region,
            "scopes": self._scopes or None,
            "session_name": self._session,
        }
        key = _sha1(json.dumps(named, sort_keys=True))
        wanted = grant.get("grantTypes")
        try:
            found: dict[str, Any] = cache[key]
            if (
                seconds_left(found["expiresAt"]) > REGISTRATION_WINDOW
                and found.get("grantTypes") == wanted
                and {"clientId", "clientSecret"} <= found.keys()
            ):
                return found
        except READING_ERRORS:
            pass
        request = dict(grant)
        if self._scopes:
            request["scopes"] = self._scopes
        request["clientName"] = f"botocore-client-{self._session or int(time.time())}"
        request["clientType"] = "public"
        answer = call(client, "RegisterClient", request, dict)
        registration = {
            "clientId": answer["clientId"],
            "clientSecret": answer["clientSecret"],
            "expiresAt": iso8601(answer["clientSecretExpiresAt"]),
        }
        if "scopes" in request:
            registration["scopes"] = request["scopes"]
        if wanted:
            registration["grantTypes"] = wanted
        cache[key] = registration
        return registration

    def _with_browser(
        self, client: Any, registration: dict[str, Any]
    ) -> dict[str, Any]:
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        challenge = hashlib.sha256(verifier.encode()).digest()
        with _Callback(state) as callback:
            query = urllib.parse.urlencode(
                {
                    "response_type": "code",
                    "client_id": registration["clientId"],
                    "redirect_uri": callback.back,
                    "state": state,
                    "code_challenge_method": "S256",
                    "scopes": " ".join(self._scopes or [DEFAULT_SCOPE]),
                    "code_challenge": _base64(challenge),
                },
                quote_via=urllib.parse.quote,
            )
            url = f"{url_of(client).rstrip('/')}/authorize?{query}"
            self._show(
                "Allow the sign-in in the browser on this machine (use --device-code for "
                "another one):",
                f"  {url}",
            )
            callback.target = url
            try:
                self._open(callback.url)
            except NoBrowser as error:
                self._show(
                    f"No browser can be opened here ({error}). To use one on another "
                    "machine, press Ctrl-C and add --device-code."
                )
            code, refused = callback.answered()
        if code is None:
            raise self._given_up(refused)
        return call(
            client,
            "CreateToken",
            {
                "grantType": "authorization_code",
                "clientId": registration["clientId"],
                "clientSecret": registration["clientSecret"],
                "redirectUri": callback.back,
                "codeVerifier": verifier,
                "code": code,
            },
            dict,
        )

    def _with_device_code(
        self, client: Any, registration: dict[str, Any]
    ) -> dict[str, Any]:
        keys = {
            "clientId": registration["clientId"],
            "clientSecret": registration["clientSecret"],
        }
        begun = call(
            client,
            "StartDeviceAuthorization",
            {**keys, "startUrl": self._start_url},
            dict,
        )
        complete = begun.get("verificationUriComplete") or begun["verificationUri"]
        self._show(
            "Allow the sign-in in a browser that shows this code: "
            + remote(begun["userCode"]),
            f"  {complete}",
            f"or type the code at {begun['verificationUri']}",
        )
        with self._opened(complete):
            return self._asked(client, keys, begun)

    def _asked(
        self, client: Any, keys: Mapping[str, str], begun: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Ask for the token of a sign-in with a code, until the user has allowed it."""
        interval = begun.get("interval") or INTERVAL
        end = time.monotonic() + begun.get("expiresIn", SIGN_IN_WAIT)
        request = {
            **keys,
            "grantType": DEVICE_GRANT,
            "deviceCode": begun["deviceCode"],
        }
        while time.monotonic() < end:
            time.sleep(interval)
            try:
                return call(client, "CreateToken", request, dict)
            except Throttled:
                # of the protocol, SlowDownException is one of these codes
                interval += SLOW_DOWN
            except Refused as error:
                if error.code == "AuthorizationPendingException":
                    continue
                if error.code == "AccessDeniedException":
                    raise self._given_up("it was denied in the browser") from None
                elif error.code == "ExpiredTokenException":
                    break
                else:
                    raise
        raise self._given_up(None)

    def _given_up(self, error: str | None) -> SignInFailed:
        why = error or "nobody allowed it in time"
        return SignInFailed(
            f"{self._source.label}: the sign-in failed: {why}; try again"
        )

    def _open(self, url: str) -> None:
        """Open the browser, if the user allows that. Raises `NoBrowser`."""
        if self._context.browser:
            open_tab(url)

    @contextlib.contextmanager
    def _opened(self, url: str) -> Iterator[None]:
        """Open the browser on `url`, which no process gets as an argument.

        Whoever reads the URL could allow the sign-in as himself.
        """
        if not self._context.browser:
            yield
            return
        try:
            redirect = Redirect(url)
        except AwsexecError:
            # a sandbox forbids it; the terminal shows the URL
            yield
            return
        with redirect:
            # the browser of another machine does as well
            with contextlib.suppress(NoBrowser):
                self._open(redirect.url)
            yield


class _Callback(Redirect):
    """Sends the browser to sign in, and waits for it to come back with a code.

    A request without the `state`, which only the page that was opened knows, is refused,
    and so is one of another user, who could have signed in as himself.
    """

    def __init__(self, state: str) -> None:
        super().__init__()
        self._state = state
        self._answers: queue.Queue[tuple[str | None, str | None]] = queue.Queue()

    def answer(self, request: Request) -> Response:
        parts = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if parts.path != CALLBACK:
            return super().answer(request)
        if not secrets.compare_digest(
            query.get("state", "").encode(), self._state.encode()
        ):
            raise HttpError(404, "There is nothing here.")
        request.check_user()
        if "code" in query:
            found: tuple[str | None, str | None] = query["code"], None
            # the code is yet to be exchanged for a token
            text, status = "The terminal shows whether you are signed in.", 200
        else:
            error = query.get("error_description") or query.get("error")
            error = error and remote(error)
            found = None, error or "the browser came back without a code"
            text, status = f"You are not signed in: {error}.", 400
        return page(status, text, sent=lambda: self._answers.put(found))

    @property
    def back(self) -> str:
        """The URL at which the browser comes back."""
        return REDIRECT.replace(HOST, f"{HOST}:{self.port}")

    def answered(self) -> tuple[str | None, str | None]:
        """Return the code, or None and the reason; None twice if nobody came in time."""
        try:
            return self._answers.get(timeout=SIGN_IN_WAIT)
        except queue.Empty:
            return None, None


def command(source: Source) -> str:
    """Return the command that signs in for `source`."""
    name = source.value("sso_session") or source.profile.name
    return shlex.join(["awsexec", "--sign-in", name])


def _sha1(text: str) -> str:
    """Return the name of the AWS CLI's file for `text`."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
