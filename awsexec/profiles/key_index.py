"""The index of the keys in the system's keyring: all that is known of them but the secrets.

Reading it opens no keyring and unlocks nothing, so whatever lists profiles or makes a
plan may read it. `credentials.keys` writes it. The file is in the user's data directory,
private like the cache. It is lines of UTF-8: a key begins with its ``name``, and each of
its lines has a word of `FIELDS`, a blank, and the value.
"""

from __future__ import annotations

import os

from awsexec import fastpath
from awsexec.directories import data_directory
from awsexec.errors import ConfigError, reason, shown, tail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAGIC = "awsexec keys 1"
FIELDS = ("name", "key", "account", "arn", "generation", "added")
# of a rotation that is under way
ROTATION = ("began", "old", "new")
FILE_NAME = "keys"
# bytes; a key takes 200
_LARGEST = 1_048_576


class Rotation:
    """A rotation of a key that was begun and has not ended.

    `began` is when that was written down, before a new key was asked for, in seconds
    since the epoch. `old` is the id of the key to replace. `new` is the id of its
    successor, "" as long as its secret is not in the keyring.
    """

    __slots__ = ("began", "old", "new")

    def __init__(self, began: int, old: str, new: str = "") -> None:
        self.began = began
        self.old = old
        self.new = new


class KeptKey:
    """A user's key in the keyring, without its secret.

    `name` is the name of the profile whose key it is. `account` and `arn` say whose key
    AWS said it is, "" if AWS was not asked. `generation` is another one after each change
    of the key, and `added` the time of that change, in seconds since the epoch.
    """

    __slots__ = (
        "name",
        "key_id",
        "account",
        "arn",
        "generation",
        "added",
        "rotation",
        "index",
    )

    def __init__(
        self,
        name: str,
        key_id: str,
        account: str,
        arn: str,
        generation: str,
        added: int,
        rotation: Rotation | None = None,
        index: KeyIndex | None = None,
    ) -> None:
        self.name = name
        self.key_id = key_id
        self.account = account
        self.arn = arn
        self.generation = generation
        self.added = added
        self.rotation = rotation
        self.index = index

    def with_rotation(self, rotation: Rotation | None) -> KeptKey:
        """Return this key with another state of its rotation, None for no rotation."""
        return KeptKey(
            self.name,
            self.key_id,
            self.account,
            self.arn,
            self.generation,
            self.added,
            rotation,
        )

    @property
    def where(self) -> str:
        """The last four characters of the key id and its place, for messages."""
        return f"key {tail(self.key_id)} in the keyring"


class KeyIndex:
    """What the index says: the keys by the names of their profiles.

    `identity` is a digest of the file's content, None where there is no file. `fault`
    says why the file cannot be used, "" if it can; there are no `keys` then.
    """

    __slots__ = ("path", "keys", "identity", "fault")

    def __init__(
        self,
        path: str = "",
        keys: Iterable[KeptKey] = (),
        identity: str | None = None,
        fault: str = "",
    ) -> None:
        self.path = path
        self.identity = identity
        self.fault = fault
        self.keys = {key.name: key for key in keys}
        for key in self.keys.values():
            key.index = self

    def get(self, name: str) -> KeptKey | None:
        """Return the key of the profile `name`, None if the keyring has none.

        Raises `ConfigError` if the index cannot be used: nobody knows then.
        """
        if self.fault:
            raise ConfigError(self.fault)
        return self.keys.get(name)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> KeyIndex:
        """Read the index of the user whose environment `environ` is."""
        return cls.read(os.path.join(data_directory(environ), FILE_NAME))

    @classmethod
    def read(cls, path: str) -> KeyIndex:
        """Read the index at `path`. A missing file is an empty index."""
        try:
            data = _content(path)
            text = data.decode("utf-8", "surrogateescape")
            return cls(path, parse(text), fastpath.digest(data))
        except (FileNotFoundError, NotADirectoryError):
            return cls(path)
        except (OSError, ValueError) as error:
            return cls(
                path,
                fault=f"cannot read which keys are in the keyring from {shown(path)}: "
                f"{reason(error)}; correct that, or delete the file and add the keys again",
            )


def _content(path: str) -> bytes:
    # who may write to the directory may replace the file
    fastpath.check_directory(os.path.dirname(path))
    return fastpath.read_private(path, _LARGEST)


def parse(text: str) -> list[KeptKey]:
    """Return the keys in the text of an index. Raises `ValueError` for anything else."""
    head, *lines = text.split("\n")
    if head != MAGIC:
        raise ValueError("written by another version, or not an index")
    if lines.pop() if lines else True:
        raise ValueError("it ends within a line")
    found: list[dict[str, str]] = []
    for line in lines:
        field, _, value = line.partition(" ")
        if field == "name":
            found.append({})
        elif not found or field not in FIELDS + ROTATION or field in found[-1]:
            raise ValueError("damaged")
        found[-1][field] = value
    return [_key(values) for values in found]


def _key(values: dict[str, str]) -> KeptKey:
    began = values.pop("began", "")
    old, new = values.pop("old", ""), values.pop("new", "")
    if tuple(values) != FIELDS or not (values["name"] and values["key"]):
        raise ValueError("damaged")
    name, key_id, account, arn, generation, added = values.values()
    rotation = Rotation(int(began), old, new) if began else None
    return KeptKey(name, key_id, account, arn, generation, int(added), rotation)


def dump(keys: Iterable[KeptKey]) -> str:
    """Return the text that `parse` reads. Names and values must be printable."""
    lines = [MAGIC]
    for key in keys:
        values = [key.name, key.key_id, key.account, key.arn, key.generation]
        lines += map(" ".join, zip(FIELDS, (*values, str(key.added)), strict=True))
        if key.rotation is not None:
            under_way = str(key.rotation.began), key.rotation.old, key.rotation.new
            lines += map(" ".join, zip(ROTATION, under_way, strict=True))
    return "\n".join(lines) + "\n"


def new_generation() -> str:
    """Return a name for a state of a key, another one each time."""
    return os.urandom(8).hex()
