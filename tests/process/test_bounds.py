"""What never ends, is huge, or never comes: one line and 125, in seconds."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from tests.sources import ALONE, LEGACY, SESSION, write_token
from tests.support import AWSEXEC, READER, READER_CONFIG, SERIAL

pytestmark = pytest.mark.uncounted

WEB = f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = /dev/zero\n"
PROCESS = "[profile p]\ncredential_process = {}\n"
MFA = f"mfa_serial = {SERIAL}\nmfa_process = {{}}\n"
TOO_MUCH = "printed more than 1 MiB and was ended; run it by hand to see what it prints"


# --- Files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "words", "env", "message"),
    [
        (
            "",
            ["alice", "true"],
            {"AWS_CONFIG_FILE": "/dev/zero"},
            "cannot read /dev/zero: it has more than 16 MiB; check the path of the file",
        ),
        (
            "",
            ["alice", "true"],
            {"AWS_SHARED_CREDENTIALS_FILE": "/dev/zero"},
            "cannot read /dev/zero: it has more than 16 MiB; check the path of the file",
        ),
        (
            READER_CONFIG,
            ["--policy", "/dev/zero", "reader", "true"],
            {},
            "--policy: cannot use the policy /dev/zero: it has more than 1 MiB",
        ),
        (
            WEB,
            ["p", "true"],
            {},
            "cannot read the token in /dev/zero: it is not a regular file",
        ),
        (
            ALONE.format("EcsContainer"),
            ["p", "true"],
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/dev/zero",
            },
            "cannot read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE /dev/zero: it is not a "
            "regular file",
        ),
        (
            READER_CONFIG,
            ["reader", "true"],
            {
                "AWS_CA_BUNDLE": "/dev/zero",
                "AWS_ENDPOINT_URL_STS": "https://127.0.0.1:9",
            },
            "AWS_CA_BUNDLE: cannot use the certificates in /dev/zero: it is not a file",
        ),
    ],
)
def test_device_that_does_not_end(run_awsexec, home, sts, config, words, env, message):
    home.write_config(config)
    began = time.monotonic()
    assert message in run_awsexec(*words, env=env).error()
    assert time.monotonic() - began < 20
    assert sts.calls == []


@pytest.mark.parametrize("kind", ["endless", "pipe"])
@pytest.mark.parametrize(("config", "name"), [(SESSION, "corp"), (LEGACY, None)])
def test_token_of_a_sign_in(run_awsexec, home, portal, config, name, kind):
    home.write_config(config)
    path = (
        write_token(home)
        if name
        else write_token(home, "https://example.awsapps.com/start")
    )
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert "not signed in" in run_awsexec("p", "true").error()


def test_keys_of_boto(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    words = ("--serve", "reader", "sh", "-c", "echo ${BOTO_CONFIG:-none}")
    result = run_awsexec(*words, env={"BOTO_CONFIG": "/dev/zero"})
    assert (result.status, result.stdout) == (0, "/dev/zero\n")


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(path.parent, os.O_RDONLY)
        # the path of a socket may not be long
        server.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


@pytest.mark.both_ways
@pytest.mark.parametrize("make", [make_pipe, make_socket, os.mkdir])
@pytest.mark.parametrize("of", ["entry", "lock", "forgotten"])
def test_what_is_no_file_in_the_cache(run_awsexec, home, sts, make, of):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    run_awsexec("--forget", "nobody")
    for path in home.cache.iterdir():
        if path.suffix == {"entry": "", "lock": ".lock", "forgotten": ".forgotten"}[of]:
            path.unlink()
            make(path)
    began = time.monotonic()
    result = run_awsexec("reader", "true")
    assert result.status == 0 and result.stderr.count("\n") <= 1, result
    result = run_awsexec("--list")
    assert (result.status, result.stderr) == (0, ""), result
    for words in (["--forget", "reader"], ["--forget", "--all"]):
        result = run_awsexec(*words)
        assert result.status in (0, 125) and result.stderr.count("\n") == 1, result
        if result.status == 125:
            assert result.stderr.startswith("awsexec: cannot delete "), result
    assert time.monotonic() - began < 10
    # what the cache has besides is gone
    assert of == "forgotten" or not [
        path for path in home.cache.iterdir() if not path.suffix and path.is_file()
    ]


@pytest.fixture
def started(run_awsexec, home):
    """Starts awsexec with a config file that is a pipe."""
    os.mkfifo(home.config)
    processes = []

    def start(*words):
        process = subprocess.Popen(
            [AWSEXEC, *words],
            env=run_awsexec.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_config_that_is_a_pipe(home, sts, started):
    process = started("reader", "true")
    said = f"awsexec: waiting for a program to write to '{home.config}'\n"
    assert process.stderr.readline() == said
    home.write_config(READER_CONFIG)
    assert (process.wait(20), process.stderr.read()) == (0, "")


def test_interrupt_while_nobody_writes(home, started):
    process = started("reader", "true")
    assert process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert (process.wait(20), process.stderr.read()) == (130, "")


def test_names_for_completion_do_not_wait(home, started):
    process = started("--profiles")
    assert process.communicate(timeout=20) == ("alice\t\n", "")


# --- Programs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "words", "message"),
    [
        (PROCESS.format("yes"), ["p", "true"], f"credential_process yes {TOO_MUCH}"),
        (PROCESS.format("cat /dev/zero"), ["p", "true"], TOO_MUCH),
        # what goes on in the background, with its stdout
        (PROCESS.format("sh -c 'yes & sleep 60'"), ["p", "true"], TOO_MUCH),
        (
            READER_CONFIG + MFA.format("yes"),
            ["reader", "true"],
            "mfa_process yes did not print a code of six digits on its first line; run it "
            "by hand to see what it prints",
        ),
        (READER_CONFIG + MFA.format("cat /dev/zero"), ["reader", "true"], TOO_MUCH),
    ],
)
def test_program_that_does_not_stop(run_awsexec, home, sts, config, words, message):
    home.write_config(config)
    began = time.monotonic()
    assert run_awsexec(*words).error().endswith(message)
    assert time.monotonic() - began < 20
    assert sts.calls == []


# --- Answers --------------------------------------------------------------------------


class Endless:
    """A server whose answer has no end; `sent` is how many bytes went out."""

    def __init__(self, head=b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"):
        self.sent = 0
        self._head = head
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                with connection:
                    connection.settimeout(5)
                    connection.recv(65_536)
                    connection.sendall(self._head)
                    while self.sent < 100_000_000:
                        self.sent += connection.send(b"x" * 65_536)
            except OSError:
                continue

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()


ONE_AT_A_TIME = {"AWS_MAX_ATTEMPTS": "1"}
CONTAINER, METADATA = "EcsContainer", "Ec2InstanceMetadata"


@pytest.mark.parametrize(
    ("config", "words", "variable"),
    [
        (READER_CONFIG, ["reader", "true"], "AWS_ENDPOINT_URL_STS"),
        (READER_CONFIG, ["--whoami", "alice"], "AWS_ENDPOINT_URL_STS"),
        (SESSION, ["p", "true"], "AWS_ENDPOINT_URL_SSO"),
        (
            ALONE.format(CONTAINER),
            ["p", "true"],
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ),
        (ALONE.format(METADATA), ["p", "true"], "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        (READER_CONFIG, ["--console", "reader"], "AWS_ENDPOINT_URL_SIGNIN"),
    ],
)
def test_answer_of_100_megabytes(
    run_awsexec, home, portal, sts, config, words, variable
):
    home.write_config(config)
    write_token(home)
    with Endless() as server:
        began = time.monotonic()
        env = {**ONE_AT_A_TIME, variable: server.url, "AWS_EC2_METADATA_DISABLED": None}
        message = run_awsexec(*words, env=env).error()
        assert "its answer has more than 1 MiB" in message
        assert server.url in message
        assert time.monotonic() - began < 20
        # what was under way, three attempts at the most
        assert server.sent < 40_000_000
