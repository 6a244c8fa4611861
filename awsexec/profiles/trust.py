"""Which files ``.awsexec`` the user trusts, and the profile that one names here.

A trust is for one place and for the profile that the file names: another content or
another place is not trusted. A file that is a symbolic link is trusted where the link
is. If what it leads to counted instead, a repository from elsewhere could choose any
profile that the user trusts somewhere, by a link to that file.
"""

from __future__ import annotations

import os

from awsexec import bounded, fastpath
from awsexec.directories import data_directory, with_home, write_whole
from awsexec.errors import reason, shown, typed
from awsexec.profiles import by_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = "awsexec trust 1"
SUFFIX = ".trust"


class Trusts:
    """What a user trusts: a file for each place, in the `directory` for data.

    A file is three lines: `MAGIC`, ``path`` and the place as ``ascii`` writes it,
    ``profile`` and the name.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Trusts:
        """Return those of the user whose environment `environ` is."""
        return cls(data_directory(environ))

    def get(self, place: str) -> str | None:
        """Return the profile that the file at `place` may name, None if it is not trusted.

        A trust that is damaged is none. Raises `Unusable` if others could have written it,
        or if it cannot be read.
        """
        path = self._path(place)
        if bounded.is_homeless(path):
            # a repository may have a folder that is called ~
            return None
        try:
            # who may write to the directory may replace the file
            fastpath.check_directory(self.directory)
            data = fastpath.read_private(path, fastpath.LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise by_directory.Unusable(
                f"cannot read whether you trust {shown(place)} from {shown(path)}: "
                f"{reason(error)}",
                "correct that",
            ) from None
        head = _head(place)
        if not data.startswith(head):
            return None
        return data[len(head) :].decode("utf-8", "replace").removesuffix("\n")

    def put(self, place: str, name: str) -> None:
        """Trust the file at `place` to name the profile `name`.

        The directory must be there. Raises `OSError`.
        """
        data = _head(place) + name.encode("utf-8") + b"\n"
        write_whole(self._path(place), data)

    def remove(self, place: str) -> bool:
        """Trust the file at `place` no more; return whether it was trusted.

        Raises `OSError`.
        """
        try:
            os.unlink(self._path(place))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _path(self, place: str) -> str:
        name = fastpath.digest(os.fsencode(place))
        return os.path.join(self.directory, name + SUFFIX)


def _head(place: str) -> bytes:
    return f"{MAGIC}\npath {ascii(place)}\nprofile ".encode("ascii")


class DirectoryProfile:
    """The profile `name` that the file at `path` names.

    `fault` says why the file cannot count, "" if it does; the name is "" then. The path is
    "" if it cannot even be told whether there is a file.
    """

    __slots__ = ("path", "name", "fault")

    def __init__(self, path: str, name: str = "", fault: str = "") -> None:
        self.path = path
        self.name = name
        self.fault = fault


def profile_here(environ: Mapping[str, str]) -> DirectoryProfile | None:
    """Return what the nearest ``.awsexec`` of the current directory names.

    None if there is no such file. Whatever else keeps it from counting is its `fault`.
    """
    try:
        path = by_directory.find(os.getcwd(), home_of(environ))
    except OSError as error:
        return DirectoryProfile(
            "",
            fault=f"cannot look for {by_directory.NAME} from the current directory up: "
            f"{reason(error)}; name a PROFILE",
        )
    if path is None:
        return None
    if environ.get(fastpath.CALLERS):
        # what the command gives is cached, and not by this file
        return DirectoryProfile(
            path,
            fault=f"{shown(path)} does not count for an awsexec in a credential_process or "
            "mfa_process; write PROFILE into its line",
        )
    try:
        return DirectoryProfile(path, _trusted_name(path, environ))
    except by_directory.Unusable as error:
        fault = f"{error.what}; name a PROFILE, or {error.advice}"
        return DirectoryProfile(path, fault=fault)


def _trusted_name(path: str, environ: Mapping[str, str]) -> str:
    name = by_directory.name_in(path)
    trusted = Trusts.of(environ).get(path)
    if trusted == name:
        return name
    names = f"names profile {name!r}"
    if os.path.islink(path):
        # to any file of the user's, which no message is to show
        names = f"is a symbolic link to {shown(os.readlink(path))}"
    what = f"{shown(path)} {names}, and you do not trust it"
    if trusted is not None:
        what = (
            f"{shown(path)} has changed: it {names}, and named {trusted!r} when you "
            "trusted it"
        )
    raise by_directory.Unusable(what, f"to trust it, type: {typed('--trust', path)}")


def home_of(environ: Mapping[str, str]) -> str:
    """Return the user's home directory without symbolic links, "" for none."""
    home = with_home("~", environ)
    return os.path.realpath(home) if os.path.isabs(home) else ""
