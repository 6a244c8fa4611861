"""What --export prints: variables as each shell and program reads them.

The functions take names with values and return text, or raise `ConfigError` where a
value cannot be written so that it is read as it is.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from awsexec.errors import ConfigError
from awsexec.fastpath import DOCUMENT, process_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Shell(NamedTuple):
    """How a shell sets a variable, and how it takes some away that may not be there."""

    assign: Callable[[str, str], str]
    remove: Callable[[Sequence[str]], str]

    def script(self, variables: Mapping[str, str], unset: Sequence[str]) -> str:
        """The commands that set `variables`, and take away what `unset` names."""
        lines = [self.assign(name, value) for name, value in variables.items()]
        if unset:
            lines.append(self.remove(unset))
        return "".join(f"{line}\n" for line in lines)


def _sh(name: str, value: str) -> str:
    # always in quotes: zsh looks for a program where a value begins with =
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'"


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


# PowerShell takes the typographic ones for its own too (about_Quoting_Rules)
_DOUBLED = {ord(quote): quote * 2 for quote in "'\u2018\u2019\u201a\u201b"}


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{value.translate(_DOUBLED)}'"


def _remove_in_powershell(names: Sequence[str]) -> str:
    listed = ", ".join(f"Env:{name}" for name in names)
    return f"Remove-Item {listed} -ErrorAction SilentlyContinue"


def _cmd(name: str, value: str) -> str:
    """A line for `for /f`, which runs what it has read without looking for ``%`` in it.

    `set` takes all up to the last quote. What a program prints, cmd reads in the
    console's code page, of which no more is sure than ASCII.
    """
    if not (value.isascii() and value.isprintable()):
        raise _unfit("cmd", name, "what is not printable ASCII")
    return f'set "{name}={value}"'


SHELLS = {
    "sh": Shell(_sh, lambda names: f"unset {' '.join(names)}"),
    "fish": Shell(_fish, lambda names: f"set -e {' '.join(names)}; or true"),
    "powershell": Shell(_powershell, _remove_in_powershell),
    "cmd": Shell(_cmd, lambda names: "\n".join(f'set "{name}="' for name in names)),
}


def _process(variables: Mapping[str, str]) -> str:
    for _, name in DOCUMENT:
        value = variables.get(name, "")
        if not (value.isascii() and value.isprintable()):
            raise _unfit("process", name, "what is not printable ASCII")
    return process_document(variables)


def _dotenv(variables: Mapping[str, str]) -> str:
    """The lines of a docker --env-file: all after the ``=`` is the value, as it is.

    Others who read such files (docker compose, python-dotenv) see quotes, comments
    and variables in it; a value that they would take for another one does not fit.
    """
    for name, value in variables.items():
        for what, found in (
            ("a line break", len(value.splitlines()) > 1),
            ("a blank at an end", value != value.strip()),
            ("a quote at the beginning", value[:1] in ("'", '"', "`")),
            ("a word that begins with #", any(w[0] == "#" for w in value.split())),
            ("a $", "$" in value),
            ("what is not UTF-8", not _is_utf8(value)),
        ):
            if found:
                raise _unfit("dotenv", name, what)
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json(variables: Mapping[str, str]) -> str:
    return json.dumps(variables, indent=2) + "\n"


DOCUMENTS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "process": _process,
    "dotenv": _dotenv,
    "json": _json,
}


def _unfit(form: str, name: str, what: str) -> ConfigError:
    return ConfigError(
        f"the value of {name} has {what} in it, which --export {form} cannot carry; "
        "use another FORMAT"
    )
