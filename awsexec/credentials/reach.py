"""Whether the services that a plan needs can be reached, without signing a request."""

from __future__ import annotations

import time

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.clients import Clients, url_of
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.credentials.sdk.failures import date_of
from awsexec.errors import AwsexecError
from awsexec.plan.endpoint import configured_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.plan.plan import Plan


# a request that is not signed and names no operation
QUERY = "Version=2011-06-15"


class Answer:
    """What came of one request to the endpoint `url`.

    `fault` says why there was no answer, "" if there was one, and `is_offline` whether
    that may be because this machine has no network. `ahead` is how many seconds this
    machine's clock is ahead of the answer's Date header, None if that is not known.
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
    """Send a `service` that `plan` calls a request that asks for nothing.

    It goes by the plan's proxy and with its trust. The service is named as in a
    ``services`` section: "sts", "sso_oidc".
    """
    endpoint, source = plan.endpoint, plan.chain.source
    region, made_by = endpoint.region, endpoint.made_by
    if service != "sts":
        region = source.value("sso_region") or region
    place = f"{service.upper()} in {region}"
    try:
        url = endpoint.url
        if service != "sts":
            by = configured_url(
                service, plan.config.profiles, source.profile, plan.environ
            )
            url = by.value if by is not None else None
            made_by = endpoint.host_made_by(by, source.get("sso_region"))
        clients = Clients(endpoint, plan.retries)
        client = clients.create(service.replace("_", "-"), region, url)
        place = url_of(client)
        client.close()
        _, headers, _ = clients.get(place.rstrip("/") + "/", QUERY)
        fields = {name.lower(): value for name, value in headers.items()}
        date = date_of({"ResponseMetadata": {"HTTPHeaders": fields}})
        return Answer(place, ahead=None if date is None else time.time() - date)
    except Unreachable as error:
        offline = (Unreachable.NAME, Unreachable.CONNECTION, Unreachable.SILENCE)
        names = {"sts": "AWS STS", "signin": "AWS Sign-In"}
        name = names.get(service, "IAM Identity Center")
        fault = str(aws_errors.unreachable(error, endpoint, name, made_by))
        return Answer(place, fault, is_offline=error.cause in offline and not error.via)
    except AwsexecError as error:
        return Answer(place, str(error))
