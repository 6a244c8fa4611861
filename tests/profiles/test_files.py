"""The grammar of the two files, as the SDKs read it."""

import os

import pytest

from awsexec.errors import ConfigError
from awsexec.profiles import files
from awsexec.profiles.files import CONFIG, CREDENTIALS


def values(section):
    return {name: setting.value for name, setting in section.settings.items()}


def parse(text, kind=CREDENTIALS):
    return files.parse(text, "FILE", kind)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("key = value", "value"),
        ("key=value", "value"),
        ("KEY\t=\tvalue  ", "value"),
        ("key = a=b:c", "a=b:c"),
        ("key = a # comment", "a"),
        ("key = a\t; comment", "a"),
        ("key = a#b;c", "a#b;c"),
        ("key = # comment", ""),
        ("key =", ""),
        ("key = 'quoted'", "'quoted'"),
        ("key = ü", "ü"),
        ("key = one\nkey = two", "two"),
        ("key = one\n  two\n\tthree", "one\ntwo\nthree"),
        ("key = one\r", "one"),
        ("# key = no\nkey = yes\n ; key = no", "yes"),
        # comments: of values, after white space; never of continuations
        ("key = a ;b", "a"),
        ("key = a #", "a"),
        ("key =\t#a", ""),
        ("key = #a", ""),
        ("key =#a", "#a"),
        ("key = a# b ; c", "a# b"),
        ("key = a\n  b # no comment", "a\nb # no comment"),
        ("key = a\n  # comment\n  b", "a\nb"),
        ("key = a # comment\n  b", "a\nb"),
        # continuations: deeper than their setting, blank lines are nothing
        ("key = a\n\n \t\n  b", "a\nb"),
        ("  key = a\n    b", "a\nb"),
        ("key = a\n  [b]", "a\n[b]"),
        ("key = a\n  b = c", "a\nb = c"),
        ("  other = a\n  key = b\n  more = c", "b"),
        # blank values, white space of any kind, other line ends
        ("key =    \t", ""),
        ("\tkey\t=\ta b\tc \t", "a b\tc"),
        ("key = a\r\n\r\n", "a"),
        ("other = a\rkey = b", "b"),
        ("key = " + "x" * 100_000, "x" * 100_000),
        # case of keys, non-ASCII, the last one wins
        ("Key = a\nkEy = b", "b"),
        ("key = Zoë ☃ 😀", "Zoë ☃ 😀"),
        ("key = a\n[p]\nkey = b\n[q]\nkey = c", "b"),
        ("key = a\n[p]\nkey =", ""),
        ("key = a%(b)s$HOME", "a%(b)s$HOME"),
    ],
)
def test_setting(line, value):
    assert values(parse(f"[p]\n{line}").profiles["p"])["key"] == value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("credential_process = a 'b # c' d # e", "a 'b # c' d"),
        ('credential_process = a "b ; \\" ; c" ; d', 'a "b ; \\" ; c"'),
        ("credential_process = a it's # e", "a it's"),
        ("credential_process = a \\' # 'e", "a \\'"),
        ("mfa_process = a ' # b' # c", "a ' # b'"),
        ("other = a 'b # c'", "a 'b"),
    ],
)
def test_quotes_of_a_command_line(line, value):
    name = line.partition(" ")[0]
    assert values(parse(f"[p]\n{line}").profiles["p"])[name] == value


def test_place_of_a_setting():
    section = parse("# one\n\n[p]\nkey = value\n").profiles["p"]
    setting = section.settings["key"]
    assert (section.line, setting.line, setting.where) == (3, 4, "FILE:4")
    assert repr(setting) == "<key at FILE:4>"


def test_nested_settings():
    text = "[services s]\nsts =\n  endpoint_url = http://x\n  other=1\nnext = 2\n"
    section = parse(text, CONFIG).services["s"]
    assert values(section) == {"sts": "", "next": "2"}
    nested = section.settings["sts"].nested
    assert {name: (n.value, n.line) for name, n in nested.items()} == {
        "endpoint_url": ("http://x", 3),
        "other": ("1", 4),
    }


