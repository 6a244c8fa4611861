"""Calls to AWS STS. The one place where the AWS SDK is loaded to make them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import botocore
import botocore.config
import botocore.exceptions
import botocore.loaders
import botocore.parsers
import botocore.session
from botocore.configprovider import ConstantProvider

import awsexec
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.refusals import Refused, Unreachable
from awsexec.errors import shown
from awsexec.profiles.endpoint import Endpoint


class Sts:
    """AWS STS at one endpoint.

    `retries` is botocore's ``retries`` setting (SDKs and Tools Reference Guide,
    "Retry behavior"); with None, three tries, since somebody waits.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        retries: Mapping[str, Any] | None,
        debug: Callable[[str], None],
    ) -> None:
        self._endpoint = endpoint
        self._debug = debug
        # none of the built-in handlers is for a call of ours: half of what they do is S3's
        self._session = botocore.session.Session(include_builtin_handlers=False)
        self._session.register_component("data_loader", _Loader())
        # every setting that counts is passed below: the user's files, which botocore
        # may not be able to read, and AWS_PROFILE have no say in here
        for name in ("config_file", "credentials_file"):
            self._session.set_config_variable(name, os.devnull)
        self._session.get_component("config_store").set_config_provider(
            "profile", ConstantProvider(None)
        )
        self._config = botocore.config.Config(
            user_agent_extra=f"awsexec/{awsexec.__version__}",
            ignore_configured_endpoint_urls=True,
            use_fips_endpoint=endpoint.fips,
            use_dualstack_endpoint=endpoint.dualstack,
            connect_timeout=10,
            read_timeout=30,
            retries=dict(retries or {"mode": "standard", "total_max_attempts": 3}),
        )

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
        url = configured or f"{service.upper()} in {endpoint.region}"
        bundle = endpoint.ca_bundle
        if bundle is not None and not os.path.exists(bundle):
            raise Unreachable(url, f"there is no CA bundle {shown(bundle)}")
        try:
            client = self._session.create_client(
                service,
                region_name=endpoint.region,
                endpoint_url=configured,
                verify=bundle,
                aws_access_key_id=signer.key_id,
                aws_secret_access_key=signer.secret,
                aws_session_token=signer.token,
                config=self._config,
            )
            url = client.meta.endpoint_url
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
        except botocore.exceptions.ClientError as error:
            raise _refused(error) from None
        except (botocore.exceptions.BotoCoreError, OSError, ValueError) as error:
            raise Unreachable(url, _short(error)) from None
        except (botocore.parsers.ResponseParserError, KeyError):
            # the page of a proxy or of a network that wants a sign-in, or another server
            raise Unreachable(
                url, f"what answers there is not AWS {service.upper()}"
            ) from None


class _Loader(botocore.loaders.Loader):  # type: ignore[misc]
    """Loads the models of our two services without looking which other services there are.

    botocore lists some four hundred directories for that, twice: a sixth of the time
    that a call takes.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return ["sts", "iam"]


def _cut(parameters: Mapping[str, object]) -> dict[str, object]:
    """The parameters as --debug shows them: an external id is a shared secret."""
    return {
        name: "******" if name in ("TokenCode", "ExternalId") else value
        for name, value in parameters.items()
    }


def _refused(error: botocore.exceptions.ClientError) -> Refused:
    response = error.response
    # only a refusal needs it
    import email.utils

    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    skew = None
    if date:
        try:
            skew = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
        except ValueError:
            pass
    details = response.get("Error", {})
    return Refused(
        str(details.get("Code") or "an unknown error"),
        str(details.get("Message") or "no message"),
        skew,
    )


def _short(error: Exception) -> str:
    """What a connection failed of, without the layers around it."""
    if isinstance(error, botocore.exceptions.SSLError):
        kind = "TLS failed"
    elif isinstance(error, botocore.exceptions.ProxyConnectionError):
        kind = "the proxy does not answer"
    elif isinstance(error, botocore.exceptions.ConnectTimeoutError):
        kind = "no connection in time"
    elif isinstance(error, botocore.exceptions.ReadTimeoutError):
        kind = "no answer in time"
    elif isinstance(error, botocore.exceptions.ConnectionClosedError):
        kind = "the connection was closed"
    else:
        kind = ""
    cause: BaseException | None = error.__dict__.get("kwargs", {}).get("error") or error
    while cause is not None and (inner := _inner(cause)) is not None:
        cause = inner
    text = getattr(cause, "strerror", None) or str(cause)
    return f"{kind} ({text})" if kind else text


def _inner(error: BaseException) -> BaseException | None:
    """The error below one of urllib3's: its reason, or what it was raised from."""
    for name in ("reason", "original_error", "__cause__", "__context__"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException):
            return inner
    return None
