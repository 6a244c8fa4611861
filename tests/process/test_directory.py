"""A profile by directory: the file .awsexec, in whole runs."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.sources import ENVIRONMENT
from tests.support import AWSEXEC, READER, READER_CONFIG, WRITER, is_fast

CONFIG = f"""
[profile writer]
role_arn = {WRITER}
source_profile = alice
"""
# every action that needs a profile, with nothing to name one
ACTIONS = {
    "run": ("--", "true"),
    "shell": ("--shell", "/bin/true"),
    "serve": ("--serve", "--", "true"),
    "export": ("--export", "sh"),
    "export process": ("--export", "process"),
    "explain": ("--explain", "--json"),
    "whoami": ("--whoami",),
    # it fails, and has got a session before
    "console": ("--console", "--no-browser"),
}
OF_SESSIONS = ("whoami", "console")
# the others that may stand without a PROFILE, and what needs one
OTHERS = [
    ("--list",),
    ("--forget",),
    ("--forget", "--all"),
    ("--each", "reader", "--dry-run", "--", "true"),
    ("--export", "sh", "--unset"),
    ("--accounts",),
    ("--print-profiles",),
    ("--sign-in",),
    ("--sign-out",),
    ("--sign-out", "--all"),
    ("--add-keys",),
    ("--remove-keys",),
    ("--rotate-keys",),
    ("--log",),
    ("--profiles",),
    ("--role-arn", READER, "--source-profile", "alice", "--", "true"),
    ("--help",),
]


@pytest.fixture
def here(run_awsexec, home, sts):
    """The directory of the runs, which is below home."""
    home.write_config(READER_CONFIG, CONFIG)
    folder = home.path / "src" / "shop"
    folder.mkdir(parents=True)
    run_awsexec.folder = folder
    return folder


@pytest.fixture
def file(run_awsexec, here):
    """Puts the file into one of these states; "trusted" is one that names reader."""
    path = here.parent / ".awsexec"

    def write(state):
        path.write_text("reader\n")
        if state in ("trusted", "changed"):
            assert run_awsexec("--trust").status == 0
        if state == "changed":
            path.write_text("writer\n")
        elif state == "ill-formed":
            path.write_text("reader\nwriter\n")
        elif state == "writable":
            path.chmod(0o666)
        elif state == "dangling":
            path.unlink()
            path.symlink_to("nothing")
        elif state == "gone":
            path.unlink()
        return path

    return write


BAD = ["untrusted", "changed", "ill-formed", "writable", "dangling"]


def roles(sts):
    return [one.split()[1] for one in sts.operations if one.startswith("AssumeRole")]


@pytest.mark.parametrize("state", ["trusted", *BAD, "gone"])
@pytest.mark.parametrize("action", ACTIONS)
def test_what_names_the_profile(run_awsexec, sts, file, action, state):
    """Whatever is not trusted is an error, and no step to anybody's credentials."""
    path, words = file(state), ACTIONS[action]
    result = run_awsexec(*words)
    if state == "trusted":
        assert result.status == (125 if action == "console" else 0)
        assert roles(sts) == ([] if action == "explain" else ["reader"])
    elif state == "gone":
        assert result.status == 125
        assert roles(sts) == []
        assert str(path) not in result.stdout + result.stderr
    else:
        assert result.status == 125
        assert sts.calls == []
        said = json.loads(result.stdout)["fault"] if action == "explain" else ""
        assert str(path) in (said or result.stderr)
        assert "name a PROFILE, or " in (said or result.stderr)
        assert result.stderr.count("\n") == (0 if said else 1)


