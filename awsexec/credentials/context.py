"""What a source of credentials may use of the world."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from awsexec.plan.endpoint import Endpoint


class Context:
    """What a source may use of the world.

    `environ` is the environment. `paths` are the config file's and the credentials
    file's, and `hops` the names of the profiles from the one of the run to the source's.
    `endpoint` and `retries` are the plan's. `show` puts text on the controlling terminal
    and raises `terminal.NoTerminal`; it is None where the user must not be asked for
    anything. `device_code` is whether to sign in with a device code, and `browser` whether
    to open a browser. `lock` takes a name and what this process does with it, for the
    message of those who wait, and holds the lock of that name among processes. `debug`
    takes a line for --debug, and `waiting` one that says why nothing happens. A source notes in `sign_in` which sign-in's token it used.
    """

    __slots__ = (
        "environ",
        "paths",
        "hops",
        "endpoint",
        "retries",
        "show",
        "device_code",
        "browser",
        "lock",
        "debug",
        "waiting",
        "sign_in",
    )

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        paths: tuple[str, str],
        hops: tuple[str, ...],
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        show: Callable[[str], None] | None,
        device_code: bool,
        browser: bool,
        lock: Callable[[str, str], AbstractContextManager[None]],
        debug: Callable[[str], None],
        waiting: Callable[[str], None],
    ) -> None:
        self.environ = environ
        self.paths = paths
        self.hops = hops
        self.endpoint = endpoint
        self.retries = retries
        self.show = show
        self.device_code = device_code
        self.browser = browser
        self.lock = lock
        self.debug = debug
        self.waiting = waiting
        self.sign_in: str | None = None
