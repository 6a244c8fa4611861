"""The user's browser: opening it, and handing it a URL that is a secret.

Everybody on the machine can read the arguments that a browser is started with. So a
secret URL is not among them: the browser gets the URL of a page on this machine, and that
page sends it on to the secret URL, once.
"""

from __future__ import annotations

import os
import secrets
import threading

from awsexec.loopback.server import HOST, HttpError, Request, Response, Server
from awsexec.processes import core_dumps
from awsexec.processes.background import detach


def open_tab(url: str) -> bool:
    """Open the user's browser ($BROWSER, or the system's own) and return whether there is one.

    The browser runs in a process of its own, since it may outlive COMMAND, and its output
    does not belong on COMMAND's streams.
    """
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False

    def work() -> None:
        with core_dumps.AsCaller():
            browser.open_new_tab(url)

    if hasattr(os, "fork"):
        detach(work)
    else:
        work()
    return True


class Redirect(Server):
    """Sends the first browser that asks for `url` to `target`, and no other one.

    The browser must run as this user, if the system can tell (`loopback.peer`). `target`
    may be set later, as long as nobody knows `url`.
    """

    def __init__(self, target: str = "") -> None:
        super().__init__()
        self.target = target
        self._path = f"/{secrets.token_urlsafe(24)}"
        self._taken, self._served = threading.Lock(), threading.Event()

    def answer(self, request: Request) -> Response:
        if not secrets.compare_digest(request.path.encode(), self._path.encode()):
            raise HttpError(404, "There is nothing here.")
        request.check_user()
        if not self._taken.acquire(blocking=False):
            raise HttpError(410, "This was fetched before.")
        headers = {"Location": self.target, "Referrer-Policy": "no-referrer"}
        return Response(302, headers=headers, sent=self._served.set)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self._path}"

    def wait(self, seconds: float) -> bool:
        """Return whether the browser comes within so many seconds."""
        return self._served.wait(seconds)
