"""--profiles: print the names of the profiles, one a line, for completion scripts.

The user waits for this after TAB, so it reads only what it prints.
"""

from __future__ import annotations

import gc
import os

from awsexec import bounded, output
from awsexec.errors import AwsexecError
from awsexec.profiles import files
from awsexec.profiles.key_index import KeyIndex
from awsexec.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import NoReturn

    from awsexec.profiles.files import Section


def run(typed: str, environ: Mapping[str, str]) -> NoReturn:
    """Print ``NAME<tab>ROLE REGION`` for each profile, and end the process.

    Of the roles of IAM Identity Center, the next segment after what was `typed` is
    printed. A file that cannot be read has no profiles here.
    """
    # there may be thousands of small objects, and all are needed until the end
    gc.disable()
    config, credentials = files.paths(environ)
    found: dict[str, list[str]] = {}
    for path, kind in ((config, files.CONFIG), (credentials, files.CREDENTIALS)):
        try:
            # nobody says after TAB what it waits for
            file = files.read(path, kind, seconds=bounded.SAY_AFTER)
        except AwsexecError:
            # a message would stand in the middle of the user's line
            continue
        for name, section in file.profiles.items():
            notes = found.setdefault(name, [])
            for wanted in ("role_arn", "region"):
                if wanted in section.lines:
                    notes.append(section.lines[wanted][0])
        if file.sso_sessions:
            for name, note in _segments(file.sso_sessions, typed, environ):
                found.setdefault(name, [note])
    for name, kept in KeyIndex.load(environ).keys.items():
        found.setdefault(name, [" ".join(("keyring", kept.account)).rstrip()])
    lines = [
        f"{name}\t{printable(' '.join(notes))}\n"
        for name, notes in found.items()
        if name.isprintable()
    ]
    # as the bytes are in the files, whatever the locale
    output.show("".join(lines).encode("utf-8", "surrogateescape"))
    # freeing all objects would take longer than reading the files
    os._exit(0)


def _segments(
    sessions: Mapping[str, Section], typed: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield how SESSION/ACCOUNT/ROLE goes on after what was `typed`, with a note.

    What ends in ``/`` is to be completed further. A session without a list of accounts in
    the cache is completed no further; a run with it lets the user pick.
    """
    # few users have them
    from awsexec.directories import cache_directory
    from awsexec.profiles import accounts

    directory = cache_directory(environ)
    for session, section in sessions.items():
        start = f"{session}/"
        if not typed.startswith(start):
            yield start, "IAM Identity Center"
            continue
        if not directory:
            continue
        start_url = section.lines.get("sso_start_url", [""])[0]
        path = accounts.path_of(directory, session, start_url)
        listed = accounts.kept(path)
        seen = set()
        for name, account, role in listed.roles(sessions) if listed is not None else ():
            of_account = name[: -len(role)]
            if typed.startswith(f"{start}{account.id}/"):
                yield f"{start}{account.id}/{role}", account.name
            elif typed.startswith(of_account):
                yield name, account.id
            elif of_account not in seen:
                seen.add(of_account)
                yield of_account, account.id
                # an id is proposed to those who begin to type one
                if typed != start and account.id.startswith(typed[len(start) :]):
                    yield f"{start}{account.id}/", account.name
