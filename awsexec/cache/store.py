"""The cache directory: writing entries, one lock for each key, deleting old entries.

As git and botocore's credential cache do, an entry is written to a temporary file in the
same directory, synced and renamed. So a reader sees the old entry or the new one. No
failure in here ends a run: the cache then seems empty.
"""

from __future__ import annotations

import os
import sys
import time

from awsexec import fastpath
from awsexec.cache import locks, owner
from awsexec.cache.forgotten import Forgotten
from awsexec.errors import AwsexecError, ConfigError, reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from awsexec.fastpath import Entry
    from awsexec.report import Report

# seconds after which expired entries, old locks and temporary files are deleted
PRUNE_AFTER = 86_400

_LOCK, _TEMPORARY, _FORGOTTEN = ".lock", ".tmp", ".forgotten"


def default_directory(environ: Mapping[str, str]) -> str:
    """Return the cache directory: AWSEXEC_CACHE_DIR, else the platform's directory.

    "" if this user has no home directory.
    `environ` must agree with this process's environment, which platformdirs reads.
    Raises `ConfigError`.
    """
    chosen = environ.get("AWSEXEC_CACHE_DIR")
    if chosen:
        try:
            return os.path.abspath(os.path.expanduser(chosen))
        except FileNotFoundError:
            raise ConfigError(
                f"AWSEXEC_CACHE_DIR={shown(chosen)} is relative to the current "
                "directory, which no longer exists; set it to an absolute path"
            ) from None
    return _usual_directory(environ, sys.platform) or platform_directory()


def _usual_directory(environ: Mapping[str, str], platform: str) -> str:
    """Return what `platform_directory` does; "" if that is not certain.

    It saves the import of platformdirs, which takes almost as long as Python's start.
    Versions of platformdirs differ about XDG_CACHE_HOME on macOS.
    """
    base = environ.get("XDG_CACHE_HOME", "")
    if (
        platform not in ("linux", "darwin")
        or "ANDROID_DATA" in environ
        or base[:1] not in ("", "/")
        or (base and platform == "darwin")
    ):
        return ""
    return fastpath.cache_directory(environ, environ.get("HOME", ""))


def platform_directory() -> str:
    """Return the directory that platformdirs finds, from this process's environment.

    "" if this user has no home directory.
    """
    import platformdirs

    try:
        found = platformdirs.user_cache_dir("awsexec", appauthor=False)
    except RuntimeError:
        # no HOME, and a user that the system does not know, as with docker run --user
        return ""
    if not os.path.isabs(found):
        # the XDG specification says to ignore a relative XDG_CACHE_HOME
        found = os.path.expanduser("~/.cache/awsexec")
    return found if os.path.isabs(found) else ""


