"""The file .awsexec: where it is looked for, and what may be in it."""

import grp
import os
import pwd
import stat

import pytest

from awsexec import bounded
from awsexec.profiles import by_directory
from awsexec.profiles.by_directory import (
    Unusable,
    find,
    is_private,
    name_in,
    parse,
    place,
    searched,
)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"deploy", "deploy"),
        (b"deploy\n", "deploy"),
        (b"deploy\r\n", "deploy"),
        (b"\xef\xbb\xbfdeploy\r\n", "deploy"),
        (b"two words\n", "two words"),
        (b"corp/Prod/ReadOnly\n", "corp/Prod/ReadOnly"),
        (b"# no comment\n", "# no comment"),
        ("größe-日本\n".encode(), "größe-日本"),
        (b"--read-only\n", "--read-only"),
    ],
)
def test_a_name(content, name):
    assert parse(content) == name


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"  \n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"deploy\n\n", "has more than one line"),
        (b"deploy\nother\n", "has more than one line"),
        (b"# deploys the shop\ndeploy\n", "has more than one line"),
        (b"deploy\rother", "has more than one line"),
        (b"deploy\n\r\n", "has more than one line"),
        (b" deploy\n", "has blanks around the name"),
        (b"deploy \n", "has blanks around the name"),
        (b"deploy\t\n", "has blanks around the name"),
        (b"\x1b[31mdeploy\n", "has a character that is not printable"),
        (b"dep\0loy\n", "has a character that is not printable"),
        ("dep\u202eloy\n".encode(), "has a character that is not printable"),
        ("dep\u2028loy\n".encode(), "has a character that is not printable"),
        (b"deplo\xff\n", "is not UTF-8"),
        ("deploy\n".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_no_name(content, why, tmp_path):
    with pytest.raises(ValueError, match=why):
        parse(content)
    path = tmp_path / ".awsexec"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=f"{why}; write the name of one profile"):
        name_in(str(path))


@pytest.mark.parametrize(
    ("directory", "home", "expected"),
    [
        # below home, whatever repositories are there; home itself is not among them
        ("h/a/b", "h", ["h/a/b", "h/a"]),
        ("h/a", "h", ["h/a"]),
        ("h/repo/sub/x", "h", ["h/repo/sub/x", "h/repo/sub", "h/repo"]),
        # home itself
        ("h", "h", ["h"]),
        # a directory whose name begins like home's
        ("hh/a", "h", ["hh/a"]),
        # in a repository elsewhere
        ("repo/sub/x", "h", ["repo/sub/x", "repo/sub", "repo"]),
        ("repo", "h", ["repo"]),
        # a worktree or submodule has a file
        ("repo/module/x", "h", ["repo/module/x", "repo/module"]),
        # elsewhere
        ("tmp/a/b", "h", ["tmp/a/b"]),
        ("tmp/a/b", "", ["tmp/a/b"]),
    ],
)
def test_where_it_is_looked_for(directory, home, expected, tmp_path):
    for each in ("h/repo/.git", "repo/.git", "repo/sub/x", "repo/module"):
        (tmp_path / each).mkdir(parents=True)
    (tmp_path / "repo/module/.git").write_text("gitdir: ../.git/modules/module\n")
    home = str(tmp_path / home) if home else ""
    found = searched(str(tmp_path / directory), home)
    assert found == [str(tmp_path / each) for each in expected]


def test_home_that_is_the_root():
    assert searched("/a/b", "/") == ["/a/b", "/a"]
    assert searched("/", "/") == ["/"]
    assert searched("/", "") == ["/"]


