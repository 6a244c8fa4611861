"""--each: whose credentials each profile gets, whatever happens to the others."""

import json
import subprocess
import time

import pytest

from awsexec.profiles.config import FINE_STEP
from tests.process.test_accounts import CORP, PROD, assign
from tests.servers.sts import role_arn
from tests.sources import write_token
from tests.support import AWSEXEC, CODES, KEY_ID, SECRET, SERIAL, entries

ACCOUNT = "123456789012"
PRINT = ("--jobs", "1", "--", "sh", "-c", "echo $AWSEXEC_PROFILE")


def ran(result):
    """The profiles whose command ran."""
    return [line.rpartition(" ")[2] for line in result.stdout.splitlines()]


# which profiles

IDS = {
    "410000000001": "Production",
    "410000000007": "Production",
    "410000000002": "Sandbox",
    "410000000003": "Staging One",
    "410000000004": "Dev/Team",
    "410000000005": "410000000006",
}


@pytest.fixture
def center(home, portal, sts):
    """Accounts with awkward names: twice the same, with a / and with digits."""
    for account, name in IDS.items():
        assign(portal, sts, account, name, "Admin", "ReadOnly")
    sts.add_role("acct")
    home.write_config(
        CORP,
        "[profile written]\nsso_session = corp\nsso_account_id = 410000000002\n"
        "sso_role_name = ReadOnly\n",
        f"[profile acct]\nrole_arn = {role_arn('acct')}\nsource_profile = alice\n",
    )
    write_token(home)
    return portal


def would_run(run_awsexec, *words):
    result = run_awsexec("--dry-run", "--json", *words, "--", "true")
    assert (result.status, result.stderr) == (0, "")
    return [json.loads(line)["profile"] for line in result.stdout.splitlines()]


READERS = [
    "corp/410000000001/ReadOnly",
    "corp/410000000005/ReadOnly",
    "corp/410000000007/ReadOnly",
    "corp/Dev/Team/ReadOnly",
    "corp/Sandbox/ReadOnly",
    "corp/Staging One/ReadOnly",
]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["corp/*/ReadOnly"], READERS),
        (["corp/410000000002/*"], ["corp/Sandbox/Admin", "corp/Sandbox/ReadOnly"]),
        (["corp/Dev/Team/Read*"], ["corp/Dev/Team/ReadOnly"]),
        (["corp/Prod*/Admin"], ["corp/410000000001/Admin", "corp/410000000007/Admin"]),
        # part of an id is no name of an account, and an id is its own account's
        (["corp/D*/Admin", "corp/*/*/Admin"], ["corp/Dev/Team/Admin"]),
        (
            ["corp/[P4]*/Admin"],
            [
                "corp/410000000001/Admin",
                "corp/410000000005/Admin",
                "corp/410000000007/Admin",
            ],
        ),
        (["corp/410000000005/A*"], ["corp/410000000005/Admin"]),
        (
            ["corp/410000000003/Admin", "corp/Staging One/Admin"],
            ["corp/410000000003/Admin"],
        ),
    ],
)
def test_names_of_roles(run_awsexec, center, words, expected):
    patterns = [word for each in words for word in ("--each", each)]
    assert would_run(run_awsexec, *patterns) == expected


