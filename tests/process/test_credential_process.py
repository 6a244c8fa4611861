"""credential_process: a command of the user's that prints credentials."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from tests.sources import keys, of, printed, prints
from tests.support import (
    AWSEXEC,
    KEY_ID,
    READER,
    SECRET,
    entries,
    fast_path_is_on,
    is_fast,
    is_running,
)


def runs(home):
    path = home.path / "runs"
    return path.read_text().count("run") if path.exists() else 0


def test_until_it_expires_it_runs_once(run_awsexec, home, sts, tool):
    session = sts.session_of("reader")
    tool(prints(printed(session)))
    assert keys(run_awsexec.child("p")) == of(session)
    assert keys(run_awsexec.child("p")) == of(session)
    assert runs(home) == 1
    run_awsexec.child("--refresh", "p")
    assert runs(home) == 2
    # another variable may mean other credentials, and the fast path sees that too
    assert not is_fast(run_awsexec, "p", "true")
    assert is_fast(run_awsexec, "p", "true") == fast_path_is_on(run_awsexec)
    assert runs(home) == 3


def test_what_does_not_expire_is_not_kept(run_awsexec, home, tool):
    tool(prints(printed()))
    for count in (1, 2):
        assert keys(run_awsexec.child("p")) == [KEY_ID, SECRET, None, None]
        assert runs(home) == count
    assert entries(home) == {}


def test_role_of_a_process(run_awsexec, home, sts, tool):
    session = sts.session_of("writer")
    tool(prints(printed(session)))
    run_awsexec.child("r")
    assert sts.operations == ["AssumeRole reader"]
    assert (sts.calls[0].key_id, sts.calls[0].token) == (session.key_id, session.token)
    run_awsexec.child("--session-name", "other", "r")
    assert runs(home) == 1


def test_what_lives_for_minutes_only_is_asked_for_once(run_awsexec, home, sts, tool):
    session = sts.session_of("reader", 120)
    tool(prints(printed(session)))
    assert keys(run_awsexec.child("p")) == of(session)
    assert runs(home) == 1


def test_editing_the_command_is_another_identity(run_awsexec, home, sts, tool):
    tool(prints(printed(sts.session_of("reader"))))
    run_awsexec.child("p")
    other = sts.session_of("writer")
    home.script("tool", "#!/bin/sh\n" + prints(printed(other)))
    run_awsexec.child("p")
    home.config.write_text(home.config.read_text().replace("/tool ", "/tool --other "))
    assert keys(run_awsexec.child("p")) == of(other)


def test_no_shell_reads_it(run_awsexec, home, tool):
    arguments = r"'a b' \"c\" d$HOME * x;"
    tool(f'printf "%s\\n" "$@" >{home.path}/words\n{prints(printed())}', arguments)
    run_awsexec.child("p")
    words = (home.path / "words").read_text().splitlines()
    assert words == ["a b", '"c"', "d$HOME", "*", "x;"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{tool} a 'b c' | cat", ["a", "b c"]),
        ("{tool} a 2>/dev/null", ["a"]),
        (
            '{tool} $WORD "$WORD" ${{WORD}}s',
            ["two", "words", "two words", "two", "wordss"],
        ),
        ("~/tool a", ["a"]),
        ("false || {tool} 'a # b' # comment", ["a # b"]),
        ("{tool} a |\n  cat", ["a"]),
        ('{tool} $(echo "it\'s")', ["it's"]),
    ],
)
def test_line_for_a_shell(run_awsexec, home, tool, line, words):
    tool(f'printf "%s\\n" "$@" >{home.path}/words\n{prints(printed())}')
    line = line.format(tool=home.path / "tool")
    home.write_config(f"[profile p]\ncredential_process = {line}\n")
    run_awsexec.child("p", env={"WORD": "two words"})
    found = (home.path / "words").read_text().splitlines()
    assert found == words
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    assert facts["chain"][0]["runs"] == "by /bin/sh"
    assert "the command runs by /bin/sh\n" in run_awsexec("--explain", "p").stdout


def test_comment_sign_in_quotes(run_awsexec, home, tool):
    arguments = "'a # b' \"c ; d\" e # comment"
    tool(f'printf "%s\\n" "$@" >{home.path}/words\n{prints(printed())}', arguments)
    run_awsexec.child("p")
    words = (home.path / "words").read_text().splitlines()
    assert words == ["a # b", "c ; d", "e"]
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    assert facts["chain"][0]["runs"] == "without a shell"


def test_setting_says_how_the_line_runs(run_awsexec, home, tool):
    tool(f'printf "%s\\n" "$@" >{home.path}/words\n{prints(printed())}', "a | b")
    home.config.write_text(
        home.config.read_text().replace(
            "a | b", "a | b\ncredential_process_shell = false"
        )
    )
    run_awsexec.child("p")
    assert (home.path / "words").read_text().splitlines() == ["a", "|", "b"]
    home.config.write_text(home.config.read_text().replace("a | b", "a* \\\\* | cat"))
    home.config.write_text(home.config.read_text().replace("= false", "= true"))
    run_awsexec.child("p")
    assert (home.path / "words").read_text().splitlines()[0] == "a*"


def test_what_a_shell_fills_in_decides_too(run_awsexec, home, sts, tool):
    """Though the owner says that the line alone decides: the variable is not in it."""
    one, two = sts.session_of("reader"), sts.session_of("writer")
    tool(
        f'case "$1" in one) {prints(printed(one))};; *) {prints(printed(two))};; esac',
        "$WHO\ncredential_process_command_decides = true",
    )
    assert keys(run_awsexec.child("p", env={"WHO": "one"})) == of(one)
    assert keys(run_awsexec.child("p", env={"WHO": "two"})) == of(two)


def test_streams(run_awsexec, home, tool):
    """stdin is COMMAND's; stderr goes through."""
    tool(f"cat >{home.path}/stdin; echo touch your key >&2\n{prints(printed())}")
    result = run_awsexec("p", "cat", stdin="for the command")
    assert (result.status, result.stdout) == (0, "for the command")
    assert result.stderr == "touch your key\n"
    assert (home.path / "stdin").read_text() == ""


