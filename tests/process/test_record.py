"""AWSEXEC_LOG and --log: what is recorded of whole runs."""

import json
import os

import pytest

from tests.support import (
    AWSEXEC,
    CODES,
    READER,
    READER_CONFIG,
    SECRETS,
    SERIAL,
    age,
    fast_path_is_on,
    is_fast,
)

LOG = {"AWSEXEC_LOG": "~/log"}
ALLOW = (
    '{"Version": "2012-10-17", "Statement": '
    '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
)
MFA = f"{READER_CONFIG}mfa_serial = {SERIAL}\n"
OF_READER = {
    "profile": "reader",
    "account": "123456789012",
    "role": READER,
    "limits": [],
    "key": "0001",
}


def record(home):
    """What is recorded, without what differs in each run."""
    text = (home.path / "log").read_text()
    for secret in SECRETS:
        assert secret not in text
    rows = [json.loads(row) for row in text.splitlines()]
    for row in rows:
        assert row.pop("time")[10] == "T"
        assert isinstance(row.pop("pid"), int)
        assert isinstance(row.pop("parent_pid"), int)
        assert row.pop("parent")
        row.pop("session_name", None)
    return rows


@pytest.mark.both_ways
def test_runs(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    for _ in range(2):
        assert run_awsexec("reader", "true", "it", env=LOG).status == 0
    words = {**LOG, "AWSEXEC_LOG_ARGV": "1"}
    assert run_awsexec("reader", "true", "it", env=words).status == 0
    started = {"event": "started", **OF_READER, "command": "true"}
    assert record(home) == [
        {"event": "session", **OF_READER, "call": "AssumeRole"},
        {**started, "cached": False},
        {**started, "cached": True},
        {**started, "cached": True, "argv": ["true", "it"]},
    ]
    assert len(sts.calls) == 1


def test_cached_run_stays_fast(run_awsexec, home, sts):
    if not fast_path_is_on(run_awsexec):
        pytest.skip("the fast path is switched off")
    home.write_config(READER_CONFIG)
    run_awsexec("reader", "true")
    assert is_fast(run_awsexec, "reader", "true", env=LOG)
    assert len(record(home)) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["reader", "nosuchcommand"], 127, "nosuchcommand: command not found"),
        (["reader", "/"], 126, "/: cannot be run"),
        (["nosuch", "true"], 125, "no profile 'nosuch'"),
        (["reader", "--min-ttl", "5h", "true"], 125, "the credentials of profile"),
    ],
)
def test_refused(run_awsexec, home, sts, words, status, why):
    home.write_config(READER_CONFIG)
    run_awsexec("reader", "true")
    result = run_awsexec(*words, env=LOG)
    (row,) = record(home)
    assert (result.status, row["event"]) == (status, "refused")
    assert row["command"] == words[-1]
    assert row["profile"] == words[0] and row.get("role") == (
        READER if words[0] == "reader" else None
    )
    assert why in row["reason"]


@pytest.mark.both_ways
def test_started_in_vain(run_awsexec, home, sts):
    """What the system refuses at last has one line that says that it starts."""
    home.write_config(READER_CONFIG)
    script = home.script("script", "#!/no/such/interpreter\n")
    run_awsexec("reader", "true")
    assert run_awsexec("reader", script, env=LOG).status == 126
    assert [row["event"] for row in record(home)] == ["started", "refused"]


OTHER = "111122223333"
# what fails before anything is handed over: a guardrail, an answer, a setting
FAILURES = {
    "expected account": (f"expected_account = {OTHER}\n", [], "are of account"),
    "option": ("", ["--expect-account", OTHER], "are of account"),
    "not confirmed": ("confirm = true\n", [], "asks before it is used"),
    "setting": ("confirm = perhaps\n", [], "write true, false or name"),
    "no profile": (None, [], "no profile"),
    "limits": ("", [], "has no limits that awsexec can read"),
}


