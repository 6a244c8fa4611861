"""Machines and services that several tests get their first credentials from."""

import pytest

from tests.servers.container import PATH, ContainerServer
from tests.servers.metadata import ROLE, MetadataServer
from tests.servers.sign_in import SignInServer
from tests.sources import IDENTITY
from tests.support import READER

LOGIN = f"""\
[profile p]
login_session = {IDENTITY}
[profile r]
role_arn = {READER}
source_profile = p
"""


@pytest.fixture
def instance(run_awsexec, sts):
    """The metadata of an EC2 instance that awsexec runs on."""
    with MetadataServer() as server:
        server.credentials = sts.session_of(ROLE, 21_600)
        run_awsexec.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url
        del run_awsexec.environ["AWS_EC2_METADATA_DISABLED"]
        yield server


@pytest.fixture
def container(run_awsexec, sts):
    """The metadata of a container that awsexec runs in."""
    with ContainerServer() as server:
        server.credentials = sts.session_of("task-role", 21_600)
        run_awsexec.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url + PATH
        yield server


@pytest.fixture
def tool(home):
    """Make the profile's process one that runs these lines of shell."""

    def write(lines, arguments=""):
        path = home.script("tool", f"#!/bin/sh\necho run >>{home.path}/runs\n{lines}\n")
        home.write_config(
            f"[profile p]\ncredential_process = {path} {arguments}\n"
            f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n"
        )

    return write


@pytest.fixture
def sign_in(run_awsexec, home, sts):
    pytest.importorskip("awscrt")
    home.write_config(LOGIN)
    with SignInServer() as server:
        server.credentials = sts.session_of("console", 900)
        run_awsexec.environ["AWS_ENDPOINT_URL_SIGNIN"] = server.url
        yield server
