"""The AWS SDKs' rules of resolution, from the files to the calls and COMMAND."""

from __future__ import annotations

import getpass
import time
from dataclasses import dataclass, field

import pytest

from tests.servers.web import iso8601
from tests.support import CODES, KEY_ID, READER, SECRET, SERIAL, WRITER

# AWS's other example
BOB_ID = "AKIAI44QH8DHBEXAMPLE"
BOB_SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
ALICE = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
BOB = f"aws_access_key_id = {BOB_ID}\naws_secret_access_key = {BOB_SECRET}\n"
BOB_VARIABLES = {"AWS_ACCESS_KEY_ID": BOB_ID, "AWS_SECRET_ACCESS_KEY": BOB_SECRET}
# a session that was there before, and those that the runs get
SESSION, FIRST, SECOND = (f"ASIAEXAMPLE00000000{number}" for number in (1, 2, 3))
SESSION_SECRET = "wJalrXUtnFEMI/EXAMPLESESSIONSECRET/00001"
SESSION_TOKEN = "EXAMPLESESSIONTOKEN00001//////////"
ROLE = f"role_arn = {READER}\n"
CREDENTIALS = f"[alice]\n{ALICE}[bob]\n{BOB}"


@dataclass
class Case:
    """The files and the environment of a run of profile p, and what it comes to.

    `calls` are the roles that are assumed, "" for an MFA session, and who signs for
    each; `sent` are all parameters of each of these calls besides the role, and besides
    the session's name where that is the user's.
    COMMAND gets `key`, for an hour if it is a session's, and `region`.
    """

    id: str
    config: str = ""
    credentials: str = CREDENTIALS
    env: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=lambda: [("reader", KEY_ID)])
    sent: list[dict[str, str]] | None = None
    key: str = FIRST
    region: str | None = None


