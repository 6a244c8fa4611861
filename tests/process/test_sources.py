"""Where the first credentials come from: calls, who signed them, and what COMMAND gets."""

import contextlib
import json
import os
import socket
import time

import pytest

from tests.servers.container import PATH, ContainerServer
from tests.servers.metadata import PROFILE_ARN, ROLE, MetadataServer
from tests.servers.web import document, iso8601
from tests.sources import ALONE, ENVIRONMENT, keys, of
from tests.support import (
    CODES,
    KEY_ID,
    READER,
    SECRET,
    SERIAL,
    WRITER,
    age,
    entries,
    fast_path_is_on,
    is_fast,
)

AS_SOURCE = f"[profile reader]\nrole_arn = {READER}\nsource_profile = p\n"
NAMED = f"[profile reader]\nrole_arn = {READER}\ncredential_source = {{}}\n"
INFO = "/latest/meta-data/iam/info"
TOKEN_PATH = "PUT /latest/api/token"
ROLES = "GET /latest/meta-data/iam/security-credentials/"
V2 = [TOKEN_PATH, ROLES, ROLES + ROLE]
V1 = [ROLES, ROLES + ROLE]


def redirection(home, address, port):
    """The environment in which connections to a link-local `address` end up here."""
    (home.path / "sitecustomize.py").write_text(
        "import socket\n"
        "def getaddrinfo(host, *_):\n"
        f"    assert host.strip('[]') == {address!r}, host\n"
        "    kind = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP\n"
        f"    return [(*kind, '', ('127.0.0.1', {port}))]\n"
        "socket.getaddrinfo = getaddrinfo\n"
    )
    return {"PYTHONPATH": str(home.path), "NO_PROXY": "*"}


# --- EC2 ----------------------------------------------------------------------------


