"""MFA without a terminal: where the code comes from, and what it is good for."""

import time

import pytest

from tests.support import (
    ADMIN,
    ALICE,
    AWSEXEC,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SERIAL,
    WRITER,
    WRONG_CODE,
    is_running,
)

MFA = f"mfa_serial = {SERIAL}\n"
WRITER_CONFIG = f"""
[profile writer]
role_arn = {WRITER}
source_profile = alice
"""
ADMIN_CONFIG = f"""
[profile admin]
role_arn = {ADMIN}
source_profile = writer
"""
# a role that wants no MFA
PLAIN_CONFIG = f"[profile plain]\nrole_arn = {ADMIN}\nsource_profile = alice\n"


@pytest.fixture
def sts(sts):
    for name in ("reader", "writer"):
        sts.add_role(name, mfa=True, longest=43_200)
    return sts


@pytest.mark.parametrize("source", ["option", "AWSEXEC_MFA_TOKEN"])
def test_given_code(run_awsexec, home, sts, source):
    home.write_config(READER_CONFIG, MFA)
    if source == "option":
        run_awsexec.child("reader", "--mfa-token", CODES[0])
    else:
        run_awsexec.child("reader", env={source: CODES[0]})
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]
    assert sts.calls[0].parameters == {
        "SerialNumber": SERIAL,
        "TokenCode": CODES[0],
        "DurationSeconds": "43200",
    }
    assert sts.calls[1].key_id == "ASIAEXAMPLE000000001"


def test_code_may_have_a_gap(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    run_awsexec.child("reader", "--mfa-token", f"{CODES[0][:3]} {CODES[0][3:]}")
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]


def test_what_is_no_code_is_said_before_anything_is_done(run_awsexec, home, sts):
    ran = home.path / "ran"
    home.write_config(
        f"[profile p]\ncredential_process = touch {ran}\n",
        f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n",
        MFA,
    )
    for words, env, where in (
        (["--mfa-token", "12345"], {}, "--mfa-token"),
        ([], {"AWSEXEC_MFA_TOKEN": "12345"}, "AWSEXEC_MFA_TOKEN"),
    ):
        error = run_awsexec(*words, "r", "true", env=env).error()
        assert error == f"{where}: an MFA code is six digits; see awsexec --help"
    assert not ran.exists()


def test_option_comes_before_the_variable(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA)
    env = {"AWSEXEC_MFA_TOKEN": CODES[1], "AWSEXEC_MFA_PROCESS": f"echo {CODES[2]}"}
    run_awsexec.child("reader", f"--mfa-token={CODES[0]}", env=env)
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]


@pytest.mark.parametrize("place", ["AWSEXEC_MFA_PROCESS", "role", "source"])
def test_mfa_process(run_awsexec, home, sts, place):
    # only the first line counts, and the words are split as a shell does
    script = home.script("my code", f"#!/bin/sh\necho {CODES[0]}\necho $1\n")
    line = f"mfa_process = '{script}' 'two words'\n"
    home.write_config(READER_CONFIG, MFA, line if place == "role" else "")
    if place == "source":
        home.write_credentials(ALICE, line)
    env = {place: line.partition(" = ")[2].strip()} if place.isupper() else {}
    run_awsexec.child("reader", env=env)
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]


def test_variable_comes_before_the_setting(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA, f"mfa_process = echo {CODES[1]}\n")
    run_awsexec.child("reader", env={"AWSEXEC_MFA_PROCESS": f"echo {CODES[0]}"})
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]


def test_mfa_process_leaves_stdin_to_command_and_has_stderr(run_awsexec, home, sts):
    home.script("code", f"#!/bin/sh\ncat\necho touch your key >&2\necho {CODES[0]}\n")
    home.write_config(READER_CONFIG, MFA, f"mfa_process = {home.path}/code\n")
    result = run_awsexec("reader", "cat", stdin="for the command")
    assert (result.status, result.stdout) == (0, "for the command")
    assert result.stderr == "touch your key\n"


