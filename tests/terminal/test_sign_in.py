"""Signing in to IAM Identity Center, on the controlling terminal and in a browser."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse

import pytest

from tests.hostile import HOSTILE, is_harmless
from tests.servers.identity_center import START_URL, USER_CODE, allow
from tests.servers.web import iso8601
from tests.sources import CENTER, LEGACY, PAGE, SESSION, cache_file, instead, not_the
from tests.support import AWSEXEC

REGISTER, TOKEN = "POST /client/register", "POST /token"
DEVICE, GET = "POST /device_authorization", "GET /federation/credentials"
SIGNING_IN = "awsexec: signing in to corp for profile p\r\n"
LABEL = "awsexec: profile 'p' (sso, {}:7): "
ONE_TIME = re.compile(r"http://127\.0\.0\.1:\d+/[-\w]{32}\n")
URL = re.compile(r"  (http\S+)\r\n")


@pytest.fixture(autouse=True)
def _session(home, portal):
    home.write_config(SESSION)


def url_shown(person):
    person.process.expect(URL)
    return person.process.match[1]


def test_in_the_browser(terminal, home, portal, run_awsexec):
    """$BROWSER is that of a user who allows it."""
    home.script(
        "browser",
        f"""\
        #!/bin/sh
        echo the browser is talkative
        echo "$1" >{home.path}/argument
        exec python3 -c 'import sys, urllib.request
        urllib.request.urlopen(sys.argv[1])' "$1" >{home.path}/said 2>&1
        """,
    )
    run_awsexec.environ["BROWSER"] = f"{home.path}/browser %s"
    run_awsexec.environ["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    person = terminal(f"{AWSEXEC} p -- echo it runs | cat")
    person.sees(SIGNING_IN)
    url = url_shown(person)
    person.sees("awsexec: signed in\r\nit runs\r\n")
    assert person.ends() == ("", 0)
    assert portal.asked == [REGISTER, "GET /authorize", TOKEN, GET]
    assert url.startswith(f"{portal.url}/authorize?response_type=code&client_id=")
    registration, query, token = (
        portal.requests[0].json(),
        portal.requests[1].query,
        portal.requests[2].json(),
    )
    assert registration == {
        "clientName": "botocore-client-corp",
        "clientType": "public",
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback"],
        "issuerUrl": START_URL,
        "scopes": ["sso:account:access", "example:read"],
    }
    assert query["scopes"] == "sso:account:access example:read"
    assert token["grantType"] == "authorization_code"
    assert token["redirectUri"] == query["redirect_uri"]
    assert len(token["codeVerifier"]) >= 43
    # whoever reads the browser's arguments learns nothing of the sign-in
    argument = (home.path / "argument").read_text()
    assert ONE_TIME.fullmatch(argument) and argument.strip() not in url
    assert query["state"] not in argument


def test_files_are_those_of_the_cli(terminal, home, portal):
    person = terminal(f"{AWSEXEC} --no-browser p true")
    status, page = allow(url_shown(person))
    # the code is still to be exchanged
    assert status == 200 and "The terminal shows whether you are signed in." in page
    assert person.ends()[1] == 0
    path = cache_file(home, "corp")
    token = json.loads(path.read_text())
    named = (
        '{"region": "eu-west-1", "scopes": ["sso:account:access", "example:read"], '
        f'"session_name": "corp", "startUrl": "{START_URL}", "tool": "botocore"}}'
    )
    digest = hashlib.sha1(named.encode()).hexdigest()
    registration = json.loads((path.parent / f"{digest}.json").read_text())
    assert registration.keys() == {
        "clientId",
        "clientSecret",
        "expiresAt",
        "scopes",
        "grantTypes",
    }
    assert registration["grantTypes"] == ["authorization_code", "refresh_token"]
    assert (
        iso8601(time.time() + 3500) < token["expiresAt"] < iso8601(time.time() + 3601)
    )
    del token["expiresAt"]
    assert token == {
        "startUrl": START_URL,
        "region": "eu-west-1",
        "accessToken": "EXAMPLEACCESSTOKEN1",
        "refreshToken": "EXAMPLEREFRESHTOKEN1",
        "clientId": registration["clientId"],
        "clientSecret": registration["clientSecret"],
        "registrationExpiresAt": registration["expiresAt"],
    }
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in path.parent.iterdir())


def test_registration_is_used_again(terminal, home, portal):
    for _ in range(2):
        person = terminal(f"{AWSEXEC} --no-browser --refresh p true")
        allow(url_shown(person))
        assert person.ends()[1] == 0
        cache_file(home, "corp").unlink()
    assert portal.asked.count(REGISTER) == 1


def test_revoked_token(terminal, home, portal):
    person = terminal(f"{AWSEXEC} --no-browser p true")
    allow(url_shown(person))
    assert person.ends()[1] == 0
    portal.tokens.clear()
    person = terminal(f"{AWSEXEC} --no-browser --refresh p true")
    allow(url_shown(person))
    assert person.ends()[1] == 0
    assert portal.asked[4:] == [GET, "GET /authorize", TOKEN, GET]


def test_denied_in_the_browser(terminal, home, portal):
    portal.denied = True
    person = terminal(f"{AWSEXEC} --no-browser p true")
    status, page = allow(url_shown(person))
    assert (status, "You are not signed in: access_denied." in page) == (400, True)
    screen, status = person.ends()
    assert status == 125
    label = LABEL.format(home.config)
    assert f"{label}the sign-in failed: access_denied; try again\r\n" in screen


def test_callback_of_somebody_else_does_not_count(terminal, portal):
    person = terminal(f"{AWSEXEC} --no-browser p true")
    url = url_shown(person)
    redirect = re.search(r"redirect_uri=http%3A%2F%2F127.0.0.1%3A(\d+)%2Foauth", url)
    assert redirect is not None, url
    port = redirect[1]
    for path in ("oauth/callback?code=evil&state=guessed", "", "oauth/callback"):
        status, page = allow(f"http://127.0.0.1:{port}/{path}")
        assert (status, "There is nothing here." in page) == (404, True)
    assert allow(url)[0] == 200
    assert person.ends()[1] == 0


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root becomes another user"
)
def test_callback_of_another_user_does_not_count(terminal, home, portal):
    """Even with the state: the code would be that of a sign-in of his own."""
    person = terminal(f"{AWSEXEC} --no-browser p true")
    url = url_shown(person)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    back = query["redirect_uri"][0] + "?code=his&state=" + query["state"][0]
    code = (
        "import encodings.idna, os, sys, urllib.request; os.setuid(65534)\n"
        "try: urllib.request.urlopen(sys.argv[1])\n"
        "except Exception as error: print(error)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, back], capture_output=True, text=True, check=True
    )
    assert finished.stdout == "HTTP Error 403: Forbidden\n"
    assert allow(url)[0] == 200
    assert person.ends()[1] == 0
    assert portal.requests[-2].json()["code"] != "his"


def test_device_code_in_the_browser(terminal, home, portal, run_awsexec):
    home.script(
        "browser",
        f"""\
        #!/bin/sh
        echo "$1" >{home.path}/argument
        exec python3 -c 'import sys, urllib.request
        print(urllib.request.urlopen(sys.argv[1]).url)' "$1" >{home.path}/went
        """,
    )
    run_awsexec.environ["BROWSER"] = f"{home.path}/browser %s"
    run_awsexec.environ["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    person = terminal(f"{AWSEXEC} --device-code p true")
    complete = url_shown(person)
    assert person.ends()[1] == 0
    assert ONE_TIME.fullmatch((home.path / "argument").read_text())
    assert (home.path / "went").read_text().strip() == complete


@pytest.mark.parametrize(
    "words", [("--device-code", "--no-browser"), ("--no-browser",)]
)
def test_device_code(terminal, home, portal, words):
    legacy = "--device-code" not in words
    if legacy:
        home.write_config(LEGACY)
    person = terminal(f"{AWSEXEC} {' '.join(words)} p true")
    person.sees(f"Allow the sign-in in a browser that shows this code: {USER_CODE}\r\n")
    assert url_shown(person) == f"{portal.url}/device?user_code={USER_CODE}"
    person.sees(f"or type the code at {portal.url}/device\r\n")
    time.sleep(1.5)
    portal.allowed = True
    assert person.ends() == ("awsexec: signed in\r\n", 0)
    assert portal.asked[:2] == [REGISTER, DEVICE]
    assert portal.asked.count(TOKEN) >= 2
    assert portal.asked[-1] == GET
    registration = portal.requests[0].json()
    assert "grantTypes" not in registration
    path = cache_file(home, START_URL if legacy else "corp")
    assert json.loads(path.read_text())["accessToken"] == "EXAMPLEACCESSTOKEN1"


def test_device_denied(terminal, home, portal):
    portal.denied = True
    person = terminal(f"{AWSEXEC} --device-code --no-browser p true")
    screen, status = person.ends()
    assert status == 125
    label = LABEL.format(home.config)
    assert (
        f"{label}the sign-in failed: it was denied in the browser; try again" in screen
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/client/register", [1]),
        ("/client/register", {"clientId": "x"}),
        ("/device_authorization", [1]),
        ("/device_authorization", {}),
        ("/token", [1]),
        ("/token", {}),
        ("/token", {"accessToken": "EXAMPLEACCESSTOKEN1"}),
        ("/token", {"accessToken": "x", "expiresIn": 99_999_999_999_999_999}),
        ("/token", {"accessToken": "EXAMPLEHIDDEN\n", "expiresIn": 3600}),
        ("/token", PAGE),
    ],
)
def test_answer_of_somebody_else(terminal, home, portal, path, body):
    portal.allowed = True
    instead(portal, path, body)
    person = terminal(f"{AWSEXEC} --device-code --no-browser p true")
    screen, status = person.ends()
    assert status == 125
    *_, last = screen.splitlines()
    assert last.startswith(f"awsexec: {not_the(CENTER, portal.url)}")
    assert "EXAMPLEHIDDEN" not in screen
    assert not cache_file(home, "corp").exists()


def test_nobody_is_asked_for_what_cannot_be_kept(terminal, home, portal):
    (home.path / ".aws" / "sso").write_text("a file\n")
    screen, status = terminal(f"{AWSEXEC} --no-browser p true").ends()
    assert (status, "cannot write to" in screen) == (125, True)
    assert portal.asked == []


def test_slow_down(terminal, portal):
    portal.slow_downs = 1
    portal.allowed = True
    person = terminal(f"{AWSEXEC} --device-code --no-browser p true")
    begun = time.monotonic()
    assert person.ends()[1] == 0
    assert time.monotonic() - begun > 6


def test_no_browser_on_this_machine(terminal, run_awsexec, portal):
    run_awsexec.environ["BROWSER"] = "nosuch"
    person = terminal(f"trap : INT; {AWSEXEC} p true")
    url_shown(person)
    person.sees(
        "No browser can be opened here (BROWSER: cannot run nosuch). To use one "
    )
    person.sees("on another machine, press Ctrl-C and add --device-code.\r\n")
    person.interrupts()
    assert person.ends()[1] == 130
    person = terminal(f"{AWSEXEC} --device-code p true")
    allow(url_shown(person))
    screen, status = person.ends()
    assert screen.endswith("awsexec: signed in\r\n") and status == 0


@pytest.mark.parametrize("word", ["", "--device-code"])
def test_interrupted(terminal, home, portal, word):
    person = terminal(f"trap : INT; {AWSEXEC} --no-browser {word} p true")
    url_shown(person)
    person.interrupts()
    screen, status = person.ends()
    assert status == 130
    assert screen.endswith("^C\r\nawsexec: interrupted\r\n")
    assert not cache_file(home, "corp").exists()


def test_no_prompt(terminal, home, portal):
    person = terminal(f"{AWSEXEC} --no-prompt p true")
    screen, status = person.ends()
    assert status == 125
    assert "run: awsexec --sign-in corp\r\n" in screen
    assert portal.asked == []


def test_one_sign_in_serves_parallel_runs(terminal, home, portal, sts):
    portal.roles["123456789012", "writer"] = sts.session_of("writer")
    another = SESSION.partition("[profile p]")[2].replace("reader", "writer")
    home.write_config(SESSION, "[profile q]", another)
    first = terminal(f"{AWSEXEC} --no-browser p true")
    url = url_shown(first)
    second = terminal(f"{AWSEXEC} --no-browser q true")
    second.sees("awsexec: waiting for awsexec process ")
    second.sees(", which signs in to corp\r\n")
    allow(url)
    assert first.ends() == ("awsexec: signed in\r\n", 0)
    assert second.ends() == ("", 0)
    assert sorted(portal.asked) == sorted([REGISTER, "GET /authorize", TOKEN, GET, GET])


def test_a_sign_in_shows_visible_characters(terminal, home, portal):
    code = f"{HOSTILE}\nforged: {'x' * 1000}"
    begun = {"deviceCode": "EXAMPLE", "userCode": code, "verificationUri": HOSTILE}
    instead(portal, "/device_authorization", begun)
    name = HOSTILE.replace("]", "")
    config = SESSION.replace("sso-session corp", f'sso-session "{name}"')
    home.write_config(config.replace("corp", name))
    person = terminal(f"trap : INT; {AWSEXEC} --device-code --no-browser p true")
    person.process.expect(r"(?s)^.*or type the code at [^\r]*\r\n")
    shown = person.process.match[0]
    assert is_harmless(shown.replace("\r\n", "\n"))
    assert shown.count("\r\n") == 4 and "x" * 1000 not in shown
    person.interrupts()
    assert person.ends()[1] == 130


def test_open_sign_in_holds_up_nobody_who_does_not_ask(
    terminal, home, portal, run_awsexec
):
    first = terminal(f"trap : INT; {AWSEXEC} --no-browser p true")
    url_shown(first)
    begun = time.monotonic()
    for words, why in (
        (["--no-prompt"], "--no-prompt forbids signing in"),
        ([], "there is no terminal to sign in on"),
    ):
        assert why in run_awsexec(*words, "p", "true").error()
    assert time.monotonic() - begun < 10
    waits = terminal(f"{AWSEXEC} --no-browser p true")
    waits.sees(", which signs in to corp\r\n")
    # the one that waited asks now
    first.interrupts()
    assert first.ends()[1] == 130
    allow(url_shown(waits))
    assert waits.ends() == ("awsexec: signed in\r\n", 0)


def test_sign_in_that_is_denied_is_left_to_the_next_one(terminal, home, portal):
    first = terminal(f"{AWSEXEC} --no-browser p true")
    url = url_shown(first)
    waits = terminal(f"{AWSEXEC} --no-browser p true")
    waits.sees(", which signs in to corp\r\n")
    portal.denied = True
    allow(url)
    portal.denied = False
    screen, status = first.ends()
    assert (status, "the sign-in failed" in screen) == (125, True)
    allow(url_shown(waits))
    assert waits.ends() == ("awsexec: signed in\r\n", 0)


def test_sign_in_that_the_service_fails_is_shared(terminal, home, portal):
    portal.delay = 2
    instead(portal, "/client/register", PAGE)
    first = terminal(f"{AWSEXEC} --no-browser p true")
    first.sees(SIGNING_IN)
    waits = terminal(f"{AWSEXEC} --no-browser p true")
    waits.sees(", which signs in to corp\r\n")
    failure = f"awsexec: {not_the(CENTER, portal.url)}"
    for person in (first, waits):
        screen, status = person.ends()
        assert (status, screen.startswith(failure)) == (125, True)
    assert portal.asked == [REGISTER]
