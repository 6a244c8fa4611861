"""What awsexec uses of botocore that is not botocore's public API.

botocore may change any of it in any release. Each item says what awsexec needs it for,
and has a test in tests/credentials/test_sdk_seam.py that says what breaks without it.
"""

from __future__ import annotations

import errno
import functools
import http.client
import io
import os
import time

import botocore.awsrequest
import botocore.httpsession
import botocore.loaders
import botocore.session
import botocore.utils
from botocore.configprovider import ConstantProvider
from botocore.tokens import SSOTokenProvider

from awsexec import bounded
from awsexec.credentials.checks import READING_ERRORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from awsexec.plan.source import Source

# --- Sessions -------------------------------------------------------------------------


def bare_session(handlers: bool) -> Any:
    """Return a botocore session that reads none of the user's files.

    awsexec passes every setting that counts to each client. botocore must not read the
    config files, since it refuses some that awsexec accepts, nor AWS_PROFILE. `handlers`
    is whether the session gets botocore's built-in event handlers.
    """
    session = botocore.session.Session(include_builtin_handlers=handlers)
    session.register_component("data_loader", _loader())
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    session.get_component("config_store").set_config_provider(
        "profile", ConstantProvider(None)
    )
    return session


# the services that awsexec calls
SERVICES = ("sts", "iam", "sso", "sso-oidc", "signin")


