"""The recording STS checks what it is there to check."""

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.servers.sts import StsServer
from tests.support import CODES, KEY_ID, READER, SECRET, SERIAL, WRONG_CODE


@pytest.fixture
def server():
    with StsServer() as server:
        server.add_user("alice", KEY_ID, SECRET, CODES)
        server.add_role("reader", longest=7200)
        yield server


@pytest.fixture
def client(server):
    def client(key_id=KEY_ID, secret=SECRET, token=None):
        return botocore.session.Session().create_client(
            "sts",
            region_name="eu-west-1",
            endpoint_url=server.url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            # the server is to refuse it
            config=Config(parameter_validation=False),
        )

    return client


def keys(answer):
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return [answer["Credentials"][name] for name in names]


ROLE = {"RoleArn": READER, "RoleSessionName": "me"}


def refusal(method, **parameters):
    with pytest.raises(ClientError) as caught:
        method(**parameters)
    return caught.value.response["Error"]["Code"]


def test_a_session_is_somebody(server, client):
    assert client().get_caller_identity()["Arn"].endswith(":user/alice")
    role = client(*keys(client().assume_role(**ROLE)))
    assert role.get_caller_identity()["Arn"].endswith(":assumed-role/reader/me")
    assert [call.operation for call in server.calls] == [
        "GetCallerIdentity",
        "AssumeRole",
        "GetCallerIdentity",
    ]
    assert {call.region for call in server.calls} == {"eu-west-1"}


def test_signatures_and_tokens_are_checked(client):
    key_id, secret, token = keys(client().assume_role(**ROLE))
    for credentials, code in (
        ((KEY_ID, "wrong"), "SignatureDoesNotMatch"),
        (("AKIAEXAMPLE", SECRET), "InvalidClientTokenId"),
        ((key_id, secret), "InvalidClientTokenId"),
        ((key_id, secret, "wrong"), "InvalidClientTokenId"),
        ((KEY_ID, SECRET, token), "InvalidClientTokenId"),
        ((key_id, "wrong", token), "SignatureDoesNotMatch"),
    ):
        assert refusal(client(*credentials).get_caller_identity) == code


@pytest.mark.parametrize("offset", [1000, -1000])
def test_clock_is_checked(server, client, offset):
    server.clock_offset = offset
    assert refusal(client().get_caller_identity) == "SignatureDoesNotMatch"


def test_sessions_expire(server, client):
    session = keys(client().get_session_token())
    server.expire_sessions()
    assert refusal(client(*session).get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize(
    ("caller", "duration", "code"),
    [
        ("user", 899, "ValidationError"),
        ("user", 43_201, "ValidationError"),
        ("user", 7201, "ValidationError"),
        ("session", 3601, "ValidationError"),
        ("role", 3601, "ValidationError"),
        ("user", 7200, None),
        ("session", 3600, None),
        ("role", 3600, None),
    ],
)
def test_durations_of_roles(client, caller, duration, code):
    who = {
        "user": client,
        "session": lambda: client(*keys(client().get_session_token())),
        "role": lambda: client(*keys(client().assume_role(**ROLE))),
    }[caller]()
    request = {**ROLE, "DurationSeconds": duration}
    if code is None:
        assert who.assume_role(**request)["Credentials"]
    else:
        assert refusal(who.assume_role, **request) == code


@pytest.mark.parametrize("duration", [899, 129_601])
def test_durations_of_sessions(client, duration):
    code = refusal(client().get_session_token, DurationSeconds=duration)
    assert code == "ValidationError"


def test_a_session_gets_no_session(client):
    session = client(*keys(client().get_session_token()))
    assert refusal(session.get_session_token) == "AccessDenied"


def test_codes_are_good_once_and_for_their_own_device(server, client):
    server.add_role("reader", mfa=True)
    mfa = {"SerialNumber": SERIAL, "TokenCode": CODES[0]}
    assert refusal(client().assume_role, **ROLE) == "AccessDenied"
    for wrong in (
        {"TokenCode": WRONG_CODE},
        {"SerialNumber": SERIAL.replace("alice", "bob")},
    ):
        assert refusal(client().assume_role, **{**ROLE, **mfa, **wrong}) == (
            "AccessDenied"
        )
    client().assume_role(**ROLE, **mfa)
    assert refusal(client().assume_role, **ROLE, **mfa) == "AccessDenied"
    # a session with a code carries it, one without does not
    plain = client(*keys(client().get_session_token()))
    assert refusal(plain.assume_role, **ROLE) == "AccessDenied"
    session = keys(client().get_session_token(SerialNumber=SERIAL, TokenCode=CODES[1]))
    client(*session).assume_role(**ROLE)


def test_external_ids_and_trust_are_checked(server, client):
    server.add_role("reader", external_id="right")
    assert refusal(client().assume_role, **ROLE) == "AccessDenied"
    assert refusal(client().assume_role, **ROLE, ExternalId="wrong") == "AccessDenied"
    client().assume_role(**ROLE, ExternalId="right")
    server.add_role("reader", trusts=["arn:aws:iam::123456789012:user/bob"])
    assert refusal(client().assume_role, **ROLE) == "AccessDenied"
    unknown = {**ROLE, "RoleArn": f"{READER}-unknown"}
    assert refusal(client().assume_role, **unknown) == "AccessDenied"
    assert refusal(client().assume_role, **{**ROLE, "RoleSessionName": "a b"}) == (
        "ValidationError"
    )


FEDERATED = {"Name": "alice", "Policy": '{"Statement":[]}'}


def test_federated_user(server, client):
    found = client(*keys(client().get_federation_token(**FEDERATED)))
    assert found.get_caller_identity()["Arn"].endswith(":federated-user/alice")
    assert refusal(found.get_federation_token, **FEDERATED) == "AccessDenied"
    assert refusal(found.get_session_token) == "AccessDenied"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Name": "a"}, "ValidationError"),
        ({"Name": "a" * 33}, "ValidationError"),
        ({"Name": "alice:"}, "ValidationError"),
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"DurationSeconds": 129_601}, "ValidationError"),
        ({"Policy": '{"Statement":"' + "a" * 2048 + '"}'}, "ValidationError"),
        ({"Policy": "{}"}, "MalformedPolicyDocument"),
    ],
    ids=str,
)
def test_limits_of_federation(server, client, wrong, code):
    assert refusal(client().get_federation_token, **{**FEDERATED, **wrong}) == code
