"""Credentials as values."""

import pytest

from awsexec.credentials.credentials import Credentials, child_variables
from awsexec.fastpath import Entry
from awsexec.times import from_iso8601

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
    assert child_variables(credentials, "p", region) == expected


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
