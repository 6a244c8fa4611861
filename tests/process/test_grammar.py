"""The grammar of the two files, from the bytes in them to what COMMAND gets."""

import os

import pytest

from tests.support import KEY_ID

# the one part of a profile that may hold nearly anything, and shows in COMMAND
SECRET = "aws_secret_access_key"
ID = f"aws_access_key_id = {KEY_ID}\n"
KEYS = f"{ID}{SECRET} = mine\n"
OTHERS = "aws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = others\n"


def value(written, meant, id):
    """A value of the config file, as it is written there and as it is meant."""
    return pytest.param(f"[profile p]\n{ID}{SECRET}{written}\n", meant, id=id)


@pytest.mark.parametrize(
    ("config", "secret"),
    [
        value(" = a # comment", "a", "# after a blank"),
        value(" = a\t; comment", "a", "; after a tab"),
        value(" = a#b;c", "a#b;c", "# and ; without a blank"),
        value(" = a\n# comment\n; comment\n  # comment", "a", "lines of comments"),
        value("=a", "a", "no blanks"),
        value("\t=\ta \t", "a", "tabs"),
        value(" = a=b:c", "a=b:c", "= and : in a value"),
        value(" = 'a' \"b\"", "'a' \"b\"", "quotes in a value"),
        value(" = a%b%(c)s$HOME\\n", "a%b%(c)s$HOME\\n", "% and $ and a backslash"),
        value(" = " + "x" * 100_000, "x" * 100_000, "a very long line"),
        value(" = b\r\nregion = eu-west-1\r", "b", "CRLF"),
        value(" = no\naws_secret_access_key = a", "a", "a setting twice"),
        value(
            " = no\n[profile q]\n[profile p]\naws_secret_access_key = a", "a", "merge"
        ),
        value(" = a\n[q]\naws_secret_access_key = no", "a", "[x] in the config file"),
        value(" = a\n[DEFAULT]\naws_secret_access_key = no", "a", "[DEFAULT]"),
        value(" = a\n[profile P]\naws_secret_access_key = no", "a", "case of a name"),
        value(" = a\ns3 =\n  aws_secret_access_key = no", "a", "nested settings"),
        value(
            " = a\ns3 =\n\n  # comment\n\taws_secret_access_key = no\nregion = x",
            "a",
            "nested settings after a blank line and a comment",
        ),
        value(
            " = a\nca_bundle = /x\n  aws_secret_access_key = no",
            "a",
            "a continuation that looks like a setting",
        ),
        value(
            " = a\nca_bundle = /x\n  [profile p]\n  aws_secret_access_key = no",
            "a",
            "a continuation that looks like a section",
        ),
        value(
            " = a\n[sso-session p]\naws_secret_access_key = no\n"
            "[services p]\naws_secret_access_key = no",
            "a",
            "sso-session and services sections of the same name",
        ),
        pytest.param(
            f"[profile p]\nAWS_Access_Key_ID = {KEY_ID}\nAWS_SECRET_ACCESS_KEY = a\n",
            "a",
            id="case of settings",
        ),
        pytest.param(
            "[profile p]\naws_access_key_id : no = x\n" + KEYS,
            "mine",
            id=": is no delimiter",
        ),
        pytest.param("\ufeff[profile p]\n" + KEYS, "mine", id="a byte order mark"),
        pytest.param(
            "# Größe ☃\n[profile ü]\nregion = ö\n[profile p]\n" + KEYS,
            "mine",
            id="not ASCII, elsewhere",
        ),
        pytest.param("[ profile\t p ]\n" + KEYS, "mine", id="blanks in brackets"),
        pytest.param("\n\n  [profile p] # x\n" + KEYS, "mine", id="after the bracket"),
        pytest.param("\t[profile p]\n\t" + KEYS, "mine", id="indented"),
        pytest.param(f"[profile p]\n{KEYS}"[:-1], "mine", id="no end of the last line"),
    ],
)
def test_config(run_awsexec, home, config, secret):
    home.config.write_text(config, encoding="utf-8", newline="")
    child = run_awsexec.child("p", env=ONLY_KEYS)
    assert child["AWS_ACCESS_KEY_ID"] == KEY_ID
    assert child["AWS_SECRET_ACCESS_KEY"] == secret


