"""Calls to AWS STS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import botocore

from awsexec.credentials.clients import Clients, failures
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.refusals import Refused, Unreachable
from awsexec.profiles.endpoint import Endpoint


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

        Raises `Refused` and `Unreachable`.
        """
        given = self._ask("sts", operation, parameters, signer)["Credentials"]
        return Credentials(
            given["AccessKeyId"],
            given["SecretAccessKey"],
            given["SessionToken"],
            int(given["Expiration"].timestamp()),
        )

    def identity(self, signer: Credentials) -> dict[str, str]:
        """GetCallerIdentity: Account, Arn and UserId of `signer`. Raises as `call`."""
        answer = self._ask("sts", "GetCallerIdentity", {}, signer)
        return {name: answer[name] for name in ("Account", "Arn", "UserId")}

    def account_alias(self, signer: Credentials) -> str | None:
        """The alias of the account of `signer`, None where it may not see it."""
        try:
            aliases = self._ask("iam", "ListAccountAliases", {}, signer)[
                "AccountAliases"
            ]
        except (Refused, Unreachable):
            return None
        return aliases[0] if aliases else None

    def _ask(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, object],
        signer: Credentials,
    ) -> dict[str, Any]:
        """The answer to one call; it has the members that the service's model names."""
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
            # a page that happens to parse has none of them
            if not answer.keys() - {"ResponseMetadata"}:
                raise KeyError(operation)
            return answer


def _cut(parameters: Mapping[str, object]) -> dict[str, object]:
    """The parameters as --debug shows them: an external id is a shared secret."""
    return {
        name: "******" if name in ("TokenCode", "ExternalId") else value
        for name, value in parameters.items()
    }