class Loader(botocore.loaders.Loader):  # type: ignore[misc]
    """Loads of botocore's data only what concerns `SERVICES`.

    botocore lists some four hundred directories to see which services there are, twice,
    and parses the endpoints of all of them. Together that is a quarter of a call's time.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)

    @botocore.loaders.instance_cache  # type: ignore[untyped-decorator]
    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name == "endpoints":
            paths = (os.path.join(folder, name) for folder in self.search_paths)
            path = next(filter(self.file_loader.exists, paths), "")
            found = _endpoints_in(f"{path}.json")
            if found is not None:
                return found, path
        found_with_path: tuple[Any, str] = super().load_data_with_path(name)
        return found_with_path


@functools.cache
def _loader() -> Loader:
    """Return the loader of all sessions, which reads no file twice.

    So what a client has needed once may be deleted, as by an upgrade.
    """
    return Loader()


def default_bundle() -> str:
    """Return the file of the certificates that botocore trusts by default."""
    return str(botocore.httpsession.get_cert_path(True))


def _endpoints_in(path: str) -> Any:
    """Return botocore's endpoints file `path` with no services but `SERVICES`.

    What is left out is cut from the text, by its indentation, before it is parsed. Return
    None if there is no such file, or if its layout is another one; botocore then
    reads all of it.
    """
    import json

    try:
        text = bounded.read(path).decode("utf-8")
        return json.loads(_only_services(text))
    except (OSError, ValueError):
        return None


def _only_services(text: str) -> str:
    """Return the JSON `text` of an endpoints file without the services not called.

    Raises `ValueError` if a partition is not laid out as expected.
    """
    first, *partitions = text.split('\n    "services" : {\n')
    if not partitions:
        raise ValueError("no partition")
    kept = [first]
    for partition in partitions:
        services, end, rest = partition.partition("\n    }\n")
        if not end:
            raise ValueError("no end of the services")
        # each service begins with its name, at the indentation of the one before
        blocks = f"\n{services}".split('\n      "')
        ours = [
            block.rstrip(",") for block in blocks if block.partition('"')[0] in SERVICES
        ]
        if not any(block.startswith('sts"') for block in ours):
            raise ValueError("no STS in a partition")
        kept.append(",".join(f'"{block}' for block in ours) + end + rest)
    return '\n"services" : {\n'.join(kept)


# --- Errors ---------------------------------------------------------------------------


def detail(error: Exception, name: str) -> Any:
    """Return what one of botocore's errors was made with as `name`, None without it.

    The text of the error puts words around it that say nothing to the user.
    """
    return error.__dict__.get("kwargs", {}).get(name)


def has_expired(error: RuntimeError) -> bool:
    """Return whether botocore raised `error` for credentials that have expired."""
    return "still expired" in str(error)


def lacks_time_zone(error: TypeError) -> bool:
    """Return whether `error` is of an expiration without a time zone.

    botocore compares it with the present, and Python refuses that.
    """
    return "offset-naive" in str(error)


# --- Credentials ----------------------------------------------------------------------


def config_of(source: Source) -> dict[str, Any]:
    """Return the settings of `source` as botocore's session has the config files.

    botocore's providers read this in place of the user's files.
    """
    profile = {item.name: item.value for item in source.settings if item.name}
    sessions = {}
    if "sso_session" in profile:
        sessions[profile["sso_session"]] = {
            name: profile[name]
            for name in ("sso_start_url", "sso_region", "sso_registration_scopes")
            if name in profile
        }
    return {"profiles": {source.profile.name: profile}, "sso_sessions": sessions}


def expiry_of(found: Any) -> int | None:
    """Return when botocore's credentials `found` expire, None if they do not.

    In seconds since the epoch.
    """
    expires = getattr(found, "_expiry_time", None)
    return int(expires.timestamp()) if expires else None


class FinishedProcess:
    """As much of a `subprocess.Popen` as botocore's process provider looks at.

    awsexec runs the process itself, since botocore sets no time limit and takes stderr
    away from it.
    """

    returncode = 0

    def __init__(self, output: bytes) -> None:
        self._output = output

    def communicate(self) -> tuple[bytes, bytes]:
        return self._output, b""


class RecordingHttp:
    """The HTTP session of a fetcher, which keeps the last answer and the last failure.

    botocore's fetcher of a container's metadata puts both into one text.
    """

    def __init__(self, verify: str | bool, timeout: float) -> None:
        self._session = botocore.httpsession.URLLib3Session(
            verify=verify, timeout=timeout
        )
        self.answer: Any = None
        self.error: Exception | None = None

    def send(self, request: Any) -> Any:
        self.answer = self.error = None
        try:
            self.answer = self._session.send(request)
        except Exception as error:
            self.error = error
            raise
        return self.answer


class MetadataFetcher(botocore.utils.InstanceMetadataFetcher):  # type: ignore[misc]
    """botocore's, which remembers the last answer, and also asks for the profile's ARN."""

    answer: Any = None

    def instance_profile(self) -> str | None:
        """Return the ARN of the instance profile; None if the metadata does not say."""
        import json

        try:
            answer = self._get_request(
                "latest/meta-data/iam/info",
                self._needs_retry_for_credentials,
                self._fetch_metadata_token(),
            )
            arn = json.loads(answer.text).get("InstanceProfileArn")
        except (self._RETRIES_EXCEEDED_ERROR_CLS, *READING_ERRORS):
            return None
        return arn if isinstance(arn, str) else None

    def _is_non_ok_response(self, response: Any) -> bool:
        self.answer = response
        return bool(super()._is_non_ok_response(response))

    def _evaluate_expiration(self, credentials: dict[str, str]) -> None:
        """Leave the expiration as it is.

        botocore replaces one that is near by a later one, for processes that live long.
        COMMAND, and the cache, want the true one.
        """


# --- Answers --------------------------------------------------------------------------

# bytes of an answer, of which the longest have some ten thousand, and seconds for it
LARGEST_ANSWER, ANSWER_SECONDS = 1_048_576, 60.0
PIECE = 65_536


class BoundedResponse(botocore.awsrequest.AWSResponse):  # type: ignore[misc]
    """botocore's HTTP response, whose body is read within limits of size and time.

    Every answer of AWS, of metadata and of the console is one, or what a proxy says in
    their place.
    """

    seconds = ANSWER_SECONDS

    @property
    def content(self) -> bytes:
        """The body. Raises `OSError`, which botocore turns into its `HTTPClientError`."""
        if self._content is None:
            end, size = time.monotonic() + self.seconds, 0
            pieces: list[bytes] = []
            for piece in self._arriving():
                pieces.append(piece)
                size += len(piece)
                why = ""
                if size > LARGEST_ANSWER:
                    why = f"its answer has more than {bounded.in_words(LARGEST_ANSWER)}"
                elif time.monotonic() > end:
                    why = f"its answer takes more than {self.seconds:.0f} seconds"
                if why:
                    # what is still to come must not be read for the next request
                    self.raw.close()
                    raise OSError(errno.EFBIG, why)
            self._content: bytes | None = b"".join(pieces)
        return self._content or b""

    def _arriving(self) -> Iterator[bytes]:
        """Return the pieces of the body as they arrive, however few bytes each has.

        urllib3's `stream` waits until a piece is full, and the socket's time-out begins
        anew with each byte. urllib3 before 2.1 has no `read1`.
        """
        if not hasattr(self.raw, "read1"):
            return iter(self.raw.stream())
        return iter(functools.partial(self.raw.read1, PIECE), b"")


class _Timed(io.RawIOBase):
    """The bytes of `raw` as they arrive, until `end` on the monotonic clock.

    After that, reading raises `TimeoutError`.
    """

    def __init__(self, raw: io.RawIOBase, end: float) -> None:
        super().__init__()
        self._raw = raw
        self._end = end

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._end:
            raise TimeoutError("timed out")
        # the socket's own time-out ends a wait for the next byte
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedHead(http.client.HTTPResponse):
    """Python's HTTP response, which has to arrive in `seconds`, its head too."""

    seconds = ANSWER_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        end = time.monotonic() + self.seconds
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), end))


