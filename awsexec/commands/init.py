"""--init: print the line that makes a shell's start-up file read awsexec's own files."""

from __future__ import annotations

import os

from awsexec.child import completions, subshell
from awsexec.output import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

# the function that changes the shell, if the user names no other
FUNCTION = "assume"


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the line for the chosen shell, for `eval` (in fish, `source`).

    The line names files instead of holding their text: a shell reads a file command by
    command, and so can switch off the user's aliases before it comes to the functions.
    """
    shell = arguments.init
    assert shell is not None
    name = FUNCTION if arguments.function is None else arguments.function
    try:
        script = completions.find(shell)
    except OSError:
        # pip did not install it, and there is more that this shell wants
        script = ""
    # paths, as they are
    show(os.fsencode(subshell.init_line(shell, name, script)))
    return 0
