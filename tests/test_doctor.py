"""The checks of --doctor, each with values; `tests/process/test_doctor.py` has the whole."""

import json
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from awsexec.commands import doctor
from awsexec.credentials.keys.index import IndexFile
from awsexec.credentials.reach import Answer
from awsexec.directories import data_directory
from awsexec.doctor import files, finding, keys, machine, network, sign_ins, variables
from awsexec.errors import AwsexecError, CredentialsError
from awsexec.fastpath import LIMITS
from awsexec.options import sections
from awsexec.options.arguments import Arguments
from awsexec.plan.plan import Planner
from awsexec.profiles.config import Config
from awsexec.profiles.key_index import KeptKey
from awsexec.profiles.trust import DirectoryProfile
from awsexec.report import Report
from tests.support import ALICE, KEY_ID, READER_CONFIG, SECRETS, Home

NOW = 2_000_000_000.0
SSO = """
[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
"""


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.write_credentials(ALICE)
    home.write_config(READER_CONFIG)
    return home


def facts(home, **changes):
    environ = {"HOME": str(home.path), **changes.pop("environ", {})}
    config = Config.load(environ)
    planner = Planner(Arguments(), environ, config)
    plans, broken = {}, {}
    for name in config.profiles.names():
        try:
            plans[name] = planner.plan(name)
        except AwsexecError as error:
            broken[name] = str(error)
    values = {"environ": environ, "now": time.time(), "config": config}
    return finding.Facts(**{**values, "plans": plans, "broken": broken, **changes})


def found(check, facts):
    findings = list(check(facts))
    text = "\n".join(f"{one.about} {one.text} {one.mend}" for one in findings)
    assert not [secret for secret in SECRETS if secret in text]
    return [one.status for one in findings], text


def test_files(home):
    assert found(files.check_files, facts(home))[0] == ["ok", "ok"]
    home.config.chmod(0o664)
    home.write_config(READER_CONFIG, READER_CONFIG, "[reader]\n")
    statuses, text = found(files.check_files, facts(home))
    assert statuses == ["wrong", "warning", "warning", "ok"]
    assert "other users may change the file (mode 0664)" in text
    assert "chmod go-w" in text and "is in line 2 too" in text
    home.config.unlink()
    assert found(files.check_files, facts(home))[0] == ["skipped", "ok"]
    home.write_config("[default]\nregion = a\n[profile default]\nregion = b\n")
    statuses, text = found(files.check_files, facts(home))
    assert statuses == ["ok", "warning", "ok"]
    assert "[default] counts for nothing beside [profile default] in line 3" in text
    home.config.unlink()
    home.config.mkdir()
    statuses, text = found(files.check_files, facts(home))
    assert statuses == ["wrong", "ok"] and "it is a folder" in text
    unreadable = finding.Facts(environ={}, now=NOW, fault="config:1: no text")
    assert found(files.check_files, unreadable) == (
        *(["wrong"], "files config:1: no text "),
    )


@pytest.mark.parametrize(
    ("mode", "age", "statuses"),
    [
        (0o600, 0, ["warning"]),
        (0o644, 0, ["wrong", "warning"]),
        (0o600, 91, ["warning", "warning"]),
    ],
)
def test_keys(home, mode, age, statuses):
    home.credentials.chmod(mode)
    now = time.time()
    os.utime(home.credentials, (now, now - age * 86_400 - 60))
    seen, text = found(keys.check_keys, facts(home))
    assert seen == statuses
    assert "awsexec --add-keys alice" in text
    assert ("at least 91 days old" in text) == (age > 90)
    assert ("chmod 600" in text) == (mode != 0o600)


