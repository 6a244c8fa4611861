"""What other machines say, and files that a script reads: visible, short, and no HTML."""

import html
import re

import pytest

from awsexec.text import REMOTE_LONGEST
from tests.hostile import HOSTILE, OF_XML, is_harmless
from tests.servers.container import PATH
from tests.servers.metadata import ROLE
from tests.sources import (
    ALONE,
    PAGE,
    SESSION,
    instead,
    refreshable,
    write_login,
    write_token,
)
from tests.support import READER, READER_CONFIG

LONG = f"begin {'x' * 100_000} end"
# (what is said, what a message has of it)
SAID = [
    (f"m{HOSTILE}", r"ma\x1b]0;forged\x07b\x9b31mc\x7fd\u202ee"),
    (LONG, f"begin {'x' * (REMOTE_LONGEST - 7)}…"),
    (PAGE, "a web page"),
]


def check(result, part):
    """That `result` is one harmless line, with `part` of what was said, and short."""
    error = result.error()
    assert is_harmless(error) and part in error
    assert len(error) < 1000 and "<html" not in error.lower()


@pytest.mark.parametrize(("said", "part"), SAID, ids=["hostile", "long", "html"])
def test_json_services(run_awsexec, home, portal, sts, sign_in, said, part):
    env = {"AWS_MAX_ATTEMPTS": "1"}
    home.write_config(SESSION)
    write_token(home)
    body = {"__type": "ForbiddenException", "message": said}
    instead(portal, "/federation/credentials", body, 403)
    check(run_awsexec("p", "true", env=env), part)
    write_token(home, life=-60, **refreshable(portal))
    instead(portal, "/token", {**body, "__type": "SlowDownException"}, 400)
    check(run_awsexec("p", "true", env=env), part)
    write_login(home, sign_in, sts.session_of("console", -60))
    instead(sign_in, "/v1/token", {**body, "error": said}, 400)
    check(run_awsexec("p", "true", env=env), "")


@pytest.mark.parametrize(
    ("said", "part"), [(OF_XML, r"a\x9b31mb\u202ec\u2066d"), *SAID[1:]]
)
def test_sts(run_awsexec, home, sts, said, part):
    home.write_config(READER_CONFIG)
    sts.fail("AccessDenied", said, 403)
    check(run_awsexec("reader", "true"), part)
    # the server escapes the message, and not the code
    sts.fail(html.escape(said), "no", 403)
    check(run_awsexec("reader", "true"), part)
    sts.fail("Unknown", said, 400)
    check(run_awsexec("--whoami", "alice"), part)


def test_container(run_awsexec, home, container):
    home.write_config(ALONE.format("EcsContainer"))
    for said, part in SAID:
        instead(container, PATH, said, 403)
        check(run_awsexec("p", "true"), part if part == "a web page" else "")


def test_whoami_and_the_instance(run_awsexec, home, sts, instance):
    sts.answer(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{OF_XML}</Arn><UserId>{OF_XML}</UserId><Account>{OF_XML}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>",
    )
    shown = run_awsexec("--whoami", "alice").stdout
    assert is_harmless(shown) and shown.count(r"\u202ec\u2066d") == 3
    home.write_config(ALONE.format("Ec2InstanceMetadata"))
    instead(
        instance,
        "/latest/meta-data/iam/info",
        {"InstanceProfileArn": HOSTILE, "role": ROLE},
    )
    shown = run_awsexec("--explain", "p").stdout
    assert is_harmless(shown) and r"instance profile  a\x1b]0;forged" in shown


def test_what_completion_scripts_read(run_awsexec, home):
    home.write_config(
        f"[profile x]\nregion = {HOSTILE}\n  forged-profile\nrole_arn = {READER}\n"
        f"[profile {HOSTILE}]\nregion = x\n"
    )
    shown = run_awsexec("--profiles").stdout
    assert is_harmless(shown.replace("\t", ""))
    assert [line.partition("\t")[0] for line in shown.splitlines()] == ["x", "alice"]


@pytest.mark.parametrize(
    "words",
    [("--explain", "p"), ("--explain", "--json", "p"), ("--debug", "p", "true")],
)
@pytest.mark.parametrize(
    "setting",
    [
        "endpoint_url = http://me:hush-hush@127.0.0.1:9",
        "endpoint_url = http://me:hush/hush-hush@127.0.0.1:9",
        "endpoint_url = http://me:hush hush-hush@127.0.0.1:9",
        "ca_bundle = https://me:hush-hush@127.0.0.1/ca",
    ],
)
def test_passwords_of_urls(run_awsexec, home, words, setting):
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nsource_profile = alice\n{setting}\n"
    )
    env = {"AWS_MAX_ATTEMPTS": "1", "AWS_ENDPOINT_URL_STS": None}
    result = run_awsexec(*words, env=env)
    shown = result.stdout + result.stderr
    assert "hush" not in shown
    assert re.search(r"https?://\*{6}@127", shown)
