"""Where the completion scripts are.

They are data files of the package, since shells also look for such files themselves. pip
installs them outside the package, below a prefix.
"""

from __future__ import annotations

import os

from awsexec.version import __version__

# where setup.cfg installs the script of each shell, below a prefix
INSTALLED = {
    "bash": "share/bash-completion/completions/awsexec.bash",
    "zsh": "share/zsh/site-functions/_awsexec",
    "fish": "share/fish/vendor_completions.d/awsexec.fish",
}


def find(shell: str) -> str:
    """Return the path of the script of `shell`. Raises `OSError` if there is none."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.dirname(package)
    name = os.path.basename(INSTALLED[shell])
    # a working copy has the first, pip install --target makes the second
    for below in (f"completions/{name}", INSTALLED[shell]):
        path = os.path.join(folder, below)
        if os.path.exists(path):
            return path
    # Python does not know the prefix: pip install --user and the scheme of a Linux
    # distribution have another one. pip's record has it. importlib.metadata would read
    # the record, but importing it takes three times as long as starting Python, and this
    # is part of the start of a shell.
    record = os.path.join(folder, f"awsexec-{__version__}.dist-info", "RECORD")
    with open(record, encoding="utf-8") as stream:
        for line in stream:
            found = line.partition(",")[0]
            if found.endswith(INSTALLED[shell]):
                return os.path.normpath(os.path.join(folder, found))
    raise FileNotFoundError(INSTALLED[shell])
