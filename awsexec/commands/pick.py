"""The picker: choose a profile on the terminal when none was named.

`Choice` is what was typed and what fits it, and `screen` what is shown of it: both are
functions of values. prompt_toolkit reads the keys and draws.
"""

from __future__ import annotations

import os
import sys

from awsexec import output
from awsexec.cache.store import store_for
from awsexec.errors import (
    AwsexecError,
    ConfigError,
    Interrupted,
    UnfinishedRole,
    UnlistedAccount,
    shown,
)
from awsexec.plan.plan import Planner
from awsexec.plan.source_kinds import has_identity
from awsexec.terminal import discard_typed
from awsexec.times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from awsexec.cache.store import Store
    from awsexec.options.arguments import Arguments
    from awsexec.profiles.profile import Profiles
    from awsexec.report import Report

    Look = Callable[[], tuple[str, str]]
    # the style and the text of each part of a line
    Line = list[tuple[str, str]]

HEADER = ("PROFILE", "ACCOUNT", "ROLE", "REGION", "CACHED")
# the longest one that fits is shown
HELPS = (
    "Enter takes the marked row, ↑ ↓ PgUp PgDn move, Esc cancels",
    "Enter takes, ↑ ↓ move, Esc cancels",
    "Esc cancels",
)
PROMPT = "profile: "
# seconds in which the rest of a key's sequence follows its first character, ESC
ESCAPE_WAIT = 0.1
# lines of the screen below which it has no help, no header, no message
_FOR_HELP, _FOR_HEADER, _FOR_MESSAGE = 4, 5, 8
# lines of the message about a profile that cannot be taken
_MESSAGE = 3
# broken profiles that are passed over in the search for one to mark first
_PASSED_OVER = 20


class Row:
    """A profile as the picker shows it.

    `look` tells how long its session in the cache will live ("" without one), and why
    the profile cannot be used ("" if it can). It is asked once, and only of rows that are
    shown: there may be thousands.
    """

    __slots__ = ("name", "cells", "_text", "_name", "_look", "_looked")

    def __init__(
        self,
        name: str,
        role_arn: str,
        account: str,
        role: str,
        region: str,
        look: Look,
    ) -> None:
        self.name = name
        self.cells = tuple(
            shown(cell) if cell else "" for cell in (name, account, role, region)
        )
        self._name = name.casefold()
        self._text = "\n".join((role_arn, account, role, region)).casefold()
        self._look = look
        self._looked: tuple[str, str] | None = None

    @property
    def cached(self) -> str:
        """How long the profile's session in the cache will live."""
        return self._ask()[0]

    @property
    def fault(self) -> str:
        """Why the profile cannot be taken."""
        return self._ask()[1]

    def _ask(self) -> tuple[str, str]:
        if self._looked is None:
            self._looked = self._look()
        return self._looked

    def rank(self, words: Sequence[str]) -> int | None:
        """Return how well the row fits all `words`, 0 for best; None if it does not."""
        worst = 0
        for word in words:
            if word in self._name:
                rank = 1 - self._name.startswith(word)
            elif word in self._text:
                rank = 2
            elif _has_letters(self._name, word):
                rank = 3
            else:
                return None
            worst = max(worst, rank)
        return worst


def _has_letters(name: str, word: str) -> bool:
    """Return whether `name` has the letters of `word` in their order."""
    at = 0
    for letter in word:
        at = name.find(letter, at) + 1
        if not at:
            return False
    return True


