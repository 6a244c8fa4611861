"""The rotation of a key, stopped at each of its steps."""

import contextlib
import itertools

import pytest

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.keys.iam import AccessKey, Denied, NotKnownYet
from awsexec.credentials.keys.index import IndexFile
from awsexec.credentials.keys.rotate import Rotator
from awsexec.errors import CredentialsError, Interrupted
from awsexec.profiles.key_index import KeptKey
from tests.support import KEY_ID, SECRET

ARN = "arn:aws:iam::123456789012:user/alice"
NOW = 1_795_000_000


class Killed(BaseException):
    """What ends a process in the middle, and nobody catches."""


class World:
    """AWS, the keyring and the user, each with what a rotation does to them.

    The step number `stop` does not happen, or with `late` is the last one that does: it
    raises `how`.
    """

    def __init__(self, environ):
        self.environ = environ
        self.at_aws = {KEY_ID: AccessKey(KEY_ID, True, NOW - 86_400)}
        self.keyring = {("alice", KEY_ID): SECRET}
        self.used = {KEY_ID: "2026-11-24T02:27:57Z (sts, us-east-1)"}
        self.answers = []
        self.questions = []
        self.said = []
        self.denied = set()
        self.stop, self.late, self.how = 0, False, Killed
        self.steps = 0
        self.numbers = itertools.count(1)
        with IndexFile(environ, lambda _: contextlib.nullcontext()) as index:
            index.put(
                KeptKey("alice", KEY_ID, "123456789012", ARN, "first", NOW - 86_400)
            )

    def step(self, do):
        self.steps += 1
        if self.steps == self.stop and not self.late:
            raise self.how
        found = do()
        if self.steps == self.stop:
            raise self.how
        return found

    def rotate(self, answers=(), token=None):
        self.answers, self.questions, self.said = list(answers), [], []
        with IndexFile(self.environ, lambda _: contextlib.nullcontext()) as index:
            world = self

            class Index:
                read = staticmethod(index.read)

                def put(self, key):
                    world.step(lambda: index.put(key))

            key_id = index.read().keys["alice"].key_id
            secret = self.keyring["alice", key_id]
            Rotator(
                index=Index(),
                keyring=Keyring(self),
                signer=Credentials(key_id, secret, token),
                whose=self.whose,
                connect=lambda signer, user: Iam(self, signer),
                yes=self.yes,
                say=self.said.append,
                wait=lambda text: None,
                forget=lambda key_id: None,
                clock=lambda: NOW,
                sleep=lambda seconds: None,
            ).rotate("alice")

    def whose(self, key, patience):
        assert self.at_aws[key.key_id].is_active
        return {"Account": "123456789012", "Arn": ARN}

    def yes(self, question):
        self.questions.append(question)
        return self.answers.pop(0)

    @property
    def kept(self):
        with IndexFile(self.environ, lambda _: contextlib.nullcontext()) as index:
            return index.read().keys["alice"]

    def works(self):
        """Whether the key in use is in the keyring, and AWS accepts it."""
        key_id = self.kept.key_id
        return ("alice", key_id) in self.keyring and self.at_aws[key_id].is_active

    def is_done(self):
        """Whether there is one key, the new one, everywhere."""
        (key_id,) = self.at_aws
        kept = self.kept
        return (
            kept.rotation is None
            and kept.key_id == key_id != KEY_ID
            and kept.generation != "first"
            and list(self.keyring) == [("alice", key_id)]
            and self.works()
        )


class Keyring:
    def __init__(self, world):
        self.world = world

    def has(self, name, key_id):
        return (name, key_id) in self.world.keyring

    def secret(self, name, key_id):
        return self.world.keyring.get((name, key_id))

    def keep(self, name, key_id, secret):
        self.world.step(lambda: self.world.keyring.__setitem__((name, key_id), secret))

    def delete(self, name, key_id):
        self.world.step(lambda: self.world.keyring.pop((name, key_id), None))


class Iam:
    def __init__(self, world, signer):
        self.world = world
        self.signer = signer

    def check(self, operation):
        key = self.world.at_aws.get(self.signer.key_id)
        # a session is bound to its user, not to the key that it was got with
        if self.signer.token is None and (key is None or not key.is_active):
            raise NotKnownYet(f"{operation}: not known")
        if operation in self.world.denied:
            raise Denied(f"{operation}: denied")

    def keys(self):
        self.check("list")
        return list(self.world.at_aws.values())

    def last_use(self, key_id):
        return self.world.used.get(key_id)

    def create(self):
        self.check("create")
        assert len(self.world.at_aws) < 2
        number = next(self.world.numbers)
        key_id = f"AKIAI44QH8DHBEXAMP{number:02}"

        def make():
            self.world.at_aws[key_id] = AccessKey(key_id, True, NOW)
            return key_id, f"new secret {number}"

        return self.world.step(make)

    def set_active(self, key_id, is_active):
        self.check("update")
        self.world.step(
            lambda: setattr(self.world.at_aws[key_id], "is_active", is_active)
        )

    def delete(self, key_id):
        self.check("delete")
        self.world.step(lambda: self.world.at_aws.pop(key_id, None))

    def check_may_rotate(self, key_id):
        self.check("update")
        self.check("delete")


@pytest.fixture
def world(tmp_path):
    return World({"HOME": str(tmp_path)})


