"""The places of --session-name."""

import pytest

from awsexec.errors import UsageError
from awsexec.plan.overrides import profile_for
from awsexec.profiles import files
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profiles


def name_of(template):
    config = files.parse("[profile a/b]\nregion = eu-west-1\n", "config", files.CONFIG)
    credentials = files.parse("", "credentials", files.CREDENTIALS)
    option = Setting.from_option("role_session_name", template, "--session-name")
    profile = profile_for(Profiles(config, credentials), "a/b", None, [option])
    return profile.value("role_session_name")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("me", "me"),
        ("{profile}", "a-b"),
        ("x{profile}.{profile}x", "xa-b.a-bx"),
        ("{{profile}}", "{profile}"),
        ("é b", "é b"),
    ],
)
def test_places(template, name):
    assert name_of(template) == name


@pytest.mark.parametrize(
    "template",
    [
        "{name}",
        "{",
        "}",
        "{}",
        "{0}",
        "{profile.name}",
        "{profile[0]}",
        "{profile!r}",
        "{profile:x}",
        # a gigabyte of blanks, and then no memory
        "{profile:>9999999999}",
        "{profile:{user}}",
        "{profile",
    ],
)
def test_what_is_no_place(template):
    with pytest.raises(UsageError, match="has an unknown place; the places are {user}"):
        name_of(template)
