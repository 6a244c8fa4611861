"""The cache entry, and COMMAND's environment, as values."""

import json

import pytest

from awsexec import fastpath
from awsexec.fastpath import Entry

KEY = "('session', 'aws')"
VARIABLES = {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SESSION_TOKEN": "a=b=="}


def entry(**changes):
    fields = dict(
        key=KEY, profile="'p'", issued=1000, expires=4600, variables=VARIABLES
    )
    return Entry(**{**fields, **changes})


def fields(entry):
    return {name: getattr(entry, name) for name in Entry.__slots__}


@pytest.mark.parametrize(
    "changes",
    [{}, {"renew": 3700, "files": "[None, (1, 2)]"}, {"variables": {}}],
)
def test_what_is_written_is_read(changes):
    written = entry(**changes)
    assert fields(fastpath.parse(fastpath.dump(written), KEY)) == fields(written)


@pytest.mark.parametrize("value", ["a\nb", "ü", "a\0"])
def test_variable_that_does_not_fit(value):
    with pytest.raises(ValueError, match="X is not printable ASCII"):
        fastpath.dump(entry(variables={"X": value}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "written by another version, or not an entry"),
        (lambda data: data.replace(b"awsexec 3", b"awsexec 9"), "written by another"),
        (lambda data: data.replace(b"expires ", b"expires f"), "damaged"),
        (lambda data: data[:-1], "damaged"),
        (lambda data: data + b"X=y\n", "damaged"),
    ],
)
def test_damaged(damage, reason):
    with pytest.raises(ValueError, match=reason):
        fastpath.parse(damage(fastpath.dump(entry())), KEY)


def test_entry_of_another_key():
    # two keys may share a file name
    with pytest.raises(ValueError, match="for another request"):
        fastpath.parse(fastpath.dump(entry()), "('session', 'aws-cn')")


@pytest.mark.parametrize(
    ("issued", "expires", "now", "left", "fresh"),
    [
        (1000, 4600, 1000, 3600, True),
        (1000, 4600, 4299, 301, True),
        (1000, 4600, 4300, 300, False),
        (1000, 4600, 4700, -100, False),
        # short sessions have a shorter margin
        (1000, 1900, 1787, 113, True),
        (1000, 1900, 1788, 112, False),
        # a clock that was set back: a little is a correction, more is not to be trusted
        (1000, 4600, 941, 3659, True),
        (1000, 4600, 940, 0, False),
    ],
)
def test_freshness(issued, expires, now, left, fresh):
    found = entry(issued=issued, expires=expires)
    assert (found.life_left(now), found.is_fresh(now)) == (left, fresh)


@pytest.mark.parametrize(
    ("renew", "now", "due"), [(0, 9999, False), (100, 99, False), (100, 100, True)]
)
def test_due(renew, now, due):
    assert entry(renew=renew).is_due(now) == due


def test_file_names_spread():
    names = {fastpath.file_name(f"key {n}") for n in range(100)}
    assert len(names) == 100
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)


def test_run_key_holds_what_selects():
    keys = {
        fastpath.run_key("p", "/c", "/d", {}),
        fastpath.run_key("q", "/c", "/d", {}),
        fastpath.run_key("p", "/x", "/d", {}),
        fastpath.run_key("p", "/c", "/x", {}),
        *(fastpath.run_key("p", "/c", "/d", {n: "x"}) for n in fastpath.RUN_VARIABLES),
    }
    assert len(keys) == 4 + len(fastpath.RUN_VARIABLES)
    assert fastpath.run_key("ü\udcff", "/c", "/d", {}).isascii()


def test_signature_of_a_missing_file(tmp_path):
    assert fastpath.signatures([str(tmp_path / "none")]) == "[None]"


def test_child_environment():
    before = {
        "AWS_PROFILE": "p",
        "AWS_CONTAINER_ANYTHING": "x",
        "AWS_SESSION_TOKEN": "old",
        "AWS_CA_BUNDLE": "/b",
        "HOME": "/h",
    }
    after = fastpath.child_environment(before, {"AWSEXEC_PROFILE": "p"})
    assert after == {"AWS_CA_BUNDLE": "/b", "HOME": "/h", "AWSEXEC_PROFILE": "p"}
    assert "AWS_PROFILE" in before


PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


@pytest.mark.parametrize("value", ["a", "", PRINTABLE, '\\"', '"\\\\"', "\\n"])
def test_process_document(value):
    names = [name for _, name in fastpath.DOCUMENT]
    members = [member for member, _ in fastpath.DOCUMENT]
    for count in range(len(names) + 1):
        printed = fastpath.process_document(
            {**dict.fromkeys(names[:count], value), "AWS_REGION": "x"}
        )
        expected = {"Version": 1, **dict.fromkeys(members[:count], value)}
        assert printed == json.dumps(expected) + "\n"