def test_profiles(home):
    assert found(files.check_profiles, facts(home)) == (
        *(["ok"], "profiles 2 can work "),
    )
    home.write_config(READER_CONFIG, "regoin = x\n[profile b]\nsource_profile = c\n")
    statuses, text = found(files.check_profiles, facts(home))
    assert statuses == ["wrong", "warning"]
    assert "did you mean region?" in text
    # one line for one fault
    home.write_config(READER_CONFIG)
    given = facts(home, broken={f"p{n}": "no" for n in range(7)}, later={"q": "yes"})
    statuses, text = found(files.check_profiles, given)
    assert statuses == ["wrong", "warning"]
    assert text == "profiles p0, p1, p2, p3, p4 and 2 more no \nprofile q yes "
    home.write_config(READER_CONFIG)
    home.write_credentials(ALICE, "aws_session_expiration = soon\n")
    statuses, text = found(files.check_profiles, facts(home))
    assert statuses == ["warning", "ok"]
    assert "aws_session_expiration = soon is not a time that awsexec can read" in text
    home.write_credentials(ALICE)
    # of other tools
    home.write_config(READER_CONFIG, "color = red\n")
    assert found(files.check_profiles, facts(home))[0] == ["ok"]


def no_keyring():
    raise CredentialsError("there is no keyring")


def keep(home, added):
    with IndexFile({"HOME": str(home.path)}, lambda _: nullcontext()) as index:
        index.put(KeptKey("bob", KEY_ID, "", "", "0123456789abcdef", int(added)))


@pytest.mark.parametrize(
    ("days", "keyring", "statuses", "said"),
    [
        (None, no_keyring, ["skipped"], "awsexec keeps no key in it"),
        (1, lambda: "KWallet", ["ok"], "KWallet, 1 key"),
        (
            *(91, lambda: "KWallet", ["ok", "warning"]),
            "at least 91 days old replace it: awsexec --rotate-keys bob",
        ),
        (1, no_keyring, ["wrong"], "there is no keyring"),
    ],
)
def test_keyring(home, days, keyring, statuses, said):
    now = time.time()
    if days is not None:
        keep(home, now - days * 86_400)
    seen, text = found(keys.check_keyring, facts(home, keyring=keyring))
    assert seen == statuses and said in text


def test_key_that_no_keyring_takes(home):
    text = found(keys.check_keys, facts(home, keyring=no_keyring))[1]
    assert "there is no keyring to move it to" in text
    assert "--add-keys" not in text


def test_keyring_whose_index_is_damaged(home):
    keep(home, 1)
    (Path(data_directory({"HOME": str(home.path)})) / "keys").write_text("x")
    assert found(keys.check_keyring, facts(home))[0] == ["wrong"]