def test_comments_of_nested_settings():
    text = "[p]\ns3 =\n  a = 1 # one\n  b = x#y;z\n  c = # nothing\n  d = 2\t; two\n"
    nested = parse(text).profiles["p"].settings["s3"].nested
    values = {name: inner.value for name, inner in nested.items()}
    assert values == {"a": "1", "b": "x#y;z", "c": "", "d": "2"}


def test_sections_of_one_name_merge():
    section = parse("[p]\na = 1\nb = 1\n[q]\n[p]\nb = 2\n").profiles["p"]
    assert values(section) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        ("[profile p]", CONFIG, "p"),
        ("[ profile  p ]", CONFIG, "p"),
        ('[profile "two words"]', CONFIG, "two words"),
        ("[profile 'two words']", CONFIG, "two words"),
        ('[profile "a]b"]', CONFIG, "a]b"),
        ("[profile o'neill]", CONFIG, "o'neill"),
        ("[default]", CONFIG, "default"),
        ("[profile default]", CONFIG, "default"),
        ("[profile p] # comment", CONFIG, "p"),
        ("[profile p]# comment", CONFIG, "p"),
        ("[profile p] ; [comment]", CONFIG, "p"),
        ("[profile Acme-[prod]/Admin]", CONFIG, "Acme-[prod]/Admin"),
        ("[profile Acme-[prod]/Admin] # of [prod]", CONFIG, "Acme-[prod]/Admin"),
        ('[profile "Acme [a] # b"] # c', CONFIG, "Acme [a] # b"),
        ('[profile "Acme-[prod]#1"]', CONFIG, "Acme-[prod]#1"),
        ("[Acme-[prod]/Admin]", CREDENTIALS, "Acme-[prod]/Admin"),
        ("[\tprofile\tp\t]", CONFIG, "p"),
        ("  [profile p]", CONFIG, "p"),
        ("[ default ]", CONFIG, "default"),
        ("[profile p\\q]", CONFIG, "p\\q"),
        ("[profile p#q;r=s:t]", CONFIG, "p#q;r=s:t"),
        ("[profile Ünï/co.de@x+y]", CONFIG, "Ünï/co.de@x+y"),
        ("[profile profile]", CONFIG, "profile"),
        ("[profile DEFAULT]", CONFIG, "DEFAULT"),
        ("[ p ]", CREDENTIALS, "p"),
        ('["two words"]', CREDENTIALS, "two words"),
        ("[Default]", CREDENTIALS, "Default"),
        ("[sso-session]", CREDENTIALS, "sso-session"),
        ("[p]", CREDENTIALS, "p"),
        ("[two words]", CREDENTIALS, "two words"),
        ("[default]", CREDENTIALS, "default"),
        ("[profile]", CREDENTIALS, "profile"),
        ("[ünï/co.de@x+y]", CREDENTIALS, "ünï/co.de@x+y"),
    ],
)
def test_header(header, kind, name):
    assert list(parse(f"{header}\n", kind).profiles) == [name]


FORM_OF_CONFIG = "in the credentials file, write [NAME] without the word profile"