class Store:
    """The entries of one directory, which is created with the first entry.

    "" is no directory: the cache is empty then, and stays so.
    """

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
        self._forgotten_path = self._path("forgotten") + _FORGOTTEN
        self._forgotten = Forgotten(self._forgotten_path)

    def read(self, key: str) -> Entry | None:
        """Return the entry of `key`, even an expired one; None if no entry can be used."""
        try:
            fastpath.check_directory(self.directory)
            return fastpath.read(self.directory, key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._report.detail(
                f"ignoring cache entry {self._path(key)}: {reason(error)}"
            )
            return None

    def fresh(self, keys: Iterable[str], now: float) -> list[Entry | None]:
        """Return the entry of each key that a run can use without renewing it, or None."""
        found = [self.read(key) for key in keys]
        return [
            entry if entry and entry.is_fresh(now) and not entry.is_due(now) else None
            for entry in found
        ]

    def mark(self) -> str:
        """Return what tells `write` what was forgotten since now."""
        try:
            fastpath.check_directory(self.directory)
            return self._forgotten.mark()
        except (OSError, ValueError):
            return ""

    def write(
        self, entry: Entry, mark: str | None = None, at_most: int | None = None
    ) -> None:
        """Replace the entry of the same key; warn if that fails.

        `mark` is of the time before anything of the entry was read or asked for: if it
        was forgotten since, it is not written. With `at_most`, of the entries like this
        one only so many are kept, the newest.
        """
        path = self._path(entry.key)
        temporary = f"{path}.{os.urandom(8).hex()}{_TEMPORARY}"
        try:
            data = fastpath.dump(entry)
            self._make_directory()
            if mark is not None and self._forgotten.has(entry, mark):
                self._report.detail(f"not caching what was forgotten: {path}")
                return
            if self._has(entry.key, data):
                # fsync may take longer than the rest of a run
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(temporary, flags, 0o600)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(descriptor)
                # so `prune` need not read the entry
                os.utime(temporary, (entry.expires, entry.expires))
                os.replace(temporary, path)
            except FileNotFoundError:
                self._report.detail(f"not caching what was forgotten: {temporary}")
                return
            except BaseException:
                try:
                    os.unlink(temporary)
                except OSError:
                    pass
                raise
            if mark is not None and self._forgotten.has(entry, mark):
                # between the first look and the renaming
                os.unlink(path)
                return
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
            try:
                os.unlink(path)
            except OSError:
                continue

    def _has(self, key: str, data: bytes) -> bool:
        """Return whether the entry of `key` is good and has just this content."""
        try:
            return fastpath.dump(fastpath.read(self.directory, key)) == data
        except (OSError, ValueError):
            return False

    def claim(self, key: str, seconds: int) -> bool:
        """Claim `key`; return False if it was claimed in the last `seconds`.

        For work that one process does from time to time, while no other waits for it.
        """
        path = self._path(key) + _LOCK
        try:
            self._make_directory()
            return locks.claim(path, self._clock(), seconds)
        except (OSError, ValueError):
            return False

    def lock(
        self, key: str, waiting: locks.Waiting, about: str = ""
    ) -> AbstractContextManager[None]:
        """Return the lock of `key`, held from ``with`` to its end.

        If the directory allows no locks, ``with`` goes on without one. `waiting` and
        `about` are as for `locks.Lock`: ``with`` may raise `Deadlock`, and the failure of
        the process that held the lock.
        """
        return _Lock(self, locks.Lock(self._path(key) + _LOCK, waiting, about))

    def try_lock(self, lock: locks.Lock) -> bool:
        """Begin to hold `lock`; return False if the directory allows no locks."""
        try:
            self._make_directory()
            lock.__enter__()
        except (OSError, ValueError) as error:
            self._report.detail(
                f"going on without a lock in {shown(self.directory)}: {reason(error)}"
            )
            return False
        return True

    def entries(self) -> Iterator[tuple[str, Entry | None]]:
        """Return each file's path with its entry, None if the file is damaged."""
        yield from _parsed(path for path in self._files() if _is_entry(path))

    def forget(self, profile: str | None, keys: Collection[str] = ()) -> int:
        """Delete the entries of `profile` and of `keys`, None for all; return how many.

        Damaged entries are always deleted, and so is what a write that broke off has left.
        A run under way that has read one of the entries, or asks for one, will not write
        it. Raises `AwsexecError`.
        """
        files = list(self._files())
        if files:
            try:
                self._forgotten.add(profile, keys)
            except (OSError, ValueError) as error:
                raise _cannot("write", self._forgotten_path, error) from None
        count = 0
        # the files that there are after the note
        for path, found in _parsed(self._files()):
            if path.endswith((_LOCK, _FORGOTTEN)) or not (
                found is None
                or profile is None
                or found.profile == profile
                or found.key in keys
            ):
                continue
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _cannot("delete", path, error) from None
            count += _is_entry(path)
        return count

    def forget_signed(self, key_id: str) -> int:
        """Delete the sessions that were got with a user's key; return how many entries.

        The entries of runs that have these sessions are deleted too. What is under way
        now writes nothing any more. Raises `AwsexecError`.
        """
        found = [(path, entry) for path, entry in self.entries() if entry is not None]
        # a session's key has the id of the key at its beginning
        sessions = {
            entry.variables.get(fastpath.ACCESS_KEY_ID)
            for _, entry in found
            if ascii(key_id) in entry.key
        }
        paths = [
            path
            for path, entry in found
            if entry.variables.get(fastpath.ACCESS_KEY_ID) in sessions
        ]
        if list(self._files()):
            try:
                self._forgotten.add(None, ())
            except (OSError, ValueError) as error:
                raise _cannot("write", self._forgotten_path, error) from None
        for path in paths:
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _cannot("delete", path, error) from None
        return len(paths)

    def prune(self) -> None:
        """Delete what has been useless for a day."""
        horizon = self._clock() - PRUNE_AFTER
        for path in self._files():
            try:
                if os.lstat(path).st_mtime < horizon:
                    if path.endswith(_LOCK):
                        locks.remove_if_free(path)
                    else:
                        os.unlink(path)
            except OSError:
                # another process may have deleted it
                continue

    def _files(self) -> Iterable[str]:
        try:
            fastpath.check_directory(self.directory)
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            self._warn(error)
            return []
        # the user may keep other files in the directory
        return [os.path.join(self.directory, name) for name in names if _is_ours(name)]

    def _path(self, key: str) -> str:
        return os.path.join(self.directory, fastpath.file_name(key))

    def _make_directory(self) -> None:
        if not self.directory:
            raise ValueError("this user has no home directory")
        owner.check(os.path.dirname(self.directory))
        try:
            fastpath.check_directory(self.directory)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self.directory), exist_ok=True)
            try:
                os.mkdir(self.directory, 0o700)
            except FileExistsError:
                # another process was faster
                pass
            fastpath.check_directory(self.directory)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            where = f" in {shown(self.directory)}" if self.directory else ""
            self._report.warning(
                f"cannot use the cache{where}: {reason(error)}; going on without it; "
                f"{_advice(self.directory)}"
            )


