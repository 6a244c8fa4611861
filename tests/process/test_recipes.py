"""The recipes for other programs in docs/integrations.md, run as they are written."""

import base64
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import block, blocks, read
from tests.servers.engine import Engine
from tests.support import ALICE, AWSEXEC, CODES, age

INI = next(
    one.text
    for one in blocks("docs/integrations.md")
    if "[profile deploy-role]" in one.text
)
# the table of export formats, with the line for each
LINES = dict(
    re.findall(
        r"^\| `(\w+)` \| .*? \| `(.*)` \|$",
        read("docs/integrations.md").replace("\\|", "|"),
        re.M,
    )
)
DOCKER = shutil.which("docker")


@pytest.fixture(autouse=True)
def _config(run_awsexec, home, sts):
    """The config of the page; its awsexec is the installed one."""
    home.write_config(INI)
    home.write_credentials(ALICE)
    sts.add_role("deploy", mfa=True)
    run_awsexec.environ["PATH"] = ":".join(
        [str(Path(AWSEXEC).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    )


@pytest.fixture
def signed_in(run_awsexec):
    """The credentials, after the code has been given beforehand."""
    env = {"AWSEXEC_MFA_TOKEN": CODES[0]}
    assert run_awsexec("deploy-role", "--", "true", env=env).status == 0
    return json.loads(run_awsexec("--export", "json", "deploy-role").stdout)


def shell(run_awsexec, line, *, program="bash", env=None):
    return subprocess.run(
        [program, "-c", line],
        env=run_awsexec.environment(env),
        cwd=run_awsexec.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )


def test_the_plain_profile(run_awsexec, signed_in, home, sts):
    code = 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'
    for _ in range(2):
        finished = subprocess.run(
            [sys.executable, "-c", code],
            env=run_awsexec.environment({"AWS_PROFILE": "deploy"}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ":assumed-role/deploy/" in finished.stdout, finished
        # another session of the role, and the same code
        age(home, 50 * 60)
    assert sts.operations.count("GetSessionToken") == 1
    assert sts.operations.count("AssumeRole deploy") == 2


@pytest.mark.skipif(DOCKER is None, reason="there is no docker client")
@pytest.mark.parametrize(
    "line",
    [
        block("docs/integrations.md", "docker run --rm -e"),
        block("docs/integrations.md", "docker run --rm --env-file"),
    ],
    ids=["by name", "from a file"],
)
def test_docker(line, run_awsexec, signed_in):
    with Engine() as engine:
        host = {"DOCKER_HOST": f"tcp://127.0.0.1:{engine.port}"}
        finished = shell(run_awsexec, line, env=host)
    assert "no containers here" in finished.stderr, finished
    (environment,) = engine.environments
    got = dict(item.split("=", 1) for item in environment)
    assert len(got) >= 4 and got.items() <= signed_in.items()


@pytest.mark.skipif(DOCKER is None, reason="there is no docker client")
def test_docker_takes_what_fits(run_awsexec, home, signed_in):
    name = 'it\'s "a=b" \\x %y% é 日本'
    home.write_config(INI.replace("profile deploy-role", f'profile "{name}"'))
    with Engine() as engine:
        line = 'docker run --env-file <(awsexec --export dotenv "$NAME") x'
        host = f"tcp://127.0.0.1:{engine.port}"
        finished = shell(run_awsexec, line, env={"DOCKER_HOST": host, "NAME": name})
    assert "no containers here" in finished.stderr, finished
    assert f"AWSEXEC_PROFILE={name}" in engine.environments[0]


@pytest.mark.parametrize(
    ("form", "program"), [("sh", "bash"), ("sh", "zsh"), ("sh", "sh"), ("fish", "fish")]
)
def test_lines_for_shells(form, program, run_awsexec, signed_in):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    line = LINES[form]
    away = line.replace("deploy-role", "--unset")
    finished = shell(
        run_awsexec,
        f"{line}\nenv -0; printf '%s\\n' AFTER\n{away}\nenv -0",
        program=program,
        env={"AWS_PROFILE": "other"},
    )
    assert finished.stderr == ""
    before, after = (
        dict(item.split("=", 1) for item in part.split("\0") if "=" in item)
        for part in finished.stdout.split("AFTER\n")
    )
    assert signed_in.items() <= before.items()
    assert "AWS_PROFILE" not in before
    assert not [name for name in signed_in if name in after]
    if program == "bash":
        assert away + "\n" == block("docs/integrations.md", "--unset")


AWS = Path(sys.executable).parent.parent / "awscli" / "bin" / "aws"
# what it is to sign for, in the words of the URL that a token is
SIGNED = "Action=GetCallerIdentity"


@pytest.mark.skipif(not AWS.exists(), reason="make test installs the AWS CLI")
def test_kubectl(run_awsexec, signed_in):
    """What kubectl runs, as it does (KEP 541); its answer is a token of the role's."""
    config = block("docs/integrations.md", "client.authentication.k8s.io")
    command = re.search(r"command: (\S+)", config)[1]
    words = re.search(r"args: \[(.*)\]", config)[1].split(", ")
    env = {"PATH": f"{run_awsexec.environ['PATH']}:{AWS.parent}"}
    env["KUBERNETES_EXEC_INFO"] = json.dumps(
        {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1"}
    )
    finished = shell(run_awsexec, shlex.join([command, *words]), env=env)
    token = json.loads(finished.stdout)["status"]["token"].removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert SIGNED in url and signed_in["AWS_ACCESS_KEY_ID"] in url


def test_xargs_and_make(run_awsexec, home, sts):
    """Many at once, with nothing in the cache: one call."""
    sts.add_role("deploy")
    home.write_config(re.sub("mfa_serial.*", "", INI))
    (run_awsexec.folder / "Makefile").write_text(
        "all: a b c\na b c:\n\t@echo $$AWS_ACCESS_KEY_ID\n"
    )
    make, xargs = block("docs/integrations.md", "xargs").splitlines()
    aws = home.script("aws", '#!/bin/sh\necho $AWS_ACCESS_KEY_ID "$@"\n')
    for name in "abcdefgh":
        (run_awsexec.folder / f"{name} x.csv").touch()
    path = f"{run_awsexec.environ['PATH']}:{Path(aws).parent}"
    finished = shell(run_awsexec, xargs, env={"PATH": path})
    assert finished.stderr == ""
    assert sorted(finished.stdout.splitlines()) == [
        f"ASIAEXAMPLE000000001 s3 cp {name} x.csv s3://amzn-s3-demo-bucket/"
        for name in "abcdefgh"
    ]
    finished = shell(run_awsexec, make)
    assert finished.stdout.splitlines() == ["ASIAEXAMPLE000000001"] * 3
    assert sts.operations == ["AssumeRole deploy"]


# Terraform as far as its credentials go: with the `profile` of its provider, or without
TERRAFORM = """\
#!{python}
import boto3
session = boto3.Session(profile_name={profile!r})
print(session.client("sts").get_caller_identity()["Arn"])
"""


@pytest.mark.parametrize("names_profile", [True, False], ids=["profile", "no profile"])
@pytest.mark.parametrize(
    "line",
    [
        block("docs/integrations.md", "--serve deploy-role -- terraform"),
        block("docs/integrations.md", "--min-ttl 45m"),
        # the provider's profile asks awsexec, whatever the environment has
        "awsexec alice -- terraform apply",
    ],
)
def test_terraform(line, names_profile, run_awsexec, signed_in, home):
    """With a `[default]` that must not get in the way."""
    provider = block("docs/integrations.md", 'provider "aws"')
    profile = re.search(r'profile = "(.*)"', provider)[1]
    if not names_profile:
        profile = None
    home.write_credentials(ALICE, ALICE.replace("alice", "default"))
    script = TERRAFORM.format(python=sys.executable, profile=profile)
    terraform = Path(home.script("terraform", script))
    path = f"{terraform.parent}:{run_awsexec.environ['PATH']}"
    finished = shell(run_awsexec, line, env={"PATH": path, "AWS_REGION": "eu-west-1"})
    expected = "user/alice" if (" alice " in line and not profile) else "deploy/"
    assert expected in finished.stdout, finished


def test_every_format_has_its_line():
    from awsexec.export_formats import EXPORT_FORMATS

    assert sorted(LINES) == sorted(EXPORT_FORMATS)
    for form, line in LINES.items():
        assert f"awsexec --export {form} deploy-role" in line
    assert LINES["process"] in INI
