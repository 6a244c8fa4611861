"""The rotation of a user's access key: a new one takes its place, here and at AWS.

What was done is in the index before the next step begins, and the keyring holds a working
key at any moment. So a rotation that was stopped anywhere can go on:

1. the intent and its time, before IAM is asked for a new key;
2. IAM makes the new key; the keyring gets it, beside the old one;
3. the index has the id of the new key;
4. AWS knows the new key; from now on it is the one in use;
5. with the user's yes, the old key is deactivated and deleted, at AWS and in the keyring;
6. the index has no rotation any more.

If it is stopped between IAM's answer and the keyring, the secret of the new key is lost.
The next rotation finds that key at AWS, and deletes it with the user's yes.
"""

from __future__ import annotations

from contextlib import suppress

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.keys.iam import Denied, Iam, NotKnownYet, about
from awsexec.credentials.keys.whose import AGAIN, SLOWLY, user_of
from awsexec.errors import (
    AwsexecError,
    CredentialsError,
    Interrupted,
    shown,
    tail,
    typed,
)
from awsexec.profiles.key_index import KeptKey, Rotation, new_generation
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from awsexec.credentials.keys.iam import AccessKey
    from awsexec.credentials.keys.index import IndexFile
    from awsexec.credentials.keys.keyring import Keyring

    # whose credentials these are, as `whose` says, with seconds of patience
    Whose = Callable[[Credentials, float], dict[str, str]]
    # IAM for the keys of a user, signed by credentials
    Connect = Callable[[Credentials, str], Iam]

# seconds until AWS knows a new key everywhere; mostly it is ten
PATIENCE = 90
# seconds by which the clocks here and at AWS may differ
_SLACK = 300


