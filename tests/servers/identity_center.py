"""IAM Identity Center: its OIDC service, its access portal, and a browser to allow it.

The OIDC service speaks the grants that its API reference describes: the authorization
code with PKCE, the device code, and the refresh token. Both are at one URL here.
"""

from __future__ import annotations

import base64
import hashlib
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

from tests.servers.sts import Credentials
from tests.servers.web import Answer, Request, WebServer

START_URL = "https://example.awsapps.com/start"
USER_CODE = "ABCD-EFGH"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class _Client:
    secret: str
    redirects: list[str]
    grants: list[str]


class IdentityCenter(WebServer):
    """Gives `credentials` for the account and role in `roles` to who has signed in.

    `tokens` are the access tokens that are good; each refresh token is good once. A
    device is `allowed`, or not yet, or `denied`. `assignments` are the accounts that the
    portal lists, each id with its name and its roles. It lists them in pages of at most
    `page`, and refuses the next `throttled` requests for a page, and a token after it has
    listed `pages_of_token` pages.
    """

    allowed = False
    denied = False
    # how often a device is told to ask less often
    slow_downs = 0
    life = 3600
    interval = 1
    page = 100
    throttled = 0
    pages_of_token: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.assignments: dict[str, tuple[str, list[str]]] = {}
        self.roles: dict[tuple[str, str], Credentials] = {}
        self.tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self._clients: dict[str, _Client] = {}
        # a code, and what it was given for: client, challenge, redirect
        self._codes: dict[str, tuple[str, str, str]] = {}
        self._issued = 0

    def register(self, client_id: str, secret: str) -> None:
        """Know a client that was registered earlier."""
        self._clients[client_id] = _Client(secret, [], [])

    def respond(self, request: Request) -> Answer:
        if request.path == "/federation/credentials":
            return self._credentials(request)
        if request.path in ("/assignment/accounts", "/assignment/roles", "/logout"):
            return self._of_person(request)
        if request.path == "/authorize":
            return self._authorize(request.query)
        if request.path == "/device" and request.query == {"user_code": USER_CODE}:
            self.allowed = True
            return Answer(200)
        if request.method == "GET":
            return _refusal(404, "UnknownOperationException", "no such operation")
        given = request.json()
        if request.path == "/client/register":
            return self._register(given)
        client = self._clients.get(str(given.get("clientId")))
        if client is None or client.secret != given.get("clientSecret"):
            return _error("invalid_client", 401, "InvalidClientException")
        if request.path == "/device_authorization":
            if given["startUrl"] != START_URL:
                return _error("invalid_request", 400, "InvalidRequestException")
            return Answer(
                200,
                {
                    "deviceCode": "EXAMPLEDEVICECODE",
                    "userCode": USER_CODE,
                    "verificationUri": f"{self.url}/device",
                    "verificationUriComplete": f"{self.url}/device?user_code={USER_CODE}",
                    "expiresIn": 600,
                    "interval": self.interval,
                },
            )
        if request.path == "/token":
            return self._token(client, given)
        return Answer(404)

    def _register(self, given: dict[str, object]) -> Answer:
        if given["clientType"] != "public":
            return _error("invalid_client_metadata", 400)
        redirects, grants = given.get("redirectUris", []), given.get("grantTypes", [])
        assert isinstance(redirects, list) and isinstance(grants, list)
        number = len(self._clients) + 1
        name = f"EXAMPLECLIENT{number}"
        self._clients[name] = _Client(f"EXAMPLECLIENTSECRET{number}", redirects, grants)
        return Answer(
            200,
            {
                "clientId": name,
                "clientSecret": self._clients[name].secret,
                "clientIdIssuedAt": int(time.time()),
                "clientSecretExpiresAt": int(time.time()) + 90 * 86_400,
            },
        )

    def _authorize(self, query: dict[str, str]) -> Answer:
        """What the browser is sent to; the user allows it at once, or denies it."""
        client = self._clients[query["client_id"]]
        redirect = urllib.parse.urlsplit(query["redirect_uri"])
        # RFC 8252: on loopback the port does not count
        plain = redirect._replace(netloc=redirect.hostname or "").geturl()
        if (
            plain not in client.redirects
            or "authorization_code" not in client.grants
            or query["response_type"] != "code"
            or query["code_challenge_method"] != "S256"
            or not query["scopes"]
        ):
            return Answer(400)
        back = {"state": query["state"]}
        if self.denied:
            back["error"] = "access_denied"
        else:
            code = f"EXAMPLECODE{len(self._codes) + 1}"
            self._codes[code] = (
                query["client_id"],
                query["code_challenge"],
                query["redirect_uri"],
            )
            back["code"] = code
        url = f"{query['redirect_uri']}?{urllib.parse.urlencode(back)}"
        return Answer(302, "", {"Location": url})

    def _token(self, client: _Client, given: dict[str, object]) -> Answer:
        grant = given["grantType"]
        if grant == DEVICE_GRANT:
            if self.slow_downs:
                self.slow_downs -= 1
                return _error("slow_down", 400, "SlowDownException")
            if self.denied:
                return _error("access_denied", 400, "AccessDeniedException")
            if not self.allowed:
                return _error(
                    "authorization_pending", 400, "AuthorizationPendingException"
                )
        elif grant == "authorization_code":
            name, challenge, redirect = self._codes.pop(
                str(given["code"]), ("", "", "")
            )
            digest = hashlib.sha256(str(given["codeVerifier"]).encode()).digest()
            wanted = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if (name, challenge, redirect) != (
                given["clientId"],
                wanted,
                given["redirectUri"],
            ):
                return _error("invalid_grant", 400, "InvalidGrantException")
        elif grant == "refresh_token":
            if given["refreshToken"] not in self.refresh_tokens:
                return _error("invalid_grant", 400, "InvalidGrantException")
            self.refresh_tokens.discard(str(given["refreshToken"]))
        else:
            return _error("unsupported_grant_type", 400)
        self._issued += 1
        token = f"EXAMPLEACCESSTOKEN{self._issued}"
        refresh = f"EXAMPLEREFRESHTOKEN{self._issued}"
        self.tokens.add(token)
        self.refresh_tokens.add(refresh)
        return Answer(
            200,
            {
                "accessToken": token,
                "tokenType": "Bearer",
                "expiresIn": self.life,
                "refreshToken": refresh,
            },
        )

    def _credentials(self, request: Request) -> Answer:
        if request.headers.get("x-amz-sso_bearer_token") not in self.tokens:
            return _no_session()
        found = self.roles.get(
            (request.query["account_id"], request.query["role_name"])
        )
        if found is None:
            return _refusal(403, "ForbiddenException", "No access")
        return Answer(
            200,
            {
                "roleCredentials": {
                    "accessKeyId": found.key_id,
                    "secretAccessKey": found.secret,
                    "sessionToken": found.token,
                    "expiration": int(found.expires) * 1000,
                }
            },
        )

    def _of_person(self, request: Request) -> Answer:
        """What the portal answers to who has signed in, besides credentials."""
        token = request.headers.get("x-amz-sso_bearer_token", "")
        if token not in self.tokens:
            return _no_session()
        if request.path == "/logout":
            self.tokens.discard(token)
            return Answer(200)
        if self.throttled:
            self.throttled -= 1
            return _refusal(429, "TooManyRequestsException", "Rate exceeded")
        if self.pages_of_token is not None:
            if self.pages_of_token == 0:
                self.pages_of_token = None
                self.tokens.discard(token)
                return _no_session()
            self.pages_of_token -= 1
        if request.path == "/assignment/accounts":
            listed = [
                {
                    "accountId": id,
                    "accountName": name,
                    "emailAddress": f"{id}@example.com",
                }
                for id, (name, _) in self.assignments.items()
            ]
            return self._page(request, "accountList", listed)
        id = request.query["account_id"]
        if id not in self.assignments:
            return _refusal(403, "ForbiddenException", "No access")
        roles = [
            {"roleName": role, "accountId": id} for role in self.assignments[id][1]
        ]
        return self._page(request, "roleList", roles)

    def _page(self, request: Request, member: str, items: list[dict[str, str]]):
        size = min(self.page, int(request.query.get("max_result", "100")))
        first = int(request.query.get("next_token", "0"))
        body: dict[str, object] = {member: items[first : first + size]}
        if first + size < len(items):
            body["nextToken"] = str(first + size)
        return Answer(200, body)


def allow(url: str) -> tuple[int, str]:
    """What a browser does with `url`: go there, and where it is sent from there."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _error(code: str, status: int, kind: str = "InvalidRequestException") -> Answer:
    return Answer(
        status,
        {"error": code, "error_description": f"{code} it is"},
        {"x-amzn-ErrorType": kind},
    )


def _refusal(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"message": message}, {"x-amzn-ErrorType": kind})


def _no_session() -> Answer:
    return _refusal(401, "UnauthorizedException", "Session token not found or invalid")
