"""The cache directory: writing entries, one lock for each key, deleting old entries.

As git and botocore's credential cache do, an entry is written to a temporary file in the
same directory, synced and renamed. So a reader sees the old entry or the new one. No
failure in here ends a run: the cache then seems empty.
"""

from __future__ import annotations

import os
import time

from awsexec import bounded, fastpath
from awsexec.cache import locks, owner
from awsexec.cache.forgotten import Forgotten
from awsexec.directories import ACCOUNTS, TEMPORARY, cache_directory, write_whole
from awsexec.errors import AwsexecError, reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from awsexec.fastpath import Entry
    from awsexec.report import Report

# seconds after which expired entries, old locks and temporary files are deleted; and
# lists of accounts, which TAB uses for longer than their names count
PRUNE_AFTER, PRUNE_ACCOUNTS_AFTER = 86_400, 30 * 86_400

_LOCK, _FORGOTTEN = ".lock", ".forgotten"
_NO_ENTRIES = (_LOCK, TEMPORARY, _FORGOTTEN, ACCOUNTS)
# how the keys begin of entries that are sessions (`Chain.keys`)
_SESSION = "('session', "
# what is in the keys of sessions whose sources may hand on a session from elsewhere
_HANDED_ON = ("('process', ", "('environment', ")


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
        try:
            data = fastpath.dump(entry)
            owner.make_private(self.directory)
            if mark is not None and self._forgotten.has(entry, mark):
                self._report.detail(f"not caching what was forgotten: {path}")
                return
            if self._has(entry.key, data):
                # fsync may take longer than the rest of a run
                return
            try:
                # so `prune` need not read the entry
                write_whole(path, data, entry.expires)
            except FileNotFoundError:
                self._report.detail(f"not caching what was forgotten: {path}")
                return
            if mark is not None and self._forgotten.has(entry, mark):
                # between the first look and the renaming
                os.unlink(path)
                return
            self.prune()
            if at_most is not None:
                self._keep_newest(entry, at_most)
        except (OSError, ValueError) as error:
            self._warn(error)

    def keep_accounts(self, path: str, data: bytes) -> None:
        """Replace the list of accounts at `path` of this directory; warn if that fails."""
        try:
            owner.make_private(self.directory)
            write_whole(path, data)
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
            owner.make_private(self.directory)
            return locks.claim(path, self._clock(), seconds)
        except (OSError, ValueError):
            return False

    def lock(
        self, key: str, waiting: locks.Waiting, about: str = "", who: str = ""
    ) -> AbstractContextManager[None]:
        """Return the lock of `key`, held from ``with`` to its end.

        If the directory allows no locks, ``with`` goes on without one. `waiting`, `about`
        and `who` are as for `locks.Lock`: ``with`` may raise `Deadlock`, and the failure
        of the process that held the lock.
        """
        return _Lock(self, locks.Lock(self._path(key) + _LOCK, waiting, about, who))

    def try_lock(self, lock: locks.Lock) -> bool:
        """Begin to hold `lock`; return False if the directory allows no locks."""
        try:
            owner.make_private(self.directory)
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

    def forget(
        self, profile: str | None, keys: Collection[str] = ()
    ) -> tuple[int, int]:
        """Delete the entries of `profile` and of `keys`, None for all.

        Return how many sessions and how many entries that were: each profile also has
        entries that only spare the work of later runs.

        Damaged entries are always deleted, and so is what a write that broke off has left.
        A run under way that has read one of the entries, or asks for one, will not write
        it. Raises `AwsexecError`.
        """
        try:
            fastpath.check_directory(self.directory)
            if list(self._files()):
                self._forgotten.add(profile, keys)
        except FileNotFoundError:
            return 0, 0
        except (OSError, ValueError) as error:
            raise self._cannot_forget(error) from None
        sessions = count = 0
        failure = None
        # the files that there are after the note
        for path, found in _parsed(self._files()):
            is_other = path.endswith((_LOCK, _FORGOTTEN)) or (
                # a list of accounts is of no profile
                path.endswith(ACCOUNTS)
                and profile is not None
            )
            if is_other or not (
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
                # what else is there is forgotten all the same
                failure = self._cannot_forget(error, path)
                continue
            if _is_entry(path):
                count += 1
                sessions += found is not None and found.key.startswith(_SESSION)
        if failure is not None:
            raise failure
        return sessions, count

    def _cannot_forget(self, error: Exception, path: str = "") -> AwsexecError:
        what = shown(path) if path else f"the sessions in {shown(self.directory)}"
        advice = _repair(self.directory) or "correct that and try again"
        return AwsexecError(f"cannot delete {what}: {reason(error)}; {advice}")

    def forget_from(self, path: str) -> int:
        """Delete what was, or may have been, got with the file at `path`.

        Nobody knows whom a process or the environment had its credentials from: it may be
        awsexec. Return how many entries. Raises as `forget_signed` does.
        """
        word = fastpath.dependencies([(path, "")])
        return self._forget_with_sessions(
            lambda entry: word in entry.also
            or any(source in entry.key for source in _HANDED_ON)
        )

    def forget_signed(self, key_id: str) -> int:
        """Delete the sessions that were got with a user's key; return how many entries.

        What is under way now writes nothing any more. Raises `AwsexecError`.
        """
        # a session's key has the id of the key at its beginning
        return self._forget_with_sessions(lambda entry: ascii(key_id) in entry.key)

    def _forget_with_sessions(self, is_first: Callable[[Entry], bool]) -> int:
        """Delete the entries that `is_first` says, and those that hold their sessions."""
        found = [(path, entry) for path, entry in self.entries() if entry is not None]
        # the entries of runs have the ids of sessions that they are for
        sessions = {_key_id(entry) for _, entry in found if is_first(entry)}
        paths = [path for path, entry in found if _key_id(entry) in sessions]
        try:
            fastpath.check_directory(self.directory)
            self._forgotten.add(None, ())
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise self._cannot_forget(error) from None
        for path in paths:
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._cannot_forget(error, path) from None
        return len(paths)

    def prune(self) -> None:
        """Delete what has been useless for a day."""
        now = self._clock()
        for path in self._files():
            after = PRUNE_ACCOUNTS_AFTER if path.endswith(ACCOUNTS) else PRUNE_AFTER
            try:
                if os.lstat(path).st_mtime < now - after:
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

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            where = f" in {shown(self.directory)}" if self.directory else ""
            what, effect = "use the cache", "going on without it"
            if self._is_readable():
                what, effect = "write to the cache", "this session is not kept"
            self._report.warning(
                f"cannot {what}{where}: {reason(error)}; {effect}; "
                f"{_advice(self.directory)}"
            )

    def _is_readable(self) -> bool:
        try:
            fastpath.check_directory(self.directory)
            return bool(self.directory)
        except (OSError, ValueError):
            return False


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
        and (rest == "" or f".{rest}".endswith(_NO_ENTRIES))
    )


