"""A shell with the role: which shell, and how its prompt shows the role.

The shell is the user's own and reads the user's start-up files. bash, zsh and fish also
read a file of awsexec's (`shells/`). Other shells are started without one.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shells")


def user_shell(environ: Mapping[str, str]) -> str:
    """Return $SHELL, else the user's login shell, else /bin/sh."""
    if os.name != "posix":
        return environ.get("COMSPEC") or "cmd.exe"
    if environ.get("SHELL"):
        return environ["SHELL"]
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"


def command(
    shell: str,
    environ: Mapping[str, str],
    identity: Mapping[str, str],
    *,
    login: bool,
    interactive: bool,
) -> tuple[list[str], dict[str, str]]:
    """Return the command that starts `shell`, and the variables to add to `environ`.

    `identity` are the role's variables, which the user's start-up files must not change.
    `login` makes it a login shell. A shell that is not `interactive` reads commands from
    a file or pipe and has no prompt; bash then reads no start-up files.
    """
    name = os.path.basename(shell)
    if interactive and name == "bash":
        # A login shell ignores --rcfile. So this is not one, and the file reads what a
        # login shell reads.
        started = [shell, "--rcfile", os.path.join(_FILES, "bash.sh")]
        return started, {"AWSEXEC_LOGIN_SHELL": "1"} if login else {}
    if name == "zsh":
        added = {"ZDOTDIR": os.path.join(_FILES, "zsh")}
        if "ZDOTDIR" in environ:
            added["AWSEXEC_ZDOTDIR"] = environ["ZDOTDIR"]
        return _plain(shell, login), added
    if name == "fish":
        source = "source " + _fish_quoted(os.path.join(_FILES, "fish.fish"))
        # awsexec's file runs after the user's files, so it cannot note the variables
        lines = "\n".join(f"{name}={value}" for name, value in identity.items())
        return (
            [*_plain(shell, login), "--init-command", source],
            {"AWSEXEC_STARTED_WITH": lines},
        )
    return _plain(shell, login), {}


def shows_role(shell: str) -> bool:
    """Return whether the prompt of `shell` shows the role, as `command` starts it."""
    return os.path.basename(shell) in ("bash", "zsh", "fish")


def init_line(shell: str, function: str, completions: str) -> str:
    """Return the line that makes `shell` read awsexec's file for start-up files.

    `function` is the name of the function that it defines, and `completions` the path of
    the completion script; "" for none.
    """
    words = [os.path.join(_FILES, f"init.{shell}"), function, completions]
    if shell == "fish":
        return f"source {' '.join(map(_fish_quoted, words))}\n"
    quoted = ["'" + word.replace("'", "'\\''") + "'" for word in words]
    # an alias or function of the user's may have the name
    return f"\\builtin source {' '.join(quoted)}\n"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _plain(shell: str, login: bool) -> list[str]:
    return [shell, "-l"] if login else [shell]
