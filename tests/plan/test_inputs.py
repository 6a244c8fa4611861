"""What decides whose credentials a source gives, besides its settings."""

import os
import threading

import pytest

from awsexec.plan.inputs import InputFile, content
from awsexec.plan.source_kinds import PROCESS, source_of
from awsexec.profiles.config import Config

CONFIG = "[profile p]\ncredential_process = tool\n"


def looks(path, keeps):
    """What is known of a command where the config file is `path`."""
    environ = {
        "HOME": str(path.parent),
        "AWS_CONFIG_FILE": str(path),
        "AWS_SHARED_CREDENTIALS_FILE": str(keeps),
    }
    config = Config.load(environ)
    source = source_of(config.profiles.get("p"))
    return source.kind, source.look(config.paths, environ)


def test_a_pipe_says_nothing_of_what_it_gave(tmp_path):
    """Two pipes of one name, as ``<(...)`` has them, would share a session."""
    path = tmp_path / "config"
    path.write_text(CONFIG)
    kind, found = looks(path, os.devnull)
    assert kind is PROCESS and found.is_known
    path.unlink()
    os.mkfifo(path)
    threading.Thread(target=path.write_text, args=(CONFIG,), daemon=True).start()
    _, found = looks(path, os.devnull)
    assert not found.is_known


@pytest.mark.parametrize("name", ["missing", os.devnull, "folder"])
def test_what_holds_no_text_is_known(tmp_path, name):
    (tmp_path / "folder").mkdir()
    found = InputFile(str(tmp_path / name), content)
    assert found.is_known and found.identity is None
