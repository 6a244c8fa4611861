"""A user's keys in the keyring: a real Secret Service, and what is in the cache of them."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import nullcontext

import pytest

from awsexec.credentials.keys.index import IndexFile
from awsexec.profiles.key_index import Rotation
from tests.process.test_imports import SLOW
from tests.servers import secret_service
from tests.servers.sts import role_arn
from tests.support import (
    ALICE,
    AWSEXEC,
    CODES,
    KEY_ID,
    READER_CONFIG,
    SECRET,
    SERIAL,
    WRITER,
    entries,
    fast_path_is_on,
    is_fast,
    wait_until,
)

PAIR = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
OTHER_ID = "AKIAI44QH8DHBEXAMPLE"
OTHER_SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
ALICE_ARN = "arn:aws:iam::123456789012:user/alice"


@pytest.fixture
def home(home):
    """No file has a key."""
    home.credentials.unlink()
    home.write_config(READER_CONFIG)
    return home


@pytest.fixture
def alice(run_awsexec, home, keyring, iam):
    """The key of alice is in the keyring."""
    result = run_awsexec("--add-keys", "alice", stdin=PAIR)
    assert result.status == 0, result
    iam.calls.clear()
    return run_awsexec


@pytest.fixture
def bob(iam):
    """Another user, whose key may get the name of alice's."""
    return iam.add_user("bob", OTHER_ID, OTHER_SECRET)


def identity(iam, child):
    return iam.credentials_of(child["AWS_ACCESS_KEY_ID"]).identity


def signers(iam):
    """Whose keys signed the AssumeRole calls."""
    return [call.key_id for call in iam.calls if call.operation == "AssumeRole"]


def add(run_awsexec, *words, key_id=KEY_ID, secret=SECRET):
    pair = json.dumps({"AccessKeyId": key_id, "SecretAccessKey": secret})
    result = run_awsexec("--add-keys", "alice", *words, stdin=pair)
    assert result.status == 0, result
    return result


# --- Adding and using -------------------------------------------------------------------


def test_add_and_use(run_awsexec, home, keyring, iam):
    result = run_awsexec("--add-keys", "alice", stdin=PAIR)
    assert result.status == 0
    assert result.stderr.startswith(
        f"awsexec: the key …MPLE of {ALICE_ARN} is in the keyring (Secret Service), as "
        "profile alice\n"
    )
    assert SECRET not in result.stderr + result.stdout
    assert list(keyring.items()) == [f"alice {KEY_ID}"]
    child = run_awsexec.child("reader")
    assert identity(iam, child) == role_arn("reader")
    assert run_awsexec.child("reader") == child
    assert signers(iam) == [KEY_ID]
    # without a role and MFA, COMMAND gets the key itself, as from a file
    assert run_awsexec.child("alice")["AWS_SECRET_ACCESS_KEY"] == SECRET


def test_secret_is_nowhere_else(alice, home, tmp_path):
    alice.child("reader")
    places = [*tmp_path.rglob("*"), *home.path.rglob("*")]
    for path in filter(os.path.isfile, places):
        assert SECRET.encode() not in path.read_bytes(), path


def test_one_code_serves_all_roles(alice, home, iam):
    home.write_config(
        READER_CONFIG,
        f"mfa_serial = {SERIAL}\n[profile writer]\nrole_arn = {WRITER}\n"
        f"source_profile = alice\nmfa_serial = {SERIAL}\n",
    )
    alice.child("reader", "--mfa-token", CODES[0])
    alice.child("writer", "--no-prompt")
    assert iam.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole writer",
    ]


def test_role_of_the_profile_itself(alice, home, iam):
    """As after the keys of such a profile moved from the credentials file."""
    home.write_config(f"[profile alice]\nrole_arn = {WRITER}\nsource_profile = alice\n")
    assert identity(iam, alice.child("alice")) == WRITER


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            f"[profile alice]\nrole_arn = {WRITER}\n",
            "has role_arn but no source_profile",
        ),
        # a broken section of that name is no way to the keyring
        ("[profil alice]\nregion = eu-west-1\n", "write [profile alice]"),
        ("[alice]\nregion = eu-west-1\n", "write [profile alice]"),
    ],
)
def test_broken_profile_of_that_name(alice, home, config, message):
    home.write_config(config)
    assert message in alice("alice", "true").error()