def test_environment(run_awsexec, home, tool):
    """The process has the caller's environment, and AWSEXEC_CALLERS, which COMMAND lacks."""
    tool(f"env >{home.path}/env\n{prints(printed())}")
    child = run_awsexec.child("p", env={"MINE": "1", "AWS_PROFILE": "x"})
    process = (home.path / "env").read_text()
    assert "MINE=1\n" in process and "AWS_PROFILE=x\n" in process
    assert "AWSEXEC_CALLERS=" in process
    assert "AWSEXEC_CALLERS" not in child
    child = run_awsexec.child("p", env={"AWSEXEC_CALLERS": "[]"})
    assert child["AWSEXEC_CALLERS"] == "[]"


NOT_JSON = (
    " did not print the JSON that AWS documents (Version 1, and Expiration in ISO 8601); "
    "run it by hand to see what it prints"
)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("exit 3", " ended with status 3; run it by hand to see why"),
        ("kill -9 $$", " was killed by signal 9; run it by hand to see why"),
        ("true", NOT_JSON),
        ("echo sorry", NOT_JSON),
        ("echo '[]'", NOT_JSON),
        ("echo 3", NOT_JSON),
        ("printf '\\377\\376'", NOT_JSON),
        (
            prints(printed(Version=2)),
            ": Unsupported version '2' for credential process provider, supported "
            "versions: 1",
        ),
        (
            prints(printed(Version=None)),
            ": Unsupported version '<Version key not provided>' for credential process "
            "provider, supported versions: 1",
        ),
        (
            prints(printed(SecretAccessKey=None)),
            ": Missing required key in response: 'SecretAccessKey'",
        ),
        (prints(printed(Expiration="tomorrow or so")), NOT_JSON),
    ],
)
def test_what_it_prints_is_of_no_use(run_awsexec, home, tool, lines, what):
    tool(lines)
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (process, {home.config}:2): credential_process "
        f"{home.path}/tool{what}"
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            {"AccessKeyId": ""},
            "it gave a key id that is empty; correct it at the source",
        ),
        (
            {"AccessKeyId": 5},
            "it gave a key id that is not text; correct it at the source",
        ),
        (
            {"SessionToken": "é"},
            "it gave a session token that has characters that are not printable ASCII; "
            "correct it at the source",
        ),
        (
            {"Expiration": "2020-01-01T00:00:00Z"},
            "the credentials it gave have expired already; renew them there",
        ),
        (
            {"Expiration": "2050-01-01T00:00:00"},
            "the expiration it gave has no time zone; write it in ISO 8601",
        ),
    ],
)
def test_credentials_of_no_use(run_awsexec, home, tool, changes, what):
    tool(prints(printed(**changes)))
    label = f"profile 'p' (process, {home.config}:2)"
    assert run_awsexec("p", "true").error() == f"{label}: {what}"


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (
            "/no/such/tool x",
            "cannot run credential_process /no/such/tool: No such file or directory",
        ),
        (
            "no-such-tool x",
            "cannot run credential_process no-such-tool: it is not in a folder of PATH; "
            "install it, or write its whole path",
        ),
        (
            "echo 'open",
            "credential_process echo: No closing quotation; correct the quotes",
        ),
    ],
)
def test_what_cannot_be_run(run_awsexec, home, command, what):
    home.write_config(f"[profile p]\ncredential_process = {command}\n")
    assert run_awsexec("p", "true").error() == (
        f"profile 'p' (process, {home.config}:2): {what}"
    )


