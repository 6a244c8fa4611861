"""Handing the browser a secret URL."""

import http.client
import socket
import struct
import subprocess
import sys

import pytest

from awsexec.loopback.browser import Redirect, browsers_of, split_setting

TARGET = "https://signin.aws.amazon.com/federation?SigninToken=EXAMPLE"


@pytest.fixture
def redirect():
    with Redirect(TARGET) as redirect:
        yield redirect


def ask(redirect, path=None, headers=None, method="GET"):
    """The status and headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", redirect.port, timeout=20)
    path = path or redirect.url.partition(str(redirect.port))[2]
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders())


def test_redirect(redirect):
    assert not redirect.wait(0)
    status, headers = ask(redirect)
    assert status == 302
    assert headers["Location"] == TARGET
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert redirect.wait(20)


def test_once(redirect):
    assert ask(redirect)[0] == 302
    status, headers = ask(redirect)
    assert (status, "Location" in headers) == (410, False)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"path": "/"}, 404),
        ({"path": "/favicon.ico"}, 404),
        ({"headers": {"Host": "localhost"}}, 421),
        ({"headers": {"Host": "attacker.example.com:80"}}, 421),
        ({"headers": {"Host": "127.0.0.1"}}, 421),
        ({"method": "POST"}, 405),
        ({"method": "HEAD"}, 405),
    ],
    ids=str,
)
def test_refused(redirect, wrong, status):
    answer = ask(redirect, **wrong)
    assert (answer[0], "Location" in answer[1]) == (status, False)
    # it is still there for the browser
    assert not redirect.wait(0)
    assert ask(redirect)[0] == 302


def test_client_that_hangs_up(redirect, capfd):
    with socket.create_connection(("127.0.0.1", redirect.port)) as client:
        client.sendall(b"GET /half")
        # closing it resets the connection
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ask(redirect)[0] == 302
    assert capfd.readouterr() == ("", "")


def test_paths_differ(redirect):
    with Redirect(TARGET) as other:
        path = other.url.partition(str(other.port))[2]
        assert len(path) > 30
        assert ask(redirect, path)[0] == 404


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells whose a connection is"
)
def test_other_user(redirect):
    fetching = (
        "import os, socket, sys\n"
        "os.setuid(65534)\n"
        "with socket.socket() as client:\n"
        f"    client.connect(('127.0.0.1', {redirect.port}))\n"
        "    client.sendall(sys.argv[1].encode())\n"
        "    print(client.recv(65_536).decode())\n"
    )
    _, _, path = redirect.url.partition(str(redirect.port))
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{redirect.port}\r\n\r\n"
    finished = subprocess.run(
        [sys.executable, "-c", fetching, request],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if "PermissionError" in finished.stderr:
        pytest.skip("only root becomes another user")
    assert " 403 " in finished.stdout.splitlines()[0], finished
    assert "EXAMPLE" not in finished.stdout
    assert ask(redirect)[0] == 302


@pytest.mark.parametrize(
    "setting, commands",
    [
        ("", []),
        (" : ", []),
        ("firefox", ["firefox"]),
        ("firefox %s:lynx", ["firefox %s", "lynx"]),
        (
            "firefox 'ext+container:name=a&url=%s'",
            ["firefox 'ext+container:name=a&url=%s'"],
        ),
        ("a \"b:'c\" : d 'e:\"'", ['a "b:\'c"', "d 'e:\"'"]),
        ("a 'b:c", ["a 'b:c"]),
    ],
)
def test_commands_in_the_variable(setting, commands):
    assert split_setting(setting) == commands


@pytest.mark.parametrize(
    "setting, words",
    [
        ("{} 'ext+container:name=a&url=%s' 1", "ext+container:name=a&url=URL 1"),
        ("{}", "URL"),
        ("{} -P work", "-P work URL"),
        ("{} --app=%s &", "--app=URL"),
        ("nosuch %s:{} first:{} second", "first URL"),
    ],
)
def test_the_browser_in_the_variable(tmp_path, setting, words):
    program, said = tmp_path / "browser", tmp_path / "said"
    program.write_text(f'#!/bin/sh\necho "$@" >>{said}\n')
    program.chmod(0o700)
    assert any(
        browser("URL") for browser in browsers_of(setting.replace("{}", str(program)))
    )
    assert said.read_text() == f"{words}\n"
