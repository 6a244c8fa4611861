"""--serve: COMMAND gets its credentials from an endpoint, which renews them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.servers.web import iso8601
from tests.serving import ADMIN, PYTHON, link_modules, server_of
from tests.sources import SESSION, cache_file, printed, write_token
from tests.support import (
    ALICE,
    AWSEXEC,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRET,
    age,
    wait_until,
)

EXPECTS = "expected_account = 123456789012\n"
URL, TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="by what Linux's /proc tells"
)


class Served:
    """A COMMAND with an endpoint, which runs until it is told to end."""

    def __init__(self, run_awsexec, *words, command=None, env=None):
        serve = [AWSEXEC, "--serve", *words, "--", "sh", "-c", "env -0; read over"]
        self.process = subprocess.Popen(
            command or serve,
            env=run_awsexec.environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        data = b""
        while not data.endswith(b"\0") or b"PATH=" not in data:
            found = os.read(self.process.stdout.fileno(), 65_536)
            assert found, "COMMAND did not run"
            data += found
        items = (item.split("=", 1) for item in data.decode().split("\0") if item)
        self.environ = dict(items)
        self.port = int(self.environ[URL].rpartition(":")[2].strip("/"))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    @property
    def authorization(self):
        return {"Authorization": self.environ[TOKEN]}

    def ask(self, headers=None):
        """The status and the document of an answer."""
        request = urllib.request.Request(
            self.environ[URL],
            headers=self.authorization if headers is None else headers,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.status, json.load(error)

    def send(self, *parts, pause=0.0):
        """The status of the answer to these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            for part in parts:
                try:
                    client.sendall(part)
                except OSError:
                    # it has been answered
                    break
                time.sleep(pause)
            answer = client.recv(65_536)
        return int(answer.split()[1])


def is_gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


# what COMMAND gets


