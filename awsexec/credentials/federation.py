"""Signing in to the AWS Management Console with temporary credentials.

The protocol is in the IAM User Guide, "Enable custom identity broker access to the AWS
console". The federation endpoint gives a sign-in token for a session. A URL with the
token signs a browser in, for 15 minutes.
"""

from __future__ import annotations

import json
import urllib.parse

from awsexec.credentials import aws_errors
from awsexec.credentials.sdk.clients import Clients
from awsexec.credentials.sdk.errors import Refused, Unreachable
from awsexec.credentials.sdk.failures import from_http
from awsexec.credentials.sts import Sts
from awsexec.errors import ConfigError, CredentialsError, UsageError, shown
from awsexec.plan import limits
from awsexec.plan.endpoint import Endpoint, partition
from awsexec.plan.overrides import local_user
from awsexec.profiles.files import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.credentials import Credentials
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

# A federated user may do what both the session policy and the user's own policies allow
# (STS API reference, "GetFederationToken"). Without a session policy that is nothing.
ALLOW_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
    separators=(",", ":"),
)

ISSUER = "awsexec"
# the HTTP statuses with which AWS Sign-In refuses credentials
_REFUSED = (400, 401, 403)

# A partition's sign-in, its sign-out, and the domain of its consoles. In the partition
# aws only the sign-out of us-east-1 goes on to a redirect_uri, which must be on its host.
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

# services whose page is not named as in the AWS CLI
_PAGES = {
    "dynamodb": "dynamodbv2",
    "logs": "cloudwatch",
    "ssm": "systems-manager",
    "stepfunctions": "states",
}


class Console:
    """A partition's console: where to sign in and out, and its domain.

    The domain is None for a partition that awsexec does not know, whose sign-in is
    configured.
    """

    __slots__ = ("sign_in", "sign_out", "domain")

    def __init__(self, sign_in: str, sign_out: str, domain: str | None) -> None:
        self.sign_in = sign_in
        self.sign_out = sign_out
        self.domain = domain

    @classmethod
    def of(cls, region: str, url: str | None) -> Console:
        """Return the console of the partition of `region`; at `url` if one is configured.

        Raises `ConfigError`.
        """
        name = partition(region)
        places = _PLACES.get(name)
        if url is not None:
            url = url.rstrip("/")
            return cls(url, url, places[2] if places else None)
        if places is None:
            raise ConfigError(
                f"no console sign-in is known for the partition {name} "
                f"({region}); set AWS_ENDPOINT_URL_SIGNIN, and use --destination"
            )
        return cls(*places)

    def page(
        self, region: str | None, service: str | None, destination: str | None
    ) -> str:
        """Return the page to open: `destination`, the page of `service`, or the home.

        `destination` is a URL, or a path on the console. Raises `UsageError`.
        """
        if destination is not None and not destination.startswith("/"):
            self._check(destination)
            return destination
        if self.domain is None:
            raise UsageError(
                "no console is known for this partition; use --destination with a whole URL"
            )
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
                f"--destination {shown(destination)}: the page is not on "
                f"{self.domain}"
            )

    def token(
        self,
        credentials: Credentials,
        endpoint: Endpoint,
        label: str,
        url_by: Setting | None = None,
    ) -> str:
        """Return the sign-in token for the `credentials` of `label`.

        `url_by` is the setting with the URL of the sign-in, None for AWS's own.

        The request has no SessionDuration, which AWS refuses for the sessions of
        GetFederationToken and of chained roles. Without it the console's session lives
        as long as the credentials. Raises `CredentialsError`.
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
        made_by = endpoint.host_made_by(url_by)
        try:
            status, headers, body = Clients(endpoint, None).get(url, query)
            if status not in _REFUSED and status != 200:
                raise from_http(url, status, headers, body)
            if status == 403 and not _is_of_aws(headers):
                raise from_http(url, status, headers, body)
        except Unreachable as error:
            raise aws_errors.unreachable(
                error, endpoint, "AWS Sign-In", made_by
            ) from None
        if status in _REFUSED:
            raise CredentialsError(
                f"AWS Sign-In does not accept the credentials of {label} (HTTP "
                f"{status}); they have expired, or come from GetSessionToken, which the "
                "console does not accept; use a role, or the user's own keys"
            )
        try:
            found = json.loads(body)["SigninToken"]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if not isinstance(found, str) or not found:
            raise aws_errors.unreachable(
                from_http(url, status, headers, body), endpoint, "AWS Sign-In", made_by
            )
        return found

    def url(self, token: str, page: str, *, sign_out: bool) -> str:
        """Return the URL that signs a browser in; it is a secret.

        With `sign_out` it first signs the browser out.
        """
        query = _query(
            Action="login", Issuer=ISSUER, Destination=page, SigninToken=token
        )
        if not sign_out:
            return f"{self.sign_in}/federation?{query}"
        back = f"{self.sign_out}/federation?{query}"
        return f"{self.sign_out}/oauth?" + _query(Action="logout", redirect_uri=back)


def _is_of_aws(headers: Mapping[str, str]) -> bool:
    """Return whether an answer has the id that AWS gives to each request."""
    return any(name.lower().startswith(("x-amzn-", "x-amz-")) for name in headers)


def _query(**parameters: str) -> str:
    return urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote, safe="")


def federated(
    plan: Plan, keys: Credentials, duration: int | None, report: Report
) -> Credentials:
    """Return a session with all the permissions of the user who has `keys`.

    `duration` is --duration in seconds, which wins over the profile's setting.
    Raises `ConfigError` and `CredentialsError`.
    """
    profile = plan.chain.profile
    if profile.get("mfa_serial") is not None:
        report.warning(
            f"{plan.label}: a console session of a user's keys has no MFA, so AWS denies "
            "there what needs MFA; use a role with mfa_serial"
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
        session = Sts(plan.endpoint, plan.retries, report.debug).call(
            "GetFederationToken", parameters, keys
        )
    except Refused as error:
        raise aws_errors.federation_in_words(error, plan, keys) from None
    except Unreachable as error:
        raise aws_errors.unreachable(error, plan.endpoint) from None
    report.detail(f"{plan.label}: GetFederationToken gave {session}")
    return session
