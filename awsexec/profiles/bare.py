"""A profile that selects no identity, for a COMMAND that has its own from elsewhere.

The SDKs look at the profile before they ask a container's endpoint for credentials (SDKs
and Tools Reference Guide, "Standardized credential providers"), so that a ``[default]``
with keys or a role would hide that endpoint. COMMAND then gets another profile, with
all that ``[default]`` says of anything else, in a copy of the config file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from awsexec.plan.calls import ROLE_SETTINGS
from awsexec.profiles import files
from awsexec.profiles.profile import KEY_ID, SECRET, TOKENS, Profile, Profiles

# what makes a profile an identity, or says something about one
_IDENTITY = ROLE_SETTINGS | {
    KEY_ID,
    SECRET,
    *TOKENS,
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
    "|".join((KEY_ID, SECRET, *TOKENS))
    .join((r"^[ \t]*(?:", r")[ \t]*=[^\n]*\n?"))
    .encode(),
    re.MULTILINE | re.IGNORECASE,
)


def is_needed(profiles: Profiles, texts: Iterable[bytes]) -> bool:
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


def name(profiles: Profiles) -> str:
    """A name for the profile that no file has."""
    number, found = 1, "awsexec"
    while found in profiles:
        number += 1
        found = f"awsexec-{number}"
    return found


def config(profiles: Profiles, original: bytes) -> bytes:
    """A config file with the `original` one's content, and the profile `name`."""
    default = profiles.get("default") if "default" in profiles else Profile("default")
    lines = [f"[profile {name(profiles)}]"]
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
