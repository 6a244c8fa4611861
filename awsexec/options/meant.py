"""What the user may have meant by a command line that awsexec cannot follow.

An answer is a whole command line to type: the user's own words, with the wrong ones put
right. Only a line that the parser accepts is proposed.
"""

from __future__ import annotations

import os

from awsexec.errors import (
    AwsexecError,
    CommandNotFound,
    NoSuchProfile,
    UnknownOption,
    UsageError,
    shown,
)
from awsexec.export_formats import EXPORT_FORMATS, UNSET_FORMATS
from awsexec.options.arguments import default_profile, parse
from awsexec.options.table import (
    ACTIONS,
    COMPLETION_FILES,
    OPTIONS,
    alternatives,
)
from awsexec.profiles import files
from awsexec.profiles.key_index import KeyIndex
from awsexec.profiles.near import distance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    Words = list[str]
    # words put right, and why the old ones were wrong
    Step = tuple[Words, str]

# Options of aws-vault, awsume, granted, the AWS CLI and sudo that have another name here.
# "" is for those before a name that stands alone here.
_OPTIONS = {
    "--profile": "",
    "-p": "",
    "-l": "--list",
    "-c": "--console",
    "-k": "--forget",
    "-d": "--duration",
    "-V": "--version",
    "-?": "-h",
    "--server": "--serve",
    "--ecs-server": "--serve",
    "--ec2-server": "--serve",
    "--stdout": "--no-browser",
}
# Words that stand before a profile's name in other tools, and alone here.
_NEEDLESS = frozenset({"exec", "run", "assume", "shell"})
# Words that are options here: of these tools, and of direnv. Those that are named like
# the option need no row.
_ACTIONS = {
    "ls": "list",
    "login": "console",
    "logout": "sign-out",
    "clear": "forget",
    "serve": "serve",
    "add": "add-keys",
    "remove": "remove-keys",
    "rotate": "rotate-keys",
    "allow": "trust",
    "deny": "untrust",
}
# what a phone or a text program makes of --
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"

# what a shell does itself, where PATH has no program that does the same
_BUILTINS = frozenset(
    ". alias bg bind builtin cd declare dirs eval exec export fc fg hash jobs local popd "
    "pushd read readonly return set shift shopt source trap type ulimit umask unalias "
    "unset".split()
)
# characters that are a shell's business if they stand in the only word of COMMAND
_OPERATORS = frozenset(" \t\n|&;<>()$`\\\"'*?[#~")

# options whose value no message shows
_HIDDEN = ("--mfa-token", "--external-id")
# columns of a command line after which the rest of COMMAND is left out
_LONGEST = 400
# corrections of one command line
_MOST_STEPS = 10


def answer(
    error: UsageError | NoSuchProfile | CommandNotFound,
    argv: Sequence[str],
    environ: Mapping[str, str],
) -> str:
    """Return the message for `error`, with what may have been meant by `argv`."""
    if isinstance(error, CommandNotFound):
        found = _command(argv) or [error.advice]
    else:
        names = _profile_names(environ)
        if isinstance(error, NoSuchProfile):
            found = _in_place_of_profile(error, argv, environ, names)
        else:
            found = _in_place_of_option(error, argv, environ, names)
    # the first part of a usage error says what is wrong, the others what to do
    what = error.what.partition("; ")[0] if found else error.what
    return "; ".join([what, *(found or [error.advice])]).replace("?; ", "? ")


def near_options(flag: str) -> tuple[list[str], bool]:
    """Return the options that `flag` is like, and whether it is a slip of one of them.

    They are those that begin so, else those that are the fewest slips away, else those of
    which it is a part.
    """
    known = [long for option in OPTIONS for long in option.flags if long[:2] == "--"]
    word = flag.strip("-").casefold().replace("_", "-")
    if len(word) < 2:
        return [], False
    found = [name for name in known if name[2:] == word] or [
        name for name in known if name[2:].startswith(word)
    ]
    if not found:
        limit = 1 if len(word) < 5 else 2 if len(word) < 10 else 3
        slips = {name: distance(word, name[2:], limit) for name in known}
        fewest = min(slips.values())
        found = [name for name in known if slips[name] == fewest <= limit]
    if found:
        return (found if len(found) <= 3 else []), True
    parts = [name for name in known if word in name[2:].split("-")]
    return (parts if len(parts) <= 3 else []), False


def _habit(flag: str) -> str:
    """Return the option of another tool of which `flag` is a slip; else `flag` itself.

    An option of awsexec that `flag` may be wins, but not the one of completion scripts.
    """
    word = f"--{flag.strip('-')}"
    if flag not in _OPTIONS and near_options(flag)[0] in ([], ["--profiles"]):
        for habit in _OPTIONS:
            if habit[:2] == "--" and distance(word, habit, 1) <= 1:
                return habit
    return flag


