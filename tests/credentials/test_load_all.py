"""Credentials from memory: an upgrade deletes awsexec while --serve runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.sign_in import SignInServer
from tests.serving import PYTHON, link_modules
from tests.sources import (
    IDENTITY,
    SESSION,
    printed,
    refreshable,
    write_login,
    write_token,
)
from tests.support import READER, READER_CONFIG, SERIAL

# loads all for the profile, lets the folder of modules be deleted, and gets credentials
GETS = """
import os, sys
folder, profile = sys.argv[1:]
sys.path.insert(0, folder)
from awsexec.credentials.get import load_all, resolver_for
from awsexec.credentials.resolver import Demand
from awsexec.options.arguments import parse
from awsexec.plan.plan import make_plan
from awsexec.report import Report
plan = load_all(make_plan(parse([profile, "true"]), os.environ))
for name in os.listdir(folder):
    os.unlink(f"{folder}/{name}")
assert not any(os.path.exists(place) for place in sys.path if "packages" in place)
resolver = resolver_for(plan, os.environ, None, Report(sys.stderr))
print(resolver.credentials(Demand(refresh=True)).key_id)
"""


@pytest.fixture
def gets(run_awsexec, tmp_path):
    """Gets credentials of a profile so; `bundle` has the certificates of botocore."""

    def get(profile, bundle=None):
        folder = tmp_path / "modules"
        link_modules(folder)
        if bundle is not None:
            (folder / "certifi").unlink(missing_ok=True)
            (tmp_path / "certifi").mkdir()
            (tmp_path / "certifi" / "__init__.py").write_text(
                "import os\ndef where(): return os.path.dirname(__file__) + '/x.pem'\n"
            )
            (tmp_path / "certifi" / "x.pem").write_bytes(Path(bundle).read_bytes())
            (folder / "certifi").symlink_to(tmp_path / "certifi")
        finished = subprocess.run(
            [*PYTHON, GETS, folder, profile],
            env=run_awsexec.environment(),
            capture_output=True,
            text=True,
        )
        assert not list(folder.iterdir())
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout.rstrip()

    return get


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the certificates")
def test_certificates(gets, aws, home, run_awsexec, certificate):
    """No setting names certificates, so that those of botocore count."""
    home.write_config(READER_CONFIG)
    del run_awsexec.environ["AWS_CA_BUNDLE"]
    assert gets("reader", certificate[1]) == "ASIAEXAMPLE000000001"


def test_mfa_process(gets, home, sts):
    home.write_config(
        READER_CONFIG, f"mfa_serial = {SERIAL}\nmfa_process = echo 111111\n"
    )
    assert gets("reader").startswith("ASIAEXAMPLE")


def test_process(gets, home, sts):
    script = home.script(
        "tool", f"#!/bin/sh\necho '{printed(sts.session_of('reader'))}'\n"
    )
    home.write_config(f"[profile p]\ncredential_process = {script}\n")
    assert gets("p").startswith("ASIAEXAMPLE")


def test_web_identity(gets, home, sts):
    sts.trust("EXAMPLETOKEN", "reader")
    (home.path / "token").write_text("EXAMPLETOKEN")
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = {home.path}/token\n"
    )
    assert gets("p").startswith("ASIAEXAMPLE")


def test_sso(gets, home, portal):
    home.write_config(SESSION)
    write_token(home, life=60, **refreshable(portal))
    assert gets("p").startswith("ASIAEXAMPLE")


def test_login(gets, home, sts, run_awsexec):
    pytest.importorskip("awscrt")
    home.write_config(f"[profile p]\nlogin_session = {IDENTITY}\n")
    with SignInServer() as server:
        server.credentials = sts.session_of("console", 900)
        run_awsexec.environ["AWS_ENDPOINT_URL_SIGNIN"] = server.url
        write_login(home, server, sts.session_of("console", 60))
        assert gets("p") == server.credentials.key_id