class Rotator:
    """Rotates keys of the keyring. The lock of the `index` is held.

    `signer` signs the calls to IAM: the key itself, or a session of it with MFA. `yes`
    asks the user, `say` tells what was done, `wait` why nothing happens, and `forget`
    deletes the sessions got with a key. `clock` is in seconds since the epoch.
    """

    def __init__(
        self,
        *,
        index: IndexFile,
        keyring: Keyring,
        signer: Credentials,
        whose: Whose,
        connect: Connect,
        yes: Callable[[str], bool],
        say: Callable[[str], None],
        wait: Callable[[str], None],
        forget: Callable[[str], object],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._index = index
        self._keyring = keyring
        self._signer = signer
        self._whose = whose
        self._connect = connect
        self._yes = yes
        self._say = say
        self._wait = wait
        self._forget = forget
        self._clock = clock
        self._sleep = sleep

    def rotate(self, name: str) -> None:
        """Rotate the key of `name`, or go on with a rotation that was stopped.

        Raises `CredentialsError`, whose text says what remains, and `Interrupted`.
        """
        try:
            self._rotate(name)
        except (Interrupted, KeyboardInterrupt):
            if left := self._left(name):
                self._say(left)
            raise
        except AwsexecError as error:
            left = self._left(name)
            raise CredentialsError(
                "; ".join(filter(None, (str(error), left)))
            ) from None

    def _rotate(self, name: str) -> None:
        kept = self._kept(name)
        found = self._whose(self._signer, 0)
        if kept.arn not in ("", found["Arn"]):
            raise CredentialsError(
                f"AWS says that the key of {shown(name)} belongs to {found['Arn']}, and "
                f"it was {kept.arn} before; nothing was changed"
            )
        user = user_of(found["Arn"])
        if kept.rotation is None or kept.rotation.old == kept.key_id:
            kept = self._replace(kept, user, found)
        self._clean_up(kept, user)

    def _kept(self, name: str) -> KeptKey:
        kept = self._index.read().get(name)
        if kept is None:
            raise CredentialsError(f"the keyring has no key of {shown(name)}")
        return kept

    def _left(self, name: str) -> str:
        """Return what remains of a rotation that was stopped, and how it goes on."""
        kept = self._kept(name)
        rotation = kept.rotation
        if rotation is None:
            return ""
        if rotation.old != kept.key_id:
            state = (
                f"the new key {tail(kept.key_id)} is in use, and the old key "
                f"{tail(rotation.old)} is not deleted yet"
            )
        else:
            state = f"the old key {tail(kept.key_id)} is still in use" + (
                f", and the new key {tail(rotation.new)} is in the keyring beside it"
                if rotation.new
                else ", and the new key may exist at AWS"
            )
        return f"{state}; to go on: {typed('--rotate-keys', name)}"

    # --- From the old key to the new one ---------------------------------------------

    def _replace(self, kept: KeptKey, user: str, found: dict[str, str]) -> KeptKey:
        """Make the new key the one in use; steps 1 to 4."""
        name, old = kept.name, kept.key_id
        # what cannot be read cannot be written either
        if not self._keyring.has(name, old):
            raise CredentialsError(
                f"the keyring has no item for the key {tail(old)} of {shown(name)}; add "
                f"the key again: {typed('--add-keys', name)}"
            )
        iam = self._connect(self._signer, user)
        others = [key for key in iam.keys() if key.key_id != old]
        if kept.rotation is None:
            self._check(kept, iam, others)
            rotation = Rotation(int(self._clock()), old)
        else:
            rotation = self._resumed(kept, kept.rotation, iam, others)
        kept = self._put(kept, rotation)
        if not rotation.new:
            rotation.new = self._create(kept, iam)
            kept = self._put(kept, rotation)
        secret = self._keyring.secret(name, rotation.new)
        if secret is None:
            raise CredentialsError(f"the keyring has lost the key {tail(rotation.new)}")
        new = Credentials(rotation.new, secret)
        self._verify(new, found)
        kept = KeptKey(
            name,
            rotation.new,
            found["Account"],
            found["Arn"],
            new_generation(),
            int(self._clock()),
            rotation,
        )
        self._index.put(kept)
        self._forget(old)
        self._say(f"the new key {tail(new.key_id)} of {shown(name)} is in use")
        if self._signer.token is None:
            # the old key cannot delete itself once it is inactive
            self._signer = new
        return kept

    def _check(self, kept: KeptKey, iam: Iam, others: list[AccessKey]) -> None:
        """Raise if a rotation cannot be done, before anything is changed."""
        same = [
            other.name
            for other in self._index.read().keys.values()
            if other.key_id == kept.key_id and other.name != kept.name
        ]
        if same:
            names = " and ".join(map(shown, same))
            raise CredentialsError(
                f"the key {tail(kept.key_id)} is in the keyring as {names} too, which "
                f"would stop working; {typed('--remove-keys', same[0])} first"
            )
        if others:
            other = others[0]
            raise CredentialsError(
                "a user has two keys at most, and this user has a second one already: "
                f"{about(other, iam.last_use(other.key_id))}; delete it first if nobody "
                "uses it"
            )
        iam.check_may_rotate(kept.key_id)

    def _resumed(
        self, kept: KeptKey, rotation: Rotation, iam: Iam, others: list[AccessKey]
    ) -> Rotation:
        """Return where a rotation stands that was stopped before the new key was in use."""
        found = Rotation(rotation.began, rotation.old)
        for key in others:
            if self._keyring.secret(kept.name, key.key_id) is not None:
                found.new = key.key_id
            else:
                self._delete_lost(key, rotation, iam)
        return found

    def _delete_lost(self, key: AccessKey, rotation: Rotation, iam: Iam) -> None:
        """Delete a key whose secret nobody has, if the user says yes."""
        last_use = iam.last_use(key.key_id)
        began = iso8601(rotation.began)
        if key.created < rotation.began - _SLACK or last_use not in (None, "unknown"):
            raise CredentialsError(
                f"this user has another key: {about(key, last_use)}; it is not from the "
                f"rotation that began at {began}; delete it first if nobody uses it"
            )
        question = (
            f"The rotation that began at {began} was stopped before the secret of its new "
            f"key was stored. Delete that key: {about(key, last_use)}"
        )
        if not self._yes(question):
            raise CredentialsError(
                f"the key {tail(key.key_id)} was not deleted, and a user has two keys at most"
            )
        iam.delete(key.key_id)

    def _create(self, kept: KeptKey, iam: Iam) -> str:
        """Make a key and store it; return its id."""
        try:
            key_id, secret = iam.create()
        except Denied:
            # nothing was made
            self._put(kept, None)
            raise
        try:
            self._keyring.keep(kept.name, key_id, secret)
        except AwsexecError as error:
            # its secret would be lost with this process
            iam.delete(key_id)
            with suppress(AwsexecError):
                # it may have been stored all the same
                self._keyring.delete(kept.name, key_id)
            self._put(kept, None)
            if isinstance(error, Interrupted):
                raise
            raise CredentialsError(
                f"{error}; the new key was deleted again, and the old one is in use"
            ) from None
        return key_id

    def _verify(self, new: Credentials, found: dict[str, str]) -> None:
        """Wait until AWS knows the new key. Raises `CredentialsError`."""
        # a second answer may come from another server, which knows it later
        for _ in range(2):
            its = self._whose(new, PATIENCE)
            if its["Arn"] != found["Arn"]:
                raise CredentialsError(
                    f"AWS says that the new key belongs to {its['Arn']}, and the old one to "
                    f"{found['Arn']}"
                )
            self._sleep(AGAIN)

    # --- The end of the old key -------------------------------------------------------

    def _clean_up(self, kept: KeptKey, user: str) -> None:
        """Delete the old key if the user says yes; steps 5 and 6."""
        assert kept.rotation is not None
        name, old = kept.name, kept.rotation.old
        iam = self._connect(self._signer, user)
        key = next((key for key in self._known(iam) if key.key_id == old), None)
        if key is not None:
            question = (
                "Copies of the old key elsewhere will stop working. Delete the old key of "
                f"{shown(name)}: {about(key, iam.last_use(old))}"
            )
            if not self._yes(question):
                state = "active" if key.is_active else "inactive"
                self._say(
                    f"the old key {tail(old)} is {state} at AWS, and in the keyring; to "
                    f"delete it: {typed('--rotate-keys', name)}"
                )
                return
            if key.is_active:
                iam.set_active(old, False)
            iam.delete(old)
        self._keyring.delete(name, old)
        self._put(kept, None)
        self._say(f"the old key {tail(old)} of {shown(name)} is deleted")

    def _known(self, iam: Iam) -> list[AccessKey]:
        """Return the user's keys; wait until IAM knows the signer."""
        for _ in range(int(PATIENCE / AGAIN)):
            try:
                return iam.keys()
            except NotKnownYet:
                self._wait(SLOWLY)
                self._sleep(AGAIN)
        return iam.keys()

    def _put(self, kept: KeptKey, rotation: Rotation | None) -> KeptKey:
        kept = kept.with_rotation(rotation)
        self._index.put(kept)
        return kept
