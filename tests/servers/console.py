"""The federation endpoint of AWS Sign-In, and the console's own sign-in and sign-out.

It takes what the IAM User Guide says of a session ("Enable custom identity broker
access to the AWS console"): one that STS issued for a role or a federated user and that
lives, with no SessionDuration where AWS refuses it. Each sign-in token is good once.
"""

from __future__ import annotations

import json

from tests.servers.sts import Credentials, StsServer
from tests.servers.web import Answer, Request, WebServer

REFUSED = Answer(400, "Invalid credentials parameter")


class ConsoleServer(WebServer):
    """Signs in the sessions of an `sts`.

    `visits` are what browsers did: "signed out", or the caller and the page that they
    went on to. With `instead` it answers that to whoever wants a sign-in token.
    """

    def __init__(self, sts: StsServer) -> None:
        super().__init__()
        self.visits: list[str | tuple[str, str]] = []
        self.instead: Answer | None = None
        self._sts = sts
        self._sessions: dict[str, Credentials] = {}

    def respond(self, request: Request) -> Answer:
        query = request.query
        where = (request.method, request.path, query.get("Action"))
        if where == ("GET", "/federation", "getSigninToken"):
            return self.instead or self._token(query)
        if where == ("GET", "/federation", "login"):
            return self._login(query)
        if where == ("GET", "/oauth", "logout"):
            self.visits.append("signed out")
            return Answer(302, "", {"Location": query["redirect_uri"]})
        return Answer(200, "The console.") if self.visits else Answer(404)

    def _token(self, query: dict[str, str]) -> Answer:
        session = json.loads(query["Session"])
        if session.keys() != {"sessionId", "sessionKey", "sessionToken"}:
            return REFUSED
        found = self._sts.holder_of(
            session["sessionId"], session["sessionKey"], session["sessionToken"]
        )
        # a user's session is that of GetSessionToken
        if found is None or found.token is None or found.user is not None:
            return REFUSED
        if "SessionDuration" in query and (
            found.chained or ":federated-user/" in found.caller
        ):
            return REFUSED
        token = f"EXAMPLESIGNINTOKEN{len(self._sessions)}+/="
        self._sessions[token] = found
        return Answer(200, {"SigninToken": token})

    def _login(self, query: dict[str, str]) -> Answer:
        found = self._sessions.pop(query["SigninToken"], None)
        if found is None or not query["Issuer"]:
            return Answer(400, "The token is no good.")
        self.visits.append((found.caller, query["Destination"]))
        return Answer(200, "The console.")
