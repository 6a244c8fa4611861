"""The user's browser: opening it, and handing it a URL that is a secret.

The URL that a browser is started with is in its arguments, which everybody on the
machine can read. So a secret one is not among them: the browser is sent to a page of
loopback, and from there, once, to the secret.
"""

from __future__ import annotations

import os
import secrets
import threading

from awsexec.loopback.peer import is_same_user
from awsexec.loopback.server import HOST, Handler, Server
from awsexec.processes.background import detach


def open_tab(url: str) -> bool:
    """Open the user's browser ($BROWSER, or the system's own); False if there is none.

    In a process of its own: it may not end before COMMAND, and what it says is
    nothing for COMMAND's streams.
    """
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False

    def work() -> None:
        browser.open_new_tab(url)

    if hasattr(os, "fork"):
        detach(work)
    else:
        work()
    return True


class Redirect(Server):
    """Sends the first who asks for `url` to `target`, and nobody after that.

    That is a process of this user's, where the system tells (`child.peer`); the Host
    header is ours, which that of a page elsewhere on the Web is not (DNS rebinding).
    """

    def __init__(self, target: str) -> None:
        path = f"/{secrets.token_urlsafe(24)}"
        taken, served = threading.Lock(), threading.Event()
        self._path, self._served = path, served

        class To(Handler):
            def do_GET(self) -> None:
                local = self.connection.getsockname()[:2]
                if self.headers.get_all("Host") != [f"{HOST}:{local[1]}"]:
                    self.say(421, "This is not the server you asked for.")
                elif not secrets.compare_digest(self.path.encode(), path.encode()):
                    self.say(404, "There is nothing here.")
                elif not is_same_user(self.client_address[:2], local):
                    self.say(403, "This is for another user.")
                elif not taken.acquire(blocking=False):
                    self.say(410, "This was fetched before.")
                else:
                    self.send_response(302)
                    self.send_header("Location", target)
                    self.send_header("Referrer-Policy", "no-referrer")
                    self.send_header("Cache-Control", "no-store")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    self.wfile.flush()
                    served.set()

        super().__init__(To)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self._path}"

    def wait(self, seconds: float) -> bool:
        """Whether it is fetched within so many seconds."""
        return self._served.wait(seconds)
