"""Credentials as values."""

import time

import pytest

from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.fastpath import Entry
from awsexec.times import as_tools_write, from_iso8601

STATIC = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
SESSION = Credentials("ASIAEXAMPLE", "secret", "token", 1_700_000_000, 1_699_996_400)


@pytest.mark.parametrize(
    ("credentials", "region", "expected"),
    [
        (
            STATIC,
            None,
            {
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWSEXEC_PROFILE": "p",
            },
        ),
        (
            SESSION,
            "eu-west-1",
            {
                "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": "token",
                "AWS_CREDENTIAL_EXPIRATION": "2023-11-14T22:13:20Z",
                "AWS_REGION": "eu-west-1",
                "AWS_DEFAULT_REGION": "eu-west-1",
                "AWSEXEC_PROFILE": "p",
            },
        ),
    ],
)
def test_child_variables(credentials, region, expected):
    assert child_variables(credentials, "p", region, False) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000),
        ("2023-11-14T22:13:20.500+00:00", 1_700_000_000),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200),
        ("2023-11-14T22:13:20", None),
        ("2023-11-14", None),
        ("20300101", None),
        ("soon", None),
        ("", None),
    ],
)
def test_from_iso8601(text, expected):
    assert from_iso8601(text) == expected


def test_from_entry():
    entry = Entry("", "", SESSION.issued, SESSION.expires, SESSION.variables())
    found = Credentials.from_entry(entry)
    assert found.variables() == SESSION.variables()
    assert (found.issued, found.expires) == (SESSION.issued, SESSION.expires)


def test_no_secret_is_shown():
    for text in (repr(SESSION), str(SESSION), f"{SESSION}"):
        assert "secret" not in text and "token" not in text
    assert str(SESSION) == "key …MPLE"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T02:27:57Z",
        "2026-11-24T02:27:57+00:00",
        "2026-11-24T02:27:57+0000",
        "2026-11-24T12:27:57+10:00",
        "2026-11-23T21:27:57-0500",
        "2026-11-24T02:27:57.123456789Z",
        "2026-11-24 02:27:57",
        "2026-11-24 02:27:57 +0000 UTC",
        "1795487277",
        "1795487277000",
    ],
)
def test_time_as_tools_write_it(text):
    assert as_tools_write(text) == 1_795_487_277


@pytest.mark.parametrize(
    "text",
    ["", "soon", "12", "2026-11-24", "2026-11-24T25:00:00Z", "9" * 5000, "²" * 10],
)
def test_no_time_as_tools_write_it(text):
    assert as_tools_write(text) is None


def test_time_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "XYZ-3")
    time.tzset()
    try:
        assert as_tools_write("2026-11-24 05:27:57", is_local=True) == 1_795_487_277
        assert as_tools_write("2026-11-24 02:27:57Z", is_local=True) == 1_795_487_277
    finally:
        monkeypatch.undo()
        time.tzset()
