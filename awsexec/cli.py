"""The command line: from the words to one function of `commands`, and its status."""

from __future__ import annotations

import gc
import os
import sys

from awsexec import fastpath, output
from awsexec.errors import (
    AwsexecError,
    CommandNotFound,
    Interrupted,
    NoSuchProfile,
    ReaderGone,
    SaidAlready,
    UnfinishedRole,
    UsageError,
)
from awsexec.export_formats import UNSET_FORMATS, failure
from awsexec.options import arguments
from awsexec.text import message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

    Command = Callable[[Arguments, Mapping[str, str], Report], int]

# the actions for which the user picks a profile
_OF_A_PROFILE = ("run", "explain", "whoami", "export", "console")


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line `argv`, the words after ``awsexec``; return the exit status."""
    # Nearly all that a run makes it keeps to its end. Looking for garbage as often as
    # Python does by default takes a tenth of a call to AWS.
    gc.set_threshold(100_000)
    try:
        _replace_closed_streams()
        status = _do(argv, environ)
    except (Exception, KeyboardInterrupt) as error:
        return fail(error, argv, environ)
    if status:
        fail_reader(argv)
    return _flushed(status)


def fail(error: BaseException, argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Say what ended the run of `argv`; return the exit status. Never status 1."""
    status = AwsexecError.status
    if isinstance(error, ReaderGone):
        # the reader of stdout has seen enough (`... | head`)
        _end_by_signal("SIGPIPE")
    elif isinstance(error, AwsexecError):
        status = error.status
        if not isinstance(error, SaidAlready):
            # a usage error does not load `Report`
            output.tell(message(_in_words(error, argv, environ)))
    elif isinstance(error, KeyboardInterrupt):
        status = Interrupted.status
        if sys.stderr is not None and sys.stderr.isatty():
            # over the ^C that the terminal shows
            output.tell("\r" + message(Interrupted()))
    else:
        from awsexec import internal_error

        _replace_closed_streams()
        internal_error.tell(error, argv)
    fail_reader(argv)
    return _flushed(status)


def _flushed(status: int) -> int:
    """Return the exit `status` after all was written, as far as it can be.

    Python writes what is left at its end, and would change the status if it cannot.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            output.discard(stream)
    return status


def fail_reader(argv: Sequence[str]) -> None:
    """Make what reads the output of a failed ``--export`` fail, if `argv` is one.

    Without a word in it, ``eval "$(awsexec ...)"`` would succeed, and a script would go on
    with the identity that it had before.
    """
    form = arguments.export_format(argv)
    if form is None or sys.stdout is None or sys.stdout.isatty():
        return
    try:
        fastpath.put(failure(form))
    except OSError:
        # nobody reads
        pass


def _fail_reader_of_killed(argv: Sequence[str]) -> None:
    """Do so too if a signal ends this process, as `timeout` sends one."""
    import signal

    def end(number: int, _: object) -> None:
        fail_reader(argv)
        _end_by_signal(signal.Signals(number).name)

    for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        # one that the caller ignores, as with nohup, stays ignored
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


def _in_words(
    error: AwsexecError, argv: Sequence[str], environ: Mapping[str, str]
) -> str:
    if isinstance(error, (UsageError, NoSuchProfile, CommandNotFound)):
        # which looks for the names of profiles
        _forbid_core_dumps()
        from awsexec.options.meant import answer

        return answer(error, argv, environ)
    return str(error)


def _do(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    parsed = arguments.parse(argv)
    action = parsed.action
    if action in ("help", "summary"):
        from awsexec.options import manual

        text = manual.help_text() if action == "help" else manual.summary()
        if parsed.export in UNSET_FORMATS and not sys.stdout.isatty():
            # a shell would run the text, as of `eval "$(awsexec --export sh --help)"`
            output.tell(text)
            return 0
        output.show(text)
        return 0
    if action == "version":
        from awsexec.version import __version__

        output.show(f"awsexec {__version__}\n")
        return 0
    if action == "export" and parsed.export in UNSET_FORMATS:
        _fail_reader_of_killed(argv)
    if parsed.unlimited:
        # for this run and what runs in it, there are no limits around
        environ = {k: v for k, v in environ.items() if k != fastpath.LIMITS}
    _forbid_core_dumps()
    if action == "profiles":
        from awsexec.commands import profiles

        profiles.run(parsed.profile or "", environ)
    return _act(parsed, environ)


def _forbid_core_dumps() -> None:
    """Do so before the first file with keys is read."""
    from awsexec.processes import core_dumps

    core_dumps.forbid()


def _end_by_signal(name: str) -> None:
    """End this process by a signal, as a program that does not handle the signal."""
    import signal

    number = getattr(signal, name, None)
    if number is not None:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _replace_closed_streams() -> None:
    """Replace the standard streams that the caller closed, which Python shows as None.

    What is written to stdout fails then, as for other programs, and what is said on
    stderr is lost. No other file gets their numbers, and COMMAND finds them closed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = open(os.devnull, mode, encoding="utf-8", errors="replace")
            setattr(sys, name, nothing)


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
        _name_profile(parsed, environ, reports)
    command = _command(parsed.action)
    try:
        return command(parsed, environ, reports)
    except UnfinishedRole as error:
        # it comes from the plan, before anything was done
        if error.name != parsed.profile or parsed.action not in _OF_A_PROFILE:
            raise
        from awsexec.commands.pick import pick_role

        parsed.profile = pick_role(error, parsed, environ, reports)
    return command(parsed, environ, reports)


def _name_profile(
    parsed: Arguments, environ: Mapping[str, str], reports: Report
) -> None:
    """Set the directory's profile, else the one that the user picks, if there is one."""
    from awsexec.profiles.trust import profile_here

    found = parsed.of_directory = profile_here(environ)
    if found is None:
        from awsexec.commands.pick import pick

        parsed.profile = pick(parsed, environ, reports)
    elif found.name:
        reports.detail(f"{found.path} names profile {found.name!r}")


def _wants_profile(parsed: Arguments, environ: Mapping[str, str]) -> bool:
    """Return whether the action needs a profile and the command line names none."""
    if parsed.action in ("console", "whoami"):
        # these are about a role that the environment has, or had
        if environ.get("AWSEXEC_PROFILE"):
            return False
        from awsexec.plan.from_environment import environment_has_credentials

        if environment_has_credentials(parsed, environ):
            return False
    return (
        parsed.profile is None
        and not parsed.unset
        and parsed.action in _OF_A_PROFILE
        and not (parsed.role_arn and parsed.source_profile)
    )


def _command(action: str) -> Command:
    """Return the function of `commands` for `action`, without importing the others."""
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
    elif action == "init":
        from awsexec.commands.init import run
    elif action == "forget":
        from awsexec.commands.forget import run
    elif action == "each":
        from awsexec.commands.each import run
    elif action == "doctor":
        from awsexec.commands.doctor import run
    elif action == "log":
        from awsexec.commands.log import run
    elif action == "trust":
        from awsexec.commands.trust import trust as run
    elif action == "untrust":
        from awsexec.commands.trust import untrust as run
    elif action == "add_keys":
        from awsexec.commands.keys import add as run
    elif action == "remove_keys":
        from awsexec.commands.keys import remove as run
    elif action == "rotate_keys":
        from awsexec.commands.rotate import run
    elif action == "accounts":
        from awsexec.commands.accounts import run
    elif action == "print_profiles":
        from awsexec.commands.print_profiles import run
    elif action == "sign_in":
        from awsexec.commands.sign_in import run
    elif action == "sign_out":
        from awsexec.commands.sign_out import run
    else:
        from awsexec.commands.run import run
    return run
