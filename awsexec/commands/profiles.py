"""The profiles' names, for completions: one a line, each with a description.

A TAB waits for this, so it merges nothing that it does not print.
"""

from __future__ import annotations

import gc
import os

from awsexec import output
from awsexec.errors import AwsexecError
from awsexec.profiles import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn


def run(environ: Mapping[str, str]) -> NoReturn:
    """Print ``NAME<tab>ROLE REGION`` for every profile; nothing of a broken file."""
    # thousands of small objects, all of them needed until the end
    gc.disable()
    config, credentials = files.paths(environ)
    found: dict[str, list[str]] = {}
    for path, kind in ((config, files.CONFIG), (credentials, files.CREDENTIALS)):
        try:
            profiles = files.read(path, kind).profiles
        except AwsexecError:
            # completing is no time to complain; running the profile is
            continue
        for name, section in profiles.items():
            notes = found.setdefault(name, [])
            for wanted in ("role_arn", "region"):
                if wanted in section.lines:
                    notes.append(section.lines[wanted][0])
    lines = [
        f"{name}\t{' '.join(notes)}\n"
        for name, notes in found.items()
        if name.isprintable()
    ]
    output.show("".join(lines).encode("utf-8", "surrogateescape"))
    # the answer is out; taking all of it to pieces would keep the TAB waiting
    os._exit(0)