@pytest.mark.parametrize("state", ["trusted", "untrusted"])
@pytest.mark.parametrize("action", ACTIONS)
def test_what_wins_over_the_file(run_awsexec, sts, file, action, state):
    """Whatever it is; a variable that is empty names nothing."""
    path, words = file(state), ACTIONS[action]
    for env, more in [
        ({}, ("writer",)),
        ({"AWS_PROFILE": "writer"}, ()),
        ({"AWS_DEFAULT_PROFILE": "writer", "AWS_PROFILE": ""}, ()),
    ]:
        before = len(sts.calls)
        result = run_awsexec("--refresh", *more, *words, env=env)
        assert str(path) not in result.stdout + result.stderr, (env, more)
        if action == "explain":
            assert json.loads(result.stdout)["profile"] == "writer"
        else:
            assert sts.operations[before] == "AssumeRole writer"
    empty = {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": ""}
    facts = json.loads(run_awsexec("--explain", "--json", env=empty).stdout)
    assert facts["named_by"] == str(path)


@pytest.mark.parametrize("state", ["trusted", "untrusted", "gone"])
@pytest.mark.parametrize("action", ACTIONS)
def test_beside_credentials_in_the_environment(run_awsexec, sts, file, action, state):
    """--whoami and --console are about these, and everything else about the file."""
    path = file(state)
    result = run_awsexec(*ACTIONS[action], env=ENVIRONMENT)
    if action in OF_SESSIONS:
        assert str(path) not in result.stderr
        assert roles(sts) == [] and sts.calls != []
    elif state == "trusted":
        assert (result.status, roles(sts)) == (0, ["reader"] * (action != "explain"))
    else:
        assert (result.status, sts.calls) == (125, [])


@pytest.mark.parametrize("action", OF_SESSIONS)
def test_part_of_some_credentials(run_awsexec, sts, file, action):
    """They are not passed over for the file."""
    file("trusted")
    result = run_awsexec(*ACTIONS[action], env={"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"})
    assert "the environment has a part of some credentials" in result.error()


@pytest.mark.parametrize("words", OTHERS, ids=" ".join)
def test_actions_for_which_it_does_not_count(run_awsexec, sts, file, words):
    file("gone")
    without = run_awsexec(*words)
    for state in ("trusted", "untrusted"):
        file(state)
        assert run_awsexec(*words) == without


def test_machine_s_identity_is_no_way_out(run_awsexec, home, sts, file):
    """Without any profile, a run takes the environment's credentials."""
    home.credentials.unlink()
    home.config.unlink()
    file("gone")
    words = ("--", "printenv", "AWS_ACCESS_KEY_ID")
    assert run_awsexec(*words, env=ENVIRONMENT).status == 0
    for state in BAD:
        path = file(state)
        assert str(path) in run_awsexec(*words, env=ENVIRONMENT).error()
    path = file("trusted")
    said = run_awsexec(*words, env=ENVIRONMENT).error()
    assert said.startswith(f"{path}: no profile 'reader' in ")


@pytest.mark.parametrize("limit", [None, "inside a shell"])
def test_which_profile_counts_is_told(run_awsexec, home, sts, file, limit):
    path = file("trusted")
    env = {"AWSEXEC_PROFILE": "writer"} if limit else {}
    facts = json.loads(run_awsexec("--explain", "--json", env=env).stdout)
    assert (facts["profile"], facts["named_by"]) == ("reader", str(path))
    lines = run_awsexec("--explain", env=env).stdout.splitlines()
    assert lines[:2] == ["named by ~/src/.awsexec", "profile reader"]
    result = run_awsexec("-v", "--", "true", env=env)
    assert f"awsexec: {path} names profile 'reader'\n" in result.stderr
    for env, words in [({"AWS_PROFILE": "reader"}, []), ({}, ["reader"])]:
        facts = json.loads(run_awsexec("--explain", "--json", *words, env=env).stdout)
        assert facts["named_by"] == (None if words else "AWS_PROFILE")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nosuch", "no profile 'nosuch' in "),
        ("reder", "no profile 'reder' in .*; did you mean reader"),
        ("corp/", "corp/ names the session corp"),
        ("elsewhere", None),
        ("tool", None),
    ],
)
def test_profile_that_cannot_be_used(run_awsexec, home, file, name, why):
    home.write_config(
        f"{READER_CONFIG}\n{READER_CONFIG.replace('reader]', 'elsewhere]')}"
        "expected_account = 111122223333\n"
        "[profile tool]\ncredential_process = no-such-tool\n"
        "[sso-session corp]\nsso_region = eu-west-1\n"
        "sso_start_url = https://example.awsapps.com/start\n"
    )
    path = file("trusted")
    path.write_text(f"{name}\n")
    lines = run_awsexec("--trust").stderr.splitlines()
    assert f"names profile '{name}'" in lines[0]
    assert lines[0].endswith(", for its directory and those below")
    start = "awsexec: this profile cannot be used yet: "
    assert lines[1].startswith(start)
    error = run_awsexec("--", "true").error()
    # what is wrong with the name stands in the file
    assert why is None or re.match(f"{re.escape(str(path))}: {why}", error)
    assert error.endswith(lines[1].removeprefix(start))


def test_trust_says_what_it_is_for(run_awsexec, home, here):
    home.write_config(
        READER_CONFIG,
        "[profile sso]\nsso_start_url = https://example.awsapps.com/start\n"
        "sso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = viewer\n",
        f"[profile tool]\ncredential_process = {shutil.which('true')}\n",
    )
    path = here / ".awsexec"
    said = {}
    for name in ("reader", "sso", "tool"):
        path.write_text(name)
        result = run_awsexec("--trust", ".")
        assert (result.status, result.stdout) == (0, "")
        said[name] = result.stderr.partition(f"profile {name!r}")[2]
    reach = ", for its directory and those below\n"
    assert said == {
        "reader": f" (role {READER}){reach}",
        "sso": f" (role viewer, account 123456789012){reach}",
        "tool": reach,
    }
    result = run_awsexec("--trust", env={"AWS_PROFILE": "reader"})
    assert result.stderr.endswith("awsexec: here AWS_PROFILE=reader wins over it\n")
    (home.path / ".awsexec").write_text("reader\n")
    assert run_awsexec("--trust", str(home.path)).stderr.endswith(
        ", for its directory\n"
    )


