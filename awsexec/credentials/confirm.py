"""The question before credentials are handed over, for profiles that want one."""

from __future__ import annotations

from awsexec import terminal
from awsexec.errors import NotConfirmed, shown
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.plan.plan import Plan

# characters of COMMAND that are shown
_LONGEST = 1000


def confirm(
    plan: Plan,
    doing: str,
    environ: Mapping[str, str],
    *,
    may_ask: bool = True,
    regions: str = "",
) -> None:
    """Ask the user whether to go on, if the profile of `plan` wants that.

    `doing` says what is done with the credentials, and `regions` where if that is not the
    region of `plan`. The user is not asked after --yes, or in a shell or COMMAND where
    this was answered. Raises `NotConfirmed` if the answer is no or nobody can be asked,
    and `Interrupted`.
    """
    wanted = plan.confirmation
    if wanted is None or plan.asking.yes or (may_ask and wanted.is_given(environ)):
        return
    # no question for what fails anyway
    plan.check()
    why = _why_not(plan, may_ask)
    if why:
        raise NotConfirmed(
            f"{wanted.where}: profile {shown(plan.name)} asks before it is used, and {why}; "
            "add --yes if you are sure"
        )
    where = regions or plan.region or "none"
    facts = [*wanted.facts, ("region", where), ("to", doing)]
    lines = [f"awsexec: profile {shown(plan.name)} asks before it is used"]
    lines += [f"  {name:<7}  {_cut(value)}" for name, value in facts]
    if wanted.text:
        lines.append(f"  {printable(wanted.text)}")
    if wanted.by_name:
        lines.append(f"Type {shown(plan.name)} to go on: ")
    else:
        lines.append("Go on? [y/N] ")
    answer = terminal.ask("\n".join(lines))
    if answer != plan.name if wanted.by_name else answer.lower() not in ("y", "yes"):
        raise NotConfirmed(
            f"profile {shown(plan.name)}: not confirmed, so nothing was done; answer "
            + (f"{shown(plan.name)} to go on" if wanted.by_name else "y to go on")
        )


def is_asked(plan: Plan, environ: Mapping[str, str]) -> bool:
    """Return whether a run of `plan` asks the user to confirm it."""
    wanted = plan.confirmation
    return not (wanted is None or plan.asking.yes or wanted.is_given(environ))


def confirm_many(
    plans: Sequence[Plan], doing: str, environ: Mapping[str, str], *, regions: str = ""
) -> None:
    """Ask the user for all `plans`: once for those that want a yes, else by each name.

    `doing` and `regions` are as for `confirm`. Raises as that does; nothing may be done
    then with any of them.
    """
    asking = [plan for plan in plans if is_asked(plan, environ)]
    by_yes = [
        each for each in asking if each.confirmation and not each.confirmation.by_name
    ]
    by_name = [
        each for each in asking if each.confirmation and each.confirmation.by_name
    ]
    if len(by_yes) == 1:
        by_name = [*by_yes, *by_name]
    elif by_yes:
        _confirm_all(by_yes, doing, regions)
    for plan in by_name:
        confirm(plan, doing, environ, regions=regions)


def _confirm_all(plans: Sequence[Plan], doing: str, regions: str) -> None:
    for plan in plans:
        # no question for what fails anyway
        plan.check()
    first = plans[0]
    assert first.confirmation is not None
    if why := _why_not(first, True):
        raise NotConfirmed(
            f"{first.confirmation.where}: profile {shown(first.name)} and "
            f"{len(plans) - 1} more ask before they are used, and {why}; add --yes if you "
            "are sure"
        )
    lines = [f"awsexec: these {len(plans)} profiles ask before they are used"]
    for plan in plans:
        wanted = plan.confirmation
        assert wanted is not None
        facts = [value for _, value in wanted.facts]
        facts.append(regions or plan.region or "no region")
        lines.append("  " + _cut(", ".join([shown(plan.name), *facts])))
        if wanted.text:
            lines.append(f"    {printable(wanted.text)}")
    lines += [f"  to  {_cut(doing)}", "Go on with all of them? [y/N] "]
    if terminal.ask("\n".join(lines)).lower() not in ("y", "yes"):
        raise NotConfirmed("not confirmed, so nothing was done; answer y to go on")


def _why_not(plan: Plan, may_ask: bool) -> str:
    """Return why the user cannot be asked, "" if that is possible."""
    if not may_ask:
        return "--export process never asks"
    if not plan.asking.may_prompt:
        return "--no-prompt forbids asking"
    try:
        terminal.check()
    except terminal.InBackground:
        return "this run is in the background, where it cannot ask"
    except terminal.NoTerminal:
        return "there is no terminal to ask on"
    return ""


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
