"""A run never gets the session of somebody else from the cache.

Each test changes one thing that decides whose credentials a profile gives, and nothing in
the settings: another config file, directory, variable, sign-in, token or machine.
"""

import json

import pytest

from tests.servers.container import PATH
from tests.servers.sign_in import new_key
from tests.servers.sts import role_arn
from tests.sources import (
    GET,
    SESSION,
    keys,
    of,
    printed,
    refreshable,
    write_login,
    write_token,
)
from tests.support import AWSEXEC, READER, Awsexec, entries

pytestmark = pytest.mark.both_ways

FIRST, SECOND = "first-role", "second-role"
# a role assumed with the credentials of the profile p
ROLE = f"[profile r]\nrole_arn = {READER}\nsource_profile = p\n"


def identity(sts, child):
    """Whose the credentials of a COMMAND are."""
    found = sts.credentials_of(child["AWS_ACCESS_KEY_ID"])
    assert found is not None
    return found.identity


def session_keys(child):
    return keys(child)[:3]


@pytest.fixture
def tool(home, sts):
    """A credential_process that gives the session of what it reads in a file, `who`.

    Returns what writes the profiles p and r, of such a process.
    """
    sessions = {name: sts.session_of(name) for name in ("reader", "writer")}
    for name, session in sessions.items():
        (home.path / name).write_text(printed(session))

    def write(command, more=""):
        home.write_config(f"[profile p]\ncredential_process = {command}\n{more}{ROLE}")
        return sessions

    return write


def test_config_file_of_a_nested_awsexec(run_awsexec, home, sts, tmp_path):
    sts.add_role(FIRST)
    sts.add_role(SECOND)
    configs = []
    for name in (FIRST, SECOND):
        path = tmp_path / name
        path.write_text(
            f"[profile deploy-role]\nrole_arn = {role_arn(name)}\n"
            "source_profile = alice\n"
            f"[profile p]\ncredential_process = {AWSEXEC} --export process deploy-role\n"
            + ROLE
        )
        configs.append((name, {"AWS_CONFIG_FILE": str(path)}))
    for _ in range(2):
        for name, env in configs:
            assert identity(sts, run_awsexec.child("p", env=env)) == role_arn(name)
            run_awsexec.child("r", env=env)
            document = json.loads(
                run_awsexec("--export", "process", "p", env=env).stdout
            )
            found = sts.credentials_of(document["AccessKeyId"])
            assert found.identity == role_arn(name)
    signers = [
        sts.credentials_of(call.key_id).identity
        for call in sts.calls
        if call.parameters.get("RoleArn") == READER
    ]
    assert set(signers) == {role_arn(FIRST), role_arn(SECOND)}


def test_config_file_that_is_edited(run_awsexec, home, sts):
    for name in (FIRST, SECOND):
        sts.add_role(name)
        home.write_config(
            f"[profile deploy]\nrole_arn = {role_arn(name)}\nsource_profile = alice\n"
            f"[profile p]\ncredential_process = env {AWSEXEC} --export process deploy\n"
        )
        assert identity(sts, run_awsexec.child("p")) == role_arn(name)


def test_directory(run_awsexec, home, tool, tmp_path):
    sessions = tool("./keys")
    runs = []
    for name in ("reader", "writer"):
        folder = tmp_path / f"in-{name}"
        folder.mkdir()
        keys_file = folder / "keys"
        keys_file.write_text(f"#!/bin/sh\ncat {home.path / name}\n")
        keys_file.chmod(0o755)
        runs.append((name, Awsexec(run_awsexec.environ, folder)))
    for _ in range(2):
        for name, run in runs:
            assert keys(run.child("p")) == of(sessions[name])


def test_variable(run_awsexec, home, tool):
    script = home.script("keys", f"#!/bin/sh\ncat {home.path}/$WHO\n")
    sessions = tool(script)
    for name in ("reader", "writer", "reader"):
        assert keys(run_awsexec.child("p", env={"WHO": name})) == of(sessions[name])


@pytest.mark.parametrize(
    "variable", ["PWD", "OLDPWD", "SHLVL", "TERM", "TMUX_PANE", "SSH_AUTH_SOCK", "_"]
)
def test_another_terminal_finds_the_cache(run_awsexec, home, tool, variable):
    script = home.script(
        "keys", f"#!/bin/sh\necho >>{home.path}/runs\ncat {home.path}/reader\n"
    )
    tool(script)
    for value in ("1", "2"):
        run_awsexec.child("p", env={variable: value})
    assert (home.path / "runs").read_text() == "\n"


def test_command_line_that_decides_alone(run_awsexec, home, tool):
    script = home.script(
        "keys", f"#!/bin/sh\necho >>{home.path}/runs\ncat {home.path}/reader\n"
    )
    tool(script, "credential_process_command_decides = true\n")
    for value in ("1", "2"):
        run_awsexec.child("p", env={"WHO": value})
    assert (home.path / "runs").read_text() == "\n"