CASES = [
    # the two files
    Case(
        "the credentials file beats the config file, setting by setting",
        f"[profile p]\nrole_arn = {WRITER}\nsource_profile = bob\nexternal_id = of-c\n",
        f"{CREDENTIALS}[p]\n{ROLE}source_profile = alice\n",
        sent=[{"ExternalId": "of-c"}],
    ),
    Case(
        "an empty setting of the credentials file does not take the other away",
        f"[profile p]\n{ROLE}source_profile = alice\nexternal_id = of-c\n",
        f"{CREDENTIALS}[p]\nrole_arn =\nexternal_id =\n",
        sent=[{"ExternalId": "of-c"}],
    ),
    Case(
        "a pair of keys comes from the credentials file as a whole",
        f"[profile p]\n{ALICE}aws_session_token = EXAMPLESESSION\n",
        f"[p]\n{BOB}",
        calls=[],
        key=BOB_ID,
    ),
    Case(
        "a pair of the config file stands in for an empty one",
        f"[profile p]\n{ALICE}",
        "[p]\naws_access_key_id =\naws_secret_access_key =\n",
        calls=[],
        key=KEY_ID,
    ),
    Case(
        "the profile's keys beat those of the environment",
        f"[profile p]\n{ROLE}source_profile = alice\n",
        env=BOB_VARIABLES,
    ),
    Case(
        "keys of the environment do not complete a profile",
        credentials=f"[p]\n{ALICE}",
        env={"AWS_SESSION_TOKEN": "EXAMPLESESSION"},
        calls=[],
        key=KEY_ID,
    ),
    # empty optional settings
    Case(
        "an empty setting is none",
        f"[profile p]\n{ROLE}source_profile = alice\ncredential_source =\n"
        "external_id =\nmfa_serial =\nrole_session_name =\nduration_seconds =\n"
        "source_identity =\nsession_tags =\nsession_policy =\nregion =\n"
        "web_identity_token_file =\n",
    ),
    # which of two
    Case(
        "a role beats the keys of its own profile",
        f"[profile p]\n{ROLE}source_profile = bob\n",
        f"{CREDENTIALS}[p]\n{ALICE}",
        calls=[("reader", BOB_ID)],
    ),
    Case(
        "a profile that is its own source means its keys",
        f"[profile p]\n{ROLE}source_profile = p\n",
        f"[p]\n{ALICE}",
    ),
    Case(
        "as a source, a profile's keys beat its role",
        f"[profile p]\n{ROLE}source_profile = q\n"
        f"[profile q]\nrole_arn = {WRITER}\nsource_profile = bob\n",
        f"{CREDENTIALS}[q]\n{ALICE}",
    ),
    Case(
        "keys of the credentials file beat a process",
        "[profile p]\ncredential_process = false\n",
        f"[p]\n{ALICE}",
        calls=[],
        key=KEY_ID,
    ),
    Case(
        "a process beats keys of the config file",
        f"[profile p]\n{BOB}credential_process = {{home}}/tool\n",
        "",
        calls=[],
        key=KEY_ID,
    ),
    # sessions as sources
    Case(
        "a source's session token goes along to STS",
        f"[profile p]\n{ROLE}source_profile = s\n",
        f"[s]\naws_access_key_id = {SESSION}\naws_session_token = {SESSION_TOKEN}\n"
        f"aws_secret_access_key = {SESSION_SECRET}\n",
        calls=[("reader", SESSION)],
    ),
    Case(
        "aws_security_token beats aws_session_token",
        f"[profile p]\n{ROLE}source_profile = s\n",
        f"[s]\naws_access_key_id = {SESSION}\naws_session_token = stale\n"
        f"aws_security_token = {SESSION_TOKEN}\n"
        f"aws_secret_access_key = {SESSION_SECRET}\n",
        calls=[("reader", SESSION)],
    ),
    Case(
        "that of the environment goes along too",
        f"[profile p]\n{ROLE}credential_source = Environment\n",
        env={
            "AWS_ACCESS_KEY_ID": SESSION,
            "AWS_SECRET_ACCESS_KEY": SESSION_SECRET,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
        },
        calls=[("reader", SESSION)],
    ),
    Case(
        "AWS_SECURITY_TOKEN beats AWS_SESSION_TOKEN",
        f"[profile p]\n{ROLE}credential_source = Environment\n",
        env={
            "AWS_ACCESS_KEY_ID": SESSION,
            "AWS_SECRET_ACCESS_KEY": SESSION_SECRET,
            "AWS_SESSION_TOKEN": "stale",
            "AWS_SECURITY_TOKEN": SESSION_TOKEN,
        },
        calls=[("reader", SESSION)],
    ),
    # hops
    Case(
        "external id, session name and duration belong to their own hop",
        f"[profile p]\nrole_arn = {WRITER}\nsource_profile = q\nexternal_id = of-p\n"
        f"[profile q]\n{ROLE}source_profile = alice\nexternal_id = of-q\n"
        "role_session_name = q-name\nduration_seconds = 900\n",
        calls=[("reader", KEY_ID), ("writer", FIRST)],
        sent=[
            {
                "ExternalId": "of-q",
                "RoleSessionName": "q-name",
                "DurationSeconds": "900",
            },
            {"ExternalId": "of-p"},
        ],
        key=SECOND,
    ),
    Case(
        "an mfa_serial of the source's profile is not the role's",
        f"[profile p]\n{ROLE}source_profile = alice\n"
        f"[profile alice]\nmfa_serial = {SERIAL}\n",
    ),
    Case(
        "the role's own mfa_serial is asked for",
        f"[profile p]\n{ROLE}source_profile = alice\nmfa_serial = {SERIAL}\n",
        env={"AWSEXEC_MFA_TOKEN": CODES[0]},
        calls=[("", KEY_ID), ("reader", FIRST)],
        sent=[
            {
                "SerialNumber": SERIAL,
                "TokenCode": CODES[0],
                "DurationSeconds": "43200",
            },
            {},
        ],
        key=SECOND,
    ),
    Case(
        "a chain may begin with a process",
        f"[profile p]\nrole_arn = {WRITER}\nsource_profile = q\n"
        f"[profile q]\n{ROLE}source_profile = tool\n"
        "[profile tool]\ncredential_process = {home}/tool\n",
        calls=[("reader", KEY_ID), ("writer", FIRST)],
        key=SECOND,
    ),
    Case(
        "a chain may begin with the environment",
        f"[profile p]\nrole_arn = {WRITER}\nsource_profile = q\n"
        f"[profile q]\n{ROLE}credential_source = Environment\n",
        env=BOB_VARIABLES,
        calls=[("reader", BOB_ID), ("writer", FIRST)],
        key=SECOND,
    ),
    # regions
    Case(
        "the selected profile's region signs, not its source's",
        f"[profile p]\n{ROLE}source_profile = alice\nregion = eu-west-1\n"
        "[profile alice]\nregion = ap-south-1\n",
        region="eu-west-1",
    ),
    Case(
        "AWS_REGION beats the profile's",
        f"[profile p]\n{ROLE}source_profile = alice\nregion = eu-west-1\n",
        env={"AWS_REGION": "us-west-2"},
        region="us-west-2",
    ),
    Case(
        "a source's region is not COMMAND's",
        f"[profile p]\n{ROLE}source_profile = alice\n"
        "[profile alice]\nregion = ap-south-1\n",
    ),
    # sections
    Case(
        "sections and settings that stand twice merge, the last one wins",
        f"[profile p]\nrole_arn = {WRITER}\nregion = eu-west-1\n[profile q]\n"
        f"region = eu-west-2\n[profile p]\n{ROLE}source_profile = alice\n",
        region="eu-west-1",
    ),
    Case(
        "[p] of the config file is no profile",
        f"[profile p]\n{ROLE}source_profile = alice\n[p]\nexternal_id = not-mine\n",
    ),
    Case(
        "[profile p] of the credentials file is none",
        f"[profile p]\n{ROLE}source_profile = alice\n",
        f"{CREDENTIALS}[profile p]\nexternal_id = not-mine\n",
    ),
    Case(
        "[DEFAULT] has no say",
        f"[DEFAULT]\nexternal_id = not-mine\n[profile p]\n{ROLE}source_profile = alice\n",
    ),
    Case(
        "comments, blanks, a BOM, CRLF, and keys in capitals",
        "\ufeff# comment\r\n[ profile  p ] ; comment\r\n"
        f"ROLE_ARN={READER}   # the reader\r\nSource_Profile\t=\talice ; keys\r\n"
        "external_id = a=b # comment\r\ns3 =\r\n  external_id = not-mine\r\n",
        sent=[{"ExternalId": "a=b"}],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_rule(run_awsexec, home, sts, case):
    sts.add_user("bob", BOB_ID, BOB_SECRET)
    session = sts.session_of("elsewhere")
    assert (session.secret, session.token) == (SESSION_SECRET, SESSION_TOKEN)
    home.script(
        "tool",
        f"""\
        #!/bin/sh
        echo '{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
        """,
    )
    home.config.write_text(
        case.config.replace("{home}", str(home.path)), encoding="utf-8", newline=""
    )
    home.credentials.write_text(case.credentials)
    before = int(time.time())
    child = run_awsexec.child("p", env=case.env)
    assert [
        (
            call.parameters.pop("RoleArn", "").rpartition("/")[2],
            call.key_id,
            call.token,
            call.region,
        )
        for call in sts.calls
    ] == [
        (role, key_id, sts.credentials_of(key_id).token, case.region or "us-east-1")
        for role, key_id in case.calls
    ]
    for call in sts.calls:
        if call.operation == "AssumeRole":
            given = call.parameters
            if given["RoleSessionName"] == getpass.getuser():
                del given["RoleSessionName"]
        else:
            assert call.operation == "GetSessionToken"
    sent = [{}] * len(case.calls) if case.sent is None else case.sent
    assert [call.parameters for call in sts.calls] == sent
    expected = {
        name: value
        for name, value in {**run_awsexec.environ, **case.env}.items()
        if name.startswith("AWS")
        and name not in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
    }
    issued = sts.credentials_of(case.key)
    expected |= {
        "AWS_ACCESS_KEY_ID": issued.key_id,
        "AWS_SECRET_ACCESS_KEY": issued.secret,
        "AWSEXEC_PROFILE": "p",
    }
    if issued.token is not None:
        expected |= {
            "AWS_SESSION_TOKEN": issued.token,
            "AWS_CREDENTIAL_EXPIRATION": iso8601(issued.expires),
        }
        assert before <= issued.expires - 3600 <= time.time()
    # the account of the last role, for a profile that has one
    if case.calls and case.calls[-1][0]:
        expected["AWSEXEC_ACCOUNT"] = "123456789012"
    if case.region is not None:
        expected |= {"AWS_REGION": case.region, "AWS_DEFAULT_REGION": case.region}
        if "AWS_REGION" not in case.env and "AWS_DEFAULT_REGION" not in case.env:
            expected["AWSEXEC_PROFILE_REGION"] = case.region
    assert {k: v for k, v in child.items() if k.startswith("AWS")} == expected


HALF = f"aws_access_key_id = {KEY_ID}\n"
REFUSED = [
    (
        "two sources",
        f"[profile p]\n{ROLE}source_profile = alice\ncredential_source = Environment\n",
        "{config}:4: profile 'p' has both credential_source and source_profile "
        "({config}:3); remove one of them",
    ),
    (
        "no source",
        f"[profile p]\n{ROLE}",
        "{config}:2: profile 'p' has role_arn but no source_profile or "
        "credential_source; add one of them",
    ),
    (
        "half a pair, with the other half in the environment",
        f"[profile p]\n{HALF}",
        "{config}:2: profile 'p' has aws_access_key_id but no aws_secret_access_key "
        "beside it; add it to {config}",
    ),
    (
        "half a pair in each file",
        f"[profile half]\naws_secret_access_key = {SECRET}\n"
        f"[profile p]\n{ROLE}source_profile = half\n",
        "{credentials}:8: profile 'half' has aws_access_key_id but no "
        "aws_secret_access_key beside it; add it to {credentials}",
    ),
    (
        "half a pair in the middle of a chain",
        f"[profile p]\nrole_arn = {WRITER}\nsource_profile = q\n"
        f"[profile q]\n{ROLE}source_profile = alice\n{HALF}",
        "{config}:7: profile 'q' has aws_access_key_id but no aws_secret_access_key "
        "beside it; add it to {config}",
    ),
    (
        "nothing, with a container and the environment to fall through to",
        "[profile p]\nregion = eu-west-1\n",
        "{config}:1: profile 'p' has no credentials and no way to get any; give it a "
        "role_arn, a key pair, or web_identity_token_file or sso_session or "
        "sso_start_url or login_session or credential_process or credential_source",
    ),
    (
        "a source without credentials",
        f"[profile p]\n{ROLE}source_profile = q\n[profile q]\nregion = eu-west-1\n",
        "{config}:4: profile 'q' has no credentials and no way to get any; give it a "
        "role_arn, a key pair, or web_identity_token_file or sso_session or "
        "sso_start_url or login_session or credential_process or credential_source",
    ),
    (
        "a source that is not there",
        f"[profile p]\n{ROLE}source_profile = alcie\n",
        "{config}:3: source_profile of profile 'p': no profile 'alcie' in {config} and "
        "{credentials}; did you mean alice?",
    ),
    (
        "its own source without keys",
        f"[profile p]\n{ROLE}source_profile = p\n",
        "{config}:3: source_profile is a loop: p → p; let one of these profiles name a "
        "profile that has credentials",
    ),
    (
        "a role of another partition than the region",
        f"[profile p]\n{ROLE.replace('aws', 'aws-cn', 1)}source_profile = alice\n"
        "region = eu-west-1\n",
        "{config}:2: the role arn:aws-cn:iam::123456789012:role/reader is in the "
        "partition aws-cn, and the region eu-west-1 ({config}:4) in aws; choose a region "
        "of aws-cn, like cn-north-1",
    ),
]


@pytest.mark.parametrize(
    ("config", "message"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_refused(run_awsexec, home, sts, dead_port, config, message):
    home.write_config(config)
    home.write_credentials(CREDENTIALS + f"[half]\n{HALF}")
    env = {
        **BOB_VARIABLES,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{dead_port}/",
        # the real AWS, which is out of reach
        **({"AWS_ENDPOINT_URL_STS": ""} if "cn-north" in message else {}),
    }
    assert run_awsexec("p", "--", "true", env=env).error() == message.format(
        config=home.config, credentials=home.credentials
    )
    assert sts.calls == []
