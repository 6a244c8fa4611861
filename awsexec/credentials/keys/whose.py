"""Asking AWS whose a key is, which may be so new that AWS does not know it yet."""

from __future__ import annotations

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.errors import CredentialsError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.sts import Sts

# seconds between two questions
AGAIN = 2
SLOWLY = "AWS does not know the key yet; a new one needs some seconds"


def whose(
    sts: Sts,
    key: Credentials,
    profile: str,
    patience: float,
    say: Callable[[str], None],
    sleep: Callable[[float], None],
) -> dict[str, str]:
    """Return what GetCallerIdentity says of `key`: Account, Arn and UserId.

    IAM tells the other services of a new key within seconds. So a key that AWS does not
    know is tried again for so many seconds of `patience`; `say` says why nothing happens.
    `profile` is for messages. Raises `CredentialsError`.
    """
    tries = int(patience / AGAIN)
    while True:
        try:
            return sts.caller(key)
        except Refused as error:
            if error.code not in aws_errors.UNKNOWN_KEY or tries <= 0:
                label, asking = f"profile {profile!r}", f"{shown(profile)} ({key})"
                raise aws_errors.key_in_words(error, label, asking) from None
        except Unreachable as error:
            raise sts.unreachable(error) from None
        tries -= 1
        say(SLOWLY)
        sleep(AGAIN)


def user_of(arn: str) -> str:
    """Return the name of the IAM user whose ARN this is. Raises `CredentialsError`."""
    resource = arn.split(":", 5)[-1]
    if not resource.startswith("user/"):
        raise CredentialsError(
            f"{arn} is not an IAM user, and awsexec changes only users' keys; do that in "
            "the AWS console"
        )
    return resource.rpartition("/")[2]
