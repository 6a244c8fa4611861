"""EC2 instance metadata, versions 1 and 2 (EC2 User Guide, "IMDS")."""

from __future__ import annotations

from tests.servers.sts import ACCOUNT, Credentials
from tests.servers.web import Answer, Request, WebServer, document

ROLE = "instance-role"
PROFILE_ARN = f"arn:aws:iam::{ACCOUNT}:instance-profile/instance-profile"
TOKEN = "EXAMPLEMETADATATOKEN=="
_ROLES = "/latest/meta-data/iam/security-credentials/"


class MetadataServer(WebServer):
    """The metadata of an instance whose role has `credentials`; None for no role.

    `v2` and `v1` say which versions it speaks.
    """

    v1 = v2 = True
    credentials: Credentials | None = None
    # instead of the credentials, as for a role that does not trust EC2
    trouble: object = None

    def respond(self, request: Request) -> Answer:
        if request.path == "/latest/api/token":
            if request.method != "PUT" or not self.v2:
                return Answer(405 if self.v2 else 404)
            life = int(request.headers["x-aws-ec2-metadata-token-ttl-seconds"])
            # a request that was forwarded for somebody else gets none
            if not 1 <= life <= 21_600 or "x-forwarded-for" in request.headers:
                return Answer(400)
            return Answer(200, TOKEN)
        token = request.headers.get("x-aws-ec2-metadata-token")
        if request.method != "GET" or token not in (TOKEN if self.v2 else None, None):
            return Answer(401)
        if token is None and not self.v1:
            return Answer(401)
        if self.credentials is None:
            return Answer(404)
        if request.path == _ROLES:
            return Answer(200, ROLE)
        if request.path == _ROLES + ROLE:
            return Answer(200, self.trouble or document(self.credentials))
        if request.path == "/latest/meta-data/iam/info":
            return Answer(
                200,
                {
                    "Code": "Success",
                    "InstanceProfileArn": PROFILE_ARN,
                    "InstanceProfileId": "AIPAEXAMPLE",
                },
            )
        return Answer(404)