@pytest.mark.parametrize(
    ("environ", "statuses", "said"),
    [
        ({}, [], ""),
        (
            {"AWSEXEC_LIMITS": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            *(["ok"], "no more than ReadOnlyAccess here; --unlimited lifts that"),
        ),
        ({"AWS_PROFILE": "reader"}, ["ok"], "is the profile if none is named"),
        ({"AWS_PROFILE": "nosuch"}, ["wrong"], "unset AWS_PROFILE"),
        (
            {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"},
            ["warning"],
            "run: unset AWS_ACCESS_KEY",
        ),
        (
            {
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWSEXEC_PROFILE": "reader",
            },
            ["ok"],
            "this shell has the credentials of reader",
        ),
        ({"HTTPS_PROXY": "http://u:hidden@p:1"}, ["ok"], "******@p:1"),
        ({"HTTPS_PROXY": "u:hidden@p:1"}, ["ok"], "******@p:1"),
        ({"AWS_REGION": "eu-west-1"}, ["ok"], "eu-west-1 wins"),
        ({"AWS_REGION": "eu west 1"}, ["wrong"], "is not an AWS region"),
        ({"AWS_ENDPOINT_URL_SSO": "localhost:1"}, ["wrong"], "is not a URL"),
        ({"AWS_RETRY_MODE": "fast"}, ["wrong"], "AWS_RETRY_MODE"),
        ({"HTTP_PROXY": "p:1"}, ["ok"], "http:// endpoints go through p:1"),
        ({"https_proxy": "p:1"}, ["ok"], "https:// endpoints go through p:1"),
        ({"no_proxy": "a,b"}, ["ok"], "calls to a,b go through no proxy"),
        ({"AWS_SECRET_ACCESS_KEY": "x"}, ["warning"], "half a key pair"),
        ({"AWSEXEC_REFRESH_AHEAD": "foo"}, ["wrong"], "a time left like 10m"),
        ({"AWSEXEC_PROCESS_TIMEOUT": "foo"}, ["wrong"], "PROCESS_TIMEOUT=foo"),
        ({"AWSEXEC_MFA_TOKEN": "12"}, ["wrong"], "AWSEXEC_MFA_TOKEN"),
        ({"AWSEXEC_MFA_PROCESS": "/no/such x"}, ["wrong"], "/no/such"),
        ({"AWSEXEC_LIMITS": "garbage"}, ["wrong"], "no limits that awsexec can read"),
        ({"AWSEXEC_LOG_ARGV": "yes"}, ["wrong"], "write 1 or 0"),
        ({"AWSEXEC_LOG_REQUIRED": "yes"}, ["wrong"], "write 1 or 0"),
    ],
)
def test_environment(home, environ, statuses, said):
    seen, text = found(variables.check_environment, facts(home, environ=environ))
    assert seen == statuses and said in text
    assert "hidden" not in text


def test_every_variable_of_awsexec_is_read():
    rows = [row for _, rows in sections.ENVIRONMENT for row in rows]
    ours = {
        name
        for names, _ in rows
        for name in names.split(", ")
        if name.startswith("AWSEXEC_")
    }
    known = variables.OWN.keys() | variables.ELSEWHERE | variables.ANY_VALUE
    assert ours | {LIMITS} == known


def test_cache(home):
    def seen(**changes):
        environ = {"AWSEXEC_CACHE_DIR": str(home.cache)}
        return found(machine.check_cache, facts(home, environ=environ, **changes))

    assert "made with the first session" in seen()[1]
    home.cache.mkdir(mode=0o700)
    assert seen()[0] == ["ok"]
    mounts = f"/dev/x / ext4 rw 0 0\nserver:/x {home.path} nfs4 rw 0 0\n"
    statuses, text = seen(mounts=mounts)
    assert statuses == ["warning"] and "(nfs4)" in text
    home.cache.chmod(0o755)
    statuses, text = seen()
    assert statuses == ["wrong"] and "open to others (mode 0755)" in text
    home.cache.rmdir()
    home.cache.touch(0o600)
    assert seen()[0] == ["wrong"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "ext4"), ("/home/x", "nfs"), ("/homes", "ext4"), ("/a b/c", "cifs")],
)
def test_mounts(path, kind):
    mounts = "d / ext4 rw\nd /home nfs rw\nd /a\\040b cifs rw\nshort\n"
    assert machine.kind_of_mount(path, mounts) == kind
    assert machine.kind_of_mount(path, "") == ""


@pytest.mark.parametrize(
    ("ahead", "status"),
    [
        *(
            (None, "skipped"),
            (0, "ok"),
            (-59, "ok"),
            (60, "warning"),
            (-299, "warning"),
        ),
        *((300, "wrong"), (-4000, "wrong")),
    ],
)
def test_clock(ahead, status):
    assert network.clock(ahead).status == status


@pytest.mark.parametrize(
    ("answer", "statuses"),
    [
        (Answer("https://sts", ahead=1.0), ["ok", "ok"]),
        (Answer("https://sts", "no name", is_offline=True), ["skipped", "skipped"]),
        (Answer("https://sts", "bad certificate"), ["wrong", "skipped"]),
    ],
)
def test_network(home, answer, statuses):
    asked = []

    def ask(plan, service):
        asked.append(service)
        return answer

    assert found(network.check_network, facts(home, ask=ask))[0] == statuses
    # both profiles use one endpoint
    assert asked == ["sts"]
    home.write_config(READER_CONFIG, SSO)
    found(network.check_network, facts(home, ask=ask))
    assert {"sts", "sso", "sso_oidc"} <= set(asked)


