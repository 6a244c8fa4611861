"""AWS Sign-In, as far as it renews the session of ``aws login``.

Each request carries a DPoP proof (RFC 9449), which is checked: its key is the one
that the session was begun with.
"""

from __future__ import annotations

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.servers.sts import Credentials
from tests.servers.web import Answer, Request, WebServer


class SignInServer(WebServer):
    """Gives `credentials` for the refresh token; `key` is that of the login, `pem`
    the same in a file."""

    credentials: Credentials

    def __init__(self) -> None:
        super().__init__()
        self.key, self.pem = new_key()
        self.refresh_token = "EXAMPLEREFRESHTOKEN0"

    def respond(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/v1/token"):
            return Answer(404)
        self._check_proof(request)
        given = request.json()
        if given.get("refreshToken") != self.refresh_token:
            return Answer(
                400,
                {"error": "TOKEN_EXPIRED", "message": "The refresh token has expired"},
                {"x-amzn-ErrorType": "AccessDeniedException"},
            )
        self.refresh_token = "EXAMPLEREFRESHTOKEN1"
        return Answer(
            200,
            {
                "accessToken": {
                    "accessKeyId": self.credentials.key_id,
                    "secretAccessKey": self.credentials.secret,
                    "sessionToken": self.credentials.token,
                },
                "tokenType": "aws_sigv4",
                "expiresIn": int(self.credentials.expires - time.time()),
                "refreshToken": self.refresh_token,
            },
        )

    def _check_proof(self, request: Request) -> None:
        head, claims, signature = request.headers["dpop"].split(".")
        raw = _decode(signature)
        number = int.from_bytes
        self.key.public_key().verify(
            encode_dss_signature(number(raw[:32], "big"), number(raw[32:], "big")),
            f"{head}.{claims}".encode(),
            ec.ECDSA(hashes.SHA256()),
        )
        claimed = json.loads(_decode(claims))
        assert claimed["htm"] == "POST" and claimed["htu"] == f"{self.url}/v1/token"


def new_key() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A key for the proofs, and the same as the AWS CLI keeps it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return key, pem.decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
