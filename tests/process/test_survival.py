"""Whatever happens to the cache, the next run is right."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from awsexec import fastpath
from tests.support import (
    AWSEXEC,
    CODES,
    KEY_ID,
    READER,
    READER_CONFIG,
    SECRET,
    SERIAL,
    WRITER,
    Result,
    age,
    entries,
    is_fast,
    renewed,
    wait_until,
)

pytestmark = [pytest.mark.uncounted, pytest.mark.true_start]

FAULTS = str(Path(__file__).parents[1] / "faults.py")
PRINT_KEY = ("--", "printenv", "AWS_ACCESS_KEY_ID")
HOUR = 3600
FIRST, SECOND, THIRD = (f"ASIAEXAMPLE{n:09}" for n in (1, 2, 3))

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture(autouse=True)
def _world(home, sts):
    home.write_config(
        READER_CONFIG,
        READER_CONFIG.replace("e reader", "e writer").replace(READER, WRITER),
    )


def who(run_awsexec, profile="reader", env=None):
    return run_awsexec.child(profile, env=env)["AWS_ACCESS_KEY_ID"]


def with_fault(run_awsexec, fault, *words, timeout=60):
    environ = run_awsexec.environment()
    finished = subprocess.run(
        [sys.executable, FAULTS, fault, *words],
        # the measurement of coverage traces lines too
        env={k: v for k, v in environ.items() if not k.startswith("COVERAGE_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        start_new_session=True,
        check=False,
    )
    return Result(finished.returncode, finished.stdout, finished.stderr)


def ends_well(run_awsexec, sts, calls):
    """Check that the next run succeeds, and that the run after it uses the cache."""
    key = who(run_awsexec)
    assert key == f"ASIAEXAMPLE{calls:09}" and len(sts.calls) == calls
    if "AWSEXEC_FASTPATH" not in run_awsexec.environ:
        assert is_fast(run_awsexec, "reader", "env")
    assert who(run_awsexec) == key
    assert len(sts.calls) == calls


# --- killed in the middle


# between them, the two are killed at every line
@pytest.mark.parametrize(("before", "first"), [("nothing", 1), ("expired", 2)])
def test_killed_at_every_point(run_awsexec, home, sts, before, first):
    if before == "expired":
        who(run_awsexec)
        age(home, 2 * HOUR)
    result = with_fault(
        run_awsexec, f"kill-everywhere={first}", "reader", *PRINT_KEY, timeout=300
    )
    assert (result.status, result.stderr) == (0, "")
    *killed, last = [line.split() for line in result.stdout.splitlines()]
    # many points, in some of which a temporary file is there
    assert len(killed) > 40
    assert {status for status, _, _, _ in killed} == {"-9"}
    assert {left for _, left, _, _ in killed} == {"0", "1"}
    # the last one got away, as there was nothing left to be killed at
    assert last[:2] == ["0", "0"]
    keys = [key for _, _, after, key in (*killed, last) if after == "0"]
    assert len(keys) == len(killed) + 1
    # each next run has what was written whole, or fetches anew, from STS or from
    # what the killed one had got as far as writing
    assert len(set(keys)) == len(keys) and keys == sorted(keys)
    ends_well(run_awsexec, sts, len(sts.calls))


# --- files that are no use


def future(entry):
    return fastpath.dump(entry).replace(b"awsexec 3 ", b"awsexec 9 ")


def others(entry):
    entry.key = entry.key.replace("reader", "writer")
    return fastpath.dump(entry)


def huge(entry):
    entry.variables["AWS_SESSION_TOKEN"] *= 10_000
    return fastpath.dump(entry)


CONTENTS = {
    "empty": lambda entry: b"",
    "one byte": lambda entry: b"a",
    "head only": lambda entry: fastpath.dump(entry)[:43],
    "truncated": lambda entry: fastpath.dump(entry)[:-1],
    "doubled": lambda entry: fastpath.dump(entry) * 2,
    "zeros": lambda entry: bytes(len(fastpath.dump(entry))),
    "garbage": lambda entry: bytes(range(256)) * 8,
    "bit flipped": lambda entry: fastpath.dump(entry).replace(b"ASIA", b"ASIB"),
    "no variables": lambda entry: fastpath.MAGIC
    + fastpath.digest(b"").encode()
    + b"\n",
    "other version": future,
    "other profile's": others,
    "huge": huge,
}


@pytest.mark.both_ways
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_content_that_is_no_use(run_awsexec, home, sts, content):
    who(run_awsexec)
    for path, entry in entries(home).items():
        path.write_bytes(content(entry))
    ends_well(run_awsexec, sts, 2)


@pytest.mark.both_ways
def test_entries_of_each_other(run_awsexec, home, sts):
    # as if files had been swapped, by a restore gone wrong
    reader, writer = who(run_awsexec), who(run_awsexec, "writer")
    assert reader != writer
    paths = sorted(entries(home))
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)
    for profile, first in (("reader", reader), ("writer", writer)):
        assert who(run_awsexec, profile) not in (reader, writer), first
    assert sts.operations[2:] == ["AssumeRole reader", "AssumeRole writer"]


@pytest.mark.both_ways
@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666, 0o700 | 0o001])
def test_entry_open_to_others(run_awsexec, home, sts, mode):
    who(run_awsexec)
    for path in entries(home):
        path.chmod(mode)
    ends_well(run_awsexec, sts, 2)
    assert {stat.S_IMODE(path.stat().st_mode) for path in entries(home)} == {0o600}


@pytest.mark.both_ways
@as_root
def test_entry_of_somebody_else(run_awsexec, home, sts):
    who(run_awsexec)
    for path in entries(home):
        os.chown(path, 65534, -1)
    ends_well(run_awsexec, sts, 2)
    assert {path.stat().st_uid for path in entries(home)} == {os.geteuid()}


@pytest.mark.both_ways
@as_root
def test_directory_of_somebody_else(run_awsexec, home, sts):
    who(run_awsexec)
    os.chown(home.cache, 65534, -1)
    before = sorted(home.cache.iterdir())
    runs_with_a_warning(
        run_awsexec,
        home,
        "owned by another user",
        f"run: sudo chown -R root {home.cache}; or {ANOTHER}",
    )
    assert sorted(home.cache.iterdir()) == before
    assert len(sts.calls) == 2
    os.chown(home.cache, os.geteuid(), -1)
    assert who(run_awsexec) == FIRST


@pytest.mark.both_ways
@pytest.mark.parametrize("mode", [0o701, 0o720, 0o777])
def test_directory_open_to_others(run_awsexec, home, sts, mode):
    who(run_awsexec)
    home.cache.chmod(mode)
    reason = f"open to others (mode {mode:04o})"
    advice = f"run: chmod 700 {home.cache}; or {ANOTHER}"
    runs_with_a_warning(run_awsexec, home, reason, advice)
    assert len(sts.calls) == 2
    home.cache.chmod(0o700)
    assert who(run_awsexec) == FIRST


@pytest.mark.both_ways
@as_root
def test_root_leaves_the_home_of_another_user_alone(run_awsexec, home, sts):
    """As with sudo -E. A directory of root's would lock the user out."""
    before = sorted(home.path.rglob("*"))
    for deeper in ("cache", ".cache/awsexec"):
        run_awsexec.environ["AWSEXEC_CACHE_DIR"] = str(home.path / deeper)
        os.chown(home.path, 65534, -1)
        result = run_awsexec("reader", *PRINT_KEY)
        assert result.status == 0 and result.stdout.startswith("ASIAEXAMPLE"), result
        assert result.stderr == (
            f"awsexec: cannot use the cache in {home.path / deeper}: this is root, and "
            f"{home.path} belongs to nobody; going on without it; run awsexec without "
            "sudo or with sudo -H, or set AWSEXEC_CACHE_DIR to use another directory\n"
        )
        assert sorted(home.path.rglob("*")) == before
    os.chown(home.path, os.geteuid(), -1)
    who(run_awsexec)
    assert (home.path / deeper).is_dir()


