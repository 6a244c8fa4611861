"""Reading an access key in the forms in which AWS gives one."""

from __future__ import annotations

from awsexec.credentials.checks import unsendable
from awsexec.errors import AwsexecError, tail

# The forms of a key id (IAM API Reference, "AccessKey"): AWS's own have 20 characters.
_SHORTEST, _LONGEST = 16, 128
FORMS = (
    "what `aws iam create-access-key` prints, "
    '{"AccessKeyId": ..., "SecretAccessKey": ...}, or the CSV file of the AWS console'
)


def parse(text: str) -> tuple[str, str]:
    """Return the key id and the secret in `text`, which is one of the `FORMS`.

    Raises `AwsexecError`, which quotes nothing of the text.
    """
    text = text.removeprefix("\ufeff").strip()
    found = _of_json(text) if text.startswith("{") else _of_csv(text)
    return checked(*found)


def checked(key_id: object, secret: object) -> tuple[str, str]:
    """Return a user's key, if these can be one. Raises `AwsexecError`."""
    for name, value in (("access key id", key_id), ("secret access key", secret)):
        why = unsendable(value)
        if why is None and " " in str(value):
            why = "has a blank in it"
        if why is not None:
            raise AwsexecError(f"the {name} {why}; copy it again")
    assert isinstance(key_id, str) and isinstance(secret, str)
    if not (key_id.isalnum() and _SHORTEST <= len(key_id) <= _LONGEST):
        raise AwsexecError(
            f"the access key id is not {_SHORTEST} to {_LONGEST} letters and digits; copy "
            "it again"
        )
    if key_id.startswith("ASIA"):
        raise AwsexecError(
            f"the key {tail(key_id)} is a session's, which expires soon; the keyring is "
            "for the access keys of IAM users, which begin with AKIA"
        )
    return key_id, secret


def _of_json(text: str) -> tuple[object, object]:
    import json

    try:
        found = json.loads(text)
        found = found.get("AccessKey", found)
        if found.get("SessionToken"):
            raise AwsexecError(
                "stdin has a session, which expires soon; the keyring is for the access "
                "keys of IAM users"
            )
        return found["AccessKeyId"], found["SecretAccessKey"]
    except (ValueError, LookupError, AttributeError, RecursionError):
        raise _unknown() from None


def _of_csv(text: str) -> tuple[object, object]:
    import csv

    try:
        rows = [row for row in csv.reader(text.splitlines()) if row]
        head, *keys = rows
        names = [name.strip().casefold() for name in head]
        places = [names.index(n) for n in ("access key id", "secret access key")]
        if len(keys) > 1:
            raise AwsexecError("stdin has several keys; give one of them")
        (key,) = keys
        key_id, secret = (key[place].strip() for place in places)
    except (ValueError, LookupError, csv.Error):
        raise _unknown() from None
    return key_id, secret


def _unknown() -> AwsexecError:
    return AwsexecError(f"stdin has no access key that awsexec can read; give {FORMS}")
