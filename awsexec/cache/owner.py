"""Whose a directory is, for root: with ``sudo -E``, root has another user's HOME.

Files that root made there would lock that user out of a cache or a sign-in of his own.
"""

from __future__ import annotations

import os

from awsexec import bounded, fastpath

ROOT = 0


def user_name(uid: int) -> str:
    """Return the login name of `uid`, or the number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def others_directory(path: str) -> tuple[str, str] | None:
    """Return which directory above `path` is another user's, and the user's name.

    None if there is none, or if this process is not root. `path` need not exist.
    """
    if os.name != "posix" or os.geteuid() != ROOT:
        return None
    path = os.path.realpath(path)
    found = None
    while True:
        try:
            owner = os.lstat(path).st_uid
        except OSError:
            # not there yet
            owner = ROOT
        if owner != ROOT:
            # that nearest to the root directory is the user's home
            found = path, owner
        above = os.path.dirname(path)
        if above == path:
            break
        path = above
    return found and (found[0], user_name(found[1]))


def make_private(directory: str) -> None:
    """Make a `directory` that only the user can open, and those above it.

    Raises `OSError`, and `ValueError` if it is there and not private, or not for root.
    """
    above = os.path.dirname(directory)
    try:
        check_private(directory)
    except FileNotFoundError:
        # as the XDG specification wants it
        os.makedirs(above, 0o700, exist_ok=True)
        try:
            os.mkdir(directory, 0o700)
        except FileExistsError:
            # another process was faster
            pass
        fastpath.check_directory(directory)


def check_private(directory: str) -> None:
    """Raise unless `directory` is there, and only the user can open it.

    `FileNotFoundError` means that it may be made. Raises `OSError`, and `ValueError` if it
    is not private, or not for root.
    """
    if not directory or bounded.is_homeless(directory):
        raise ValueError(bounded.NO_HOME)
    check(os.path.dirname(directory))
    fastpath.check_directory(directory)


def check(path: str) -> None:
    """Raise `ValueError` if root would write below another user's directory."""
    found = others_directory(path)
    if found is not None:
        directory, name = found
        raise ValueError(f"this is root, and {directory} belongs to {name}")
