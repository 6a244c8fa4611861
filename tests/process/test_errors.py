"""Each failure: one line on stderr that says where, what, and what to do."""

import http.client
import os
import re
import subprocess

import pytest

from tests.support import (
    ALICE,
    AWSEXEC,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRET,
    SERIAL,
    WRITER,
)

ROLE = f"[profile reader]\nrole_arn = {READER}\n"
CHAIN = f"""
[profile writer]
role_arn = {WRITER}
source_profile = reader
"""
MFA = f"mfa_serial = {SERIAL}\n"


@pytest.mark.parametrize(
    ("config", "credentials", "words", "line"),
    [
        pytest.param(
            READER_CONFIG,
            ALICE,
            ("raeder",),
            "no profile 'raeder' in {config} and {credentials}; did you mean reader?",
            id="no such profile, near matches",
        ),
        pytest.param(
            "",
            ALICE,
            ("nothing-like-it",),
            "no profile 'nothing-like-it' in {config} and {credentials}; add it there, "
            "or check the spelling",
            id="no such profile",
        ),
        pytest.param(
            "[reader]\n",
            ALICE,
            ("reader",),
            "no profile 'reader' in {config} and {credentials}; {config}:1: write "
            "[profile reader] in the config file",
            id="profile without its word",
        ),
        pytest.param(
            ROLE,
            ALICE,
            ("reader",),
            "{config}:2: profile 'reader' has role_arn but no source_profile or "
            "credential_source; add one of them",
            id="role without source",
        ),
        pytest.param(
            READER_CONFIG + "credential_source = Environment\n",
            ALICE,
            ("reader",),
            "{config}:5: profile 'reader' has both credential_source and "
            "source_profile ({config}:4); remove one of them",
            id="role with two sources",
        ),
        pytest.param(
            ROLE + "credential_source = Elsewhere\n",
            ALICE,
            ("reader",),
            "{config}:3: AWS knows no credential_source Elsewhere; write "
            "Environment or Ec2InstanceMetadata or EcsContainer",
            id="unknown credential_source",
        ),
        pytest.param(
            ROLE + "credential_source = Environment\n",
            ALICE,
            ("reader",),
            "profile 'reader' (environment, {config}:3): AWS_ACCESS_KEY_ID is not set; "
            "export it, or remove the setting",
            id="empty credential_source",
        ),
        pytest.param(
            ROLE + "credential_source = EcsContainer\n",
            ALICE,
            ("reader",),
            "profile 'reader' (container, {config}:3): neither "
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is set; is this an ECS or EKS container?",
            id="no container",
        ),
        pytest.param(
            READER_CONFIG.replace("alice", "tool")
            + "[profile tool]\ncredential_process = /no/such/program\n",
            "",
            ("reader",),
            "profile 'tool' (process, {config}:6): cannot run credential_process "
            "/no/such/program: No such file or directory",
            id="credential_process",
        ),
        pytest.param(
            ROLE + "source_profile = alise\n",
            ALICE,
            ("reader",),
            "{config}:3: source_profile of profile 'reader': no profile 'alise' in "
            "{config} and {credentials}; did you mean alice?",
            id="missing source profile",
        ),
        pytest.param(
            CHAIN + ROLE + "source_profile = writer\n",
            ALICE,
            ("writer",),
            "{config}:7: source_profile is a loop: writer → reader → writer; let one of "
            "these profiles name a profile that has credentials",
            id="loop",
        ),
        pytest.param(
            "[profile a]\nrole_arn = {0}\nsource_profile = b\n"
            "[profile b]\nrole_arn = {0}\nsource_profile = c\n"
            "[profile c]\nrole_arn = {0}\nsource_profile = a\n".format(READER),
            "",
            ("a",),
            "{config}:9: source_profile is a loop: a → b → c → a; let one of these "
            "profiles name a profile that has credentials",
            id="loop of three",
        ),
        pytest.param(
            READER_CONFIG,
            f"[alice]\naws_access_key_id = {KEY_ID}\n",
            ("reader",),
            "{credentials}:2: profile 'alice' has aws_access_key_id but no "
            "aws_secret_access_key beside it; add it to {credentials}",
            id="key id alone",
        ),
        pytest.param(
            READER_CONFIG,
            f"[alice]\naws_secret_access_key = {SECRET}\naws_access_key_id =\n",
            ("reader",),
            "{credentials}:2: profile 'alice' has aws_secret_access_key but no "
            "aws_access_key_id beside it; add it to {credentials}",
            id="secret alone",
        ),
        pytest.param(
            "[profile empty]\nregion = eu-west-1\n",
            ALICE,
            ("empty",),
            "{config}:1: profile 'empty' has no credentials and no way to get any; give "
            "it a role_arn, a key pair, or web_identity_token_file or sso_session or "
            "sso_start_url or login_session or credential_process or credential_source",
            id="no credentials",
        ),
        pytest.param(
            "[profile reader\n",
            ALICE,
            ("reader",),
            "{config}:1: the section's header has '[' without ']'; close it",
            id="malformed header",
        ),
        pytest.param(
            "# a comment\n[profile reader]\nrole_arn\n",
            ALICE,
            ("reader",),
            "{config}:3: the line has no '='; write NAME = VALUE",
            id="malformed setting",
        ),
        pytest.param(
            "",
            f"aws_access_key_id = {KEY_ID}\n",
            ("alice",),
            "{credentials}:1: the setting stands before the first [section]; put it "
            "below its profile",
            id="setting without section",
        ),
        pytest.param(
            READER_CONFIG.replace("123456789012", "12345678901"),
            ALICE,
            ("reader",),
            "{config}:3: arn:aws:iam::12345678901:role/reader is not a role ARN; write "
            "arn:aws:iam::ACCOUNT:role/NAME with the 12 digits of the account",
            id="malformed ARN",
        ),
        pytest.param(
            "",
            ALICE,
            ("alice", "--role-arn", "reader"),
            "--role-arn: reader is not a role ARN; write arn:aws:iam::ACCOUNT:role/NAME "
            "with the 12 digits of the account",
            id="malformed ARN by option",
        ),
        pytest.param(
            READER_CONFIG + "duration_seconds = 899\n",
            ALICE,
            ("reader",),
            "{config}:5: AssumeRole does not accept 14m59s; use 15m to 12h "
            "(900 to 43200 seconds)",
            id="duration too short",
        ),
        pytest.param(
            READER_CONFIG,
            ALICE,
            ("reader", "--duration", "13h"),
            "--duration: AssumeRole does not accept 13h; use 15m to 12h "
            "(900 to 43200 seconds)",
            id="duration too long by option",
        ),
        pytest.param(
            READER_CONFIG + "duration_seconds = 1h\n",
            ALICE,
            ("reader",),
            "{config}:5: duration_seconds = 1h is not a whole number; write " "3600",
            id="duration no number",
        ),
        pytest.param(
            READER_CONFIG + CHAIN + "duration_seconds = 3601\n",
            ALICE,
            ("writer",),
            "{config}:9: 1h1s for profile 'writer', but a role that another "
            "role assumes lives one hour at most; ask for 3600 seconds or less",
            id="duration over an hour on a chain",
        ),
        pytest.param(
            READER_CONFIG + "duration_seconds = 3601\n",
            ALICE + "aws_session_token = EXAMPLESESSION\n",
            ("reader",),
            "{config}:5: 1h1s for profile 'reader', but a role that a "
            "session (profile 'alice' (key …MPLE in {credentials}:3)) assumes lives one "
            "hour at most; ask for 3600 seconds or less",
            id="duration over an hour with a session's keys",
        ),
        pytest.param(
            ROLE + "credential_source = Ec2InstanceMetadata\n" + MFA,
            ALICE,
            ("reader", "--mfa-token", "111111"),
            "{config}:4: MFA for profile 'reader', but a role's session (profile 'reader' "
            "(ec2, {config}:3)) cannot present it; remove mfa_serial, or name a "
            "source_profile with the keys of the device's user",
            id="MFA with a role's session",
        ),
        pytest.param(
            READER_CONFIG + "role_session_name = a b\n",
            ALICE,
            ("reader",),
            "{config}:5: a b is not a role session name; use 2 to 64 characters: "
            "letters, digits and _+=,.@-",
            id="session name",
        ),
        pytest.param(
            READER_CONFIG,
            ALICE,
            ("reader", "--session-name", "{name}"),
            "--session-name {{name}} has an unknown place; the places are {{user}}, "
            "{{host}}, {{profile}}; see awsexec --help",
            id="session name template",
        ),
        pytest.param(
            READER_CONFIG + "external_id = not this\n",
            ALICE,
            ("reader",),
            "{config}:5: AWS does not accept this external id; use 2 to 1224 "
            "characters: letters, digits and _+=,.@:/-",
            id="external id",
        ),
        pytest.param(
            READER_CONFIG + "mfa_serial = alice\n",
            ALICE,
            ("reader",),
            "{config}:5: alice is not an MFA device; write its serial number, or "
            "arn:aws:iam::ACCOUNT:mfa/NAME",
            id="serial",
        ),
        pytest.param(
            READER_CONFIG,
            ALICE,
            ("reader", "--region", "EU West"),
            "--region: EU West is not an AWS region; write one like eu-west-1",
            id="region",
        ),
        pytest.param(
            "",
            ALICE,
            ("alice", "--external-id", "x1"),
            "--external-id would do nothing: profile alice has no role; add "
            "--role-arn; see awsexec --help",
            id="role option without role",
        ),
    ],
)
def test_config(run_awsexec, home, sts, config, credentials, words, line):
    home.write_config(config)
    home.write_credentials(credentials)
    assert run_awsexec(*words, "--", "true").error() == line.format(
        config=home.config, credentials=home.credentials
    )
    assert sts.calls == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "no PROFILE; name one, or set AWS_PROFILE"),
        (("--", "true"), "no PROFILE; name one, or set AWS_PROFILE"),
        (
            ("alice", "--"),
            "nothing follows --; add COMMAND, or leave out -- for a shell",
        ),
        (("--qqq", "x", "alice"), "unknown option --qqq"),
        (("alice", "--duration"), "--duration needs a value; write --duration TIME"),
        (("--quiet=yes", "alice"), "--quiet takes no value; remove = and what follows"),
    ],
)
def test_usage(run_awsexec, words, line):
    assert run_awsexec(*words).error() == f"{line}; see awsexec --help"


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (
            ("--regoin", "x", "alice"),
            "did you mean --region? type: awsexec --region x alice",
        ),
        (("exec", "alice", "--", "ls", "a b"), "type: awsexec alice -- ls 'a b'"),
    ],
)
def test_what_may_be_meant(run_awsexec, words, end):
    assert run_awsexec(*words).error().endswith(end)