def test_sessions_with_a_slash(run_awsexec, home, portal, sts):
    """What begins with the longer name of a session is of that session."""
    assign(portal, sts, "410000000001", "eu/Prod", "Admin")
    assign(portal, sts, "410000000002", "Prod", "Admin")
    home.write_config(CORP, CORP.replace("corp]", "corp/eu]"))
    for session in ("corp", "corp/eu"):
        write_token(home, session)
    assert would_run(run_awsexec, "--each", "corp/*/Admin") == [
        "corp/410000000001/Admin",
        "corp/Prod/Admin",
    ]
    assert would_run(run_awsexec, "--each", "corp/eu/*/Admin") == [
        "corp/eu/eu/Prod/Admin",
        "corp/eu/Prod/Admin",
    ]


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("corp/410000000002/ReadOnly", "corp/Sandbox/ReadOnly"),
        ("corp/Sandbox/ReadOnly", "corp/Sandbox/ReadOnly"),
        ("corp/410000000002/*", "corp/Sandbox/ReadOnly"),
        ("corp/Sand*/*", "corp/Sandbox/ReadOnly"),
        ("written", "corp/Sandbox/ReadOnly"),
        ("wr*", "corp/Sandbox/ReadOnly"),
        ("corp/410000000004/ReadOnly", "corp/Dev/Team/ReadOnly"),
        ("corp/Dev/Team/ReadOnly", "corp/Dev/Team/ReadOnly"),
        ("corp/Dev/Team/*", "corp/Dev/Team/ReadOnly"),
        ("corp/410000000001/ReadOnly", "corp/410000000001/ReadOnly"),
    ],
)
def test_each_way_to_leave_out_a_role(run_awsexec, center, pattern, gone):
    words = ["--each", "corp/*/ReadOnly", "--except", pattern]
    assert would_run(run_awsexec, *words) == [each for each in READERS if each != gone]
    # a role that was chosen by its id, and one that a file has
    one = f"corp/{center_id(gone)}/ReadOnly"
    words = ["--each", "acct", "--each", one, "--except", pattern]
    assert would_run(run_awsexec, *words) == ["acct"]
    if "Sandbox" in gone:
        words = ["--each", "acct", "--each", "written", "--except", pattern]
        assert would_run(run_awsexec, *words) == ["acct"]


def center_id(name):
    account = name.partition("/")[2].rpartition("/")[0]
    return account if account in IDS else {v: k for k, v in IDS.items()}[account]


@pytest.mark.parametrize("option", ["--each", "--except"])
@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("corp/Production/ReadOnly", "corp has 2 accounts with the name Production: "),
        ("corp/Production/*", "corp has 2 accounts with the name Production: "),
        ("corp/Nosuch/ReadOnly", "corp has no account Nosuch for you; "),
        ("corp/sandbox/ReadOnly", "did you mean corp/Sandbox/ReadOnly"),
        ("corp/Sandbox/Readonly", "did you mean corp/Sandbox/ReadOnly"),
        ("corp/410000000002/Nosuch", "you have no role Nosuch in account 4100"),
        ("corp/410000000009/ReadOnly", "you have no role ReadOnly in account 4100"),
        ("corp/410000000006/*", "fits the whole name of no profile in "),
        ("corp/Sandbox", "names the session corp"),
        ("corp/x/y*", "awsexec --accounts corp shows all names"),
        ("x/y/z", "no profile 'x/y/z' in "),
    ],
)
def test_a_name_of_nothing_stops_all(run_awsexec, center, option, pattern, error):
    """Also where no other pattern needs the list of accounts."""
    for other in ("corp/*/ReadOnly", "acct"):
        words = ["--each", other, option, pattern]
        said = run_awsexec(*words, *PRINT).error()
        assert said.startswith(option) and error in said, said
        if option == "--each" and "0009" in pattern:
            # without a list, AWS would tell
            break
    assert "GET /federation/credentials" not in center.asked


def test_an_id_needs_no_list(run_awsexec, center):
    words = ["--each", "corp/410000000002/Admin", "--except", "corp/410000000002/*"]
    assert would_run(run_awsexec, *words[:2]) == ["corp/410000000002/Admin"]
    assert center.asked == []
    assert "leaves no profile" in run_awsexec(*words, *PRINT).error()


def test_except_takes_a_name_and_what_it_fits(run_awsexec, home, sts):
    names = ["g*", "g?", "g[1]", "gx", "other"]
    home.write_config(
        *(
            f"[profile {name}]\nrole_arn = {role_arn('r')}\nsource_profile = alice\n"
            for name in names
        )
    )
    every = [word for name in names for word in ("--each", name)]
    assert would_run(run_awsexec, *every) == names
    assert would_run(run_awsexec, *every, "--except", "g*") == ["other"]
    assert would_run(run_awsexec, "--each", "g*") == ["g*"]