@pytest.mark.parametrize(
    "more",
    ["credential_process = false", "sso_session = corp", "login_session = x"],
)
def test_other_source_in_a_file_wins(alice, home, more):
    home.write_config(f"[profile alice]\n{more}\n")
    (row,) = json.loads(alice("--list", "--json", "alice").stdout)
    assert row["source"] != "keyring"
    again = alice("--add-keys", "alice", "--no-verify", stdin=PAIR)
    assert again.status == 0 and again.stderr.count("\n") == 2
    # the key would do nothing, which is said at once
    assert re.search(
        "profile alice (does not use this key|cannot use its key so far)", again.stderr
    )
    assert again.stdout == ""


def test_keys_in_file_and_keyring(alice, home, iam, bob):
    home.write_credentials(
        f"[alice]\naws_access_key_id = {OTHER_ID}\naws_secret_access_key = {OTHER_SECRET}\n"
    )
    for _ in range(2):
        result = alice("reader", "true")
        path = home.credentials
        assert result.stderr == (
            f"awsexec: {path}:2: profile 'alice' has keys here and in the keyring, and key "
            f"…MPLE in {path}:2 is used, as by every SDK, not key …MPLE in the keyring; "
            f"delete {path}:2 and {path}:3, or run awsexec --remove-keys alice\n"
        )
    assert signers(iam) == [OTHER_ID]


def test_seeing(alice, home, monkeypatch):
    # a locked keyring, a dead daemon: nothing of this opens the keyring
    alice.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    table = alice("--list").stdout.splitlines()
    assert table[1].split() == ["alice", "keyring", "123456789012"]
    assert alice("--profiles").stdout.splitlines()[-1] == "alice\tkeyring 123456789012"
    text = alice("--explain", "reader").stdout
    assert "  from profile 'alice' (key …MPLE in the keyring)\n" in text
    assert "       keyring: ! there is no keyring here: no program answers" in text
    assert "  opens the keyring\n  calls AssumeRole\n" in text
    assert KEY_ID not in text


@pytest.mark.parametrize("words", [["--list"], ["--profiles"], ["reader", "true"]])
def test_what_needs_no_key_loads_little(alice, words):
    alice.child("reader")
    env = {"PYTHONPROFILEIMPORTTIME": "1", "AWSEXEC_FASTPATH": "0"}
    result = alice(*words, env=env)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.profiles.key_index" in loaded
    assert loaded & {*SLOW, "keyring", "json", "threading"} == set()


@pytest.mark.parametrize(
    "words",
    [
        ["--add-keys", "bob", "--debug"],
        ["--debug", "alice", "true"],
        ["--debug", "--refresh", "reader", "true"],
        ["--debug", "--explain", "alice"],
        ["--debug", "--rotate-keys", "alice", "--yes"],
        ["--debug", "--remove-keys", "alice"],
    ],
    ids=" ".join,
)
def test_debug_shows_no_secret(alice, words):
    result = alice(*words, stdin=PAIR if "bob" in words else "")
    assert result.status == 0
    for secret in (SECRET, KEY_ID, "EXAMPLEK01", "AKIAI44QH8DHBEXAMP01"):
        assert secret not in result.stderr + result.stdout


def test_explain_names_the_backend(alice):
    facts = json.loads(alice("--explain", "alice", "--json").stdout)
    assert facts["chain"][0]["keyring"] == "Secret Service"
    assert facts["child"].keys() >= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert "AWS_SESSION_TOKEN" not in facts["child"]


def test_name_that_is_misspelt(alice):
    assert (
        alice("alcie", "true").error().endswith("and the keyring; did you mean alice?")
    )


