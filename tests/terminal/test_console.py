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


ANYBODY = "for 15 minutes, anybody who has this URL can use the session"


@pytest.mark.parametrize(
    "setting, why",
    [
        (None, "no browser was found"),
        ("", "no browser was found"),
        (None, "the only browser is lynx, which needs a terminal"),
        ("w3m", "BROWSER: w3m needs a terminal of its own"),
        ("nosuch", "BROWSER: cannot run nosuch"),
        (
            "nosuch -new-tab %s:/no/such",
            "BROWSER: cannot run nosuch, cannot run /no/such",
        ),
        ("nosuch 'x", "BROWSER: nosuch 'x: No closing quotation"),
        ("{folder}/broken %s", "the browser could not be run, or failed"),
        ("{folder}/fails", "the browser could not be run, or failed"),
    ],
)
def test_there_is_no_browser(terminal, home, console, run_awsexec, setting, why):
    """It says why, and shows the URL, without waiting for nobody."""
    (home.path / "bin").mkdir()
    for name in ("lynx", "w3m"):
        if name in f"{why}{setting}":
            home.script(f"bin/{name}", "#!/bin/sh\nexit 0\n")
    home.script("broken", "#!/no/such/interpreter\n")
    home.script("fails", "#!/bin/sh\nexit 3\n")
    del run_awsexec.environ["BROWSER"]
    if setting is not None:
        run_awsexec.environ["BROWSER"] = setting.format(folder=home.path)
    run_awsexec.environ.update(PATH=f"{home.path}/bin", TERM="xterm")
    begun = time.monotonic()
    person = terminal(f"{AWSEXEC} --console reader")
    screen, status = person.ends()
    assert time.monotonic() - begun < 15
    assert status == 0
    opening, warning, url, end = screen.split("\r\n")
    assert warning == f"awsexec: {why}; open this URL in a browser; {ANYBODY}"
    assert url.startswith(f"{console.url}/federation?Action=login&")


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