# whatever region stands in these files is of no matter
ONLY_KEYS = {"AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('[profile "two words"]', "two words"),
        ("[profile 'two words']", "two words"),
        ('[profile "a]b"]', "a]b"),
        ("[profile o'neill]", "o'neill"),
        ("[profile p\\q]", "p\\q"),
        ("[profile p#q;r=s:t]", "p#q;r=s:t"),
        ("[profile Ünï/co.de@x+y]", "Ünï/co.de@x+y"),
        ("[profile profile]", "profile"),
        ("[profile DEFAULT]", "DEFAULT"),
        ("[profile 0]", "0"),
        ("[default]", "default"),
        ("[profile default]", "default"),
        (f"[profile default]\n{KEYS}[default]\n{OTHERS}[x]", "default"),
        (f"[default]\n{OTHERS}[profile default]", "default"),
    ],
)
def test_name_in_the_config_file(run_awsexec, home, header, name):
    home.config.write_text(f"{header}\n{KEYS}", encoding="utf-8")
    child = run_awsexec.child(name)
    assert child["AWS_SECRET_ACCESS_KEY"] == "mine"
    assert child["AWSEXEC_PROFILE"] == name


@pytest.mark.parametrize(
    "name", ["two words", "Ünï", "o'neill", "profile", "Default", "sso-session", "a#b"]
)
def test_name_in_the_credentials_file(run_awsexec, home, name):
    home.credentials.write_text(f"[{name}]\n{KEYS}", encoding="utf-8")
    assert run_awsexec.child(name)["AWS_SECRET_ACCESS_KEY"] == "mine"


@pytest.mark.parametrize(
    ("config", "credentials", "expected"),
    [
        pytest.param(
            f"[profile p]\nregion = eu-west-1\n{OTHERS}",
            f"[p]\n{KEYS}",
            ("mine", "eu-west-1", None),
            id="settings of both",
        ),
        pytest.param(
            "[profile p]\nregion = eu-west-1\n",
            f"[p]\n{KEYS}region = us-west-2\n",
            ("mine", "us-west-2", None),
            id="the credentials file wins",
        ),
        pytest.param(
            "[profile p]\nregion = eu-west-1\n",
            f"[p]\n{KEYS}region =\naws_session_token =  \n",
            ("mine", "eu-west-1", None),
            id="blank values",
        ),
        pytest.param(
            f"[profile p]\n{OTHERS}aws_session_token = EXAMPLE\n",
            f"[p]\n{KEYS}",
            ("mine", None, None),
            id="a pair from one file",
        ),
        pytest.param(
            "[p]\nregion = eu-west-1\n",
            f"[p]\n{KEYS}[profile p]\nregion = us-west-2\n",
            ("mine", None, None),
            id="sections of the other file's form",
        ),
        pytest.param(None, f"[p]\n{KEYS}", ("mine", None, None), id="no config file"),
        pytest.param("", f"[p]\n{KEYS}", ("mine", None, None), id="an empty one"),
        pytest.param(
            " \n\t\n# nothing\n",
            f"[p]\n{KEYS}",
            ("mine", None, None),
            id="nothing but blanks and a comment",
        ),
        pytest.param(os.mkdir, f"[p]\n{KEYS}", ("mine", None, None), id="a directory"),
        pytest.param(
            f"[profile p]\n{KEYS}", None, ("mine", None, None), id="no credentials file"
        ),
        pytest.param(
            f"[profile p]\n{KEYS}",
            os.mkdir,
            ("mine", None, None),
            id="a directory of credentials",
        ),
        pytest.param(
            None,
            "[p]\naws_access_key_id = !\naws_secret_access_key = mine\n",
            ("mine", None, None),
            id="a key id of any shape",
        ),
    ],
)
def test_both_files(run_awsexec, home, config, credentials, expected):
    for path, content in ((home.config, config), (home.credentials, credentials)):
        path.unlink(missing_ok=True)
        if callable(content):
            content(path)
        elif content is not None:
            path.write_text(content)
    child = run_awsexec.child("p")
    names = ("AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_SESSION_TOKEN")
    assert tuple(map(child.get, names)) == expected


