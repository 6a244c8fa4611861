"""The cache: what it spares, what it must not, and who may read it."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time

import pytest

from awsexec import fastpath
from tests.servers.web import iso8601
from tests.support import (
    ALICE,
    AWSEXEC,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRET,
    SERIAL,
    WRITER,
    age,
)

pytestmark = [pytest.mark.both_ways, pytest.mark.uncounted]

OTHER_KEY_ID, OTHER_SECRET = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/EXAMPLEKEY"


@pytest.fixture(autouse=True)
def _role(home, sts):
    home.write_config(READER_CONFIG)
    sts.add_role("reader", longest=43_200)


def entries(home):
    return [path for path in home.cache.iterdir() if not path.suffix]


def test_second_run_calls_nobody(run_awsexec, sts):
    assert run_awsexec.child("reader") == run_awsexec.child("reader")
    assert len(sts.calls) == 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace(READER, WRITER),
        lambda text: text + "external_id = other\n",
        lambda text: text + "role_session_name = other\n",
        lambda text: text + "duration_seconds = 900\n",
        lambda text: text.replace("= alice", "= bob"),
    ],
    ids=["role_arn", "external_id", "role_session_name", "duration", "source_profile"],
)
def test_edit_of_the_role_asks_again_and_back_does_not(run_awsexec, home, sts, edit):
    sts.add_user("bob", OTHER_KEY_ID, OTHER_SECRET)
    home.write_credentials(
        ALICE,
        ALICE.replace("alice", "bob")
        .replace(KEY_ID, OTHER_KEY_ID)
        .replace(SECRET, OTHER_SECRET),
    )
    first = run_awsexec.child("reader")
    home.write_config(edit(READER_CONFIG))
    second = run_awsexec.child("reader")
    assert second["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000002"
    # the old request's answer is still good for the old request
    home.write_config(READER_CONFIG)
    assert run_awsexec.child("reader") == first
    assert len(sts.calls) == 2


def test_another_mfa_device_asks_again(run_awsexec, home, sts):
    run_awsexec.child("reader")
    run_awsexec.child("reader", "--mfa-serial", SERIAL, "--mfa-token", CODES[0])
    assert sts.operations == [
        "AssumeRole reader",
        "GetSessionToken",
        "AssumeRole reader",
    ]


def test_another_endpoint_asks_again(run_awsexec, sts):
    run_awsexec.child("reader")
    run_awsexec.child("reader", env={"AWS_ENDPOINT_URL_STS": f"{sts.url}/"})
    assert len(sts.calls) == 2


def test_rotated_source_key_asks_again(run_awsexec, home, sts):
    run_awsexec.child("reader")
    sts.add_user("alice", OTHER_KEY_ID, OTHER_SECRET)
    home.write_credentials(
        ALICE.replace(KEY_ID, OTHER_KEY_ID).replace(SECRET, OTHER_SECRET)
    )
    run_awsexec.child("reader")
    assert [call.key_id for call in sts.calls] == [KEY_ID, OTHER_KEY_ID]


def test_other_keys_in_the_environment_ask_again(run_awsexec, home, sts):
    sts.add_user("bob", OTHER_KEY_ID, OTHER_SECRET)
    home.write_config(
        f"[profile reader]\nrole_arn = {READER}\ncredential_source = Environment\n"
    )
    for key_id, secret in ((KEY_ID, SECRET), (OTHER_KEY_ID, OTHER_SECRET)):
        run_awsexec.child(
            "reader",
            env={"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret},
        )
    assert [call.key_id for call in sts.calls] == [KEY_ID, OTHER_KEY_ID]


def test_edit_of_another_profile_costs_no_call(run_awsexec, home, sts):
    run_awsexec.child("reader")
    home.write_config(READER_CONFIG, "[profile other]\nregion = eu-west-1\n")
    home.write_credentials(ALICE, ALICE.replace("alice", "other"))
    run_awsexec.child("reader")
    assert len(sts.calls) == 1


def test_another_region_costs_no_call_and_is_handed_on(run_awsexec, sts):
    # a session is good in every region
    run_awsexec.child("reader")
    child = run_awsexec.child("reader", env={"AWS_REGION": "eu-west-2"})
    assert child["AWS_DEFAULT_REGION"] == "eu-west-2"
    assert len(sts.calls) == 1


def test_two_profiles_of_one_role_share_it(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, READER_CONFIG.replace("e reader", "e twin"))
    run_awsexec.child("reader")
    assert run_awsexec.child("twin")["AWSEXEC_PROFILE"] == "twin"
    assert len(sts.calls) == 1


def test_name_that_is_not_ascii(run_awsexec, home, sts):
    home.write_config(READER_CONFIG.replace("e reader", "e lëser"))
    assert run_awsexec.child("lëser")["AWSEXEC_PROFILE"] == "lëser"
    assert run_awsexec.child("lëser")["AWSEXEC_PROFILE"] == "lëser"
    assert len(sts.calls) == 1


def modes(folder):
    return {stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()} | {
        stat.S_IMODE(folder.stat().st_mode) << 9
    }


@pytest.mark.parametrize("umask", ["000", "077"])
def test_only_the_user_may_read_it(run_awsexec, home, umask):
    line = f"umask {umask}; exec {AWSEXEC} reader true"
    subprocess.run(["sh", "-c", line], env=run_awsexec.environment(), check=True)
    assert entries(home)
    assert modes(home.cache) == {0o600, 0o700 << 9}


def test_default_place(run_awsexec, home, sts):
    for _ in range(2):
        run_awsexec.child("reader", env={"AWSEXEC_CACHE_DIR": None})
    assert len(sts.calls) == 1
    place = "Library/Caches" if sys.platform == "darwin" else ".cache"
    assert modes(home.path / place / "awsexec") == {0o600, 0o700 << 9}


def test_no_secret_in_names_or_of_the_source(run_awsexec, home):
    run_awsexec.child("reader")
    for path in home.cache.iterdir():
        assert re.fullmatch(r"[0-9a-f]{32}(\.lock)?", path.name)
        assert SECRET not in path.read_text()


def test_no_cache_neither_reads_nor_writes(run_awsexec, home, sts):
    run_awsexec.child("reader", "--no-cache")
    assert not home.cache.exists()
    run_awsexec.child("reader")
    run_awsexec.child("reader", "--no-cache")
    assert len(sts.calls) == 3


def test_refresh_renews_the_role_for_the_runs_after_it(run_awsexec, sts):
    run_awsexec.child("reader")
    renewed = run_awsexec.child("reader", "--refresh")
    assert renewed["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000002"
    assert run_awsexec.child("reader") == renewed
    assert len(sts.calls) == 2


def test_refresh_costs_no_code(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec.child("reader", "--refresh")
    assert sts.operations == ["GetSessionToken", *["AssumeRole reader"] * 2]


@pytest.mark.parametrize(("ttl", "calls"), [("10m", 1), ("30m", 2)])
def test_min_ttl_renews_what_lives_too_short(run_awsexec, home, sts, ttl, calls):
    run_awsexec.child("reader")
    age(home, 2400)
    run_awsexec.child("reader", "--min-ttl", ttl)
    assert len(sts.calls) == calls


LESS = "the credentials of profile 'reader' live at most {}{}; --min-ttl asks for {}; "
LONGER = "ask for longer with --duration where the role allows it, or "
SERVE = "run it with --serve, which renews them"


@pytest.mark.parametrize(
    ("setting", "ttl", "message"),
    [
        ("", "2h", LESS.format("1h00m", "", "2h00m") + f"{LONGER}{SERVE}"),
        (
            "duration_seconds = 900\n",
            "20m",
            LESS.format("15m", "", "20m") + f"{LONGER}{SERVE}",
        ),
        (
            f"mfa_serial = {SERIAL}\n",
            "2h",
            LESS.format("1h00m", "", "2h00m") + f"{LONGER}{SERVE}",
        ),
        (
            f"source_profile = writer\n[profile writer]\nrole_arn = {WRITER}\n"
            "source_profile = alice\n",
            "2h",
            LESS.format(
                "1h00m",
                ", because a role assumed with a session lives one hour",
                "2h00m",
            )
            + SERVE,
        ),
    ],
)
def test_min_ttl_that_cannot_be_had(run_awsexec, home, sts, setting, ttl, message):
    """AWS is not asked, and nor is the user."""
    home.write_config(READER_CONFIG, setting)
    assert run_awsexec("reader", "--min-ttl", ttl, "true").error() == message
    assert sts.calls == []


def test_min_ttl_of_a_source_that_gives_less(run_awsexec, home, sts):
    session = sts.session_of("reader", 1800)
    printed = json.dumps(
        {
            "Version": 1,
            "AccessKeyId": session.key_id,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": iso8601(session.expires),
        }
    )
    script = home.script("tool", f"#!/bin/sh\necho '{printed}'\n")
    home.write_config(f"[profile reader]\ncredential_process = {script}\n")
    run_awsexec.child("reader", "--min-ttl", "20m")
    error = run_awsexec("reader", "--min-ttl", "45m", "true").error()
    assert error == LESS.format("29m", "", "45m") + SERVE


def test_verbose_says_until_when_they_hold(run_awsexec, home, sts):
    for words, more in (((), ""), (("--serve",), "; the endpoint renews them")):
        result = run_awsexec("-v", *words, "reader", "true")
        assert re.search(
            r"awsexec: the credentials are good until 20\d\d-\S+Z \((59m|1h00m) left\)"
            f"{more}\n",
            result.stderr,
        )


@pytest.mark.parametrize(("seconds", "calls"), [(3200, 1), (3400, 2), (4000, 2)])
def test_entry_is_renewed_before_it_expires(run_awsexec, home, sts, seconds, calls):
    # an hour's session has five minutes to spare
    run_awsexec.environ["AWSEXEC_REFRESH_AHEAD"] = "0"
    run_awsexec.child("reader")
    for path in entries(home):
        entry = fastpath.parse(path.read_bytes())
        entry.issued -= seconds
        entry.expires -= seconds
        path.write_bytes(fastpath.dump(entry))
    run_awsexec.child("reader")
    assert len(sts.calls) == calls


def test_forget_everything(run_awsexec, home, sts):
    run_awsexec.child("reader")
    result = run_awsexec("--forget")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == "awsexec: deleted 1 cached session of all profiles\n"
    result = run_awsexec("--forget")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == "awsexec: no session of any profile is in the cache\n"
    assert entries(home) == []
    run_awsexec.child("reader")
    assert len(sts.calls) == 2


def test_forget_one_profile(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, READER_CONFIG.replace("reader", "writer"))
    for name in ("reader", "writer"):
        run_awsexec.child(name)
    result = run_awsexec("-q", "--forget", "reader")
    assert (result.status, result.stderr) == (0, "")
    for name in ("reader", "writer"):
        run_awsexec.child(name)
    assert sts.operations == [f"AssumeRole {n}" for n in ("reader", "writer", "reader")]


def test_forget_a_profile_with_its_mfa_session(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    run_awsexec("--forget", "reader")
    run_awsexec("reader", "true").error()
    assert len(sts.calls) == 2


def test_forget_a_profile_that_is_gone(run_awsexec, home, sts):
    run_awsexec.child("reader")
    home.write_config("")
    run_awsexec("--forget", "reader")
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    assert len(sts.calls) == 2


def test_forget_a_misspelt_profile(run_awsexec):
    line = run_awsexec("--forget", "raeder").error()
    assert line.startswith("no profile 'raeder' in ")
    assert line.endswith("; did you mean reader?")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mfa-token", "123456"], "--mfa-token would do nothing with --forget; "),
        (["--policy", "nosuch.json"], "--policy: cannot use the policy nosuch.json: "),
        (["--session-name", "q"], "--session-name: q is not a role session name; "),
    ],
)
def test_forget_with_an_option_that_would_do_nothing(
    run_awsexec, home, sts, words, message
):
    run_awsexec.child("reader")
    before = entries(home)
    error = run_awsexec(*words, "--forget", "reader").error()
    assert error.startswith(message)
    assert entries(home) == before


def test_forget_counts_aws_profile(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, READER_CONFIG.replace("reader", "writer"))
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        for name in ("reader", "writer"):
            run_awsexec.child(name)
        before = len(sts.calls)
        result = run_awsexec("--forget", env={variable: "reader"})
        assert result.status == 0
        run_awsexec.child("writer")
        assert len(sts.calls) == before
        run_awsexec.child("reader")
        assert len(sts.calls) == before + 1
    assert (
        "no profile 'nosuch'"
        in run_awsexec("--forget", env={"AWS_PROFILE": "nosuch"}).error()
    )
    assert run_awsexec("--forget", "--all", env={"AWS_PROFILE": "reader"}).status == 0
    assert entries(home) == []


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (["--all"], 2),
        (["r"], 2),
        # that of the role is not forgotten, only what its source gave
        (["p"], 1),
    ],
)
def test_a_run_under_way_does_not_bring_back_what_was_forgotten(
    words, calls, run_awsexec, home, sts
):
    """The process of the profile is where the run waits, while the user forgets."""
    expires = iso8601(int(time.time()) + 3600)
    document = (
        f'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}", '
        f'"Expiration": "{expires}"}}'
    )
    path = home.script(
        "tool",
        f"#!/bin/sh\n{AWSEXEC} -q --forget {' '.join(words)} >&2\necho '{document}'\n",
    )
    home.write_config(
        f"[profile p]\ncredential_process = {path}\n"
        f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n"
    )
    for _ in range(2):
        run_awsexec.child("r")
    assert not any(KEY_ID in path.read_text() for path in entries(home))
    assert len(sts.calls) == calls


def test_forget_leaves_what_is_not_ours(run_awsexec, home, sts):
    run_awsexec.child("reader")
    (home.cache / "notes.txt").write_text("mine")
    run_awsexec("--forget")
    assert (home.cache / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-5]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"ASIA", b"ASIB")),
        lambda path: path.write_bytes(b"awsexec 0 of the past\n"),
        lambda path: path.write_bytes(os.urandom(1000)),
        lambda path: path.chmod(0o640),
        lambda path: (
            path.rename(f"{path}.elsewhere"),
            path.symlink_to(f"{path}.elsewhere"),
        ),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids="empty short changed old noise open symlink fifo".split(),
)
def test_unusable_entry_is_a_miss_and_replaced(run_awsexec, home, sts, damage):
    run_awsexec.child("reader")
    for path in entries(home):
        damage(path)
    child = run_awsexec.child("reader")
    assert child["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE000000002"


def test_unusable_entry_is_said_when_verbose(run_awsexec, home, sts):
    run_awsexec.child("reader")
    for path in entries(home):
        path.write_bytes(b"x")
    result = run_awsexec("-v", "reader", "true")
    assert "ignoring cache entry" in result.stderr
    assert "written by another version, or not an entry" in result.stderr


def test_cache_that_cannot_be_written_costs_a_warning(run_awsexec, home, sts):
    home.cache.write_text("no folder")
    result = run_awsexec("reader", "printenv", "AWSEXEC_PROFILE")
    assert (result.status, result.stdout) == (0, "reader\n")
    assert result.stderr == (
        f"awsexec: cannot use the cache in {home.cache}: not a regular directory; going "
        "on without it; set AWSEXEC_CACHE_DIR to use another directory\n"
    )
    assert run_awsexec("-q", "reader", "true").stderr == ""


def test_cache_open_to_others_is_not_used(run_awsexec, home, sts):
    run_awsexec.child("reader")
    home.cache.chmod(0o755)
    result = run_awsexec("reader", "true")
    assert result.stderr == (
        f"awsexec: cannot use the cache in {home.cache}: open to others (mode 0755); "
        f"going on without it; run: chmod 700 {home.cache}; or set AWSEXEC_CACHE_DIR to "
        "use another directory\n"
    )
    assert len(sts.calls) == 2


def test_cache_open_to_others_is_not_cleared_either(run_awsexec, home, sts):
    run_awsexec.child("reader")
    before = entries(home)
    home.cache.chmod(0o755)
    for words in (["--forget"], ["--forget", "reader"]):
        assert run_awsexec(*words).error() == (
            f"cannot delete the sessions in {home.cache}: open to others (mode 0755); "
            f"run: chmod 700 {home.cache}"
        )
    assert entries(home) == before
    home.cache.chmod(0o700)
    run_awsexec("--forget", "reader")
    assert entries(home) == []


def test_cache_behind_a_symbolic_link_is_not_used(run_awsexec, home, sts):
    run_awsexec.child("reader")
    shutil.move(home.cache, home.path / "elsewhere")
    home.cache.symlink_to(home.path / "elsewhere")
    result = run_awsexec("reader", "true")
    assert result.stderr.count("\n") == 1
    assert f"cannot use the cache in {home.cache}: a symbolic link" in result.stderr
    assert len(sts.calls) == 2


def test_runs_at_once_share_one_call(run_awsexec, sts):
    command = [AWSEXEC, "reader", "--", "printenv", "AWS_ACCESS_KEY_ID"]
    with sts.held():
        runs = [
            subprocess.Popen(
                command,
                env=run_awsexec.environment(),
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(5)
        ]
        sts.wait_for_calls(1)
    assert {run.communicate()[0] for run in runs} == {"ASIAEXAMPLE000000001\n"}
    assert len(sts.calls) == 1


def test_killed_holder_releases_the_others(run_awsexec, sts):
    command = [AWSEXEC, "reader", "--", "printenv", "AWS_ACCESS_KEY_ID"]
    with sts.held():
        holder = subprocess.Popen(command, env=run_awsexec.environment())
        sts.wait_for_calls(1)
        holder.kill()
        holder.wait()
        waiter = subprocess.Popen(
            command, env=run_awsexec.environment(), stdout=subprocess.PIPE, text=True
        )
        sts.wait_for_calls(2)
    assert waiter.communicate()[0].startswith("ASIAEXAMPLE")
    assert waiter.returncode == 0


def test_request_that_is_not_ascii(run_awsexec, home, sts):
    home.write_config(
        "[profile lëser]\n",
        f"role_arn = {READER}\ncredential_source = Environment\n",
    )
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    for _ in range(2):
        run_awsexec.child("lëser", env=keys)
    assert len(sts.calls) == 1
