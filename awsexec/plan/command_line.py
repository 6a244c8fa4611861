"""Whether a ``credential_process`` line is for a shell.

The SDKs for Go, JavaScript, Java, Kotlin and Rust run every line through a shell, and
botocore none. A line that works in both must not change its meaning, so awsexec uses a
shell only for what botocore cannot run.
"""

from __future__ import annotations

import os

from awsexec.errors import ConfigError
from awsexec.profiles import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.profiles.files import Setting
    from awsexec.profiles.profile import Profile

# true or false, where the words of the line are not to decide
SHELL_SETTING = "credential_process_shell"
_OPERATORS = frozenset({"|", "||", "&&", ";"})
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"


def runs_by_shell(
    profile: Profile, line: Setting, *, posix: bool | None = None
) -> bool:
    """Return whether /bin/sh runs `line`, the credential_process of `profile`.

    `posix` is whether there is a /bin/sh, by default as on this system. Raises
    `ConfigError` for a line that needs one where there is none.
    """
    setting = profile.get(SHELL_SETTING)
    by_shell = is_for_shell(line.value) if setting is None else values.is_true(setting)
    if by_shell and not (os.name == "posix" if posix is None else posix):
        raise ConfigError(
            f"{line.where}: {line.name} is a line for /bin/sh, which Windows does not have; "
            f"put it into a script, or write {SHELL_SETTING} = false"
        )
    return by_shell


def is_for_shell(line: str) -> bool:
    """Return whether `line` has an operator of a shell, or a word for it to fill in.

    An operator has to be a word of its own; a redirection begins one. What is to be filled
    in has to begin a word. Nothing of it may be in quotes.
    """
    return any(
        word in _OPERATORS
        or word.lstrip("0123456789")[:1] == ">"
        or word.startswith(("~/", "${", "$("))
        or (word[:1] == "$" and word[1:2] != "" and word[1] in _LETTERS)
        for word in _words(line)
    )


def not_filled_in(line: str, *, by_shell: bool) -> str | None:
    """Return the word of `line` with a ``~`` that nobody fills in, None for none.

    A shell fills it in at the beginning of a word without quotes, and nothing else does.
    """
    for word in _words(line):
        if "~/" in word and "://" not in word and not (by_shell and word[:1] == "~"):
            return word
    return None


def _words(line: str) -> Iterator[str]:
    """Yield the words of `line` with their quotes and backslashes."""
    word, quote, escaped = "", "", False
    for character in line:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character.isspace():
            if word:
                yield word
            word = ""
            continue
        word += character
    if word:
        yield word
