"""Many calls to AWS at the same time, in threads, and how they are retried."""

from __future__ import annotations

import queue
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from awsexec.plan.plan import Retries

    In = TypeVar("In")
    Out = TypeVar("Out")


# AWS slows down those who ask too fast, and the adaptive mode then asks more slowly
_RETRIES: Retries = {"mode": "adaptive", "total_max_attempts": 10}


def patient(retries: Retries | None) -> Retries:
    """Return botocore's ``retries`` for many calls, where the user configured `retries`.

    Another mode that the user chose comes with its own number of attempts.
    """
    retries = retries or {}
    if retries.get("mode", _RETRIES["mode"]) == _RETRIES["mode"]:
        return {**_RETRIES, **retries}
    return retries


def in_parallel(
    do: Callable[[In], Out],
    items: Sequence[In],
    threads: int,
    progress: Callable[[int, int], None],
) -> list[Out]:
    """Return what `do` returns for each of `items`, some at the same time.

    Ctrl-C ends it at once, and so does the first error, which is raised: a thread that
    still waits for an answer does not hold up the end of the process.
    """
    results: queue.SimpleQueue[tuple[int, Out | None, Exception | None]]
    results = queue.SimpleQueue()
    numbers = iter(range(len(items)))
    taking, ended = threading.Lock(), threading.Event()

    def work() -> None:
        while not ended.is_set():
            with taking:
                number = next(numbers, None)
            if number is None:
                return
            try:
                results.put((number, do(items[number]), None))
            except Exception as error:
                results.put((number, None, error))
                return

    for _ in range(min(threads, len(items))):
        threading.Thread(target=work, daemon=True).start()
    found: dict[int, Any] = {}
    try:
        while len(found) < len(items):
            number, result, error = results.get()
            if error is not None:
                raise error
            found[number] = result
            progress(len(found), len(items))
    finally:
        ended.set()
    return [found[number] for number in range(len(items))]
