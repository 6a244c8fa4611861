"""What --export prints: variables as each shell and program reads them.

The functions take names with values and return text. They raise `ConfigError` for a
value that could not be read back as it is.

The parser of the command line reads the names from here, so this module imports nothing
slow at the top.
"""

from __future__ import annotations

from awsexec.errors import ConfigError
from awsexec.fastpath import DOCUMENT, process_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Each format's name, what reads it, and the line to use, in the order of the help.
FORMATS = (
    (
        "process",
        "AWS SDKs, as the credential_process of a profile",
        "credential_process = awsexec --export process PROFILE",
    ),
    ("sh", "sh, bash, zsh", 'eval "$(awsexec --export sh PROFILE)"'),
    ("fish", "fish", "awsexec --export fish PROFILE | source"),
    (
        "powershell",
        "PowerShell",
        "awsexec --export powershell PROFILE | Out-String | Invoke-Expression",
    ),
    (
        "cmd",
        "cmd.exe (write %%i in a batch file)",
        "for /f \"delims=\" %i in ('awsexec --export cmd PROFILE') do @%i",
    ),
    (
        "dotenv",
        "docker --env-file (NAME=VALUE lines)",
        "docker run --env-file <(awsexec --export dotenv PROFILE) IMAGE",
    ),
    (
        "json",
        "other programs (a JSON object of names and values)",
        "awsexec --export json PROFILE",
    ),
)
EXPORT_FORMATS = tuple(name for name, _, _ in FORMATS)

# the command that fails, in sh, bash, zsh and fish
FALSE = "false"


class Shell:
    """How a shell sets a variable, removes some that may not be there, and fails.

    `failure` is a line that makes the command fail with which the shell reads the lines,
    and that prints nothing.
    """

    __slots__ = ("assign", "remove", "failure")

    def __init__(
        self,
        assign: Callable[[str, str], str],
        remove: Callable[[Sequence[str]], str],
        failure: str = FALSE,
    ) -> None:
        self.assign = assign
        self.remove = remove
        self.failure = failure

    def script(self, variables: Mapping[str, str], unset: Sequence[str]) -> str:
        """Return the commands that set `variables` and remove what `unset` names."""
        lines = [self.assign(name, value) for name, value in variables.items()]
        if unset:
            lines.append(self.remove(unset))
        return "".join(f"{line}\n" for line in lines)


def _sh(name: str, value: str) -> str:
    # always in quotes: zsh takes a value that begins with = for a program's name
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'"


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


# PowerShell also accepts typographic quotes as its own (about_Quoting_Rules)
_DOUBLED = {ord(quote): quote * 2 for quote in "'\u2018\u2019\u201a\u201b"}


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{value.translate(_DOUBLED)}'"


def _remove_in_powershell(names: Sequence[str]) -> str:
    listed = ", ".join(f"Env:{name}" for name in names)
    return f"Remove-Item {listed} -ErrorAction SilentlyContinue"


def _cmd(name: str, value: str) -> str:
    """Return a line for `for /f`, which runs a line without looking for ``%`` in it.

    `set` reads up to the last quote. cmd reads a program's output in the console's code
    page, and every code page has ASCII only in common.
    """
    if not (value.isascii() and value.isprintable()):
        raise _unfit("cmd", name, "characters that are not printable ASCII")
    return f'set "{name}={value}"'


# the formats that a shell reads, which --unset has too
SHELLS = {
    "sh": Shell(_sh, lambda names: f"unset {' '.join(names)}"),
    "fish": Shell(_fish, lambda names: f"set -e {' '.join(names)}; or true"),
    "powershell": Shell(
        _powershell, _remove_in_powershell, "throw 'awsexec printed no credentials'"
    ),
    "cmd": Shell(
        _cmd,
        lambda names: "\n".join(f'set "{name}="' for name in names),
        # `exit` itself would end the user's cmd
        "cmd /c exit 1",
    ),
}
UNSET_FORMATS = tuple(SHELLS)


def _process(variables: Mapping[str, str]) -> str:
    for _, name in DOCUMENT:
        value = variables.get(name, "")
        if not (value.isascii() and value.isprintable()):
            raise _unfit("process", name, "characters that are not printable ASCII")
    return process_document(variables)


def _dotenv(variables: Mapping[str, str]) -> str:
    """Return the lines of a docker --env-file: all after the ``=`` is the value.

    Other readers of such files (docker compose, python-dotenv) give quotes, comments and
    variables a meaning. A value that they would read as another one is refused.
    """
    for name, value in variables.items():
        for what, found in (
            ("a line break", len(value.splitlines()) > 1),
            ("a blank at its beginning or end", value != value.strip()),
            ("a quote at its beginning", value[:1] in ("'", '"', "`")),
            ("a word that begins with #", any(w[0] == "#" for w in value.split())),
            ("a $", "$" in value),
            ("characters that are not UTF-8", not _is_utf8(value)),
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
    import json

    return json.dumps(variables, indent=2) + "\n"


DOCUMENTS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "process": _process,
    "dotenv": _dotenv,
    "json": _json,
}


def failure(form: str) -> str:
    """Return what to print in place of credentials, so that the reader fails too.

    `eval` and its like succeed if they read nothing, and the shell would go on with the
    identity that it had. A program that reads a document fails without one. `form` need
    not be a known format: then it may be meant for a shell (``--export bash``).
    """
    if form in DOCUMENTS:
        return ""
    return (SHELLS[form].failure if form in SHELLS else FALSE) + "\n"


def _unfit(form: str, name: str, what: str) -> ConfigError:
    return ConfigError(
        f"--export {form} cannot write the value of {name}, which has {what}; use another "
        "FORMAT"
    )
