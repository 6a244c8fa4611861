"""The cache directory: entries written whole, one lock a key, old ones cleared away.

Modelled on what git and botocore's credential cache do: a temporary file in the same
directory, synced and renamed, so that a reader sees the old entry or the new one.
Nothing that goes wrong in here ends a run; the cache is then as if it were empty.
"""

from __future__ import annotations

import contextlib
import os
import time

from awsexec import fastpath
from awsexec.cache import locks
from awsexec.errors import AwsexecError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from awsexec.fastpath import Entry
    from awsexec.report import Report

# seconds after which what is expired, or was left half written, is cleared away
PRUNE_AFTER = 86_400

_LOCK, _TEMPORARY = ".lock", ".tmp"


def default_directory(environ: Mapping[str, str]) -> str:
    """The cache directory: AWSEXEC_CACHE_DIR, else the platform's place for caches."""
    chosen = environ.get("AWSEXEC_CACHE_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    import platformdirs

    found = platformdirs.user_cache_dir("awsexec", appauthor=False)
    if os.path.isabs(found):
        return found
    # as the XDG specification wants it: a relative XDG_CACHE_HOME does not count
    return os.path.expanduser("~/.cache/awsexec")


class Store:
    """The entries of one directory, which is made when the first one is written."""

    def __init__(
        self,
        directory: str,
        report: Report,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self._report = report
        self._clock = clock
        self._warned = False

    def read(self, key: str) -> Entry | None:
        """The entry of `key`, fresh or not; None for none that can be used."""
        try:
            fastpath.check_directory(self.directory)
            return fastpath.read(self.directory, key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._report.detail(
                f"passing over cache entry {self._path(key)}: {_reason(error)}"
            )
            return None

    def fresh(self, keys: Iterable[str], now: float) -> list[Entry | None]:
        """Return the entry of each key that a run can use without renewing it, or None."""
        found = [self.read(key) for key in keys]
        return [
            entry if entry and entry.is_fresh(now) and not entry.is_due(now) else None
            for entry in found
        ]

    def write(self, entry: Entry, at_most: int | None = None) -> None:
        """Replace the entry of the same key; warn where that cannot be done.

        With `at_most`, of the entries like this one only so many are kept, the newest.
        """
        path = self._path(entry.key)
        temporary = f"{path}.{os.urandom(8).hex()}{_TEMPORARY}"
        try:
            data = fastpath.dump(entry)
            self._make_directory()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(temporary, flags, 0o600)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(descriptor)
                # the expiry as the file's time lets `prune` work without reading
                os.utime(temporary, (entry.expires, entry.expires))
                os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
            self.prune()
            if at_most is not None:
                self._keep_newest(entry, at_most)
        except (OSError, ValueError) as error:
            self._warn(error)

    def _keep_newest(self, entry: Entry, at_most: int) -> None:
        """Delete all but the `at_most` newest entries that differ in digests only."""
        alike = [
            (found.issued, path)
            for path, found in self.entries()
            if found is not None
            and found.profile == entry.profile
            and _without_digests(found) == _without_digests(entry)
        ]
        for _, path in sorted(alike)[:-at_most]:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def claim(self, key: str, seconds: int) -> bool:
        """Whether nobody has claimed `key` in the last `seconds`; it is claimed now.

        For what one process may do now and then, and the others need not wait for.
        """
        path = self._path(key) + _LOCK
        try:
            self._make_directory()
            return locks.claim(path, self._clock(), seconds)
        except (OSError, ValueError):
            return False

    @contextlib.contextmanager
    def lock(self, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold the lock of `key`; go on without one where there can be none."""
        with contextlib.ExitStack() as stack:
            try:
                self._make_directory()
                path = self._path(key) + _LOCK
                stack.enter_context(locks.held(path, on_wait))
            except (OSError, ValueError) as error:
                self._report.detail(
                    f"no lock in {shown(self.directory)}: {_reason(error)}"
                )
            yield

    def entries(self) -> Iterator[tuple[str, Entry | None]]:
        """Each entry with its file's path; None for one that nobody can read."""
        for path in self._files():
            if path.endswith((_LOCK, _TEMPORARY)):
                continue
            try:
                with open(path, "rb") as stream:
                    yield path, fastpath.parse(stream.read(fastpath.LARGEST))
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                yield path, None

    def forget(self, wanted: Callable[[Entry], bool]) -> int:
        """Delete the entries that are `wanted`, and return how many were.

        What nobody can read goes with whatever is forgotten.
        """
        count = 0
        for path, found in self.entries():
            if found is not None and not wanted(found):
                continue
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise AwsexecError(
                    f"cannot delete {shown(path)}: {_reason(error)}"
                ) from None
            count += 1
        return count

    def prune(self) -> None:
        """Clear away what has been of no use for a day."""
        horizon = self._clock() - PRUNE_AFTER
        for path in self._files():
            with contextlib.suppress(OSError):
                if os.lstat(path).st_mtime < horizon:
                    if path.endswith(_LOCK):
                        locks.remove_if_free(path)
                    else:
                        os.unlink(path)

    def _files(self) -> Iterable[str]:
        try:
            fastpath.check_directory(self.directory)
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            self._warn(error)
            return []
        # the directory may be one that the user keeps other things in
        return [os.path.join(self.directory, name) for name in names if _is_ours(name)]

    def _path(self, key: str) -> str:
        return os.path.join(self.directory, fastpath.file_name(key))

    def _make_directory(self) -> None:
        try:
            fastpath.check_directory(self.directory)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self.directory), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.directory, 0o700)
            fastpath.check_directory(self.directory)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            self._report.warning(
                f"cannot use the cache in {shown(self.directory)}: {_reason(error)}; "
                "going on without it (AWSEXEC_CACHE_DIR names another place)"
            )


def _is_ours(name: str) -> bool:
    stem, _, rest = name.partition(".")
    return (
        len(stem) == 32
        and not stem.strip("0123456789abcdef")
        and (rest == "" or f".{rest}".endswith((_LOCK, _TEMPORARY)))
    )


def _without_digests(entry: Entry) -> str:
    """Return the part of its key that is the same in every environment."""
    import re

    return re.sub("[0-9a-f]{64}", "", entry.key)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def store_for(environ: Mapping[str, str], report: Report) -> Store:
    """The cache that `environ` selects."""
    return Store(default_directory(environ), report)