def test_a_command_that_a_shell_would_read(run_awsexec):
    error = run_awsexec("alice", "ls | wc").error(127)
    assert error.endswith("type: awsexec alice -- sh -c 'ls | wc'")


def test_nothing_to_choose_from(run_awsexec, home):
    home.write_config("")
    home.write_credentials("[profile p]\n")
    assert run_awsexec("true").error().startswith("no profile 'true' in ")
    # the tests' environment has no instance's metadata
    assert run_awsexec("--", "true").error() == (
        f"no PROFILE, no profile in {home.config} or {home.credentials}, and "
        "AWS_EC2_METADATA_DISABLED turns the instance metadata off; to write a first "
        "profile, see https://github.com/awsexec/awsexec#five-minutes"
    )


def test_file_that_is_no_text(run_awsexec, home):
    home.config.write_bytes(b"[profile a]\nregion = \xff\xfe\n")
    assert run_awsexec("a", "true").error() == (
        f"{home.config}:2: the file is not UTF-8 text; save it as UTF-8"
    )


def test_file_that_cannot_be_read(run_awsexec, home):
    # a link to itself: unlike a mode, it stops the superuser too
    home.config.symlink_to(home.config)
    assert run_awsexec("a", "true").error() == (
        f"cannot read {home.config}: Too many levels of symbolic links; check the "
        "file's permissions"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_file_that_may_not_be_read(run_awsexec, home):
    home.write_config("")
    home.config.chmod(0)
    assert run_awsexec("a", "true").error() == (
        f"cannot read {home.config}: Permission denied; check the file's permissions"
    )


@pytest.mark.parametrize(
    ("role", "settings", "external", "mfa"),
    [
        (
            {"external_id": "secret-handshake"},
            "",
            "external_id is not set",
            "mfa_serial is not set",
        ),
        (
            {"external_id": "secret-handshake"},
            "external_id = another\n",
            "external_id is set, and may be another one",
            "mfa_serial is not set",
        ),
        (
            {"trusts": []},
            f"mfa_serial = {SERIAL}\nmfa_process = echo 111111\n",
            "external_id is not set",
            "an MFA code was given",
        ),
    ],
    ids=["no external id", "another external id", "not trusted"],
)
def test_access_denied(run_awsexec, home, sts, role, settings, external, mfa):
    sts.add_role("reader", **role)
    home.write_config(READER_CONFIG, settings)
    line = run_awsexec("reader", "true").error()
    assert line == (
        "profile 'reader': User: arn:aws:iam::123456789012:user/alice is not "
        f"authorized to perform: sts:AssumeRole on resource: {READER} (AccessDenied); "
        f"check that a policy of profile 'alice' (key …MPLE in {home.credentials}:3) allows "
        f"sts:AssumeRole for {READER}, and that the role's trust policy allows it; if the "
        f"trust policy asks for more: {external}; {mfa}"
    )


def test_access_denied_with_a_device_of_the_source_profile_only(run_awsexec, home, sts):
    sts.add_role("reader", mfa=True)
    home.write_config(READER_CONFIG)
    home.write_credentials(ALICE, MFA)
    assert (
        run_awsexec("reader", "true")
        .error()
        .endswith(
            f"; mfa_serial is not set (the one in {home.credentials}:5 is for the source "
            "profile only)"
        )
    )


def test_device_of_somebody_else(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA.replace("alice", "bob"))
    line = run_awsexec("reader", "--mfa-token", "111111", "true").error()
    assert line == (
        "profile 'reader': MultiFactorAuthentication failed, unable to validate MFA "
        "code.  Please verify your MFA serial number is valid and associated with this "
        f"user (AccessDenied); check that profile 'alice' (key …MPLE in "
        f"{home.credentials}:3) owns {SERIAL.replace('alice', 'bob')}"
    )


def test_unknown_key(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.remove_key(KEY_ID)
    assert run_awsexec("reader", "true").error() == (
        f"AWS does not know the key of profile 'alice' (key …MPLE in "
        f"{home.credentials}:3); it was deleted, made inactive or mistyped: The "
        "security token included in the request is invalid (InvalidClientTokenId)"
    )


def test_wrong_secret(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    home.write_credentials(ALICE.replace("EXAMPLEKEY", "EXAMPLEKEX"))
    assert run_awsexec("reader", "true").error() == (
        "AWS does not accept the secret key of profile 'alice' (key …MPLE in "
        f"{home.credentials}:3); check it: The request signature we calculated does not "
        "match the signature you provided. Check your AWS Secret Access Key and signing "
        "method. Consult the service documentation for details (SignatureDoesNotMatch)"
    )


def test_expired_source_keys(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    session = run_awsexec.child("reader")
    home.write_credentials(f"""\
        [old]
        aws_access_key_id = {session['AWS_ACCESS_KEY_ID']}
        aws_secret_access_key = {session['AWS_SECRET_ACCESS_KEY']}
        aws_session_token = {session['AWS_SESSION_TOKEN']}
        [writer]
        role_arn = {WRITER}
        source_profile = old
        """)
    sts.expire_sessions()
    assert run_awsexec("writer", "true").error() == (
        f"the credentials of profile 'old' (key …0001 in {home.credentials}:2) have "
        "expired; renew them and try again"
    )


@pytest.mark.parametrize(
    ("offset", "side"), [(3600, "behind"), (-3600, "ahead of")], ids=["behind", "ahead"]
)
def test_clock_skew(run_awsexec, home, sts, offset, side):
    home.write_config(READER_CONFIG)
    sts.clock_offset = offset
    line = run_awsexec("reader", "true").error()
    found = re.match(
        rf"profile 'reader': this machine's clock is {side} AWS's by (1h|59m|1h1m); set "
        r"it and try again: Signature (expired|not yet current): .* "
        r"\(SignatureDoesNotMatch\)$",
        line,
    )
    assert found, line


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (("--duration", "2h"), "2h"),
        (
            ("--duration", "2h", "--mfa-serial", SERIAL, "--mfa-token", "111111"),
            "2h",
        ),
    ],
)
def test_duration_over_the_role_s_maximum(run_awsexec, home, sts, words, seconds):
    home.write_config(READER_CONFIG)
    line = run_awsexec("reader", *words, "true").error()
    assert line == (
        f"profile 'reader': this role's maximum is less than {seconds}; ask for less "
        "with --duration or duration_seconds (--serve renews the session), or raise the "
        "maximum: The "
        "requested DurationSeconds exceeds the MaxSessionDuration set for this role "
        "(ValidationError)"
    )


def test_duration_over_an_hour_for_a_role_of_a_session(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG,
        f"[profile writer]\nrole_arn = {WRITER}\ncredential_source = Environment\n"
        "duration_seconds = 7200\n",
    )
    # nobody can tell before the call what the environment holds
    session = run_awsexec.child("reader")
    env = {name: session[name] for name in session if name.startswith("AWS_")}
    assert run_awsexec("writer", "true", env=env).error() == (
        "profile 'writer': the credentials of profile 'writer' (environment, "
        f"{home.config}:7) are a session, and a role that a session assumes lives one "
        "hour at most; ask for 1h or less with --duration or duration_seconds "
        "(--serve renews the session): The requested DurationSeconds exceeds the 1 hour session limit "
        "for roles assumed by role chaining (ValidationError)"
    )


def test_refusal_that_nobody_foresaw(run_awsexec, home, sts):
    sts.fail("RegionDisabledException", "STS is not activated\nin this region.", 403)
    home.write_config(READER_CONFIG)
    assert run_awsexec("reader", "true").error() == (
        f"profile 'reader': AWS refused the role {READER}: STS is not activated in this "
        "region (RegionDisabledException)"
    )


# one try: what is not there now will not be there in a moment
ONCE = {"AWS_MAX_ATTEMPTS": "1"}


def test_no_network(run_awsexec, home, dead_port):
    home.write_config(READER_CONFIG)
    url = f"http://127.0.0.1:{dead_port}"
    result = run_awsexec("reader", "true", env={"AWS_ENDPOINT_URL": url, **ONCE})
    assert result.error() == (
        f"cannot reach AWS STS at {url}: Connection refused; the host comes from "
        "AWS_ENDPOINT_URL: check that and the network"
    )


def test_name_that_is_not_found(run_awsexec, home):
    # .invalid is nobody's (RFC 6761); the resolver's patience is not under test
    url = "http://sts.invalid"
    env = {
        "AWS_ENDPOINT_URL": url,
        "NO_PROXY": "*",
        "RES_OPTIONS": "attempts:1 timeout:1",
        **ONCE,
    }
    home.write_config(READER_CONFIG)
    line = run_awsexec("reader", "true", env=env).error()
    found = re.fullmatch(
        rf"cannot reach AWS STS at {url}: ([A-Z][a-z -]+); the host comes from "
        "AWS_ENDPOINT_URL: check that, the network and DNS",
        line,
    )
    assert found, line
    assert "name" in found[1].lower()


OF_PROXY = "check the proxy, or name the host in NO_PROXY"


def test_proxy_that_does_not_answer(run_awsexec, home):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    assert run_awsexec("reader", "true", env=ONCE).error() == (
        "cannot reach AWS STS at https://sts.eu-west-1.amazonaws.com: no connection "
        f"through the proxy {run_awsexec.environ['HTTPS_PROXY']} (HTTPS_PROXY) (Connection "
        f"refused); {OF_PROXY}"
    )


def test_proxy_that_refuses(run_awsexec, home, refusing_proxy):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    env = {"HTTPS_PROXY": refusing_proxy.url, **ONCE}
    line = run_awsexec("reader", "true", env=env).error()
    assert line == (
        "cannot reach AWS STS at https://sts.eu-west-1.amazonaws.com: no connection "
        f"through the proxy {refusing_proxy.url} (HTTPS_PROXY) (Tunnel connection failed: "
        f"403 Forbidden); {OF_PROXY}"
    )


def test_certificate_that_nobody_trusts(run_awsexec, home, tls_sts):
    home.write_config(READER_CONFIG)
    env = {"AWS_ENDPOINT_URL": tls_sts.url, **ONCE}
    line = run_awsexec("reader", "true", env=env).error()
    found = re.fullmatch(
        rf"cannot reach AWS STS at {tls_sts.url}: TLS failed \(certificate verify failed: "
        r"[a-z- ]+\); the host comes from AWS_ENDPOINT_URL: check that, this machine's "
        "clock, and AWS_CA_BUNDLE, which must name the certificates of a proxy that reads "
        "TLS",
        line,
    )
    assert found, line
    assert tls_sts.calls == []


def test_ca_bundle_that_is_not_there(run_awsexec, home, tls_sts):
    home.write_config(READER_CONFIG)
    env = {"AWS_ENDPOINT_URL": tls_sts.url, "AWS_CA_BUNDLE": "/no/bundle.pem", **ONCE}
    assert run_awsexec("reader", "true", env=env).error() == (
        "AWS_CA_BUNDLE: cannot use the certificates in /no/bundle.pem: No such file or "
        "directory; name a file of certificates, or remove the setting"
    )


def test_connection_that_is_closed(run_awsexec, home, sts):
    sts.hang_up()
    home.write_config(READER_CONFIG)
    assert run_awsexec("reader", "true", env=ONCE).error() == (
        f"cannot reach AWS STS at {sts.url}: the connection was closed (Remote end "
        "closed connection without response); the host comes from AWS_ENDPOINT_URL_STS: "
        "check that and the network"
    )


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (200, "<html><body>Sign in to the hotel's network</body>", "a web page"),
        (200, "<html/>", "a web page"),
        (200, "", "an empty answer"),
        (404, "not found", "no error code of AWS"),
        (302, "", "a redirect"),
    ],
    ids=["broken page", "page", "nothing", "error page", "redirect"],
)
def test_somebody_else_answers(run_awsexec, home, sts, status, body, what):
    sts.answer(status, body, "text/plain")
    home.write_config(READER_CONFIG)
    assert run_awsexec("reader", "true", env=ONCE).error() == (
        f"unexpected response from AWS STS at {sts.url} ({what}, HTTP {status} "
        f"{http.client.responses[status]}); is a proxy answering? check the network, the "
        "proxy, and where the host comes from: AWS_ENDPOINT_URL_STS"
    )


