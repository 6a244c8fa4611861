"""What is not to be loaded where nothing needs it: each module costs the user time."""

import pytest

from tests.support import READER_CONFIG

# slow to load, and no use for what asks nobody
SLOW = {
    "argparse",
    "asyncio",
    "boto3",
    "botocore",
    "dataclasses",
    "fnmatch",
    "hashlib",
    "http.client",
    "importlib.metadata",
    "inspect",
    "platformdirs",
    "re",
    "shlex",
    "shutil",
    "ssl",
    "subprocess",
    "tempfile",
    "typing",
    "urllib.request",
}


@pytest.mark.parametrize(
    "words",
    [
        ["--list"],
        ["--explain", "reader"],
        ["--export", "sh", "reader"],
        ["--serve", "reader", "true"],
        ["--nosuchoption"],
        ["--forget", "reader"],
        ["reader", "nosuchcommand"],
    ],
    ids=" ".join,
)
def test_cached_run_of_the_command_line(run_awsexec, home, sts, words):
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader")
    env = {"PYTHONPROFILEIMPORTTIME": "1", "AWSEXEC_FASTPATH": "0"}
    result = run_awsexec(*words, env=env)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.cli" in loaded
    assert loaded & SLOW == set()


def test_cached_run_of_the_directory_s_profile(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    run_awsexec.folder = home.path / "src"
    run_awsexec.folder.mkdir()
    (run_awsexec.folder / ".awsexec").write_text("reader\n")
    assert run_awsexec("--trust").status == 0
    run_awsexec.child()
    result = run_awsexec("--", "true", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "awsexec.profiles.trust" in loaded
    assert loaded & SLOW == set()
    assert not [name for name in loaded if name.startswith("awsexec.commands.pick")]