def test_instance_role(run_awsexec, home, sts, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    child = run_awsexec.child("p")
    assert keys(child) == of(instance.credentials)
    assert child["AWSEXEC_PROFILE"] == "p"
    assert instance.asked == V2
    assert sts.calls == []


def test_instance_role_is_cached(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    children = [run_awsexec.child("p") for _ in range(2)]
    assert keys(children[0]) == keys(children[1])
    assert instance.asked == V2
    # for five minutes: another role may be attached
    age(home, 280)
    run_awsexec.child("p")
    assert instance.asked == V2
    age(home, 30)
    run_awsexec.child("p")
    assert instance.asked == V2 * 2
    run_awsexec.child("--refresh", "p")
    assert instance.asked == V2 * 3
    run_awsexec.child("--no-cache", "p")
    assert instance.asked == V2 * 4


@pytest.mark.parametrize(
    "config",
    [
        NAMED.format("Ec2InstanceMetadata"),
        AS_SOURCE + ALONE.format("Ec2InstanceMetadata"),
    ],
)
def test_role_of_instance_role(run_awsexec, home, sts, instance, config):
    home.write_config(config)
    sts.add_role("reader", trusts=[instance_arn()])
    child = run_awsexec.child("reader")
    assert instance.asked == V2
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].key_id == instance.credentials.key_id
    assert sts.calls[0].token == instance.credentials.token
    assert child["AWS_ACCESS_KEY_ID"] not in (None, instance.credentials.key_id)
    # the next role of it asks nobody for the instance's
    run_awsexec.child("--session-name", "other", "reader")
    assert instance.asked == V2


def instance_arn():
    return READER.replace("reader", ROLE)


def test_no_fast_path_for_what_files_do_not_decide(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    run_awsexec.child("p")
    assert not is_fast(run_awsexec, "p", "true")


def test_v1_where_v2_is_not_there(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.v2 = False
    assert keys(run_awsexec.child("p")) == of(instance.credentials)
    assert instance.asked == [TOKEN_PATH, *V1]
    assert "x-aws-ec2-metadata-token" not in instance.requests[-1].headers


@pytest.mark.parametrize("place", ["profile", "environment"])
def test_v1_switched_off(run_awsexec, home, instance, place):
    line = "ec2_metadata_v1_disabled = true\n" if place == "profile" else ""
    env = {} if line else {"AWS_EC2_METADATA_V1_DISABLED": "true"}
    home.write_config(ALONE.format("Ec2InstanceMetadata"), line)
    instance.v2 = False
    error = run_awsexec("p", "true", env=env).error()
    assert error == (
        f"profile 'p' (ec2, {home.config}:2): no IMDSv2 token from "
        f"{instance.url}, and ec2_metadata_v1_disabled forbids IMDSv1; check that "
        "this is an EC2 instance, and no container too many hops away from it"
    )
    assert instance.asked == [TOKEN_PATH]


@pytest.mark.parametrize(
    ("line", "variables", "address"),
    [
        ("", {}, "169.254.169.254"),
        ("ec2_metadata_service_endpoint_mode = IPv6\n", {}, "fd00:ec2::254"),
        ("", {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6"}, "fd00:ec2::254"),
        ("imds_use_ipv6 = true\n", {}, "fd00:ec2::254"),
        ("imds_use_ipv6 = false\n", {"AWS_IMDS_USE_IPV6": "true"}, "fd00:ec2::254"),
        (
            "ec2_metadata_service_endpoint_mode = IPv6\n",
            {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4"},
            "169.254.169.254",
        ),
    ],
)
def test_addresses_of_ec2(run_awsexec, home, instance, line, variables, address):
    home.write_config(ALONE.format("Ec2InstanceMetadata"), line)
    env = {**redirection(home, address, instance.port), **variables}
    env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = None
    assert keys(run_awsexec.child("p", env=env)) == of(instance.credentials)
    assert instance.requests[0].headers["host"].strip("[]") == address


def test_endpoint_of_the_profile(run_awsexec, home, instance):
    home.write_config(
        ALONE.format("Ec2InstanceMetadata"),
        f"ec2_metadata_service_endpoint = {instance.url}/\n",
    )
    env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": None}
    assert keys(run_awsexec.child("p", env=env)) == of(instance.credentials)
    # the variable wins
    home.config.write_text(home.config.read_text().replace(str(instance.port), "1"))
    assert keys(run_awsexec.child("p")) == of(instance.credentials)


@pytest.mark.parametrize(
    ("line", "env"),
    [
        ("metadata_service_timeout = 9\n", {}),
        ("metadata_service_timeout = 1\n", {"AWS_METADATA_SERVICE_TIMEOUT": "9"}),
    ],
    ids=["profile", "environment"],
)
def test_more_time_for_the_metadata(run_awsexec, home, instance, line, env):
    home.write_config(ALONE.format("Ec2InstanceMetadata"), line)
    with slow(instance, 1.3):
        assert keys(run_awsexec.child("p", env=env)) == of(instance.credentials)
    assert instance.asked == V2


def test_usual_time_for_the_metadata(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    with slow(instance, 1.3):
        assert run_awsexec("p", "true").status == 125


@contextlib.contextmanager
def slow(instance, seconds):
    """`instance` takes so long to give the credentials."""

    def respond(request):
        if request.path.endswith(ROLE):
            time.sleep(seconds)
        return answer(request)

    answer, instance.respond = instance.respond, respond
    yield
    instance.respond = answer


@pytest.mark.parametrize(
    ("line", "env", "attempts"),
    [
        ("", {}, 1),
        ("metadata_service_num_attempts = 3\n", {}, 3),
        (
            "metadata_service_num_attempts = 3\n",
            {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"},
            2,
        ),
    ],
    ids=["usual", "profile", "environment"],
)
def test_attempts_at_the_metadata(run_awsexec, home, instance, line, env, attempts):
    home.write_config(ALONE.format("Ec2InstanceMetadata"), line)
    # no credentials, which is what botocore tries again
    instance.trouble = "<html>"
    assert run_awsexec("p", "true", env=env).status == 125
    assert instance.asked == [TOKEN_PATH, ROLES, *[ROLES + ROLE] * attempts]


def test_settings_of_the_selected_profile(run_awsexec, home, instance):
    home.write_config(
        AS_SOURCE,
        f"ec2_metadata_service_endpoint = {instance.url}\n",
        ALONE.format("Ec2InstanceMetadata"),
    )
    run_awsexec.child("reader", env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": None})
    assert instance.asked == V2


def test_another_endpoint_is_another_identity(run_awsexec, home, instance, sts):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    run_awsexec.child("p")
    with MetadataServer() as other:
        other.credentials = sts.session_of("other-role")
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": other.url}
        assert keys(run_awsexec.child("p", env=env)) == of(other.credentials)


@pytest.mark.parametrize(
    ("config", "env", "message"),
    [
        (
            "ec2_metadata_service_endpoint_mode = IPv5\n",
            {},
            "{config}:3: IPv5 is not an endpoint mode; write IPv4 or IPv6",
        ),
        (
            "",
            {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "x"},
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: x is not an endpoint mode; write IPv4 "
            "or IPv6",
        ),
        (
            "",
            {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "ht tp://"},
            "AWS_EC2_METADATA_SERVICE_ENDPOINT: ht tp:// is not a URL; write "
            "http://HOST:PORT",
        ),
        (
            "metadata_service_timeout = soon\n",
            {},
            "{config}:3: metadata_service_timeout = soon is not a whole number from 1 to "
            "3600",
        ),
        (
            f"metadata_service_timeout = {'8' * 5000}\n",
            {},
            f"{{config}}:3: metadata_service_timeout = {'8' * 5000} is not a whole number "
            "from 1 to 3600",
        ),
        (
            "",
            {"AWS_METADATA_SERVICE_TIMEOUT": "8" * 26},
            f"AWS_METADATA_SERVICE_TIMEOUT={'8' * 26} is not a "
            "whole number from 1 to 3600",
        ),
        (
            "ec2_metadata_v1_disabled = yes\n",
            {},
            "{config}:3: ec2_metadata_v1_disabled = yes: write true or false",
        ),
        (
            "",
            {"AWS_IMDS_USE_IPV6": "1"},
            "AWS_IMDS_USE_IPV6=1: write true or false",
        ),
        (
            "",
            {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "0"},
            "AWS_METADATA_SERVICE_NUM_ATTEMPTS=0 is not "
            "a whole number from 1 to 100",
        ),
        (
            "",
            {"AWS_EC2_METADATA_DISABLED": "True"},
            "profile 'p' (ec2, {config}:2): AWS_EC2_METADATA_DISABLED turns it "
            "off; unset that variable to use it",
        ),
    ],
)
def test_bad_settings(run_awsexec, home, instance, config, env, message):
    home.write_config(ALONE.format("Ec2InstanceMetadata"), config)
    error = run_awsexec("p", "true", env=env).error()
    assert error == message.format(config=home.config)
    assert instance.asked == []


def test_what_is_not_true_switches_nothing_off(run_awsexec, home, instance):
    # as in botocore; an error for what a CI system sets would help nobody
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    child = run_awsexec.child("p", env={"AWS_EC2_METADATA_DISABLED": "1"})
    assert keys(child) == of(instance.credentials)


def test_switched_off_after_it_was_cached(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    run_awsexec.child("p")
    env = {"AWS_EC2_METADATA_DISABLED": "true"}
    assert "turns it off" in run_awsexec("p", "true", env=env).error()


def test_instance_without_a_role(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.credentials = None
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (ec2, {home.config}:2): {instance.url} names no role; "
        "attach an instance profile to the instance"
    )


def test_role_that_does_not_trust_ec2(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.trouble = {"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (ec2, {home.config}:2): {instance.url} has no "
        "credentials for the attached role; check that EC2 is in the role's trust policy"
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            3,
            "unexpected response from {url}, which is not EC2 metadata; check that this "
            "is an EC2 instance",
        ),
        (
            {"AccessKeyId": 3},
            "it gave a key id that is not text; correct it at the source",
        ),
        (
            {"SecretAccessKey": ""},
            "it gave a secret key that is empty; correct it at the source",
        ),
        (
            {"Token": "two\nlines"},
            "it gave a session token that has a line break; correct it at the source",
        ),
        ({"Expiration": 3}, "the expiration it gave is not a time in ISO 8601"),
        ({"Expiration": "soon"}, "the expiration it gave is not a time in ISO 8601"),
    ],
)
def test_metadata_of_no_use(run_awsexec, home, instance, changes, what):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.trouble = changes
    if isinstance(changes, dict):
        instance.trouble = {**document(instance.credentials), **changes}
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (ec2, {home.config}:2): {what.format(url=instance.url)}"
    )


def test_expiration_is_the_one_that_the_metadata_tell(run_awsexec, home, instance, sts):
    """botocore makes one that is near a later one."""
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.credentials = sts.session_of(ROLE, 480)
    assert keys(run_awsexec.child("p")) == of(instance.credentials)


def test_off_ec2_it_fails_soon(run_awsexec, home, instance, dead_port):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    url = f"http://127.0.0.1:{dead_port}"
    env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    assert run_awsexec("p", "true", env=env).error() == (
        f"profile 'p' (ec2, {home.config}:2): no EC2 instance metadata at "
        f"{url}; this is not an EC2 instance, or its metadata service is turned off: "
        "name another PROFILE or source"
    )


def test_where_nobody_answers_it_fails_within_about_a_second(
    run_awsexec, home, instance
):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        # one that waits to be accepted is enough: of further ones nothing is heard
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for client in (one, two):
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        times = []
        for attempts in ("1", "3"):
            env = {
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
                "AWS_METADATA_SERVICE_NUM_ATTEMPTS": attempts,
            }
            begun = time.monotonic()
            error = run_awsexec("p", "true", env=env).error()
            times.append(time.monotonic() - begun)
            assert f"no EC2 instance metadata at {url}" in error
    # half a second for v2 and for v1, and what Python needs on a busy machine
    assert 1 < times[0] < 3.5
    assert times[1] - times[0] > 1


def test_what_accepts_and_never_answers_fails_within_about_a_second(
    run_awsexec, home, instance
):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instance.delay = 60
    begun = time.monotonic()
    error = run_awsexec("p", "true").error()
    took = time.monotonic() - begun
    assert f"no EC2 instance metadata at {instance.url}" in error
    begun = time.monotonic()
    env = {"AWS_EC2_METADATA_DISABLED": "true"}
    assert "turns it off" in run_awsexec("p", "true", env=env).error()
    # without what Python needs, on a busy machine too
    assert took - (time.monotonic() - begun) < 1.8


def test_no_profile_and_no_config(run_awsexec, home, instance, sts):
    home.write_credentials("")
    child = run_awsexec.child()
    assert keys(child) == of(instance.credentials)
    assert child["AWSEXEC_PROFILE"] == "ec2"
    run_awsexec.child()
    assert instance.asked == V2


def test_no_profile_is_no_instance_role_where_there_is_a_config(
    run_awsexec, home, instance
):
    assert "no PROFILE; name one" in run_awsexec("--", "true").error()
    assert instance.asked == []


BARE_DEFAULT = "[default]\nregion = eu-west-2\noutput = json\n"


@pytest.mark.parametrize("words", [(), ("default",)], ids=["unnamed", "named"])
def test_default_without_identity_is_the_machine(
    run_awsexec, home, instance, sts, words
):
    home.write_credentials("")
    home.write_config(BARE_DEFAULT)
    child = run_awsexec.child(*words)
    assert keys(child) == of(instance.credentials)
    assert (child["AWSEXEC_PROFILE"], child["AWS_REGION"]) == ("default", "eu-west-2")
    answer = json.loads(run_awsexec("--whoami", "--json", *words).stdout)
    assert ":assumed-role/" in answer["arn"]
    facts = json.loads(run_awsexec("--explain", "--json", *words).stdout)
    assert facts["chain"][0]["what"] == (
        f"ec2 (of the machine, since {home.config}:1 has no credentials)"
    )
    assert [profile["name"] for profile in facts["profiles"]] == ["default"]
    (row,) = json.loads(run_awsexec("--list", "--json").stdout)
    assert (row["profile"], row["source"], row["error"]) == ("default", "ec2", None)
    assert row["source_profile"] is None


@pytest.mark.parametrize(
    ("words", "variables", "uses"),
    [
        ((), {}, "environment"),
        ((), {"AWS_PROFILE": "default"}, "environment"),
        # as boto3.Session(profile_name="default") and the AWS CLI's --profile
        (("default",), {}, "instance"),
    ],
)
def test_default_without_identity_beside_keys_in_the_environment(
    run_awsexec, home, instance, sts, words, variables, uses
):
    home.write_config(BARE_DEFAULT)
    if words or variables:
        # other profiles do not matter where it is named
        home.write_config(BARE_DEFAULT, f"[profile p]\nrole_arn = {READER}\n")
    else:
        home.write_credentials("")
    env = {
        "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
        **variables,
    }
    child = run_awsexec.child(*words, env=env)
    expected = instance.credentials.key_id if uses == "instance" else None
    assert child["AWS_ACCESS_KEY_ID"] == (expected or env["AWS_ACCESS_KEY_ID"])


def test_default_without_identity_is_not_chosen_beside_others(
    run_awsexec, home, instance
):
    home.write_config(BARE_DEFAULT)
    assert "no PROFILE; name one" in run_awsexec("--", "true").error()
    assert instance.asked == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "session_read_only = true",
            "session_read_only would do nothing: profile default",
        ),
        ("session_readonly = true", "unknown setting session_readonly; did you mean"),
        ("aws_access_key_id = AKIAEXAMPLE", "has aws_access_key_id but no"),
        (f"role_arn = {READER}", "has role_arn but no source_profile"),
    ],
)
@pytest.mark.parametrize("words", [(), ("default",)], ids=["unnamed", "named"])
def test_default_that_says_more_is_not_the_machine(
    run_awsexec, home, instance, settings, message, words
):
    home.write_credentials("")
    home.write_config(BARE_DEFAULT, f"{settings}\n")
    if "aws_access" in settings or "role_arn" in settings:
        words = ("default",)
    assert message in run_awsexec(*words, "--", "true").error()
    assert instance.asked == []


def test_options_do_not_go_with_the_machines_identity(run_awsexec, home, instance):
    home.write_config(BARE_DEFAULT)
    error = run_awsexec("--read-only", "default", "true").error()
    assert "--read-only would do nothing" in error or "has no credentials" in error
    assert instance.asked == []


def test_default_without_identity_where_the_machine_has_none(
    run_awsexec, home, instance
):
    home.write_credentials("")
    home.write_config(BARE_DEFAULT)
    env = {"AWS_EC2_METADATA_DISABLED": "true"}
    error = run_awsexec("--", "true", env=env).error()
    assert "profile 'default' has no credentials and no way to get any" in error


def test_role_with_a_default_without_identity(run_awsexec, home, instance):
    home.write_config(
        BARE_DEFAULT, f"[profile p]\nrole_arn = {READER}\nsource_profile = default\n"
    )
    error = run_awsexec("p", "true").error()
    assert "profile 'default' has no credentials and no way to get any" in error
    assert instance.asked == []


def test_profile_without_credentials_is_no_instance_role(run_awsexec, home, instance):
    home.write_config("[profile p]\nregion = eu-west-1\n")
    assert "has no credentials and no way to get any" in run_awsexec("p", "ls").error()
    assert instance.asked == []


def test_no_profile_no_config_and_no_instance(run_awsexec, home, instance, dead_port):
    home.write_credentials("")
    url = f"http://127.0.0.1:{dead_port}"
    env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    assert run_awsexec("--", "true", env=env).error() == (
        "ec2 (no PROFILE, and no profile in the config files): no EC2 instance "
        f"metadata at {url}; this is not an EC2 instance, or its metadata service is "
        "turned off: name another PROFILE or source; to write a first profile, see "
        "https://github.com/awsexec/awsexec#five-minutes"
    )


def test_whoami_on_an_instance(run_awsexec, home, instance, sts):
    home.write_credentials("")
    result = run_awsexec("--whoami", "--json")
    answer = json.loads(result.stdout)
    assert answer["arn"].endswith(f":assumed-role/{ROLE}/elsewhere")
    assert answer["instance_role"] == ROLE
    assert answer["instance_profile"] == PROFILE_ARN
    assert 21_500 < answer["seconds_left"] <= 21_600
    text = run_awsexec("--whoami").stdout
    assert f"instance role     {ROLE}\ninstance profile  {PROFILE_ARN}\n" in text


def test_whoami_after_another_role_was_attached(run_awsexec, home, instance, sts):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    run_awsexec.child("p")
    instance.credentials = sts.session_of("other-role")
    answer = json.loads(run_awsexec("--whoami", "--json", "p").stdout)
    assert ":assumed-role/other-role/" in answer["arn"]
    assert answer["expires"] == iso8601(instance.credentials.expires)
    # and so does the next run
    assert keys(run_awsexec.child("p")) == of(instance.credentials)


def test_explain_says_how_long_the_instance_s_are_kept(run_awsexec, home, instance):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    run_awsexec.child("p")
    step = json.loads(run_awsexec("--explain", "--json", "p").stdout)["chain"][0]
    assert 200 < step["seconds_left"] <= 300
    age(home, 310)
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    assert facts["chain"][0]["cached_until"] is None
    assert [call["call"] for call in facts["calls"]] == ["the EC2 instance metadata"]


def test_explain_on_an_instance(run_awsexec, home, instance, sts):
    home.write_config(NAMED.format("Ec2InstanceMetadata"))
    facts = json.loads(run_awsexec("--explain", "--json", "reader").stdout)
    assert facts["chain"][0]["kind"] == "ec2"
    assert facts["instance"]["role"] == ROLE
    assert facts["instance"]["instance_profile"] == PROFILE_ARN
    assert facts["instance"]["expires"] == iso8601(instance.credentials.expires)
    assert [call["call"] for call in facts["calls"]] == [
        "the EC2 instance metadata",
        "AssumeRole",
    ]
    assert sts.calls == []
    run_awsexec.child("reader")
    text = run_awsexec("--explain", "reader").stdout
    assert f"  role              {ROLE}\n" in text
    assert f"  instance profile  {PROFILE_ARN}\n" in text
    assert "calls nothing and asks for nothing" in text


def test_explain_off_ec2(run_awsexec, home, instance, dead_port):
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{dead_port}"}
    result = run_awsexec("--explain", "p", env=env)
    assert result.status == 0
    assert "no EC2 instance metadata at" in result.stdout


# --- Containers ---------------------------------------------------------------------


def test_container_role(run_awsexec, home, sts, container):
    home.write_config(ALONE.format("EcsContainer"))
    assert keys(run_awsexec.child("p")) == of(container.credentials)
    run_awsexec.child("p")
    assert container.asked == [f"GET {PATH}"]
    assert sts.calls == []


@pytest.mark.parametrize(
    "config", [NAMED.format("EcsContainer"), AS_SOURCE + ALONE.format("EcsContainer")]
)
def test_role_of_container_role(run_awsexec, home, sts, container, config):
    home.write_config(config)
    child = run_awsexec.child("reader")
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].key_id == container.credentials.key_id
    assert not any(name.startswith("AWS_CONTAINER_") for name in child)


def test_container_token(run_awsexec, home, container):
    home.write_config(ALONE.format("EcsContainer"))
    container.authorization = "EXAMPLETOKEN"
    env = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "EXAMPLETOKEN"}
    assert keys(run_awsexec.child("p", env=env)) == of(container.credentials)
    # it is nowhere in the cache
    for path in entries(home):
        assert b"EXAMPLETOKEN" not in path.read_bytes().replace(b"SESSIONTOKEN", b"")


def test_container_token_file_wins(run_awsexec, home, container):
    """EKS Pod Identity has a file, whose token changes from time to time."""
    home.write_config(ALONE.format("EcsContainer"))
    container.authorization = "EXAMPLEPODTOKEN"
    token = home.path / "token"
    token.write_text("EXAMPLEPODTOKEN")
    env = {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale",
    }
    assert keys(run_awsexec.child("p", env=env)) == of(container.credentials)


@pytest.mark.parametrize("address", ["169.254.170.2", "169.254.170.23"])
def test_addresses_of_ecs_and_eks(run_awsexec, home, container, address):
    home.write_config(ALONE.format("EcsContainer"))
    env = redirection(home, address, container.port)
    env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = None
    if address == "169.254.170.2":
        env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = PATH
    else:
        env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://{address}{PATH}"
    assert keys(run_awsexec.child("p", env=env)) == of(container.credentials)
    assert container.requests[0].headers["host"] == address


def test_another_container_is_another_identity(run_awsexec, home, container, sts):
    home.write_config(ALONE.format("EcsContainer"))
    run_awsexec.child("p")
    with ContainerServer() as other:
        other.credentials = sts.session_of("other-role")
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": other.url + PATH}
        assert keys(run_awsexec.child("p", env=env)) == of(other.credentials)


def test_no_profile_in_a_container(run_awsexec, home, container):
    home.write_credentials("")
    child = run_awsexec.child()
    assert keys(child) == of(container.credentials)
    assert child["AWSEXEC_PROFILE"] == "container"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": ""},
            "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is set; is this an ECS or EKS container?",
        ),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"},
            "http://192.0.2.1/x: Unsupported host '192.0.2.1'.  Can only retrieve "
            "metadata from a loopback address or one of these hosts: 169.254.170.2, "
            "169.254.170.23, fd00:ec2::23, localhost",
        ),
        (
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such/file"},
            "cannot read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE /no/such/file: No such "
            "file or directory; correct the path, or unset the variable if the server "
            "wants no token",
        ),
        (
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "two\nlines"},
            "the token in AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break; write it "
            "again, on one line",
        ),
    ],
)
def test_bad_container(run_awsexec, home, container, env, message):
    home.write_config(ALONE.format("EcsContainer"))
    assert run_awsexec("p", "true", env=env).error() == (
        f"profile 'p' (container, {home.config}:2): "
        + message.replace("{url}", container.url + PATH)
    )


