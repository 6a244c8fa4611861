"""Writing the index of the keys in the keyring. `profiles.key_index` reads it."""

from __future__ import annotations

import os

from awsexec.cache import locks, owner
from awsexec.directories import data_directory, write_whole
from awsexec.errors import AwsexecError, ConfigError, reason, shown
from awsexec.profiles import key_index
from awsexec.profiles.key_index import KeptKey, KeyIndex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.cache.locks import Waiting


class IndexFile:
    """The index of `environ`'s user, to be changed while its lock is held.

    One action at a time changes keys: ``with`` waits for another one, in the context
    that `waiting` returns. All methods raise `AwsexecError`.
    """

    def __init__(self, environ: Mapping[str, str], waiting: Waiting) -> None:
        self._directory = data_directory(environ)
        self.path = os.path.join(self._directory, key_index.FILE_NAME)
        self._lock = locks.Lock(f"{self.path}.lock", waiting)

    def __enter__(self) -> IndexFile:
        try:
            owner.make_private(self._directory)
            self._lock.__enter__()
        except (OSError, ValueError) as error:
            raise self._cannot(error) from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.__exit__()

    def read(self) -> KeyIndex:
        """Return what the index says now. Raises `ConfigError` if it cannot be used."""
        found = KeyIndex.read(self.path)
        if found.fault:
            raise ConfigError(found.fault)
        return found

    def put(self, key: KeptKey) -> None:
        """Write the key of one name, in place of the one that the index has."""
        self._write({**self.read().keys, key.name: key})

    def remove(self, name: str) -> None:
        """Remove the key of `name`."""
        self._write({n: key for n, key in self.read().keys.items() if n != name})

    def _write(self, keys: Mapping[str, KeptKey]) -> None:
        """Replace the file by a whole one, which is on the disk when this returns."""
        text = key_index.dump(keys.values())
        key_index.parse(text)
        data = text.encode("utf-8", "surrogateescape")
        try:
            write_whole(self.path, data)
            self._sync_directory()
        except OSError as error:
            raise self._cannot(error) from None

    def _sync_directory(self) -> None:
        # after a power failure, the index must know of a key that AWS has made
        if os.name != "posix":
            return
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _cannot(self, error: Exception) -> AwsexecError:
        return AwsexecError(
            f"cannot write which keys are in the keyring to {shown(self.path)}: "
            f"{reason(error)}; correct that and try again"
        )
