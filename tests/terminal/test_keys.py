"""A person at a terminal who puts a key into the keyring, and rotates it."""

import pytest

from tests.support import ALICE, AWSEXEC, KEY_ID, SECRET


@pytest.fixture(autouse=True)
def _no_file(home, keyring, iam):
    home.credentials.unlink()


def types_key(person):
    person.sees("Access key id for alice: ")
    person.types(KEY_ID)
    person.sees("Secret access key for alice: ")
    person.types(SECRET)


def test_secret_is_not_shown(terminal, keyring):
    person = terminal(f"{AWSEXEC} --add-keys alice")
    before = person.settings()
    types_key(person)
    screen, status = person.ends()
    assert status == 0
    assert SECRET not in screen and "is in the keyring (Secret Service)" in screen
    assert person.settings() == before
    assert list(keyring.items()) == [f"alice {KEY_ID}"]


def test_streams_that_are_redirected(terminal, home, keyring):
    # stdout has just the section for the config file
    out = home.path / "out"
    person = terminal(f"{AWSEXEC} -q --add-keys alice >{out}")
    types_key(person)
    assert person.ends() == ("\r\n", 0)
    assert out.read_text().startswith("[profile alice-keyring]\n")


@pytest.mark.parametrize("hidden", [False, True], ids=["key id", "secret"])
def test_interrupt(terminal, keyring, hidden):
    person = terminal(f"trap : INT; {AWSEXEC} --add-keys alice")
    before = person.settings()
    person.sees("Access key id for alice: ")
    if hidden:
        person.types(KEY_ID)
        person.sees("Secret access key for alice: ")
    person.interrupts()
    screen, status = person.ends()
    assert screen.endswith("awsexec: interrupted\r\n") and status == 130
    assert person.settings() == before
    assert keyring.items() == {}


@pytest.mark.parametrize(("answer", "asks"), [("y", False), ("n", True), ("", True)])
def test_key_in_the_credentials_file(terminal, home, keyring, answer, asks):
    home.write_credentials(ALICE)
    person = terminal(f"{AWSEXEC} --add-keys alice")
    person.sees(
        f"alice has the key …MPLE in {home.credentials}:3. Put this key into the "
        "keyring? [y/N] "
    )
    person.types(answer)
    if asks:
        types_key(person)
    screen, status = person.ends()
    assert status == 0
    assert "awsexec: delete these lines now: " in screen.replace("\r\n", "")
    assert list(keyring.items()) == [f"alice {KEY_ID}"]


@pytest.mark.parametrize("answer", ["y", "n"])
def test_rotation_asks(terminal, run_awsexec, iam, keyring, answer):
    pair = f'{{"AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
    assert run_awsexec("--add-keys", "alice", stdin=pair).status == 0
    person = terminal(f"{AWSEXEC} --rotate-keys alice")
    person.sees("Delete the old key of alice: …MPLE, created ")
    person.sees("(iam, us-east-1)? [y/N] ")
    # the new key is in use already
    assert len(keyring.items()) == len(iam.active) == 2
    person.types(answer)
    screen, status = person.ends()
    assert status == 0
    left = 1 if answer == "y" else 2
    assert len(keyring.items()) == len(iam.active) == left
    assert ("to delete it: awsexec --rotate-keys alice" in screen) == (answer == "n")