# the steps of a rotation that nothing stops: intent, create, keep, put, switch,
# deactivate, delete, delete, put
STEPS = 9
LOST = "was stopped before the secret of its new key was stored. Delete that key"
OLD = "Delete the old key of alice"


def test_whole(world):
    world.rotate([True])
    assert world.is_done() and world.steps == STEPS
    (question,) = world.questions
    assert question.endswith(
        f"{OLD}: …MPLE, created 2026-11-17T11:06:40Z, last used 2026-11-24T02:27:57Z (sts, "
        "us-east-1)"
    )
    assert world.said == [
        "the new key …MP01 of alice is in use",
        "the old key …MPLE of alice is deleted",
    ]


@pytest.mark.parametrize("how", [Killed, Interrupted, CredentialsError("broken")])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("stop", range(1, STEPS + 1))
def test_stopped_at_each_step(world, stop, late, how):
    world.stop, world.late, world.how = stop, late, how
    with pytest.raises((type(how) if isinstance(how, Exception) else how)) as caught:
        world.rotate([True])
    assert world.works()
    rotation = world.kept.rotation
    if rotation is not None and how is not Killed:
        # what remains is said
        text = str(caught.value) if how is not Interrupted else world.said[-1]
        assert text.endswith("to go on: awsexec --rotate-keys alice")
    # what is in the keyring and not at AWS is of no use, and is overwritten or deleted
    lost = set(world.at_aws) - {key_id for _, key_id in world.keyring} - {KEY_ID}
    world.stop = 0
    world.rotate([True] * (bool(lost) + 1))
    assert world.is_done()
    assert [LOST in question for question in world.questions][:1] == [bool(lost)][
        : len(world.questions)
    ]


@pytest.mark.parametrize("stop", range(1, STEPS))
def test_stopped_again_and_again(world, stop):
    for step in range(stop, 0, -1):
        world.steps, world.stop, world.late = 0, step, True
        # one that goes on has fewer steps
        with contextlib.suppress(Killed):
            world.rotate([True, True])
        assert world.works()
    world.stop = 0
    world.rotate([True, True])
    assert world.is_done()


def test_no_keeps_the_old_key(world):
    world.rotate([False])
    assert world.works() and set(world.at_aws) == {KEY_ID, "AKIAI44QH8DHBEXAMP01"}
    assert world.said[-1] == (
        "the old key …MPLE is active at AWS, and in the keyring; to delete it: awsexec "
        "--rotate-keys alice"
    )
    assert ("alice", KEY_ID) in world.keyring
    world.rotate([True])
    assert world.is_done() and next(world.numbers) == 2


def test_no_keeps_a_lost_key(world):
    world.stop, world.late = 2, True
    with pytest.raises(Killed):
        world.rotate()
    world.stop = 0
    with pytest.raises(CredentialsError, match="…MP01 was not deleted, and a user has"):
        world.rotate([False])
    assert len(world.at_aws) == 2 and world.works()


@pytest.mark.parametrize(
    ("used", "created"), [("2026-11-24T02:27:57Z (s3)", NOW), (None, NOW - 7200)]
)
def test_somebody_elses_key_is_no_lost_key(world, used, created):
    world.stop, world.late = 1, True
    with pytest.raises(Killed):
        world.rotate()
    other = "AKIAI44QH8DHBEXAMPLE"
    world.at_aws[other] = AccessKey(other, True, created)
    world.used[other] = used
    world.stop = 0
    with pytest.raises(
        CredentialsError, match="is not from the rotation that began at"
    ):
        world.rotate([True, True])
    assert world.questions == [] and other in world.at_aws and world.works()


def test_second_key_at_aws(world):
    other = "AKIAI44QH8DHBEXAMPLE"
    world.at_aws[other] = AccessKey(other, False, NOW)
    with pytest.raises(CredentialsError, match="two keys at most.*second one.*never"):
        world.rotate()
    assert world.steps == 0 and world.kept.rotation is None


@pytest.mark.parametrize("operation", ["list", "update", "delete"])
def test_denied_before_anything_changes(world, operation):
    world.denied = {operation}
    with pytest.raises(CredentialsError, match=f"^{operation}: denied$"):
        world.rotate()
    assert world.steps == 0 and world.kept.rotation is None


def test_denied_to_create(world):
    world.denied = {"create"}
    with pytest.raises(CredentialsError, match="^create: denied$"):
        world.rotate()
    assert world.kept.rotation is None and list(world.at_aws) == [KEY_ID]


def test_keyring_that_keeps_nothing(world):
    world.stop, world.how = 3, CredentialsError("full")
    with pytest.raises(CredentialsError, match="^full; the new key was deleted again"):
        world.rotate()
    assert world.kept.rotation is None and list(world.at_aws) == [KEY_ID]


def test_session_with_mfa_deletes_the_old_key_itself(world):
    # one code is enough: the session of the old key goes on to the end
    world.rotate([True], token="session")
    assert world.at_aws.keys() == {"AKIAI44QH8DHBEXAMP01"}


def test_key_under_two_names(world):
    with IndexFile(world.environ, lambda _: contextlib.nullcontext()) as index:
        index.put(KeptKey("again", KEY_ID, "123456789012", ARN, "first", NOW))
    with pytest.raises(CredentialsError, match="in the keyring as again too"):
        world.rotate()
    assert world.steps == 0
