"""The directories of the user where awsexec keeps files of its own, and writing there."""

from __future__ import annotations

import os
import sys

from awsexec import fastpath
from awsexec.errors import ConfigError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# the end of the names of files in the cache directory that hold lists of accounts
ACCOUNTS = ".accounts"
# the end of the names of files that are not written whole yet
TEMPORARY = ".tmp"


def cache_directory(environ: Mapping[str, str]) -> str:
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
    return _usual_cache_directory(environ, sys.platform) or platform_cache_directory()


def _usual_cache_directory(environ: Mapping[str, str], platform: str) -> str:
    """Return what `platform_cache_directory` does; "" if that is not certain.

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


def data_directory(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return awsexec's directory for data, as platformdirs finds it.

    `environ` must agree with this process's environment, which platformdirs reads. Its
    import takes almost as long as Python's start, and is saved where the answer is
    certain. Versions of it differ about XDG_DATA_HOME on macOS.
    """
    base = environ.get("XDG_DATA_HOME", "")
    if platform == "linux" and "ANDROID_DATA" not in environ:
        # the XDG specification says to ignore a relative one
        if base[:1] != "/":
            base = with_home("~/.local/share", environ)
        return os.path.join(base, "awsexec")
    if platform == "darwin" and not base:
        return with_home("~/Library/Application Support/awsexec", environ)
    import platformdirs

    return os.path.abspath(platformdirs.user_data_dir("awsexec", appauthor=False))


def with_home(path: str, environ: Mapping[str, str]) -> str:
    """Return `path` with its ``~`` filled in; as it is where the user has no home."""
    # os.path.expanduser uses os.environ, not the environment that was passed in
    home = environ.get("HOME")
    if home and os.name == "posix" and (path == "~" or path.startswith("~/")):
        return home.rstrip("/") + path[1:]
    return os.path.expanduser(path)


def platform_cache_directory() -> str:
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


def write_whole(path: str, data: bytes, stamp: float | None = None) -> None:
    """Replace the user's own file at `path` by `data`: a reader sees the old or the new one.

    The file has mode 0600 from the start, and is on the disk when this returns. `stamp` is
    its time stamp, in seconds since the epoch, None for now.
    Raises `OSError`, `FileNotFoundError` where another process has deleted the new file.
    """
    temporary = f"{path}.{os.urandom(8).hex()}{TEMPORARY}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        if stamp is not None:
            os.utime(temporary, (stamp, stamp))
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
