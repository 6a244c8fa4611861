"""The record: which sessions awsexec obtained, and which COMMANDs it started or refused.

AWSEXEC_LOG names the file. Each line is a JSON object; `fastpath` makes and appends the
lines, since a cached run has one too. No line holds a secret, unless AWSEXEC_LOG_ARGV is
1 and the words of COMMAND hold one.
"""

from __future__ import annotations

import errno
import os
import stat

from awsexec import bounded, fastpath
from awsexec.errors import (
    AwsexecError,
    ConfigError,
    CredentialsError,
    reason,
    shown,
)
from awsexec.fastpath import LOG, LOG_ARGV, LOG_REQUIRED, json_string
from awsexec.plan.calls import AssumeRole
from awsexec.processes import background

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from awsexec.plan.calls import Step
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

    class Credentials(Protocol):
        """What is recorded of credentials, and of whether they come from the cache."""

        key_id: str
        is_cached: bool

    # the values of one line, or some of them: text, whether, and lists of texts
    Facts = dict[str, str | bool | list[str] | None]

# the name of a file that is full
_OLD = ".1"
# bytes for a list of limits
_LIMITS = 1024
# how a line begins; text in it has a backslash before each quotation mark
_BEGINNING = b'{"time": "'


class CannotRecord(CredentialsError):
    """The record cannot be written, and the run may not go on without it."""

    is_shared = False


