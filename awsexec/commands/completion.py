"""Printing a shell's completions: ``eval "$(awsexec --completion bash)"``.

They are files of their own that shells read, which pip puts where it puts such files.
"""

from __future__ import annotations

import os
import sys

from awsexec.errors import AwsexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.arguments import Arguments
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
    # the working copy's own, where awsexec runs from one
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(os.path.dirname(package), "completions", FILES[shell])
    try:
        if not os.path.exists(path):
            path = _installed(INSTALLED[shell])
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except OSError:
        raise AwsexecError(
            f"the completions for {shell} were not installed; install awsexec with "
            "pip or pipx, or take them from its sources"
        ) from None
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
    return 0


def _installed(name: str) -> str:
    """The path of the installed file `name`, by pip's own record of what it did.

    The prefix cannot be told from Python's: --user, --target and a system's own
    scheme each have another one. Raises `FileNotFoundError`.
    """
    from importlib import metadata

    try:
        recorded = metadata.files("awsexec")
    except metadata.PackageNotFoundError:
        recorded = None
    for file in recorded or ():
        if file.as_posix().endswith(name):
            return str(file.locate())
    raise FileNotFoundError(name)