def test_a_pattern_hands_out_no_keys(run_awsexec, home, sts):
    """They do not expire, and lie in the files so that roles can be assumed."""
    roles(home, sts)
    result = run_awsexec("--each", "*", *PRINT)
    assert ran(result) == ["a", "b", "c"]
    assert "left out alice: COMMAND would get a key that does not expire" in (
        result.stderr
    )
    assert result.status == 0
    assert ran(run_awsexec("--each", "*", "--each", "alice", *PRINT)) == [
        "a",
        "alice",
        "b",
        "c",
    ]
    assert "left out alice" in run_awsexec("--each", "al*", *PRINT).error()
    # not even a limit makes it a failure
    run_awsexec.environ["AWSEXEC_LIMITS"] = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert run_awsexec("--each", "*", *PRINT).status == 0
    del run_awsexec.environ["AWSEXEC_LIMITS"]
    # a session of the user is no key
    result = run_awsexec(
        *("--mfa-serial", SERIAL, "--mfa-token", CODES[0]), "--each", "al*", *PRINT
    )
    assert (result.status, ran(result)) == (0, ["alice"])


# one that fails stops no other


def roles(home, sts, *lines, source="alice"):
    for name in "abc":
        sts.add_role(name, mfa=any("mfa_serial" in line for line in lines))
    home.write_config(
        *(
            "\n".join(
                [
                    f"[profile {name}]",
                    f"role_arn = {role_arn(name)}",
                    f"source_profile = {source}",
                    *lines,
                    "",
                ]
            )
            for name in "abc"
        )
    )


def sso(home, portal, sts):
    write_token(home)
    home.write_config(
        CORP,
        *(
            f"[profile {name}]\nsso_session = corp\nsso_account_id = {PROD}\n"
            f"sso_role_name = {name}\n"
            for name in "abc"
        ),
    )
    assign(portal, sts, PROD, "Prod", *"abc")
    # a file just written may change without a trace, and no cache entry counts then
    time.sleep(2 * FINE_STEP)