class _Lock:
    """A `lock`, or none if the store's directory allows no locks."""

    def __init__(self, store: Store, lock: locks.Lock) -> None:
        self._store = store
        self._lock = lock
        self._is_held = False

    def __enter__(self) -> None:
        self._is_held = self._store.try_lock(self._lock)

    def __exit__(self, *exception: object) -> None:
        if self._is_held:
            self._lock.__exit__(*exception)


def _is_ours(name: str) -> bool:
    stem, _, rest = name.partition(".")
    return (
        len(stem) == 32
        and not stem.strip("0123456789abcdef")
        and (rest == "" or f".{rest}".endswith((_LOCK, _TEMPORARY, _FORGOTTEN)))
    )


def _is_entry(path: str) -> bool:
    return not path.endswith((_LOCK, _TEMPORARY, _FORGOTTEN))


def _parsed(paths: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
    """Return each path with the entry in the file, None if there is none."""
    for path in paths:
        try:
            with open(path, "rb") as stream:
                yield path, fastpath.parse(stream.read(fastpath.LARGEST))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            yield path, None


def _cannot(do: str, path: str, error: Exception) -> AwsexecError:
    return AwsexecError(
        f"cannot {do} {shown(path)}: {reason(error)}; delete it by hand"
    )


def _without_digests(entry: Entry) -> str:
    """Return the part of its key that is the same in every environment."""
    import re

    return re.sub("[0-9a-f]{64}", "", entry.key)


def _advice(directory: str) -> str:
    """Return what to do if the cache in `directory` cannot be used."""
    if not directory:
        return "set HOME, or AWSEXEC_CACHE_DIR"
    another = "set AWSEXEC_CACHE_DIR to use another directory"
    if owner.others_directory(os.path.dirname(directory)) is not None:
        return f"run awsexec without sudo or with sudo -H, or {another}"
    try:
        status = os.lstat(directory)
    except OSError:
        return another
    if os.name == "posix" and status.st_uid != os.geteuid():
        import shlex

        # as after a run of root with this user's HOME
        command = f"sudo chown -R {owner.user_name(os.geteuid())} "
        return f"run: {command}{shlex.quote(directory)}; or {another}"
    return another


def store_for(environ: Mapping[str, str], report: Report) -> Store:
    """Return the cache that `environ` selects."""
    return Store(default_directory(environ), report)
