"""No core dump of awsexec, which has keys in its memory (core(5), setrlimit(2))."""

from __future__ import annotations

# the caller's limits in bytes, soft and hard; None while they are in force, and for good
# in a process that runs nothing of the user's with them
_callers: tuple[int, int] | None = None


def forbid() -> None:
    """Let this process leave no core dump; what it starts within `AsCaller` may.

    Call it before a key is in memory. A dump of the fast path is possible: it has keys only
    until it becomes COMMAND.
    """
    global _callers
    if _callers is None:
        limits = _limits()
        if limits is not None and _set((0, limits[1])):
            _callers = limits


def forbid_for_good() -> None:
    """Let neither this process nor what it starts ever leave a core dump."""
    global _callers
    _callers = None
    _set((0, 0))


class AsCaller:
    """A context: what it starts, or what this process becomes, has the caller's limit."""

    def __enter__(self) -> None:
        if _callers is not None:
            _set(_callers)

    def __exit__(self, *exception: object) -> None:
        if _callers is not None:
            _set((0, _callers[1]))


def _limits() -> tuple[int, int] | None:
    """Return the soft and the hard limit; None on Windows, which has none."""
    try:
        import resource
    except ImportError:
        return None
    return resource.getrlimit(resource.RLIMIT_CORE)


def _set(limits: tuple[int, int]) -> bool:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, limits)
    except (ImportError, OSError, ValueError):
        # Windows, or a sandbox forbids it
        return False
    return True
