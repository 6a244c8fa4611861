"""How the user signs in: IAM Identity Center, aws login, and MFA devices."""

from __future__ import annotations

import os
import shlex

from awsexec.doctor.finding import OK, WARNING, WRONG, Finding
from awsexec.errors import AwsexecError, shown
from awsexec.plan.limits import checked_serial
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.doctor.finding import Facts


def check_sign_ins(facts: Facts) -> Iterator[Finding]:
    """Sign-ins of IAM Identity Center and aws login, and their end."""
    seen = set()
    for plan in facts.plans.values():
        source = plan.chain.source
        found = source.signed_in(plan.config.paths, facts.environ)
        what = source.sign_in_name or source.value("login_session") or source.label
        if found is None or what in seen:
            continue
        seen.add(what)
        path = source.look(plan.config.paths, facts.environ).files[0].path
        yield from _open_to_others(f"sign-in {shown(what)}", path)
        asked = found.is_asked(facts.now)
        if asked:
            text = "you are not signed in; the next run asks you to"
            yield Finding(f"sign-in {shown(what)}", WARNING, text)
        else:
            until = found.until or 0
            more = (
                "renewed by the next run" if asked is None else left(until - facts.now)
            )
            text = f"until {iso8601(int(until))} ({more})"
            yield Finding(f"sign-in {shown(what)}", OK, text)


def _open_to_others(about: str, path: str) -> Iterator[Finding]:
    """Say whether other users may read the file of a sign-in's token."""
    try:
        mode = os.stat(path).st_mode & 0o777
    except OSError:
        return
    if os.name == "posix" and mode & 0o077:
        why = f"other users may use its token: the mode of {path} is {mode:04o}"
        yield Finding(about, WRONG, why, f"run: chmod 600 {shlex.quote(path)}")


def check_mfa(facts: Facts) -> Iterator[Finding]:
    """The kinds of the MFA devices."""
    seen = set()
    for profile in facts.profiles():
        serial = profile.get("mfa_serial")
        if serial is None or serial.value in seen:
            continue
        seen.add(serial.value)
        try:
            checked_serial(serial)
        except AwsexecError as error:
            yield Finding("MFA device", WRONG, str(error))
            continue
        is_virtual = serial.value.startswith("arn:")
        kind = "an authenticator app, or a token" if is_virtual else "a hardware token"
        yield Finding("MFA device", OK, f"{shown(serial.value)}: {kind}")
