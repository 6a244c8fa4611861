"""What the README says differs from botocore does, there and here."""

from pathlib import Path

import botocore.configloader
import botocore.exceptions
import pytest

from awsexec.profiles import files
from awsexec.profiles.profile import Profiles

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ERROR = "an error"

GRAMMAR = [
    (
        "a section or a setting that stands twice",
        "[profile p]\na = 1\n[profile p]\na = 2\nb = 3\n",
        ERROR,
        {"p": {"a": "2", "b": "3"}},
    ),
    (
        "`#` or `;` after white space in a value",
        "[profile p]\na = 1 # one\n",
        {"p": {"a": "1 # one"}},
        {"p": {"a": "1"}},
    ),
    (
        "`:` between name and value",
        "[profile p]\na : b = 1\n",
        {"p": {"a": "b = 1"}},
        {"p": {"a : b": "1"}},
    ),
    ("a byte order mark", "\ufeff[profile p]\na = 1\n", ERROR, {"p": {"a": "1"}}),
    ("blanks inside the brackets", "[ profile p ]\na = 1\n", {}, {"p": {"a": "1"}}),
    (
        "`[DEFAULT]`",
        "[DEFAULT]\na = 1\n[profile p]\nb = 2\n",
        {"p": {"a": "1", "b": "2"}},
        {"p": {"b": "2"}},
    ),
    (
        "`[default]` and `[profile default]`",
        "[profile default]\na = 1\n[default]\nb = 2\n",
        {"default": {"b": "2"}},
        {"default": {"a": "1"}},
    ),
    (
        "a name with `'`, `\"` or `\\` in it",
        "[profile o'neill]\na = 1\n[profile x\\y]\na = 2\n",
        {"xy": {"a": "2"}},
        {"o'neill": {"a": "1"}, "x\\y": {"a": "2"}},
    ),
]


def values(profiles):
    return {
        name: {setting.name: setting.value for setting in section.settings.values()}
        for name, section in profiles.items()
    }


@pytest.mark.parametrize(
    ("row", "text", "theirs", "ours"), GRAMMAR, ids=[case[0] for case in GRAMMAR]
)
def test_grammar(tmp_path, row, text, theirs, ours):
    assert f"| {row} |" in README
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    try:
        found = botocore.configloader.load_config(str(path))["profiles"]
    except botocore.exceptions.ConfigParseError:
        found = ERROR
    assert found == theirs
    assert values(files.read(str(path), files.CONFIG).profiles) == ours


def test_prefix_in_the_credentials_file(tmp_path):
    assert "| `[profile p]` in the credentials file |" in README
    path = tmp_path / "credentials"
    path.write_text("[profile p]\na = 1\n[q]\na = 2\n")
    assert botocore.configloader.raw_config_parse(str(path)).keys() == {
        "profile p",
        "q",
    }
    profiles = Profiles.load((str(tmp_path / "config"), str(path)))
    assert profiles.names() == ["q"]