# --- The environment ----------------------------------------------------------------


def test_environment_alone(run_awsexec, home, sts):
    home.write_config(ALONE.format("Environment"))
    expires = iso8601(time.time() + 600)
    env = {
        **ENVIRONMENT,
        "AWS_SESSION_TOKEN": "EXAMPLETOKEN",
        "AWS_CREDENTIAL_EXPIRATION": expires,
    }
    assert keys(run_awsexec.child("p", env=env)) == [
        KEY_ID,
        SECRET,
        "EXAMPLETOKEN",
        expires,
    ]
    # they are at hand, so nothing of them is kept
    assert not home.cache.exists() or entries(home) == {}


def test_no_profile_and_keys_in_the_environment(run_awsexec, home, sts):
    home.write_credentials("")
    child = run_awsexec.child(env=ENVIRONMENT)
    assert keys(child) == [KEY_ID, SECRET, None, None]


def test_role_of_other_keys_is_another_session(run_awsexec, home, sts):
    home.write_config(NAMED.format("Environment"))
    other = sts.session_of("other-role")
    run_awsexec.child("reader", env=ENVIRONMENT)
    env = {
        "AWS_ACCESS_KEY_ID": other.key_id,
        "AWS_SECRET_ACCESS_KEY": other.secret,
        "AWS_SESSION_TOKEN": other.token,
    }
    run_awsexec.child("reader", env=env)
    assert [call.key_id for call in sts.calls] == [KEY_ID, other.key_id]


