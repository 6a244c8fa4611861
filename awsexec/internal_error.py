"""What reaches the top and nobody foresaw: one line, and a traceback under --debug only.

This module imports nothing before it is needed, and is imported only when it is.
"""

from __future__ import annotations

import sys

from awsexec.text import message, remote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# the system's number for it, on all that Python runs on
_NO_MEMORY = 12
# what may be a key, a token or an MFA code: the text may quote what was read or sent
_SECRET = r"//[^/@\s]+@|\b\d{6}\b|(?=[^\W_]*\d|\S*[/+=])[\w+/=-]{16,}"


def in_words(error: BaseException) -> str:
    """Return what the user reads of `error`, on one line and without secrets."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == _NO_MEMORY:
        return "out of memory; free some, or raise its limit (ulimit -v)"
    return f"internal error: {_described(error)}; please report it with --debug"


def lines(error: BaseException, argv: Sequence[str]) -> Iterator[str]:
    """Yield the lines for stderr: with --debug in `argv`, the traceback before the last."""
    if "--debug" in argv:
        yield from _traceback(error)
    yield in_words(error)


def _traceback(error: BaseException) -> Iterator[str]:
    import traceback

    cause = error.__cause__ or (
        None if error.__suppress_context__ else error.__context__
    )
    if cause is not None:
        yield from _traceback(cause)
    # frames hold code, and only the exception's own text may hold a secret
    for part in traceback.format_tb(error.__traceback__):
        yield from part.splitlines()
    yield _described(error)


def _described(error: BaseException) -> str:
    kind, text = type(error).__name__, " ".join(str(error).split())
    if not text:
        return kind
    if not isinstance(error, (OSError, ImportError)):
        # these have the system's own words, and paths
        import re

        text = re.sub(_SECRET, "******", text)
    return f"{kind}: {remote(text)}"


def tell(error: BaseException, argv: Sequence[str]) -> None:
    """Write the `lines` to stderr. It never fails."""
    try:
        for line in lines(error, argv):
            sys.stderr.write(message(line))
    except Exception:
        # stderr is full, or there is no memory left
        pass
