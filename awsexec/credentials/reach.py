"""Whether the services that a plan needs can be reached, without signing a request."""

from __future__ import annotations

import socket
import time

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.clients import Clients, url_of
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import date_of, unexpected
from awsexec.errors import AwsexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from awsexec.plan.plan import Plan


class _Service:
    """A service of AWS, and how to ask it for nothing.

    `name` is for messages. `path` and `query` are of a call that the service refuses
    because nobody signed in or signed it. `has_pages` is for a host that gives web pages
    to people too.
    """

    __slots__ = ("name", "path", "query", "has_pages")

    def __init__(
        self, name: str, path: str, query: str, has_pages: bool = False
    ) -> None:
        self.name = name
        self.path = path
        self.query = query
        self.has_pages = has_pages


# The APIs' references: STS, "GetCallerIdentity"; IAM Identity Center portal,
# "ListAccounts"; IAM Identity Center OIDC, "CreateToken"; AWS Sign-In,
# "CreateOAuth2Token".
_SERVICES = {
    "sts": _Service("AWS STS", "/", "Action=GetCallerIdentity&Version=2011-06-15"),
    "sso": _Service("IAM Identity Center", "/assignment/accounts", "max_result=1"),
    "sso_oidc": _Service("IAM Identity Center", "/token", "grantType=none"),
    "signin": _Service("AWS Sign-In", "/v1/token", "grantType=none", has_pages=True),
}
# a name that every network with the internet knows
_KNOWN_HOST = "sts.amazonaws.com"


class Answer:
    """What came of one request to the endpoint `url`.

    `fault` says why there was no answer, "" if there was one, and `is_offline` whether
    this machine seems to be in no network. `ahead` is how many seconds this machine's
    clock is ahead of the answer's Date header, None if that is not known.
    """

    __slots__ = ("url", "fault", "is_offline", "ahead")

    def __init__(
        self,
        url: str,
        fault: str = "",
        is_offline: bool = False,
        ahead: float | None = None,
    ) -> None:
        self.url = url
        self.fault = fault
        self.is_offline = is_offline
        self.ahead = ahead


def ask(plan: Plan, service: str) -> Answer:
    """Send a `service` that `plan` calls a request that it refuses.

    It goes by the plan's proxy and with its trust. The service is named as in a
    ``services`` section: "sts", "sso_oidc".
    """
    endpoint, source, asked = plan.endpoint, plan.chain.source, _SERVICES[service]
    region, url, made_by = endpoint.region, endpoint.url, endpoint.made_by
    if service != "sts":
        by, sso_region = dict(source.endpoints)[service], source.get("sso_region")
        region = sso_region.value if sso_region is not None else region
        url = by.value if by is not None else None
        made_by = endpoint.host_made_by(by, sso_region)
    place = f"{asked.name} in {region}"
    try:
        clients = Clients(endpoint, plan.retries)
        client = clients.create(service.replace("_", "-"), region, url)
        place = url_of(client)
        client.close()
        status, headers, body = clients.get(place.rstrip("/") + asked.path, asked.query)
        failure = None
        if not (asked.has_pages and status < 500):
            failure = unexpected(place, status, headers, body)
        if failure is not None:
            raise failure
        fields = {name.lower(): value for name, value in headers.items()}
        date = date_of({"ResponseMetadata": {"HTTPHeaders": fields}})
        return Answer(place, ahead=None if date is None else time.time() - date)
    except Unreachable as error:
        # without the path of the call
        error.url = place
        fault = aws_errors.unreachable(error, endpoint, asked.name, made_by)
        return Answer(place, str(fault), is_offline=is_offline(error))
    except AwsexecError as error:
        return Answer(place, str(error))


def is_offline(error: Unreachable, resolves: Callable[[], bool] | None = None) -> bool:
    """Return whether `error` is of a machine that is in no network.

    There is no route, or DNS knows no host at all. `resolves` returns whether DNS knows
    one that is there. What refuses a connection, or never answers, may be a wrong
    endpoint or proxy.
    """
    if error.cause == Unreachable.NAME:
        return not (resolves or _resolves)()
    return error.is_without_route


def _resolves() -> bool:
    try:
        socket.getaddrinfo(_KNOWN_HOST, 443)
    except OSError:
        return False
    return True
