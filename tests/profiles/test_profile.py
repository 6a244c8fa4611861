"""Two files, one profile."""

import pytest

from awsexec.errors import ConfigError, NoSuchProfile
from awsexec.profiles import files
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import GUARDING, Profiles

PAIR = "aws_access_key_id = AKIAEXAMPLE{0}\naws_secret_access_key = secret{0}\n"


def profiles(config="", credentials=""):
    return Profiles(
        files.parse(config, "CONFIG", files.CONFIG),
        files.parse(credentials, "CREDENTIALS", files.CREDENTIALS),
    )


def test_credentials_file_wins_setting_by_setting():
    profile = profiles(
        "[profile p]\na = 1\nb = 1\nc = 1\n", "[p]\nb = 2\nc =\nd = 2\n"
    ).get("p")
    assert [profile.value(name) for name in "abcde"] == ["1", "2", "1", "2", None]
    assert profile.where == "CREDENTIALS:1"


@pytest.mark.parametrize("name", sorted(GUARDING))
@pytest.mark.parametrize(
    ("config", "credentials", "lines"),
    [
        ("[profile p]\n{0} = a\n{0} = b\n", "", "CONFIG:2 and CONFIG:3"),
        ("[profile p]\n{0} = a\n  more\n{0} = a\n", "", "CONFIG:2 and CONFIG:4"),
        ("[profile p]\n{0} = a\n{0} =\n  a = 1\n", "", "CONFIG:2 and CONFIG:3"),
        (
            "[profile p]\n{0} = b\n[profile q]\n{0} = c\n[profile p]\n{0} = a\n",
            "",
            "CONFIG:2 and CONFIG:6",
        ),
        # it is what the last one says, but not what the first two say
        ("[profile p]\n{0} = a\n{0} = b\n{0} = a\n", "", "CONFIG:3 and CONFIG:4"),
        ("", "[p]\n{0} = a\n{0} = b\n", "CREDENTIALS:2 and CREDENTIALS:3"),
        ("[profile p]\n{0} = a\n", "[p]\n{0} = b\n", "CONFIG:2 and CREDENTIALS:2"),
        ("[profile p]\n{0} = a\n{0} = a\n", "[p]\n{0} = a\n", None),
        # an empty value is none
        ("[profile p]\n{0} = a\n", "[p]\n{0} =\n", None),
        ("[profile p]\n{0} =\n{0} = a\n", "", None),
        ("[profile p]\n{0} = a\n{0} =\n", "", None),
        ("[profile p]\n{0} =\n{0} = a\n{0} =\n", "[p]\n{0} = a\n{0} =\n", None),
        ("[profile p]\n{0} = a\n{0} =\n{0} = b\n", "", "CONFIG:2 and CONFIG:4"),
        (
            "[profile p]\n{0} = a\n{0} =\n",
            "[p]\n{0} = b\n",
            "CONFIG:2 and CREDENTIALS:2",
        ),
        # a profile's own value wins over what it includes
        (
            "[profile p]\n{0} = a\ninclude_profile = q\n[profile q]\n{0} = b\n",
            "",
            None,
        ),
        ("[profile p]\n{0} = a\n[profile q]\n{0} = b\n{0} = c\n", "", None),
    ],
)
def test_what_guards_has_one_value(name, config, credentials, lines):
    found = profiles(config.format(name), credentials.format(name))
    if lines is None:
        assert found.get("p").value(name) == "a"
    else:
        with pytest.raises(ConfigError, match=f"{lines}: .* has two values of {name}"):
            found.get("p")
    # of another setting, the last one wins
    other = profiles(config.format("other"), credentials.format("other"))
    assert other.get("p").name == "p"