@pytest.mark.parametrize(
    ("answering", "status"),
    [
        # a server of this machine says nothing of the network
        ("http://127.0.0.1:1", "skipped"),
        # another host is reached
        ("https://sso", "wrong"),
    ],
)
def test_offline_is_the_whole_network(home, answering, status):
    home.write_config(SSO)

    def ask(plan, service):
        if service == "sts":
            return Answer("https://sts", "no such name", is_offline=True)
        return Answer(answering)

    statuses, text = found(network.check_network, facts(home, ask=ask))
    assert sorted(statuses) == sorted([status, "ok", "skipped"])
    assert ("no such name" in text) == (status == "wrong")


def test_files_that_cannot_be_read(home):
    unreadable = finding.Facts(environ={}, now=NOW, fault="config:1: no text")
    statuses, text = found(network.check_network, unreadable)
    assert statuses == ["skipped", "skipped"]
    assert "the files cannot be read" in text and "no endpoint was asked" in text


def test_one_line_for_each_endpoint(home):
    home.write_config(
        READER_CONFIG, "region = eu-west-1\n", SSO, SSO.replace("sso]", "sso2]")
    )

    def ask(plan, service):
        return Answer(f"https://{service}", ahead=0.0)

    statuses, text = found(network.check_network, facts(home, ask=ask))
    assert statuses == ["ok"] * len(text.splitlines())
    assert len(set(text.splitlines())) == len(statuses)


@pytest.mark.parametrize(
    ("environ", "status", "said"),
    [
        ({}, "skipped", "AWSEXEC_LOG is not set"),
        ({"AWSEXEC_LOG": "~/log"}, "ok", "/log"),
        ({"AWSEXEC_LOG": "log"}, "warning", "depends on the current directory"),
        ({"AWSEXEC_LOG": "~/no/log"}, "warning", "make its directory"),
        ({"AWSEXEC_LOG": "~/.aws"}, "warning", "not a regular file"),
        ({"AWSEXEC_LOG": "~/link"}, "warning", "it is a symbolic link"),
        ({"AWSEXEC_LOG": "~/.aws/open"}, "warning", "chmod 600"),
        (
            {"AWSEXEC_LOG": "~/no/log", "AWSEXEC_LOG_REQUIRED": "1"},
            *("wrong", "make its directory"),
        ),
    ],
)
def test_record(home, environ, status, said):
    (home.path / "link").symlink_to("log")
    (home.path / ".aws" / "open").touch(0o644)
    statuses, text = found(machine.check_record, facts(home, environ=environ))
    assert statuses == [status] and said in text
    # a look makes nothing
    assert not (home.path / "log").exists()


def test_sign_ins(home):
    home.write_config(SSO)
    statuses, text = found(sign_ins.check_sign_ins, facts(home))
    assert statuses == ["warning"] and "you are not signed in" in text


def test_mfa(home):
    serials = ("arn:aws:iam::123456789012:mfa/alice", "GAHT12345678")
    parts = [
        f"{READER_CONFIG.replace('reader', f'p{number}')}mfa_serial = {serial}\n"
        for number, serial in enumerate(serials)
    ]
    home.write_config(*parts)
    statuses, text = found(sign_ins.check_mfa, facts(home))
    assert statuses == ["ok", "ok"]
    assert "an authenticator app" in text and "a hardware token" in text


@pytest.mark.parametrize(
    ("parent", "value", "status", "said"),
    [
        (("", 7, None), "", "skipped", "does not tell"),
        (("make", 7, ""), "", "skipped", "no bash, zsh or fish"),
        (("bash", 7, ""), "7", "ok", "has read"),
        # a command substitution, or another fork of the shell that read it
        (("zsh", 9, ""), "7", "ok", "has read"),
        (("bash", 7, "3"), "7", "ok", "has read"),
        # a shell in that shell
        (("bash", 9, "7"), "7", "warning", "write into ~/.bashrc"),
        (("fish", 9, ""), "", "warning", "write into ~/.config/fish"),
        # after exec, which may have read it again
        (("bash", 7, "7"), "7", "skipped", "cannot tell"),
        (("bash", 7, None), "7", "skipped", "cannot tell"),
    ],
)
def test_shell(home, parent, value, status, said):
    environ = {"AWSEXEC_INIT": value}
    given = facts(home, environ=environ, parent=parent)
    statuses, text = found(machine.check_shell, given)
    assert statuses == [status] and said in text


