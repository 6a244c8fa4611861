"""Calls to AWS STS."""

from __future__ import annotations

from typing import Any, TypeVar

import botocore

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import environment_expired, unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.clients import Clients
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import date_of, failures
from awsexec.errors import CredentialsError
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.plan import Plan

T = TypeVar("T")


class Sts:
    """AWS STS at one endpoint.

    `retries` is as in `Clients`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        debug: Callable[[str], None],
    ) -> None:
        self._endpoint = endpoint
        self._debug = debug
        self._clients = Clients(endpoint, retries)

    def call(
        self, operation: str, parameters: Mapping[str, object], signer: Credentials
    ) -> Credentials:
        """Call "AssumeRole" or "GetSessionToken", and return the answer's credentials.

        Raises `Refused` and `Unreachable`, and `CredentialsError` if they are over.
        """
        return self._ask("sts", operation, parameters, signer, _credentials)

    def identity(self, signer: Credentials, plan: Plan) -> dict[str, str]:
        """Return Account, Arn and UserId of `signer`, by GetCallerIdentity.

        `plan` says in messages whose credentials they are. Raises `CredentialsError`.
        """
        names = ("Account", "Arn", "UserId")
        try:
            return self._ask(
                "sts",
                "GetCallerIdentity",
                {},
                signer,
                lambda answer: {name: str(answer[name]) for name in names},
            )
        except Refused as error:
            if error.code in aws_errors.EXPIRED:
                if plan.is_of_environment:
                    raise environment_expired(plan.chain.source) from None
                raise CredentialsError(
                    f"the credentials of {plan.label} have expired; renew them, or try "
                    "--refresh"
                ) from None
            raise CredentialsError(
                f"{plan.label}: AWS refused GetCallerIdentity: {error.message} "
                f"({error.code}); try --refresh"
            ) from None
        except Unreachable as error:
            raise aws_errors.unreachable(error) from None

    def account_alias(self, signer: Credentials) -> str | None:
        """The alias of the account of `signer`, None where it may not see it."""
        try:
            return self._ask(
                "iam",
                "ListAccountAliases",
                {},
                signer,
                lambda answer: str(answer["AccountAliases"][0]),
            )
        except (Refused, Unreachable):
            # it has none, which is an answer without a first one, or may not see it
            return None

    def _ask(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, object],
        signer: Credentials,
        read: Callable[[dict[str, Any]], T],
    ) -> T:
        """What `read` finds in the answer to one call."""
        endpoint = self._endpoint
        configured = endpoint.url if service == "sts" else endpoint.iam_url
        name = service.upper()
        with failures(f"AWS {name}", configured or f"{name} in {endpoint.region}"):
            client = self._clients.create(service, endpoint.region, configured, signer)
        url = client.meta.endpoint_url
        with failures(f"AWS {name}", url):
            self._debug(
                f"{operation} at {url} signed by {signer}: "
                + ", ".join(f"{k}={v}" for k, v in sorted(_cut(parameters).items()))
            )
            answer: dict[str, Any] = getattr(client, botocore.xform_name(operation))(
                **parameters
            )
            return read(answer)


def _credentials(answer: dict[str, Any]) -> Credentials:
    """Those of an answer.

    Raises one of `MALFORMED` if there are none, and `CredentialsError` if they are over.
    """
    given = answer["Credentials"]
    key_id, secret = given["AccessKeyId"], given["SecretAccessKey"]
    token, expires = given["SessionToken"], given["Expiration"]
    if any(map(unsendable, (key_id, secret, token))):
        raise ValueError("they cannot be sent")
    found = Credentials(key_id, secret, token, int(expires.timestamp()))
    # by its own clock, for this machine's may be wrong
    date = date_of(answer)
    if date is not None and expires.timestamp() <= date:
        raise CredentialsError(
            "what answers for AWS STS gave credentials that had expired already, at "
            f"{iso8601(int(expires.timestamp()))}; check the endpoint"
        )
    return found


def _cut(parameters: Mapping[str, object]) -> dict[str, object]:
    """The parameters as --debug shows them: an external id is a shared secret."""
    return {
        name: "******" if name in ("TokenCode", "ExternalId") else value
        for name, value in parameters.items()
    }
