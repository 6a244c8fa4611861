"""--profiles: print the names of the profiles, one a line, for completion scripts.

The user waits for this after TAB, so it reads only what it prints.
"""

from __future__ import annotations

import gc
import os

from awsexec import output
from awsexec.errors import AwsexecError
from awsexec.profiles import files
from awsexec.profiles.key_index import KeyIndex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn


def run(environ: Mapping[str, str]) -> NoReturn:
    """Print ``NAME<tab>ROLE REGION`` for each profile, and end the process.

    A file that cannot be read has no profiles here.
    """
    # there may be thousands of small objects, and all are needed until the end
    gc.disable()
    config, credentials = files.paths(environ)
    found: dict[str, list[str]] = {}
    for path, kind in ((config, files.CONFIG), (credentials, files.CREDENTIALS)):
        try:
            profiles = files.read(path, kind).profiles
        except AwsexecError:
            # a message would stand in the middle of the user's line
            continue
        for name, section in profiles.items():
            notes = found.setdefault(name, [])
            for wanted in ("role_arn", "region"):
                if wanted in section.lines:
                    notes.append(section.lines[wanted][0])
    for name, kept in KeyIndex.load(environ).keys.items():
        found.setdefault(name, [" ".join(("keyring", kept.account)).rstrip()])
    lines = [
        f"{name}\t{' '.join(notes)}\n"
        for name, notes in found.items()
        if name.isprintable()
    ]
    # as the bytes are in the files, whatever the locale
    output.show("".join(lines).encode("utf-8", "surrogateescape"))
    # freeing all objects would take longer than reading the files
    os._exit(0)