# all of botocore makes its responses by these names
botocore.awsrequest.AWSResponse = BoundedResponse
botocore.awsrequest.AWSConnection.response_class = TimedHead


# --- Tokens of sign-ins ---------------------------------------------------------------


class TokenFiles(botocore.utils.JSONFileCache):  # type: ignore[misc]
    """The files in which the AWS CLI keeps tokens, one a key, written by `dumps`."""

    def __init__(self, directory: str, dumps: Callable[[Any], str] | None) -> None:
        super().__init__(directory, dumps)

    def __getitem__(self, key: str) -> Any:
        import json

        try:
            return json.loads(
                bounded.read(self._convert_cache_key(key), is_regular=True)
            )
        except (OSError, ValueError):
            raise KeyError(key) from None


def token_in(
    files: TokenFiles, start_url: str, session: str | None
) -> Mapping[str, Any]:
    """Return the token that the AWS CLI keeps for a start URL, or for an sso-session.

    The name of its file is a digest that botocore's loader works out. Raises
    `botocore.exceptions.SSOTokenLoadError`, or one of `READING_ERRORS`.
    """
    loader = botocore.utils.SSOTokenLoader(files)
    found: Mapping[str, Any] = loader(start_url, session_name=session)
    return found


class RenewingTokens(SSOTokenProvider):  # type: ignore[misc]
    """botocore's token provider, with the one request of a renewal made by `renew`.

    botocore logs why a renewal failed, and goes on with the old token. `renew` is called
    with the old token and botocore's own method, and returns a new token or None.
    """

    def __init__(
        self,
        profile: str,
        config: Mapping[str, Any],
        create_client: Callable[..., Any],
        files: TokenFiles,
        renew: Callable[[Any, Callable[[Any], Any]], Any],
    ) -> None:
        session = _SessionOfTokens(config, create_client)
        super().__init__(session, cache=files, profile_name=profile)
        self._renew = renew

    def _attempt_create_token(self, token: Any) -> Any:
        return self._renew(token, super()._attempt_create_token)


class _SessionOfTokens:
    """As much of a session as botocore's token provider uses."""

    def __init__(
        self, full_config: Mapping[str, Any], create_client: Callable[..., Any]
    ) -> None:
        self.full_config = full_config
        self.create_client = create_client


class GivenToken:
    """A token, in the form in which botocore's provider of SSO credentials takes one."""

    def __init__(self, token: str) -> None:
        self.token = token

    def load_token(self) -> GivenToken:
        return self

    def get_frozen_token(self) -> GivenToken:
        return self
