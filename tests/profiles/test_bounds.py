"""Files of shapes that nobody writes by hand: no answer may take minutes."""

import time

import pytest

from awsexec.errors import ConfigError
from awsexec.plan.chain import MOST_ROLES, chain_of
from awsexec.profiles import files
from awsexec.profiles.profile import MOST_INCLUDED, MOST_SETTINGS, Profiles

N = 30_000
NONE = files.AwsFile("credentials", files.CREDENTIALS)
# each has megabytes, or thousands of what usually is there once
SHAPES = {
    "lines of a value": "[profile p]\nx = a\n" + "  more\n" * N,
    "lines of a block": "[profile p]\ns3 =\n" + "  a = b\n" * N,
    "blocks": "[profile p]\n" + "".join(f"a{n} =\n  b = c\n" for n in range(N)),
    "one setting": "[profile p]\n" + "a = b\n" * N,
    "settings": "[profile p]\n" + "".join(f"a{n} = b\n" for n in range(N)),
    "one section": "[profile p]\na = b\n" * N,
    "sections": "".join(f"[profile p{n}]\na = b\n" for n in range(N)),
    "bad headers": "".join(f"[profil p{n}]\na = b\n" for n in range(N)),
    "quotes": "[profile p]\ncredential_process = " + "a'b\" " * N,
    "more quotes": "[profile p]\ncredential_process = # " + "'" + '"' * 5 * N,
    "hashes": "[profile p]\ncredential_process = " + "a#" * N,
    "a header's hashes": "[profile p]x" + "#" * 10 * N,
    "a header's brackets": "[profile p" + "] " * 10 * N + "#",
    "a header's quotes": "[profile " + "'a \"b " * N + "]",
    "a long name": "a" * 10 * N + " = b\n",
    "carriage returns": "[profile p]\r" + "\r" * 10 * N,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_time_grows_with_the_size_only(text):
    began = time.process_time()
    try:
        parsed = files.parse(text, "config", files.CONFIG)
    except ConfigError as error:
        assert len(str(error)) < 1000
    else:
        parsed.why_not("x")
        for section in parsed.profiles.values():
            assert section.settings or not section.lines
    # it was minutes, or is half a second
    assert time.process_time() - began < 10


def test_long_values_are_whole():
    text = "[profile p]\nx = a\n  b\n  c = d\ny = \n  e = f\n  g = h # i\nx = j\n  k\n"
    section = files.parse(text, "config", files.CONFIG).profiles["p"]
    assert section.settings["x"].value == "j\nk"
    assert [(s.name, s.value, s.line) for s in section.settings["y"].block] == [
        *(("e", "f", 6), ("g", "h", 7))
    ]


def profiles(text):
    return Profiles(files.parse(text, "config", files.CONFIG), NONE)


def chain(roles):
    parts = [
        f"[profile c{n}]\nrole_arn = arn:aws:iam::123456789012:role/r{n}\n"
        f"source_profile = c{n + 1}\n"
        for n in range(roles)
    ]
    return "".join(parts) + (
        f"[profile c{roles}]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    )


def test_roles_of_a_chain():
    found = profiles(chain(MOST_ROLES))
    assert len(chain_of(found, found.get("c0"), "me", {}).steps) == MOST_ROLES
    for many in (MOST_ROLES + 1, 20_000):
        found = profiles(chain(many))
        with pytest.raises(ConfigError) as caught:
            chain_of(found, found.get("c0"), "me", {})
        assert str(caught.value) == (
            f"config:{3 * MOST_ROLES + 1}: the chain of profile 'c0' has more than 50 "
            "roles; let source_profile name one nearer to the end"
        )


def test_profiles_that_include_one_another():
    def including(many):
        parts = [f"[profile i{n}]\ninclude_profile = i{n + 1}\n" for n in range(many)]
        return profiles("".join(parts) + f"[profile i{many}]\nregion = x\n")

    assert including(MOST_INCLUDED).get("i0").value("region") == "x"
    for many in (MOST_INCLUDED + 1, 20_000):
        with pytest.raises(ConfigError) as caught:
            including(many).get("i0")
        assert str(caught.value) == (
            "config:102: more than 50 profiles include one another in a row, from 'i0' "
            "on; let include_profile name one nearer to the end"
        )


def test_settings_of_a_profile():
    def setting(many):
        return profiles("[profile p]\n" + "".join(f"a{n} = b\n" for n in range(many)))

    assert len(setting(MOST_SETTINGS).get("p").settings) == MOST_SETTINGS
    with pytest.raises(ConfigError) as caught:
        setting(MOST_SETTINGS + 1).get("p")
    assert str(caught.value) == (
        "config:1: profile 'p' has 1001 settings; awsexec reads at most 1000; "
        "delete the others"
    )