def test_endpoint_instead_of_keys(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    child = run_awsexec.child(
        "--serve", "reader", env={"AWS_PROFILE": "x", "AWS_SECURITY_TOKEN": "y"}
    )
    added = child.keys() - run_awsexec.environ.keys()
    of_profile = {"AWSEXEC_PROFILE", "AWSEXEC_ACCOUNT"}
    assert added == {URL, TOKEN, *of_profile, "AWS_REGION", "AWS_DEFAULT_REGION"}
    assert child["AWSEXEC_PROFILE"] == "reader"
    assert len(child[TOKEN]) >= 43
    assert run_awsexec.child("--serve", "reader")[TOKEN] != child[TOKEN]


def test_document(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with Served(run_awsexec, "reader") as served:
        status, document = served.ask()
    expires = document.pop("Expiration")
    assert (status, document) == (
        200,
        {
            "AccessKeyId": "ASIAEXAMPLE000000001",
            "SecretAccessKey": "wJalrXUtnFEMI/EXAMPLESESSIONSECRET/00001",
            "Token": "EXAMPLESESSIONTOKEN00001//////////",
        },
    )
    left = time.mktime(time.strptime(expires, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert 3500 < left - time.time() <= 3600


def test_keys_that_do_not_end(run_awsexec, home, sts):
    """The SDK for JavaScript wants a token and an end."""
    with Served(run_awsexec, "alice") as served:
        _, document = served.ask()
    assert document["AccessKeyId"] == KEY_ID
    assert document["SecretAccessKey"] == SECRET
    assert document["Token"] == ""
    assert document["Expiration"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


# real clients, over at least three renewals

# each calls AWS over and over, until there is the file that its last word names
BOTO3 = """
import boto3, os, sys, time
client = boto3.client("sts", region_name="eu-west-1")
while not os.path.exists(sys.argv[1]):
    client.get_caller_identity()
    time.sleep(0.2)
"""
JAVASCRIPT = """
const {existsSync} = require("fs");
const {STSClient, GetCallerIdentityCommand} = require("@aws-sdk/client-sts");
const endpoint = process.env.AWS_ENDPOINT_URL_STS;
const client = new STSClient({region: "eu-west-1", endpoint});
(async () => {
  while (!existsSync(process.argv[2])) {
    await client.send(new GetCallerIdentityCommand({}));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
})();
"""
TOOLS = Path(sys.executable).parent.parent


def boto3_command(folder):
    return [sys.executable, "-c", BOTO3]


def cli_command(folder):
    aws = TOOLS / "awscli" / "bin" / "aws"
    if not aws.exists():
        pytest.skip("make test installs the AWS CLI")
    script = 'until test -e "$1"; do "$0" sts get-caller-identity || exit; done'
    return ["sh", "-c", script, str(aws)]


def javascript_command(folder):
    if not (TOOLS / "node" / "node_modules").exists():
        pytest.skip("make test installs the SDK for JavaScript, where there is npm")
    script = folder / "client.js"
    script.write_text(JAVASCRIPT)
    return ["env", f"NODE_PATH={TOOLS}/node/node_modules", "node", str(script)]


@pytest.mark.uncounted
@pytest.mark.parametrize("client", [boto3_command, cli_command, javascript_command])
def test_clients_over_renewals(run_awsexec, home, sts, client):
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    # renewed after two seconds
    sts.add_role("reader", life=4)
    # keys that would win, if they were looked at
    home.write_credentials(ALICE, ALICE.replace("alice", "default").replace("A", "B"))

    def used():
        return [c.key_id for c in sts.calls if c.operation == "GetCallerIdentity"]

    over = home.path / "over"
    process = subprocess.Popen(
        [AWSEXEC, "--serve", "reader", "--", *client(run_awsexec.folder), str(over)],
        env=run_awsexec.environment({"PATH": os.environ["PATH"]}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_until(lambda: len(set(used())) > 3 or process.poll() is not None)
    finally:
        over.touch()
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, b"")
    assert len(set(used())) > 3
    # never back to older ones
    assert used() == sorted(used())


# nothing in the user's files hides it

PLAIN = """
import boto3, botocore.session
session = boto3.Session()
print(session.client("sts", region_name="eu-west-1").get_caller_identity()["Arn"])
print(session.region_name, session._session.get_scoped_config())
"""
ELSEWHERE = "aws_access_key_id = AKIAEXAMPLEELSEWHERE\naws_secret_access_key = xxxx\n"


@pytest.mark.parametrize(
    "config, credentials",
    [
        ("", ""),
        ("[default]\noutput = text\n", ""),
        ("", f"[default]\n{ELSEWHERE}"),
        (f"[default]\n{ELSEWHERE}output = text\n", ""),
        (f"[DEFAULT]\n{ELSEWHERE}[default]\noutput = text\n", ""),
        ("[default]\noutput = text\n", f"[DEFAULT]\n{ELSEWHERE}[default]\n"),
        (f"[default]\nrole_arn = {READER}\nsource_profile = alice\n", ""),
        ("[profile default]\ncredential_process = false\n", ""),
        ("[default]\nsso_session = no-such\n", ""),
        ("[default]\ncredential_process = false\n[profile awsexec]\n", "[awsexec-2]\n"),
    ],
)
def test_no_default_hides_it(run_awsexec, home, sts, config, credentials):
    home.write_config(READER_CONFIG, config)
    home.write_credentials(ALICE, credentials)
    result = run_awsexec("--serve", "reader", "--", sys.executable, "-c", PLAIN)
    assert (result.status, result.stderr) == (0, "")
    arn, rest = result.stdout.split("\n", 1)
    assert arn.startswith("arn:aws:sts::123456789012:assumed-role/reader/")
    assert sts.operations == ["AssumeRole reader", "GetCallerIdentity"]
    assert ("'output': 'text'" in rest) == ("output" in config)


def test_nor_do_keys_of_boto(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    (home.path / ".boto").write_text(f"[Credentials]\n{ELSEWHERE}")
    result = run_awsexec("--serve", "reader", "--", sys.executable, "-c", PLAIN)
    assert "assumed-role/reader/" in result.stdout, result


def test_the_rest_of_the_files_is_there(run_awsexec, home, sts):
    """Settings of [default], nested ones too, and the other profiles."""
    home.write_config(
        READER_CONFIG,
        f"[default]\n{ELSEWHERE}region = ap-south-1\ns3 =\n  max_queue_size = 7\n"
        "[profile other]\nregion = us-west-2\n",
    )
    code = (
        "import botocore.session as b\n"
        "print(b.Session().get_scoped_config())\n"
        "print(b.Session(profile='other').get_config_variable('region'))\n"
    )
    result = run_awsexec("--serve", "reader", "--", sys.executable, "-c", code)
    first, second = result.stdout.splitlines()
    assert eval(first) == {"region": "ap-south-1", "s3": {"max_queue_size": "7"}}
    assert second == "us-west-2"


def test_awsexec_in_it_has_the_users_own_files(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"[default]\n{ELSEWHERE}")
    inner = f"{AWSEXEC} alice env -0"
    outer = run_awsexec("--serve", "reader", "--", "sh", "-c", inner)
    names = {item.partition("=")[0] for item in outer.stdout.split("\0")}
    assert not [n for n in names if "CONTAINER" in n or "BARE" in n or "OWN" in n]
    assert "AWS_PROFILE" not in names
    assert f"AWS_CONFIG_FILE={home.config}" in outer.stdout.split("\0")


@pytest.mark.parametrize("words", [("alice",), ("--unset",)])
def test_export_in_it_leaves_the_endpoint(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG, f"[default]\n{ELSEWHERE}")
    inner = f'eval "$({AWSEXEC} --export sh {" ".join(words)})"; env -0'
    result = run_awsexec("--serve", "reader", "--", "sh", "-c", inner)
    found = dict(item.split("=", 1) for item in result.stdout.split("\0") if item)
    assert found["AWS_CONFIG_FILE"] == str(home.config)
    assert found.get("AWS_ACCESS_KEY_ID") == (KEY_ID if words == ("alice",) else None)
    assert not {URL, TOKEN, "AWS_PROFILE", "AWSEXEC_BARE_CONFIG"} & found.keys()


def test_whoami_in_it(run_awsexec, home, sts):
    """--whoami is about the endpoint's credentials, not a profile's or the instance's."""
    home.write_config(READER_CONFIG, f"[default]\n{ELSEWHERE}region = eu-west-2\n")
    result = run_awsexec("--serve", "reader", "--", AWSEXEC, "--whoami", "--json")
    assert (result.status, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["arn"].startswith("arn:aws:sts::123456789012:assumed-role/reader/")
    assert found["profile"] == "reader"
    assert found["seconds_left"] > 3500
    assert sts.operations == ["AssumeRole reader", "GetCallerIdentity"]


# requests that get nothing


@pytest.fixture
def served(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    with Served(run_awsexec, "reader") as served:
        yield served


@pytest.mark.parametrize(
    "status, headers",
    [
        (401, {}),
        (401, {"Authorization": ""}),
        (401, {"Authorization": "guessed"}),
        (401, {"Authorization": "Bearer {token}"}),
        (403, {"Authorization": "{token}", "Origin": "https://example.com"}),
        (403, {"Authorization": "{token}", "Origin": "null"}),
        (403, {"Authorization": "{token}", "Referer": "http://127.0.0.1/"}),
        (403, {"Authorization": "{token}", "Sec-Fetch-Site": "none"}),
        (421, {"Authorization": "{token}", "Host": "example.com"}),
        (421, {"Authorization": "{token}", "Host": "127.0.0.1"}),
        (421, {"Authorization": "{token}", "Host": "127.0.0.1.example.com:{port}"}),
        (200, {"Authorization": "{token}", "Host": "localhost:{port}"}),
        (200, {"Authorization": "{token}"}),
    ],
)
def test_who_is_answered(served, status, headers):
    filled = {
        name: value.format(token=served.environ[TOKEN], port=served.port)
        for name, value in headers.items()
    }
    found, document = served.ask(filled)
    assert found == status
    if status != 200:
        assert document["Message"] == document["message"]
        assert "ASIA" not in json.dumps(document)
        assert served.environ[TOKEN] not in json.dumps(document)


def request(served, line="GET / HTTP/1.1", *more):
    lines = [line, f"Host: 127.0.0.1:{served.port}", *more]
    lines.append(f"Authorization: {served.environ[TOKEN]}")
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    "status, line",
    [
        (200, "GET / HTTP/1.1"),
        (200, "GET / HTTP/1.0"),
        (404, "GET /other HTTP/1.1"),
        (405, "POST / HTTP/1.1"),
        (405, "OPTIONS / HTTP/1.1"),
        (400, "GET /"),
        (400, "GET / HTTP/2"),
        (400, ""),
        (400, "\x16\x03\x01"),
    ],
)
def test_request_line(served, status, line):
    assert served.send(request(served, line)) == status


@pytest.mark.parametrize(
    "status, more",
    [
        (431, ["X: " + "x" * 1_048_576]),
        (431, [f"X-{number}: x" for number in range(10_000)]),
        (400, [f"X{number}: x" for number in range(200)]),
        (421, ["Host: 127.0.0.1"]),
        (401, ["Authorization: x"]),
    ],
)
def test_headers(served, status, more):
    assert served.send(request(served, "GET / HTTP/1.1", *more)) == status
    assert served.ask()[0] == 200


def test_byte_by_byte(served):
    """A slow client has five seconds; the endpoint answers others meanwhile."""
    data = request(served)
    begun = time.monotonic()
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(
            served.send(*(bytes([byte]) for byte in data), pause=0.2)
        )
    )
    slow.start()
    while slow.is_alive():
        started = time.monotonic()
        assert served.ask()[0] == 200
        assert time.monotonic() - started < 2
        time.sleep(0.1)
    slow.join()
    assert answers == [408]
    assert time.monotonic() - begun < 20


def test_a_client_that_says_nothing_or_goes_away(served):
    clients = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    for client in clients[::2]:
        client.sendall(b"GET / HT")
    for client in clients[:10]:
        client.close()
    assert served.ask()[0] == 200
    for client in clients[10:]:
        client.close()


def test_two_hundred_at_once(served):
    good, bad = request(served), request(served, "GET / HTTP/1.1", "Origin: x")
    clients = [
        socket.create_connection(("127.0.0.1", served.port), timeout=20)
        for _ in range(200)
    ]
    for number, client in enumerate(clients):
        client.sendall(bad if number % 2 else good)
    statuses = [int(client.recv(65_536).split()[1]) for client in clients]
    for client in clients:
        client.close()
    assert statuses == [200, 403] * 100


@LINUX
def test_another_user_is_not_answered(served):
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    code = (
        "import encodings.idna, os, socket, sys; os.setuid(65534)\n"
        "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "s.sendall(sys.stdin.buffer.read()); print(s.recv(999).split()[1].decode())"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, str(served.port)],
        input=request(served),
        stdout=subprocess.PIPE,
        check=True,
    )
    # root's is answered, and this one runs as root
    assert finished.stdout == b"403\n"
    assert served.send(request(served)) == 200


@LINUX
def test_no_more_files_are_no_reason_to_answer_others(run_awsexec, home, sts):
    """Then the server cannot tell whose a connection is, and refuses it."""
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    home.write_config(READER_CONFIG)
    code = (
        "import encodings.idna, os, resource, socket, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))\n"
        "os.setuid(65534)\n"
        "port, request = int(sys.argv[1]), sys.stdin.buffer.read()\n"
        "clients = []\n"
        "for _ in range(60):\n"
        "    clients.append(socket.create_connection(('127.0.0.1', port), 9))\n"
        "    clients[-1].sendall(request)\n"
        "found = {client.recv(99).split()[1] for client in clients}\n"
        "print(b' '.join(sorted(found)).decode())"
    )
    limits = f"ulimit -n 40; exec {AWSEXEC} --serve reader sh -c 'env -0; read over'"
    with Served(run_awsexec, command=["sh", "-c", limits]) as served:
        finished = subprocess.run(
            [sys.executable, "-c", code, str(served.port)],
            input=request(served),
            stdout=subprocess.PIPE,
            check=True,
        )
    assert finished.stdout == b"403\n"


# its end


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_ends_with_command(served, number):
    server = server_of(served.port)
    assert server is not None
    served.process.send_signal(number)
    assert served.process.wait(20) == -number
    wait_until(lambda: is_gone(server))
    # its other threads may be a moment longer
    wait_until(lambda: server_of(served.port) is None)


def refuses(served):
    """Whether nobody listens any more; an endpoint that is ending resets connections."""
    try:
        served.ask()
    except urllib.error.URLError as error:
        return isinstance(error.reason, ConnectionRefusedError)
    except ConnectionResetError:
        pass
    return False


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_command_outlives_it(served, number):
    server = server_of(served.port)
    # it has threads now, any of which may take the signal
    assert served.ask()[0] == 200
    os.kill(server, number)
    wait_until(lambda: refuses(served))
    served.process.stdin.write(b"over\n")
    served.process.stdin.close()
    assert served.process.wait(20) == 0


LISTENS = """
import encodings.idna, os, socket, sys
os.setuid(65534)
for family, host in ((2, "127.0.0.1"), (2, "0.0.0.0"), (10, "::ffff:127.0.0.1"), (10, "::")):
    for options in (), ("ADDR",), ("PORT",), ("ADDR", "PORT"):
        with socket.socket(family) as listener:
            if family == 10:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            for name in options:
                listener.setsockopt(1, getattr(socket, f"SO_REUSE{name}"), 1)
            try:
                listener.bind((host, int(sys.argv[1])))
                listener.listen()
                print("listens", host, options)
            except OSError:
                pass
"""


def others_listen(port):
    """Whether another user of the machine can listen on `port`, in any way."""
    return subprocess.run(
        [sys.executable, "-c", LISTENS, str(port)], stdout=subprocess.PIPE, check=True
    ).stdout


BECOMES_ANOTHER = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root becomes another user"
)


@BECOMES_ANOTHER
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nobody_else_answers_after_it_was_killed(served, number):
    os.kill(server_of(served.port), number)
    wait_until(lambda: refuses(served))
    assert others_listen(served.port) == b""
    served.process.stdin.write(b"over\n")
    served.process.stdin.close()
    assert served.process.wait(20) == 0
    wait_until(lambda: others_listen(served.port))


@BECOMES_ANOTHER
def test_nobody_else_answers_what_command_left(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    # what closes every descriptor and leaves the session, as a daemon does
    left = (
        f"import os, sys, time; os.setsid(); os.closerange(0, 99)\n"
        f"open('{home.path}/pid', 'w').write(str(os.getpid())); time.sleep(60)"
    )
    script = f'{sys.executable} -c "$0" & env -0; read over'
    command = [AWSEXEC, "--serve", "reader", "--", "sh", "-c", script, left]
    pid = home.path / "pid"
    with Served(run_awsexec, command=command) as served:
        wait_until(lambda: pid.exists() and pid.read_text())
        served.process.stdin.write(b"over\n")
        served.process.stdin.flush()
        assert served.process.wait(20) == 0
        wait_until(lambda: refuses(served))
        assert others_listen(served.port) == b""
        os.kill(int(pid.read_text()), signal.SIGKILL)
        wait_until(lambda: others_listen(served.port))


@LINUX
def test_signals_to_commands_group_are_not_for_it(served):
    """COMMAND may need credentials to clean up."""
    server = server_of(served.port)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
        os.kill(server, number)
    assert os.getpgid(server) != os.getpgid(served.process.pid)
    assert os.getsid(server) == os.getsid(served.process.pid)
    assert served.ask()[0] == 200


@LINUX
def test_nothing_is_inherited(served):
    """No pipe of COMMAND's is held open, and COMMAND has nothing of the endpoint's."""
    server = server_of(served.port)
    of_server = [os.readlink(p) for p in Path(f"/proc/{server}/fd").iterdir()]
    assert not [link for link in of_server if link.startswith("pipe:")]
    of_command = Path(f"/proc/{served.process.pid}/fd").iterdir()
    assert {int(path.name) for path in of_command} <= {0, 1, 2}
    parent = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1]
    assert int(parent) != served.process.pid


@LINUX
def test_what_it_has_started_ends_with_it(run_awsexec, home, sts):
    """A credential_process that hangs at the second time."""
    session = sts.session_of("reader", 6)
    document = {
        "Version": 1,
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": iso8601(session.expires),
    }
    tool = home.script(
        "tool",
        f"""\
        #!/bin/sh
        if [ -e {home.path}/ran ]; then
            echo $$ >{home.path}/pid
            exec sleep 100
        fi
        touch {home.path}/ran
        echo '{json.dumps(document)}'
        """,
    )
    home.write_config(f"[profile tool]\ncredential_process = {tool}\n")
    pid = home.path / "pid"
    with Served(run_awsexec, "tool"):
        wait_until(lambda: pid.exists() and pid.read_text())
        running = int(pid.read_text())
        assert not is_gone(running)
    wait_until(lambda: is_gone(running))


def test_a_caller_that_ignores_the_end_of_its_children(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    code = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    words = [AWSEXEC, "--serve", "reader", "--", "echo", "it runs"]
    finished = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (
        0,
        "it runs\n",
        "",
    )


@pytest.mark.parametrize("words, status", [(["false"], 1), (["no-such"], 127)])
def test_status(run_awsexec, home, sts, words, status):
    home.write_config(READER_CONFIG)
    assert run_awsexec("--serve", "reader", *words).status == status


@LINUX
@pytest.mark.uncounted
def test_killed_at_any_moment(run_awsexec, home, sts, tmp_path):
    """Nothing is left: no process, no port, no file."""
    home.write_config(READER_CONFIG, f"[default]\n{ELSEWHERE}")
    run_awsexec("reader", "true")
    before = set(home.path.rglob("*"))
    marker = f"AWSEXEC_TEST_MARKER={tmp_path}"
    script = "trap '' HUP; while :; do sleep 0.01; done"

    def kill(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def left():
        """The processes of this test, by their command lines."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if marker.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes()
        return {pid: line for pid, line in found.items() if not is_gone(pid)}

    def ended():
        """Whether nothing is left, after COMMAND has been ended."""
        found = left()
        for pid, line in found.items():
            if AWSEXEC.encode() not in line:
                kill(pid)
        return not found

    for step in range(40):
        # a parent, which is one of those that are killed
        words = [AWSEXEC, "--serve", "reader", "sh", "-c", script]
        parent = subprocess.Popen(
            ["sh", "-c", '"$@" & wait', "sh", *words],
            env={**run_awsexec.environ, "AWSEXEC_TEST_MARKER": str(tmp_path)},
            start_new_session=True,
        )
        time.sleep(step * 0.01)
        for pid in list(left())[step % 3 :: 3]:
            kill(pid)
        kill(parent.pid)
        parent.wait()
        wait_until(ended)
    # but for what a run was just about to write, which later ones clear away
    assert {path for path in home.path.rglob("*") if path.suffix != ".tmp"} == before
    assert not list(tmp_path.glob("*.config"))


# renewals that take somebody


def test_what_takes_a_code_ends_with_words(run_awsexec, home, sts):
    """No terminal: the answer says what to do, in time for the SDKs."""
    home.write_config(ADMIN)
    sts.add_role("reader", mfa=True, longest=7200, life=4)
    with Served(run_awsexec, "--mfa-token", "111111", "admin") as served:
        assert served.ask()[0] == 200
        wait_until(lambda: served.ask()[0] != 200)
        begun = time.monotonic()
        status, document = served.ask()
        assert time.monotonic() - begun < 2
        assert (status, document["message"]) == (
            403,
            "awsexec: the credentials of admin have expired: new ones need an MFA code; "
            "run in a terminal: awsexec admin true",
        )
        sts.add_role("reader", mfa=True, longest=7200)
        # the first one may have a second left, which a run would still take
        run_awsexec.child("--refresh", "--mfa-token", "222222", "admin")
        wait_until(lambda: served.ask()[0] == 200)
    assert sts.operations == ["AssumeRole reader"] * 2


def test_what_takes_a_sign_in_ends_with_words(run_awsexec, home, portal, sts):
    home.write_config(SESSION)
    write_token(home)
    portal.roles["123456789012", "reader"] = sts.session_of("reader", 4)
    with Served(run_awsexec, "p") as served:
        assert served.ask()[0] == 200
        portal.tokens.clear()
        cache_file(home, "corp").unlink()
        wait_until(lambda: served.ask()[0] != 200)
        assert served.ask()[1]["message"] == (
            "awsexec: the credentials of p have expired: new ones need a sign-in; run in a "
            "terminal: awsexec p true"
        )


def test_sign_out_ends_what_is_served(run_awsexec, home, portal, sts):
    home.write_config(SESSION)
    path = write_token(home)
    with Served(run_awsexec, "p") as served:
        assert served.ask()[0] == 200
        path.unlink()
        status, answer = served.ask()
        assert status != 200
        wait_until(lambda: "a sign-in" in served.ask()[1]["message"])


def test_what_is_served_is_of_who_is_signed_in(run_awsexec, home, portal, sts):
    home.write_config(SESSION)
    write_token(home)
    with Served(run_awsexec, "p") as served:
        first = served.ask()[1]["AccessKeyId"]
        second = portal.roles["123456789012", "reader"] = sts.session_of("reader")
        portal.tokens.add("EXAMPLEACCESSTOKEN9")
        write_token(home, accessToken="EXAMPLEACCESSTOKEN9")

        def gives() -> str:
            return served.ask()[1].get("AccessKeyId", "")

        assert gives() in ("", second.key_id)
        wait_until(lambda: gives() == second.key_id)
        assert first != second.key_id


@pytest.mark.parametrize(("ttl", "count"), [("30m", 1), ("55m", 2), ("2h", 2)])
def test_min_ttl(run_awsexec, home, sts, ttl, count):
    """A session below it is renewed first; one that never reaches it is no error here."""
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    age(home, 600)
    child = run_awsexec.child("--serve", "--min-ttl", ttl, "reader")
    assert URL in child
    assert sts.operations == ["AssumeRole reader"] * count


def test_what_aws_refuses_ends_with_words(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    sts.add_role("reader", life=4)
    with Served(run_awsexec, "reader") as served:
        assert served.ask()[0] == 200
        sts.add_role("reader", trusts=())
        wait_until(lambda: served.ask()[0] != 200)
        message = served.ask()[1]["message"]
    assert "is not authorized to perform: sts:AssumeRole" in message
    assert SECRET not in message and KEY_ID not in message


@pytest.mark.parametrize("place", ["setting", "option"])
def test_a_renewal_of_another_account_is_not_given(run_awsexec, home, sts, tool, place):
    """What the process gives later is asked about as its first answer was."""
    here, answer = "123456789012", home.path / "answer"
    tool(f"cat {answer}")
    words = ["--expect-account", here]
    if place == "setting":
        words = []
        text = home.config.read_text()
        home.write_config(text.replace("[profile p]\n", f"[profile p]\n{EXPECTS}"))
    first = sts.session_of("made", 6)
    answer.write_text(printed(first))
    with Served(run_awsexec, *words, "p") as served:
        assert served.ask()[1]["AccessKeyId"] == first.key_id
        other = sts.session_of("made", 900, account="111122223333")
        answer.write_text(printed(other))

        def refuses() -> bool:
            status, document = served.ask()
            assert document.get("AccessKeyId") in (None, first.key_id)
            return status != 200

        wait_until(refuses)
        wait_until(lambda: "of account 111122223333" in served.ask()[1]["message"])
        # the right account again
        third = sts.session_of("made", 900)
        answer.write_text(printed(third))
        wait_until(lambda: served.ask()[1].get("AccessKeyId") == third.key_id)


# whatever happens


@LINUX
def test_an_upgrade_of_awsexec(run_awsexec, home, sts, tmp_path):
    """The endpoint has loaded what it needs before the files of awsexec go."""
    home.write_config(READER_CONFIG)
    # renewed after eight seconds
    sts.add_role("reader", life=16)
    modules = tmp_path / "modules"
    link_modules(modules)
    start = (
        f"import sys; sys.path.insert(0, '{modules}'); sys.argv[0] = 'awsexec'; "
        "import awsexec; sys.exit(awsexec.main())"
    )
    words = ["--serve", "reader", "--", "sh", "-c", "env -0; read over"]
    with Served(run_awsexec, command=[*PYTHON, start, *words]) as served:
        descriptors = Path(f"/proc/{server_of(served.port)}/fd")

        def has_loaded():
            links = []
            for path in descriptors.iterdir():
                # one may be closed meanwhile
                with contextlib.suppress(FileNotFoundError):
                    links.append(os.readlink(path))
            return any(link.endswith("cacert.pem") for link in links)

        wait_until(has_loaded)
        first = served.ask()[1]["AccessKeyId"]
        assert len(sts.calls) == 1
        for path in modules.iterdir():
            path.unlink()
        # as another version does with modules that this one does not know
        (modules / "awsexec").mkdir()
        (modules / "awsexec" / "__init__.py").write_text("raise ImportError\n")
        wait_until(lambda: len(sts.calls) > 1)
        wait_until(lambda: served.ask()[1]["AccessKeyId"] > first)


def test_code_from_a_process(run_awsexec, home, sts):
    """A code that nobody has to type is no reason to ask anybody."""
    script = home.script(
        "code",
        f"#!/bin/sh\nn=$(cat {home.path}/n)\necho $n$n$n$n$n$n\n"
        f"echo $((n + 1)) >{home.path}/n\n",
    )
    (home.path / "n").write_text("1\n")
    home.write_config(ADMIN, f"mfa_process = {script}\n")
    sts.add_role("reader", mfa=True, longest=7200, life=4)
    with Served(run_awsexec, "admin") as served:
        first = served.ask()[1]["AccessKeyId"]
        wait_until(lambda: served.ask()[1]["AccessKeyId"] > first)
    assert len(sts.operations) >= 2
