"""The role of a container: Amazon ECS, EKS Pod Identity, and servers like theirs.

SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

from botocore.credentials import ContainerProvider
from botocore.exceptions import BotoCoreError

from awsexec.credentials.checks import MALFORMED
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sources import Surroundings, failed, taken
from awsexec.errors import shown
from awsexec.plan.source_kinds import CONTAINER_VARIABLES, Source

_RELATIVE, _FULL, _TOKEN_FILE, _ = CONTAINER_VARIABLES


def load(source: Source, around: Surroundings) -> Credentials:
    """What the container's metadata service gives. Raises `CredentialsError`."""
    # to botocore a variable that is set and empty is a value
    environ = {
        name: around.environ[name]
        for name in CONTAINER_VARIABLES
        if around.environ.get(name)
    }
    if _RELATIVE not in environ and _FULL not in environ:
        raise failed(
            source,
            f"neither {_RELATIVE} nor {_FULL} is set; is this an ECS or EKS container?",
        )
    url = environ.get(_RELATIVE) or environ[_FULL]
    around.debug(f"container metadata at {url}")
    try:
        return taken(source, ContainerProvider(environ).load())
    except OSError as error:
        path = shown(environ.get(_TOKEN_FILE, ""))
        reason = error.strerror or str(error)
        raise failed(source, f"cannot read {_TOKEN_FILE} {path}: {reason}") from None
    except BotoCoreError as error:
        text = error.__dict__.get("kwargs", {}).get("error_msg") or str(error)
        raise failed(source, f"{text} ({shown(url)})") from None
    except ValueError as error:
        # botocore's words about the variables; the answer is read by what comes next
        raise failed(source, f"{shown(url)}: {error}") from None
    except MALFORMED:
        raise failed(
            source, f"what answers at {shown(url)} gives no credentials"
        ) from None
