"""Which files .awsexec are trusted, and the profile that one names here."""

import os
import random
from pathlib import Path

import pytest

from awsexec.cache import owner
from awsexec.profiles.by_directory import Unusable, name_in
from awsexec.profiles.trust import Trusts, profile_here


@pytest.fixture
def environ(tmp_path):
    return {"HOME": str(tmp_path)}


@pytest.fixture
def trusts(environ):
    found = Trusts.of(environ)
    owner.make_private(found.directory)
    return found


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working directory, which is below home."""
    path = tmp_path / "src" / "shop"
    path.mkdir(parents=True)
    monkeypatch.chdir(path)
    return path


NAMES = ["deploy", "two words", "größe-日本", "profile x", "# x", "x" * 900]
PLACES = ["/a/.awsexec", "/a b/.awsexec", "/ü/.awsexec", "/a\nprofile x/.awsexec"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [*PLACES, "/\udcff/.awsexec"])
def test_what_is_put_is_got(trusts, place, name):
    assert trusts.get(place) is None
    trusts.put(place, "other")
    trusts.put(place, name)
    assert trusts.get(place) == name
    assert [trusts.get(f"{other}x") for other in PLACES] == [None] * len(PLACES)
    assert (trusts.remove(place), trusts.remove(place)) == (True, False)
    assert trusts.get(place) is None


def test_before_there_is_a_directory(environ):
    found = Trusts.of(environ)
    assert found.get("/a/.awsexec") is None
    assert not found.remove("/a/.awsexec")


def test_files_are_private(trusts):
    trusts.put("/a/.awsexec", "deploy")
    (name,) = os.listdir(trusts.directory)
    assert name.endswith(".trust")
    assert os.stat(trusts.directory).st_mode & 0o777 == 0o700
    assert os.stat(os.path.join(trusts.directory, name)).st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"awsexec trust 2\npath '/a/.awsexec'\nprofile deploy\n",
        b"awsexec trust 1\npath '/b/.awsexec'\nprofile deploy\n",
        b"awsexec trust 1\n",
    ],
)
def test_damaged_trust_is_none(trusts, content):
    """So is one for another place whose file has the same name."""
    trusts.put("/a/.awsexec", "deploy")
    (path,) = Path(trusts.directory).iterdir()
    path.write_bytes(content)
    assert trusts.get("/a/.awsexec") is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.chmod(0o644), r"open to others \(mode 0644\)"),
        (lambda path: path.parent.chmod(0o755), r"open to others \(mode 0755\)"),
        (
            lambda path: path.symlink_to(path.rename(path.with_name("elsewhere"))),
            "symbolic links",
        ),
        (lambda path: (path.unlink(), path.mkdir()), "not a regular file"),
    ],
)
def test_trust_that_others_could_have_written(trusts, spoil, why):
    trusts.put("/a/.awsexec", "deploy")
    (path,) = Path(trusts.directory).iterdir()
    spoil(path)
    with pytest.raises(Unusable, match=f"^cannot read whether you trust .*{why}"):
        trusts.get("/a/.awsexec")


# --- The profile here -----------------------------------------------------------------


def test_no_file(environ, here):
    assert profile_here(environ) is None


def test_trusted(environ, here, trusts):
    path = here / ".awsexec"
    path.write_text("deploy\n")
    trusts.put(str(path), "deploy")
    found = profile_here(environ)
    assert (found.path, found.name, found.fault) == (str(path), "deploy", "")


def fault(environ):
    found = profile_here(environ)
    assert found.name == ""
    return found.fault


def test_untrusted(environ, here):
    path = here / ".awsexec"
    path.write_text("deploy'; rm -rf ~\n")
    assert fault(environ) == (
        f'{path} names profile "deploy\'; rm -rf ~", and you do not trust it; name a '
        f"PROFILE, or to trust it, type: awsexec --trust {path}"
    )


def test_changed(environ, here, trusts):
    path = here / ".awsexec"
    path.write_text("prod\n")
    trusts.put(str(path), "deploy")
    assert fault(environ) == (
        f"{path} has changed: it names profile 'prod', and named 'deploy' when you trusted "
        f"it; name a PROFILE, or to trust it, type: awsexec --trust {path}"
    )
    # the same name is the same content
    path.write_text("deploy\r\n")
    assert profile_here(environ).name == "deploy"


@pytest.mark.parametrize("kind", ["link", "hard link", "moved", "copied"])
def test_trust_is_for_the_place(environ, here, trusts, tmp_path, kind):
    """A repository must not choose what is trusted elsewhere."""
    trusted, path = tmp_path / "src" / ".awsexec", here / ".awsexec"
    trusted.write_text("prod\n")
    trusts.put(str(trusted), "prod")
    assert profile_here(environ).name == "prod"
    if kind == "link":
        path.symlink_to("../.awsexec")
    elif kind == "hard link":
        os.link(trusted, path)
    elif kind == "moved":
        trusted.rename(path)
    else:
        path.write_bytes(trusted.read_bytes())
    assert "and you do not trust it" in fault(environ)


def test_no_message_shows_what_a_link_leads_to(environ, here, trusts, tmp_path):
    secret = tmp_path / "token"
    secret.write_text("EXAMPLETOKEN\n")
    path = here / ".awsexec"
    path.symlink_to(secret)
    for _ in range(2):
        said = fault(environ)
        assert "EXAMPLETOKEN" not in said
        assert f"is a symbolic link to {secret}" in said
        trusts.put(str(path), "other")
    # the user may trust one all the same
    trusts.put(str(path), "EXAMPLETOKEN")
    assert profile_here(environ).name == "EXAMPLETOKEN"


def test_other_way_to_the_directory(environ, here, trusts, tmp_path, monkeypatch):
    path = here / ".awsexec"
    path.write_text("deploy\n")
    trusts.put(str(path), "deploy")
    (tmp_path / "shortcut").symlink_to(here)
    monkeypatch.chdir(tmp_path / "shortcut")
    assert profile_here(environ).path == str(path)


def test_home_that_is_a_link(here, trusts, tmp_path):
    link = tmp_path.parent / f"{tmp_path.name}-home"
    link.symlink_to(tmp_path)
    path = here.parent / ".awsexec"
    path.write_text("deploy\n")
    trusts.put(str(path), "deploy")
    assert profile_here({"HOME": str(link)}).name == "deploy"


def test_in_a_process_of_awsexec(environ, here, trusts):
    """Its answer is cached, and the cache does not know of the file."""
    path = here / ".awsexec"
    path.write_text("deploy\n")
    trusts.put(str(path), "deploy")
    assert "write PROFILE into its line" in fault({**environ, "AWSEXEC_CALLERS": "[]"})


def test_directory_that_is_gone(environ, here):
    here.rmdir()
    assert fault(environ) == (
        "cannot look for .awsexec from the current directory up: No such file or "
        "directory; name a PROFILE"
    )


def test_user_without_a_home(here, trusts):
    """A repository has what looks like the directory of such a user's data."""
    found = Trusts("~/.local/share/awsexec")
    Path(found.directory).parent.mkdir(parents=True)
    Path(trusts.directory).rename(found.directory)
    found.put("/a/.awsexec", "deploy")
    assert Path(found.directory).stat().st_mode & 0o777 == 0o700
    assert found.get("/a/.awsexec") is None