def test_environments_leave_a_bounded_number_of_entries(run_awsexec, home, tool):
    script = home.script("keys", f"#!/bin/sh\ncat {home.path}/reader\n")
    tool(script)
    for number in range(23):
        run_awsexec.child("p", env={"WHO": str(number)})
    found = [one for one in entries(home).values() if one.key.startswith("('session'")]
    assert len(found) == 20


def test_huge_environment(run_awsexec, home, tool):
    sessions = tool(home.script("keys", f"#!/bin/sh\ncat {home.path}/$WHO\n"))
    # one variable has at most 128 KiB on Linux
    env = {f"LARGE_{number}": "x" * 100_000 for number in range(10)}
    for name in ("reader", "writer", "reader"):
        child = run_awsexec("p", "--", "env", "-0", env={**env, "WHO": name})
        assert f"AWS_ACCESS_KEY_ID={sessions[name].key_id}\0" in child.stdout
    for path in entries(home):
        assert path.stat().st_size < 10_000


def test_no_secret_of_the_environment_is_kept(run_awsexec, home, tool):
    tool(home.script("keys", f"#!/bin/sh\ncat {home.path}/reader\n"))
    run_awsexec.child("p", env={"TOOL_PASSWORD": "EXAMPLEPASSWORD"})
    run_awsexec.child("r", env={"TOOL_PASSWORD": "EXAMPLEPASSWORD"})
    for path in entries(home):
        assert b"EXAMPLEPASSWORD" not in path.read_bytes()


def test_signed_out(run_awsexec, home, sts, portal):
    home.write_config(SESSION, ROLE)
    path = write_token(home)
    run_awsexec.child("p")
    run_awsexec.child("r")
    path.unlink()
    for words in (["p"], ["r"], ["--export", "process", "p"]):
        command = [] if "--export" in words else ["true"]
        error = run_awsexec(*words, *command).error()
        assert "run: awsexec --sign-in corp" in error
    facts = json.loads(run_awsexec("--explain", "--json", "p").stdout)
    assert facts["chain"][0]["cached_until"] is None


def test_signed_out_behind_a_nested_awsexec(run_awsexec, home, sts, portal):
    home.write_config(
        SESSION.replace("[profile p]", "[profile q]"),
        f"[profile p]\ncredential_process = {AWSEXEC} --export process q\n{ROLE}",
    )
    path = write_token(home)
    run_awsexec.child("p")
    for _ in range(2):
        run_awsexec.child("r")
    assert len(sts.calls) == 1
    path.unlink()
    for name in ("p", "r"):
        assert run_awsexec(name, "true").status == 125


def test_another_person_signs_in(run_awsexec, home, sts, portal):
    home.write_config(SESSION, ROLE)
    first = portal.roles["123456789012", "reader"]
    write_token(home)
    assert keys(run_awsexec.child("p")) == of(first)
    run_awsexec.child("r")
    second = portal.roles["123456789012", "reader"] = sts.session_of("reader")
    portal.tokens.add("EXAMPLEACCESSTOKEN9")
    write_token(home, accessToken="EXAMPLEACCESSTOKEN9")
    for _ in range(2):
        assert keys(run_awsexec.child("p")) == of(second)
    run_awsexec.child("r")
    assert [call.key_id for call in sts.calls] == [first.key_id, second.key_id]
    assert portal.asked == [GET, GET]


def test_the_same_person_back_again(run_awsexec, home, sts, portal):
    home.write_config(SESSION)
    write_token(home)
    first = run_awsexec.child("p")
    portal.tokens.add("EXAMPLEACCESSTOKEN9")
    write_token(home, accessToken="EXAMPLEACCESSTOKEN9")
    run_awsexec.child("p")
    write_token(home)
    assert keys(run_awsexec.child("p")) == keys(first)


def test_sign_in_that_awsexec_renews_is_the_same(run_awsexec, home, sts, portal):
    home.write_config(SESSION, ROLE)
    path = write_token(home, **refreshable(portal))
    first = run_awsexec.child("p")
    run_awsexec.child("r")
    token = json.loads(path.read_text())
    path.write_text(json.dumps({**token, "expiresAt": "2020-01-01T00:00:00Z"}))
    # an expired token is no sign-out
    assert keys(run_awsexec.child("p")) == keys(first)
    run_awsexec.child("--refresh", "p")
    assert json.loads(path.read_text())["accessToken"] != token["accessToken"]
    calls = len(sts.calls)
    run_awsexec.child("r")
    assert len(sts.calls) == calls


def test_token_of_a_web_identity(run_awsexec, home, sts, tmp_path):
    path = tmp_path / "token"
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = {path}\n", ROLE
    )
    for token in ("EXAMPLETOKEN1", "EXAMPLETOKEN2"):
        sts.trust(token, "reader")
        path.write_text(token)
        for _ in range(2):
            run_awsexec.child("p")
            run_awsexec.child("r")
    operations = [call.operation for call in sts.calls]
    assert operations == ["AssumeRoleWithWebIdentity", "AssumeRole"] * 2
    path.unlink()
    assert str(path) in run_awsexec("p", "true").error()
    assert str(path) in run_awsexec("r", "true").error()


