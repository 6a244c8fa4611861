"""Users' keys: in files, in the keyring, and how old they are."""

from __future__ import annotations

import os

from awsexec.doctor.finding import OK, SKIPPED, WARNING, WRONG, Finding, count
from awsexec.errors import CredentialsError, shown, tail, typed
from awsexec.profiles.config import open_to_others
from awsexec.profiles.key_index import KeyIndex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts

# seconds after which a key is old (CIS AWS Foundations Benchmark, "access keys are
# rotated every 90 days or less")
OLD_KEY = 90 * 86_400


def check_keys(facts: Facts) -> Iterator[Finding]:
    """Keys in files that others may read, or in the clear, and old ones."""
    why = None
    for profile in facts.profiles():
        if not profile.has_static_keys:
            continue
        keys = profile.static_keys()
        path = keys.key_id.file
        warning = open_to_others(path)
        if warning is not None:
            what, _, mend = warning.partition("; ")
            yield Finding(keys.key_id.where, WRONG, what.partition(": ")[2], mend)
        if keys.token is not None:
            continue
        if why is None:
            why = _why_no_keyring(facts)
        yield Finding(
            keys.key_id.where,
            WARNING,
            f"the key {tail(keys.key_id.value)} of {shown(profile.name)} is readable in "
            "the file",
            (
                "there is no keyring to move it to"
                if why
                else f"move it to the keyring: {typed('--add-keys', profile.name)}"
            ),
        )
        try:
            age = facts.now - os.stat(path).st_mtime
        except OSError:
            continue
        if age > OLD_KEY:
            mend = "make a new one in IAM"
            mend += "" if why else ", and put that one into the keyring"
            yield _old(keys.key_id.where, keys.key_id.value, age, mend)


def _why_no_keyring(facts: Facts) -> str:
    """Return why no key can be moved to the keyring, "" if one can."""
    try:
        facts.keyring()
    except CredentialsError as error:
        return str(error)
    return ""


def _old(where: str, key_id: str, age: float, mend: str) -> Finding:
    return Finding(
        where,
        WARNING,
        f"the key {tail(key_id)} is at least {int(age / 86_400)} days old",
        mend,
    )


def check_keyring(facts: Facts) -> Iterator[Finding]:
    """Whether the keyring that has keys is there, without unlocking it; and old keys."""
    index = KeyIndex.load(facts.environ)
    if index.fault:
        yield Finding("keyring", WRONG, index.fault)
        return
    if not index.keys:
        why = _why_no_keyring(facts)
        text = "awsexec keeps no key in it" + (f"; {why}" if why else "")
        yield Finding("keyring", SKIPPED, text)
        return
    try:
        name = facts.keyring()
    except CredentialsError as error:
        yield Finding("keyring", WRONG, str(error))
        return
    yield Finding("keyring", OK, f"{name}, {count(len(index.keys), 'key')}")
    for key in index.keys.values():
        age = facts.now - key.added
        if key.added and age > OLD_KEY:
            mend = f"replace it: {typed('--rotate-keys', key.name)}"
            yield _old(f"keyring, {shown(key.name)}", key.key_id, age, mend)
