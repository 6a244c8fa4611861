"""Text from outside, as a person sees it."""

import pytest

from awsexec.errors import names_of
from awsexec.text import REMOTE_LONGEST, message, printable, remote, without_userinfo
from tests.hostile import ACTED_ON, is_harmless


@pytest.mark.parametrize("character", ACTED_ON, ids=ascii)
def test_no_character_that_a_terminal_acts_on_is_printed(character):
    escaped = printable(f"a{character}b")
    assert is_harmless(escaped) and "\n" not in escaped
    # nothing is lost, and nothing is escaped twice
    assert escaped[1:-1].encode("ascii").decode("unicode_escape") == character
    assert printable(escaped) == escaped
    line = message(f"a{character}b")
    assert is_harmless(line) and line.startswith("awsexec: a") and line.count("\n") == 1


@pytest.mark.parametrize("text", ["", "plain", r"C:\new", "日本 über ñ 🎉 ∀"])
def test_what_people_write_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("http://user:secret@host/x", "http://******@host/x"),
        ("http://secret@host", "http://******@host"),
        (
            "https://u:secret@h and ftp://v:secret@i:8",
            "https://******@h and ftp://******@i:8",
        ),
        # passwords that had to be percent-encoded
        ("http://u:sec/ret@host: no", "http://******@host: no"),
        ("http://u:sec@ret@host", "http://******@host"),
        ("http://u:sec#ret?x@host", "http://******@host"),
        ("http://u:sec ret@host", "http://******@host"),
        # what has no user
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        (
            "cannot reach http://127.0.0.1:1: no; ask a@b",
            "cannot reach http://127.0.0.1:1: no; ask a@b",
        ),
        ("arn:aws:iam::123456789012:user/a@b", "arn:aws:iam::123456789012:user/a@b"),
        ("http://", "http://"),
        ("http:// a@b", "http:// a@b"),
    ],
)
def test_user_and_password_of_a_url(text, cut):
    assert without_userinfo(text) == cut
    assert message(text) == f"awsexec: {cut}\n"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Access Denied", "Access Denied"),
        (" two\n lines\r\n", "two lines"),
        ("x" * 300, "x" * 300),
        ("x" * 100_000, "x" * (REMOTE_LONGEST - 1) + "…"),
        ("<!DOCTYPE html><html><title>Sign in</title></html>", "a web page"),
        ("403 from x: <HTML><BODY>no</BODY></HTML>", "a web page"),
        ("a <b> c", "a <b> c"),
        (403, "403"),
    ],
)
def test_what_another_machine_said(said, shown):
    assert remote(said) == shown


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a", "a"),
        ("ab", "a and b"),
        ("abcd", "a, b, c and d"),
        ("abcde", "a, b, c and 2 more"),
        (["a\x1b", "b c"], "'a\\x1b' and b c"),
        (map(str, range(1000)), "0, 1, 2 and 997 more"),
    ],
)
def test_names_in_a_message(names, said):
    assert names_of([*names]) == said
