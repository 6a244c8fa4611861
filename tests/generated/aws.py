"""An AWS for made-up cases, of the servers of tests/servers: in this process, or not."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import ssl
import time
import urllib.parse
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from tests.generated.worlds import (
    BOB_ID,
    BOB_SECRET,
    CONTAINER,
    ENDPOINTS,
    LOGIN,
    METADATA,
    SESSION_ID,
    WEB_TOKEN,
)
from tests.servers.container import ContainerServer
from tests.servers.identity_center import START_URL, IdentityCenter
from tests.servers.metadata import MetadataServer
from tests.servers.proxy import Proxy
from tests.servers.sts import Credentials, StsServer
from tests.servers.web import Answer, Request, WebServer, iso8601
from tests.support import CODES, KEY_ID, SECRET

ACCESS_TOKEN = "EXAMPLEACCESSTOKEN0"


class Aws:
    """STS, the metadata of an instance and of a container, and IAM Identity Center.

    Two of them that are asked the same give the same: their sessions are numbered.
    """

    def __init__(self) -> None:
        self.sts = StsServer()
        self.metadata = MetadataServer()
        self.container = ContainerServer()
        self.portal = IdentityCenter()
        self.sts.add_user("alice", KEY_ID, SECRET, CODES)
        self.sts.add_user("bob", BOB_ID, BOB_SECRET)
        self.sts.add_role("reader")
        self.sts.add_role("writer")
        self.sts.trust(WEB_TOKEN, "reader")
        assert self.sts.session_of("elsewhere").key_id == SESSION_ID
        self.login = self.sts.session_of("console", 86_400)
        self.metadata.credentials = self.sts.session_of("instance-role", 21_600)
        self.container.credentials = self.sts.session_of("task-role", 21_600)
        self.portal.tokens.add(ACCESS_TOKEN)
        self.portal.roles["123456789012", "reader"] = self.sts.session_of("sso-role")

    def __enter__(self) -> Aws:
        """Answer in the place of the network, for all of botocore in this process."""
        self._instead = mock.patch.object(
            URLLib3Session, "send", lambda _, request: self.answer(request)
        )
        self._instead.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._instead.stop()
        self.close()

    def close(self) -> None:
        for server in (self.sts, self.metadata, self.container, self.portal):
            server._http.server_close()

    def ask(self, server: WebServer, request: Request) -> Answer:
        """What `server`, which is one of these, answers."""
        server.requests.append(request)
        return server.respond(request)

    def caller(self, key_id: str, secret: str | None, token: str | None) -> str:
        """Whose credentials these are: an ARN, or themselves if they are nobody's."""
        found: Credentials | None = self.sts.credentials_of(key_id)
        known = found is not None and found.token == token
        if known and secret in (None, found.secret):
            return found.caller
        return f"{key_id} {secret or ''} {token or ''}".rstrip()

    def answer(self, request: AWSPreparedRequest) -> AWSResponse:
        """What is sent back for `request`."""
        url = urllib.parse.urlsplit(request.url)
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        headers.setdefault("host", url.netloc)
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        server = self._server(url)
        if server is None:
            message = Message()
            for name, value in headers.items():
                message[name] = value
            found = self.sts.respond(message, body)
            assert found is not None
            status, kind, text = found.status, found.content_type, found.body
        else:
            asked = Request(
                request.method,
                url.path,
                dict(urllib.parse.parse_qsl(url.query)),
                headers,
                body,
            )
            given = self.ask(server, asked)
            status, kind = given.status, "application/json"
            text = given.body if isinstance(given.body, str) else json.dumps(given.body)
        return AWSResponse(
            request.url, status, {"Content-Type": kind}, Raw(text.encode())
        )

    def _server(self, url: urllib.parse.SplitResult) -> WebServer | None:
        """Who is at `url`, None for STS."""
        host = url.hostname or ""
        if host == "169.254.169.254" or url.port == METADATA:
            return self.metadata
        if host == "169.254.170.2" or url.port == CONTAINER:
            return self.container
        return self.portal if host.startswith(("portal.sso.", "oidc.")) else None


