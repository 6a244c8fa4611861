"""The question before credentials are handed over, for profiles that want one.

A yes holds in the process that it was given to, COMMAND or the shell, and in what that
process starts. `CONFIRMED` names the process, and it must be one of those that a run is
in: a daemon keeps the variable, as a server of tmux does, but not its ancestors.
"""

from __future__ import annotations

from awsexec import terminal
from awsexec.errors import NotConfirmed, shown
from awsexec.plan.guardrails import CONFIRMED
from awsexec.processes import tree
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsexec.plan.guardrails import Confirmation
    from awsexec.plan.plan import Plan

# characters that are shown of COMMAND and of the profile's text, and lines of that
_LONGEST, _MOST_LINES = 1000, 10
# how the user said yes
BY_OPTION, TYPED, EARLIER = "--yes", "typed", "earlier"


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
    if wanted is None or _is_given(plan, wanted, environ, may_ask):
        return
    # no question for what fails anyway
    plan.check()
    _check_asking([plan], may_ask)
    where = regions or plan.region or "none"
    facts = [*wanted.facts, ("region", where), ("to", doing)]
    lines = [f"awsexec: profile {shown(plan.name)} asks before it is used"]
    lines += [f"  {name:<7}  {_cut(value)}" for name, value in facts]
    lines += [f"  {line}" for line in _text(wanted)]
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
    wanted.given = TYPED


def is_asked(plan: Plan, environ: Mapping[str, str]) -> bool:
    """Return whether a run of `plan` asks the user to confirm it."""
    wanted = plan.confirmation
    return wanted is not None and not _is_given(plan, wanted, environ, True)


def confirm_many(
    plans: Sequence[Plan], doing: str, environ: Mapping[str, str], *, regions: str = ""
) -> None:
    """Ask the user for all `plans`: once for those that want a yes, else by each name.

    `doing` and `regions` are as for `confirm`. Raises as that does; nothing may be done
    then with any of them.
    """
    by_yes: list[Plan] = []
    by_name: list[Plan] = []
    for plan in plans:
        wanted = plan.confirmation
        if wanted is not None and not _is_given(plan, wanted, environ, True):
            (by_name if wanted.by_name else by_yes).append(plan)
    for plan in (*by_yes, *by_name):
        # no question for what fails anyway
        plan.check()
    _check_asking([*by_yes, *by_name], True)
    if len(by_yes) == 1:
        by_name = [*by_yes, *by_name]
    elif by_yes:
        _confirm_all(by_yes, doing, regions)
    for plan in by_name:
        confirm(plan, doing, environ, regions=regions)


def _confirm_all(plans: Sequence[Plan], doing: str, regions: str) -> None:
    lines = [f"awsexec: these {len(plans)} profiles ask before they are used"]
    confirmations = []
    for plan in plans:
        wanted = plan.confirmation
        assert wanted is not None
        confirmations.append(wanted)
        facts = [value for _, value in wanted.facts]
        facts.append(regions or plan.region or "no region")
        lines.append("  " + _cut(", ".join([shown(plan.name), *facts])))
        lines += [f"    {line}" for line in _text(wanted)]
    lines += [f"  to  {_cut(doing)}", "Go on with all of them? [y/N] "]
    if terminal.ask("\n".join(lines)).lower() not in ("y", "yes"):
        raise NotConfirmed("not confirmed, so nothing was done; answer y to go on")
    for wanted in confirmations:
        wanted.given = TYPED


def _is_given(
    plan: Plan, wanted: Confirmation, environ: Mapping[str, str], may_ask: bool
) -> bool:
    """Return whether the user has said yes already, and note how."""
    if plan.asking.yes:
        wanted.given = BY_OPTION
    elif may_ask and is_confirmed(wanted, environ):
        wanted.given = EARLIER
    return wanted.given is not None


def _check_asking(plans: Sequence[Plan], may_ask: bool) -> None:
    """Raise `NotConfirmed` if the user cannot be asked for `plans`."""
    why = _why_not(plans[0], may_ask) if plans else ""
    if not why:
        return
    first = plans[0]
    assert first.confirmation is not None
    more = f" and {len(plans) - 1} more ask before they are used"
    raise NotConfirmed(
        f"{first.confirmation.where}: profile {shown(first.name)}"
        + (more if len(plans) > 1 else " asks before it is used")
        + f", and {why}; add --yes if you are sure"
    )


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


def _text(wanted: Confirmation) -> Iterator[str]:
    """Yield the lines that the profile wants to be shown."""
    for line in wanted.text[:_LONGEST].split("\n")[:_MOST_LINES] if wanted.text else ():
        yield printable(line)
    if len(wanted.text) > _LONGEST or wanted.text.count("\n") >= _MOST_LINES:
        yield "…"


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


# --- What runs inside ------------------------------------------------------------------


def confirmed(wanted: Confirmation) -> dict[str, str]:
    """Return the variable that tells what this process becomes, or starts, of a yes."""
    return _mark(str(tree.me()), wanted)


def is_confirmed(wanted: Confirmation, environ: Mapping[str, str]) -> bool:
    """Return whether the user has said yes to a process that this one is in."""
    process, _, mark = environ.get(CONFIRMED, "").partition(" ")
    return mark in (wanted.mark, wanted.whole) and process in map(
        str, (tree.me(), *tree.ancestors())
    )


def confirmed_in_shell(
    wanted: Confirmation, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variable for the shell that reads the output of --export.

    A yes to a process that the shell is in stays. Else it holds in the shell that has the
    line of --init, since that tells its number. {} if there is neither.
    """
    if is_confirmed(wanted, environ):
        return _mark(environ[CONFIRMED].partition(" ")[0], wanted)
    shell = environ.get("AWSEXEC_INIT")
    found = (each for each in tree.ancestors() if str(each.pid) == shell)
    process = next(found, None)
    return {} if process is None else _mark(str(process), wanted)


def _mark(process: str, wanted: Confirmation) -> dict[str, str]:
    return {CONFIRMED: f"{process} {wanted.mark}"}
