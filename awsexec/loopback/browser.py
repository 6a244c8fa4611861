"""The user's browser: opening it, and handing it a URL that is a secret.

Everybody on the machine can read the arguments that a browser is started with. So a
secret URL is not among them: the browser gets the URL of a page on this machine, and that
page sends it on to the secret URL, once.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import threading

from awsexec.errors import shown
from awsexec.loopback.server import HOST, HttpError, Request, Response, Server
from awsexec.processes import core_dumps
from awsexec.processes.background import detach
from awsexec.processes.words import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # opens a URL, and returns whether that succeeded
    Browser = Callable[[str], bool]

# browsers that need the terminal, which COMMAND has
TEXT_BROWSERS = {"elinks", "links", "links2", "lynx", "w3m", "www-browser"}


class NoBrowser(Exception):
    """There is no browser that can be started; the text says why."""


class Tab:
    """A tab that a browser is opening. `reading` says when that has failed."""

    def __init__(self, reading: int | None) -> None:
        self._reading = reading

    def has_failed(self) -> bool:
        """Return whether the browser could not be run, or has ended with an error."""
        if self._reading is None:
            return False
        try:
            found = os.read(self._reading, 1)
        except BlockingIOError:
            return False
        os.close(self._reading)
        self._reading = None
        return bool(found)


def open_tab(url: str) -> Tab:
    """Open `url` in the user's browser: $BROWSER, or the system's own.

    The browser runs in a process of its own, since it may outlive COMMAND, and its output
    does not belong on COMMAND's streams. Raises `NoBrowser`.
    """
    browsers = list(browsers_of(os.environ.get("BROWSER", "")))
    if not hasattr(os, "fork"):
        if not any(browser(url) for browser in browsers):
            raise NoBrowser("the browser could not be started")
        return Tab(None)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def work() -> None:
        with core_dumps.AsCaller():
            is_open = any(browser(url) for browser in browsers)
        if not is_open:
            os.write(writing, b"!")

    detach(work, keep={writing})
    os.close(writing)
    return Tab(reading)


def browsers_of(setting: str) -> list[Browser]:
    """Return the browsers in `setting`, the value of $BROWSER, or else the system's.

    A colon separates commands, but not inside quotes. In a command, %s is the URL, which
    is the last word if there is no %s. Raises `NoBrowser`.
    """
    commands = split_setting(setting)
    if not commands:
        return [_of_system()]
    found, faults = [], []
    for command in commands:
        try:
            found.append(_of_command(command))
        except NoBrowser as error:
            faults.append(str(error))
    if not found:
        raise NoBrowser(f"BROWSER: {', '.join(faults)}")
    return found


def split_setting(setting: str) -> list[str]:
    """Return the commands in a value of $BROWSER, which colons outside quotes separate."""
    commands, quote = [""], ""
    for character in setting:
        if character == os.pathsep and not quote:
            commands.append("")
            continue
        if character in ("'", '"') and quote in ("", character):
            quote = "" if quote else character
        commands[-1] += character
    return [command for command in map(str.strip, commands) if command]


def _of_command(command: str) -> Browser:
    import webbrowser

    try:
        words = split(command)
    except ValueError as error:
        raise NoBrowser(f"{shown(command)}: {error}") from None
    if words[-1:] == ["&"]:
        del words[-1]
    if not words:
        raise NoBrowser(f"{shown(command)}: it names no program")
    if _is_text_browser(words[0]):
        raise NoBrowser(f"{shown(words[0])} needs a terminal of its own")
    # macOS knows some browsers by names that are not programs
    is_program = shutil.which(words[0]) is not None
    if len(words) == 1 and (is_program or sys.platform == "darwin"):
        try:
            # it may know how to ask this browser for a new tab
            return webbrowser.get(words[0]).open_new_tab
        except webbrowser.Error:
            pass
    if not is_program:
        raise NoBrowser(f"cannot run {shown(words[0])}")
    if not any("%s" in word for word in words[1:]):
        words.append("%s")
    return webbrowser.GenericBrowser(words).open


def _of_system() -> Browser:
    import webbrowser

    try:
        found = webbrowser.get()
    except webbrowser.Error:
        raise NoBrowser("no browser was found") from None
    if _is_text_browser(found.name):
        raise NoBrowser(f"the only browser is {found.name}, which needs a terminal")
    if isinstance(found, webbrowser.BackgroundBrowser):
        # xdg-open, say, which is to be waited for: it says whether it found a browser
        return webbrowser.GenericBrowser([found.name, *found.args]).open
    return found.open_new_tab


def _is_text_browser(program: str) -> bool:
    return os.path.basename(program) in TEXT_BROWSERS


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