@pytest.mark.parametrize("lines", ["exec sleep 100", "sleep 100 2>/dev/null; true"])
def test_a_process_that_hangs(run_awsexec, home, tool, lines):
    tool(lines)
    begun = time.monotonic()
    error = run_awsexec("p", "true", env={"AWSEXEC_PROCESS_TIMEOUT": "1"}).error()
    assert error == (
        f"profile 'p' (process, {home.config}:2): credential_process "
        f"{home.path}/tool gave no answer in 1s and was ended; run it by hand "
        "to see why, or give it more time with AWSEXEC_PROCESS_TIMEOUT"
    )
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "lines",
    [
        "sleep 100 & echo $! >{pid}; wait",
        # which does not want to, and has one of its own
        "sh -c 'trap \"\" TERM; sleep 100 & echo $! >{pid}; wait'; true",
    ],
)
def test_of_a_process_that_hangs_nothing_is_left(run_awsexec, home, tool, lines):
    pid = home.path / "pid"
    tool(lines.format(pid=pid))
    env = {"AWSEXEC_PROCESS_TIMEOUT": "1"}
    assert "gave no answer in 1s" in run_awsexec("p", "true", env=env).error()
    assert not is_running(int(pid.read_text()))


def test_what_is_left_in_the_background_is_not_waited_for(run_awsexec, home, tool):
    tool(f"{prints(printed())}\nsleep 100 2>&- & echo $! >{home.path}/pid")
    begun = time.monotonic()
    assert keys(run_awsexec.child("p")) == [KEY_ID, SECRET, None, None]
    assert time.monotonic() - begun < 20
    left = int((home.path / "pid").read_text())
    assert is_running(left)
    os.kill(left, signal.SIGTERM)
    tool(f"sleep 100 2>&- & echo $! >{home.path}/pid; exit 3")
    assert "ended with status 3" in run_awsexec("p", "true").error()
    os.kill(int((home.path / "pid").read_text()), signal.SIGTERM)


def test_what_is_printed_in_the_background_counts(run_awsexec, home, tool):
    """As by `tool > >(filter)` of bash, which does not wait for the filter."""
    tool(f"(sleep 1; {prints(printed())}) &")
    assert keys(run_awsexec.child("p")) == [KEY_ID, SECRET, None, None]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("soon", "write a time as seconds, or like 15m, 8h, 1h30m"),
        ("0", "0 leaves no time to answer; unset it for the default, 5m"),
        ("88888888888888888888", "the time is too long; use at most 7d"),
        ("8888888888888888888d", "the time is too long; use at most 7d"),
    ],
)
def test_bad_timeout(run_awsexec, tool, value, message):
    tool("true")
    error = run_awsexec("p", "true", env={"AWSEXEC_PROCESS_TIMEOUT": value}).error()
    assert error == f"AWSEXEC_PROCESS_TIMEOUT={value}: {message}"


def test_longest_timeout(run_awsexec, tool):
    tool("exit 3")
    error = run_awsexec("p", "true", env={"AWSEXEC_PROCESS_TIMEOUT": "7d"}).error()
    assert "ended with status 3" in error


def loop_line(result):
    """The line that names the loop, of a run whose processes all say something."""
    assert (result.status, result.stdout) == (125, ""), result
    assert "Traceback" not in result.stderr
    (line,) = [line for line in result.stderr.splitlines() if "is a loop" in line]
    return line


EXPORT = f"credential_process = {AWSEXEC} --export process"