def test_browser(home):
    given = facts(home, environ={"BROWSER": "/no/such"})
    assert found(machine.check_browser, given)[0] == ["warning"]


def test_versions(home):
    statuses, text = found(machine.check_versions, facts(home))
    assert statuses == ["ok"] * 4 and "boto3 " in text


PATH = "/home/alice/src/.awsexec"


@pytest.mark.parametrize(
    ("here", "environ", "status", "said"),
    [
        (None, {}, "skipped", ".awsexec there is none for this directory"),
        (DirectoryProfile(PATH, "reader"), {}, "ok", "'reader' is the profile if none"),
        (
            DirectoryProfile(PATH, "reader"),
            {"AWS_DEFAULT_PROFILE": "alice"},
            "skipped",
            "AWS_DEFAULT_PROFILE wins over it",
        ),
        (
            DirectoryProfile(PATH, "reder"),
            {},
            "wrong",
            f"no profile 'reder' correct it, and then type: awsexec --trust {PATH}",
        ),
        (DirectoryProfile(PATH, fault="bad; mend it"), {}, "wrong", "bad; mend it"),
        (DirectoryProfile("", fault="gone"), {}, "wrong", ".awsexec gone"),
    ],
)
def test_directory(home, here, environ, status, said):
    looked_at = facts(home, here=here, environ=environ)
    statuses, text = found(machine.check_directory, looked_at)
    assert statuses == [status] and said in text


def test_directory_where_the_files_cannot_be_read():
    here = DirectoryProfile(PATH, "reader")
    looked_at = finding.Facts(environ={}, now=NOW, fault="x", here=here)
    assert found(machine.check_directory, looked_at)[0] == ["ok"]


# --- The whole ------------------------------------------------------------------------


FOUND = [
    finding.Finding("/h/.aws/config", finding.OK, "2 profiles"),
    finding.Finding("/h/x", finding.WRONG, "it is open", "run: chmod go-w '/h/a b'"),
    finding.Finding("key\x1b[2J", finding.WARNING, "it is " + "old " * 20, "make one"),
    finding.Finding("clock", finding.SKIPPED, "nobody said the time"),
]


def shown(width, found=FOUND):
    rows = doctor.lines(found, {"HOME": "/h"}, width)
    return [row if isinstance(row, str) else row[0] for row in rows]


def test_lines():
    assert shown(None) == [
        "✓ ~/.aws/config: 2 profiles",
        "✗ ~/x: it is open; run: chmod go-w '/h/a b'",
        "! key\\x1b[2J: it is " + "old " * 20 + "; make one",
        "- clock: nobody said the time",
        "1 thing wrong (✗), 1 worth a look (!)",
    ]
    assert shown(None, FOUND[:1])[-1] == "nothing is wrong"
    assert shown(None, FOUND[2:])[-1] == "nothing is wrong, 1 worth a look (!)"


@pytest.mark.parametrize("width", [24, 40, 80])
def test_lines_on_a_terminal(width):
    rows = shown(width)
    assert max(map(len, rows)) <= width
    if width == 40:
        assert rows[1:3] == ["✗ ~/x: it is open", "  → run: chmod go-w '/h/a b'"]


def test_an_error_in_a_check_is_a_finding(home, monkeypatch, capsys):
    """The others go on, and the JSON is whole."""

    def check_broken(facts):
        raise ZeroDivisionError("x")

    def check_refused(facts):
        raise AwsexecError("no")
        yield

    monkeypatch.setattr(
        doctor, "CHECKS", (check_broken, check_refused, machine.check_versions)
    )
    arguments = Arguments()
    arguments.json = True
    environ = {"HOME": str(home.path)}
    assert doctor.run(arguments, environ, Report(sys.stderr)) == 123
    rows = json.loads(capsys.readouterr().out)
    assert [row["about"] for row in rows[:3]] == ["broken", "refused", "awsexec"]
    assert "internal error: ZeroDivisionError" in rows[0]["text"]
