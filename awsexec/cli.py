"""The command line: from the words to one function of `commands`, and its status."""

from __future__ import annotations

import sys

from awsexec import arguments
from awsexec.errors import AwsexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.arguments import Arguments


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what `argv`, the words after ``awsexec``, say; return the exit status."""
    try:
        parsed = arguments.parse(argv)
        if parsed.help:
            sys.stdout.write(arguments.help_text())
            return 0
        if parsed.version:
            import awsexec

            sys.stdout.write(f"awsexec {awsexec.__version__}\n")
            return 0
        if parsed.profiles:
            from awsexec.commands import names

            names.run(environ)
        return _act(parsed, environ)
    except AwsexecError as error:
        # as in report, which a usage error does not wait for
        text = " ".join(str(error).splitlines())
        if sys.stderr is not None:
            sys.stderr.write(f"awsexec: {text}\n")
        return error.status


def _act(parsed: Arguments, environ: Mapping[str, str]) -> int:
    from awsexec import report

    level = report.NORMAL
    if parsed.debug:
        level = report.DEBUG
    elif parsed.verbose:
        level = report.VERBOSE
    elif parsed.quiet:
        level = report.QUIET
    reports = report.Report(sys.stderr, level)
    # each imported by itself: one needs little of what another does
    if parsed.action == "export":
        from awsexec.commands import export

        return export.run(parsed, environ, reports)
    if parsed.action == "forget":
        from awsexec.commands import forget

        return forget.run(parsed, environ, reports)
    from awsexec.commands import run

    return run.run(parsed, environ, reports)
