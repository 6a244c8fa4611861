"""--completion: print the completion script of a shell."""

from __future__ import annotations

import os

from awsexec.child import completions
from awsexec.errors import AwsexecError
from awsexec.output import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the completion script of the chosen shell."""
    shell = arguments.completion
    assert shell is not None
    try:
        with open(completions.find(shell), "rb") as stream:
            data = stream.read()
    except OSError:
        name = os.path.basename(completions.INSTALLED[shell])
        raise AwsexecError(
            f"the completion script for {shell} is not installed; install awsexec with "
            f"pip or pipx, or take {name} from its source code"
        ) from None
    show(data)
    return 0
