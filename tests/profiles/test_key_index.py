"""The index of the keys in the keyring, as a file and as values."""

import contextlib
import os
from pathlib import Path

import pytest

from awsexec.credentials.keys.index import IndexFile
from awsexec.directories import data_directory
from awsexec.errors import AwsexecError, ConfigError
from awsexec.profiles import key_index
from awsexec.profiles.key_index import KeptKey, KeyIndex, Rotation
from tests.support import KEY_ID

ARN = "arn:aws:iam::123456789012:user/alice"


def key(name="alice", rotation=None, arn=ARN):
    account = arn and "123456789012"
    return KeptKey(name, KEY_ID, account, arn, "0123456789abcdef", 1000, rotation)


def fields(key):
    rotation = key.rotation and (
        key.rotation.began,
        key.rotation.old,
        key.rotation.new,
    )
    names = key_index.FIELDS
    values = key.name, key.key_id, key.account, key.arn, key.generation, key.added
    return dict(zip(names, values, strict=True)), rotation


@pytest.fixture
def environ(tmp_path):
    return {"HOME": str(tmp_path)}


@pytest.fixture
def index(environ):
    with IndexFile(environ, lambda _: contextlib.nullcontext()) as index:
        yield index


@pytest.mark.parametrize("name", ["alice", "a b", "name key x", "ü/@\\", "\udcff"])
@pytest.mark.parametrize("arn", [ARN, ""])
@pytest.mark.parametrize(
    "rotation", [None, Rotation(5, KEY_ID), Rotation(5, KEY_ID, "AKIAI44QH8DHBEXAMPLE")]
)
def test_what_is_written_is_read(index, environ, name, arn, rotation):
    written = [key(name, rotation, arn), key("other")]
    for one in written:
        index.put(one)
    found = KeyIndex.load(environ)
    assert [fields(one) for one in found.keys.values()] == list(map(fields, written))
    index.remove("other")
    assert list(index.read().keys) == [name]


def test_files_are_private(index, environ):
    index.put(key())
    folder = data_directory(environ)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    for name in os.listdir(folder):
        assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(folder)) == ["keys", "keys.lock"]


def test_without_a_file_there_are_no_keys(environ):
    found = KeyIndex.load(environ)
    assert (found.keys, found.identity, found.fault) == ({}, None, "")
    assert found.get("alice") is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_text(path.read_text()[:-5]), "ends within a line"),
        (lambda path: path.write_text(""), "another version"),
        (lambda path: path.write_text("awsexec keys 2\n"), "another version"),
        (lambda path: path.write_text("awsexec keys 1\nkey x\n"), "damaged"),
        (lambda path: path.write_text("awsexec keys 1\nname x\n"), "damaged"),
        (lambda path: path.chmod(0o644), "open to others (mode 0644)"),
        (lambda path: path.parent.chmod(0o755), "open to others (mode 0755)"),
        (
            lambda path: path.symlink_to(path.rename(path.with_name("elsewhere"))),
            "symbolic links",
        ),
    ],
)
def test_file_that_cannot_be_trusted(index, environ, spoil, why):
    index.put(key())
    path = Path(data_directory(environ), "keys")
    spoil(path)
    found = KeyIndex.load(environ)
    assert why in found.fault and found.keys == {}
    with pytest.raises(ConfigError):
        found.get("alice")
    # and it is not overwritten
    before = path.read_bytes()
    with pytest.raises(ConfigError):
        index.put(key("bob"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", ["a\nb", "a\nname mallory"])
def test_value_that_does_not_fit_a_line(index, value):
    index.put(key())
    with pytest.raises((AwsexecError, ValueError)):
        index.put(KeptKey("alice", KEY_ID, "", value, "0", 0))
    assert list(index.read().keys) == ["alice"]