def test_trust_taken_back(run_awsexec, here, file):
    path = file("trusted")
    taken = (0, "", f"awsexec: {path} is no longer trusted\n")
    was_not = (0, "", f"awsexec: {path} was not trusted\n")
    for words in ([], [str(path)], [".."], [os.path.relpath(path, here)]):
        file("trusted")
        for expected in (taken, was_not):
            result = run_awsexec("--untrust", *words)
            assert (result.status, result.stdout, result.stderr) == expected, words
    assert "and you do not trust it" in run_awsexec("--", "true").error()
    # of a file that is gone, and of a directory that is
    file("trusted")
    path.unlink()
    assert run_awsexec("--untrust", str(path)).stderr == taken[2]
    other = here / "gone" / ".awsexec"
    other.parent.mkdir()
    other.write_text("reader")
    assert run_awsexec("--trust", str(other)).status == 0
    other.unlink()
    other.parent.rmdir()
    result = run_awsexec("--untrust", str(other))
    assert result.stderr == f"awsexec: {other} is no longer trusted\n"


def test_file_by_way_of_a_link(run_awsexec, home, here):
    """What .. means behind a link, the system knows."""
    (home.path / "elsewhere").mkdir()
    (home.path / "elsewhere/.awsexec").write_text("reader\n")
    (home.path / "elsewhere/sub").mkdir()
    (here / "link").symlink_to("../../elsewhere/sub")
    result = run_awsexec("--trust", "link/../.awsexec")
    assert f"{home.path}/elsewhere/.awsexec is trusted" in result.stderr


@pytest.mark.parametrize("action", ["--trust", "--untrust"])
def test_nothing_to_trust(run_awsexec, here, action):
    assert run_awsexec(action).error() == (
        f"there is no .awsexec for {here}; write a profile's name into one, or name FILE"
    )
    (here / "other").touch()
    for name in ("other", "nosuch"):
        assert run_awsexec(action, name).error() == (
            f"{here}/{name} would name no profile: only a file called .awsexec does; see "
            "awsexec --help"
        )


def test_nothing_is_trusted_that_cannot_count(run_awsexec, home, file):
    for state in ("ill-formed", "writable", "dangling"):
        path = file(state)
        assert run_awsexec("--trust").error().startswith(f"{path} ")
        path.unlink()
    assert not (home.path / ".local").exists()


def test_place_that_cannot_be_written(run_awsexec, home, file):
    path = file("untrusted")
    (home.path / ".local").write_text("")
    assert "cannot write what you trust to " in run_awsexec("--trust").error()
    (home.path / ".local").unlink()
    data = home.path / ".local/share/awsexec"
    data.mkdir(parents=True)
    data.chmod(0o755)
    assert "open to others (mode 0755)" in run_awsexec("--trust").error()
    # nor is it read there
    assert f"cannot read whether you trust {path} " in run_awsexec("--", "true").error()


def test_where_trusts_are_kept(run_awsexec, home, file):
    file("untrusted")
    env = {"XDG_DATA_HOME": str(home.path / "data")}
    assert run_awsexec("--trust", env=env).status == 0
    (path,) = (home.path / "data/awsexec").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert run_awsexec("--", "true", env=env).status == 0
    assert run_awsexec("--", "true").status == 125


def test_shapes_of_hostile_names(run_awsexec, here):
    """A name comes into messages, and nothing of it acts on the terminal or a line."""
    path = here / ".awsexec"
    for name in ("a; rm -rf ~", "$(touch x)", "it's", '"', "\\", "x" * 1000, "é"):
        path.write_text(name)
        said = run_awsexec("--", "true").error()
        assert said.endswith(f"to trust it, type: awsexec --trust {path}")
        assert repr(name) in said
    for name in ("a\x1b]0;x\x07", "\u202e", "a\nb", "a\rb", "\x9b"):
        path.write_text(name)
        assert "; name a PROFILE, or write the name of one profile" in (
            run_awsexec("--", "true").error()
        )


