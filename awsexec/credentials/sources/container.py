"""The role of a container: Amazon ECS, EKS Pod Identity, and servers like theirs.

SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

from awsexec import bounded
from awsexec.credentials import aws_errors
from awsexec.credentials.checks import source_error, unsendable
from awsexec.credentials.sdk.errors import Malformed, ProviderFailed, Unreachable
from awsexec.errors import reason, shown
from awsexec.plan.source_kinds import CONTAINER_VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.source import Source

_RELATIVE, _FULL, _TOKEN_FILE, _TOKEN = CONTAINER_VARIABLES
# where Amazon ECS gives credentials (Amazon ECS Developer Guide, "Task IAM role")
HOST = "169.254.170.2"
# bytes of the file of a token
_LARGEST = 1_048_576


def check_parts(source: Source, environ: Mapping[str, str]) -> None:
    """Raise `CredentialsError`, as `load` does, if a variable or the token is missing."""
    _variables(source, environ)


def load(source: Source, context: Context) -> Credentials:
    """Return what the container's metadata service gives. Raises `CredentialsError`."""
    from awsexec.credentials.sdk.providers import from_container

    environ = _variables(source, context.environ)
    url = environ.get(_RELATIVE) or environ[_FULL]
    context.debug(f"container metadata at {url}")
    by = source.get(_RELATIVE) or source.get(_FULL) or source.setting
    whole = f"http://{HOST}{url}" if _RELATIVE in environ else url
    try:
        return from_container(source, environ, whole, context.endpoint)
    except ProviderFailed as error:
        raise source_error(source, f"{shown(url)}: {error.reason}") from None
    except Malformed:
        raise source_error(
            source,
            f"unexpected response from {shown(url)}: it holds no credentials; check "
            f"{_RELATIVE if _RELATIVE in environ else _FULL}",
        ) from None
    except Unreachable as error:
        raise aws_errors.unreachable(
            error, context.endpoint, "the container's metadata", [by]
        ) from None


def _variables(source: Source, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for botocore, with the token instead of its file.

    Raises `CredentialsError`.
    """
    # botocore uses a variable that is set and empty
    found = {name: environ[name] for name in CONTAINER_VARIABLES if environ.get(name)}
    if _RELATIVE not in found and _FULL not in found:
        raise source_error(
            source,
            f"neither {_RELATIVE} nor {_FULL} is set; is this an ECS or EKS container?",
        )
    _check_token(source, found)
    return found


def _check_token(source: Source, environ: dict[str, str]) -> None:
    """Put what authorizes the request into `environ`, and raise if it cannot be sent.

    botocore would read any file to its end, for each try, and not say what is wrong.
    """
    name, path = _TOKEN, environ.pop(_TOKEN_FILE, None)
    if path is not None:
        name = f"{_TOKEN_FILE} {shown(path)}"
        try:
            data = bounded.read(path, _LARGEST, is_regular=True)
            environ[_TOKEN] = data.decode("utf-8")
        except (OSError, ValueError) as error:
            why = reason(error, otherwise="it is not text")
            raise source_error(
                source,
                f"cannot read {name}: {why}; correct the path, or unset the variable if "
                "the server wants no token",
            ) from None
    token = environ.get(_TOKEN)
    if token is None:
        return
    why_not = unsendable(token)
    if (
        why_not
        and token.rstrip("\r\n") == token.strip()
        and not unsendable(token.strip())
    ):
        why_not = "ends with a line break; write it without one, as printf %s does"
    elif why_not:
        why_not += "; write it again, on one line"
    if why_not:
        raise source_error(source, f"the token in {name} {why_not}")
