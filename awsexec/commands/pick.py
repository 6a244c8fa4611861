"""Picking a profile on the terminal, where none was named."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from awsexec.cache.store import Store
from awsexec.commands import selection
from awsexec.errors import Interrupted
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from awsexec.report import Report


def pick(environ: Mapping[str, str], report: Report) -> str | None:
    """The name of the profile that the user picks; the last used ones come first.

    None where there is no terminal to pick on, or nothing to pick. Raises
    `ConfigError`, and `Interrupted` on Ctrl-C.
    """
    profiles = Profiles.load(files.paths(environ))
    names = by_last_use(profiles.names(), selection.store_for(environ, report))
    if not (os.isatty(0) and os.isatty(2)) or not names:
        return None
    notes = {}
    for name in names:
        profile = profiles.get(name)
        role, region = profile.value("role_arn"), profile.value("region")
        notes[name] = " ".join(filter(None, (role, region)))
    try:
        return _ask(names, notes)
    except (KeyboardInterrupt, EOFError):
        raise Interrupted from None


def by_last_use(names: Sequence[str], store: Store) -> list[str]:
    """The names whose sessions are the newest first, then the others as they come."""
    newest: dict[str, int] = {}
    for _, entry in store.entries():
        if entry is None:
            continue
        newest[entry.profile] = max(entry.issued, newest.get(entry.profile, 0))
    return sorted(names, key=lambda name: -newest.get(ascii(name), 0))


def _ask(names: Sequence[str], notes: Mapping[str, str]) -> str:
    # slow to import, and wanted for this only
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application.current import get_app
    from prompt_toolkit.completion import FuzzyWordCompleter
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.output import create_output

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        state = buffer.complete_state
        if buffer.text not in names and state and state.completions:
            # nothing chosen with the arrows: the best match, at the top
            chosen = state.current_completion or state.completions[0]
            buffer.text = chosen.text
        if buffer.text in names:
            buffer.validate_and_handle()

    session: PromptSession[str] = PromptSession(
        output=create_output(stdout=sys.stderr),
        completer=FuzzyWordCompleter(list(names), meta_dict=dict(notes), WORD=True),
        complete_while_typing=True,
        key_bindings=keys,
        reserve_space_for_menu=min(12, len(names) + 1),
    )
    return session.prompt(
        "profile: ",
        pre_run=lambda: get_app().current_buffer.start_completion(select_first=False),
    )
