"""The metadata of a container: that of Amazon ECS and of EKS Pod Identity."""

from __future__ import annotations

from tests.servers.sts import Credentials
from tests.servers.web import Answer, Request, WebServer, document

PATH = "/v2/credentials/01234567-89ab-cdef-0123-456789abcdef"


class ContainerServer(WebServer):
    """Gives `credentials` at PATH to whoever has the `authorization`, if it wants one."""

    credentials: Credentials
    authorization: str | None = None

    def respond(self, request: Request) -> Answer:
        if request.path != PATH:
            return Answer(404)
        if request.headers.get("authorization") != self.authorization:
            return Answer(401, {"code": "AccessDenied", "message": "no token"})
        return Answer(200, document(self.credentials))