@pytest.mark.parametrize(
    ("header", "kind", "why"),
    [
        ("p", CONFIG, "write [profile p] in the config file"),
        ("profile", CONFIG, "write 'profile' in lower case, and a name"),
        ("Profile", CONFIG, "write 'profile' in lower case, and a name"),
        ("Profile p", CONFIG, "write [profile p]"),
        ("profiles x", CONFIG, "write [profile x]"),
        ("profilex x", CONFIG, "write [profile x]"),
        ("proifle two words", CONFIG, 'write [profile "two words"]'),
        ("sso-sessions x", CONFIG, "write [sso-session x]"),
        ("sso_session x", CONFIG, "write [sso-session x]"),
        ("service x", CONFIG, "write [services x]"),
        ("sso-session a b", CONFIG, 'quote a name with blanks: [sso-session "a b"]'),
        ("services a b", CONFIG, 'quote a name with blanks: [services "a b"]'),
        ("Default", CONFIG, "write [profile Default] in the config file"),
        ("profilep", CONFIG, "write [profile profilep] in the config file"),
        (
            "p sso-session",
            CONFIG,
            'write [profile "p sso-session"] in the config file',
        ),
        ("profile a b", CREDENTIALS, FORM_OF_CONFIG),
        ("profile a b", CONFIG, 'quote a name with blanks: [profile "a b"]'),
        ("DEFAULT", CONFIG, "[DEFAULT] is not [default]; write it in lower case"),
        ("profile p", CREDENTIALS, FORM_OF_CONFIG),
        ("DEFAULT", CREDENTIALS, "[DEFAULT] is not [default]; write it in lower case"),
        ("", CREDENTIALS, "no name"),
    ],
)
def test_header_of_nobody(header, kind, why):
    parsed = parse(f"\n[{header}]\nkey = value\n", kind)
    assert parsed.profiles == {}
    assert parsed.skipped == [(header, 2, why)]


@pytest.mark.parametrize(
    ("header", "kind", "read", "why"),
    [
        (
            "[profile p] key = 1",
            CONFIG,
            "profile p",
            "put what follows the ']' on a line of its own",
        ),
        ("[p] key", CREDENTIALS, "p", "put what follows the ']' on a line of its own"),
        (
            "[profile Acme-[prod]#1/Admin]",
            CONFIG,
            "profile Acme-[prod]#1/Admin",
            "put a blank before the comment, or quotes around the name",
        ),
    ],
)
def test_header_that_is_not_understood_is_not_shortened(header, kind, read, why):
    parsed = parse(f"{header}\nkey = value\n", kind)
    assert parsed.profiles == {}
    assert parsed.skipped == [(read, 1, why)]


def test_names_with_brackets_stay_apart():
    text = "[profile Acme-[prod]/ReadOnly]\na = 1\n[profile Acme-[prod]/Admin]\na = 2\n"
    parsed = parse(text, CONFIG).profiles
    assert {name: values(section) for name, section in parsed.items()} == {
        "Acme-[prod]/ReadOnly": {"a": "1"},
        "Acme-[prod]/Admin": {"a": "2"},
    }


def test_nested_settings_are_no_top_level_ones():
    text = "[profile p]\ns3 =\n  region = no\n\n  # comment\n  Role_ARN =\nkey = 1\n"
    section = parse(text, CONFIG).profiles["p"]
    assert values(section) == {"s3": "", "key": "1"}
    assert [inner.name for inner in section.settings["s3"].block] == [
        "region",
        "Role_ARN",
    ]
    nested = section.settings["s3"].nested
    assert {name: inner.value for name, inner in nested.items()} == {
        "region": "no",
        "role_arn": "",
    }


@pytest.mark.parametrize("header", ["p", "DEFAULT", "Profile p", "profile a b"])
def test_settings_of_nobody_are_nobodys(header):
    text = f"[profile q]\na = 1\n[{header}]\na = 2\ns3 =\n  b = 3\n[profile r]\n"
    parsed = parse(text, CONFIG)
    assert {name: values(found) for name, found in parsed.profiles.items()} == {
        "q": {"a": "1"},
        "r": {},
    }


def test_names_are_told_apart_by_case():
    parsed = parse("[P]\na = 1\n[p]\na = 2\n")
    assert [values(parsed.profiles[name]) for name in "Pp"] == [{"a": "1"}, {"a": "2"}]


