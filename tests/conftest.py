"""The tests' world: a home of their own, an AWS of their own, and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fork_server import ForkServer
from tests.servers import secret_service, tls
from tests.servers.iam import IamServer
from tests.servers.identity_center import IdentityCenter
from tests.servers.proxy import Proxy
from tests.servers.sts import StsServer
from tests.support import ALICE, AWSEXEC, CODES, KEY_ID, SECRET, Awsexec, Home

REAL_HOME = Path.home()
# what awsexec may touch of a home
GUARDED = tuple(
    str(REAL_HOME / name) for name in (".aws", ".cache/awsexec", "Library/Caches")
)
# the values of a test's `run_awsexec` that is run both ways
FAST, SLOW = "fast path", "no fast path"
LOOPBACK = ("127.", "localhost", "::1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-fastpath",
        action="store_true",
        help="run awsexec with its fast path switched off",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_ways"):
        metafunc.parametrize("run_awsexec", [FAST, SLOW], indirect=True)


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what would leave this machine, or reach into the real home directory."""
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = address[0] if isinstance(address, tuple) else address
        # a str that is no host is the path of a Unix socket
        if isinstance(host, str) and "/" not in host:
            if not host.startswith(LOOPBACK):
                raise RuntimeError(f"a test went for {host}")
    elif event in ("open", "os.listdir", "os.mkdir", "os.remove", "os.rename"):
        path = arguments[0]
        if isinstance(path, str) and path.startswith(GUARDED):
            raise RuntimeError(f"a test went for {path}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "both_ways: run with the fast path and without: the answers agree"
    )
    config.addinivalue_line(
        "markers", "uncounted: takes long, and without coverage less so"
    )
    config.addinivalue_line(
        "markers", "true_start: run awsexec by its script, never in a fork of a server"
    )
    # nohup ignores it, and what the tests start would ignore it too
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # for as long as the process lives: an audit hook cannot be taken away again
    sys.addaudithook(_guard)


def _is_aws(name: str) -> bool:
    return name.startswith(("AWS_", "AWSEXEC_", "BOTO")) or name.lower().endswith(
        "_proxy"
    )


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take the user's home, identity and AWS settings out of the environment of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if _is_aws(name) or name.startswith("XDG_"):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("nobody")))
        yield


@pytest.fixture(scope="session")
def dead_port() -> Iterator[int]:
    """A port of loopback that refuses connections for as long as the tests run."""
    with socket.socket() as bound:
        # bound but not listening, so that nobody else gets it
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose credentials file has the keys of alice."""
    home = Home(tmp_path / "home")
    home.write_credentials(ALICE)
    return home


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """What most runs of awsexec are forks of."""
    server = ForkServer(AWSEXEC)
    yield server
    server.close()


@pytest.fixture
def run_awsexec(
    home: Home,
    tmp_path: Path,
    dead_port: int,
    fork_server: ForkServer,
    request: pytest.FixtureRequest,
) -> Awsexec:
    """Runs awsexec in `home`; whatever is not on loopback is out of its reach."""
    nowhere = f"http://127.0.0.1:{dead_port}"
    environ = {
        # the measurement of the child processes goes on
        **{k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")},
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(home.path),
        "TMPDIR": str(tmp_path),
        "AWSEXEC_CACHE_DIR": str(home.cache),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
    }
    if getattr(request, "param", FAST) == SLOW or request.config.getoption(
        "no_fastpath"
    ):
        environ["AWSEXEC_FASTPATH"] = "0"
    if request.node.get_closest_marker("true_start"):
        return Awsexec(environ, tmp_path)
    return Awsexec(environ, tmp_path, fork_server)


def _populate(server: StsServer) -> None:
    server.add_user("alice", KEY_ID, SECRET, CODES)
    for name in ("reader", "writer", "admin"):
        server.add_role(name)


@pytest.fixture
def sts(run_awsexec: Awsexec) -> Iterator[StsServer]:
    """An STS that knows alice, and is where awsexec's calls go."""
    with StsServer() as server:
        _populate(server)
        run_awsexec.environ["AWS_ENDPOINT_URL_STS"] = server.url
        yield server


@pytest.fixture
def iam(run_awsexec: Awsexec) -> Iterator[IamServer]:
    """An STS with IAM that knows alice, and is where awsexec's calls go."""
    with IamServer() as server:
        _populate(server)
        for name in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"):
            run_awsexec.environ[name] = server.url
        yield server


@pytest.fixture(scope="session")
def _daemon() -> Iterator[secret_service.SecretService]:
    daemon = secret_service.running()
    yield daemon
    daemon.stop()


@pytest.fixture
def keyring(
    run_awsexec: Awsexec, _daemon: secret_service.SecretService
) -> secret_service.SecretService:
    """An unlocked keyring with nothing in it, which awsexec finds."""
    run_awsexec.environ.update(_daemon.environ)
    _daemon.clear()
    return _daemon


@pytest.fixture
def portal(run_awsexec: Awsexec, sts: StsServer) -> Iterator[IdentityCenter]:
    """An IAM Identity Center that gives the role of reader."""
    with IdentityCenter() as server:
        server.tokens.add("EXAMPLEACCESSTOKEN0")
        server.roles["123456789012", "reader"] = sts.session_of("reader")
        for name in ("AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"):
            run_awsexec.environ[name] = server.url
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory):
    """A TLS context for AWS's names, and the bundle that makes it trusted."""
    regions = ("us-east-1", "eu-west-1", "eu-west-2", "ap-south-1", "us-gov-west-1")
    names = [f"sts.{region}.amazonaws.com" for region in regions]
    names += [
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.amazonaws.com",
        "sts-fips.us-east-1.amazonaws.com",
        "sts.eu-west-1.api.aws",
        "sts-fips.us-east-1.api.aws",
        "signin.aws.amazon.com",
        "signin.amazonaws.cn",
        "signin.amazonaws-us-gov.com",
    ]
    return tls.make(tmp_path_factory.mktemp("tls"), names)


@pytest.fixture
def tls_sts(certificate) -> Iterator[StsServer]:
    """The same over TLS; nothing points to it yet."""
    with StsServer(certificate[0]) as server:
        _populate(server)
        yield server


@pytest.fixture
def aws(
    run_awsexec: Awsexec, tls_sts: StsServer, certificate
) -> Iterator[tuple[StsServer, Proxy]]:
    """An AWS reached by its real names, through a proxy that records them."""
    with Proxy(tls_sts.port) as proxy:
        run_awsexec.environ.update(
            HTTPS_PROXY=proxy.url, AWS_CA_BUNDLE=str(certificate[1])
        )
        yield tls_sts, proxy


@pytest.fixture
def refusing_proxy() -> Iterator[Proxy]:
    """A proxy that lets nobody through."""
    with Proxy(None) as proxy:
        yield proxy
