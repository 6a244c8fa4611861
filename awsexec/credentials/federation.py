"""Signing in to the AWS Management Console with temporary credentials.

The protocol is that of the IAM User Guide, "Enable custom identity broker access to
the AWS console": the federation endpoint gives a sign-in token for a session, and a
URL with the token, which is good for 15 minutes, signs a browser in.
"""

from __future__ import annotations

import json
import urllib.parse

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.clients import Clients
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sts import Sts
from awsexec.errors import ConfigError, CredentialsError, UsageError, shown
from awsexec.plan import limits
from awsexec.plan.endpoint import Endpoint, partition
from awsexec.plan.overrides import local_user
from awsexec.profiles.files import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

# A federated user may do what the session policy *and* the user's own policies allow
# (STS API reference, "GetFederationToken"); without a session policy, nothing.
ALLOW_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
    separators=(",", ":"),
)

ISSUER = "awsexec"

# a partition's sign-in, its sign-out, and the domain of its consoles; of the sign-outs
# of aws, only that of us-east-1 goes on to the redirect_uri, one of the same host
_PLACES = {
    "aws": (
        "https://signin.aws.amazon.com",
        "https://us-east-1.signin.aws.amazon.com",
        "console.aws.amazon.com",
    ),
    "aws-cn": (
        "https://signin.amazonaws.cn",
        "https://signin.amazonaws.cn",
        "console.amazonaws.cn",
    ),
    "aws-us-gov": (
        "https://signin.amazonaws-us-gov.com",
        "https://signin.amazonaws-us-gov.com",
        "console.amazonaws-us-gov.com",
    ),
}

# services whose page has another name than the AWS CLI's for them
_PAGES = {
    "dynamodb": "dynamodbv2",
    "logs": "cloudwatch",
    "ssm": "systems-manager",
    "stepfunctions": "states",
}


class Console:
    """A partition's console: where to sign in and out, and its domain.

    The domain is None for a partition that is not known; its endpoint is configured.
    """

    __slots__ = ("sign_in", "sign_out", "domain")

    def __init__(self, sign_in: str, sign_out: str, domain: str | None) -> None:
        self.sign_in = sign_in
        self.sign_out = sign_out
        self.domain = domain

    @classmethod
    def of(cls, region: str, url: str | None) -> Console:
        """The console of the partition of `region`; at `url`, if one is configured.

        Raises `ConfigError`.
        """
        name = partition(region)
        places = _PLACES.get(name)
        if url is not None:
            url = url.rstrip("/")
            return cls(url, url, places[2] if places else None)
        if places is None:
            raise ConfigError(
                f"awsexec knows no console sign-in of the partition {name} ({region}); "
                "set AWS_ENDPOINT_URL_SIGNIN to it, and give --destination"
            )
        return cls(*places)

    def page(
        self, region: str | None, service: str | None, destination: str | None
    ) -> str:
        """The page to go to: `destination`, or that of `service`, or the console's home.

        `destination` is a URL, or a path of the console's. Raises `UsageError`.
        """
        if destination is not None and not destination.startswith("/"):
            self._check(destination)
            return destination
        if self.domain is None:
            raise UsageError("--destination is needed here, as a whole URL")
        host = f"{region}.{self.domain}" if region else self.domain
        if destination is not None:
            return f"https://{host}{destination}"
        query = f"?region={region}" if region else ""
        if service is not None:
            return f"https://{host}/{_PAGES.get(service, service)}/home{query}"
        return f"https://{host}/console/home{query}" if region else f"https://{host}/"

    def _check(self, destination: str) -> None:
        parts = urllib.parse.urlsplit(destination)
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.netloc != host or not host:
            raise UsageError(
                f"--destination {shown(destination)}: write https://HOST/PATH, or /PATH"
            )
        if self.domain is not None and not f".{host}".endswith(f".{self.domain}"):
            raise UsageError(
                f"--destination {shown(destination)}: that is not a page of "
                f"{self.domain}"
            )

    def token(self, credentials: Credentials, endpoint: Endpoint, label: str) -> str:
        """The sign-in token for `credentials`, those of `label`.

        SessionDuration is left out: AWS refuses it for the sessions of
        GetFederationToken and of chained roles, and without it the console's session
        lives as long as the credentials. Raises `CredentialsError`.
        """
        session = {
            "sessionId": credentials.key_id,
            "sessionKey": credentials.secret,
            "sessionToken": credentials.token,
        }
        query = urllib.parse.urlencode(
            {"Action": "getSigninToken", "Session": json.dumps(session)}
        )
        url = f"{self.sign_in}/federation"
        try:
            status, body = Clients(endpoint, None).get(url, query)
        except Unreachable as error:
            raise aws_errors.unreachable(error, "AWS Sign-In") from None
        if status in (400, 401, 403):
            raise CredentialsError(
                f"AWS Sign-In does not take the credentials of {label} (HTTP "
                f"{status}); they have ended, or are a user's GetSessionToken session, "
                "for which there is no console; use a role, or the user's own keys"
            )
        try:
            found = json.loads(body)["SigninToken"] if status == 200 else None
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if not isinstance(found, str) or not found:
            raise CredentialsError(
                f"what answers at {url} gave no sign-in token (HTTP {status}); check "
                "the network, the proxy and AWS_ENDPOINT_URL_SIGNIN, and try again"
            )
        return found

    def url(self, token: str, page: str, *, sign_out: bool) -> str:
        """The URL that signs a browser in, and out before it; it is a secret."""
        query = _query(
            Action="login", Issuer=ISSUER, Destination=page, SigninToken=token
        )
        if not sign_out:
            return f"{self.sign_in}/federation?{query}"
        back = f"{self.sign_out}/federation?{query}"
        return f"{self.sign_out}/oauth?" + _query(Action="logout", redirect_uri=back)


def _query(**parameters: str) -> str:
    return urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote, safe="")


def federated(
    plan: Plan, keys: Credentials, duration: int | None, report: Report
) -> Credentials:
    """Return a session of the user whose `keys` these are, with all the user's permissions.

    `duration` is the --duration in seconds, which wins over the profile's setting.
    Raises `ConfigError` and `CredentialsError`.
    """
    profile, source = plan.chain.profile, plan.chain.source
    if profile.get("mfa_serial") is not None:
        report.warning(
            "AWS gives a console session of a user's keys no MFA, and denies there what "
            f"needs MFA; use a role with mfa_serial instead ({plan.label})"
        )
    if duration is not None:
        given = Setting.from_option("duration_seconds", str(duration), "--duration")
        profile = profile.with_options([given])
    seconds = limits.duration(profile, "GetFederationToken", limits.FEDERATED_LONGEST)
    parameters: dict[str, object] = {
        "Name": limits.clean_federated_name(local_user()),
        "Policy": ALLOW_ALL,
    }
    if seconds is not None:
        parameters["DurationSeconds"] = seconds
    try:
        session = Sts(plan.endpoint, None, report.debug).call(
            "GetFederationToken", parameters, keys
        )
    except Refused as error:
        raise aws_errors.federation_in_words(error, plan.label, source.label) from None
    except Unreachable as error:
        raise aws_errors.unreachable(error) from None
    report.detail(f"{plan.label}: GetFederationToken gave {session}")
    return session
