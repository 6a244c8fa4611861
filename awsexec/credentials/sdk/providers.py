"""botocore's credential providers, given what awsexec has read of the user's files.

One function for each kind of source that needs one. All raise `CredentialsError` where
the credentials cannot be used, and the errors of `sdk.errors` that they name.
"""

from __future__ import annotations

import botocore.credentials
import botocore.exceptions
import botocore.utils
from botocore import UNSIGNED
from botocore.config import Config

from awsexec.credentials.checks import READING_ERRORS, checked, source_error
from awsexec.credentials.sdk import internals
from awsexec.credentials.sdk.clients import (
    USER_AGENT,
    Clients,
    checked_bundle,
    url_of,
)
from awsexec.credentials.sdk.errors import (
    CrtMissing,
    InvalidMetadataUrl,
    Malformed,
    NoMetadataToken,
    NotPermitted,
    NotSignedIn,
    ProviderFailed,
    Unreachable,
)
from awsexec.credentials.sdk.failures import failures, from_http, from_network

SHELL = "/bin/sh"
# services whose clients hold nothing of the source that made them, and sign nothing
_SHARED = ("sso", "sts")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from awsexec.credentials.context import Context
    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.sdk.tokens import TokenCache
    from awsexec.plan.endpoint import Endpoint
    from awsexec.plan.source import Source


def from_container(
    source: Source, environ: Mapping[str, str], url: str, endpoint: Endpoint
) -> Credentials:
    """Return the credentials of the container's metadata service at `url`.

    `environ` holds the variables that say where it is and what authorizes the request;
    to botocore a variable that is set and empty is a value. `endpoint` says which
    certificates to trust. Raises `ProviderFailed` if the service refuses, `Malformed`,
    `Unreachable`, and `ConfigError` for the certificates.
    """
    http = internals.RecordingHttp(
        checked_bundle(endpoint, url) or True,
        timeout=botocore.utils.ContainerMetadataFetcher.TIMEOUT_SECONDS,
    )
    fetcher = botocore.utils.ContainerMetadataFetcher(session=http)
    provider = botocore.credentials.ContainerProvider(environ, fetcher)
    try:
        return _from_botocore(source, provider.load())
    except (botocore.exceptions.BotoCoreError, OSError) as error:
        if http.error is not None:
            raise from_network(url, http.error) from None
        if http.answer is None:
            raise ProviderFailed(str(error)) from None
        raise _from_answer(url, http.answer) from None
    except ValueError as error:
        if http.answer is not None:
            # it is no text, as compressed data is none
            raise Malformed from None
        # botocore's words about the variables
        raise ProviderFailed(str(error)) from None
    except READING_ERRORS:
        raise Malformed from None


def _from_answer(url: str, answer: Any) -> Exception:
    """Return what an HTTP `answer` means that holds no credentials."""
    status, text = answer.status_code, answer.content.decode("utf-8", "replace").strip()
    if 400 <= status < 500 and status not in (407, 429) and text[:1] not in ("", "<"):
        return ProviderFailed(f"HTTP {status}: {' '.join(text[:300].split())}")
    return from_http(url, status, answer.headers, answer.content)


def from_process(
    source: Source, run: Callable[[list[str]], bytes], *, by_shell: bool = False
) -> Credentials:
    """Return the credentials that the source's ``credential_process`` prints.

    `run` gets the words of the command, and returns what it prints. It is called once,
    or not at all if the command cannot be split into words. If a line runs `by_shell`, its
    words are the shell's business. Raises `ProviderFailed`, and
    `Malformed` with Python's reason as its text.
    """
    finished: list[internals.FinishedProcess] = []

    def popen(argv: list[str], **_: object) -> internals.FinishedProcess:
        # botocore asks again for credentials that live shortly; it gets the same ones
        if not finished:
            finished.append(internals.FinishedProcess(run(argv)))
        return finished[0]

    config = internals.config_of(source)
    if by_shell:
        # botocore would split the line
        config["profiles"][source.profile.name]["credential_process"] = SHELL
    provider = botocore.credentials.ProcessProvider(
        source.profile.name, lambda: config, popen=popen
    )
    try:
        return _from_botocore(source, provider.load())
    except botocore.exceptions.CredentialRetrievalError as error:
        raise ProviderFailed(internals.detail(error, "error_msg")) from None
    except READING_ERRORS as error:
        raise Malformed(str(error)) from None


