"""--completion: print the completion script of a shell.

The scripts are data files of the package, since shells also look for such files
themselves. pip installs them outside the package, below a prefix.
"""

from __future__ import annotations

import os

from awsexec.errors import AwsexecError
from awsexec.options.table import COMPLETION_FILES
from awsexec.output import show
from awsexec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

# where setup.cfg installs the script of each shell, below a prefix
INSTALLED = {
    "bash": "share/bash-completion/completions/awsexec.bash",
    "zsh": "share/zsh/site-functions/_awsexec",
    "fish": "share/fish/vendor_completions.d/awsexec.fish",
}


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the completion script of the chosen shell."""
    shell = arguments.completion
    assert shell is not None
    try:
        with open(_find(shell), "rb") as stream:
            data = stream.read()
    except OSError:
        raise AwsexecError(
            f"the completion script for {shell} is not installed; install awsexec with "
            f"pip or pipx, or take {COMPLETION_FILES[shell]} from its source code"
        ) from None
    show(data)
    return 0


def _find(shell: str) -> str:
    """Return the path of the script of `shell`. Raises `OSError` if there is none."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.dirname(package)
    # a working copy has the first, pip install --target makes the second
    for name in (f"completions/{COMPLETION_FILES[shell]}", INSTALLED[shell]):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    # Python does not know the prefix: pip install --user and the scheme of a Linux
    # distribution have another one. pip's record has it. importlib.metadata would read
    # the record, but importing it takes three times as long as starting Python, and this
    # command is part of the start of a shell.
    record = os.path.join(folder, f"awsexec-{__version__}.dist-info", "RECORD")
    with open(record, encoding="utf-8") as stream:
        for line in stream:
            name = line.partition(",")[0]
            if name.endswith(INSTALLED[shell]):
                return os.path.join(folder, name)
    raise FileNotFoundError(INSTALLED[shell])