def test_section_for_other_programs(alice, home, iam):
    home.write_config("[profile alice]\nregion = eu-west-1\n")
    section = add(alice).stdout
    assert section == (
        "[profile alice-keyring]\n"
        "credential_process = awsexec --export process alice\n"
        "region = eu-west-1\n"
    )
    home.write_config("[profile alice]\nregion = eu-west-1\n", section)
    script = (
        "import boto3; c = boto3.Session(profile_name='alice-keyring').client('sts')\n"
        "print(c.get_caller_identity()['Arn'], c.meta.region_name)"
    )
    folder, python = os.path.dirname(AWSEXEC), os.path.join(
        os.path.dirname(AWSEXEC), "python"
    )
    environ = {**alice.environ, "PATH": f"{folder}:{alice.environ['PATH']}"}
    said = subprocess.run(
        [python, "-c", script], env=environ, capture_output=True, text=True, timeout=60
    )
    assert said.stdout.split() == [ALICE_ARN, "eu-west-1"], said


def test_serve(alice, iam):
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    words = ["--serve", "reader", "--", sys.executable, "-c", script]
    result = alice(*words, env={"AWS_REGION": "eu-west-1"})
    assert result.stdout.startswith("arn:aws:sts::123456789012:assumed-role/reader/")
    assert (result.status, result.stderr) == (0, "")


# --- Whose credentials ------------------------------------------------------------------


@pytest.mark.both_ways
def test_cached_run_does_not_open_the_keyring(alice, iam):
    before = alice.child("reader")
    alice.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    after = alice.child("reader")
    assert after["AWS_ACCESS_KEY_ID"] == before["AWS_ACCESS_KEY_ID"]
    if fast_path_is_on(alice):
        assert is_fast(alice, "reader", "true")


@pytest.mark.both_ways
def test_another_users_key_under_the_name(alice, iam, bob):
    alice.child("reader")
    add(alice, "--yes", key_id=OTHER_ID, secret=OTHER_SECRET)
    alice.child("reader")
    add(alice, "--yes")
    alice.child("reader")
    assert signers(iam) == [KEY_ID, OTHER_ID, KEY_ID]


@pytest.mark.both_ways
def test_key_that_is_added_again(alice, iam):
    for _ in range(2):
        alice.child("reader")
        add(alice)
    assert signers(iam) == [KEY_ID, KEY_ID]


@pytest.mark.both_ways
def test_index_that_is_swapped(alice, home, iam, bob):
    """As by a restored backup: neither the index nor the cache was told."""
    path = home.path / ".local/share/awsexec/keys"
    alice.child("reader")
    of_alice = path.read_text()
    add(alice, "--yes", key_id=OTHER_ID, secret=OTHER_SECRET)
    alice.child("reader")
    path.write_text(of_alice)
    # the keyring has no such item any more, and no session of bob's is used
    assert "the keyring has no such item" in alice("reader", "true").error()


@pytest.mark.both_ways
def test_another_data_directory(alice, home, iam, bob, tmp_path):
    elsewhere = {"XDG_DATA_HOME": str(tmp_path / "data")}
    alice.child("reader")
    pair = json.dumps({"AccessKeyId": OTHER_ID, "SecretAccessKey": OTHER_SECRET})
    assert alice("--add-keys", "alice", stdin=pair, env=elsewhere).status == 0
    for env, key_id in ((elsewhere, OTHER_ID), ({}, KEY_ID), (elsewhere, OTHER_ID)):
        iam.calls.clear()
        alice("reader", "--refresh", "true", env=env)
        assert signers(iam) == [key_id]
        iam.calls.clear()
        alice.child("reader", env=env)
        assert iam.calls == []


@pytest.mark.both_ways
def test_removed_key(alice, home, keyring, iam):
    home.write_config(
        READER_CONFIG, f"[profile writer]\nrole_arn = {WRITER}\nsource_profile = bob\n"
    )
    home.write_credentials(ALICE.replace("alice", "bob"))
    for name in ("reader", "writer"):
        alice.child(name)
    result = alice("--remove-keys", "alice")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == (
        "awsexec: deleted the key …MPLE of alice from the keyring, and the sessions got "
        "with it; the key still works at AWS: deactivate or delete it there if nobody "
        "uses it\n"
    )
    assert keyring.items() == {}
    assert "no profile 'alice'" in alice("reader", "true").error()
    # nothing of its sessions is left; those of the same key in a file have other ones
    assert {entry.profile for entry in entries(home).values()} <= {"'writer'"}
    assert "no key of alice" in alice("--remove-keys", "alice").error()