ANOTHER = "set AWSEXEC_CACHE_DIR to use another directory"


def runs_with_a_warning(run_awsexec, home, reason, advice=ANOTHER, run=None):
    result = (run or run_awsexec)("reader", *PRINT_KEY)
    assert result.status == 0 and result.stdout.startswith("ASIAEXAMPLE"), result
    what, effect = "use", "going on without it"
    if home.cache.is_dir() and not reason.startswith(
        ("open ", "owned ", "not ", "a sym")
    ):
        # what is in there is used
        what, effect = "write to", "this session is not kept"
    assert result.stderr == (
        f"awsexec: cannot {what} the cache in {home.cache}: {reason}; {effect}; "
        f"{advice}\n"
    )


@pytest.mark.both_ways
def test_entry_that_is_a_link(run_awsexec, home, sts):
    who(run_awsexec)
    for path in entries(home):
        path.rename(home.path / path.name)
        path.symlink_to(home.path / path.name)
    ends_well(run_awsexec, sts, 2)
    assert not [path for path in home.cache.iterdir() if path.is_symlink()]


def test_lock_that_is_a_link(run_awsexec, home, sts):
    who(run_awsexec)
    age(home, HOUR * 9 // 10)
    # a second kind of lock comes with the renewal, and is written to
    assert who(run_awsexec) == FIRST
    wait_until(lambda: renewed(home, SECOND))
    victim = home.path / "victim"
    victim.write_text("precious")
    os.utime(victim, (1, 1))
    before = victim.stat()
    locks = list(home.cache.glob("*.lock"))
    assert len(locks) == 2
    for path in locks:
        path.unlink()
        path.symlink_to(victim)
    age(home, HOUR * 9 // 10)
    who(run_awsexec)
    age(home, 2 * HOUR)
    ends_well(run_awsexec, sts, len(sts.calls) + 1)
    after = victim.stat()
    assert victim.read_text() == "precious"
    assert (after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


@pytest.mark.both_ways
def test_directory_that_is_a_link(run_awsexec, home, sts):
    home.cache.symlink_to(home.path)
    before = sorted(home.path.iterdir())
    runs_with_a_warning(run_awsexec, home, "a symbolic link")
    assert sorted(home.path.iterdir()) == before
    home.cache.unlink()
    ends_well(run_awsexec, sts, 2)


def test_folder_above_that_is_a_link(run_awsexec, home, sts):
    # the user's own arrangement, and common
    (home.path / "elsewhere").mkdir()
    (home.path / "link").symlink_to("elsewhere")
    run_awsexec.environ["AWSEXEC_CACHE_DIR"] = str(home.path / "link" / "cache")
    ends_well(run_awsexec, sts, 1)


# --- places where nothing can be written


IN_OWN_MOUNTS = ["unshare", "--mount", "sh", "-euc"]


@pytest.fixture
def in_tiny_file_system(run_awsexec, home):
    """Runs shell lines, with the cache's folder a file system of a few KiB."""
    folder = home.path / "tiny"
    folder.mkdir()
    home.cache = folder / "cache"
    run_awsexec.environ["AWSEXEC_CACHE_DIR"] = str(home.cache)

    def run(script):
        return subprocess.run(
            [*IN_OWN_MOUNTS, f"mount -t tmpfs -o size=16k tmpfs {folder}; {script}"],
            env={**run_awsexec.environment(), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    try:
        probe = run(":")
    except OSError:
        pytest.skip("unshare is not installed")
    if probe.returncode:
        pytest.skip(f"no file system may be mounted here: {probe.stderr.strip()}")
    return run


RUN = f"{AWSEXEC} reader -- printenv AWS_ACCESS_KEY_ID"


def test_full_file_system(home, sts, in_tiny_file_system):
    fill = f"dd if=/dev/zero of={home.cache.parent}/rest bs=4k 2> /dev/null || :"
    result = in_tiny_file_system(
        f"mkdir -m 700 {home.cache}; {fill}; {RUN}; ls {home.cache} | wc -l;"
        f"rm {home.cache.parent}/rest; {RUN}; {RUN}"
    )
    assert result.stdout.split() == [FIRST, "1", SECOND, SECOND]
    assert result.stderr == (
        f"awsexec: cannot write to the cache in {home.cache}: No space left on device; "
        "this session is not kept; set AWSEXEC_CACHE_DIR to use another directory\n"
    )


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "with an entry"])
def test_read_only_file_system(home, sts, in_tiny_file_system, filled):
    mount = f"mount -o remount,{{}} {home.cache.parent}"
    result = in_tiny_file_system(
        f"{f'{RUN};' if filled else ''} {mount.format('ro')}; {RUN} --;"
        f"{RUN} --; {mount.format('rw')}; {RUN} --".replace(" --;", ";").removesuffix(
            " --"
        )
    )
    if filled:
        # what is there is used
        assert result.stdout.split() == [FIRST] * 4
        assert result.stderr == ""
    else:
        assert result.stdout.split() == [FIRST, SECOND, THIRD]
        assert result.stderr.count("Read-only file system") == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("full", "No space left on device"), ("read-only", "Read-only file system")],
)
def test_errors_of_such_file_systems(run_awsexec, home, sts, fault, reason):
    def run(*words):
        return with_fault(run_awsexec, fault, *words)

    runs_with_a_warning(run_awsexec, home, reason, run=run)
    assert not list(home.cache.glob("*")) or fault == "full"
    assert not list(home.cache.glob("*.tmp"))
    ends_well(run_awsexec, sts, 2)


def test_limit_on_the_size_of_files(run_awsexec, home, sts):
    result = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; exec {RUN}"],
        env=run_awsexec.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (0, f"{FIRST}\n")
    assert "File too large; this session is not kept" in result.stderr
    assert not list(home.cache.glob("*.tmp"))
    ends_well(run_awsexec, sts, 2)


def test_file_system_without_locks(run_awsexec, home, sts):
    result = with_fault(run_awsexec, "no-locks", "reader", *PRINT_KEY)
    assert (result.status, result.stdout, result.stderr) == (0, f"{FIRST}\n", "")
    ends_well(run_awsexec, sts, 1)
    # a renewal ahead of time needs one, and is left out
    age(home, HOUR * 9 // 10)
    result = with_fault(run_awsexec, "no-locks", "reader", *PRINT_KEY)
    assert (result.status, result.stdout, result.stderr) == (0, f"{FIRST}\n", "")
    assert len(sts.calls) == 1


@pytest.mark.both_ways
def test_entry_gone_between_look_and_read(run_awsexec, home, sts):
    who(run_awsexec)
    result = with_fault(run_awsexec, "vanishing", "reader", *PRINT_KEY)
    assert (result.status, result.stdout, result.stderr) == (0, f"{SECOND}\n", "")
    ends_well(run_awsexec, sts, 2)


# --- places that are not where they should be


@pytest.fixture
def no_cache_dir(run_awsexec, home):
    run_awsexec.environ["AWSEXEC_CACHE_DIR"] = None
    run_awsexec.environ["AWS_CONFIG_FILE"] = str(home.config)
    run_awsexec.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(home.credentials)


def test_home_that_is_missing(run_awsexec, home, sts, no_cache_dir):
    missing = home.path / "missing"
    run_awsexec.environ["HOME"] = str(missing)
    ends_well(run_awsexec, sts, 1)


def test_no_home_in_the_environment(run_awsexec, home, sts, no_cache_dir):
    run_awsexec.environ["HOME"] = None
    run_awsexec.environ["XDG_CACHE_HOME"] = str(home.cache)
    ends_well(run_awsexec, sts, 1)
    assert list(home.cache.iterdir()) == [home.cache / "awsexec"]


def test_home_that_is_no_folder(run_awsexec, home, sts, no_cache_dir):
    home.cache = Path("/dev/null/.cache/awsexec")
    run_awsexec.environ["HOME"] = "/dev/null"
    runs_with_a_warning(run_awsexec, home, "Not a directory")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no XDG folders")
@pytest.mark.parametrize("value", ["", " ", "relative", "./here", None])
def test_xdg_cache_home_that_does_not_count(
    run_awsexec, home, sts, no_cache_dir, value
):
    run_awsexec.environ["XDG_CACHE_HOME"] = value
    ends_well_slow = who(run_awsexec), who(run_awsexec)
    assert ends_well_slow == (FIRST, FIRST) and len(sts.calls) == 1
    assert list((home.path / ".cache" / "awsexec").iterdir())
    assert not [name for name in os.listdir(run_awsexec.folder) if name != "home"]


def test_cache_dir_that_is_relative(run_awsexec, home, sts):
    run_awsexec.environ["AWSEXEC_CACHE_DIR"] = "home/here"
    assert who(run_awsexec) == who(run_awsexec) == FIRST
    assert list((home.path / "here").iterdir())


# --- clocks


@pytest.mark.both_ways
@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_clock_that_was_wrong(run_awsexec, home, sts, ahead):
    result = with_fault(run_awsexec, f"clock={ahead}", "reader", *PRINT_KEY)
    assert (result.status, result.stdout, result.stderr) == (0, f"{FIRST}\n", "")
    # set right again, it may take a call, and never an expired or unheard-of session
    key = who(run_awsexec)
    assert key == (SECOND if ahead > 0 else FIRST)
    ends_well(run_awsexec, sts, len(sts.calls))


# a session from a clock that was ahead is one of the future, and not believed
@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("ahead", "after"), [(HOUR, {THIRD}), (-HOUR, {FIRST, SECOND})]
)
def test_clock_that_goes_wrong(run_awsexec, home, sts, ahead, after):
    who(run_awsexec)
    result = with_fault(run_awsexec, f"clock={ahead}", "reader", *PRINT_KEY)
    assert (result.status, result.stdout, result.stderr) == (0, f"{SECOND}\n", "")
    key = who(run_awsexec)
    assert key in after
    assert who(run_awsexec) == key


def test_short_steps_of_the_clock_cost_nothing(run_awsexec, home, sts):
    who(run_awsexec)
    for step in (-30, 30, -5):
        result = with_fault(run_awsexec, f"clock={step}", "reader", *PRINT_KEY)
        assert (result.stdout, result.stderr) == (f"{FIRST}\n", "")
    assert len(sts.calls) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("duration", "minutes", "calls"),
    [(900, 12, 1), (900, 14, 2), (3600, 54, 1), (3600, 56, 2), (43200, 714, 1)],
)
def test_margin_before_expiry(run_awsexec, home, sts, duration, minutes, calls):
    sts.add_role("reader", longest=43_200)
    home.write_config(READER_CONFIG, f"duration_seconds = {duration}\n")
    run_awsexec.environ["AWSEXEC_REFRESH_AHEAD"] = "0"
    who(run_awsexec)
    age(home, minutes * 60)
    ends_well(run_awsexec, sts, calls)


