"""Both AWS files of the user, and whether they changed since they were read."""

from __future__ import annotations

import os
import time

from awsexec import fastpath
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Seconds for which a file may look the same after another edit; git calls such index
# entries "racily clean". Time stamps of whole seconds may be any file system's, down
# to FAT with its steps of two seconds. Finer ones are the kernel's, which takes them
# from a clock that ticks at least a hundred times a second.
COARSE_STEP, FINE_STEP = 2, 0.02


class Config:
    """The config file and the credentials file, read.

    `paths` are the config file's and the credentials file's path. `signatures` say what
    the files were when they were read, as `fastpath.signatures` does. `is_settled` is
    whether a later edit is sure to change the signatures.
    """

    __slots__ = ("profiles", "paths", "signatures", "is_settled")

    def __init__(
        self,
        profiles: Profiles,
        paths: tuple[str, str],
        signatures: str,
        is_settled: bool,
    ) -> None:
        self.profiles = profiles
        self.paths = paths
        self.signatures = signatures
        self.is_settled = is_settled

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Config:
        """Read the files that `environ` selects. Raises `ConfigError`."""
        paths = files.paths(environ)
        # before the files are read: a change from now on gives another signature
        signatures = fastpath.signatures(paths)
        settled = all(is_settled(path) for path in paths)
        profiles = Profiles.load(environ)
        both = (profiles.config, profiles.credentials)
        for file, variable in zip(both, files.PATH_VARIABLES):
            file.given_by = variable if environ.get(variable) else ""
        return cls(profiles, paths, signatures, settled)

    @classmethod
    def without_profiles(cls, environ: Mapping[str, str]) -> Config:
        """Return what `load` returns where the selected files do not exist."""
        return cls(Profiles.none(), files.paths(environ), "", False)


def open_to_others(path: str) -> str | None:
    """Return a warning if other users may read the file, which has keys; else None."""
    try:
        mode = os.stat(path).st_mode & 0o777
    except OSError:
        return None
    # Windows has no such modes
    if os.name != "posix" or not mode & 0o044:
        return None
    import shlex

    return (
        f"{path}: other users may read the keys in this file (mode {mode:04o}); run: "
        f"chmod 600 {shlex.quote(path)}"
    )


def is_settled(path: str) -> bool:
    """Return whether a later edit of the file is sure to change its signature."""
    try:
        status = os.stat(path)
    except OSError:
        return True
    stamps = status.st_mtime_ns, status.st_ctime_ns
    coarse = any(stamp % 1_000_000_000 == 0 for stamp in stamps)
    step = COARSE_STEP if coarse else FINE_STEP
    return max(stamps) / 1e9 < time.time() - step
