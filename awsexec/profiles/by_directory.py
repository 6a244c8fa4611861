"""The file ``.awsexec``, which names the profile of its directory.

Anybody may have put it there: whether it counts, `profiles.trust` says.
"""

from __future__ import annotations

import os
import stat

from awsexec import bounded
from awsexec.errors import ConfigError, reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import grp
    import pwd
    from collections.abc import Iterator

NAME = ".awsexec"
# bytes: far more than the longest SESSION/ACCOUNT/ROLE
LARGEST = 1024
# what makes a directory the top of a repository; a worktree has a file
_REPOSITORY = ".git"


def searched(directory: str, home: str) -> list[str]:
    """Return the directories in which a run in `directory` looks, the nearest first.

    Below `home`, these are all up to `home`, which is not among them: a file there would
    be for everything. In a repository elsewhere, they are all up to its top. Anywhere else
    it is `directory` alone: what lies above may be another user's, as in /tmp. Both paths
    are absolute and have no symbolic links; `home` is "" if the user has none.
    """
    up = list(_up(directory))
    if home in up[1:]:
        return up[: up.index(home)]
    for number, each in enumerate(up, start=1):
        if os.path.lexists(os.path.join(each, _REPOSITORY)):
            return up[:number]
    return [directory]


def _up(directory: str) -> Iterator[str]:
    """Yield `directory` and those above it."""
    yield directory
    while (above := os.path.dirname(directory)) != directory:
        yield above
        directory = above


def reaches_below(directory: str, home: str) -> bool:
    """Return whether the file of `directory` is for the directories in it too."""
    return directory in searched(os.path.join(directory, "x"), home)


def find(directory: str, home: str) -> str | None:
    """Return the path of the nearest file, None for none. Paths are as for `searched`.

    Raises `OSError` if it cannot be told whether there is one.
    """
    for each in searched(directory, home):
        path = os.path.join(each, NAME)
        try:
            # one that leads nowhere is there too
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        return path
    return None


def place(path: str) -> str:
    """Return where the file at `path` is: that path without symbolic links to its directory.

    The file itself may be a link. It need not exist.
    """
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


class Unusable(ConfigError):
    """A file cannot name a profile: `what` is the matter, and `advice` helps."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}; {advice}")
        self.what = what
        self.advice = advice


def name_in(path: str) -> str:
    """Return the name of the profile in the file at `path`.

    Raises `Unusable` for one that cannot be read, has anything else in it, is another
    user's, or can be changed by others.
    """

    def check(status: os.stat_result) -> None:
        # Windows has neither owner nor mode
        if os.name != "posix":
            return
        if status.st_uid != os.geteuid():
            raise Unusable(
                f"{shown(path)} belongs to another user", "write one of your own there"
            )
        if others_can_write(status):
            import shlex

            mode = stat.S_IMODE(status.st_mode)
            raise Unusable(
                f"{shown(path)} can be changed by other users (mode {mode:04o})",
                f"run: chmod go-w {shlex.quote(path)}",
            )

    try:
        return parse(bounded.read(path, LARGEST, is_regular=True, check=check))
    except OSError as error:
        what = f"{shown(path)} cannot be read: {reason(error)}"
        raise Unusable(what, "correct that") from None
    except ValueError as error:
        advice = "write the name of one profile into it, and nothing else"
        raise Unusable(f"{shown(path)} {error}", advice) from None


def others_can_write(status: os.stat_result) -> bool:
    """Return whether another user can change the user's file or directory of this `status`."""
    if not status.st_mode & 0o020:
        return bool(status.st_mode & 0o002)
    # few files can be changed by a group
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(status.st_uid), grp.getgrgid(status.st_gid)
    except KeyError:
        return True
    return bool(status.st_mode & 0o002) or not is_private(user, group)


def is_private(user: pwd.struct_passwd, group: grp.struct_group) -> bool:
    """Return whether `user` alone is in `group`, by the names and members of both.

    So it is where each user has a group of the same name, and a umask of 002: on Ubuntu and
    Fedora (login.defs(5), USERGROUPS_ENAB). root has another umask, and its group may have
    other members.
    """
    return (
        user.pw_uid != 0
        and user.pw_gid == group.gr_gid
        and user.pw_name == group.gr_name
        and set(group.gr_mem) <= {user.pw_name}
    )


def parse(content: bytes) -> str:
    """Return the name in the `content` of a file: one line, whose end may be missing.

    Raises `ValueError` for anything else.
    """
    try:
        # as Windows's editors begin a file
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    name = text.removesuffix("\n").removesuffix("\r")
    if not name.strip():
        raise ValueError("is empty")
    if "\n" in name or "\r" in name:
        raise ValueError("has more than one line")
    if name != name.strip():
        raise ValueError("has blanks around the name")
    if not name.isprintable():
        raise ValueError("has a character that is not printable")
    return name