class Doors:
    """Servers on loopback in front of one `Aws` after the other.

    STS is there twice: over TLS, for a proxy that makes it AWS's own, and without.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._tls, self._plain = StsServer(context), StsServer()
        self._metadata, self._container = MetadataServer(), ContainerServer()
        self._portal = IdentityCenter()
        self._proxy = Proxy(self._tls.port)
        self._all = contextlib.ExitStack()

    def __enter__(self) -> Doors:
        for server in (
            *(self._tls, self._plain, self._metadata, self._container, self._portal),
            self._proxy,
        ):
            self._all.enter_context(server)
        return self

    def __exit__(self, *exception: object) -> None:
        self._all.close()

    def lead_to(self, aws: Aws) -> Aws:
        """Let `aws` answer from now on."""
        for sts in (self._tls, self._plain):
            sts.respond = aws.sts.respond
        for door, server in (
            (self._metadata, aws.metadata),
            (self._container, aws.container),
            (self._portal, aws.portal),
        ):
            door.respond = functools.partial(aws.ask, server)
        return aws

    def place(self, text: str) -> str:
        """`text` with the addresses of worlds made into those of the doors."""
        ports = {METADATA: self._metadata.port, CONTAINER: self._container.port}
        for port in ENDPOINTS:
            ports[port] = self._plain.port
        for port, door in ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{door}")
        return text

    def variables(self) -> dict[str, str]:
        """What leads here whatever the world says."""
        return {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self._metadata.url,
            "AWS_ENDPOINT_URL_SSO": self._portal.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": self._portal.url,
            "HTTPS_PROXY": self._proxy.url,
            "NO_PROXY": "127.0.0.1",
        }


class Raw(io.BytesIO):
    """A body as urllib3 has it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def furnish(home: Path) -> None:
    """Put into a home directory what the files of worlds name: tokens and a tool."""
    with contextlib.closing(Aws()) as aws:
        session = aws.login
    (home / "token").write_text(WEB_TOKEN)
    tool = home / "tool"
    tool.write_text(
        "#!/bin/sh\n"
        # with more arguments it does not run: they are operators to a shell
        "[ $# -gt 1 ] && exit 1\n"
        'case "$1" in\n'
        f'alice) keys=\'"AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"\' ;;\n'
        f'\'two words\') keys=\'"AccessKeyId": "{BOB_ID}", '
        f'"SecretAccessKey": "{BOB_SECRET}"\' ;;\n'
        "*) exit 1 ;;\n"
        "esac\n"
        'printf \'{"Version": 1, %s}\' "$keys"\n'
    )
    tool.chmod(0o755)
    later = iso8601(time.time() + 86_400)
    sso = home / ".aws" / "sso" / "cache"
    sso.mkdir(parents=True)
    for name in ("corp", START_URL):
        digest = hashlib.sha1(name.encode()).hexdigest()
        token = {"startUrl": START_URL, "region": "eu-west-1", "expiresAt": later}
        (sso / f"{digest}.json").write_text(
            json.dumps({**token, "accessToken": ACCESS_TOKEN})
        )
    login = home / ".aws" / "login" / "cache"
    login.mkdir(parents=True)
    digest = hashlib.sha256(LOGIN.encode()).hexdigest()
    (login / f"{digest}.json").write_text(
        json.dumps(
            {
                "accessToken": {
                    "accessKeyId": session.key_id,
                    "secretAccessKey": session.secret,
                    "sessionToken": session.token,
                    "accountId": "123456789012",
                    "expiresAt": later,
                },
                "tokenType": "aws_sigv4",
                "refreshToken": "EXAMPLEREFRESHTOKEN0",
                "identityToken": "EXAMPLEIDENTITYTOKEN",
                "clientId": "arn:aws:signin:::devtools/same-device",
                "dpopKey": "EXAMPLEKEY",
            }
        )
    )