def test_item_of_another_key(alice, keyring):
    collection = keyring._collection()
    with collection.connection:
        (item,) = collection.get_all_items()
        item.set_secret(
            json.dumps({"AccessKeyId": OTHER_ID, "SecretAccessKey": SECRET}).encode()
        )
    assert alice("alice", "true").error() == (
        "profile 'alice': the keyring's item of alice does not hold the key …MPLE; add the "
        "key again: awsexec --add-keys alice"
    )


def test_default(run_awsexec, home, keyring, iam):
    """A key called default is the profile, and not the machine's identity."""
    home.write_config("[default]\nregion = eu-west-1\n")
    assert run_awsexec("--add-keys", "default", stdin=PAIR).status == 0
    child = run_awsexec.child("default")
    assert child["AWS_ACCESS_KEY_ID"] == KEY_ID
    assert child["AWS_REGION"] == "eu-west-1"
    assert run_awsexec("--", "true").error().startswith("no PROFILE")


# --- What may go wrong ------------------------------------------------------------------


@pytest.fixture
def own_keyring(run_awsexec):
    """A keyring that this test may lock and end."""
    service = secret_service.running()
    run_awsexec.environ.update(service.environ)
    yield service
    service.stop()


def test_locked_keyring(run_awsexec, home, iam, own_keyring):
    add(run_awsexec)
    own_keyring.lock()
    assert run_awsexec("reader", "true").error() == (
        "profile 'alice': cannot read the key of alice from the keyring: it is locked, and "
        "was not unlocked; unlock it with its own program, or by signing in to your desktop"
    )
    assert run_awsexec("--no-prompt", "reader", "true").error() == (
        "profile 'alice': the keyring is locked, and awsexec must not ask for its password "
        "now; unlock it, for example by a run of awsexec that may ask"
    )
    assert run_awsexec("--remove-keys", "alice").error().startswith("cannot look for")
    assert "it is locked" in run_awsexec("--add-keys", "bob", stdin=PAIR).error()


def test_daemon_that_is_gone(run_awsexec, home, iam, own_keyring):
    add(run_awsexec)
    own_keyring.stop()
    assert run_awsexec("reader", "true").error() == (
        "profile 'alice': there is no keyring here: no program answers for it on the "
        "session's D-Bus; start GNOME Keyring, KWallet or KeePassXC, or choose another "
        "backend of the library keyring"
    )
    for name in (None, ""):
        env = {"DBUS_SESSION_BUS_ADDRESS": name}
        said = run_awsexec("reader", "true", env=env).error()
        assert "DBUS_SESSION_BUS_ADDRESS is not set, as in cron and over ssh;" in said


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("nosuch.Keyring", "cannot use the keyring that PYTHON_KEYRING_BACKEND=nosuch"),
        ("keyring.backends.null.Keyring", "did not keep the key of alice; choose"),
    ],
)
def test_backend_that_keeps_nothing(run_awsexec, home, iam, backend, why):
    env = {"PYTHON_KEYRING_BACKEND": backend}
    result = run_awsexec("--add-keys", "alice", stdin=PAIR, env=env)
    assert why in result.error()
    assert not (home.path / ".local/share/awsexec/keys").exists()


def test_library_that_is_not_installed(alice, home, tmp_path):
    (tmp_path / "keyring.py").write_text("raise ImportError\n")
    env = {"PYTHONPATH": str(tmp_path)}
    assert alice("reader", "true", env=env).error() == (
        "profile 'alice': a key in the keyring needs the Python package keyring, which is "
        "not installed; install it: pipx inject awsexec keyring, or pip install "
        "'awsexec[keyring]'"
    )
    # whoever has no key there needs no library
    home.write_credentials(ALICE.replace("alice", "bob"))
    assert alice("bob", "true", env=env).stderr == ""


def test_index_that_is_damaged(alice, home, iam):
    path = home.path / ".local/share/awsexec/keys"
    path.write_text("rubbish\n")
    for words in (["reader"], ["alice"]):
        message = alice(*words, "true").error()
        assert f"cannot read which keys are in the keyring from {path}" in message
    assert "another version" in alice("--add-keys", "bob", stdin=PAIR).error()
    assert path.read_text() == "rubbish\n"
    # what does not need it works
    home.write_credentials(ALICE)
    assert alice("reader", "true").stderr == ""


