"""Seeing what would happen: --list, --explain and --whoami."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pexpect
import pytest

from awsexec.errors import first_profile
from awsexec.output import columns
from awsexec.plan.inputs import content
from awsexec.times import iso8601
from tests.servers.sts import StsServer
from tests.sources import cache_file
from tests.support import (
    ALICE,
    AWSEXEC,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRETS,
    SERIAL,
    WRITER,
)

BOB_ID, BOB_SECRET = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"

EVERYTHING = f"""\
[profile reader]
role_arn = {READER}
source_profile = alice
region = eu-west-1
[profile writer]
role_arn = {WRITER}
source_profile = reader
mfa_serial = {SERIAL}
external_id = hush-hush
[profile "team/日本 and a name that is long"]
role_arn = {READER.replace("reader", "path/to/a-role-whose-name-is-long-as-well")}
source_profile = alice
region = ap-southeast-1
[profile corp]
sso_session = corp
sso_account_id = 210987654321
sso_role_name = Admin
[sso-session corp]
sso_start_url = https://example.com/start
sso_region = eu-west-1
[profile broken]
role_arn = {READER}
source_profile = nobody
other_password = {CODES[0]}
"""


@pytest.fixture
def at_terminal(run_awsexec):
    """What awsexec prints on a terminal of 80 columns, and its status."""

    def run(*words, env=None):
        output, status = pexpect.run(
            subprocess.list2cmdline([AWSEXEC, *words]),
            env=run_awsexec.environment({"TERM": "xterm", **(env or {})}),
            withexitstatus=True,
            encoding="utf-8",
            timeout=60,
        )
        return output.replace("\r\n", "\n"), status

    return run


@pytest.fixture
def everything(home, sts):
    home.write_config(EVERYTHING)
    return sts


def test_columns_of_a_key_id_need_no_table():
    code = (
        "import sys; from awsexec.output import columns; print(columns('…MPLE')); "
        "print('unicodedata' in sys.modules)"
    )
    python = [sys.executable, "-I", "-c", code]
    found = subprocess.run(python, capture_output=True, text=True, check=True)
    assert found.stdout == "5\nFalse\n"


# --list


def test_list_piped(run_awsexec, everything):
    run_awsexec("reader", "true")
    result = run_awsexec("--list")
    assert (result.status, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    rows = [re.split(r"\s{2,}", line) for line in result.stdout.splitlines()]
    assert rows[0] == "PROFILE SOURCE ACCOUNT ROLE REGION MFA CACHED".split()
    assert rows[1] == ["alice", "keys"]
    assert rows[2][0] == "broken"
    assert rows[2][1].startswith("! ~/.aws/config:")
    assert rows[2][1].endswith("check the spelling")
    assert rows[3] == ["corp", "sso", "210987654321", "Admin"]
    assert rows[4][:-1] == ["reader", "keys", "123456789012", "reader", "eu-west-1"]
    assert rows[4][-1] in ("59m", "1h00m")
    assert rows[6] == ["writer", "keys", "123456789012", "writer", "yes"]
    assert everything.operations == ["AssumeRole reader"]


def test_list_fits_a_terminal(at_terminal, everything):
    output, status = at_terminal("--list")
    assert status == 0
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in output.splitlines()]
    assert max(map(columns, lines)) <= 80
    assert len(lines) == 7
    # the header bold, the broken one red and cut, and nothing else in colour
    assert output.count("\x1b") == 4
    assert output.startswith("\x1b[1mPROFILE")
    assert re.search(r"\n\x1b\[31mbroken .*…\x1b\[0m\n", output)
    # columns are columns, however wide their characters
    heads = [line.partition("keys")[0] for line in lines if "keys" in line]
    assert len(set(map(columns, heads))) == 1
    assert at_terminal("--list", env={"NO_COLOR": "1"})[0] == "\n".join(lines) + "\n"
    assert "\x1b" not in at_terminal("--list", env={"TERM": "dumb"})[0]


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("ER", ["reader", "writer"]),
        ("*er", ["reader", "writer"]),
        ("[ab]*", ["alice", "broken"]),
        ("日本", ["team/日本 and a name that is long"]),
        ("reader", ["reader"]),
    ],
)
def test_list_of_some(pattern, names, run_awsexec, everything):
    rows = json.loads(run_awsexec("--list", "--json", pattern).stdout)
    assert [row["profile"] for row in rows] == names


def test_list_of_none(run_awsexec, everything, home):
    result = run_awsexec("--list", "xyz")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == (
        "awsexec: no profile fits 'xyz'; awsexec --list shows all profiles\n"
    )
    home.config.unlink()
    home.credentials.unlink()
    result = run_awsexec("--list")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == (
        f"awsexec: there is no profile in {home.config} and {home.credentials}; "
        f"{first_profile(())}\n"
    )
    assert run_awsexec("--list", "--json").stdout == "[]\n"


def test_list_says_an_error_once(run_awsexec, home):
    roles = [
        f"[profile r{n}]\nrole_arn = {READER}\nsource_profile = q\n" for n in (1, 2, 3)
    ]
    home.write_config(*roles, "[profile q]\n")
    lines = run_awsexec("--list").stdout.splitlines()
    long = "profile 'q' has no credentials and no way to get any"
    assert [long in line for line in lines] == [False, False, True, False, False, False]
    assert [line.split("! ")[1] for line in lines[3:]] == ["the same as q"] * 3
    rows = json.loads(run_awsexec("--list", "--json").stdout)
    assert [long in (row["error"] or "") for row in rows] == [
        False,
        True,
        True,
        True,
        True,
    ]


def test_list_as_json(run_awsexec, everything):
    run_awsexec("reader", "true")
    rows = json.loads(run_awsexec("--list", "--json").stdout)
    by_name = {row.pop("profile"): row for row in rows}
    reader = by_name["reader"]
    assert 3500 < reader.pop("seconds_left") <= 3600
    assert reader.pop("expires").endswith("Z")
    assert reader == {
        "source": "keys",
        "source_profile": "alice",
        "account": "123456789012",
        "role_arn": READER,
        "sso_role": None,
        "region": "eu-west-1",
        "mfa_serial": None,
        "error": None,
        "warning": None,
    }
    assert by_name["writer"]["mfa_serial"] == SERIAL
    assert "no profile 'nobody'" in by_name["broken"]["error"]


# --explain


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_explain_hides_what_commands_are_given(run_awsexec, home, words):
    home.write_config(
        "[profile p]\ncredential_process = /bin/keys --pin hush-hush\n"
        "mfa_process = code hush-hush\n[profile q]\ncredential_process = /bin/keys\n"
    )
    env = {"AWSEXEC_MFA_PROCESS": "of-env hush-hush"}
    shown = run_awsexec("--explain", *words, "p", env=env)
    # the programs are not there
    assert (shown.status, shown.stderr) == (125, "")
    assert "hush" not in shown.stdout
    for command in ("/bin/keys ******", "code ******", "of-env ******"):
        assert command in shown.stdout
    # where there is nothing to hide
    assert "/bin/keys ******" not in run_awsexec("--explain", *words, "q").stdout


def test_explain(run_awsexec, everything):
    run_awsexec("reader", "true")
    del everything.calls[:]
    result = run_awsexec(
        "--explain",
        "writer",
        env={
            "HTTPS_PROXY": "http://user:hush-hush@127.0.0.1:9",
            "AWSEXEC_MFA_TOKEN": CODES[0],
        },
    )
    assert (result.status, result.stderr) == (0, "")
    for secret in (*SECRETS, "hush-hush"):
        assert secret not in result.stdout
    for fact in (
        "profile writer\n",
        f"  role_arn = {WRITER} ",
        "~/.aws/config:6\n",
        "  external_id = ****** ",
        "  aws_access_key_id = …MPLE ",
        "  aws_secret_access_key = ****** ",
        "~/.aws/credentials:4\n",
        f"       RoleArn = {READER}\n",
        "       ExternalId = ******\n",
        "the next run\n",
        f"  calls AssumeRole, and asks for an MFA code of {SERIAL}\n",
        "  AWSEXEC_PROFILE=writer\n",
        "  AWS_SECRET_ACCESS_KEY=******\n",
        "  HTTPS_PROXY=http://******@127.0.0.1:9\n",
        "  AWSEXEC_MFA_TOKEN=******\n",
    ):
        assert fact in result.stdout
    assert everything.calls == []


def test_explain_shows_what_decides(run_awsexec, home):
    """Every variable of the manual that can change a run, and no secret."""
    home.write_config("[profile here]\ncredential_source = Environment\n")
    env = {
        "AWS_ACCESS_KEY_ID": BOB_ID,
        "AWS_SECRET_ACCESS_KEY": BOB_SECRET,
        "AWS_SECURITY_TOKEN": "hush-security",
        "AWS_SESSION_TOKEN": "hush-session",
        "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "AWS_ROLE_ARN": READER,
        "AWS_ROLE_SESSION_NAME": "me",
        "XDG_CACHE_HOME": "/cache",
        "HTTPS_PROXY": "user:hush-proxy@127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_COLOR": "1",
    }
    result = run_awsexec("--explain", "here", env=env)
    assert result.status == 0
    for secret in (BOB_ID, BOB_SECRET, "hush"):
        assert secret not in result.stdout
    shown = result.stdout.partition("environment\n")[2]
    for line in (
        "AWS_ACCESS_KEY_ID=…MPLE",
        "AWS_SECRET_ACCESS_KEY=******",
        "AWS_SECURITY_TOKEN=******",
        "AWS_SESSION_TOKEN=******",
        "AWS_CREDENTIAL_EXPIRATION=2099-01-01T00:00:00Z",
        "AWS_WEB_IDENTITY_TOKEN_FILE=/token",
        f"AWS_ROLE_ARN={READER}",
        "AWS_ROLE_SESSION_NAME=me",
        "XDG_CACHE_HOME=/cache",
        "HTTPS_PROXY=******@127.0.0.1:9",
        "http_proxy=http://127.0.0.1:9",
    ):
        assert f"  {line}\n" in shown
    assert "NO_COLOR" not in shown


OPTIONAL = ("AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION")


@pytest.mark.parametrize(
    ("config", "env", "tokens"),
    [
        ("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n", {}, {}),
        (
            "aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
            "aws_session_token = x\n",
            {},
            {"AWS_SESSION_TOKEN": "******"},
        ),
        ("credential_source = Environment\n", {}, {}),
        (
            "credential_source = Environment\n",
            {
                "AWS_SECURITY_TOKEN": "x",
                "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
            },
            {
                "AWS_SESSION_TOKEN": "******",
                "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
            },
        ),
        (
            "credential_process = cat keys.json\n",
            {},
            {
                "AWS_SESSION_TOKEN": "****** (if credential_process gives one)",
                "AWS_CREDENTIAL_EXPIRATION": (
                    "known after the call (if credential_process gives one)"
                ),
            },
        ),
        (
            "sso_account_id = 123456789012\nsso_role_name = a\nsso_region = eu-west-1\n"
            "sso_start_url = https://example.com\n",
            {},
            {
                "AWS_SESSION_TOKEN": "******",
                "AWS_CREDENTIAL_EXPIRATION": "known after the call",
            },
        ),
        (
            "aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
            "aws_session_token = x\nx_security_token_expires = 2099-01-01T00:00:00Z\n",
            {},
            {
                "AWS_SESSION_TOKEN": "******",
                "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
            },
        ),
    ],
    ids=[
        *(
            "keys",
            "session keys",
            "pair exported",
            "session exported",
            "process",
            "sso",
        ),
        "session keys with an end",
    ],
)
def test_explain_what_command_gets_without_a_role(
    run_awsexec, home, config, env, tokens
):
    home.write_config(f"[profile p]\n{config}".format(id=BOB_ID, secret=BOB_SECRET))
    exported = {"AWS_ACCESS_KEY_ID": BOB_ID, "AWS_SECRET_ACCESS_KEY": BOB_SECRET}
    result = run_awsexec("--explain", "--json", "p", env={**exported, **env})
    child = json.loads(result.stdout)["child"]
    assert {name: child[name] for name in OPTIONAL if name in child} == tokens
    assert child["AWS_ACCESS_KEY_ID"] == child["AWS_SECRET_ACCESS_KEY"] == "******"


@pytest.mark.parametrize(
    ("gives", "tokens"),
    [
        ({}, set()),
        ({"SessionToken": "x", "Expiration": "2099-01-01T00:00:00Z"}, set(OPTIONAL)),
    ],
)
def test_explain_what_a_cached_process_gave(run_awsexec, home, gives, tokens):
    answer = {"Version": 1, "AccessKeyId": BOB_ID, "SecretAccessKey": BOB_SECRET}
    keys = home.path / "keys.json"
    keys.write_text(json.dumps({**answer, **gives}))
    home.write_config(f"[profile p]\ncredential_process = cat {keys}\n")
    child = run_awsexec.child("p")
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    # what does not expire is not cached, so nobody knows
    if tokens:
        assert facts["child"]["AWS_SESSION_TOKEN"] == "******"
        assert facts["child"]["AWS_CREDENTIAL_EXPIRATION"] == "2099-01-01T00:00:00Z"
    else:
        assert "if credential_process gives one" in str(facts["child"])
    assert child.keys() & set(OPTIONAL) == tokens


FUTURE, PAST = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
# a sign-in that AWS may renew
RENEWABLE = {
    "refreshToken": "EXAMPLEREFRESH",
    "clientId": "EXAMPLECLIENT",
    "clientSecret": "EXAMPLESECRET",
    "registrationExpiresAt": FUTURE,
}
LOGIN = "arn:aws:iam::123456789012:user/alice"
SIGN_IN = ", and you have to sign in"
RENEWS = (
    f", which renews the token that ended at {PAST}; if AWS refuses, you have to "
    "sign in"
)


@pytest.mark.parametrize(
    ("token", "sign_in", "said"),
    [
        (None, True, SIGN_IN),
        ({"accessToken": "EXAMPLE", "expiresAt": FUTURE}, False, ""),
        ({"accessToken": "EXAMPLE", "expiresAt": PAST}, True, SIGN_IN),
        ({"accessToken": "E", "expiresAt": PAST, **RENEWABLE}, None, RENEWS),
        (
            {
                "accessToken": "EXAMPLE",
                "expiresAt": PAST,
                **RENEWABLE,
                "registrationExpiresAt": PAST,
            },
            True,
            SIGN_IN,
        ),
        # what cannot be read counts as missing
        ({"accessToken": "", "expiresAt": FUTURE}, True, SIGN_IN),
        ({"accessToken": "EXAMPLE", "expiresAt": "soon"}, True, SIGN_IN),
        ([], True, SIGN_IN),
    ],
)
def test_explain_when_the_next_run_signs_in(
    run_awsexec, everything, home, token, sign_in, said
):
    path = cache_file(home, "corp")
    path.parent.mkdir(parents=True)
    if token is not None:
        path.write_text(json.dumps(token))
    result = run_awsexec("--explain", "corp")
    assert f"  calls IAM Identity Center{said}\n" in result.stdout
    facts = json.loads(run_awsexec("--explain", "--json", "corp").stdout)
    assert facts["calls"] == [
        {"call": "IAM Identity Center", "prompt": None, "sign_in": sign_in}
    ]
    if sign_in is False:
        until = token["expiresAt"]
        assert facts["chain"][0]["signed_in_until"] == until
        assert f"the sign-in's token is good until {until}\n" in result.stdout
    assert "EXAMPLE" not in result.stdout


@pytest.mark.parametrize(
    ("expires", "refresh", "sign_in", "said"),
    [
        (None, "", True, SIGN_IN),
        (FUTURE, "", False, ""),
        (PAST, "EXAMPLE", None, RENEWS),
        (PAST, "", True, SIGN_IN),
    ],
)
def test_explain_when_aws_login_is_due(
    run_awsexec, home, expires, refresh, sign_in, said
):
    home.write_config(f"[profile p]\nlogin_session = {LOGIN}\n")
    path = home.path / ".aws" / "login" / "cache" / f"{content(LOGIN.encode())}.json"
    path.parent.mkdir(parents=True)
    if expires:
        token = {"accessToken": {"expiresAt": expires}, "refreshToken": refresh}
        path.write_text(json.dumps({**token, "dpopKey": "EXAMPLE"}))
    assert f"  calls AWS Sign-In{said}\n" in run_awsexec("--explain", "p").stdout
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    assert facts["calls"][0]["sign_in"] is sign_in


def test_explain_shows_the_sections_that_a_profile_names(run_awsexec, home):
    home.write_config(
        EVERYTHING.replace("sso_session = corp", "sso_session = corp\nservices = own")
        + "[services own]\nsso =\n  endpoint_url = http://me:hush@127.0.0.1:9\n"
    )
    shown = run_awsexec("--explain", "corp").stdout
    assert (
        "\nsso-session corp\n"
        "  sso_start_url = https://example.com/start  ~/.aws/config:20\n"
        "  sso_region = eu-west-1                     ~/.aws/config:21\n"
    ) in shown
    assert "\nservices own\n  sso = endpoint_url = http://******@127.0.0.1:9" in shown
    facts = json.loads(run_awsexec("--explain", "--json", "corp").stdout)
    assert [section["section"] for section in facts["sections"]] == [
        "sso-session corp",
        "services own",
    ]
    assert facts["sections"][0]["settings"][0]["line"] == 20
    # also where no plan can be made
    home.write_config(EVERYTHING.replace("sso_role_name = Admin\n", ""))
    result = run_awsexec("--explain", "corp")
    assert result.status == 125
    assert "\nsso-session corp\n  sso_start_url = https://example.com/start" in (
        result.stdout
    )


# the modes of the files with keys


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o666, 0o400])
@pytest.mark.parametrize("kind", ["credentials", "config"])
def test_keys_that_others_may_read(run_awsexec, home, mode, kind):
    name = "reader"
    if kind == "config":
        home.credentials.unlink()
        home.write_config(READER_CONFIG, ALICE.replace("[alice]", "[profile alice]"))
    else:
        home.write_config(READER_CONFIG)
    path = getattr(home, kind)
    path.chmod(mode)
    wanted = (
        f"{path}: other users may read the keys in this file (mode {mode:04o}); run: "
        f"chmod 600 {path}"
    )
    warned = [] if mode in (0o600, 0o400) else [wanted]
    for command in ("--explain", "--list"):
        result = run_awsexec(command, name)
        lines = (result.stdout + result.stderr).splitlines()
        assert [line.partition(": ")[2] for line in lines if "chmod" in line] == warned
    assert ("keys!" in result.stdout) == bool(warned)
    facts = json.loads(run_awsexec("--explain", "--json", name).stdout)
    assert facts["warnings"] == warned
    rows = json.loads(run_awsexec("--list", "--json").stdout)
    # the keys are those of both profiles
    assert [row["warning"] for row in rows] == 2 * (warned or [None])


def test_a_config_file_without_keys_is_not_marked(run_awsexec, everything, home):
    home.config.chmod(0o644)
    assert (
        json.loads(run_awsexec("--explain", "--json", "reader").stdout)["warnings"]
        == []
    )
    result = run_awsexec("--list")
    assert (result.stderr, "!" in result.stdout.replace("! ~", "")) == ("", False)


def test_explain_what_is_cached(run_awsexec, everything):
    run_awsexec("reader", "true")
    result = run_awsexec("--explain", "reader")
    assert re.search(r"cached until \S+Z \((59m|1h00m) left\)\n", result.stdout)
    assert "calls nothing and asks for nothing\n" in result.stdout
    assert "  AWS_REGION=eu-west-1\n" in result.stdout


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ([], []),
        (["--min-ttl", "10m"], []),
        (["--min-ttl", "2h"], ["AssumeRole"]),
        (["--refresh"], ["AssumeRole"]),
        (["--no-cache"], ["AssumeRole"]),
    ],
)
def test_explain_and_list_with_options_about_the_cache(
    run_awsexec, home, sts, words, calls
):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    facts = json.loads(run_awsexec("--explain", "--json", *words, "reader").stdout)
    assert [call["call"] for call in facts["calls"]] == calls
    (row,) = json.loads(run_awsexec("--list", "--json", *words, "reader").stdout)
    assert (row["expires"] is None) == (words == ["--no-cache"])


def test_explain_as_json(run_awsexec, everything):
    facts = json.loads(run_awsexec("--explain", "writer", "--json").stdout)
    assert facts["profile"] == "writer"
    assert [profile["name"] for profile in facts["profiles"]] == [
        "writer",
        "reader",
        "alice",
    ]
    assert facts["profiles"][0]["settings"][0] == {
        "name": "role_arn",
        "value": WRITER,
        "file": facts["profiles"][0]["settings"][0]["file"],
        "line": 6,
        "note": None,
    }
    assert [step["step"] for step in facts["chain"]][0] == "source"
    assert facts["calls"][-1]["call"] == "AssumeRole"
    assert facts["child"]["AWSEXEC_PROFILE"] == "writer"
    assert facts["child"]["AWS_SECRET_ACCESS_KEY"] == "******"
    assert everything.calls == []


def test_explain_a_broken_profile_in_place(run_awsexec, everything, at_terminal):
    result = run_awsexec("--explain", "broken")
    assert (result.status, result.stderr) == (125, "")
    first, *rest = result.stdout.splitlines()
    assert first.startswith("fault: ") and "no profile 'nobody'" in first
    assert "  source_profile = nobody" in "\n".join(rest)
    assert "  other_password = ******" in "\n".join(rest)
    facts = json.loads(run_awsexec("--explain", "broken", "--json").stdout)
    assert "no profile 'nobody'" in facts["fault"]
    assert facts["profiles"][0]["name"] == "broken"
    output, status = at_terminal("--explain", "broken")
    assert status == 125
    assert output.startswith("\x1b[31mfault: ")


def test_explain_a_missing_profile(run_awsexec, everything):
    result = run_awsexec("--explain", "raeder")
    assert (result.status, result.stderr) == (125, "")
    assert "did you mean reader?" in result.stdout


def test_explain_asks_nobody(at_terminal, everything):
    # on a terminal it could
    output, status = at_terminal("--explain", "writer")
    assert (status, everything.calls) == (0, [])
    assert "MFA code for" not in output


# --whoami


@pytest.fixture
def iam(run_awsexec):
    with StsServer() as server:
        run_awsexec.environ["AWS_ENDPOINT_URL_IAM"] = server.url
        yield server


ALIASES = (
    '<ListAccountAliasesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
    "<ListAccountAliasesResult><IsTruncated>false</IsTruncated><AccountAliases>"
    "<member>example-corp</member></AccountAliases></ListAccountAliasesResult>"
    "</ListAccountAliasesResponse>"
)


def test_whoami(run_awsexec, everything, iam):
    iam.answer(200, ALIASES)
    result = run_awsexec("--whoami", "reader", "--session-name", "me")
    assert (result.status, result.stderr) == (0, "")
    *lines, last = result.stdout.splitlines()
    assert lines == [
        "account  123456789012 (example-corp)",
        "arn      arn:aws:sts::123456789012:assumed-role/reader/me",
        "user id  AIDAEXAMPLE",
    ]
    assert re.fullmatch(r"expires  \S+Z \((59m|1h00m) left\)", last)
    assert everything.operations == ["AssumeRole reader", "GetCallerIdentity"]


def test_whoami_without_leave_to_see_the_alias(run_awsexec, everything, iam):
    iam.fail("AccessDenied", "not authorized to perform: iam:ListAccountAliases", 403)
    result = run_awsexec("--whoami", "reader")
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout.startswith("account  123456789012\n")
    assert iam.operations == ["ListAccountAliases"]


def test_whoami_as_json(run_awsexec, everything, iam):
    iam.answer(200, ALIASES)
    answer = json.loads(run_awsexec("--whoami", "--json", "alice").stdout)
    assert answer == {
        "profile": "alice",
        "account": "123456789012",
        "account_alias": "example-corp",
        "arn": "arn:aws:iam::123456789012:user/alice",
        "user_id": "AIDAEXAMPLE",
        "expires": None,
        "seconds_left": None,
    }


def test_whoami_with_what_a_command_has(run_awsexec, everything, iam):
    result = run_awsexec("reader", "--", AWSEXEC, "--whoami", "--json")
    assert (result.status, result.stderr) == (0, "")
    answer = json.loads(result.stdout)
    assert answer["profile"] == "reader"
    assert ":assumed-role/reader/" in answer["arn"]
    assert 3500 < answer["seconds_left"] <= 3600
    assert everything.operations == ["AssumeRole reader", "GetCallerIdentity"]


def test_whoami_when_the_session_is_over(run_awsexec, everything, iam):
    child = run_awsexec.child("reader")
    everything.expire_sessions()
    child["AWS_CREDENTIAL_EXPIRATION"] = iso8601(int(time.time()) - 5)
    result = run_awsexec("--whoami", env=child)
    assert result.error() == (
        "the credentials of profile 'reader' in the environment have expired; for new "
        "ones name the profile, as in: awsexec --whoami reader"
    )


@pytest.mark.parametrize(
    ("given_by", "said"),
    [
        (
            "",
            "the credentials in the environment have expired; export new ones, or name",
        ),
        # also the label of the kind of source
        ("environment", "the credentials of profile 'environment' in the environment"),
    ],
)
def test_whoami_when_exported_keys_are_over(run_awsexec, everything, given_by, said):
    env = {
        "AWS_ACCESS_KEY_ID": BOB_ID,
        "AWS_SECRET_ACCESS_KEY": BOB_SECRET,
        "AWS_CREDENTIAL_EXPIRATION": iso8601(int(time.time()) - 5),
        "AWSEXEC_PROFILE": given_by,
    }
    assert run_awsexec("--whoami", env=env).error().startswith(said)


# the region of a shell's profile


def test_region_of_the_shells_profile_is_not_the_next_ones(run_awsexec, everything):
    shell = {"AWSEXEC_PROFILE_REGION": "eu-west-1", "AWS_REGION": "eu-west-1"}
    shell["AWS_DEFAULT_REGION"] = "eu-west-1"
    team = "team/日本 and a name that is long"
    everything.add_role("path/to/a-role-whose-name-is-long-as-well")
    for _ in range(2):
        child = run_awsexec.child(team, env=shell)
        assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"] == "ap-southeast-1"
        child = run_awsexec.child("alice", env=shell)
        assert not [name for name in child if "REGION" in name]
        # one that the user has chosen since is
        child = run_awsexec.child(team, env={**shell, "AWS_REGION": "us-east-1"})
        assert child["AWS_REGION"] == "us-east-1"


@pytest.mark.parametrize("words", [("--whoami", "alice"), ("--whoami", "reader")])
def test_whoami_with_a_key_that_is_gone(run_awsexec, home, everything, words):
    """A key is not a session: nothing of it can be refreshed."""
    everything.remove_key(KEY_ID)
    error = run_awsexec(*words).error()
    assert error.startswith(
        "AWS does not know the key of profile 'alice' (key …MPLE in "
    )
    assert "--refresh" not in error
