"""As much of a Docker engine as tells what the docker client asks it to run."""

from __future__ import annotations

from tests.servers.web import Answer, Request, WebServer


class Engine(WebServer):
    """Refuses to create containers, and remembers the environment of each."""

    def __init__(self) -> None:
        super().__init__()
        self.environments: list[list[str]] = []

    def respond(self, request: Request) -> Answer:
        if request.path == "/_ping":
            return Answer(200, "OK", {"API-Version": "1.43"})
        if request.path.endswith("/containers/create"):
            self.environments.append(request.json()["Env"] or [])
            return Answer(400, {"message": "no containers here"})
        return Answer(404, {"message": f"no {request.path} here"})
