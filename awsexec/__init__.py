"""Run a command with the temporary credentials of an AWS role.

`main` is the program. A cached run needs no module but this one and `fastpath`; the
command line (`cli`) is imported only when a run needs more.
"""

import sys

from awsexec import fastpath


def main() -> int:
    """Run ``awsexec`` with the words of this process.

    Return the exit status, where this process has not become COMMAND.
    """
    environ = fastpath.caller_environment()
    try:
        if fastpath.attempt(sys.argv[1:], environ):
            return 0
        from awsexec import cli

        return cli.main(sys.argv[1:], environ)
    except KeyboardInterrupt:
        from awsexec import cli

        cli.fail_reader(sys.argv[1:])
        return 130
