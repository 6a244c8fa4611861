"""A copy of the config file for COMMAND, in which no profile hides the endpoint.

The SDKs look at the profile before they ask a container's endpoint for credentials (SDKs
and Tools Reference Guide, "Standardized credential providers"). A ``[default]`` with keys
or a role would hide the endpoint. COMMAND then gets another profile, which has
everything of ``[default]`` but its identity, in a copy of the config file.

Where the system can, the copy is in memory and belongs to this process. It goes with the
process, and COMMAND sees it among the files that the process has open.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys

from awsexec.plan.calls import ROLE_SETTINGS
from awsexec.profiles import files
from awsexec.profiles.profile import KEY_ID, SECRET, TOKEN_SETTINGS, Profile, Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# what makes a profile an identity, or says something about one
_IDENTITY = ROLE_SETTINGS | {
    KEY_ID,
    SECRET,
    *TOKEN_SETTINGS,
    "aws_account_id",
    "credential_process",
    "credential_source",
    "duration_seconds",
    "login_session",
    "mfa_process",
    "mfa_serial",
    "role_arn",
    "sso_account_id",
    "sso_region",
    "sso_registration_scopes",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
}
# whose settings botocore gives to every profile
_EVERYBODYS = re.compile(rb"^\[\s*DEFAULT\s*\]", re.MULTILINE)
_INDENTED = re.compile(
    rb"""^[ \t]+\[[ \t]*(?:profile[ \t]+)?["']?default["']?[ \t]*\]""",
    re.MULTILINE | re.IGNORECASE,
)
_KEYS = re.compile(
    "|".join((KEY_ID, SECRET, *TOKEN_SETTINGS))
    .join((r"^[ \t]*(?:", r")[ \t]*=[^\n]*\n?"))
    .encode(),
    re.MULTILINE | re.IGNORECASE,
)


def needs_copy(profiles: Profiles, texts: Iterable[bytes]) -> bool:
    """Whether the profile that COMMAND would use, the default one, is an identity.

    By any setting, even an empty one: what half of one means, the SDKs do not agree on;
    nor on an indented header, so that the files' `texts` are asked for those.
    """
    for file in (profiles.config, profiles.credentials):
        default = file.profiles.get("default")
        if default is not None and _IDENTITY & default.lines.keys():
            return True
        if any(header == "DEFAULT" for header, _, _ in file.skipped):
            return True
    return any(_INDENTED.search(text) for text in texts)


def unused_name(profiles: Profiles) -> str:
    """A name for the profile that no file has."""
    number, found = 1, "awsexec"
    while found in profiles:
        number += 1
        found = f"awsexec-{number}"
    return found


def copied(profiles: Profiles, original: bytes) -> bytes:
    """A config file with the `original` one's content, and the profile `name`."""
    default = profiles.get("default") if "default" in profiles else Profile("default")
    lines = [f"[profile {unused_name(profiles)}]"]
    for setting in default.settings.values():
        if setting.name in _IDENTITY:
            continue
        # a line that is indented goes on with the one before
        lines.append(f"{setting.name} = " + setting.value.replace("\n", "\n  "))
        lines += [f"  {each.name} = {each.value}" for each in setting.block]
    copy = _EVERYBODYS.sub(b"[awsexec-nobodys]", original)
    return copy + ("\n" + "\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def without_keys(copy: bytes) -> bytes:
    """What may be written to a disk of a `config`: all but the keys."""
    return _KEYS.sub(b"", copy)


def has_boto_keys(environ: Mapping[str, str]) -> bool:
    """Whether a file of boto, botocore's predecessor, has keys.

    botocore takes those before it asks a container's endpoint (its ``BotoProvider``).
    """
    named = environ.get("BOTO_CONFIG")
    for path in (
        [named] if named else ["/etc/boto.cfg", files.expand("~/.boto", environ)]
    ):
        try:
            with open(path, "rb") as stream:
                if KEY_ID.encode() in stream.read().lower():
                    return True
        except OSError:
            continue
    return False


def write_copy(content: bytes) -> tuple[str, Callable[[], None]]:
    """Where COMMAND finds `content`, and what removes it. May raise `OSError`."""
    if sys.platform == "linux":
        try:
            return _in_memory(content), lambda: None
        except OSError:
            # a sandbox that forbids it, or has no /proc
            pass
    return on_disk(content)


if sys.platform == "linux":

    def _in_memory(content: bytes) -> str:
        import fcntl

        descriptor = os.memfd_create("awsexec-config", os.MFD_ALLOW_SEALING)
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(content)
        # what somebody writes there would be lost
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        path = f"/proc/{os.getpid()}/fd/{descriptor}"
        if not os.path.exists(path):
            os.close(descriptor)
            raise FileNotFoundError(path)
        return path


def on_disk(content: bytes) -> tuple[str, Callable[[], None]]:
    """The same where it is a file like others; keys are left out of that."""
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="awsexec-", suffix=".config")
    with open(descriptor, "wb") as stream:
        stream.write(without_keys(content))

    def remove() -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)

    return path, remove