class Choice:
    """What was typed so far, the rows that fit, and which of them is marked."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        # the widest cell of each column, so that no column moves when the user does
        self.widest = tuple(
            max(cells, key=output.columns, default="")
            for cells in zip(*(row.cells for row in rows), strict=True)
        )
        self.typed = ""
        self.fitting: list[Row] = []
        self.at = 0
        self.replace("")

    def replace(self, typed: str) -> None:
        """Take `typed` for what was typed, and mark the row that fits best."""
        self.typed = "".join(filter(str.isprintable, typed))
        words = self.typed.casefold().split()
        ranked = []
        for number, row in enumerate(self.rows):
            rank = row.rank(words)
            if rank is not None:
                exact = row.name.casefold() == self.typed.casefold()
                ranked.append((rank - exact, number))
        self.fitting = [self.rows[number] for _, number in sorted(ranked)]
        first = self.fitting[:_PASSED_OVER]
        self.at = next((i for i, row in enumerate(first) if not row.fault), 0)

    def move(self, lines: int) -> None:
        """Mark the row that is so many lines below."""
        self.at = max(0, min(self.at + lines, len(self.fitting) - 1))

    @property
    def marked(self) -> Row | None:
        """The marked row; None if no row fits."""
        return self.fitting[self.at] if self.fitting else None

    @property
    def taken(self) -> str | None:
        """The profile that Enter takes; None if it takes none."""
        row = self.marked
        return row.name if row is not None and not row.fault else None


def list_lines(rows: int) -> int:
    """Return how many profiles a screen of so many `rows` shows."""
    other = 1 + (rows >= _FOR_HELP) + (rows >= _FOR_HEADER)
    return max(0, rows - other - _MESSAGE * (rows >= _FOR_MESSAGE))


def screen(choice: Choice, rows: int, columns: int) -> list[Line]:
    """Return the lines of a screen of so many `rows` and `columns`; none is longer."""
    size = list_lines(rows)
    lines = [_prompt_line(choice, columns, alone=not size)]
    start = max(0, min(choice.at - size // 2, len(choice.fitting) - size))
    visible = choice.fitting[start : start + size]
    cells = [(*row.cells, row.cached) for row in visible]
    table = output.table(
        [(*choice.widest, ""), HEADER, *cells], max(1, columns - 2), shrink=(0, 2)
    )
    name_width = table[1].index("ACCOUNT")
    if rows >= _FOR_HEADER:
        lines.append([("class:header", output.cut(f"  {table[1]}", columns))])
    for number, (row, line) in enumerate(zip(visible, table[2:], strict=True), start):
        style = "class:fault" if row.fault else ""
        if row.fault:
            name = output.padded(line[:name_width].rstrip(), name_width)
            line = f"{name}! {shown(row.fault)}"
        mark = ">" if number == choice.at else " "
        if number == choice.at:
            style += " class:marked"
        lines.append([(style, output.cut(f"{mark} {line}", columns))])
    if size and not visible:
        text = "  no match: no profile, role ARN, account or region has this in it"
        lines.append([("class:fault", output.cut(text, columns))])
    if rows >= _FOR_MESSAGE:
        lines += [[]] * (1 + size + 1 - len(lines))
        fault = choice.marked.fault if choice.marked is not None else ""
        text = f"cannot be taken: {shown(fault)}" if fault else ""
        lines += [[("class:fault", part)] for part in _parts(text, columns)]
    if rows >= _FOR_HELP:
        lines += [[]] * (rows - 1 - len(lines))
        text = next((each for each in HELPS if output.columns(each) <= columns), "")
        lines.append([("class:header", text)])
    return lines


def _prompt_line(choice: Choice, columns: int, *, alone: bool) -> Line:
    """Return the line with what was typed; it is not longer than `columns`."""
    count = f"{len(choice.fitting)} of {len(choice.rows)}"
    if alone:
        # there is no place for the marked row below
        count = shown(choice.marked.name) if choice.marked is not None else "no match"
    prompt = PROMPT if columns > 2 * len(PROMPT) else "> "[: columns - 1]
    typed = choice.typed
    while typed and output.columns(prompt + typed) >= columns:
        # the end is what the user sees change
        typed = typed[1:]
    room = columns - output.columns(prompt + typed) - 3
    line = [("class:header", prompt), ("", typed), ("[SetCursorPosition]", "")]
    if room >= output.columns(count):
        line.append(("class:header", f"  {count}"))
    return line


def _parts(text: str, columns: int) -> list[str]:
    """Return `text` in as many lines of `columns` as a message has; the last is cut."""
    parts: list[str] = []
    while output.columns(text) > columns and len(parts) < _MESSAGE - 1:
        part = output.cut(text, columns + 1).removesuffix("…")
        while output.columns(part) > columns:
            part = part[:-1]
        # between two words, if it has more than one
        end = part.rfind(" ")
        part = part[:end] if end > 0 else part or text[:1]
        parts.append(part)
        text = text[len(part) :].lstrip()
    return [*parts, output.cut(text, columns)]


def pick(
    arguments: Arguments, environ: Mapping[str, str], report: Report
) -> str | None:
    """Return the profile that the user picks; the last used ones come first.

    None where nobody can be asked, or there is no profile. Raises
    `ConfigError`, and `Interrupted` if the user cancels.
    """
    planner = Planner(arguments, environ)
    profiles = planner.config.profiles
    names = [name for name in profiles.names() if _is_candidate(profiles, name)]
    # an account's roles stand one below the other
    listed = {
        name: (account.id, role) for name, account, role in planner.listed_roles()
    }
    names += listed
    if not names or not _can_ask(arguments, environ):
        return None
    return _pick(names, listed, planner, arguments, environ, report)


def pick_role(
    begun: UnfinishedRole,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
) -> str:
    """Return the role that the user picks among those whose name is `begun`.

    Signs in if that is due. Raises `begun` where nobody can be asked or there is no such
    role, and as `account_list` and `pick` do.
    """
    if not _can_ask(arguments, environ):
        raise begun
    # most picks need no list
    from awsexec.credentials.account_lists import account_list

    planner = Planner(arguments, environ)
    found = account_list(planner, begun.session, environ, report)
    listed = {
        name: (account.id, role)
        for name, account, role in found.roles(
            planner.config.profiles.config.sso_sessions
        )
        if name.startswith(begun.name)
    }
    if not listed:
        raise begun
    return _pick(list(listed), listed, planner, arguments, environ, report)


def _can_ask(arguments: Arguments, environ: Mapping[str, str]) -> bool:
    """Return whether the user may be asked, on a terminal that can show the rows."""
    is_screen = os.isatty(0) and os.isatty(2) and environ.get("TERM") != "dumb"
    return is_screen and not arguments.no_prompt


def _pick(
    names: Sequence[str],
    listed: Mapping[str, tuple[str, str]],
    planner: Planner,
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
) -> str:
    """Return the one of `names` that the user picks; `listed` are roles by name."""
    rows, store = [], store_for(environ, report)
    federated = arguments.action == "console"
    for name in by_last_use(names, store):
        look = _look(name, planner, store, environ, federated)
        if name in listed:
            rows.append(Row(name, "", *listed[name], "", look))
        else:
            rows.append(_row(name, planner, look))
    try:
        name = _ask(Choice(rows), has_colour=not environ.get("NO_COLOR"))
    except (KeyboardInterrupt, EOFError):
        raise Interrupted from None
    # the picker leaves nothing on the screen
    report.waiting(f"profile {shown(name)}")
    return name


def _is_candidate(profiles: Profiles, name: str) -> bool:
    """Return whether the profile is an identity to pick: a ``[default]`` may be none."""
    try:
        return name != "default" or has_identity(profiles.get(name))
    except ConfigError:
        return True


def _look(
    name: str,
    planner: Planner,
    store: Store,
    environ: Mapping[str, str],
    federated: bool,
) -> Look:
    """Return what `Row` calls `look`, for the profile `name`."""

    def look() -> tuple[str, str]:
        try:
            plan = planner.plan(name, federated=federated)
        except UnlistedAccount:
            # the list is older than a day: the run asks for a new one
            return "", ""
        except AwsexecError as error:
            return "", output.home_as_tilde(str(error), environ)
        import time

        now = time.time()
        keys = plan.keys_now()
        last = store.fresh(keys[-1:], now)[0] if keys else None
        return (duration(last.life_left(now)) if last is not None else "", "")

    return look


def _row(name: str, planner: Planner, look: Look) -> Row:
    try:
        profile = planner.config.profiles.get(name)
    except ConfigError:
        return Row(name, "", "", "", "", look)
    role_arn = profile.value("role_arn") or ""
    account = role_arn.split(":")[4] if role_arn.count(":") >= 4 else ""
    account = account or profile.value("sso_account_id") or ""
    kept = planner.config.profiles.index.keys.get(name)
    if kept is not None and not profile.settings:
        account = kept.account
    return Row(
        name,
        role_arn,
        account,
        role_arn.partition("/")[2] or profile.value("sso_role_name") or "",
        profile.value("region") or "",
        look,
    )


def by_last_use(names: Sequence[str], store: Store) -> list[str]:
    """Return the names, those with the newest sessions first, then the others."""
    newest: dict[str, int] = {}
    for _, entry in store.entries():
        if entry is None:
            continue
        newest[entry.profile] = max(entry.issued, newest.get(entry.profile, 0))
    return sorted(names, key=lambda name: -newest.get(ascii(name), 0))


def _ask(choice: Choice, *, has_colour: bool) -> str:
    """Show the picker on the whole terminal until a profile is taken, and return it."""
    # slow to load
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import FormattedText
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window
    from prompt_toolkit.output import ColorDepth, create_output
    from prompt_toolkit.styles import Style

    terminal = create_output(stdout=sys.stderr)

    def text() -> FormattedText:
        size = terminal.get_size()
        lines = screen(choice, size.rows, size.columns)
        parts = [part for line in lines for part in (*line, ("", "\n"))]
        return FormattedText(parts[:-1])

    style = {"marked": "reverse", "header": "bold", "fault": "fg:ansired"}
    application: Application[str] = Application(
        layout=Layout(Window(FormattedTextControl(text, focusable=True))),
        key_bindings=_keys(choice, lambda: list_lines(terminal.get_size().rows)),
        style=Style.from_dict(style),
        color_depth=None if has_colour else ColorDepth.DEPTH_1_BIT,
        output=terminal,
        full_screen=True,
    )
    application.ttimeoutlen = ESCAPE_WAIT
    # keys typed before are for something else, and Enter would take a profile
    discard_typed(sys.stdin.fileno())
    with _Signals(application) as signals:
        return application.run(pre_run=signals.catch)


class _Signals:
    """The signals that end a program: here they first give the terminal back."""

    def __init__(self, application: Application[str]) -> None:
        self._application = application
        self._before: dict[int, object] = {}
        self._caught: int | None = None

    def __enter__(self) -> _Signals:
        return self

    def catch(self) -> None:
        """Catch the signals that the caller does not ignore; the loop has to run."""
        import asyncio
        import signal

        if os.name != "posix":
            # a console is as it was when its program ends
            return
        for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
            number = getattr(signal, name)
            before = signal.getsignal(number)
            if before != signal.SIG_IGN:
                self._before[number] = before
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(number, self._end, number)

    def _end(self, number: int) -> None:
        self._caught = number
        if not self._application.is_done:
            self._application.exit(exception=KeyboardInterrupt)

    def __exit__(self, *exception: object) -> None:
        import signal

        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        if self._caught is not None:
            os.kill(os.getpid(), self._caught)


def _keys(choice: Choice, page: Callable[[], int]) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys

    keys = KeyBindings()

    def moves(lines: Callable[[], int], *names: str) -> None:
        for name in names:
            keys.add(name)(lambda event: choice.move(lines()))

    everything = len(choice.rows)
    moves(lambda: -1, "up", "c-p", "s-tab")
    moves(lambda: 1, "down", "c-n", "tab")
    moves(lambda: -page(), "pageup")
    moves(page, "pagedown")
    moves(lambda: -everything, "home")
    moves(lambda: everything, "end")

    def changes(change: Callable[[str], str], name: str) -> None:
        keys.add(name)(lambda event: choice.replace(change(choice.typed)))

    changes(lambda typed: typed[:-1], "backspace")
    changes(lambda typed: "", "c-u")
    changes(lambda typed: " ".join(typed.split()[:-1]), "c-w")

    @keys.add(Keys.Any)
    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        choice.replace(choice.typed + event.data)

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if choice.taken is not None:
            event.app.exit(result=choice.taken)

    # at once: what follows the key ESC within ESCAPE_WAIT makes another key of it
    @keys.add("escape", eager=True)
    @keys.add("c-c")
    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    @keys.add("c-z")
    def _(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()

    @keys.add("c-l")
    def _(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    return keys