def test_one_code_for_several_roles(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, MFA, WRITER_CONFIG, MFA)
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("writer", "--no-prompt")
    assert sts.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole writer",
    ]


def test_one_code_for_a_chain_and_for_another_role_after_it(run_awsexec, home, sts):
    home.write_config(
        READER_CONFIG, MFA, WRITER_CONFIG.replace("alice", "reader"), MFA, ADMIN_CONFIG
    )
    sts.add_role("writer", trusts=[READER])
    sts.add_role("admin", trusts=[WRITER])
    run_awsexec.child("admin", "--mfa-token", CODES[0])
    assert sts.operations == [
        "GetSessionToken",
        "AssumeRole reader",
        "AssumeRole writer",
        "AssumeRole admin",
    ]
    # what was assumed on the way serves too
    run_awsexec.child("reader", "--no-prompt")
    assert len(sts.calls) == 4


@pytest.mark.parametrize(
    ("duration", "operations"),
    [
        ("3600", ["GetSessionToken", "AssumeRole reader"]),
        ("3601", ["AssumeRole reader"]),
        ("12h", ["AssumeRole reader"]),
    ],
)
def test_a_role_for_longer_than_an_hour_takes_the_code_itself(
    run_awsexec, home, sts, duration, operations
):
    home.write_config(READER_CONFIG, MFA)
    words = ("reader", "--duration", duration)
    run_awsexec.child(*words, "--mfa-token", CODES[0])
    assert sts.operations == operations
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]
    assert sts.calls[0].key_id == KEY_ID
    # and is cached
    run_awsexec.child(*words, "--no-prompt")
    assert sts.operations == operations


def test_a_long_role_at_the_start_of_a_chain_takes_the_code_itself(
    run_awsexec, home, sts
):
    home.write_config(
        READER_CONFIG,
        MFA,
        "duration_seconds = 7200\n",
        WRITER_CONFIG.replace("alice", "reader"),
    )
    sts.add_role("writer", trusts=[READER])
    run_awsexec.child("writer", "--mfa-token", CODES[0])
    assert sts.operations == ["AssumeRole reader", "AssumeRole writer"]


