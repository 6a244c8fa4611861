"""--doctor: whole runs."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.servers.proxy import Proxy
from tests.sources import SESSION, write_token
from tests.support import AWSEXEC, READER_CONFIG, SECRETS


def test_all_is_well(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    result = run_awsexec("--doctor")
    assert (result.status, result.stderr) == (0, "")
    assert "✗" not in result.stdout
    assert f"✓ endpoint: {sts.url} answers\n" in result.stdout
    assert "✓ clock: agrees with AWS's\n" in result.stdout
    # nothing is signed, and nothing is written
    assert not any(call.operation for call in sts.calls)
    assert not home.cache.exists()


def test_something_is_wrong(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "[profile bad]\nsource_profile = nosuch\n")
    result = run_awsexec("--doctor")
    assert (result.status, result.stderr) == (123, "")
    assert "✗ profile bad: " in result.stdout
    rows = run_awsexec("--doctor", "--json")
    assert rows.status == 123
    wrong = [row for row in json.loads(rows.stdout) if row["status"] == "wrong"]
    assert [row["about"] for row in wrong] == ["profile bad"]
    assert run_awsexec("--doctor", "reader").status == 0
    assert run_awsexec("--doctor", "nosuch").status == 123
    for secret in SECRETS:
        assert secret not in result.stdout + rows.stdout


def test_settings_for_others_are_no_fault(run_awsexec, home, sts):
    """Profiles without credentials, and sections of the AWS CLI's own."""
    home.write_config(
        "[default]\noutput = json\n[profile base]\nregion = eu-west-1\n[plugins]\nx = y\n",
        READER_CONFIG,
        "include_profile = base\n",
    )
    result = run_awsexec("--doctor", env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert result.status == 0
    assert "- profile base: it has no credentials, only settings" in result.stdout
    assert "- profile default: it has no credentials; a run" in result.stdout
    assert "plugins" not in result.stdout
    # where it is named, it is to work
    assert run_awsexec("--doctor", "base").status == 123


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_a_device_is_nobodys_fault(run_awsexec, home, sts, name):
    """Everybody may write to /dev/null, which stands for no file."""
    assert "chmod" not in run_awsexec("--doctor", env={name: "/dev/null"}).stdout


def test_clock(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.clock_offset = -3600
    result = run_awsexec("--doctor", "reader")
    assert result.status == 123
    # the answer's time is in whole seconds
    assert re.search(r"✗ clock: 3(59|60)\d seconds ahead of AWS's", result.stdout)


def test_endpoint_that_refuses(run_awsexec, home, dead_port):
    home.write_config(READER_CONFIG)
    env = {"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{dead_port}"}
    result = run_awsexec("--doctor", env=env)
    assert result.status == 123
    assert "✗ endpoint: " in result.stdout
    assert "- clock: not compared" in result.stdout


def test_certificate_that_is_not_trusted(run_awsexec, home, tls_sts):
    home.write_config(READER_CONFIG)
    env = {"AWS_ENDPOINT_URL_STS": tls_sts.url}
    result = run_awsexec("--doctor", env=env)
    assert result.status == 123
    assert "✗ endpoint: " in result.stdout


def test_the_users_proxy_and_certificates(run_awsexec, home, certificate, tls_sts):
    """The endpoint by its real name, through a proxy that is there and one that is not."""
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    with Proxy(int(tls_sts.url.rpartition(":")[2])) as proxy:
        env = {"AWS_ENDPOINT_URL_STS": None, "AWS_CA_BUNDLE": str(certificate[1])}
        env |= {"HTTPS_PROXY": proxy.url, "NO_PROXY": None}
        result = run_awsexec("--doctor", "reader", env=env)
        assert result.status == 0, result
        assert (
            "✓ endpoint: https://sts.eu-west-1.amazonaws.com answers" in result.stdout
        )
        assert proxy.targets == ["sts.eu-west-1.amazonaws.com:443"]
    result = run_awsexec("--doctor", "reader", env=env)
    # with a proxy that does not answer, this is no machine without a network
    assert result.status == 123
    assert "✗ endpoint: cannot reach AWS STS" in result.stdout
    assert f"through the proxy {proxy.url}" in result.stdout


def test_identity_center(run_awsexec, home, portal, sts, dead_port):
    home.write_config(SESSION)
    said = f"✓ endpoint: {portal.url} answers\n"
    result = run_awsexec("--doctor")
    assert result.status == 0 and result.stdout.count(said) == 1, result
    assert "! sign-in corp: you are not signed in" in result.stdout
    write_token(home)
    assert "✓ sign-in corp: until " in run_awsexec("--doctor").stdout
    dead = {"AWS_ENDPOINT_URL_SSO": f"http://127.0.0.1:{dead_port}"}
    (line,) = [
        line
        for line in run_awsexec("--doctor", env=dead).stdout.splitlines()
        if "✗ endpoint" in line
    ]
    assert "the host comes from AWS_ENDPOINT_URL_SSO:" in line
    # it is a look: nobody signs in or out, and no token is sent
    assert not [each for each in portal.asked if "POST" in each or "roles" in each]


def test_role_by_name_without_a_list_of_accounts(run_awsexec, home, portal, sts):
    home.write_config(SESSION)
    result = run_awsexec("--doctor", "corp/Production/reader")
    assert (
        result.status == 123 and "✗ profile corp/Production/reader: " in result.stdout
    )


def test_profile_of_another_account(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "expected_account = 111122223333\n")
    result = run_awsexec("--doctor")
    assert result.status == 123
    assert "✗ profile reader: " in result.stdout
    assert "of account 123456789012" in result.stdout


@pytest.mark.parametrize("text", [b"\xff\xfe[\0", b"no section\n"])
def test_file_that_cannot_be_read(run_awsexec, home, sts, text):
    home.config.write_bytes(text)
    result = run_awsexec("--doctor")
    assert result.status == 123
    assert "✗ files: " in result.stdout and "✓ Python: " in result.stdout


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", 'eval "$(awsexec --init bash)"'),
        ("zsh", 'eval "$(awsexec --init zsh)"'),
        ("fish", "awsexec --init fish | source"),
    ],
)
def test_shell_that_read_the_line(run_awsexec, home, sts, shell, line):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    home.write_config(READER_CONFIG)
    folder = os.path.dirname(AWSEXEC)
    env = run_awsexec.environment()
    env["PATH"] = f"{folder}:{env['PATH']}"

    def said(script, run="awsexec --doctor reader\ntrue"):
        # the last command would replace the shell
        finished = subprocess.run(
            [program, "-c", f"{script}\n{run}"],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        (found,) = [row for row in finished.stdout.splitlines() if " shell: " in row]
        return found[0]

    assert said("") == "!"
    assert said(line) == "✓"
    if shell != "fish":
        # a shell of its own, which is a copy of the one that read the line
        assert said(line, 'x=$(awsexec --doctor reader; true)\necho "$x"') == "✓"
        assert said(line, "( awsexec --doctor reader; true )\ntrue") == "✓"
    bare = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}[shell]
    again = f"{program} {bare} -c 'awsexec --doctor reader; true'"
    assert said(line, f"{again}\ntrue") == "!"
    # it might have read the line again
    assert said(line, f"exec {again}") == "-"
    # a shell in that shell has not read it
    env["AWSEXEC_INIT"] = "1"
    assert said("") == "!"