@pytest.mark.parametrize(
    ("refusals", "calls", "status"), [(1, 2, 0), (99, 9, 125)], ids=["new", "deleted"]
)
def test_key_that_aws_does_not_know(
    run_awsexec, home, keyring, iam, refusals, calls, status
):
    if status:
        # as long as a new key may take, without the time
        iam.remove_key(KEY_ID)
        (home.path / "site").mkdir()
        (home.path / "site/sitecustomize.py").write_text(
            "import time\ntime.sleep = lambda seconds: None\n"
        )
        run_awsexec.environ["PYTHONPATH"] = str(home.path / "site")
    else:
        iam._refusals[KEY_ID] = refusals
    result = run_awsexec("--add-keys", "alice", stdin=PAIR)
    assert (result.status, len(iam.calls)) == (status, calls)
    if status:
        assert "AWS does not know the key of alice (key …MPLE)" in result.error()
        assert keyring.items() == {}


def test_wrong_secret(run_awsexec, home, keyring, iam):
    wrong = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": OTHER_SECRET})
    result = run_awsexec("--add-keys", "alice", stdin=wrong)
    assert "AWS does not accept the secret key" in result.error()
    assert (len(iam.calls), keyring.items()) == (1, {})
    # nobody is asked, and nobody says whose it is
    result = run_awsexec("--add-keys", "alice", "--no-verify", stdin=wrong)
    assert result.stderr.startswith("awsexec: the key …MPLE is in the keyring (Secret")
    assert len(iam.calls) == 1


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_nothing_on_stdin(run_awsexec, home, keyring, stdin):
    assert (
        run_awsexec("--add-keys", "alice", stdin=stdin)
        .error()
        .startswith(
            "Access key id for alice: there is no terminal to ask on; give the key on stdin: "
        )
    )


@pytest.mark.parametrize("name", [" alice", "a\nb", "\x1b[2J"])
def test_name_that_no_profile_can_have(run_awsexec, home, keyring, name):
    message = run_awsexec("--add-keys", name, stdin=PAIR).error()
    assert message.startswith("a profile cannot be called ")


@pytest.mark.parametrize("action", ["--add-keys", "--remove-keys", "--rotate-keys"])
def test_name_must_be_on_the_line(run_awsexec, home, action):
    message = run_awsexec(action, env={"AWS_PROFILE": "alice"}).error()
    assert message.startswith(f"{action} needs the NAME of a profile; ")


def test_replacing_needs_a_yes(alice, keyring, bob):
    pair = json.dumps({"AccessKeyId": OTHER_ID, "SecretAccessKey": OTHER_SECRET})
    message = alice("--add-keys", "alice", stdin=pair).error()
    assert "has another key of alice, …MPLE. Replace it by …MPLE" in message
    assert list(keyring.items()) == [f"alice {KEY_ID}"]


def test_taking_over_from_the_credentials_file(run_awsexec, home, keyring, iam):
    home.write_credentials(ALICE)
    before = home.credentials.read_bytes()
    result = run_awsexec("--add-keys", "alice", "--yes")
    assert (
        f"delete these lines now: {home.credentials}:3 and {home.credentials}:4;"
        in result.stderr
    )
    assert home.credentials.read_bytes() == before
    home.credentials.unlink()
    assert run_awsexec.child("reader")


# --- Rotation ---------------------------------------------------------------------------


def test_rotation(alice, home, keyring, iam):
    iam.delay = 1
    alice.child("reader")
    result = alice("--rotate-keys", "alice", "--yes")
    (new,) = iam.active
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == (
        f"awsexec: the new key …{new[-4:]} of alice is in use\n"
        "awsexec: the old key …MPLE of alice is deleted\n"
    )
    assert list(keyring.items()) == [f"alice {new}"]
    alice.child("reader")
    assert signers(iam) == [KEY_ID, new]


