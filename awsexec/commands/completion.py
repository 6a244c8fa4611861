"""Printing a shell's completions: ``eval "$(awsexec --completion bash)"``.

They are files of their own that shells read, which pip puts where it puts such files.
"""

from __future__ import annotations

import os
import sys

from awsexec.errors import AwsexecError
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

# each named as its shell wants it
FILES = {"bash": "awsexec.bash", "zsh": "_awsexec", "fish": "awsexec.fish"}
# and where setup.cfg installs it, below a prefix
INSTALLED = {
    "bash": "share/bash-completion/completions/awsexec.bash",
    "zsh": "share/zsh/site-functions/_awsexec",
    "fish": "share/fish/vendor_completions.d/awsexec.fish",
}


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the completions for the chosen shell."""
    shell = arguments.completion
    assert shell is not None
    try:
        with open(_find(shell), "rb") as stream:
            data = stream.read()
    except OSError:
        raise AwsexecError(
            f"the completions for {shell} were not installed; install awsexec with "
            "pip or pipx, or take them from its sources"
        ) from None
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def _find(shell: str) -> str:
    """The path of the file for `shell`. Raises `OSError` if there is none."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.dirname(package)
    # the working copy's own, where awsexec runs from one; what --target has put
    for name in ("completions/" + FILES[shell], INSTALLED[shell]):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    # The prefix cannot be told from Python's: --user and a system's own scheme have
    # another one. pip's record tells; importlib.metadata, which would read it, takes
    # three times as long as Python's start, and this is part of a shell's.
    record = os.path.join(folder, f"awsexec-{__version__}.dist-info", "RECORD")
    with open(record, encoding="utf-8") as stream:
        for line in stream:
            name = line.partition(",")[0]
            if name.endswith(INSTALLED[shell]):
                return os.path.join(folder, name)
    raise FileNotFoundError(INSTALLED[shell])