@pytest.mark.both_ways
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    "words",
    [
        ["{}", "--", "true"],
        ["--serve", "{}", "--", "true"],
        ["--each", "{}", "--", "true"],
        ["--export", "sh", "{}"],
        ["--export", "process", "{}"],
        ["--console", "--no-browser", "{}"],
        # these hand nothing to anybody
        ["--whoami", "{}"],
        ["--explain", "{}"],
        ["--each", "{}", "--dry-run", "--", "true"],
    ],
    ids=lambda words: words[0],
)
def test_all_that_is_refused(run_awsexec, home, sts, failure, words):
    setting, options, why = FAILURES[failure]
    home.write_config(READER_CONFIG, setting or "")
    env = {**LOG, **({"AWSEXEC_LIMITS": "x"} if failure == "limits" else {})}
    name = "reader" if setting is not None else "nosuch"
    result = run_awsexec(*options, *(word.format(name) for word in words), env=env)
    if words[0] in ("--whoami", "--explain") or "--dry-run" in words:
        path = home.path / "log"
        events = {row["event"] for row in record(home)} if path.exists() else set()
        assert events <= {"session"}
        return
    assert result.status == 125
    (row,) = record(home)
    assert row["event"] == "refused" and why in row["reason"]
    form = {"--export": words[1], "--console": "console"}.get(words[0])
    assert (row.get("command"), row.get("format")) == (None if form else "true", form)
    if failure not in ("no profile", "setting"):
        assert (row["account"], row["role"]) == ("123456789012", READER)
    if words[0] != "--each":
        assert row["profile"] == name


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ([], {}),
        (["--unlimited"], {"unlimited": True}),
    ],
)
def test_unlimited(run_awsexec, home, sts, words, how):
    home.write_config(READER_CONFIG)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    env = {**LOG, "AWSEXEC_LIMITS": arn}
    for _ in range(2):
        run_awsexec(*words, "reader", "true", env=env)
    for row in record(home):
        if row["event"] == "started":
            assert {name: row[name] for name in row if name == "unlimited"} == how
    text = run_awsexec("--log", env=LOG).stdout
    assert ("lifted" in text) == bool(how)
    assert ("ReadOnlyAccess" in text) != bool(how)
    # a run that the fast path serves has lifted nothing
    (home.path / "log").unlink()
    run_awsexec("reader", "true", env=LOG)
    assert "unlimited" not in record(home)[0]


def test_how_it_was_confirmed(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "confirm = true\n")
    inner = [AWSEXEC, "reader", "--", "true"]
    run_awsexec("--yes", "reader", "--", *inner, env=LOG)
    run_awsexec("reader", "true", env=LOG)
    rows = [row for row in record(home) if row["event"] != "session"]
    assert [row["confirmed"] for row in rows] == ["--yes", "earlier", None]


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"AWSEXEC_LOG_REQUIRED": "1"}, "AWSEXEC_LOG is not set; set AWSEXEC_LOG to a"),
        (
            {"AWSEXEC_LOG_REQUIRED": "1", "AWSEXEC_LOG": ""},
            "AWSEXEC_LOG is not set; set AWSEXEC_LOG to a",
        ),
        ({"AWSEXEC_LOG_REQUIRED": "yes"}, "AWSEXEC_LOG_REQUIRED=yes is unknown; write"),
        (
            {"AWSEXEC_LOG_REQUIRED": "on", **LOG},
            "AWSEXEC_LOG_REQUIRED=on is unknown; write",
        ),
        ({"AWSEXEC_LOG_REQUIRED": "0"}, None),
        ({"AWSEXEC_LOG_REQUIRED": ""}, None),
    ],
)
def test_record_that_is_required(run_awsexec, home, sts, env, said):
    home.write_config(READER_CONFIG)
    run_awsexec("reader", "true")
    for words in (
        ["reader", "--", "true"],
        ["--each", "reader", "--", "true"],
        ["--export", "process", "reader"],
        ["--export", "sh", "reader"],
        ["--console", "--no-browser", "reader"],
    ):
        result = run_awsexec(*words, env=env)
        if said is not None:
            assert result.status == 125 and said in result.stderr
        else:
            assert "AWSEXEC_LOG" not in result.stderr


def test_code_that_nobody_gives(run_awsexec, home, sts):
    home.write_config(MFA)
    run_awsexec("reader", "true", env=LOG)
    run_awsexec("--mfa-token", CODES[0], "reader", "true", env=LOG)
    rows = record(home)
    assert [row["event"] for row in rows] == [
        *("refused", "session", "session", "started")
    ]
    assert [row["call"] for row in rows[1:3]] == ["GetSessionToken", "AssumeRole"]
    assert rows[1]["role"] is None


