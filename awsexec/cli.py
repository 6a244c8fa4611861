"""The command line: from the words to one function of `commands`, and its status."""

from __future__ import annotations

import os
import sys

from awsexec.errors import AwsexecError, SaidAlready, cannot_write
from awsexec.options import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

    Command = Callable[[Arguments, Mapping[str, str], Report], int]


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what `argv`, the words after ``awsexec``, say; return the exit status."""
    _replace_closed_streams()
    try:
        status = _do(argv, environ)
        sys.stdout.flush()
        return status
    except SaidAlready as error:
        return error.status
    except AwsexecError as error:
        return _failed(error)
    except BrokenPipeError:
        # its reader has seen enough (`... | head`)
        _end_by_signal("SIGPIPE")
        return AwsexecError.status
    except OSError as error:
        if error.filename is not None:
            raise
        # what is printed here and there; Python would try again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _failed(cannot_write(error))


def _failed(error: AwsexecError) -> int:
    # as in report, which a usage error does not wait for
    text = " ".join(str(error).splitlines())
    sys.stderr.write(f"awsexec: {text}\n")
    return error.status


def _do(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    parsed = arguments.parse(argv)
    action = parsed.action
    if action in ("help", "summary"):
        from awsexec.options import manual

        text = manual.help_text() if action == "help" else manual.summary()
        sys.stdout.write(text)
        return 0
    if action == "version":
        from awsexec.version import __version__

        sys.stdout.write(f"awsexec {__version__}\n")
        return 0
    if action == "profiles":
        from awsexec.commands import profiles

        profiles.run(environ)
    return _act(parsed, environ)


def _end_by_signal(name: str) -> None:
    """End as a program does that leaves the signal to the system."""
    import signal

    number = getattr(signal, name, None)
    if number is not None:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _replace_closed_streams() -> None:
    """What is said on a stream that the caller closed, None to Python, goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))


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
    if _wants_profile(parsed, environ) and not parsed.named_profile(environ):
        from awsexec.commands.pick import pick

        parsed.profile = pick(environ, reports)
    return _command(parsed.action)(parsed, environ, reports)


def _wants_profile(parsed: Arguments, environ: Mapping[str, str]) -> bool:
    """Whether nothing on the command line says whose credentials are meant."""
    if parsed.action == "console":
        from awsexec.plan.from_environment import holds_credentials

        if holds_credentials(parsed, environ):
            return False
    return (
        parsed.profile is None
        and not parsed.unset
        and parsed.action in ("run", "explain", "export", "console")
        and not (parsed.role_arn and parsed.source_profile)
    )


def _command(action: str) -> Command:
    """The function of `commands` for `action`; the others are not imported."""
    if action == "list":
        from awsexec.commands.list import run
    elif action == "explain":
        from awsexec.commands.explain import run
    elif action == "whoami":
        from awsexec.commands.whoami import run
    elif action == "export":
        from awsexec.commands.export import run
    elif action == "console":
        from awsexec.commands.console import run
    elif action == "completion":
        from awsexec.commands.completion import run
    elif action == "forget":
        from awsexec.commands.forget import run
    else:
        from awsexec.commands.run import run
    return run