@pytest.mark.parametrize(
    ("name", "one", "other", "is_same"),
    [
        ("confirm", "true", "True", True),
        ("confirm", "name", "NAME", True),
        ("confirm", "true", "false", False),
        ("session_read_only", "TRUE", "true", True),
        ("expected_account", "123456789012", "123456789012", True),
        ("expected_account", "123456789012", "111122223333", False),
        ("session_policy_arns", "a b", "b, a", True),
        ("session_policy_arns", "a b", "a", False),
        ("confirm_text", "a", "A", False),
        ("session_policy", "a.json", "A.json", False),
    ],
)
def test_values_that_are_read_alike_are_one(name, one, other, is_same):
    for found in (
        profiles(f"[profile p]\n{name} = {one}\n{name} = {other}\n"),
        profiles(f"[profile p]\n{name} = {one}\n", f"[p]\n{name} = {other}\n"),
    ):
        if is_same:
            assert found.get("p").value(name) == other
        else:
            with pytest.raises(ConfigError, match=f"two values of {name}"):
                found.get("p")


def test_indented_lines_of_a_guard_are_not_lost():
    profile = profiles("[profile p]\nconfirm =\n  x = 1\nconfirm =\n").get("p")
    assert profile.settings["confirm"].block


def test_empty_value_is_no_value():
    profile = profiles("[profile p]\na =\nb =\n  c = 1\n").get("p")
    assert profile.get("a") is None
    # a block is none either
    assert profile.get("b") is None


def test_options_win():
    profile = profiles("[profile p]\na = 1\n").get("p")
    changed = profile.with_options([Setting.from_option("a", "2", "--a")])
    assert (changed.value("a"), changed.settings["a"].where) == ("2", "--a")
    assert changed.without("a").value("a") is None
    assert profile.value("a") == "1"


@pytest.mark.parametrize(
    ("config", "credentials", "key", "token"),
    [
        ("", PAIR.format(1), "AKIAEXAMPLE1", None),
        (PAIR.format(1), "", "AKIAEXAMPLE1", None),
        (PAIR.format(1), PAIR.format(2), "AKIAEXAMPLE2", None),
        ("", PAIR.format(1) + "aws_session_token = t\n", "AKIAEXAMPLE1", "t"),
        ("", PAIR.format(1) + "aws_session_token =\n", "AKIAEXAMPLE1", None),
        (
            "",
            PAIR.format(1) + "aws_session_token = t\naws_security_token = s\n",
            "AKIAEXAMPLE1",
            "s",
        ),
        # a token belongs to the pair beside it
        (
            PAIR.format(1) + "aws_session_token = t\n",
            PAIR.format(2),
            "AKIAEXAMPLE2",
            None,
        ),
    ],
)
def test_static_keys(config, credentials, key, token):
    profile = profiles(f"[profile p]\n{config}", f"[p]\n{credentials}").get("p")
    keys = profile.static_keys()
    assert keys.key_id.value == key
    assert keys.secret.value == f"secret{key[-1]}"
    assert (keys.token.value if keys.token else None) == token


def test_place_of_static_keys():
    keys = profiles("", f"[p]\n{PAIR.format('WXYZ')}").get("p").static_keys()
    assert keys.where == "key …WXYZ in CREDENTIALS:2"


def test_halves_in_two_files_are_no_pair():
    id_line, secret_line = PAIR.format(1).splitlines()
    found = profiles(f"[profile p]\n{secret_line}\n", f"[p]\n{id_line}\n").get("p")
    with pytest.raises(ConfigError) as caught:
        found.static_keys()
    assert str(caught.value) == (
        "CREDENTIALS:2: profile 'p' has aws_access_key_id but no "
        "aws_secret_access_key beside it; add it to CREDENTIALS"
    )


def test_variable_wins():
    profile = profiles("[profile p]\nretry_mode = legacy\n").get("p")
    for environ, value, where in (
        ({}, "legacy", "CONFIG:2"),
        ({"AWS_RETRY_MODE": ""}, "legacy", "CONFIG:2"),
        ({"AWS_RETRY_MODE": "standard"}, "standard", "AWS_RETRY_MODE"),
    ):
        found = profile.or_variable("retry_mode", environ)
        assert (found.name, found.value, found.where) == ("retry_mode", value, where)
    assert profile.or_variable("max_attempts", {}) is None