@pytest.mark.both_ways
def test_handed_to_a_program(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    for form in ("process", "process", "sh"):
        assert run_awsexec("--export", form, "reader", env=LOG).status == 0
    rows = record(home)
    assert [(row["event"], row.get("format")) for row in rows] == [
        ("session", None),
        *(("exported", form) for form in ("process", "process", "sh")),
    ]
    assert [row.get("cached") for row in rows] == [None, False, True, True]


def test_limits(run_awsexec, home, sts):
    (home.path / "policy").write_text(ALLOW)
    home.write_config(READER_CONFIG)
    policy = str(home.path / "policy")
    run_awsexec("--read-only", "reader", "true", env=LOG)
    run_awsexec("--policy", policy, "reader", "true", env=LOG)
    assert [row["limits"] for row in record(home) if row["event"] == "started"] == [
        ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        ["session policy"],
    ]


@pytest.mark.both_ways
def test_limits_of_the_run_around(run_awsexec, home, sts):
    """They count for the session, and for each COMMAND that it is cached for."""
    home.write_config(READER_CONFIG)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    for _ in range(2):
        run_awsexec("reader", "true", env={**LOG, "AWSEXEC_LIMITS": arn})
    assert [(row["event"], row["limits"]) for row in record(home)] == [
        *(("session", [arn]), ("started", [arn]), ("started", [arn])),
    ]


def test_each_that_nobody_confirms(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "confirm = true\n")
    result = run_awsexec("--each", "reader", "--each", "alice", "--", "true", env=LOG)
    assert result.status == 125
    rows = record(home)
    assert [(row["event"], row["profile"]) for row in rows] == [
        *(("refused", "alice"), ("refused", "reader")),
    ]
    assert rows[1]["role"] == READER and "add --yes" in rows[1]["reason"]
    # a look starts nothing
    run_awsexec("--each", "reader", "--dry-run", "--", "nosuch", env=LOG)
    assert len(record(home)) == 2


def test_each_that_cannot_start(run_awsexec, home, sts):
    """What keeps a COMMAND from starting at last, and what is not reached."""
    home.write_config(READER_CONFIG)
    script = home.script("script", "#!/no/such/interpreter\n")
    words = ["--fail-fast", "--jobs", "1", "--each", "alice", "--each", "reader"]
    assert run_awsexec(*words, "--", script, env=LOG).status == 123
    rows = [row for row in record(home) if row["event"] != "session"]
    assert [(row["event"], row["profile"]) for row in rows] == [
        *(("started", "alice"), ("refused", "alice"), ("refused", "reader")),
    ]
    assert "cannot be run" in rows[1]["reason"]
    assert "before this command started" in rows[2]["reason"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no names of processes")
def test_renewals_in_the_background_name_command(run_awsexec, home, sts):
    """Not init, which is the parent of what runs beside COMMAND."""
    home.write_config(READER_CONFIG)
    run_awsexec("reader", "true")
    age(home, 3000)
    run_awsexec("reader", "sleep", "1.5", env=LOG)
    sts.add_role("reader", life=4)
    run_awsexec("--refresh", "--serve", "reader", "sleep", "4", env=LOG)
    text = (home.path / "log").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    commands = [row["pid"] for row in rows if row["event"] == "started"]
    assert len(commands) == 2
    for pid in commands:
        (name,) = {row["parent"] for row in rows if row["parent_pid"] == pid}
        assert name == "sleep"
    assert not [row for row in rows if row["parent_pid"] == 1]


def test_identity_center(run_awsexec, home, portal):
    home.write_config("""
        [profile sso]
        sso_start_url = https://example.awsapps.com/start
        sso_region = eu-west-1
        sso_account_id = 123456789012
        sso_role_name = reader
        """)
    run_awsexec("sso", "true", env=LOG)
    (row,) = record(home)
    assert (row["account"], row["role"]) == ("123456789012", "reader")
    # nobody is there to sign in
    assert row["event"] == "refused"


@pytest.mark.both_ways
def test_record_that_cannot_be_written(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    env = {"AWSEXEC_LOG": str(home.path / "no" / "log")}
    required = {**env, "AWSEXEC_LOG_REQUIRED": "1"}
    error = run_awsexec("reader", "true", env=required).error()
    assert "REQUIRED=1 stops the run; make its directory" in error
    # before any call
    assert sts.calls == []
    for _ in range(2):
        result = run_awsexec("reader", "true", env=env)
        assert result.status == 0
        assert "going on without a record" in result.error(status=0)
    assert "stops the run" in run_awsexec("reader", "true", env=required).error()
    for words in (["--export", "process"], ["--whoami"]):
        result = run_awsexec(*words, "reader", env=required)
        assert "stops the run" in result.error()


def test_full_disk(run_awsexec, home, sts):
    """A record that is a device with no room is none to write to."""
    home.write_config(READER_CONFIG)
    error = run_awsexec("reader", "true", env={"AWSEXEC_LOG": "/dev/full"}).stderr
    assert "not a regular file" in error


def test_shown(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec("reader", "true", "it", env={**LOG, "AWSEXEC_LOG_ARGV": "1"})
    run_awsexec("nosuch", "true", env=LOG)
    (home.path / "log").open("a").write('{"time": "\\u001b[2J", "profile": 7}\n')
    lines = run_awsexec("--log", env=LOG).stdout.splitlines()
    assert lines[0].split() == [
        *("TIME", "EVENT", "PROFILE", "ACCOUNT", "ROLE", "KEY", "WHAT")
    ]
    assert [row.split()[1] for row in lines[1:4]] == ["session", "started", "refused"]
    assert lines[2].endswith("true it") and "\x1b" not in lines[4]
    read = run_awsexec("--log", "READ", env=LOG).stdout.splitlines()
    assert len(read) == 3
    found = json.loads(run_awsexec("--log", "nos*", "--json", env=LOG).stdout)
    assert [row["event"] for row in found] == ["refused"]
    assert "nothing is recorded of a profile" in run_awsexec(
        "--log", "x*", env=LOG
    ).error(status=0)
    os.unlink(home.path / "log")
    assert "nothing is recorded in" in run_awsexec("--log", env=LOG).error(status=0)
    assert "AWSEXEC_LOG is not set" in run_awsexec("--log").error()


def test_each(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG, "[profile bad]\nrole_arn = x\nsource_profile = alice\n"
    )
    every = ["--each", "*", "--each", "alice"]
    result = run_awsexec(*every, "--", "true", env=LOG)
    assert result.status == 125, result
    rows = record(home)
    found = sorted((row["event"], row["profile"]) for row in rows)
    assert found == [
        ("refused", "bad"),
        ("session", "reader"),
        ("started", "alice"),
        ("started", "reader"),
    ]
    assert {row["command"] for row in rows if "command" in row} == {"true"}
    required = {"AWSEXEC_LOG": "log", "AWSEXEC_LOG_REQUIRED": "1"}
    error = run_awsexec("--each", "*", "--", "true", env=required).error()
    assert "AWSEXEC_LOG_REQUIRED=1 stops the run" in error


@pytest.mark.parametrize(
    ("words", "profiles", "reason"),
    [
        (["--each", "x", "--", "true"], [None], "no profile 'x'"),
        (["--each", "*", "--", "/no"], [None], "command not found"),
        (["--each", "*", "--", "true"], ["reader"], "no terminal to ask on"),
        (
            ["--each", "*", "--mfa-token", "111111", "--", "true"],
            ["reader"],
            "--mfa-token would do nothing",
        ),
        (["--each", "x", "--dry-run", "--", "true"], [], ""),
    ],
)
def test_each_that_starts_nothing(words, profiles, reason, run_awsexec, home, sts):
    """What keeps all commands from starting is recorded as in a single run."""
    home.write_config(READER_CONFIG, "confirm = true\n")
    assert run_awsexec(*words, env=LOG).status in (125, 127)
    rows = record(home) if (home.path / "log").exists() else []
    assert [(row["event"], row["profile"]) for row in rows] == [
        ("refused", profile) for profile in profiles
    ]
    for row in rows:
        assert reason in row["reason"] and row["command"] == words[-1]