@pytest.mark.parametrize("first", [["--export", "process"], ["--export", "sh"], []])
@pytest.mark.parametrize("words", [[], ["--no-cache"], ["--refresh"]])
def test_one_line_tells_of_a_loop(run_awsexec, home, words, first):
    home.write_config(
        f"[profile a]\n{EXPORT} b\n",
        f"[profile b]\n{EXPORT} role\n",
        f"[profile role]\nrole_arn = {READER}\nsource_profile = c\n",
        f"[profile c]\n{EXPORT} b\n",
        f"[profile alone]\n{EXPORT} alone\n",
    )
    command = [] if first else ["--", "false"]
    # what fails the shell that reads it
    printed = "false\n" if "sh" in first else ""
    for profile, loop in (("a", "b → role → c → b"), ("alone", "alone → alone")):
        error = run_awsexec(*words, *first, profile, *command).error(stdout=printed)
        where, said = error.split(": ", 1)
        assert where.startswith(f"{home.config}:")
        assert said.startswith(f"credential_process is a loop: {loop}; ")


def test_loop_through_a_command(run_awsexec, home, sts):
    # which is in the process that it comes back to, as awsexec itself is
    home.write_config(
        f"[profile reader]\nrole_arn = {READER}\nsource_profile = alice\n"
        f"[profile p]\ncredential_process = {AWSEXEC} reader -- {AWSEXEC} "
        "--export process p\n"
    )
    for _ in range(2):
        error = run_awsexec("--export", "process", "p").error()
        assert "is a loop: p → p; " in error