def _refused_role(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    del portal.roles[PROD, "a"]
    return "refused role a"


def _no_sign_in(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    write_token(home, life=-60)
    return "not signed in"


def _no_network(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    run_awsexec.environ["AWS_MAX_ATTEMPTS"] = "1"
    portal.__exit__()
    return "cannot reach AWS IAM Identity Center"


def _no_code(run_awsexec, home, portal, sts):
    roles(home, sts, f"mfa_serial = {SERIAL}")
    assert run_awsexec("--mfa-token", CODES[0], "b", "true").status == 0
    # the session of the code is gone, the one of the role is there
    found = entries(home)
    min(found, key=lambda path: len(found[path].key)).unlink()
    return "needs an MFA code"


def _failing_process(run_awsexec, home, portal, sts):
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    script = home.script("keys", f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    roles(home, sts, source="keys")
    with home.config.open("a") as config:
        config.write(f"[profile keys]\ncredential_process = {script}\n")
    assert run_awsexec("b", "true").status == 0
    home.script("keys", "#!/bin/sh\nexit 1\n")
    return "ended with status 1"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_refused_role, ["b", "c"]),
        (_no_sign_in, ["b"]),
        (_no_network, ["b"]),
        (_no_code, ["b"]),
        (_failing_process, ["b"]),
    ],
)
def test_a_failure_stops_only_who_needs_the_same(
    run_awsexec, home, portal, sts, spoil, expected
):
    """A session of b is in the cache, and not of a and c."""
    why = spoil(run_awsexec, home, portal, sts)
    result = run_awsexec("--each", "[abc]", "--no-prompt", *PRINT)
    assert ran(result) == expected, result.stderr
    assert result.status == 125
    assert why in result.stderr


def test_a_shared_failure_names_whose_it_is(run_awsexec, home, portal, sts):
    _no_code(run_awsexec, home, portal, sts)
    result = run_awsexec("--each", "[abc]", "--no-prompt", "--json", "--", "true")
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert "awsexec: a and c: needs an MFA code of" in result.stderr
    assert rows["a"]["error"].startswith("profile 'a' needs an MFA code")
    assert rows["c"]["error"].startswith("the same as a: profile 'a' needs an MFA code")


def test_a_broken_default_stops_no_other(run_awsexec, home, sts):
    roles(home, sts)
    with home.config.open("a") as config:
        config.write("[default]\ninclude_profile = nosuch\n")
    result = run_awsexec("--each", "*", "--except", "alice", *PRINT)
    assert (result.status, ran(result)) == (125, ["a", "b", "c"])
    assert "nosuch" in result.stderr


# credentials that end before a command's turn comes

# the command of a runs until its credentials have come to their end
LIVE = """
live() { [ $(date -d $AWS_CREDENTIAL_EXPIRATION +%s) -gt $(date +%s) ]; }
live && echo $AWSEXEC_PROFILE
while [ $AWSEXEC_PROFILE = a ] && live; do sleep 0.1; done
"""


def test_credentials_at_their_end_are_got_again(run_awsexec, home, sts):
    """Where that fails, the others go on."""
    script = home.script(
        "short",
        """\
        #!/bin/sh
        echo >>"$HOME/ran-$1"
        [ $1 = b ] && [ $(wc -l <"$HOME/ran-b") = 2 ] && exit 1
        printf '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "x",'
        printf '"SessionToken": "y", "Expiration": "%s"}' $(date -u -d +4seconds +%FT%TZ)
        """,
    )
    home.write_config(
        *(f"[profile {name}]\ncredential_process = {script} {name}\n" for name in "abc")
    )
    words = ["--each", "[abc]", "--jobs", "1", "--", "sh", "-c", LIVE]
    result = run_awsexec(*words)
    assert (result.status, ran(result)) == (125, ["a", "c"])
    assert "b  no credentials" in result.stderr and "ended with status 1" in (
        result.stderr
    )
    assert [len((home.path / f"ran-{name}").read_text()) for name in "abc"] == [1, 2, 2]


def test_nobody_is_asked_between_commands(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    for name in "abc":
        portal.roles[PROD, name] = sts.session_of(name, 6)
    forget = f"rm -r {home.path}/.aws/sso; {LIVE}"
    words = ["--each", "[ab]", "--jobs", "1", "--json", "--", "sh", "-c", forget]
    result = run_awsexec(*words)
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["a"]["status"] == 0
    assert "a new one needs your answer; ask for longer" in rows["b"]["error"]
    assert result.status == 125


def test_few_files_lower_the_jobs(run_awsexec, home, sts):
    roles(home, sts)
    words = f"{AWSEXEC} --each '[abc]' --jobs 40 -- sh -c 'echo $AWSEXEC_PROFILE'"
    result = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -n 28; {words}"],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result
    assert sorted(result.stdout.split()[2::3]) == ["a", "b", "c"]
    assert " and not 3 commands run at once, because this process may have only 28" in (
        result.stderr
    )


def test_the_record_tells_regions_apart(run_awsexec, home, sts):
    roles(home, sts)
    sts.add_role("b", trusts=[])
    run_awsexec.environ["AWSEXEC_LOG"] = str(home.path / "log")
    regions = ["--regions", "eu-west-1", "--regions", "us-east-1"]
    run_awsexec("--each", "[ab]", *regions, "--", "true")
    rows = [json.loads(line) for line in (home.path / "log").read_text().splitlines()]
    found = [
        (row["event"], row["profile"], row["region"])
        for row in rows
        if row["event"] != "session"
    ]
    assert sorted(found) == [
        (event, name, region)
        for event, name in (("refused", "b"), ("started", "a"))
        for region in ("eu-west-1", "us-east-1")
    ]


# --dry-run


def test_dry_run_says_what_is_refused_and_what_asks(run_awsexec, home, sts):
    """The files tell it: nobody is called, and the status is that of the run."""
    roles(home, sts, "confirm = true")
    with home.config.open("a") as config:
        config.write(
            f"[profile d]\nrole_arn = {role_arn('d')}\nsource_profile = alice\n"
        )
        config.write("expected_account = 111122223333\n")
    words = ["--each", "[abd]", "--each", "alice", "--dry-run"]
    result = run_awsexec(*words, "--", "true")
    _, *lines = (line.split() for line in result.stdout.splitlines())
    assert lines[:3] == [
        ["a", ACCOUNT, "a", "asks"],
        ["alice", "keys"],
        ["b", ACCOUNT, "b", "asks"],
    ]
    assert lines[3][:4] == ["d", ACCOUNT, "d", "refused:"]
    assert "expected_account = 111122223333, but" in " ".join(lines[3])
    assert (result.status, result.stderr, sts.calls) == (125, "", [])
    result = run_awsexec(*words, "--yes", "--json", "--", "true")
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert [rows[name]["confirm"] for name in rows] == [None] * 4
    assert rows["alice"]["source"] == "keys"
    result = run_awsexec(*words, "--json", "--", "true")
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert [rows[name]["confirm"] for name in rows] == ["yes", None, "yes", None]
