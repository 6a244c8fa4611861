"""One MFA code for each device, however many profiles need it."""

from __future__ import annotations

import time

from awsexec.credentials.many import device_due
from awsexec.errors import AwsexecError, UsageError, names_of, shown
from awsexec.plan.limits import NO_CODE, mfa_code
from awsexec.profiles.files import Setting
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.cache.store import Store
    from awsexec.credentials.resolver import Demand
    from awsexec.options.arguments import Arguments
    from awsexec.plan.plan import Plan, Planner
    from awsexec.report import Report

    # what is known of a profile: how to get its credentials, or why that is not known
    Planned = Plan | AwsexecError


def give_code(code: str, plans: dict[str, Planned]) -> None:
    """Let the plans that take an MFA code use `code`. Raises `UsageError`."""
    if mfa_code(code) is None:
        raise UsageError(f"--mfa-token: {NO_CODE}")
    given = Setting.from_option("mfa_token", code, "--mfa-token")
    is_used = False
    for name, plan in plans.items():
        if isinstance(plan, AwsexecError):
            # nobody knows what it takes
            is_used = True
        elif plan.chain.takes_code:
            is_used = True
            asking = plan.asking.again(may_prompt=plan.asking.may_prompt, code=given)
            plans[name] = plan.but(asking=asking)
    if not is_used:
        raise UsageError(
            "--mfa-token would do nothing: no step of these profiles takes an MFA code; "
            "remove --mfa-token, or add --mfa-serial"
        )


def share_codes(
    plans: dict[str, Planned],
    arguments: Arguments,
    planner: Planner,
    store: Store,
    demand: Demand,
    report: Report,
) -> set[str]:
    """Change `plans` so that one code of each device serves all that need one now.

    Return the names of those that need one. Raises `UsageError` if one code was given and
    two devices need one, or if the command line asks for more than one code can give.
    """
    now = time.time()
    by_device: dict[str, list[str]] = {}
    for name, plan in plans.items():
        if not isinstance(plan, AwsexecError):
            device = device_due(plan, store, demand, now)
            if device is not None:
                by_device.setdefault(device, []).append(name)
    _check_one_device(by_device, plans)
    for device, names in by_device.items():
        if len(names) > 1:
            _share(device, names, plans, arguments, planner, report)
    return {name for names in by_device.values() for name in names}


def _check_one_device(
    by_device: Mapping[str, Sequence[str]], plans: Mapping[str, Planned]
) -> None:
    """Raise `UsageError` if a code was given, and there are two devices."""
    if len(by_device) < 2:
        return
    for names in by_device.values():
        plan = plans[names[0]]
        assert not isinstance(plan, AwsexecError)
        if plan.asking.code is not None:
            raise UsageError(
                f"{plan.asking.code.where}: these profiles have {len(by_device)} MFA "
                f"devices ({', '.join(map(shown, by_device))}), and a code is of one; "
                "leave it out and awsexec asks for each, or choose the profiles of one "
                "device"
            )


def _share(
    device: str,
    names: Sequence[str],
    plans: dict[str, Planned],
    arguments: Arguments,
    planner: Planner,
    report: Report,
) -> None:
    """Let one code of `device` serve the profiles `names`, whose roles may be long.

    AWS takes a code once. A role that lives longer than an hour needs one of its own.
    Raises `UsageError` if that life was asked for in the command line.
    """
    shortened: dict[int, list[str]] = {}
    for name in names:
        before = plans[name]
        shared = planner.plan(name, shares_code=True)
        assert not isinstance(before, AwsexecError)
        life = before.chain.life
        if shared.chain.life == life or life is None:
            continue
        if arguments.duration is not None:
            raise UsageError(
                f"--duration: {duration(life)} is more than the hour that one MFA code "
                f"of {shown(device)} gives {len(names)} profiles; ask for 1h or less, or "
                "run one profile at a time"
            )
        shortened.setdefault(life, []).append(name)
        plans[name] = shared.but(asking=before.asking)
    for life, those in shortened.items():
        sessions = "its session" if len(those) == 1 else "their sessions"
        report.warning(
            f"{names_of(those)}: {sessions} will live one hour and not {duration(life)}, "
            f"so that one MFA code serves {len(names)} profiles"
        )
