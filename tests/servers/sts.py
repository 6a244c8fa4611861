"""A small AWS STS that checks what the real one checks, and records every call.

It speaks the query protocol with XML answers, and knows AssumeRole, GetSessionToken,
GetFederationToken and GetCallerIdentity. Signatures, session tokens, trust, external ids, MFA codes and
durations are checked, and refusals carry the codes and messages that AWS sends.

``python -m tests.servers.sts`` serves one until it is interrupted, with the user and
the roles that it prints.
"""

from __future__ import annotations

import calendar
import contextlib
import email.utils
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

from tests.servers.listening import HttpServer
from tests.servers.sigv4 import Authorization

ACCOUNT = "123456789012"
# seconds a request's time may differ from the server's
TOLERANCE = 900
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def role_arn(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def account_of(arn: str) -> str:
    """The account in an ARN."""
    return arn.split(":")[4]


@dataclass(frozen=True)
class Call:
    """One request as it arrived; `region` is the one it was signed for.

    `agent` is what the client says of itself.
    """

    operation: str
    parameters: dict[str, str]
    key_id: str
    token: str | None
    host: str
    region: str
    agent: str


@dataclass
class User:
    """An IAM user; each of `codes` is good once, for the device `serial`."""

    name: str
    key_id: str
    secret: str
    codes: set[str]

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:user/{self.name}"

    @property
    def serial(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:mfa/{self.name}"


@dataclass
class Role:
    """A role; `trusts` lists the ARNs that may assume it, None for every caller.

    Its sessions have a `life` of so many seconds, None for what was asked for.
    """

    arn: str
    external_id: str | None = None
    mfa: bool = False
    longest: int = 3600
    trusts: frozenset[str] | None = None
    life: int | None = None


@dataclass(frozen=True)
class Credentials:
    """What signs: a user's own keys, or with `token` a session's."""

    key_id: str
    secret: str
    token: str | None
    # the user or role, and the ARN by which STS knows the caller
    identity: str
    caller: str
    user: User | None
    mfa: bool = False
    expires: float = float("inf")
    # whether a session's keys have asked for it
    chained: bool = False

    @property
    def account(self) -> str:
        return account_of(self.caller)


Operations = dict[str, Callable[[Credentials, dict[str, str]], str]]


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What is sent back instead of the real answer."""

    status: int
    body: str
    content_type: str = "text/xml"


@dataclass
class StsServer:
    """The server, on a free port of loopback, running between `start` and `stop`.

    `clock_offset` is by how many seconds its clock is ahead of this machine's. With a
    `context` it speaks TLS.
    """

    context: ssl.SSLContext | None = None
    calls: list[Call] = field(default_factory=list)
    clock_offset: float = 0
    # for which requests may be signed
    services: tuple[str, ...] = ("sts",)

    def __post_init__(self) -> None:
        self._credentials: dict[str, Credentials] = {}
        self._roles: dict[str, Role] = {}
        self._instead: deque[Answer | None] = deque()
        self._tokens: dict[str, str] = {}
        self._issued = 0
        self._arrival = threading.Condition()
        self._gate = threading.Event()
        self._gate.set()

        server = self

        class Handler(_Handler):
            sts = server

        self._http = HttpServer(("127.0.0.1", 0), Handler)
        if self.context is not None:
            self._http.socket = self.context.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )

    # running it

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def url(self) -> str:
        scheme = "http" if self.context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> StsServer:
        # polled often, so that stopping it does not take half a second
        threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._gate.set()
        self._http.shutdown()
        self._http.server_close()

    # what it knows

    def add_user(
        self, name: str, key_id: str, secret: str, codes: Iterable[str] = ()
    ) -> User:
        user = User(name, key_id, secret, set(codes))
        self._credentials[key_id] = Credentials(
            key_id, secret, None, user.arn, user.arn, user
        )
        return user

    def session_of(
        self, role: str, life: int = 3600, account: str = ACCOUNT
    ) -> Credentials:
        """A session of a role, as something else than a call here hands it out."""
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/elsewhere"
        return self._session(role_arn(role), arn, None, False, life)

    def remove_key(self, key_id: str) -> None:
        del self._credentials[key_id]

    def add_role(
        self,
        name: str,
        *,
        external_id: str | None = None,
        mfa: bool = False,
        longest: int = 3600,
        trusts: Iterable[str] | None = None,
        life: int | None = None,
        account: str = ACCOUNT,
    ) -> Role:
        """Add a role, or replace the one of that name in the account."""
        role = Role(
            role_arn(name, account),
            external_id,
            mfa,
            longest,
            None if trusts is None else frozenset(trusts),
            life,
        )
        self._roles[role.arn] = role
        return role

    def expire_sessions(self) -> None:
        """End the life of every session there is."""
        for key_id, issued in self._credentials.items():
            if issued.token is not None:
                self._credentials[key_id] = replace(issued, expires=0)

    def trust(self, token: str, role: str) -> None:
        """Let the holder of an identity provider's `token` assume `role`."""
        self._tokens[token] = role_arn(role)

    def holder_of(self, key_id: str, secret: str, token: str) -> Credentials | None:
        """The session that these are, None for no valid one."""
        found = self._credentials.get(key_id)
        if found is None or (found.secret, found.token) != (secret, token):
            return None
        return found if found.expires > self.now() else None

    # what it is told to do

    def fail(self, code: str, message: str, status: int = 400) -> None:
        """Refuse the next call with this error."""
        self.answer(status, _error(code, message))

    def answer(self, status: int, body: str, content_type: str = "text/xml") -> None:
        """Answer the next call with this."""
        self._instead.append(Answer(status, body, content_type))

    def hang_up(self) -> None:
        """Close the connection of the next call without an answer."""
        self._instead.append(None)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Answer no call until the block ends; they are recorded as they arrive."""
        self._gate.clear()
        try:
            yield
        finally:
            self._gate.set()

    def wait_for_calls(self, count: int, timeout: float = 20) -> None:
        """Wait until `count` calls have arrived."""
        with self._arrival:
            arrived = self._arrival.wait_for(lambda: len(self.calls) >= count, timeout)
        assert arrived, f"{len(self.calls)} calls instead of {count}"

    # what tests read

    @property
    def operations(self) -> list[str]:
        """The calls in short: AssumeRole with the role's name, or the operation."""
        return [
            " ".join(
                [call.operation, *call.parameters.get("RoleArn", "").split("/")[-1:]]
            ).rstrip()
            for call in self.calls
        ]

    def credentials_of(self, key_id: str) -> Credentials | None:
        """The credentials of that key id, None for nobody's."""
        return self._credentials.get(key_id)

    def now(self) -> float:
        return time.time() + self.clock_offset

    # answering

    def respond(self, headers: http.client.HTTPMessage, body: bytes) -> Answer | None:
        """The answer to a request; None to hang up."""
        claim = Authorization.parse(headers["authorization"] or "")
        parameters = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        operation = parameters.pop("Action", "")
        parameters.pop("Version", None)
        with self._arrival:
            self.calls.append(
                Call(
                    operation,
                    parameters,
                    claim.key_id if claim else "",
                    headers["x-amz-security-token"],
                    headers["host"],
                    claim.region if claim else "",
                    headers["user-agent"],
                )
            )
            self._arrival.notify_all()
        self._gate.wait()
        if self._instead:
            return self._instead.popleft()
        try:
            if operation == "AssumeRoleWithWebIdentity":
                result = self._assume_role_with_web_identity(claim, parameters)
            else:
                caller = self._authenticate(claim, headers, body)
                result = self.operations_known()[operation](caller, parameters)
        except Refusal as refusal:
            return Answer(refusal.status, _error(refusal.code, refusal.message))
        return Answer(
            200,
            f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{result}'
            f"</{operation}Result></{operation}Response>",
        )

    def operations_known(self) -> Operations:
        """What it answers, besides AssumeRoleWithWebIdentity, which is not signed."""
        return {
            "AssumeRole": self._assume_role,
            "GetSessionToken": self._get_session_token,
            "GetFederationToken": self._get_federation_token,
            "GetCallerIdentity": self._get_caller_identity,
        }

    def _authenticate(
        self,
        claim: Authorization | None,
        headers: http.client.HTTPMessage,
        body: bytes,
    ) -> Credentials:
        if claim is None or claim.service not in self.services:
            raise Refusal("MissingAuthenticationToken", "Request is missing ...")
        caller = self._credentials.get(claim.key_id)
        if caller is None or caller.token != headers["x-amz-security-token"]:
            raise Refusal(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
        if caller.expires <= self.now():
            raise Refusal(
                "ExpiredToken", "The security token included in the request is expired"
            )
        signed = calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(self.now() - signed) > TOLERANCE:
            early = signed > self.now()
            limit = self.now() + (TOLERANCE if early else -TOLERANCE)
            raise Refusal(
                "SignatureDoesNotMatch",
                f"Signature {'not yet current' if early else 'expired'}: "
                f"{headers['x-amz-date']} is "
                f"{'still later' if early else 'now earlier'} than {_compact(limit)} "
                f"({_compact(self.now())} {'+' if early else '-'} 15 min.)",
            )
        if not claim.is_of(caller.secret, headers, body):
            raise Refusal(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you "
                "provided. Check your AWS Secret Access Key and signing method. "
                "Consult the service documentation for details.",
            )
        return caller

    def _assume_role(self, caller: Credentials, parameters: dict[str, str]) -> str:
        role = self._roles.get(parameters["RoleArn"])
        duration = _duration(parameters, 3600, 43_200)
        session = parameters["RoleSessionName"]
        _check_limits(parameters)
        mfa = self._check_mfa(caller, parameters) or caller.mfa
        if (
            role is None
            or (role.trusts is not None and caller.identity not in role.trusts)
            or role.external_id not in (None, parameters.get("ExternalId"))
            or (role.mfa and not mfa)
        ):
            raise Refusal(
                "AccessDenied",
                f"User: {caller.caller} is not authorized to perform: sts:AssumeRole "
                f"on resource: {parameters['RoleArn']}",
            )
        if caller.token is not None and duration > 3600:
            raise Refusal(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for "
                "roles assumed by role chaining.",
                400,
            )
        if duration > role.longest:
            raise Refusal(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for "
                "this role.",
                400,
            )
        name = role.arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account_of(role.arn)}:assumed-role/{name}/{session}"
        chained = caller.token is not None
        life = role.life or duration
        return self._issue(role.arn, arn, None, False, life, chained) + (
            "<AssumedRoleUser>"
            f"<AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId><Arn>{arn}</Arn>"
            "</AssumedRoleUser>"
        )

    def _assume_role_with_web_identity(
        self, claim: Authorization | None, parameters: dict[str, str]
    ) -> str:
        if claim is not None:
            raise Refusal("InvalidRequest", "This call is not signed")
        arn = parameters["RoleArn"]
        if parameters["WebIdentityToken"] not in self._tokens:
            raise Refusal(
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account.",
                400,
            )
        if self._tokens[parameters["WebIdentityToken"]] != arn:
            raise Refusal(
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            )
        name, session = arn.rpartition("/")[2], parameters["RoleSessionName"]
        caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"
        duration = _duration(parameters, 3600, 43_200)
        return self._issue(arn, caller, None, False, duration)

    def _get_session_token(
        self, caller: Credentials, parameters: dict[str, str]
    ) -> str:
        duration = _duration(parameters, 43_200, 129_600)
        if caller.token is not None or caller.user is None:
            raise Refusal(
                "AccessDenied", "Cannot call GetSessionToken with session credentials"
            )
        mfa = self._check_mfa(caller, parameters)
        return self._issue(caller.identity, caller.caller, caller.user, mfa, duration)

    def _get_federation_token(
        self, caller: Credentials, parameters: dict[str, str]
    ) -> str:
        duration = _duration(parameters, 43_200, 129_600)
        _check_limits(parameters, _FEDERATION_LIMITS)
        if caller.token is not None or caller.user is None:
            raise Refusal(
                "AccessDenied",
                "Cannot call GetFederationToken with session credentials",
            )
        arn = f"arn:aws:sts::{ACCOUNT}:federated-user/{parameters['Name']}"
        return self._issue(arn, arn, None, False, duration) + (
            f"<FederatedUser><FederatedUserId>{ACCOUNT}:{parameters['Name']}"
            f"</FederatedUserId><Arn>{arn}</Arn></FederatedUser>"
        )

    def _get_caller_identity(
        self, caller: Credentials, parameters: dict[str, str]
    ) -> str:
        return (
            f"<Arn>{caller.caller}</Arn><UserId>AIDAEXAMPLE</UserId>"
            f"<Account>{caller.account}</Account>"
        )

    def _check_mfa(self, caller: Credentials, parameters: dict[str, str]) -> bool:
        serial, code = parameters.get("SerialNumber"), parameters.get("TokenCode")
        if serial is None and code is None:
            return False
        if (
            code is None
            or caller.token is not None
            or caller.user is None
            or caller.user.serial != serial
        ):
            raise Refusal(
                "AccessDenied",
                "MultiFactorAuthentication failed, unable to validate MFA code.  "
                "Please verify your MFA serial number is valid and associated with "
                "this user.",
            )
        if code not in caller.user.codes:
            raise Refusal(
                "AccessDenied",
                "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            )
        caller.user.codes.remove(code)
        return True

    def _session(
        self,
        identity: str,
        caller: str,
        user: User | None,
        mfa: bool,
        duration: int,
        chained: bool = False,
    ) -> Credentials:
        self._issued += 1
        issued = Credentials(
            f"ASIAEXAMPLE{self._issued:09}",
            f"wJalrXUtnFEMI/EXAMPLESESSIONSECRET/{self._issued:05}",
            f"EXAMPLESESSIONTOKEN{self._issued:05}//////////",
            identity,
            caller,
            user,
            mfa,
            int(self.now()) + duration,
            chained,
        )
        self._credentials[issued.key_id] = issued
        return issued

    def _issue(
        self,
        identity: str,
        caller: str,
        user: User | None,
        mfa: bool,
        duration: int,
        chained: bool = False,
    ) -> str:
        issued = self._session(identity, caller, user, mfa, duration, chained)
        expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(issued.expires))
        return (
            f"<Credentials><AccessKeyId>{issued.key_id}</AccessKeyId>"
            f"<SecretAccessKey>{issued.secret}</SecretAccessKey>"
            f"<SessionToken>{issued.token}</SessionToken>"
            f"<Expiration>{expiration}</Expiration></Credentials>"
        )


_UNSIGNED = (
    f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>'
    "<Code>MissingAuthenticationToken</Code>"
    "<Message>Request is missing Authentication Token</Message></Error></ErrorResponse>"
)


class _Handler(http.server.BaseHTTPRequestHandler):
    sts: StsServer
    protocol_version = "HTTP/1.1"
    # a client that opens a connection and says nothing does not keep a thread
    timeout = 30

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = self.sts.respond(self.headers, body)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer)

    def do_GET(self) -> None:
        # a call that nobody signed
        self._send(Answer(403, _UNSIGNED))

    def _send(self, answer: Answer) -> None:
        data = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return email.utils.formatdate(self.sts.now(), usegmt=True)

    def log_message(self, *arguments: object) -> None:
        # the calls are recorded; stderr is for what goes wrong
        pass


def _duration(parameters: dict[str, str], default: int, longest: int) -> int:
    duration = int(parameters.get("DurationSeconds", default))
    for broken, bound in (
        (duration < 900, "greater than or equal to 900"),
        (duration > longest, f"less than or equal to {longest}"),
    ):
        if broken:
            raise Refusal(
                "ValidationError",
                f"1 validation error detected: Value '{duration}' at 'durationSeconds' "
                f"failed to satisfy constraint: Member must have value {bound}",
                400,
            )
    return duration


# of AssumeRole: a parameter, the numbers in its name as N, and what it must look like
_TEXT = r"[\w\s.:/=+@-]"
_LIMITS = {
    "RoleArn": r"[\x21-\x7e]{20,2048}",
    "RoleSessionName": r"(?a:[\w+=,.@-]{2,64})",
    "ExternalId": r"(?a:[\w+=,.@:/-]{2,1224})",
    "SourceIdentity": r"(?a:[\w+=,.@-]{2,64})",
    "SerialNumber": r"(?a:[\w+=/:,.@-]{9,256})",
    "TokenCode": r"[0-9]{6}",
    "DurationSeconds": r"[0-9]+",
    "Policy": r"[\t\n\r\x20-\xff]{1,2048}",
    "PolicyArns.member.N.arn": r"arn:[\x21-\x7e]{16,2044}",
    "Tags.member.N.Key": rf"(?!(?i:aws:)){_TEXT}{{1,128}}",
    "Tags.member.N.Value": rf"{_TEXT}{{0,256}}",
    "TransitiveTagKeys.member.N": rf"{_TEXT}{{1,128}}",
}
_FEDERATION_LIMITS = {
    name: _LIMITS[name]
    for name in ("Policy", "PolicyArns.member.N.arn", "DurationSeconds")
} | {"Name": r"(?a:[\w+=,.@-]{2,32})"}
_MOST = {"PolicyArns": 10, "Tags": 50, "TransitiveTagKeys": 50}


def _check_limits(
    parameters: dict[str, str], limits: Mapping[str, str] = _LIMITS
) -> None:
    for name, value in parameters.items():
        list_name, *numbers = re.split(r"\.member\.(\d+)", name)
        rule = limits.get(re.sub(r"\d+", "N", name))
        if rule is None or not re.fullmatch(rule, value):
            raise _invalid(name, value, f"Member must satisfy the pattern: {rule}")
        if numbers and int(numbers[0]) > _MOST[list_name]:
            raise _invalid(
                name, value, f"Member must have length <= {_MOST[list_name]}"
            )
    if "Policy" in parameters:
        try:
            json.loads(parameters["Policy"])["Statement"]
        except (ValueError, KeyError, TypeError):
            raise Refusal(
                "MalformedPolicyDocument", "Syntax errors in policy.", 400
            ) from None
    tags = [value for name, value in parameters.items() if name.endswith(".Key")]
    for name, value in parameters.items():
        if name.startswith("TransitiveTagKeys") and value not in tags:
            raise Refusal(
                "InvalidParameterValue",
                "The specified transitive tag key must be included in the requested tags.",
                400,
            )


def _invalid(name: str, value: str, constraint: str) -> Refusal:
    return Refusal(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{name[0].lower()}{name[1:]}' "
        f"failed to satisfy constraint: {constraint}",
        400,
    )


def _error(code: str, message: str) -> str:
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ErrorResponse>"
    )


def _compact(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def main() -> None:
    """Serve one user and one role until interrupted."""
    with StsServer() as sts:
        user = sts.add_user(
            "alice",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ["123456", "234567", "345678"],
        )
        role = sts.add_role("reader", longest=43_200)
        print(f"AWS_ENDPOINT_URL_STS={sts.url}")
        print(f"{user.key_id} {user.secret} {user.serial} {sorted(user.codes)}")
        print(role.arn, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