@pytest.mark.parametrize(
    ("directory", "reaches"),
    [("h", False), ("h/a", True), ("repo", True), ("repo/sub", True), ("tmp", False)],
)
def test_reach(directory, reaches, tmp_path):
    (tmp_path / "repo/.git").mkdir(parents=True)
    home = str(tmp_path / "h")
    assert by_directory.reaches_below(str(tmp_path / directory), home) == reaches


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling", "fifo"])
def test_the_nearest_counts_whatever_it_is(kind, tmp_path):
    """What cannot be read is no reason to look further up."""
    nearest = tmp_path / "a" / "b"
    nearest.mkdir(parents=True)
    (tmp_path / "a" / ".awsexec").write_text("above\n")
    at = nearest / ".awsexec"
    if kind == "file":
        at.write_text("x\n")
    elif kind == "directory":
        at.mkdir()
    elif kind == "fifo":
        os.mkfifo(at)
    else:
        at.symlink_to("../.awsexec" if kind == "link" else "nothing")
    assert find(str(nearest), str(tmp_path)) == str(at)
    if kind not in ("file", "link"):
        with pytest.raises(Unusable, match=r"^.*/a/b/\.awsexec cannot be read: "):
            name_in(str(at))


def test_none(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".awsexec").write_text("home\n")
    assert find(str(tmp_path / "a/b"), str(tmp_path)) is None
    assert find(str(tmp_path / "a/b"), "") is None


def test_that_it_cannot_be_told_is_no_none(tmp_path):
    """As where a directory above may not be entered; root may enter all."""
    with pytest.raises(OSError):
        find(str(tmp_path / ("x" * 300)), "")


def test_place(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real/.awsexec").symlink_to("../elsewhere")
    expected = str(tmp_path / "real/.awsexec")
    assert place(str(tmp_path / "link/.awsexec")) == expected
    # also of what is gone
    gone = str(tmp_path / "gone/.awsexec")
    assert place(gone) == gone


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o444, 0o755])
def test_modes(mode, tmp_path):
    path = tmp_path / ".awsexec"
    path.write_text("deploy\n")
    path.chmod(mode)
    assert name_in(str(path)) == "deploy"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o620, 0o602, 0o666])
def test_file_that_others_can_change(mode, tmp_path):
    path = tmp_path / ".awsexec"
    path.write_text("deploy\n")
    if os.geteuid() and not mode & 0o002:
        pytest.skip("the group may be the user's own")
    path.chmod(mode)
    with pytest.raises(Unusable) as caught:
        name_in(str(path))
    assert caught.value.what.endswith(f"by other users (mode {mode:04o})")
    assert caught.value.advice == f"run: chmod go-w {path}"


def passwd(name, uid, gid):
    return pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))


@pytest.mark.parametrize(
    ("user", "group", "expected"),
    [
        (("alice", 1000, 1000), ("alice", 1000, []), True),
        (("alice", 1000, 1000), ("alice", 1000, ["alice"]), True),
        (("alice", 1000, 1000), ("alice", 1000, ["alice", "bob"]), False),
        (("alice", 1000, 1000), ("bob", 1000, []), False),
        (("alice", 1000, 100), ("users", 100, []), False),
        (("alice", 1000, 1000), ("alice", 1001, []), False),
        (("root", 0, 0), ("root", 0, []), False),
    ],
)
def test_group_of_the_user_alone(user, group, expected):
    name, gid, members = group
    found = grp.struct_group((name, "x", gid, members))
    assert is_private(passwd(*user), found) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("through_link", [False, True])
def test_file_of_another_user(through_link, tmp_path):
    path = tmp_path / ".awsexec"
    path.write_text("deploy\n")
    os.chown(path, 12345, 12345)
    if through_link:
        path = tmp_path / "b" / ".awsexec"
        path.parent.mkdir()
        path.symlink_to("../.awsexec")
    with pytest.raises(Unusable, match="belongs to another user"):
        name_in(str(path))


def test_the_file_that_is_checked_is_the_one_that_is_read(tmp_path):
    """Another one that takes its place in between does not matter."""
    path = tmp_path / "file"
    path.write_text("good\n")
    seen = []

    def check(status):
        seen.append(status)
        (tmp_path / "other").write_text("bad\n")
        os.replace(tmp_path / "other", path)

    inode = path.stat().st_ino
    assert bounded.read(str(path), check=check) == b"good\n"
    assert [status.st_ino for status in seen] == [inode]
    assert stat.S_ISREG(seen[0].st_mode)
