"""Calls to AWS STS, and to IAM: for the account's alias, and for `credentials.keys`."""

from __future__ import annotations

import threading

from awsexec.credentials import aws_errors
from awsexec.credentials.checks import unsendable
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.sdk.clients import Clients, call, url_of
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import date_of
from awsexec.errors import CredentialsError, tail
from awsexec.profiles.files import Setting
from awsexec.text import HIDDEN
from awsexec.times import iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.plan import Plan

    T = TypeVar("T")


# clients that are kept: about a megabyte each
MOST_CLIENTS = 32


class Sts:
    """AWS STS and IAM at the configured endpoints.

    `retries` is as in `Clients`. `debug` takes a line for --debug. With `connections`,
    that many threads may call at the same time, and there is one client for each set of
    signing keys. Without, a client is for one call.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        debug: Callable[[str], None],
        connections: int = 0,
    ) -> None:
        self._endpoint = endpoint
        self._debug = debug
        self._clients = Clients(endpoint, retries, connections=connections)
        self._keeps = bool(connections)
        self._kept: dict[tuple[object, ...], Any] = {}
        self._creating = threading.Lock()

    def call(
        self, operation: str, parameters: Mapping[str, object], signer: Credentials
    ) -> Credentials:
        """Call an `operation` of STS that gives credentials, and return the credentials.

        It is AssumeRole, GetSessionToken or GetFederationToken. Raises `Refused` and
        `Unreachable`, and `CredentialsError` if the credentials have expired.
        """
        return self.ask("sts", operation, parameters, signer, _credentials)

    def identity(self, signer: Credentials, plan: Plan) -> dict[str, str]:
        """Return Account, Arn and UserId of `signer`, by GetCallerIdentity.

        `plan` names the credentials in messages. Raises `CredentialsError`.
        """
        try:
            return self.caller(signer)
        except Refused as error:
            raise aws_errors.identity_in_words(error, plan, signer) from None
        except Unreachable as error:
            raise self.unreachable(error) from None

    def caller(self, signer: Credentials) -> dict[str, str]:
        """Return what `identity` returns. Raises `Refused` and `Unreachable`."""
        names = ("Account", "Arn", "UserId")
        return self.ask(
            "sts",
            "GetCallerIdentity",
            {},
            signer,
            lambda answer: {name: str(answer[name]) for name in names},
        )

    def unreachable(self, error: Unreachable, service: str = "sts") -> CredentialsError:
        """Return the failure to get an answer of `service`, "sts" or "iam"."""
        endpoint = self._endpoint
        if service == "sts":
            return aws_errors.unreachable(error, endpoint)
        url = None
        if endpoint.iam_url is not None:
            url = Setting.outside("endpoint_url", "", "the endpoint URL of IAM")
        return aws_errors.unreachable(
            error, endpoint, "AWS IAM", endpoint.host_made_by(url)
        )

    def account_alias(self, signer: Credentials) -> str | None:
        """Return the alias of the account of `signer`, None if there is none to be seen.

        The account may have no alias, `signer` may not read it, or IAM cannot be reached.
        """
        try:
            return self.ask(
                "iam",
                "ListAccountAliases",
                {},
                signer,
                lambda answer: str(answer["AccountAliases"][0]),
            )
        except (Refused, Unreachable):
            # `Unreachable` is also for an answer that cannot be read, like the empty list
            # of an account without an alias
            return None

    def ask(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, object],
        signer: Credentials,
        read: Callable[[dict[str, Any]], T],
    ) -> T:
        """Return what `read` finds in the answer to one call of `service`, "sts" or "iam".

        Raises `Refused` and `Unreachable`.
        """
        endpoint = self._endpoint
        configured = endpoint.url if service == "sts" else endpoint.iam_url
        client = self._client(service, configured, signer)
        self._debug(
            f"{operation} at {url_of(client)} signed by {signer}: "
            + ", ".join(f"{k}={v}" for k, v in sorted(_cut(parameters).items()))
        )
        try:
            return call(client, operation, parameters, read)
        finally:
            if not self._keeps:
                # a long chain would leave a connection for each of its roles
                client.close()

    def _client(self, service: str, url: str | None, signer: Credentials) -> Any:
        region = self._endpoint.region
        if not self._keeps:
            return self._clients.create(service, region, url, signer)
        key = (service, signer.key_id, signer.secret, signer.token)
        # botocore's clients may be shared by threads, and its sessions may not
        with self._creating:
            client = self._kept.get(key)
            if client is None:
                if len(self._kept) >= MOST_CLIENTS:
                    # whoever calls with it still has it
                    del self._kept[next(iter(self._kept))]
                client = self._clients.create(service, region, url, signer)
                self._kept[key] = client
            return client


def _credentials(answer: dict[str, Any]) -> Credentials:
    """Return the credentials in an answer.

    Raises one of `READING_ERRORS` if there are none, and `CredentialsError` if they have
    expired.
    """
    given = answer["Credentials"]
    key_id, secret = given["AccessKeyId"], given["SecretAccessKey"]
    token, expires = given["SessionToken"], given["Expiration"]
    if any(map(unsendable, (key_id, secret, token))):
        raise ValueError("they cannot be sent")
    found = Credentials(key_id, secret, token, int(expires.timestamp()))
    # by the clock of the answer, since this machine's may be wrong
    date = date_of(answer)
    if date is not None and expires.timestamp() <= date:
        raise CredentialsError(
            "AWS STS gave credentials that had expired already, at "
            f"{iso8601(int(expires.timestamp()))}; is a proxy answering, or another server? "
            "check the endpoint URL"
        )
    return found


def _cut(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters as --debug shows them; an external id is a shared secret."""
    shown = {
        name: HIDDEN if name in ("TokenCode", "ExternalId") else value
        for name, value in parameters.items()
    }
    if "AccessKeyId" in shown:
        shown["AccessKeyId"] = tail(str(shown["AccessKeyId"]))
    return shown
