"""What a source of credentials may use of the world."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any, Protocol, TypeVar

    from awsexec.plan.endpoint import Endpoint

    T = TypeVar("T")

    class Locks(Protocol):
        """Returns the lock `name` among processes, for a call or for a `question`.

        `doing` is what this process does with the lock, for those who wait. Their failure
        is shared (`cache.locks.Lock`) by those whose `about` is the same.
        """

        def __call__(
            self, name: str, doing: str, *, question: bool = False, about: str = ""
        ) -> AbstractContextManager[None]: ...


class Shared:
    """What the sources of many plans make once, by a key; for any number of threads.

    `connections` is how many threads may call AWS at the same time.
    """

    def __init__(self, connections: int) -> None:
        # slow to load, and a single run shares nothing
        import threading

        self.connections = connections
        self._made: dict[Hashable, Any] = {}
        self._making = threading.Lock()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returned at the first call with `key`. Raises as it does."""
        with self._making:
            if key not in self._made:
                self._made[key] = make()
            made: T = self._made[key]
            return made


class Context:
    """What a source may use of the world.

    `environ` is the environment. `paths` are the config file's and the credentials
    file's, and `hops` the names of the profiles from the one of the run to the source's.
    `endpoint` and `retries` are the plan's. `show` puts text on the controlling terminal
    and raises `terminal.NoTerminal`; it is None where the user must not be asked for
    anything. `device_code` is whether to sign in with a device code, and `browser` whether
    to open a browser. `lock` returns a lock among processes. A lock for a question may be
    held while a person is awaited, the others may not. `debug` takes a line for --debug, and
    `waiting` one that says why nothing happens. `shared` is what it shares with other
    plans, None in a run of one plan. A source notes in `sign_in` which sign-in's token it
    used, and in `fresh_token` the token of a sign-in that was due in this run.
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
        "shared",
        "sign_in",
        "fresh_token",
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
        lock: Locks,
        debug: Callable[[str], None],
        waiting: Callable[[str], None],
        shared: Shared | None = None,
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
        self.shared = shared
        self.sign_in: str | None = None
        self.fresh_token: str | None = None
