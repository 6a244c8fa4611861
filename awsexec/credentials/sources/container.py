"""The role of a container: Amazon ECS, EKS Pod Identity, and servers like theirs.

SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

from botocore.credentials import ContainerProvider
from botocore.exceptions import BotoCoreError

from awsexec.credentials.checks import MALFORMED, source_error
from awsexec.credentials.sdk.providers import from_botocore
from awsexec.errors import shown
from awsexec.plan.source_kinds import CONTAINER_VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

_RELATIVE, _FULL, _TOKEN_FILE, _ = CONTAINER_VARIABLES


def load(source: Source, context: Context) -> Credentials:
    """What the container's metadata service gives. Raises `CredentialsError`."""
    # to botocore a variable that is set and empty is a value
    environ = {
        name: context.environ[name]
        for name in CONTAINER_VARIABLES
        if context.environ.get(name)
    }
    if _RELATIVE not in environ and _FULL not in environ:
        raise source_error(
            source,
            f"neither {_RELATIVE} nor {_FULL} is set; is this an ECS or EKS container?",
        )
    url = environ.get(_RELATIVE) or environ[_FULL]
    context.debug(f"container metadata at {url}")
    try:
        return from_botocore(source, ContainerProvider(environ).load())
    except OSError as error:
        path = shown(environ.get(_TOKEN_FILE, ""))
        reason = error.strerror or str(error)
        raise source_error(
            source, f"cannot read {_TOKEN_FILE} {path}: {reason}"
        ) from None
    except BotoCoreError as error:
        text = error.__dict__.get("kwargs", {}).get("error_msg") or str(error)
        raise source_error(source, f"{text} ({shown(url)})") from None
    except ValueError as error:
        # botocore's words about the variables; the answer is read by what comes next
        raise source_error(source, f"{shown(url)}: {error}") from None
    except MALFORMED:
        raise source_error(
            source, f"what answers at {shown(url)} gives no credentials"
        ) from None
