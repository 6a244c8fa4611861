"""The directories of awsexec's own."""

import os
import subprocess
import sys

import pytest

from awsexec.directories import (
    cache_directory,
    data_directory,
    platform_cache_directory,
)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWSEXEC_CACHE_DIR": "/c"}, "/c"),
        ({"AWSEXEC_CACHE_DIR": "~/c"}, "{home}/c"),
    ],
)
def test_cache_directory(environ, expected):
    expected = expected.format(home=os.path.expanduser("~"))
    assert cache_directory(environ) == expected


# the environments that a cache directory is worked out from; None for a variable unset
CACHE_HOMES = (
    None,
    "",
    " ",
    "relative",
    "~/x",
    "/x",
    "/x/",
    "/x//y/",
    "/x y",
    "/",
    "/$x",
)
HOMES = (None, "", "relative", "/", "/h", "/h/", "/h//", "/a/../h", "/h h", "/$h", "~")


@pytest.mark.parametrize("cache_home", CACHE_HOMES)
@pytest.mark.parametrize("home", HOMES)
def test_usual_directory_is_that_of_platformdirs(monkeypatch, cache_home, home):
    for name, value in {"XDG_CACHE_HOME": cache_home, "HOME": home}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert cache_directory(os.environ) == platform_cache_directory()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another directory")
def test_platformdirs_is_not_imported_for_it():
    code = (
        "import sys; from awsexec.directories import cache_directory\n"
        "print(cache_directory({'HOME': '/h'}), 'platformdirs' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE)
    path, is_imported = found.stdout.decode().split()
    assert path in ("/h/.cache/awsexec", "/h/Library/Caches/awsexec")
    assert is_imported == "False"


def test_relative_place_for_caches_does_not_count(monkeypatch):
    # platformdirs reads the environment of this process
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_directory(os.environ) == os.path.expanduser("~/.cache/awsexec")


def test_platform_s_directory():
    found = platform_cache_directory()
    assert found.startswith(os.path.expanduser("~"))
    assert found.endswith("awsexec")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/h"}, "/h/.local/share/awsexec"),
        ({"HOME": "/h", "XDG_DATA_HOME": ""}, "/h/.local/share/awsexec"),
        ({"HOME": "/h", "XDG_DATA_HOME": "relative"}, "/h/.local/share/awsexec"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/data"}, "/data/awsexec"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/$HOME"}, "/$HOME/awsexec"),
    ],
)
def test_data_directory_is_that_of_platformdirs(monkeypatch, environ, expected):
    import platformdirs

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert data_directory(environ, "linux") == expected
    if "$" not in expected:
        found = platformdirs.user_data_dir("awsexec", appauthor=False)
        assert found == expected
