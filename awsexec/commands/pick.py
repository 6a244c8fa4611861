"""The picker: choose a profile on the terminal when none was named."""

from __future__ import annotations

import os
import sys

from awsexec.cache.store import Store, store_for
from awsexec.errors import ConfigError, Interrupted
from awsexec.plan.source_kinds import has_identity
from awsexec.profiles.profile import Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_toolkit.buffer import Buffer

    from awsexec.report import Report


def pick(environ: Mapping[str, str], report: Report) -> str | None:
    """Return the profile that the user picks; the last used ones come first.

    None where there is no terminal or no profile. Raises `ConfigError`, and
    `Interrupted` on Ctrl-C.
    """
    profiles = Profiles.load(environ)
    names = [name for name in profiles.names() if _is_candidate(profiles, name)]
    names = by_last_use(names, store_for(environ, report))
    if not (os.isatty(0) and os.isatty(2)) or not names:
        return None
    notes = {}
    for name in names:
        notes[name] = _note(profiles, name)
    try:
        return _ask(names, notes)
    except (KeyboardInterrupt, EOFError):
        raise Interrupted from None


def _is_candidate(profiles: Profiles, name: str) -> bool:
    """Return whether the profile is an identity to pick: a ``[default]`` may be none."""
    try:
        return name != "default" or has_identity(profiles.get(name))
    except ConfigError:
        # which the error is about, if it is picked
        return True


def _note(profiles: Profiles, name: str) -> str:
    """Return what the picker shows beside a profile; the error of one that has a fault."""
    try:
        profile = profiles.get(name)
        kept = None if profile.settings else profile.kept
    except ConfigError as error:
        return f"! {error}"
    place = "keyring" if kept is not None else profile.value("role_arn")
    more = kept.account if kept is not None else profile.value("region")
    return " ".join(filter(None, (place, more)))


def by_last_use(names: Sequence[str], store: Store) -> list[str]:
    """Return the names, those with the newest sessions first, then the others."""
    newest: dict[str, int] = {}
    for _, entry in store.entries():
        if entry is None:
            continue
        newest[entry.profile] = max(entry.issued, newest.get(entry.profile, 0))
    return sorted(names, key=lambda name: -newest.get(ascii(name), 0))


def _ask(names: Sequence[str], notes: Mapping[str, str]) -> str:
    # slow to load
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application.current import get_app
    from prompt_toolkit.completion import CompleteEvent, FuzzyCompleter, WordCompleter
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.output import create_output

    # everything that is typed is part of one name, blanks too
    completer = FuzzyCompleter(
        WordCompleter(list(names), meta_dict=dict(notes), sentence=True), pattern="^.+"
    )
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.text not in names:
            # Nothing was chosen with the arrows: take the best match. The menu that
            # shows it may not have been drawn yet.
            found = completer.get_completions(buffer.document, CompleteEvent())
            buffer.text = next((each.text for each in found), buffer.text)
        if buffer.text in names:
            buffer.validate_and_handle()

    def show_all() -> None:
        buffer = get_app().current_buffer
        # deleting characters does not start completion by itself
        buffer.on_text_changed += show
        show(buffer)

    def show(buffer: Buffer) -> None:
        if buffer.complete_state is None:
            buffer.start_completion(select_first=False)

    session: PromptSession[str] = PromptSession(
        output=create_output(stdout=sys.stderr),
        completer=completer,
        complete_while_typing=True,
        key_bindings=keys,
        reserve_space_for_menu=min(12, len(names) + 1),
    )
    return session.prompt(
        "profile: ",
        pre_run=show_all,
    )
