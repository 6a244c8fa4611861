"""Names of roles, and the lists that turn an account's name into its id."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsexec.profiles.accounts import (
    NAMES_LIFE,
    Account,
    AccountList,
    as_kept,
    kept,
    path_of,
    split,
)

NOW = 1_000_000
IDS = ("111122223333", "123456789012", "210987654321")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("corp/Prod/Admin", ("corp", "Prod", "Admin")),
        ("corp/a/b/Admin", ("corp", "a/b", "Admin")),
        ("corp/eu/Prod/Admin", ("corp/eu", "Prod", "Admin")),
        # the longer session would leave no account
        ("corp/eu/Admin", ("corp", "eu", "Admin")),
        ("corp/Admin", None),
        ("corp/", None),
        ("corp//Admin", None),
        ("corp/Prod/", None),
        ("corporate/Prod/Admin", None),
        ("other/Prod/Admin", None),
        ("Corp/Prod/Admin", None),
    ],
)
def test_split(name, parts):
    assert split(name, ["corp", "corp/eu"]) == parts


# what AWS allows in the name of an account is printable ASCII
NAMES = st.one_of(
    st.sampled_from([*IDS, "Prod", "a/b", "eu/Prod", "/", " ", "corp"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=9),
)


@given(st.lists(NAMES, min_size=3, max_size=3))
def test_every_listed_name_means_its_own_account(names):
    sessions = ["corp", "corp/eu"]
    accounts = [
        Account(id, name, ["Admin"]) for id, name in zip(IDS, names, strict=True)
    ]
    listed = AccountList("corp", "x", NOW, accounts)
    seen = set()
    for name, account, role in listed.roles(sessions):
        session, called, found_role = split(name, sessions)
        assert (session, found_role) == ("corp", role)
        assert [each.id for each in listed.named(called)] == [account.id]
        seen.add(name)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("sign_in", "after", "counts"),
    [
        ("carol", 0, True),
        ("carol", NAMES_LIFE - 1, True),
        ("carol", NAMES_LIFE, False),
        # the clock was set back
        ("carol", -3600, False),
        ("dave", 0, False),
        (None, 0, False),
    ],
)
def test_list_counts_for_its_sign_in_and_a_day(sign_in, after, counts):
    listed = AccountList("corp", "carol", NOW, [])
    assert listed.is_current(sign_in, NOW + after) == counts


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "cache"
    path.mkdir(mode=0o700)
    return path


def write(directory, data):
    path = path_of(str(directory), "corp", "https://example.awsapps.com/start")
    with open(path, "wb") as stream:
        stream.write(data)
    os.chmod(path, 0o600)
    return path


def test_kept_list_reads_back(directory):
    accounts = [Account(IDS[0], 'Größe "1"', ["Admin", "ReadOnly"])]
    found = kept(write(directory, as_kept(AccountList("corp", "x", NOW, accounts))))
    assert (found.session, found.sign_in, found.listed) == ("corp", "x", NOW)
    assert [(each.id, each.name, each.roles) for each in found.accounts] == [
        (IDS[0], 'Größe "1"', ("Admin", "ReadOnly"))
    ]


GOOD = as_kept(AccountList("corp", "x", NOW, [Account(IDS[0], "Prod", ["Admin"])]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"\xff",
        GOOD[:-1],
        GOOD.replace(b'"version": 1', b'"version": 2'),
        GOOD.replace(b'["Admin"]', b"7"),
        GOOD.replace(b"1000000", b'"now"'),
        GOOD.replace(b"1000000", b"1e999"),
    ],
)
def test_damaged_list_is_none(directory, data):
    assert kept(write(directory, data)) is None


def test_list_of_others_is_none(directory):
    path = write(directory, GOOD)
    os.chmod(path, 0o644)
    assert kept(path) is None
    os.chmod(path, 0o600)
    assert kept(path) is not None
    os.rename(path, f"{path}.real")
    os.symlink(f"{path}.real", path)
    assert kept(path) is None
    os.unlink(path)
    os.mkfifo(path, 0o600)
    assert kept(path) is None