def from_web_identity(source: Source, context: Context, token: str) -> Credentials:
    """Return the session that STS gives for the source's web identity `token`.

    Raises `Refused` and `Unreachable`.
    """
    provider = botocore.credentials.AssumeRoleWithWebIdentityProvider(
        load_config=lambda: internals.config_of(source),
        client_creator=client_creator(source, context),
        profile_name=source.profile.name,
        cache={},
        # the settings of the source are the environment's where that counts
        disable_env_vars=True,
        # the file was read already
        token_loader_cls=lambda path: lambda: token,
    )
    with failures(context.endpoint.url or f"STS in {context.endpoint.region}"):
        return _from_botocore(source, provider.load())


def from_sso(
    source: Source,
    create_client: Callable[..., Any],
    files: TokenCache,
    token: str,
    url: str,
) -> Credentials:
    """Return what the access portal at `url` gives for the source's role and `token`.

    `create_client` is a `client_creator`. Raises `NotSignedIn` if the portal does not
    accept the token, `Refused` and `Unreachable`.
    """
    config = internals.config_of(source)
    provider = botocore.credentials.SSOProvider(
        load_config=lambda: config,
        client_creator=create_client,
        profile_name=source.profile.name,
        cache={},
        token_cache=files,
        token_provider=internals.GivenToken(token),
    )
    with failures(url):
        try:
            return _from_botocore(source, provider.load())
        except (
            botocore.exceptions.UnauthorizedSSOTokenError,
            botocore.exceptions.SSOTokenLoadError,
        ):
            raise NotSignedIn from None


def from_login(source: Source, context: Context, files: TokenCache) -> Credentials:
    """Return the credentials of ``aws login``, renewed in the CLI's `files` if due.

    Raises `CrtMissing`, `NotPermitted`, `NotSignedIn` if there is no valid login,
    `Refused` and `Unreachable`.
    """
    create = client_creator(source, context)
    asked = False

    def begin(*arguments: Any, **options: Any) -> Any:
        """Make the client, which botocore does if it has to renew the login."""
        nonlocal asked
        asked = True
        files.check()
        return create(*arguments, **options)

    provider = botocore.credentials.LoginProvider(
        load_config=lambda: internals.config_of(source),
        client_creator=begin,
        profile_name=source.profile.name,
        token_cache=files,
    )
    with failures(dict(source.urls).get("signin") or "AWS Sign-In"):
        try:
            return _from_botocore(source, provider.load())
        except botocore.exceptions.MissingDependencyException:
            raise CrtMissing from None
        except botocore.exceptions.LoginInsufficientPermissions:
            raise NotPermitted from None
        except (
            botocore.exceptions.LoginError,
            botocore.exceptions.LoginTokenLoadError,
            botocore.exceptions.ParamValidationError,
            *READING_ERRORS,
        ) as error:
            if asked and isinstance(error, READING_ERRORS):
                # the answer is malformed, and not the file
                raise
            raise NotSignedIn from None