def test_two_at_once_that_wait_for_each_other(run_awsexec, home):
    """Each holds the lock that the process of the other one comes to."""
    script = home.script("slow", f"#!/bin/sh\nsleep 1\nexec {AWSEXEC} $*\n")
    home.write_config(
        f"[profile a]\ncredential_process = {script} --export process b\n"
        f"[profile b]\ncredential_process = {script} --export process a\n"
    )
    started = [
        subprocess.Popen(
            [AWSEXEC, "--export", "process", profile],
            env=run_awsexec.environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for profile in "ab"
    ]
    for run, loop in zip(started, ("a → b → a", "b → a → b"), strict=True):
        _, stderr = run.communicate(timeout=30)
        assert run.returncode == 125
        assert f"is a loop: {loop}; " in stderr


def test_loop_whose_files_are_others_each_time(run_awsexec, home):
    script = home.script(
        "tool",
        f"""\
        #!/bin/sh
        export AWS_CONFIG_FILE=$(mktemp {home.path}/config.XXXXXX)
        cat {home.config} >$AWS_CONFIG_FILE
        exec {AWSEXEC} --export process p
        """,
    )
    home.write_config(f"[profile p]\ncredential_process = {script}\n")
    assert "is a loop: p → p → p" in loop_line(run_awsexec("p", "true"))


@pytest.mark.both_ways
def test_an_entry_does_not_hide_a_loop(run_awsexec, home, sts, tool):
    """The cache has an answer of the process, which now runs awsexec in a loop."""
    tool(prints(printed(sts.session_of("reader"))))
    run_awsexec.child("p")
    home.script("tool", f"#!/bin/sh\nexec {AWSEXEC} --export process p\n")
    line = loop_line(run_awsexec("--refresh", "p", "true"))
    assert "is a loop: p → p; " in line


@pytest.mark.parametrize("words", [(), ("--no-cache",), ("--refresh",)])
def test_a_process_that_calls_awsexec_on_itself(run_awsexec, home, words):
    home.write_config(
        f"[profile a]\ncredential_process = {AWSEXEC} a -- false\n",
        f"[profile r]\nrole_arn = {READER}\nsource_profile = a\n",
    )
    for profile in ("a", "r"):
        assert loop_line(run_awsexec(*words, profile, "true")) == (
            f"awsexec: {home.config}:2: credential_process is a loop: a → a; let one of "
            "these profiles get its credentials in another way"
        )


def test_processes_that_call_each_other(run_awsexec, home):
    script = home.script("tool", f'#!/bin/sh\nexec {AWSEXEC} "$1" -- false\n')
    home.write_config(
        f"[profile start]\ncredential_process = {script} a\n"
        f"[profile a]\ncredential_process = {script} role\n"
        f"[profile role]\nrole_arn = {READER}\nsource_profile = b\n"
        f"[profile b]\ncredential_process = {script} a\n"
    )
    line = loop_line(run_awsexec("start", "true"))
    assert "is a loop: a → role → b → a; " in line
    line = loop_line(run_awsexec("role", "true"))
    assert "is a loop: b → a → role → b; " in line


def test_the_loop_has_the_roles_in_it(run_awsexec, home):
    home.write_config(
        f"[profile viarole]\nrole_arn = {READER}\nsource_profile = vr\n"
        f"[profile vr]\ncredential_process = {AWSEXEC} viarole -- false\n"
    )
    for profile in ("viarole", "vr"):
        line = loop_line(run_awsexec(profile, "true"))
        assert "is a loop: vr → viarole → vr; " in line


def test_a_loop_that_takes_its_environment_away(run_awsexec, home):
    """Without AWSEXEC_CALLERS, only the lock shows the loop: its holder runs awsexec."""
    cache = f"AWSEXEC_CACHE_DIR={home.cache} HOME={home.path}"
    home.write_config(
        f"[profile p]\ncredential_process = env -i {cache} {AWSEXEC} p -- false\n"
    )
    begun = time.monotonic()
    result = run_awsexec("p", "true")
    assert time.monotonic() - begun < 30
    assert result.status == 125
    # the second one has another environment than the first, the third one has the same
    inner, *outer = result.stderr.splitlines()
    assert re.fullmatch(
        r"awsexec: loop: awsexec process \d+ waits for this one, which needs the same "
        "credentials; let that credential_process or mfa_process get its credentials in "
        "another way",
        inner,
    )
    assert [line.rpartition(": ")[2] for line in outer] == [
        "credential_process env ended with status 125; run it by hand to see why"
    ] * 2


def test_loop_without_a_lock_ends_with_the_time_of_the_outermost(run_awsexec, home):
    # the second time round it waits: there are no new ones while they are ended
    tool = home.script(
        "tool",
        f"""\
        #!/bin/sh
        if [ -e {home.path}/ran ]; then
            echo $$ >{home.path}/pid
            exec sleep 100
        fi
        touch {home.path}/ran
        exec env -i HOME={home.path} {AWSEXEC} --no-cache p -- false
        """,
    )
    home.write_config(f"[profile p]\ncredential_process = {tool}\n")
    env = {"AWSEXEC_PROCESS_TIMEOUT": "3"}
    assert "gave no answer in 3s" in run_awsexec("p", "true", env=env).error()
    assert not is_running(int((home.path / "pid").read_text()))


def test_a_process_may_call_awsexec_on_another_profile(run_awsexec, home, sts):
    script = home.script(
        "tool",
        f"""\
        #!/bin/sh
        exec {AWSEXEC} reader -- sh -c 'printf "{{\\"Version\\": 1, \\
        \\"AccessKeyId\\": \\"%s\\", \\"SecretAccessKey\\": \\"%s\\", \\
        \\"SessionToken\\": \\"%s\\", \\"Expiration\\": \\"%s\\"}}" \\
        $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN \\
        $AWS_CREDENTIAL_EXPIRATION'
        """,
    )
    home.write_config(
        f"[profile reader]\nrole_arn = {READER}\nsource_profile = alice\n"
        f"[profile p]\ncredential_process = {script}\n"
    )
    child = run_awsexec.child("p")
    assert sts.operations == ["AssumeRole reader"]
    assert child["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    # the same names in other files are other profiles
    other = home.path / "other"
    other.write_text(home.config.read_text().replace(f"{script}", "/bin/false"))
    env = {
        "AWSEXEC_CALLERS": json.dumps(
            [[str(other), str(home.credentials), "credential_process", "p"]]
        )
    }
    assert run_awsexec.child("p", env=env) == {**child, **env}


def test_marker_that_nobody_can_read_is_none(run_awsexec, home, tool):
    tool(prints(printed()))
    for value in ("x", "3", "[3]", "{}"):
        run_awsexec.child("p", env={"AWSEXEC_CALLERS": value})


def test_parallel_runs_run_it_once(run_awsexec, home, sts, tool):
    tool("sleep 1\n" + prints(printed(sts.session_of("reader"))))
    started = [
        subprocess.Popen([AWSEXEC, "p", "true"], env=run_awsexec.environment())
        for _ in range(4)
    ]
    assert [run.wait(60) for run in started] == [0] * 4
    assert runs(home) == 1


def test_tilde_that_nobody_fills_in(run_awsexec, home):
    tool = home.script("tool", "#!/bin/sh\nexit 3\n")
    home.write_config(f"[profile p]\ncredential_process = {tool} --file=~/x\n")
    assert (
        run_awsexec("p", "true")
        .error()
        .endswith(
            f"{tool} ended with status 3 (nothing fills in the ~ in its line; write the whole "
            "path); run it by hand to see why"
        )
    )
