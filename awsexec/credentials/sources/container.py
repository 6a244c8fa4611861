"""The role of a container: Amazon ECS, EKS Pod Identity, and servers like theirs.

SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

from awsexec import bounded
from awsexec.credentials.checks import source_error
from awsexec.credentials.sdk.errors import Malformed, ProviderFailed
from awsexec.credentials.sdk.providers import from_container
from awsexec.errors import reason, shown
from awsexec.plan.source_kinds import CONTAINER_VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

_RELATIVE, _FULL, _TOKEN_FILE, _TOKEN = CONTAINER_VARIABLES
# bytes of the file of a token
_LARGEST = 1_048_576


def load(source: Source, context: Context) -> Credentials:
    """Return what the container's metadata service gives. Raises `CredentialsError`."""
    # botocore uses a variable that is set and empty
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
    if _TOKEN_FILE in environ:
        # not by botocore, which would read any file to its end
        path = environ.pop(_TOKEN_FILE)
        try:
            data = bounded.read(path, _LARGEST, is_regular=True)
            environ[_TOKEN] = data.decode("utf-8")
        except (OSError, ValueError) as error:
            why = reason(error, otherwise="it is not text")
            raise source_error(
                source, f"cannot read {_TOKEN_FILE} {shown(path)}: {why}"
            ) from None
    try:
        return from_container(source, environ)
    except ProviderFailed as error:
        raise source_error(source, f"{shown(url)}: {error.reason}") from None
    except Malformed:
        raise source_error(
            source,
            f"unexpected response from {shown(url)}: it holds no credentials; check "
            f"{_RELATIVE if _RELATIVE in environ else _FULL}",
        ) from None