def test_services_that_are_not_there(run_awsexec, home):
    home.write_config(READER_CONFIG, "services = local\n")
    assert run_awsexec("reader", "true").error() == (
        f"{home.config}:5: there is no [services local] section; add it or remove the "
        "setting"
    )


def test_endpoint_that_is_no_url(run_awsexec, home):
    home.write_config(READER_CONFIG)
    result = run_awsexec("reader", "true", env={"AWS_ENDPOINT_URL": "localhost:4566"})
    assert result.error() == (
        "AWS_ENDPOINT_URL: localhost:4566 is not a URL; write http(s)://HOST:PORT"
    )


def test_a_failing_call_is_tried_again(run_awsexec, home, sts):
    sts.fail("Throttling", "Rate exceeded", 400)
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    assert len(sts.calls) == 2


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("max_attempts", "²", " is not a whole number from 1 to 1000"),
        (
            "max_attempts",
            "8" * 5000,
            " is not a whole number from 1 to 1000",
        ),
        (
            "max_attempts",
            "-1",
            " is not a whole number from 1 to 1000",
        ),
        (
            "retry_mode",
            "standart",
            ": write legacy or standard or adaptive",
        ),
    ],
    ids=["no ASCII digit", "thousands of digits", "negative", "misspelt mode"],
)
def test_retries(run_awsexec, home, sts, setting, value, message):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    variable = f"AWS_{setting.upper()}"
    error = run_awsexec("reader", "true", env={variable: value}).error()
    assert error == f"{variable}={value}{message}"
    message = f"{setting} = {value}{message}"
    home.write_config(READER_CONFIG, f"{setting} = {value}\n")
    assert run_awsexec("reader", "true").error() == f"{home.config}:5: {message}"
    shown = run_awsexec("--explain", "reader")
    assert (shown.status, shown.stderr) == (125, "")
    assert shown.stdout.startswith(f"fault: {home.config}:5: {message}\n")
    assert len(sts.calls) == 1


def test_failure_leaves_the_cache_empty(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.fail("AccessDenied", "no", 403)
    run_awsexec("reader", "true").error()
    run_awsexec.child("reader")
    assert len(sts.calls) == 2


@pytest.mark.parametrize("words", ["--list", "--help", "--profiles", "--explain alice"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_stdout_that_takes_no_more(run_awsexec, words, unbuffered):
    def runs(line):
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=run_awsexec.environment({"PYTHONUNBUFFERED": unbuffered}),
            capture_output=True,
            text=True,
        )

    finished = runs(f"{AWSEXEC} {words} >/dev/full")
    assert (finished.returncode, finished.stderr) == (
        125,
        "awsexec: cannot write to stdout: No space left on device; check the file "
        "or program that it goes to\n",
    )
    finished = runs(f"(sleep 0.2; exec {AWSEXEC} {words}) | true")
    assert (finished.returncode, finished.stderr) == (128 + 13, "")