class InstanceMetadata:
    """The EC2 instance metadata service.

    `endpoint` is its configured URL, and `mode` "ipv4" or "ipv6" for the two URLs that
    AWS has. `timeout` is in seconds, for a connection and for an answer. Raises
    `InvalidMetadataUrl`.
    """

    def __init__(
        self,
        *,
        endpoint: str | None,
        mode: str,
        is_v1_disabled: bool,
        timeout: float | tuple[float, float],
        attempts: int,
    ) -> None:
        try:
            self._fetcher = internals.MetadataFetcher(
                timeout=timeout,
                num_attempts=attempts,
                user_agent=USER_AGENT,
                config={
                    "ec2_metadata_service_endpoint": endpoint,
                    "ec2_metadata_service_endpoint_mode": mode,
                    "ec2_metadata_v1_disabled": is_v1_disabled,
                },
                env={},
            )
        except botocore.exceptions.InvalidIMDSEndpointError:
            raise InvalidMetadataUrl from None
        self.url = str(self._fetcher.get_base_url())

    @property
    def status(self) -> int | None:
        """The HTTP status of the last answer, None before the first one."""
        answer = self._fetcher.answer
        return None if answer is None else int(answer.status_code)

    def not_of_ec2(self) -> Unreachable | None:
        """Return what the last answer means if EC2 does not answer so, else None.

        EC2 answers 200 with JSON, and 401, 403 and 404 with a page of HTML (EC2 User
        Guide, "Errors" of the instance metadata).
        """
        answer = self._fetcher.answer
        if answer is None or answer.status_code in (401, 403, 404):
            return None
        if answer.status_code == 200 and answer.content.lstrip().startswith(b"{"):
            return None
        return from_http(self.url, self.status or 0, answer.headers, answer.content)

    def role(self) -> Mapping[str, Any]:
        """Return the role's name and credentials, or {} where there are none.

        The names are role_name, access_key, secret_key, token and expiry_time. Raises
        `NoMetadataToken`, `Unreachable`, `ProviderFailed` and `Malformed`.
        """
        try:
            found: Mapping[str, Any] = self._fetcher.retrieve_iam_role_credentials()
            return found
        except botocore.exceptions.MetadataRetrievalError:
            # botocore raises it for one reason: no token, and IMDSv1 turned off
            raise NoMetadataToken from None
        except botocore.exceptions.HTTPClientError as error:
            raise from_network(self.url, error) from None
        except (botocore.exceptions.BotoCoreError, OSError) as error:
            raise ProviderFailed(str(error)) from None
        except READING_ERRORS:
            raise Malformed from None

    def instance_profile(self) -> str | None:
        """Return the ARN of the instance profile; None if the metadata does not say."""
        return self._fetcher.instance_profile()


def client_creator(source: Source, context: Context) -> Callable[..., Any]:
    """Return what botocore's providers make their clients with."""
    clients: list[Clients] = []
    endpoint, retries, shared = context.endpoint, context.retries, context.shared

    def create(
        service: str, config: Any = None, region_name: str = "", unsigned: bool = False
    ) -> Any:
        url = dict(source.urls).get(service.replace("-", "_"))
        if service == "sts":
            url = endpoint.url
        region = region_name or config.region_name or endpoint.region
        if unsigned:
            config = Config(signature_version=UNSIGNED)

        def make() -> Any:
            if not clients:
                connections = shared.connections if shared is not None else 0
                clients.append(
                    Clients(endpoint, retries, handlers=True, connections=connections)
                )
            client = clients[0].create(service, region, url, config=config)
            context.debug(f"{source.kind.label}: {service} at {url_of(client)}")
            return client

        if shared is None or service not in _SHARED:
            return make()
        return shared.once((service, region, url, *endpoint.key, ascii(retries)), make)

    return create


def _from_botocore(source: Source, found: Any) -> Credentials:
    """Return what botocore's `found` holds, which it may fetch only now.

    Raises what botocore's provider raises, and `CredentialsError` for credentials that
    have expired or cannot be sent.
    """
    try:
        frozen = found.get_frozen_credentials()
    except RuntimeError as error:
        if not internals.has_expired(error):
            raise
        raise source_error(
            source, "the credentials it gave have expired already; renew them there"
        ) from None
    except TypeError as error:
        if not internals.lacks_time_zone(error):
            raise
        raise source_error(
            source, "the expiration it gave has no time zone; write it in ISO 8601"
        ) from None
    return checked(
        source,
        frozen.access_key,
        frozen.secret_key,
        frozen.token,
        internals.expiry_of(found),
    )
