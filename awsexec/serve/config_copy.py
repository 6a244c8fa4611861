"""A copy of the config file for COMMAND, in which no profile hides the endpoint.

SDKs look at the profile before they ask a container's endpoint for credentials (SDKs and
Tools Reference Guide, "Standardized credential providers"). A ``[default]`` with keys or a
role would hide the endpoint. COMMAND then gets a copy of the config file with one more
profile, which has the settings of ``[default]`` except those for credentials.

On Linux the copy is in memory and disappears with this process. COMMAND reads it through
/proc, as a file that this process has open.
"""

from __future__ import annotations

import os
import sys

from awsexec import bounded
from awsexec.profiles import files
from awsexec.profiles.known import DECISIVE
from awsexec.profiles.profile import (
    EXPIRIES,
    KEY_ID,
    SECRET,
    TOKEN_SETTINGS,
    Profile,
    Profiles,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# the settings of these that are about calls: COMMAND keeps them
_OF_CALLS = {"ec2_metadata_v1_disabled", "use_fips_endpoint"}
# those that only awsexec reads, before COMMAND runs
_OF_A_RUN = {"confirm", "confirm_text", "expected_account"}
# the settings that give a profile credentials, or say something about them
_IDENTITY = DECISIVE - _OF_CALLS - _OF_A_RUN | {"aws_account_id", *EXPIRIES}
# patterns; `re` is imported only when a copy is made
_DEFAULTS_OF_ALL = rb"(?m)^\[\s*DEFAULT\s*\]"
_KEYS = (
    "|".join((KEY_ID, SECRET, *TOKEN_SETTINGS))
    .join((r"(?mi)^[ \t]*(?:", r")[ \t]*=[^\n]*\n?"))
    .encode()
)


def needs_copy(profiles: Profiles, texts: Iterable[bytes]) -> bool:
    """Return whether COMMAND's profile, ``[default]``, could hide the endpoint.

    Any setting for credentials could, even an empty one, since SDKs do not agree about
    incomplete settings. They do not agree about an indented header either, so those are
    searched in the files' `texts`.
    """
    for file in (profiles.config, profiles.credentials):
        default = file.profiles.get("default")
        if default is not None and _IDENTITY & default.lines.keys():
            return True
        if any(header == "DEFAULT" for header, _, _ in file.skipped):
            return True
    return any(_has_indented_default(text) for text in texts)


def _has_indented_default(text: bytes) -> bool:
    text = text.lower()
    if b"default" not in text:
        return False
    for line in text.split(b"\n"):
        header, bracket, _ = line.strip(b" \t").partition(b"]")
        if line[:1] in (b" ", b"\t") and bracket and header[:1] == b"[":
            words = header[1:].split()
            if words[:1] == [b"profile"]:
                del words[0]
            if len(words) == 1 and words[0].strip(b"\"'") == b"default":
                return True
    return False


def unused_name(profiles: Profiles) -> str:
    """Return a name that no profile of the user has, for COMMAND's profile."""
    number, found = 1, "awsexec"
    while found in profiles:
        number += 1
        found = f"awsexec-{number}"
    return found


def copied(profiles: Profiles, original: bytes) -> bytes:
    """Return `original`, the content of the config file, with one more profile."""
    import re

    default = profiles.get("default") if "default" in profiles else Profile("default")
    lines = [f"[profile {unused_name(profiles)}]"]
    for setting in default.settings.values():
        if setting.name in _IDENTITY:
            continue
        # an indented line continues the line before
        lines.append(f"{setting.name} = " + setting.value.replace("\n", "\n  "))
        lines += [f"  {each.name} = {each.value}" for each in setting.block]
    # botocore gives the settings below [DEFAULT] to every profile
    copy = re.sub(_DEFAULTS_OF_ALL, b"[awsexec-nobodys]", original)
    return copy + ("\n" + "\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def without_keys(copy: bytes) -> bytes:
    """Return `copy` without the keys, which may not be written to a disk."""
    import re

    return re.sub(_KEYS, b"", copy)


def has_boto_keys(environ: Mapping[str, str]) -> bool:
    """Return whether a config file of boto, botocore's predecessor, has keys.

    botocore prefers those to a container's endpoint (its ``BotoProvider``).
    """
    named = environ.get("BOTO_CONFIG")
    for path in (
        [named] if named else ["/etc/boto.cfg", files.expand("~/.boto", environ)]
    ):
        try:
            if KEY_ID.encode() in bounded.read(path, is_regular=True).lower():
                return True
        except OSError:
            continue
    return False


def write_copy(content: bytes) -> tuple[str, Callable[[], None]]:
    """Write the config file `content`; return its path, and a function that removes it.

    Raises `OSError`.
    """
    if sys.platform == "linux":
        try:
            return _in_memory(content), lambda: None
        except OSError:
            # a sandbox may forbid files in memory, or have no /proc
            pass
    return on_disk(content)


if sys.platform == "linux":

    def _in_memory(content: bytes) -> str:
        import fcntl

        descriptor = os.memfd_create("awsexec-config", os.MFD_ALLOW_SEALING)
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(content)
        # a program that writes to the copy gets an error: the change would be lost
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        path = f"/proc/{os.getpid()}/fd/{descriptor}"
        if not os.path.exists(path):
            os.close(descriptor)
            raise FileNotFoundError(path)
        return path


def on_disk(content: bytes) -> tuple[str, Callable[[], None]]:
    """Write `content` without its keys to a temporary file.

    Return and raise as `write_copy` does.
    """
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="awsexec-", suffix=".config")
    with open(descriptor, "wb") as stream:
        stream.write(without_keys(content))

    def remove() -> None:
        try:
            os.unlink(path)
        except OSError:
            pass

    return path, remove