def line(words: Sequence[str]) -> str:
    """Return the command line of awsexec with `words`, as a person types it in a shell.

    The words must be right. A command line that prints lines for a shell is the line that
    makes the shell read them.
    """
    parsed = parse(words)
    command = list(parsed.command or ())
    before = list(words[: len(words) - len(command)])
    if command and before[-1:] != ["--"]:
        before.append("--")
    for flag in _HIDDEN:
        name = next(each.value for each in OPTIONS if flag in each.flags)
        for at, word in enumerate(before):
            if word.startswith(f"{flag}="):
                before[at] = f"{flag}={name}"
            elif at and before[at - 1] == flag:
                before[at] = name
    start = " ".join(map(quoted, ["awsexec", *before]))
    text = " ".join([start, *map(quoted, command)])
    if len(text) > _LONGEST and command:
        text = f"{start} {quoted(command[0])} ..."
    if parsed.action != "export" or parsed.export not in UNSET_FORMATS:
        return text
    if parsed.export == "sh":
        return f'eval "$({text})"'
    if parsed.export == "powershell":
        return f"{text} | Out-String | Invoke-Expression"
    return f"{text} | source" if parsed.export == "fish" else text


def quoted(word: str) -> str:
    """Return `word` as a shell reads it back: with quotes if it needs some.

    Characters that are not printable are written as bash, zsh and POSIX.1-2024 read them
    in ``$'...'``.
    """
    if not word.isprintable():
        text = ""
        for character in word:
            if character.isprintable():
                text += f"\\{character}" if character in "\\'" else character
            else:
                raw = character.encode("utf-8", "surrogateescape")
                text += "".join(f"\\{byte:03o}" for byte in raw)
        return f"$'{text}'"
    safe = word.replace("-", "a").replace("_", "a")
    for character in "@%+:,./":
        safe = safe.replace(character, "a")
    # = begins a word of zsh's and an assignment
    if safe.replace("=", "a").isalnum() and safe.isascii() and "=" not in word[:1]:
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def _corrected(
    argv: Sequence[str], environ: Mapping[str, str], names: Collection[str]
) -> tuple[Words, list[str]] | None:
    """Return the words that may be meant by `argv`, and why its own are wrong.

    None if no words are found, or if these would be wrong too.
    """
    words, reasons = list(argv), []
    for _ in range(_MOST_STEPS):
        step = _option_step(words) or _word_step(words, environ, names)
        if step is None:
            break
        words, reason = step
        reasons.append(reason)
    try:
        parse(words)
    except UsageError:
        return None
    return (words, reasons) if reasons else None


def _option_step(words: Words) -> Step | None:
    """Put the first unknown option right."""
    try:
        parse(words)
        return None
    except UnknownOption as error:
        at = error.position
    except UsageError:
        return None
    flag, equals, value = words[at].partition("=")
    flag = _habit(flag)
    if _OPTIONS.get(flag) == "":
        after = at + 1
        if not equals:
            value, after = (words[after] if after < len(words) else ""), after + 1
        # a second name would be COMMAND
        if not value or value[0] == "-" or _first_word(words[:at]) is not None:
            return None
        return [*words[:at], value, *words[after:]], "PROFILE needs no option"
    if flag in _OPTIONS:
        right = _OPTIONS[flag]
        if right[2:] in ACTIONS and (
            right in words or _first_word(words[:at]) is not None
        ):
            # as in `ls -l`, which is no line of awsexec's
            return None
        reason = f"its name here is {right}"
    else:
        near, is_slip = near_options(flag)
        if len(near) != 1 or not is_slip:
            return None
        right = near[0]
        reason = f"did you mean {right}?"
    return [*words[:at], f"{right}{equals}{value}", *words[at + 1 :]], reason


def _word_step(
    words: Words, environ: Mapping[str, str], names: Collection[str]
) -> Step | None:
    """Put a first word right that is a habit from another tool, and no profile."""
    at = _first_word(words)
    if at is None or words[at] in names:
        return None
    word, before, rest = words[at], words[:at], words[at + 1 :]
    if word in _NEEDLESS:
        return [*before, *rest], f"PROFILE comes first, without {word}"
    shell = os.path.basename(environ.get("SHELL", ""))
    form = "fish" if shell == "fish" else "sh"
    if word == "unset":
        option, rest = ["--export", form, "--unset"], []
    elif word == "export":
        given = rest and rest[0] in EXPORT_FORMATS
        option = ["--export"] if given else ["--export", form]
    elif word in ("init", "completion"):
        shells = [*rest[:1], shell, "bash"]
        option = [
            f"--{word}",
            next(each for each in shells if each in COMPLETION_FILES),
        ]
        rest = []
    elif word == "sso" and rest[:1] in (["login"], ["logout"]):
        option = ["--sign-in" if rest[0] == "login" else "--sign-out"]
        # --profile has no place here: a run of a profile signs in by itself
        rest = rest[2:3] if rest[1:2] == ["--sso-session"] else []
    elif word in _ACTIONS or word.replace("-", "_") in ACTIONS:
        option = [f"--{_ACTIONS.get(word, word)}"]
        if word == "clear" and _first_word(rest) is None:
            option.append("--all")
    elif word.strip(_DASHES) and word[0] in _DASHES:
        option = [f"--{word.strip(_DASHES)}"]
    else:
        return None
    return [*before, *option, *rest], "actions are options"