@pytest.mark.parametrize(("ttl", "calls"), [("1m", 1), ("30m", 2)])
def test_expiry_within_min_ttl(run_awsexec, home, sts, ttl, calls):
    run_awsexec.environ["AWSEXEC_REFRESH_AHEAD"] = "0"
    who(run_awsexec)
    age(home, 40 * 60)
    run_awsexec.child("reader", "--min-ttl", ttl)
    ends_well(run_awsexec, sts, calls)


def test_expired_code_session_takes_another_code(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, f"mfa_serial = {SERIAL}\n")
    run_awsexec.child("reader", "--mfa-token", CODES[0])
    age(home, 13 * HOUR)
    assert "MFA code" in run_awsexec("reader", *PRINT_KEY).error()
    run_awsexec.child("reader", "--mfa-token", CODES[1])
    ends_well(run_awsexec, sts, 4)


# --- more than one of us


def test_other_version_side_by_side(run_awsexec, home, sts):
    # each takes the other's entries for no entries, and its locks for locks
    who(run_awsexec)
    for path in entries(home):
        path.write_bytes(b"awsexec 9 " + path.read_bytes()[10:])
    result = run_awsexec("-v", "reader", "true")
    assert "another version" in result.stderr
    ends_well(run_awsexec, sts, 2)


