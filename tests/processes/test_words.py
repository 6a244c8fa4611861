"""A command line of the user's, in words."""

import pytest

from awsexec.processes.words import split


@pytest.mark.parametrize(
    "platform, line, words",
    [
        (
            "linux",
            r"C:\tools\code.exe it\'s 'a b' #1",
            ["C:toolscode.exe", "it's", "a b", "#1"],
        ),
        ("win32", r"C:\tools\code.exe it's #1", [r"C:\tools\code.exe", "it's", "#1"]),
        (
            "win32",
            r'"C:\Program Files\code.exe" --n="a b"',
            [r"C:\Program Files\code.exe", "--n=a b"],
        ),
        (
            "win32",
            r'\\server\share\x.exe "" C:\\',
            ["\\\\server\\share\\x.exe", "", "C:\\\\"],
        ),
        ("win32", "  ", []),
        ("linux", "  ", []),
    ],
)
def test_split(platform, line, words):
    assert split(line, platform) == words


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_open_quote(platform):
    with pytest.raises(ValueError):
        split('code "a', platform)