def test_place_of_a_token_by_variable(run_awsexec, home, sts, tmp_path):
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = $TOKENS/token\n"
    )
    found = []
    for name in ("a", "b", "a"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        sts.trust(f"EXAMPLETOKEN{name}", "reader")
        (folder / "token").write_text(f"EXAMPLETOKEN{name}")
        found.append(session_keys(run_awsexec.child("p", env={"TOKENS": str(folder)})))
    assert found[0] == found[2] != found[1]


def test_authorization_token_of_a_container(
    run_awsexec, home, sts, container, tmp_path
):
    home.write_config("[profile p]\ncredential_source = EcsContainer\n", ROLE)
    path = tmp_path / "token"
    env = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url + PATH,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path),
    }
    for token in ("EXAMPLETOKEN1", "EXAMPLETOKEN2"):
        container.credentials = sts.session_of("task-role", 21_600)
        container.authorization = token
        path.write_text(token)
        assert keys(run_awsexec.child("p", env=env)) == of(container.credentials)
        run_awsexec.child("r", env=env)
        assert sts.calls[-1].key_id == container.credentials.key_id


# --- One home, two machines -----------------------------------------------------------


@pytest.fixture
def on_machine(run_awsexec, home):
    """Returns what runs awsexec on another machine that has the same home."""
    (home.path / "sitecustomize.py").write_text(
        "from awsexec import fastpath\n"
        f"fastpath.BOOT_ID = {str(home.path / 'boot_id')!r}\n"
    )

    def child(name, profile, **env):
        (home.path / "boot_id").write_text(f"boot-of-{name}\n")
        return run_awsexec.child(profile, env={**env, "PYTHONPATH": str(home.path)})

    return child


@pytest.mark.true_start
def test_instances_that_share_a_home(on_machine, home, sts, instance):
    home.write_config("[profile p]\ncredential_source = Ec2InstanceMetadata\n", ROLE)
    for name in ("first", "second"):
        instance.credentials = sts.session_of(f"{name}-role", 21_600)
        for _ in range(2):
            found = on_machine(name, "p")
            assert keys(found) == of(instance.credentials)
        on_machine(name, "r")
        assert sts.calls[-1].key_id == instance.credentials.key_id


@pytest.mark.true_start
def test_command_that_reads_the_keys_of_its_machine(on_machine, home, sts, tool):
    """Such as the helper of IAM Roles Anywhere, with a certificate of the machine."""
    sessions = tool(home.script("keys", f"#!/bin/sh\ncat {home.path}/host\n"))
    for name in ("reader", "writer"):
        (home.path / "host").write_text(printed(sessions[name]))
        for _ in range(2):
            assert keys(on_machine(name, "p")) == of(sessions[name])
        on_machine(name, "r")
        assert sts.calls[-1].key_id == sessions[name].key_id
    assert len(sts.calls) == 2


@pytest.mark.true_start
def test_container_endpoint_of_loopback(on_machine, home, sts, container):
    home.write_config("[profile p]\ncredential_source = EcsContainer\n", ROLE)
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url + PATH}
    for name in ("first", "second"):
        container.credentials = sts.session_of("task-role", 21_600)
        assert keys(on_machine(name, "p", **env)) == of(container.credentials)
        on_machine(name, "r", **env)
        assert sts.calls[-1].key_id == container.credentials.key_id


def test_logged_out(run_awsexec, home, sts, sign_in):
    path = write_login(home, sign_in, sts.session_of("console", 895))
    run_awsexec.child("p")
    run_awsexec.child("r")
    path.unlink()
    for name in ("p", "r"):
        assert "there is no valid login" in run_awsexec(name, "true").error()


def test_another_login(run_awsexec, home, sts, sign_in):
    found = []
    for _ in range(2):
        session = sts.session_of("console", 895)
        write_login(home, sign_in, session)
        assert keys(run_awsexec.child("p")) == of(session)
        run_awsexec.child("r")
        found.append(sts.calls[-1].key_id)
        # each sign-in has a key of its own
        sign_in.pem = new_key()[1]
    assert len(set(found)) == 2


def test_the_endpoint_around_a_run_gives_another_identity(run_awsexec, home, sts):
    """Its URL and token stay the same, and only its answer tells whose it is."""
    token = home.path / "token"
    token.write_text("first")
    for each in ("first", "second"):
        sts.trust(each, "reader")
    home.write_config(
        f"[profile p]\nrole_arn = {READER}\nweb_identity_token_file = {token}\n",
        "[profile box]\ncredential_source = EcsContainer\n",
        ROLE.replace("= p", "= box"),
    )
    inner = f"{AWSEXEC} box -- printenv AWS_ACCESS_KEY_ID; {AWSEXEC} r -- true; "
    script = f"{inner} {inner} printf second > {token}; {inner}"
    result = run_awsexec("--serve", "p", "--", "sh", "-c", script)
    assert result.stderr == ""
    one, again, other = result.stdout.split()
    assert one == again != other
    assert [call.key_id for call in sts.calls if call.operation == "AssumeRole"] == [
        one,
        other,
    ]