LIMITS = {"AWSEXEC_LIMITS": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


@pytest.mark.parametrize(
    ("words", "env", "message"),
    [
        ([], LIMITS, "is limited to ReadOnlyAccess (AWSEXEC_LIMITS)"),
        (["--expect-account", "111122223333"], {}, "are of account 123456789012"),
        (["--unlimited", "--expect-account", "123456789012"], LIMITS, ""),
    ],
)
def test_rotation_and_guardrails(alice, keyring, iam, words, env, message):
    result = alice("--rotate-keys", "alice", "--yes", *words, env=env)
    if message:
        assert message in result.error()
    else:
        assert result.status == 0
    assert (iam.active == [KEY_ID]) == bool(message)


def test_rotation_with_mfa(alice, home, keyring, iam):
    """One code is enough, though IAM wants MFA for each call."""
    home.write_config(f"[profile alice]\nmfa_serial = {SERIAL}\n")
    iam.mfa = True
    result = alice("--rotate-keys", "alice", "--yes", "--mfa-token", CODES[0])
    assert result.status == 0, result
    assert iam.active == [key.partition(" ")[2] for key in keyring.items()] != [KEY_ID]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda iam: iam.make_key("alice"), "has a second one already: …MP01, created"),
        (
            lambda iam: setattr(iam, "mfa", True),
            "if the policy wants MFA, add --mfa-serial or mfa_serial",
        ),
        *(
            (lambda iam, name=name: iam.denied.add(name), f"allow the user iam:{name}")
            for name in (
                "ListAccessKeys",
                "CreateAccessKey",
                "UpdateAccessKey",
                "DeleteAccessKey",
            )
        ),
    ],
)
def test_rotation_that_cannot_be(alice, home, keyring, iam, spoil, message):
    index = home.path / ".local/share/awsexec/keys"
    spoil(iam)
    before = index.read_bytes(), keyring.items(), iam.active
    assert message in alice("--rotate-keys", "alice", "--yes").error()
    assert (index.read_bytes(), keyring.items(), iam.active) == before


def test_rotation_of_a_key_in_a_file(run_awsexec, home, iam):
    home.write_credentials(ALICE)
    message = run_awsexec("--rotate-keys", "alice", "--yes").error()
    assert (
        "--rotate-keys is for a key in the keyring, and profile 'alice' (key" in message
    )
    assert "deletes a key" in run_awsexec("--rotate-keys", "alice").error()


def test_rotation_that_is_under_way(alice, home, keyring, iam):
    new, secret = iam.make_key("alice")
    with IndexFile({"HOME": str(home.path)}, lambda _: nullcontext()) as index:
        kept = index.read().keys["alice"]
        index.put(kept.with_rotation(Rotation(kept.added, KEY_ID, new)))
    message = alice("--add-keys", "alice", stdin=PAIR).error()
    assert "a rotation of the keys of alice is under way; end it first" in message
    # the item of the new key is lost: that key is not the one in use, and alice's works
    assert alice.child("alice")["AWS_ACCESS_KEY_ID"] == KEY_ID
    result = alice("--remove-keys", "alice")
    assert "deleted the key …MP01 and …MPLE of alice" in result.stderr
    assert keyring.items() == {}


@pytest.mark.true_start
@pytest.mark.parametrize(
    "operation",
    ["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"],
)
def test_rotation_that_is_killed(alice, home, keyring, iam, operation):
    """Killed while AWS has done what it was asked for, and its answer does not come."""
    hit = []

    def respond(headers, body, own=iam.respond):
        answer = own(headers, body)
        # the first calls only look whether the rotation is possible
        begun = "CreateAccessKey" in iam.operations
        if begun and f"Action={operation}" in body.decode() and not hit:
            hit.append(process.send_signal(signal.SIGKILL))
        return answer

    iam.respond = respond
    process = subprocess.Popen(
        [AWSEXEC, "--rotate-keys", "alice", "--yes"],
        env=alice.environ,
        stderr=subprocess.PIPE,
    )
    with process:
        wait_until(lambda: process.poll() is not None)
    assert hit and process.returncode == -signal.SIGKILL
    # a key that works is there
    alice.child("reader")
    result = alice("--rotate-keys", "alice", "--yes")
    assert result.status == 0, result
    (new,) = iam.active
    assert list(iam.keys) == [new] and list(keyring.items()) == [f"alice {new}"]
    alice.child("reader")
