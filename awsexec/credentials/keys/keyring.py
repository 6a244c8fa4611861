"""The system's keyring, by the library of that name: no other module imports it.

The library knows Secret Service (GNOME Keyring, KeePassXC), KWallet, macOS Keychain and
the Windows Credential Manager, and users choose others by its settings. Of these choices
only its own guess is limited: it never falls on a plain file. An item is the JSON of one
key, and its name holds the key's id, so that the old and the new key of a rotation lie
beside each other.
"""

from __future__ import annotations

import os
import sys

from awsexec.errors import (
    CredentialsError,
    Interrupted,
    NeedsUser,
    reason,
    shown,
    tail,
    typed,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from keyring.backend import KeyringBackend

    T = TypeVar("T")

# what the keyring's own programs show of an item
SERVICE = "awsexec"
# seconds that the keyring may take; in the first, a person types its password
PERSON_LIMIT, PROGRAM_LIMIT = 120, 15
_CHOICE = "PYTHON_KEYRING_BACKEND"
_BUS = "DBUS_SESSION_BUS_ADDRESS"


class Keyring:
    """The keyring of this user.

    `may_prompt` is whether it may show a window that asks for its password; where it is
    False, a locked keyring is an error. `say` tells the user what awsexec waits for. All
    methods raise `CredentialsError`, whose one line says what to do: `NeedsUser` if the
    keyring is locked and must not prompt.
    """

    def __init__(self, *, may_prompt: bool, say: Callable[[str], None]) -> None:
        self._may_prompt = may_prompt
        self._say = say
        self._backend: KeyringBackend | None = None

    def name(self) -> str:
        """Return the name of the backend that is in use, which unlocks nothing."""
        return self._call("find the keyring", _name, opens=False)

    def secret(self, name: str, key_id: str) -> str | None:
        """Return the secret of the key `key_id` of the profile `name`; None for no item.

        An item with another key id in it is an error.
        """
        import json

        item = self._call(
            f"read the key of {shown(name)} from the keyring",
            lambda backend: backend.get_password(SERVICE, _item(name, key_id)),
        )
        if item is None:
            return None
        try:
            found = json.loads(item)
            found_id, secret = found["AccessKeyId"], found["SecretAccessKey"]
        except (ValueError, TypeError, LookupError, RecursionError):
            found_id = secret = None
        if found_id != key_id or not isinstance(secret, str) or not secret:
            raise CredentialsError(
                f"the keyring's item of {shown(name)} does not hold the key "
                f"{tail(key_id)}; add the key again: {typed('--add-keys', name)}"
            )
        return secret

    def keep(self, name: str, key_id: str, secret: str) -> None:
        """Store a key, and make sure that the keyring has it."""
        import json

        item = json.dumps({"AccessKeyId": key_id, "SecretAccessKey": secret})
        self._call(
            f"store the key of {shown(name)} in the keyring",
            lambda backend: backend.set_password(SERVICE, _item(name, key_id), item),
        )
        # some backends keep nothing, and do not say so
        if self.secret(name, key_id) != secret:
            raise CredentialsError(
                f"the keyring ({self.name()}) did not keep the key of {shown(name)}; "
                "choose another backend of the library keyring"
            )

    def has(self, name: str, key_id: str) -> bool:
        """Return whether the keyring has an item for that key, whatever is in it."""
        item = self._call(
            f"look for the key of {shown(name)} in the keyring",
            lambda backend: backend.get_password(SERVICE, _item(name, key_id)),
        )
        return item is not None

    def delete(self, name: str, key_id: str) -> None:
        """Delete a key, which need not be there."""
        if self.has(name, key_id):
            self._call(
                f"delete the key of {shown(name)} from the keyring",
                lambda backend: backend.delete_password(SERVICE, _item(name, key_id)),
            )

    def _call(
        self, doing: str, do: Callable[[KeyringBackend], T], *, opens: bool = True
    ) -> T:
        """Return what `do` does with the backend, in a limited time.

        It `opens` the keyring or only asks what it is.
        """
        # The library waits for a person without an end, in calls that nothing can stop.
        import threading

        found: list[T] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                self._backend = self._backend or _backend()
                if opens and not self._may_prompt:
                    _refuse_locked(self._backend)
                found.append(do(self._backend))
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            thread.join(2)
            if thread.is_alive() and self._may_prompt:
                self._say("waiting for the keyring, which may ask for its password")
            thread.join(PERSON_LIMIT if self._may_prompt else PROGRAM_LIMIT)
        except KeyboardInterrupt:
            raise Interrupted from None
        if found:
            return found[0]
        if not failed:
            raise CredentialsError(
                f"cannot {doing}: it did not answer in time; is a window open that asks "
                "for its password? Unlock the keyring and try again"
            )
        if isinstance(failed[0], CredentialsError):
            raise failed[0] from None
        raise CredentialsError(f"cannot {doing}: {_why(failed[0])}") from None


def _item(name: str, key_id: str) -> str:
    return f"{name} {key_id}"


def _backend() -> KeyringBackend:
    """Return the backend that the user or the library chose. Raises `CredentialsError`."""
    try:
        import keyring.core
    except ImportError:
        raise CredentialsError(
            "a key in the keyring needs the Python package keyring, which is not "
            "installed; install it: pipx inject awsexec keyring, or pip install "
            "'awsexec[keyring]'"
        ) from None
    import logging

    # its warnings would be more lines on stderr
    logging.getLogger("keyring").setLevel(logging.CRITICAL)
    try:
        # by itself it would take a backend that keeps secrets in a plain file
        keyring.core.init_backend(keyring.core.recommended)
        found = keyring.core.get_keyring()
    except Exception as error:
        chosen = os.environ.get(_CHOICE)
        what = (
            f"{_CHOICE}={shown(chosen)}" if chosen else "the backend in keyringrc.cfg"
        )
        raise CredentialsError(
            f"cannot use the keyring that {what} names: {reason(error)}; correct or "
            "remove that choice"
        ) from None
    if type(found).__module__ == "keyring.backends.fail":
        raise CredentialsError(f"there is no keyring here: {_no_keyring()}")
    return found


def _no_keyring() -> str:
    """Return why the library finds no keyring, and what to do."""
    if sys.platform != "linux":
        return (
            "the library keyring finds none on this system; choose one of its backends"
        )
    if not os.environ.get(_BUS):
        return (
            f"{_BUS} is not set, as in cron and over ssh; run awsexec in your desktop "
            "session, or set the variable to that session's bus, often "
            f"unix:path=/run/user/{os.geteuid()}/bus"
        )
    return (
        "no program answers for it on the session's D-Bus; start GNOME Keyring, KWallet "
        "or KeePassXC, or choose another backend of the library keyring"
    )


def _refuse_locked(backend: KeyringBackend) -> None:
    """Raise `NeedsUser` if the Secret Service would ask for the keyring's password.

    The library has no other way to say that nobody may be asked.
    """
    if type(backend).__module__ != "keyring.backends.SecretService":
        return
    import secretstorage

    connection = secretstorage.dbus_init()
    try:
        path = getattr(backend, "preferred_collection", None)
        if path is not None:
            collection = secretstorage.Collection(connection, path)
        else:
            collection = secretstorage.get_default_collection(connection)
        is_locked = collection.is_locked()
    finally:
        connection.close()
    if is_locked:
        raise NeedsUser(
            "the keyring is locked, and awsexec must not ask for its password now; unlock "
            "it, for example by a run of awsexec that may ask",
            "the password of the keyring",
        )


def _why(error: Exception) -> str:
    """Return why the keyring failed, and what to do; its own words only where they are known.

    A backend's text could quote what was to be stored.
    """
    import keyring.errors

    kind = type(error).__name__
    if isinstance(error, keyring.errors.KeyringLocked) or kind in (
        "LockedException",
        "PromptDismissedException",
    ):
        return (
            "it is locked, and was not unlocked; unlock it with its own program, or by "
            "signing in to your desktop"
        )
    if isinstance(error, keyring.errors.NoKeyringError):
        return f"there is no keyring here: {_no_keyring()}"
    if isinstance(error, keyring.errors.InitError) or kind in (
        "SecretServiceNotAvailableException",
        "ItemNotFoundException",
    ):
        return "its program does not answer as it should; start it again"
    if isinstance(error, OSError):
        return f"its program cannot be reached ({reason(error)}); start it again"
    if isinstance(error, keyring.errors.KeyringError):
        return f"the keyring refused ({kind}); look at it with its own program"
    return f"the keyring failed ({kind}); look at it with its own program"


def _name(backend: Any) -> str:
    """Return what people call the backend."""
    module, kind = type(backend).__module__, type(backend).__name__
    known = {
        "keyring.backends.SecretService": "Secret Service",
        "keyring.backends.kwallet": "KWallet",
        "keyring.backends.libsecret": "Secret Service",
        "keyring.backends.macOS": "macOS Keychain",
        "keyring.backends.Windows": "Windows Credential Manager",
    }
    return known.get(module, f"{module}.{kind}")
