"""Run a command with the temporary credentials of an AWS role.

`main` is the program. A cached run needs no module but this one and `fastpath`; the
command line (`cli`) is imported only when a run needs more.
"""

import sys


def main() -> int:
    """Run ``awsexec`` with the words of this process.

    Return the exit status, where this process has not become COMMAND.
    """
    try:
        from awsexec import fastpath

        environ = fastpath.caller_environment()
        if fastpath.attempt(sys.argv[1:], environ):
            return 0
        from awsexec import cli

        return cli.main(sys.argv[1:], environ)
    except (Exception, KeyboardInterrupt) as error:
        return _fail(error)


def _fail(error: BaseException) -> int:
    """Return the exit status after `error`, which `cli` could not catch."""
    try:
        from awsexec import cli

        return cli.fail(error, sys.argv[1:], {})
    except (Exception, KeyboardInterrupt):
        # no memory is left, or half of awsexec is being replaced by an upgrade
        import os

        why = f"internal error: {type(error).__name__}; try again"
        if isinstance(error, MemoryError):
            why = "out of memory; free some, or raise its limit (ulimit -v)"
        os.write(2, f"awsexec: {why}\n".encode())
        return 130 if isinstance(error, KeyboardInterrupt) else 125
