"""What the sources of first credentials leave, print and answer, in several tests."""

import hashlib
import json
import shlex
import time

from tests.servers.identity_center import START_URL
from tests.servers.web import Answer, iso8601
from tests.support import KEY_ID, SECRET

ALONE = "[profile p]\ncredential_source = {}\n"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
IDENTITY = "arn:aws:iam::123456789012:user/alice"
LEGACY = f"""
[profile p]
sso_start_url = {START_URL}
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
"""
SESSION = f"""
[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-west-1
sso_registration_scopes = sso:account:access, example:read
[profile p]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
"""
GET = "GET /federation/credentials"
TOKEN = "POST /token"
NO_TERMINAL = "not signed in, and there is no terminal to sign in on; run: "
CENTER = "AWS IAM Identity Center"
# what a network says that wants a sign-in of its own
PAGE = "<!doctype html><html><head><title>Sign in to the Wi-Fi</title></head></html>"


def keys(child):
    """What of the environment of a COMMAND is credentials."""
    return [
        child.get(name)
        for name in (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CREDENTIAL_EXPIRATION",
        )
    ]


def of(session):
    """What COMMAND gets where a source gave `session`."""
    return [session.key_id, session.secret, session.token, iso8601(session.expires)]


def printed(session=None, **changes):
    """What a process prints for `session`, else for the user's keys."""
    document = {
        "Version": 1,
        "AccessKeyId": session.key_id if session else KEY_ID,
        "SecretAccessKey": session.secret if session else SECRET,
    }
    if session:
        document["SessionToken"] = session.token
        document["Expiration"] = iso8601(session.expires)
    document.update(changes)
    return json.dumps({k: v for k, v in document.items() if v is not None})


def prints(text):
    """A line of shell that prints `text`."""
    return f"printf %s {shlex.quote(text)}"


def cache_file(home, name):
    """The AWS CLI's file for the token of a session or start URL."""
    digest = hashlib.sha1(name.encode()).hexdigest()
    return home.path / ".aws" / "sso" / "cache" / f"{digest}.json"


def write_token(home, name="corp", life=3600, **more):
    """What the AWS CLI leaves of a sign-in."""
    path = cache_file(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    token = {
        "startUrl": START_URL,
        "region": "eu-west-1",
        "accessToken": "EXAMPLEACCESSTOKEN0",
        "expiresAt": iso8601(time.time() + life),
        **more,
    }
    path.write_text(json.dumps(token))
    path.chmod(0o600)
    return path


def refreshable(portal):
    """What makes a token one that can be renewed."""
    portal.register("EXAMPLEOLDCLIENT", "EXAMPLEOLDSECRET")
    portal.refresh_tokens.add("EXAMPLEREFRESHTOKEN0")
    return {
        "clientId": "EXAMPLEOLDCLIENT",
        "clientSecret": "EXAMPLEOLDSECRET",
        "registrationExpiresAt": iso8601(time.time() + 86_400),
        "refreshToken": "EXAMPLEREFRESHTOKEN0",
    }


def write_login(home, server, session, folder=".aws/login/cache"):
    """What the AWS CLI leaves of a login that gave `session`."""
    digest = hashlib.sha256(IDENTITY.encode()).hexdigest()
    path = home.path / folder / f"{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "accessToken": {
                    "accessKeyId": session.key_id,
                    "secretAccessKey": session.secret,
                    "sessionToken": session.token,
                    "accountId": "123456789012",
                    "expiresAt": iso8601(session.expires),
                },
                "tokenType": "aws_sigv4",
                "refreshToken": "EXAMPLEREFRESHTOKEN0",
                "identityToken": "EXAMPLEIDENTITYTOKEN",
                "clientId": "arn:aws:signin:::devtools/same-device",
                "dpopKey": server.pem,
            }
        )
    )
    return path


def instead(server, path, body, status=200):
    """Let `server` answer with `body` at `path`."""
    usual = server.respond

    def respond(request):
        if request.path == path:
            return Answer(status, body)
        return usual(request)

    server.respond = respond


def not_the(service, url):
    """What is said of an answer at `url` that is not from `service`."""
    return f"unexpected response from {service} at {url}"