def _is_entry(path: str) -> bool:
    return not path.endswith(_NO_ENTRIES)


def _key_id(entry: Entry) -> str:
    return entry.variables.get(fastpath.ACCESS_KEY_ID, "")


def _parsed(paths: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
    """Return each path with the entry in the file, None if there is none."""
    for path in paths:
        try:
            data = bounded.read(path, fastpath.LARGEST, is_regular=True)
            yield path, fastpath.parse(data)
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            yield path, None


def _without_digests(entry: Entry) -> str:
    """Return the part of its key that is the same in every environment."""
    import re

    return re.sub("[0-9a-f]{64}", "", entry.key)


def fault(directory: str) -> tuple[str, str] | None:
    """Return why the cache in `directory` cannot be used, and what to do; None if it can.

    It is what a run would say. Nothing stays: to see whether the directory, or what is to
    hold it, can be written, a directory is made there and removed.
    """
    try:
        above = directory
        try:
            owner.check_private(directory)
        except FileNotFoundError:
            while not os.path.lexists(above) and above != os.path.dirname(above):
                above = os.path.dirname(above)
        # a mode does not tell of a file system that is read-only, or full
        try:
            trial = os.path.join(above, f".{os.urandom(8).hex()}{TEMPORARY}")
            os.mkdir(trial, 0o700)
            os.rmdir(trial)
        except OSError as error:
            if above == directory:
                raise
            why = f"cannot be made in {shown(above)}: {reason(error)}"
            raise ValueError(why) from None
    except (OSError, ValueError) as error:
        return reason(error), _advice(directory)
    return None


def _advice(directory: str) -> str:
    """Return what to do if the cache in `directory` cannot be used."""
    if not directory:
        return "set HOME, or AWSEXEC_CACHE_DIR"
    another = "set AWSEXEC_CACHE_DIR to use another directory"
    if owner.others_directory(os.path.dirname(directory)) is not None:
        return f"run awsexec without sudo or with sudo -H, or {another}"
    repair = _repair(directory)
    return f"{repair}; or {another}" if repair else another


def _repair(directory: str) -> str:
    """Return the command that makes `directory` the user's own again; "" for none."""
    try:
        status = os.lstat(directory)
    except OSError:
        return ""
    import shlex
    import stat

    if os.name != "posix" or not stat.S_ISDIR(status.st_mode):
        return ""
    if status.st_uid != os.geteuid():
        # as after a run of root with this user's HOME
        command = f"sudo chown -R {owner.user_name(os.geteuid())}"
    elif status.st_mode & 0o777 != 0o700:
        command = "chmod 700"
    else:
        return ""
    return f"run: {command} {shlex.quote(directory)}"


class MemoryStore(Store):
    """The entries that this process has read and written, above those of the directory.

    With ``uses_files=False``, entries are neither read from files nor written there. The
    locks are those of the directory in any case. It may be used by several threads.
    """

    def __init__(self, directory: str, report: Report, *, uses_files: bool) -> None:
        super().__init__(directory, report)
        self._uses_files = uses_files
        self._entries: dict[str, Entry] = {}

    def read(self, key: str) -> Entry | None:
        found = self._entries.get(key)
        if found is None and self._uses_files:
            found = super().read(key)
            if found is not None:
                self._entries[key] = found
        return found

    def write(
        self, entry: Entry, mark: str | None = None, at_most: int | None = None
    ) -> None:
        self._entries[entry.key] = entry
        if self._uses_files:
            super().write(entry, mark, at_most)


def store_for(environ: Mapping[str, str], report: Report) -> Store:
    """Return the cache that `environ` selects."""
    return Store(cache_directory(environ), report)
