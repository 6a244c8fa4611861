"""The table of profiles."""

from __future__ import annotations

import fnmatch
import json
import sys
import time

from awsexec import output
from awsexec.cache.store import Store, store_for
from awsexec.errors import AwsexecError, shown
from awsexec.plan.calls import AssumeRole
from awsexec.plan.plan import make_plan
from awsexec.profiles.config import Config
from awsexec.times import duration, iso8601

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.report import Report

HEADER = ("PROFILE", "SOURCE", "ACCOUNT", "ROLE", "REGION", "MFA", "CACHED")


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Print the profiles whose names fit PROFILE, or all of them.

    PROFILE is a shell pattern, or a part of the name. A profile that cannot be worked
    out is a row that says why.
    """
    config = Config.load(environ)
    store = store_for(environ, report)
    wanted, arguments.profile = arguments.profile, None
    rows = [
        _row(name, arguments, environ, config, store)
        for name in sorted(config.profiles.names(), key=str.casefold)
        if wanted is None or _fits(name, wanted)
    ]
    if arguments.json:
        json.dump(rows, sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif rows:
        _print(rows, environ)
    else:
        report.warning(
            f"no profile fits {wanted!r}" if wanted else "there is no profile"
        )
    return 0


def _fits(name: str, pattern: str) -> bool:
    if any(character in pattern for character in "*?["):
        return fnmatch.fnmatchcase(name, pattern)
    return pattern.casefold() in name.casefold()


def _row(
    name: str,
    arguments: Arguments,
    environ: Mapping[str, str],
    config: Config,
    store: Store,
) -> dict[str, object]:
    """What is known of the profile; None for what it does not have."""
    row: dict[str, object] = dict.fromkeys(
        (
            "source",
            "source_profile",
            "account",
            "role_arn",
            "sso_role",
            "region",
            "mfa_serial",
        )
    )
    row = {"profile": name, **row, "expires": None, "seconds_left": None, "error": None}
    arguments.profile = name
    try:
        plan = make_plan(arguments, environ, config)
    except AwsexecError as error:
        row["error"] = str(error)
        return row
    chain, now = plan.chain, time.time()
    row["source"] = chain.source.kind.label
    if chain.source.profile.name != name:
        row["source_profile"] = chain.source.profile.name
    row["region"] = plan.region
    # of IAM Identity Center, which gives a role without a step of ours
    row["account"] = chain.source.profile.value("sso_account_id")
    row["sso_role"] = chain.source.profile.value("sso_role_name")
    # of a web identity, which assumes the role itself
    row["role_arn"] = chain.source.value("role_arn")
    for step in chain.steps:
        row["mfa_serial"] = row["mfa_serial"] or step.mfa_serial
        if isinstance(step, AssumeRole):
            row["role_arn"] = step.role_arn
    if row["role_arn"]:
        row["account"] = "".join(str(row["role_arn"]).split(":")[4:5]) or None
    found = store.fresh(plan.keys, now)
    if found[-1] is not None:
        row["expires"] = iso8601(found[-1].expires)
        row["seconds_left"] = int(found[-1].life_left(now))
    return row


def _print(rows: list[dict[str, object]], environ: Mapping[str, str]) -> None:
    cells = [HEADER]
    for row in rows:
        left = row["seconds_left"]
        cells.append(
            (
                shown(str(row["profile"])),
                str(row["source"] or ""),
                str(row["account"] or ""),
                str(row["role_arn"] or "").partition("/")[2]
                or str(row["sso_role"] or ""),
                str(row["region"] or ""),
                "yes" if row["mfa_serial"] else "",
                duration(left) if isinstance(left, int) else "",
            )
        )
    width, colour = output.width(), output.has_colour(environ)
    lines = output.table(cells, width, shrink=(0, 3))
    print(output.coloured(lines[0], output.BOLD, colour))
    name_width = lines[0].index("SOURCE")
    for row, line in zip(rows, lines[1:], strict=True):
        if row["error"] is not None:
            # its other columns are empty
            error = output.home_as_tilde(str(row["error"]), environ)
            line = f"{output.padded(line, name_width)}! {error}"
            line = output.coloured(output.cut(line, width), output.RED, colour)
        print(line)