def _first_word(words: Sequence[str]) -> int | None:
    """Return where the first word that is no option and no option's value stands."""
    valued = {flag for option in OPTIONS if option.value for flag in option.flags}
    at = 0
    while at < len(words) and words[at] != "--":
        if words[at][:1] != "-" or words[at] == "-":
            return at
        at += 2 if words[at] in valued else 1
    return None


def _in_place_of_option(
    error: UsageError,
    argv: Sequence[str],
    environ: Mapping[str, str],
    names: Collection[str],
) -> list[str]:
    """Return what may be meant by a line with a usage error; [] for nothing."""
    found = _typed(_corrected(argv, environ, names))
    if found or not isinstance(error, UnknownOption):
        return found
    at = _first_word(argv)
    if at is not None and at < error.position and argv[at] not in names:
        found = _program(argv, at, environ, *_default(environ))
        if found:
            return [f"no profile {argv[at]!r}", *found]
    if _OPTIONS.get(_habit(error.flag)) == "":
        return ["PROFILE needs no option; type: awsexec PROFILE -- COMMAND"]
    near = near_options(error.flag)[0]
    return [f"did you mean {alternatives(near)}?", error.advice] if near else []


def _in_place_of_profile(
    error: NoSuchProfile,
    argv: Sequence[str],
    environ: Mapping[str, str],
    names: Collection[str],
) -> list[str]:
    """Return what may be meant by a first word that is no profile; [] for nothing."""
    at = _first_word(argv)
    if at is None or argv[at] != error.name or error.is_explained:
        return []
    found = _typed(_corrected(argv, environ, names))
    if not found and error.near:
        found = [error.advice]
    profile, by = _default(environ)
    if not found or profile:
        found += _program(argv, at, environ, profile, by)
    return found


def _default(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the profile that counts without PROFILE, and what names it; "" for none."""
    # most wrong lines are about something else
    from awsexec.profiles.trust import profile_here

    name, by, _ = default_profile(environ, profile_here(environ))
    return name, by


def _typed(corrected: tuple[Words, list[str]] | None) -> list[str]:
    """Return why the words were put right, and the line to type."""
    if corrected is None:
        return []
    words, reasons = corrected
    return [*dict.fromkeys(reasons), f"type: {line(words)}"]


def _program(
    argv: Sequence[str], at: int, environ: Mapping[str, str], profile: str, by: str
) -> list[str]:
    """Return how to run the program that the first word names; [] if it names none.

    A quoted command line names its first word's. `profile` is what counts without PROFILE,
    since `by` names it; both are "" if nothing does.
    """
    command = list(argv[at:])
    words = argv[at].split()
    is_quoted = len(command) == 1 and len(words) > 1
    if not _is_program(words[0] if is_quoted else argv[at], environ):
        return []
    if is_quoted:
        command = ["sh", "-c", argv[at]]
    try:
        if parse(argv[:at]).action != "run":
            return []
    except UsageError:
        return []
    if not profile:
        typed = " ".join(map(quoted, command))
        return [f"PROFILE comes first; type: awsexec PROFILE -- {typed}"]
    typed = line([*argv[:at], "--", *command])
    what = f"to run {shown(argv[at])} as {shown(profile)} ({shown(by)})"
    return [f"{what}, type: {typed}"]


def _command(argv: Sequence[str]) -> list[str]:
    """Return what may be meant by a COMMAND that no folder has; [] for nothing."""
    try:
        command = list(parse(argv).command or ())
    except UsageError:
        return []
    if not command:
        # the user's shell
        return []
    before = list(argv[: len(argv) - len(command)])
    first = command[0]
    name, equals, _ = first.partition("=")
    if equals and name.isidentifier():
        typed = line([*before, "env", *command])
        return [f"env sets variables; type: {typed}"]
    if len(command) == 1 and not _OPERATORS.isdisjoint(first) and first.strip():
        typed = line([*before, "sh", "-c", first])
        return [f"COMMAND is one word, and no shell reads it; type: {typed}"]
    if first in _BUILTINS:
        return [
            "it is a command of the shell, not a program; to start a shell with the "
            f"role, type: {line(before[:-1] if before[-1:] == ['--'] else before)}"
        ]
    return []


def _is_program(name: str, environ: Mapping[str, str]) -> bool:
    return bool(name) and any(
        os.access(path, os.X_OK) and not os.path.isdir(path)
        for path in (
            [name]
            if "/" in name
            else [
                os.path.join(folder, name)
                for folder in environ.get("PATH", os.defpath).split(os.pathsep)
            ]
        )
    )


def _profile_names(environ: Mapping[str, str]) -> set[str]:
    """Return the names of the profiles; of a file that cannot be read, none."""
    config, credentials = files.paths(environ)
    names = set(KeyIndex.load(environ).keys)
    for path, kind in ((config, files.CONFIG), (credentials, files.CREDENTIALS)):
        try:
            names.update(files.read(path, kind).profiles)
        except AwsexecError:
            continue
    return names