def test_hostile_repository(run_awsexec, home, here):
    """It has a link to what the user trusts elsewhere."""
    own = home.path / "work" / ".awsexec"
    own.parent.mkdir()
    own.write_text("writer\n")
    assert run_awsexec("--trust", str(own)).status == 0
    (here / ".git").mkdir()
    (here / ".awsexec").symlink_to("../../work/.awsexec")
    assert "is a symbolic link to ../../work/.awsexec, and you do not trust it" in (
        run_awsexec("--", "true").error()
    )


def test_repository_that_is_not_below_home(run_awsexec, home, here, tmp_path):
    top = tmp_path / "repository"
    (top / "sub").mkdir(parents=True)
    (top / ".awsexec").write_text("reader\n")
    assert run_awsexec("--trust", str(top)).stderr.endswith(", for its directory\n")
    run_awsexec.folder = top / "sub"
    assert "no PROFILE; name one" in run_awsexec("--", "true").error()
    (top / ".git").write_text("gitdir: elsewhere\n")
    assert run_awsexec.child()["AWSEXEC_PROFILE"] == "reader"


def test_process_that_names_no_profile(run_awsexec, home, sts, file):
    """What it gives is cached, and would stay when the file changes."""
    home.write_config(
        READER_CONFIG, f"[profile p]\ncredential_process = {AWSEXEC} --export process\n"
    )
    file("trusted")
    said = run_awsexec("p", "--", "true")
    assert said.status == 125
    assert "does not count for an awsexec in a credential_process" in said.stderr
    assert sts.calls == []


def test_refused_run_is_recorded(run_awsexec, home, file):
    path = file("untrusted")
    env = {"AWSEXEC_LOG": "~/log"}
    said = run_awsexec("--", "true", env=env).error()
    (row,) = map(json.loads, (home.path / "log").read_text().splitlines())
    assert (row["event"], row["profile"], row["command"]) == ("refused", None, "true")
    assert row["reason"] == said and str(path) in said


def test_nested_run(run_awsexec, sts, file):
    """In a shell with a role, the file counts as outside."""
    file("trusted")
    line = f"{AWSEXEC} -- printenv AWSEXEC_PROFILE; cd /; {AWSEXEC} -- true"
    result = run_awsexec("writer", "--", "sh", "-c", line)
    assert result.stdout == "reader\n"
    assert "no PROFILE; name one" in result.stderr


def test_program_in_place_of_a_profile(run_awsexec, file):
    path = file("trusted")
    said = run_awsexec("true", "x").error()
    typed = "type: awsexec -- true x"
    assert said.endswith(f"; to run true as reader ({path}), {typed}")
    file("untrusted")
    path.write_text("other")
    said = run_awsexec("true", "x").error()
    assert said.endswith("type: awsexec PROFILE -- true x")


@pytest.mark.parametrize("word", ["allow", "trust"])
def test_word_of_another_tool(run_awsexec, file, word):
    file("untrusted")
    assert run_awsexec(word).error().endswith("type: awsexec --trust")


@pytest.mark.parametrize(
    ("words", "env"),
    [(["reader", "true"], {}), (["--", "true"], {"AWS_PROFILE": "reader"})],
)
def test_named_profile_does_not_look_for_it(run_awsexec, sts, file, words, env):
    file("untrusted")
    run_awsexec.child("reader")
    tracing = {"PYTHONPROFILEIMPORTTIME": "1", **env}
    result = run_awsexec(*words, env=tracing)
    assert result.status == 0
    assert "awsexec.profiles.trust" not in result.stderr
    assert "awsexec.profiles.by_directory" not in result.stderr


def test_fast_path_stays_what_it_is(run_awsexec, sts, file):
    file("trusted")
    if run_awsexec.environ.get("AWSEXEC_FASTPATH") == "0":
        pytest.skip("it is off")
    # what the file names leaves an entry for a run that names it
    run_awsexec.child()
    assert is_fast(run_awsexec, "reader", "true")
    assert not is_fast(run_awsexec, "--", "true")
    assert roles(sts) == ["reader"]
    module = Path(__file__).parents[2] / "awsexec" / "fastpath.py"
    assert ".awsexec" not in module.read_text().replace("~/.awsexec", "")


@pytest.mark.parametrize(
    ("state", "sign"), [("gone", "-"), ("trusted", "✓"), ("untrusted", "✗")]
)
def test_doctor(run_awsexec, file, state, sign):
    file(state)
    result = run_awsexec("--doctor")
    (line,) = [row for row in result.stdout.splitlines() if ".awsexec: " in row]
    about = ".awsexec" if state == "gone" else "~/src/.awsexec"
    assert line.startswith(f"{sign} {about}: ")
    assert (line.partition(": ")[2][:13] == "names profile") == (state == "untrusted")
    assert (result.status == 123) == (state == "untrusted")