def test_names_in_the_order_of_the_files():
    found = profiles("[profile b]\n[default]\n", "[a]\n[b]\n")
    assert found.names() == ["b", "default", "a"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "prod-raeder",
            "no profile 'prod-raeder' in CONFIG and CREDENTIALS; did you mean "
            "prod-reader?",
        ),
        (
            "xyz",
            "no profile 'xyz' in CONFIG and CREDENTIALS; add it there, or check the "
            "spelling",
        ),
        (
            "bare",
            "no profile 'bare' in CONFIG and CREDENTIALS; CONFIG:2: write "
            "[profile bare] in the config file",
        ),
        (
            "worded",
            "no profile 'worded' in CONFIG and CREDENTIALS; CREDENTIALS:1: "
            "in the credentials file, write [NAME] without the word profile",
        ),
        # capitals count in a name, but are a likely slip
        (
            "DEFAULT",
            "no profile 'DEFAULT' in CONFIG and CREDENTIALS; did you mean default?",
        ),
    ],
)
def test_no_such_profile(name, message):
    found = profiles("[profile prod-reader]\n[bare]\n[default]\n", "[profile worded]\n")
    with pytest.raises(NoSuchProfile) as caught:
        found.get(name)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("config", "credentials", "why"),
    [
        ("[profile p]\n[profiles p]\na = 1\n", "", "CONFIG:2: write [profile p]"),
        (
            "[profile p] a = 1\n",
            "[p]\n",
            "CONFIG:1: put what follows the ']' on a line of its own",
        ),
        (
            "[profile p]\n",
            "[p] a = 1\n",
            "CREDENTIALS:1: put what follows the ']' on a line of its own",
        ),
    ],
)
def test_profile_of_which_a_section_is_not_understood(config, credentials, why):
    with pytest.raises(ConfigError) as caught:
        profiles(config, credentials).get("p")
    assert str(caught.value) == f"{why}; the section is not part of profile 'p' so far"


def test_section_without_its_word_is_nobodys():
    assert profiles("[profile p]\na = 1\n[p]\na = 2\n").get("p").value("a") == "1"


def test_included_settings():
    found = profiles(
        "[profile a]\ninclude_profile = b\nx = a\n"
        "[profile b]\ninclude_profile = c\nx = b\ny = b\n"
        "[profile c]\nx = c\ny = c\nz = c\n",
        "[c]\nz = credentials\n",
    ).get("a")
    assert [found.value(name) for name in "xyz"] == ["a", "b", "credentials"]
    assert found.settings["y"].where == "CONFIG:7"


def test_keys_are_not_included():
    found = profiles(
        "[profile a]\ninclude_profile = b\n",
        f"[b]\n{PAIR.format(1)}aws_session_token = t\n",
    ).get("a")
    assert not found.has_static_keys
    assert found.settings.keys() == {"include_profile"}


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("source_profile = q", "credential_source"),
        ("credential_source = Environment", "source_profile"),
    ],
)
def test_own_source_replaces_the_included_one(own, other):
    found = profiles(
        f"[profile a]\ninclude_profile = b\n{own}\n[profile b]\n{other} = x\n"
    ).get("a")
    assert found.get(other) is None


def test_options_win_over_included_settings():
    found = profiles("[profile a]\ninclude_profile = b\n[profile b]\nx = b\n").get("a")
    changed = found.with_options([Setting.from_option("x", "1", "--x")])
    assert changed.value("x") == "1"
    assert changed.without("x").value("x") is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            "[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = c\n"
            "[profile c]\ninclude_profile = b\n",
            "CONFIG:6: include_profile is a loop: b → c → b; remove include_profile from "
            "one of these profiles",
        ),
        (
            "[profile a]\ninclude_profile = a\n",
            "CONFIG:2: include_profile is a loop: a → a; remove include_profile from one "
            "of these profiles",
        ),
        (
            "[profile a]\ninclude_profile = x\n",
            "CONFIG:2: include_profile of profile 'a': no profile 'x' in CONFIG and "
            "CREDENTIALS; add it there, or check the spelling",
        ),
    ],
)
def test_bad_include(config, message):
    with pytest.raises(ConfigError) as caught:
        profiles(config).get("a")
    assert str(caught.value) == message