def test_cache_deleted_while_a_call_is_made(run_awsexec, home, sts):
    with sts.held():
        run = subprocess.Popen(
            [AWSEXEC, "reader", *PRINT_KEY],
            env=run_awsexec.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        sts.wait_for_calls(1)
        shutil.rmtree(home.cache)
    assert run.communicate(timeout=60) == (f"{FIRST}\n", "")
    ends_well(run_awsexec, sts, 1)


# --- clearing away

STEM = "0123456789abcdef0123456789abcdef"


def old(path, days):
    path.write_bytes(b"x")
    then = path.stat().st_mtime - days * 86_400
    os.utime(path, (then, then))


def test_what_is_of_no_use_goes_when_something_is_written(run_awsexec, home, sts):
    who(run_awsexec)
    stale = [STEM, f"{STEM}.lock", f"{STEM}.0123456789abcdef.tmp"]
    recent = [name.replace("0123", "4567") for name in stale]
    foreign = ["notes.txt", STEM[:-1], f"{STEM}.txt", "x.lock", "x.tmp", f"{STEM}~"]
    for name in (*stale, *foreign):
        old(home.cache / name, 2)
    for name in recent:
        old(home.cache / name, 0)
    (home.cache / f"{STEM[::-1]}").mkdir()

    before = set(os.listdir(home.cache))
    if "AWSEXEC_FASTPATH" not in run_awsexec.environ:
        assert is_fast(run_awsexec, "reader", "env")
        # not a look is lost on it in a fast run
        assert set(os.listdir(home.cache)) == before
    who(run_awsexec, "writer")
    after = set(os.listdir(home.cache))
    assert before - after == set(stale)
    assert who(run_awsexec) == FIRST


def test_held_lock_stays(run_awsexec, home, sts):
    who(run_awsexec)
    (lock,) = home.cache.glob("*.lock")
    holding = (
        "import sys, os\n"
        "from awsexec.cache import locks\n"
        "with locks.Lock(sys.argv[1], print):\n"
        "    os.utime(sys.argv[1], (1, 1))\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        who(run_awsexec, "writer")
        assert lock.exists()
        holder.communicate("")
    # its end was a use, too
    os.utime(lock, (1, 1))
    who(run_awsexec, "writer", {"AWS_REGION": "eu-west-1"})
    assert not lock.exists()


def test_it_does_not_grow_with_time(run_awsexec, home, sts):
    sizes = []
    for number in range(4):
        # another role every day and a half
        home.write_config(READER_CONFIG, f"external_id = day-{number}\n")
        who(run_awsexec)
        sizes.append(len(list(home.cache.iterdir())))
        age(home, 36 * HOUR)
    assert sizes[0] <= sizes[-1] == sizes[-2] <= 2 * sizes[0]


def test_request_that_is_not_ascii(run_awsexec, home, sts):
    keys = home.script(
        "schlüssel",
        f"""\
        #!/bin/sh
        echo '{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
        """,
    )
    home.write_config(
        READER_CONFIG.replace("= alice", "= tool"),
        f"[profile tool]\ncredential_process = {keys}\n",
    )
    run_awsexec.child("reader")
    run_awsexec.child("reader")
    assert len(sts.calls) == 1
    # is_fast runs it in another environment than the runs before
    assert not is_fast(run_awsexec, "reader", "env")
    assert is_fast(run_awsexec, "reader", "env")


def test_relative_directory_where_the_current_one_is_gone(run_awsexec, home, tmp_path):
    home.write_config(READER_CONFIG)
    folder = tmp_path / "gone"
    folder.mkdir()
    line = f"cd {folder} && rmdir {folder} && exec {AWSEXEC} --list"
    finished = subprocess.run(
        ["sh", "-c", line],
        env=run_awsexec.environment({"AWSEXEC_CACHE_DIR": "cache"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (125, "")
    assert finished.stderr == (
        "awsexec: AWSEXEC_CACHE_DIR=cache is relative to the current directory, which no "
        "longer exists; set it to an absolute path\n"
    )