def test_one_code_for_the_roles_of_keys_in_the_environment(run_awsexec, home, sts):
    """A user's keys are the same wherever they are. A session's take the code alone."""
    for name in ("reader", "writer"):
        sts.add_role(name, mfa=True)
    mfa = f"mfa_serial = {SERIAL}\n"
    home.write_config(
        NAMED.format("Environment"),
        mfa,
        f"[profile writer]\nrole_arn = {WRITER}\ncredential_source = Environment\n{mfa}",
        f"[profile filed]\nrole_arn = {WRITER}\nsource_profile = alice\n{mfa}",
        f"[profile p]\ncredential_source = Environment\n{mfa}",
    )
    words = ("--mfa-token", CODES[0])
    run_awsexec.child("reader", *words, env=ENVIRONMENT)
    run_awsexec.child("writer", "--no-prompt", env=ENVIRONMENT)
    run_awsexec.child("filed", "--no-prompt")
    assert run_awsexec.child("p", "--no-prompt", env=ENVIRONMENT)["AWS_SESSION_TOKEN"]
    roles = [call.parameters.get("RoleArn") for call in sts.calls]
    assert roles == [None, READER, WRITER]
    assert sts.operations[0] == "GetSessionToken"
    run_awsexec("--forget", "--all")
    session = {"AWS_SESSION_TOKEN": "EXAMPLETOKEN", **ENVIRONMENT}
    text = run_awsexec("--explain", "reader", env=session).stdout
    assert f"  calls AssumeRole, and asks for an MFA code of {SERIAL}\n" in text
    text = run_awsexec("--explain", "reader", env=ENVIRONMENT).stdout
    assert f"  calls GetSessionToken, and asks for an MFA code of {SERIAL}\n" in text


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"AWS_SECRET_ACCESS_KEY": SECRET},
            "AWS_ACCESS_KEY_ID is not set; export it, or remove the setting",
        ),
        (
            {"AWS_ACCESS_KEY_ID": KEY_ID},
            "AWS_SECRET_ACCESS_KEY is not set; export it, or remove the setting",
        ),
        (
            {**ENVIRONMENT, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
            "these credentials expired at 2020-01-01T00:00:00Z; renew them",
        ),
        (
            {**ENVIRONMENT, "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00"},
            "AWS_CREDENTIAL_EXPIRATION=2099-01-01T00:00:00 is not a time in ISO 8601 with "
            "a time zone; correct or unset it",
        ),
        (
            {**ENVIRONMENT, "AWS_CREDENTIAL_EXPIRATION": "soon"},
            "AWS_CREDENTIAL_EXPIRATION=soon is not a time in ISO 8601 with a time zone; "
            "correct or unset it",
        ),
    ],
)
def test_bad_environment(run_awsexec, home, env, message):
    home.write_config(ALONE.format("Environment"))
    assert run_awsexec("p", "true", env=env).error() == (
        f"profile 'p' (environment, {home.config}:2): {message}"
    )