class Log:
    """Writes the record that AWSEXEC_LOG of `environ` names; nothing if it names none.

    A record that cannot be written is a warning, given once. With AWSEXEC_LOG_REQUIRED=1
    each method raises `CannotRecord`.
    """

    def __init__(self, environ: Mapping[str, str], report: Report) -> None:
        self._environ = environ
        self._report = report
        self._warned = False

    def check(self) -> None:
        """See whether the record can be written, before anything happens."""
        check_switches(self._environ)
        if self._environ.get(LOG):
            self._append(b"")

    def session(self, plan: Plan, step: Step | None, fresh: Credentials) -> None:
        """Record credentials that AWS gave: for a `step` of `plan`, None for its source."""
        call = step.operation if step else plan.chain.source.kind.label
        self.obtained(plan, fresh, call, _facts(plan, (step,) if step else ()))

    def obtained(
        self, plan: Plan, fresh: Credentials, call: str, facts: Facts | None = None
    ) -> None:
        """Record credentials that AWS gave for `plan` by a `call`."""
        self._write("session", plan.name, facts or {}, fresh, {"call": call})

    def started(
        self,
        plan: Plan,
        given: Credentials,
        command: Sequence[str],
        *,
        region: str | None = None,
    ) -> None:
        """Record that this process is about to become `command`, or to start it.

        Nothing is written if that is recorded already. `region` is where, if the profile
        has several runs, one in each region.
        """
        if fastpath.start_is_recorded:
            return
        facts = {**_facts_of_run(plan), **_where(region)}
        cached: Facts = {"cached": given.is_cached}
        self._write("started", plan.name, facts, given, cached, command)

    def exported(self, plan: Plan, given: Credentials, form: str) -> None:
        """Record that credentials were handed on in another way than to a COMMAND."""
        more: Facts = {"cached": given.is_cached, "format": form}
        self._write("exported", plan.name, _facts_of_run(plan), given, more)

    def attempt(
        self, of: Plan | str | None, command: Sequence[str] = (), form: str = ""
    ) -> Attempt:
        """Return a context in which a failure is recorded as `refused` does it."""
        return Attempt(self, of, command, form)

    def refused(
        self,
        of: Plan | str | None,
        command: Sequence[str],
        error: BaseException,
        form: str = "",
        *,
        region: str | None = None,
    ) -> None:
        """Record that `error` kept `command` from starting. Never raises.

        `of` is the plan, or the profile's name if there is no plan, None for neither. If
        there is no `command`, the credentials were not handed on as `form` has them.
        `region` is as for `started`.
        """
        if isinstance(error, CannotRecord):
            return
        why = str(error) if isinstance(error, AwsexecError) else type(error).__name__
        name, facts = (
            (of, {}) if isinstance(of, str | None) else (of.name, _facts_of_run(of))
        )
        facts = {**facts, **_where(region)}
        more: Facts = {"format": form} if form else {}
        more["reason"] = why
        try:
            self._write("refused", name, facts, None, more, command)
        except CannotRecord:
            pass

    def _write(
        self,
        event: str,
        profile: str | None,
        facts: Facts,
        credentials: Credentials | None,
        more: Facts,
        command: Sequence[str] = (),
    ) -> None:
        if not self._environ.get(LOG):
            return
        written = [members({"profile": profile, **facts})]
        if credentials is not None:
            written.append(f'"key": {fastpath.log_key(credentials.key_id)}')
        written.append(members(more))
        try:
            # work in the background has no parent but init
            line = fastpath.log_line(
                event,
                ", ".join(written),
                command,
                self._environ,
                background.beside or os.getppid(),
            )
        except ValueError:
            # `check` said so
            return
        self._append(line)

    def _append(self, line: bytes) -> None:
        try:
            path = path_of(self._environ)
            while not fastpath.append(path, line):
                _put_aside(path)
        except (OSError, ValueError, ConfigError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        what, advice = _why_and_advice(error, self._environ)
        if self._environ.get(LOG_REQUIRED) == "1":
            raise CannotRecord(
                f"{what}; {LOG_REQUIRED}=1 stops the run; {advice}"
            ) from None
        if not self._warned:
            self._warned = True
            self._report.warning(f"{what}; going on without a record; {advice}")


def fault(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return why the record cannot be written and what to do, None if it can be.

    Unlike `Log.check`, this makes no file, and does not `check_switches`.
    """
    try:
        path = path_of(environ)
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            if not os.path.isdir(os.path.dirname(path)):
                raise
        else:
            if stat.S_ISLNK(status.st_mode):
                raise OSError(errno.ELOOP, "")
            fastpath.check_private(status, stat.S_IFREG, "file")
    except (OSError, ValueError, ConfigError) as error:
        return _why_and_advice(error, environ)
    return None


def check_switches(environ: Mapping[str, str]) -> None:
    """Raise `ConfigError` for a switch of the record that is neither 1 nor 0, or in vain."""
    for name in (LOG_ARGV, LOG_REQUIRED) if environ.get(LOG) else (LOG_REQUIRED,):
        if environ.get(name, "") not in ("", "0", "1"):
            raise ConfigError(f"{name}={shown(environ[name])} is unknown; write 1 or 0")
    if environ.get(LOG_REQUIRED) == "1" and not environ.get(LOG):
        raise ConfigError(
            f"{LOG_REQUIRED}=1 wants a record, and {LOG} is not set; set {LOG} to a file, "
            f"like ~/awsexec.log, or unset {LOG_REQUIRED}"
        )


def _why_and_advice(error: Exception, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return why the record cannot be written, and what to do."""
    what = f"{LOG}={shown(environ[LOG])}: cannot write the record"
    if isinstance(error, ConfigError):
        what = str(error)
    else:
        what = f"{what}: {_reason(error)}"
    return what, _advice(
        fastpath.log_path(environ[LOG], environ.get("HOME", "")), error
    )


class Attempt:
    """The attempt to start `command`, or to hand credentials on as `form` has them.

    What ends it is recorded. `of` is the plan as soon as there is one, else the profile's
    name, None for neither.
    """

    def __init__(
        self, log: Log, of: Plan | str | None, command: Sequence[str], form: str
    ) -> None:
        self.of = of
        self._log, self._command, self._form = log, command, form

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, (Exception, KeyboardInterrupt)):
            self._log.refused(self.of, self._command, error, self._form)


def path_of(environ: Mapping[str, str]) -> str:
    """Return the path of the record. Raises `ConfigError` if there is none."""
    text = environ.get(LOG, "")
    if not text:
        raise ConfigError(
            f"{LOG} is not set, so awsexec keeps no record; set it to a file, like "
            "~/awsexec.log"
        )
    path = fastpath.log_path(text, environ.get("HOME", ""))
    if not path:
        raise ConfigError(
            f"{LOG}={shown(text)} depends on the current directory, and would be many files"
        )
    return path


def _reason(error: Exception) -> str:
    """Return why a file cannot be opened, in other words than the system's."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ELOOP, errno.EMLINK):
        # open(2) of Linux and of FreeBSD, with O_NOFOLLOW
        return "it is a symbolic link"
    if number in (errno.ENXIO, errno.EISDIR):
        # a pipe that nobody reads
        return "not a regular file"
    return reason(error)


def _advice(path: str, error: Exception) -> str:
    if not path:
        return "write an absolute path, or one that begins with ~/"
    if isinstance(error, FileNotFoundError):
        return "make its directory"
    if str(error).startswith("open to others"):
        import shlex

        return f"run: chmod 600 {shlex.quote(path)}"
    return "name a regular file of your own that others cannot open"


def _put_aside(path: str) -> None:
    """Rename the full file at `path` to FILE.1. Raises `OSError`.

    Of processes that come at once, one does. The others would rename its new file. They
    wait for a lock of the full file, and see then that another file is in its place.
    """
    if os.name != "posix":
        os.replace(path, path + _OLD)
        return
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        # another process has just done it
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        mine = os.fstat(descriptor)
        try:
            there = os.lstat(path)
        except FileNotFoundError:
            return
        is_full = mine.st_size >= fastpath.LARGEST_LOG
        if is_full and (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino):
            os.rename(path, path + _OLD)
    finally:
        os.close(descriptor)


# --- What a line says -----------------------------------------------------------------


def _where(region: str | None) -> Facts:
    return {"region": region} if region is not None else {}


def facts_of(plan: Plan) -> Facts:
    """Return account, role, session name and limits of what `plan` ends at."""
    return _facts(plan, plan.chain.steps)


def _facts_of_run(plan: Plan) -> Facts:
    """Return `facts_of`, and what the user said to this one run."""
    facts = facts_of(plan)
    if plan.confirmation is not None:
        facts["confirmed"] = plan.confirmation.given
    if plan.unlimited:
        facts["unlimited"] = True
    return facts


def _facts(plan: Plan, steps: Sequence[Step]) -> Facts:
    """Return the same for what `steps` end at; () for the source's own credentials."""
    source = plan.chain.source
    # IAM Identity Center and a web identity give a role without an AssumeRole call
    role = source.value("role_arn") if source.kind.assumes_role else None
    name = source.value("role_session_name") if role else None
    account, limits = source.value("sso_account_id"), []
    for step in steps:
        if isinstance(step, AssumeRole):
            role, name, account = step.role_arn, step.session_name, None
            # each role of a chain has its own
            limits = [*step.policy_arns, *(["session policy"] if step.policy else [])]
    if role:
        # as `profiles` checks it: arn:aws:iam::111122223333:role/NAME
        account = next(iter(role.split(":")[4:5]), "") or None
    return {
        "account": account,
        "role": role or source.value("sso_role_name"),
        "session_name": name,
        "limits": limits,
    }


def members(facts: Facts) -> str:
    """Return `facts` as the members of a JSON object, of a bounded length."""
    return ", ".join(f'"{name}": {_json(value)}' for name, value in facts.items())


def _json(value: str | bool | list[str] | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json_string(value)
    size = _LIMITS // max(1, len(value))
    return "[" + ", ".join(json_string(each, max(8, size - 2)) for each in value) + "]"


# --- Reading --------------------------------------------------------------------------


def read(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what is in the record, the oldest first, from FILE.1 and FILE.

    A line that a full disk cut is left out. Raises `ConfigError`.
    """
    import json

    path, found = path_of(environ), []
    for each in (path + _OLD, path):
        try:
            data = bounded.read(each, is_regular=True)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(
                f"{LOG}: cannot read {shown(each)}: {reason(error)}; name another file"
            ) from None
        for line in data.splitlines():
            # the next line may have begun within one that was cut
            start = line.rfind(_BEGINNING)
            try:
                value = json.loads(line[max(start, 0) :])
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found.append(value)
    return found