def test_home_in_paths(run_awsexec, home):
    home.credentials.rename(home.path / "kéys")
    (home.path / "conf").write_text(f"[profile p]\n{KEYS}")
    env = {"AWS_CONFIG_FILE": "~/conf", "AWS_SHARED_CREDENTIALS_FILE": "$HOME/kéys"}
    assert run_awsexec.child("p", env=env)["AWS_SECRET_ACCESS_KEY"] == "mine"
    assert run_awsexec.child("alice", env=env)["AWS_ACCESS_KEY_ID"] == KEY_ID


CHECK = "check the file's permissions"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"[profile p\n",
            ":1: the section's header has '[' without ']'; close it",
            id="[",
        ),
        pytest.param(
            b"[profile p]\nx\n",
            ":2: the line has no '='; write NAME = VALUE",
            id="no =",
        ),
        pytest.param(
            b"[profile p]\n=x\n",
            ":2: the line has no name before '='; write NAME = VALUE",
            id="no name",
        ),
        pytest.param(
            b"region = x\n",
            ":1: the setting stands before the first [section]; put it below its profile",
            id="no section",
        ),
        pytest.param(
            b"[profile p]\ns3 =\n  x\n",
            ":3: the indented line under 's3' is not NAME = VALUE",
            id="nested, no =",
        ),
        pytest.param(
            b"[profile p]\nregion = \xe9\n",
            ":2: the file is not UTF-8 text; save it as UTF-8",
            id="Latin-1",
        ),
        pytest.param(
            "[profile p]\n".encode("utf-16"),
            ":1: the file is UTF-16 text, as > in Windows PowerShell writes it; save it as "
            "UTF-8",
            id="UTF-16",
        ),
    ],
)
def test_malformed(run_awsexec, home, content, message):
    home.config.write_bytes(content)
    assert run_awsexec("p", "true").error() == f"{home.config}{message}"


def test_unreadable(run_awsexec, home):
    # the superuser may read whatever has no such loop in its path
    home.config.symlink_to(home.config)
    error = run_awsexec("alice", "true").error()
    assert (
        error
        == f"cannot read {home.config}: Too many levels of symbolic links; {CHECK}"
    )


@pytest.mark.parametrize(
    ("config", "credentials", "name", "why"),
    [
        ("[p]\n", "", "p", "{config}:1: write [profile p] in the config file"),
        ("[sso-session other]\n", "", "p", None),
        ("[services p]\n", "", "p", None),
        ("[profile P]\n", "", "p", None),
        (
            "[DEFAULT]\n",
            "",
            "DEFAULT",
            "{config}:1: [DEFAULT] is not [default]; write it in lower case",
        ),
        (
            "",
            "[profile p]\n",
            "p",
            "{credentials}:1: in the credentials file, write [NAME] without the word "
            "profile",
        ),
        (
            "[profile two words]\n",
            "",
            "two words",
            '{config}:1: quote a name with blanks: [profile "two words"]',
        ),
        (
            "[Profile p]\n",
            "",
            "p",
            "{config}:1: write [profile p]",
        ),
    ],
)
def test_no_profile(run_awsexec, home, config, credentials, name, why):
    home.write_config(config)
    home.write_credentials(credentials)
    error = run_awsexec(name, "true").error()
    assert f"no profile {name!r}" in error
    places = {"config": home.config, "credentials": home.credentials}
    assert why is None or why.format(**places) in error
