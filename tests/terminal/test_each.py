"""--each at a terminal: all questions first, the live line, Ctrl-C."""

from tests.process.test_each import many, profile, two_devices
from tests.support import AWSEXEC, CODES, SERIAL, WRONG_CODE, is_running, wait_until

RUN = f"trap : INT; TERM=xterm {AWSEXEC} --each '*' --except alice"


def test_one_question_for_each_device(terminal, home, sts):
    two_devices(home, sts)
    person = terminal(f"{RUN} --except bob -- sh -c 'echo hi >>{home.path}/ran'")
    for name, code in (("alice", WRONG_CODE), ("alice", CODES[0]), ("bob", CODES[1])):
        person.sees(f"({SERIAL.replace('alice', name)}): ")
        # all questions come before all work
        assert not (home.path / "ran").exists()
        person.types(code)
    assert person.ends()[1] == 0
    assert (home.path / "ran").read_text() == "hi\n" * 2
    assert sorted(sts.operations) == [
        "AssumeRole a",
        "AssumeRole b",
        *["GetSessionToken"] * 3,
    ]


def test_confirm_once_for_all_and_each_name(terminal, home, sts):
    for name in ("a", "b", "c"):
        sts.add_role(name)
    home.write_config(
        profile("a", "confirm = true"),
        profile("b", "confirm = true"),
        profile("c", "confirm = name"),
    )
    person = terminal(f"{RUN} -- echo finished")
    person.sees("these 2 profiles ask before they are used")
    person.sees("Go on with all of them? [y/N] ")
    person.types("y")
    person.sees("Type c to go on: ")
    assert sts.calls == []
    person.types("c")
    screen, status = person.ends()
    assert (status, screen.count("finished")) == (0, 3)
    person = terminal(f"{RUN} -- echo finished")
    person.sees("[y/N] ")
    person.types("n")
    assert person.ends()[1] == 125


def test_no_question_for_what_fails_anyway(terminal, home, sts):
    """And the others are asked for, and run."""
    wrong = "confirm = true\nexpected_account = 111122223333"
    for name in ("a", "b", "c"):
        sts.add_role(name)
    home.write_config(
        profile("a", "confirm = true"),
        profile("b", "confirm = true"),
        profile("c", wrong),
    )
    person = terminal(f"{RUN} -- echo finished")
    person.sees("these 2 profiles ask before they are used")
    person.types("y")
    screen, status = person.ends()
    # in the question, and by two commands
    assert (status, screen.count("echo finished"), screen.count("finished")) == (
        *(125, 1, 3),
    )
    assert "c: " in screen and "expected_account = 111122223333, but" in screen


def test_ctrl_c_at_a_question(terminal, home, sts):
    many(home, sts, 3)
    person = terminal(f"{RUN} -- touch {home.path}/ran")
    person.sees(": ")
    person.interrupts()
    assert person.ends()[1] == 130
    assert not (home.path / "ran").exists()


def test_ctrl_c_ends_the_commands_and_a_second_one_kills_them(terminal, home, sts):
    sts.add_role("a")
    home.write_config(profile("a"))
    path = home.path / "pid"
    script = f'trap "echo one" INT; echo $$ >{path}; while :; do sleep 0.1; done'
    person = terminal(f"{RUN} -- sh -c '{script}'")
    person.sees("running: a")
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    person.interrupts()
    person.sees("one")
    person.sees("press Ctrl-C again to kill")
    assert is_running(int(path.read_text()))
    person.interrupts()
    screen, status = person.ends()
    assert status == 130
    assert "a  SIGKILL" in screen
    assert not is_running(int(path.read_text()))


def test_live_line_does_not_disturb_the_lines(terminal, home, sts):
    for name in ("a", "b"):
        sts.add_role(name)
    home.write_config(profile("a"), profile("b"))
    script = "sleep 0.5; echo first; sleep 0.5; echo second"
    person = terminal(f"export NO_COLOR=1; {RUN} -- sh -c '{script}'")
    person.sees("0 of 2 done, 0 s, running: a, b")
    screen, status = person.ends()
    assert status == 0
    # what a terminal shows: each line as it is after its last carriage return
    lines = [line.split("\r\x1b[K")[-1] for line in screen.split("\r\n")]
    assert sorted(filter(None, lines)) == [
        f"{name} │ {text}" for name in "ab" for text in ("first", "second")
    ]


def test_colours_only_at_a_terminal(terminal, run_awsexec, home, sts):
    sts.add_role("a")
    home.write_config(profile("a"))
    person = terminal(f"{RUN} -- echo hi")
    person.sees("\x1b[36ma │\x1b[0m hi")
    result = run_awsexec("--each", "a", "--", "echo", "hi")
    assert result.stdout == "a │ hi\n"