def test_groups_of_the_config_file():
    parsed = parse("[sso-session s]\n[services t]\n[profile p]\n", CONFIG)
    groups = (parsed.sso_sessions, parsed.services, parsed.profiles)
    assert [list(group) for group in groups] == [["s"], ["t"], ["p"]]


@pytest.mark.parametrize("order", [1, -1])
def test_profile_default_wins_whole_over_default(order):
    sections = ["[default]\na = 1\nb = 1\n", "[profile default]\na = 2\n"][::order]
    parsed = parse("".join(sections), CONFIG)
    assert values(parsed.profiles["default"]) == {"a": "2"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[p\n", 1, "the section's header has '[' without ']'; close it"),
        ("[p]\nkey\n", 2, "the line has no '='; write NAME = VALUE"),
        ("[p]\n\nkey : value\n", 3, "the line has no '='; write NAME = VALUE"),
        ("[p]\n= value\n", 2, "the line has no name before '='; write NAME = VALUE"),
        ("[p]\n  text\n", 2, "the line has no '='; write NAME = VALUE"),
        (
            "[p]\nkey = value\n[p]\n  text\n",
            4,
            "the line has no '='; write NAME = VALUE",
        ),
        ("  text\n", 1, "the line has no '='; write NAME = VALUE"),
        ("[p", 1, "the section's header has '[' without ']'; close it"),
        (
            "[p]\nkey =\n  = value\n",
            3,
            "the indented line under 'key' is not NAME = VALUE",
        ),
        (
            "key = value\n",
            1,
            "the setting stands before the first [section]; put it below its profile",
        ),
        (
            "[p]\nkey =\n  text\n",
            3,
            "the indented line under 'key' is not NAME = VALUE",
        ),
    ],
)
def test_malformed(text, line, what):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == f"FILE:{line}: {what}"


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_missing_file_is_an_empty_one(tmp_path, make):
    path = tmp_path / "config"
    make(path)
    parsed = files.read(str(path), CONFIG)
    assert (parsed.path, parsed.profiles) == (str(path), {})


def test_file_below_a_file_is_missing(tmp_path):
    (tmp_path / "file").write_text("")
    assert files.read(str(tmp_path / "file" / "config"), CONFIG).profiles == {}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"[p]\nkey = a\0b\n", "the file has a NUL character; is it a text file?"),
        (b"[p]\nkey = \xe9\n", "the file is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_file_that_is_no_text(tmp_path, data, what):
    path = tmp_path / "config"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        files.read(str(path), CONFIG)
    assert str(caught.value) == f"{path}:2: {what}"


def test_byte_order_mark(tmp_path):
    path = tmp_path / "credentials"
    path.write_bytes("\ufeff[p]\na = ü\n".encode())
    assert values(files.read(str(path), CREDENTIALS).profiles["p"]) == {"a": "ü"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/h"}, ("/h/.aws/config", "/h/.aws/credentials")),
        ({"HOME": "/h/"}, ("/h/.aws/config", "/h/.aws/credentials")),
        (
            {"HOME": "/h", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": ""},
            ("/h/c", "/h/.aws/credentials"),
        ),
        (
            {"AWS_CONFIG_FILE": "/c", "AWS_SHARED_CREDENTIALS_FILE": "d/e"},
            ("/c", "d/e"),
        ),
    ],
)
def test_paths(environ, expected):
    assert files.paths(environ) == expected


@pytest.mark.parametrize(
    "path",
    [
        "$A/x",
        "${A}/x",
        "$A",
        "x$A$B",
        "$AB",
        "${AB",
        "$",
        "$$A",
        "a$ b",
        "${}x",
        "$NONE/x",
        "${NONE}$A",
        "$A.b",
        "${A B}",
        "/plain",
    ],
)
def test_variables_in_paths_are_filled_in_as_python_does(monkeypatch, path):
    environ = {"A": "one", "B": "two $A", "A B": "three", "AB": ""}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert files.expand(path, environ) == os.path.expandvars(path)