# --- Web identity -------------------------------------------------------------------


@pytest.fixture
def web_identity(home, sts):
    token = home.path / "token"
    token.write_text("EXAMPLEWEBTOKEN")
    sts.trust("EXAMPLEWEBTOKEN", "reader")
    return token


def test_web_identity(run_awsexec, home, sts, web_identity):
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = {web_identity}\n"
        "role_session_name = here\n"
    )
    child = run_awsexec.child("p")
    run_awsexec.child("p")
    (call,) = sts.calls
    assert call.operation == "AssumeRoleWithWebIdentity"
    assert call.parameters == {
        "RoleArn": READER,
        "RoleSessionName": "here",
        "WebIdentityToken": "EXAMPLEWEBTOKEN",
    }
    assert (call.key_id, call.token) == ("", None)
    assert child["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert is_fast(run_awsexec, "p", "true") == fast_path_is_on(run_awsexec)


@pytest.mark.parametrize("place", ["profile", "environment"])
def test_web_identity_in_the_home_directory(
    run_awsexec, home, sts, web_identity, place
):
    env = {"AWS_WEB_IDENTITY_TOKEN_FILE": "~/token", "AWS_ROLE_ARN": READER}
    if place == "profile":
        home.write_config(
            f"[profile default]\nrole_arn = {READER}\n"
            "web_identity_token_file = ~/token\n"
        )
        env = {"AWS_PROFILE": "default"}
    else:
        home.write_credentials("")
    run_awsexec.child(env=env)
    assert sts.calls[0].parameters["WebIdentityToken"] == "EXAMPLEWEBTOKEN"


def test_role_of_web_identity(run_awsexec, home, sts, web_identity):
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = {web_identity}\n",
        AS_SOURCE.replace("reader", "writer"),
    )
    run_awsexec.child("writer")
    assert sts.operations == ["AssumeRoleWithWebIdentity reader", "AssumeRole writer"]


