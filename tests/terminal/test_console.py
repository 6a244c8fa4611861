"""Opening the console in a browser, at a terminal."""

import re
import time
import urllib.parse
from pathlib import Path

import pytest

from tests.servers.console import ConsoleServer
from tests.support import AWSEXEC, READER_CONFIG, SECRETS

OPENING = re.compile(r"awsexec: opening the console as reader until \d\d:\d\dZ\r\n")
# what it is given is all that there is of it in the table of processes
BROWSER = """\
#!/bin/sh
printf '%s\\n' "$1" >>{home}/opened
exec python3 -c 'import sys, time, urllib.request
time.sleep(float(sys.argv[2]))
urllib.request.urlopen(sys.argv[1])' "$1" {delay} >>{home}/said 2>&1
"""


@pytest.fixture
def console(home, run_awsexec, sts):
    home.write_config(READER_CONFIG)
    browser = home.script("browser", BROWSER.format(home=home.path, delay=0))
    with ConsoleServer(sts) as server:
        run_awsexec.environ["AWS_ENDPOINT_URL_SIGNIN"] = server.url
        run_awsexec.environ["BROWSER"] = f"{browser} %s"
        run_awsexec.environ["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        yield server


def test_in_the_browser(terminal, home, console):
    person = terminal(f"{AWSEXEC} --console reader")
    screen, status = person.ends()
    assert status == 0
    assert OPENING.fullmatch(screen), screen
    ((caller, page),) = console.visits
    assert ":assumed-role/reader/" in caller
    assert page == "https://console.aws.amazon.com/"
    opened = (home.path / "opened").read_text()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}\n", opened)


def test_signed_out_before(terminal, console):
    person = terminal(f"{AWSEXEC} --console --logout -q reader")
    assert person.ends() == ("", 0)
    # the browser follows after awsexec has ended
    deadline = time.monotonic() + 20
    while len(console.visits) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert console.visits[0] == "signed out"
    assert ":assumed-role/reader/" in console.visits[1][0]


def test_nothing_in_argv_or_on_the_screen(terminal, home, console, run_awsexec):
    """Read the table of processes until the browser has come: none of them has a secret."""
    home.script("browser", BROWSER.format(home=home.path, delay=1))
    person = terminal(f"{AWSEXEC} --console --debug -v reader")
    seen = set()
    deadline = time.monotonic() + 20
    while not console.visits and time.monotonic() < deadline:
        seen |= command_lines()
    token = next(
        request.query["SigninToken"]
        for request in console.requests
        if "SigninToken" in request.query
    )
    told = [*SECRETS, token, urllib.parse.quote(token, safe=""), "Action=login"]
    for line in seen:
        for secret in told:
            assert secret not in line
    assert any("http://127.0.0.1" in line for line in seen), seen
    screen, status = person.ends()
    assert status == 0
    for secret in told:
        assert secret not in screen


def command_lines():
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        # the tests' own processes have no secrets, but other tests may run beside
        if "browser" in line or "--console" in line or "127.0.0.1" in line:
            found.add(line)
    return found


def test_no_browser(terminal, console):
    person = terminal(f"{AWSEXEC} --console --no-browser reader")
    screen, status = person.ends()
    assert status == 0
    warning, url, end = screen.split("\r\n")
    assert warning == (
        "awsexec: for 15 minutes, anybody who has this URL can use the session"
    )
    assert url.startswith(f"{console.url}/federation?Action=login&")
    assert end == ""


def test_piped(terminal, home, console):
    person = terminal(f"{AWSEXEC} --console reader | cat")
    screen, status = person.ends()
    assert status == 0
    assert screen.startswith(f"{console.url}/federation?Action=login&")
    assert screen.count("\r\n") == 1
    assert not (home.path / "opened").exists()


def test_interrupted(terminal, home, console):
    home.script("browser", "#!/bin/sh\nexec sleep 30\n")
    person = terminal(f"trap : INT; {AWSEXEC} --console reader")
    person.process.expect(OPENING)
    time.sleep(0.5)
    person.interrupts()
    assert person.ends() == ("^C\r\nawsexec: interrupted\r\n", 130)


def test_there_is_no_browser(terminal, console, run_awsexec):
    run_awsexec.environ["BROWSER"] = ""
    run_awsexec.environ["PATH"] = "/nowhere"
    person = terminal(f"{AWSEXEC} --console -q reader")
    assert person.ends() == (
        "awsexec: no browser was found; set BROWSER, or print the URL with "
        "--no-browser\r\n",
        125,
    )


def test_picked(terminal, console, run_awsexec):
    run_awsexec.environ.update(TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1")
    person = terminal(f"{AWSEXEC} --console")
    person.sees("profile:")
    # the last of the menu
    person.sees("alice")
    person.process.send("rea\r")
    person.process.expect(OPENING)
    assert person.ends()[1] == 0
    assert ":assumed-role/reader/" in console.visits[0][0]
