"""--each at a terminal: all questions first, the live line, Ctrl-C."""

import re

import pytest

from awsexec.each.screen import FREE
from tests.process.test_each import MEGABYTES, OTHER, many, profile, two_devices
from tests.screen import plain
from tests.support import (
    AWSEXEC,
    CODES,
    KEY_ID,
    SECRET,
    SERIAL,
    WRONG_CODE,
    is_running,
    wait_until,
)

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
    person.sees("press Ctrl-C again to kill the commands, 0 of 1 done")
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


def test_no_live_line_in_the_background(terminal, home, sts):
    """It would be drawn over what the user types at the shell's prompt."""
    sts.add_role("a")
    home.write_config(profile("a"))
    person = terminal(f"set -m; {RUN} -- sh -c 'sleep 0.5; echo hi' & wait $!")
    screen, status = person.ends()
    assert status == 0
    assert "hi" in screen and "\x1b[K" not in screen


def test_colours_only_at_a_terminal(terminal, run_awsexec, home, sts):
    sts.add_role("a")
    home.write_config(profile("a"))
    person = terminal(f"{RUN} -- echo hi")
    person.sees("\x1b[36ma │\x1b[0m hi")
    result = run_awsexec("--each", "a", "--", "echo", "hi")
    assert result.stdout == "a │ hi\n"


# --- Forty profiles -----------------------------------------------------------------

USERS = {
    "alice": (KEY_ID, SECRET),
    "bob": OTHER,
    # AWS refuses every code of her device
    "carol": ("AKIAI55QH8DHBEXAMPLE", "ke8NtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"),
}
# lines of the command that prints much
LINES = MEGABYTES * 1_000_000 // 101
SCRIPT = f"""
case $AWSEXEC_PROFILE in
*-05) seq -f %0100.0f {LINES};;
*-09) echo hi; echo no such bucket >&2; exit 3;;
*) echo hi; sleep 0.3;;
esac
"""


@pytest.fixture
def forty(home, sts):
    """Forty profiles of three devices; AWS denies one role, and one setting is wrong."""
    sts.add_user("alice", *USERS["alice"], codes=[CODES[0]])
    sts.add_user("bob", *USERS["bob"], codes=[CODES[1]])
    sts.add_user("carol", *USERS["carol"])
    home.write_credentials(
        *(
            f"[{user}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
            for user, (key_id, secret) in USERS.items()
        )
    )
    profiles = {}
    for number in range(40):
        user = list(USERS)[number * 3 // 40]
        name = f"{user}-{number:02}"
        profiles[name] = profile(
            name, f"mfa_serial = {SERIAL.replace('alice', user)}", source=user
        )
        sts.add_role(name, mfa=True, trusts=[] if number == 3 else None)
    profiles["alice-07"] = profiles["alice-07"].replace("arn:aws:iam:", "nonsense")
    home.write_config(*profiles.values())
    return [*profiles]


@pytest.mark.uncounted
def test_forty_profiles(terminal, forty, home):
    """Three devices, one of them refused, two profiles that fail, and much output."""
    person = terminal(f"{RUN} --except bob --except carol -- sh -c '{SCRIPT}'")
    before = person.settings()
    codes = {"alice": CODES[0], "bob": CODES[1], "carol": WRONG_CODE}
    for user, count, tries in (("alice", 13, 1), ("bob", 13, 1), ("carol", 13, 3)):
        first, second, third = [name for name in forty if name.startswith(user)][:3]
        for _ in range(tries):
            serial = SERIAL.replace("alice", user)
            person.sees(
                f"MFA code for {first}, {second}, {third} and {count - 3} more ({serial}): "
            )
            person.types(codes[user])
    # much at once, and the status is in what came last
    person.process.maxread, person.process.searchwindowsize = 65_536, 100
    screen, status = person.ends()
    assert status == 125
    assert person.settings() == before
    # the cursor was never hidden
    assert "\x1b[?" not in screen
    without = ["alice-03", "alice-07", *(n for n in forty if n.startswith("carol"))]
    live = re.findall(r"\r\x1b\[K(\d+) of 40 done, (\d+) failed, \d+ s, runn", screen)
    assert live[0] == (f"{len(without)}", f"{len(without)}")
    assert int(live[-1][0]) > 30
    lines = plain(screen).split("\n")
    printed = {name: [] for name in forty}
    for line in lines:
        name, sign, text = line.partition(" │ ")
        if sign:
            printed[name.rstrip()].append(text)
    assert printed.pop("alice-05") == [f"{n:0100}" for n in range(1, LINES + 1)]
    assert all(
        texts == ([] if name in without else ["hi"]) for name, texts in printed.items()
    )
    said = [line for line in lines if line and " │ " not in line]
    reasons, table = said[: said.index(TOLD)], said[said.index(TOLD) :]
    assert any(
        line.startswith("awsexec: alice-03: User: ") for line in reasons
    ), reasons
    assert any("alice-07: " in line and "is not a role ARN" in line for line in reasons)
    refused = (
        "carol-27, carol-28, carol-29 and 10 more: MultiFactorAuthentication failed"
    )
    assert any(line.startswith(f"awsexec: {refused}") for line in reasons)
    assert "alice-09 ! no such bucket" in reasons
    assert [line[2:10] for line in table[1:]] == sorted([*without, "alice-09"])
    assert all(len(line) <= 80 for line in table)
    assert "  alice-09  status 3        no such bucket" in table


TOLD = "awsexec: 1 of 40 commands failed, and 15 had no credentials"


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_narrow_terminal(terminal, home, sts, columns):
    """What is drawn over never wraps, not even with the ^C that the terminal shows."""
    names = [f"team-{number}" for number in range(9)]
    for name in names:
        sts.add_role(name)
    home.write_config(*map(profile, names))
    script = "echo hi >&2; sleep 0.2; echo a long last line of what went wrong; exit 4"
    person = terminal(f"sleep 0.2; export NO_COLOR=1; {RUN} -- sh -c '{script}'")
    person.has(columns)
    screen, status = person.ends()
    assert status == 123
    live = re.findall(r"\r\x1b\[K([^\r]+)", screen)
    assert any("0 of 9 done"[: columns - FREE - 1] in line for line in live)
    assert all(len(line) <= columns - FREE for line in live if " of 9 d" in line)
    assert "\x1b[3" not in screen
    table = plain(screen).split("\n")[-len(names) - 1 :]
    assert len(names) == sum("status 4" in line for line in table)
    if columns > 30:
        assert all(len(line) <= columns for line in table)