# --- Whatever happens to the files ----------------------------------------------------

# below home, one in the other
FOLDERS = ("src", "src/shop")
CONTENTS = {"one\n": "one", "two\r\n": "two", "one\ntwo\n": None}
STEPS = ("write", "write", "link", "remove", "chmod", "trust", "trust", "untrust")


class Model:
    """Which file counts in which directory, from what was done."""

    def __init__(self) -> None:
        # what is there: a content and a mode, or the folder that a link leads to
        self.files: dict[str, tuple[str, int] | str] = {}
        self.trusted: dict[str, str] = {}

    def name(self, folder: str | None) -> str | None:
        """What the file names; None for a file that cannot name a profile."""
        for _ in FOLDERS:
            found = self.files.get(folder)
            if not isinstance(found, str):
                break
            folder = found
        if not isinstance(found, tuple) or found[1] & 0o022:
            return None
        return CONTENTS[found[0]]

    def right(self, folder: str) -> str | None:
        """The profile, "" for an error, None where there is no file."""
        while folder not in self.files:
            folder, slash, _ = folder.rpartition("/")
            if not slash:
                return None
        name = self.name(folder)
        return name if name and self.trusted.get(folder) == name else ""


def do(what, folder, home, model, trusts, chance):
    """Do one step, to the files and to the model."""
    path = Path(home, folder, ".awsexec")
    if what == "trust":
        if folder in model.files and model.name(folder):
            trusts.put(str(path), name_in(str(path)))
            model.trusted[folder] = model.name(folder)
    elif what == "untrust":
        assert trusts.remove(str(path)) == (folder in model.trusted)
        model.trusted.pop(folder, None)
    elif what == "chmod":
        if isinstance(model.files.get(folder), tuple):
            mode = chance.choice([0o644, 0o666])
            path.chmod(mode)
            model.files[folder] = (model.files[folder][0], mode)
    else:
        path.unlink(missing_ok=True)
        model.files.pop(folder, None)
        if what == "write":
            content = chance.choice(list(CONTENTS))
            path.write_bytes(content.encode())
            path.chmod(0o644)
            model.files[folder] = (content, 0o644)
        elif what == "link":
            other = chance.choice(FOLDERS)
            path.symlink_to(Path(home, other, ".awsexec"))
            model.files[folder] = other


def test_a_file_counts_only_in_the_place_and_with_the_name_that_is_trusted(
    environ, trusts, tmp_path, monkeypatch
):
    (tmp_path / FOLDERS[-1]).mkdir(parents=True)
    chance, model, seen = random.Random(1), Model(), set()
    for number in range(600):
        step = chance.choice(STEPS), chance.choice(FOLDERS)
        do(*step, tmp_path, model, trusts, chance)
        for folder in FOLDERS:
            monkeypatch.chdir(tmp_path / folder)
            found = profile_here(environ)
            right = model.right(folder)
            assert (found and found.name) == right, (number, step, folder)
            assert found is None or bool(found.name) != bool(found.fault)
            seen.add((folder, right))
    assert len(seen) == len(FOLDERS) * len([None, "", "one", "two"])