def test_static_keys_with_mfa_run_in_a_session(run_awsexec, home, sts):
    home.write_config("[profile alice]\n", MFA)
    child = run_awsexec.child("alice", "--mfa-token", CODES[0])
    assert child["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000001"
    assert sts.operations == ["GetSessionToken"]
    assert run_awsexec.child("alice")["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000001"
    assert len(sts.calls) == 1


def test_session_of_static_keys_serves_their_roles(run_awsexec, home, sts):
    home.write_config("[profile alice]\n", MFA, READER_CONFIG, MFA)
    run_awsexec.child("alice", "--mfa-token", CODES[0])
    run_awsexec.child("reader", "--no-prompt")
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_duration_of_static_keys_session(run_awsexec, home, sts):
    home.write_config("[profile alice]\n", MFA)
    run_awsexec.child("alice", "--mfa-token", CODES[0], "--duration", "36h")
    assert sts.calls[0].parameters["DurationSeconds"] == "129600"


def test_session_keys_cannot_open_a_session(run_awsexec, home, sts):
    home.write_credentials(ALICE, "aws_session_token = EXAMPLE\n", MFA)
    assert run_awsexec.child("alice")["AWS_ACCESS_KEY_ID"] == KEY_ID
    assert sts.calls == []


def test_no_session_without_mfa(run_awsexec, home, sts):
    sts.add_role("reader")
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", env={"AWSEXEC_MFA_TOKEN": CODES[0]})
    assert sts.operations == ["AssumeRole reader"]


def test_serial_of_source_is_not_the_role_s(run_awsexec, home, sts):
    # as in the SDKs: the device is the role's setting
    sts.add_role("reader")
    home.write_config(READER_CONFIG)
    home.write_credentials(ALICE, MFA)
    run_awsexec.child("reader", "--no-prompt")
    assert sts.operations == ["AssumeRole reader"]


def test_serial_by_option(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", "--mfa-serial", SERIAL, "--mfa-token", CODES[0])
    assert sts.calls[0].parameters["SerialNumber"] == SERIAL


@pytest.mark.parametrize(
    ("words", "setting", "message"),
    [
        (
            ("--no-prompt",),
            "",
            f"profile 'reader' needs an MFA code of {SERIAL}, and --no-prompt forbids "
            "asking; use --mfa-token, AWSEXEC_MFA_TOKEN or mfa_process",
        ),
        (
            (),
            "",
            f"profile 'reader' needs an MFA code of {SERIAL}, and there is no terminal "
            "to ask on; use --mfa-token, AWSEXEC_MFA_TOKEN or mfa_process",
        ),
        (
            ("--mfa-token", "12345"),
            "",
            "--mfa-token: an MFA code is six digits; see awsexec --help",
        ),
        (
            (),
            "mfa_process = echo 1234567",
            "{config}:6: mfa_process echo did not print a code of six digits on its "
            "first line; run it by hand to see what it prints",
        ),
        (
            (),
            "mfa_process = sh -c 'echo 123456; exit 3'",
            "{config}:6: mfa_process sh ended with status 3; "
            "run it by hand to see why",
        ),
        (
            (),
            "mfa_process = /no/such/program",
            "{config}:6: cannot run mfa_process /no/such/program: No such file or "
            "directory",
        ),
        (
            (),
            "mfa_process = echo 'open",
            "{config}:6: mfa_process echo: No closing quotation; correct the quotes",
        ),
        (
            (),
            "mfa_process = no-such-program --code",
            "{config}:6: cannot run mfa_process no-such-program: it is not in a folder of "
            "PATH; install it, or write its whole path",
        ),
        (
            (),
            "mfa_process = sh -c 'echo 123456; kill -9 $$'",
            "{config}:6: mfa_process sh was killed by signal 9; run it by hand to see why",
        ),
    ],
)
def test_no_code_to_be_had(run_awsexec, home, sts, words, setting, message):
    home.write_config(READER_CONFIG, MFA, setting)
    result = run_awsexec("reader", *words, "true")
    assert result.error() == message.format(config=home.config)
    assert sts.calls == []


@pytest.mark.parametrize(
    "script",
    [
        # what is left in the background is not waited for
        f"sleep 30 2>&- & echo {CODES[0]}",
        # what the command does after its answer neither
        f"echo {CODES[0]}; echo $$ >PID; exec sleep 30",
        f"echo {CODES[0]}; trap '' TERM; sh -c 'echo $$ >PID; exec sleep 30'; true",
    ],
)
def test_first_line_of_mfa_process_is_its_answer(run_awsexec, home, sts, script):
    pid = home.path / "pid"
    script = home.script("code", f"#!/bin/sh\n{script}\n".replace("PID", str(pid)))
    home.write_config(READER_CONFIG, MFA, f"mfa_process = {script}\n")
    begun = time.monotonic()
    run_awsexec.child("reader")
    assert time.monotonic() - begun < 15
    assert sts.calls[0].parameters["TokenCode"] == CODES[0]
    assert not pid.exists() or not is_running(int(pid.read_text()))


def test_mfa_process_has_a_time_limit(run_awsexec, home, sts):
    pid = home.path / "pid"
    script = home.script("code", f"#!/bin/sh\nsleep 100 & echo $! >{pid}; wait\n")
    home.write_config(READER_CONFIG, MFA, f"mfa_process = {script}\n")
    error = run_awsexec("reader", "true", env={"AWSEXEC_PROCESS_TIMEOUT": "1"}).error()
    assert error == (
        f"{home.config}:6: mfa_process {script} gave no answer in 1s and was "
        "ended; run it by hand to see why, or give it more time with "
        "AWSEXEC_PROCESS_TIMEOUT"
    )
    assert not is_running(int(pid.read_text()))


@pytest.mark.parametrize("words", [("--no-cache",), ()])
def test_mfa_process_that_is_a_loop(run_awsexec, home, sts, words):
    started = home.path / "started"
    script = home.script(
        "code",
        f"#!/bin/sh\necho x >>{started}\nexec {AWSEXEC} {' '.join(words)} $1 -- true\n",
    )
    home.write_config(
        READER_CONFIG,
        MFA,
        f"mfa_process = {script} reader\n",
        WRITER_CONFIG,
        MFA,
        f"mfa_process = {script} p\n",
        f"[profile p]\ncredential_process = {AWSEXEC} --export process writer\n",
    )
    result = run_awsexec(*words, "reader", "true")
    assert result.stderr.splitlines() == [
        f"awsexec: {home.config}:6: mfa_process is a loop: reader → reader; let one of "
        "these profiles get its credentials in another way",
        f"awsexec: {home.config}:6: mfa_process {script} ended with status 125; run it by "
        "hand to see why",
    ]
    assert started.read_text() == "x\n"
    # by way of a command of the other kind
    error = run_awsexec(*words, "writer", "true").stderr
    assert ": mfa_process is a loop: writer → p → writer; " in error
    assert started.read_text() == "x\n" * 2


def test_mfa_process_may_use_the_role_that_it_is_for(run_awsexec, home, sts):
    """A session that is cached needs no code: it is no loop."""
    home.write_config(
        READER_CONFIG,
        MFA,
        "duration_seconds = 7200\n",
        f"mfa_process = {AWSEXEC} reader -- echo {CODES[1]}\n",
    )
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("reader", "--refresh")
    assert sts.calls[-1].parameters["TokenCode"] == CODES[1]


@pytest.mark.parametrize(
    ("words", "setting", "whose"),
    [
        (("--mfa-token", WRONG_CODE, "--no-prompt"), "", ""),
        (("--mfa-token", WRONG_CODE), "", ""),
        (
            (),
            f"mfa_process = echo {WRONG_CODE}\n",
            "; it is the code of mfa_process echo ({config}:6)",
        ),
    ],
)
def test_refused_code_without_a_terminal(run_awsexec, home, sts, words, setting, whose):
    home.write_config(READER_CONFIG, MFA, setting)
    assert run_awsexec("reader", *words, "true").error() == (
        "profile 'reader': MultiFactorAuthentication failed with invalid MFA one time "
        "pass code (AccessDenied); each code works once, so wait for the next one"
        + whose.format(config=home.config)
    )
    assert sts.operations == ["GetSessionToken"]


@pytest.mark.parametrize(
    "words",
    [
        ("plain", "true"),
        ("--no-cache", "plain", "true"),
        ("--export", "json", "plain"),
        ("--whoami", "plain"),
        ("--explain", "plain"),
        ("--console", "alice"),
        ("alice", "true"),
    ],
)
def test_code_that_no_step_takes(run_awsexec, home, sts, words):
    home.write_config(PLAIN_CONFIG)
    if "--explain" in words:
        result = run_awsexec("--mfa-token", CODES[0], *words)
        assert result.status == 125
        text = result.stdout
    else:
        text = run_awsexec("--mfa-token", CODES[0], *words).error()
    assert (
        f"--mfa-token would do nothing: no step of profile {words[-1 - ('true' in words)]} "
        "takes an MFA code; remove --mfa-token, or add --mfa-serial" in text
    )
    assert sts.calls == []
    # a variable may stay
    env = {"AWSEXEC_MFA_TOKEN": CODES[0]}
    assert run_awsexec("plain", "true", env=env).status == 0


def test_code_that_no_step_takes_though_sessions_are_cached(run_awsexec, home, sts):
    home.write_config(PLAIN_CONFIG)
    run_awsexec.child("plain")
    error = run_awsexec("plain", "--mfa-token", CODES[0], "true").error()
    assert error.startswith("--mfa-token would do nothing")


def test_code_of_a_session_that_is_cached(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("reader", "--mfa-token", CODES[1])
    assert sts.operations == ["GetSessionToken", "AssumeRole reader"]


def test_device_of_keys_for_the_console(run_awsexec, home, sts):
    error = run_awsexec("--console", "--mfa-serial", SERIAL, "alice").error()
    assert error.startswith("--mfa-serial would do nothing: the credentials of profile")
    assert sts.calls == []