def test_web_identity_from_the_environment(run_awsexec, home, sts, web_identity):
    home.write_credentials("")
    env = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(web_identity),
        "AWS_ROLE_ARN": READER,
        "AWS_ROLE_SESSION_NAME": "pod",
    }
    child = run_awsexec.child(env=env)
    assert sts.calls[0].parameters["RoleSessionName"] == "pod"
    assert not env.keys() & child.keys()
    run_awsexec.child(env={**env, "AWS_ROLE_SESSION_NAME": "other"})
    assert len(sts.calls) == 2


def test_bad_web_identity(run_awsexec, home, sts, web_identity):
    label = f"profile 'p' (web identity, {home.config}:2)"
    home.write_config(f"[profile p]\nweb_identity_token_file = {web_identity}\n")
    assert run_awsexec("p", "true").error() == (
        f"{home.config}:2: a web identity token without a role to assume; add "
        "role_arn"
    )
    home.write_config(
        f"[profile p]\nweb_identity_token_file = {web_identity}\nrole_arn = {READER}\n"
    )
    web_identity.write_text("another")
    assert run_awsexec("p", "true").error() == (
        f"{label}: AWS refused {READER} for the token in {web_identity}: No "
        "OpenIDConnect provider found in your account (InvalidIdentityToken); check "
        "whether the token has expired, and the role's trust policy"
    )
    os.unlink(web_identity)
    assert run_awsexec("p", "true").error() == (
        f"{label}: cannot read the token in {web_identity}: No such file or directory; "
        "get a token from its issuer, or correct the path"
    )
