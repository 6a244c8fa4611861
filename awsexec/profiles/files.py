"""Reading the AWS config file and the credentials file.

The grammar is the one the AWS SDKs share (`SDKs and Tools Reference Guide`, "Using
shared config and credentials files"), and botocore's where they differ:

- A ``#`` or ``;`` that starts a line, or follows white space in a value, begins a
  comment. Without the white space it is part of the value. In a line that continues a
  value it always is, and in the quotes of a command line.
- ``=`` separates a name from its value, ``:`` does not. Names are lower-cased.
- A line indented deeper than its setting continues that setting. Under a setting whose
  own value is empty, such lines are settings of their own, one level deep.
- Sections of the same name merge, and the last value of a setting wins.
- In the config file a profile is ``[profile NAME]``, or ``[default]``, over which
  ``[profile default]`` wins whole. In the credentials file it is ``[NAME]``.
- A name with blanks is quoted in the config file.
- A section's header ends at the last ``]`` before its comment, so that a name may have
  brackets. A header that is not understood makes no profile, never one of another name.

Every setting keeps its file and line, so that a message can point at it.
"""

from __future__ import annotations

import os

from awsexec import bounded
from awsexec.directories import with_home
from awsexec.errors import ConfigError, reason, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import Any

    Lines = dict[str, list[Any]]

IS_FOLDER = "it is a folder"
NO_HOME = f"{bounded.NO_HOME}; set HOME"
# the byte order marks of UTF-16
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# the characters of a variable's name after a $
_IN_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
CONFIG = "config"
CREDENTIALS = "credentials"
# the variables that name the two files
PATH_VARIABLES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


class Setting:
    """One ``name = value``, and where it stands.

    `line` counts from 1. A setting that stands in no file has line 0, and its `file` is
    the name of the option or variable it comes from; `is_option` tells an option's.
    `value` is "" where nothing follows the ``=``. `block` holds the settings indented
    under an empty value (``s3 =``, or a service in a ``services`` section), in their
    order and with their names as they were written; `nested` has them by name. `pieces`
    are the values of a repeated option, which `value` joins. `is_cut` is whether the
    line's comment begins inside quotes.
    """

    __slots__ = (
        "name",
        "value",
        "file",
        "line",
        "block",
        "pieces",
        "is_option",
        "is_cut",
    )

    def __init__(
        self,
        name: str,
        value: str,
        file: str,
        line: int,
        block: Sequence[tuple[str, str, int]] = (),
        is_cut: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.file = file
        self.line = line
        self.block = [Setting(key, text, file, at) for key, text, at in block]
        self.pieces: Sequence[str] = ()
        self.is_option = False
        self.is_cut = is_cut

    @classmethod
    def from_option(
        cls, name: str, value: str, option: str, pieces: Sequence[str] = ()
    ) -> Setting:
        """Return the setting `name` that the command line's `option` stands for."""
        setting = cls.outside(name, value, option)
        setting.pieces = pieces
        setting.is_option = True
        return setting

    @classmethod
    def outside(cls, name: str, value: str, where: str) -> Setting:
        """Return a setting that stands in no file but comes from `where`: a variable."""
        return cls(name, value, where, 0)

    @property
    def nested(self) -> dict[str, Setting]:
        """The settings of the block by their names, which are lower-cased."""
        return {setting.name.lower(): setting for setting in self.block}

    @property
    def where(self) -> str:
        """The place as ``FILE:LINE``, or the option."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __repr__(self) -> str:
        return f"<{self.name} at {self.where}>"


class Section:
    """The settings of one profile, sso-session or services section of one file.

    `lines` holds them as they were read: name to [value, line number, block]. `cuts` are
    the numbers of the lines whose comment begins inside quotes. A run needs a section or two of thousands, so the `Setting`s are made on demand.
    """

    __slots__ = ("name", "file", "line", "lines", "cuts", "_settings")

    def __init__(
        self, name: str, file: str, line: int, cuts: Container[int] = ()
    ) -> None:
        self.name = name
        self.file = file
        self.line = line
        self.lines: Lines = {}
        self.cuts = cuts
        self._settings: dict[str, Setting] | None = None

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings by name."""
        if self._settings is None:
            self._settings = {
                name: Setting(name, value, self.file, line, block, line in self.cuts)
                for name, (value, line, block) in self.lines.items()
            }
        return self._settings


class AwsFile:
    """What one file holds.

    `absent` says why there is no file, "" if there is one, and `given_by` is the variable
    that names the file, "" for none. `cuts` are the lines whose
    comment begins inside quotes. `skipped` lists the sections that are not read, as (header, line, why). `why_not`
    finds the one that a user may have meant.
    """

    def __init__(self, path: str, kind: str = CONFIG) -> None:
        self.path = path
        self.kind = kind
        self.absent = self.given_by = ""
        self.profiles: dict[str, Section] = {}
        self.sso_sessions: dict[str, Section] = {}
        self.services: dict[str, Section] = {}
        self.skipped: list[tuple[str, int, str]] = []
        self.cuts: set[int] = set()
        self._meant: dict[tuple[str, str], str] | None = None

    @property
    def looked_in(self) -> str:
        """The path for messages; with the reason if a variable names a file that is none."""
        if not (self.absent in (IS_FOLDER, NO_HOME) or self.absent and self.given_by):
            return self.path
        given_by = f"{self.given_by}: " if self.given_by else ""
        return f"{shown(self.path)} ({given_by}{self.absent})"

    def why_not(self, name: str, word: str = "profile") -> str:
        """Return why no section makes `name` a profile, or what else `word` stands for.

        The result is the place and the reason, for a message; "" where no section looks
        as if it was meant to.
        """
        bare = self._of_skipped(("", name)) if word == "profile" else ""
        return bare or self._of_skipped((word, name))

    def why_not_whole(self, name: str) -> str:
        """Return, as `why_not` does, which section is missing in the profile `name`.

        In the config file a section that has the name without a word before it does not
        count: no SDK takes that for a profile.
        """
        if not self.skipped:
            return ""
        is_bare = self.kind == CREDENTIALS or name == "default"
        return self._of_skipped(("" if is_bare else "profile", name))

    def _of_skipped(self, meant: tuple[str, str]) -> str:
        if self._meant is None:
            self._meant = {}
            for header, line, why in self.skipped:
                name = _unquote(_rest(header))
                likes = [word for word in _WORDS if name and _is_like(header, word)]
                for key in (("", header), *((word, name) for word in likes)):
                    self._meant.setdefault(key, f"{shown(self.path)}:{line}: {why}")
        return self._meant.get(meant, "")


def paths(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the paths of the config file and the credentials file, as botocore finds them."""
    config, credentials = (environ.get(name) for name in PATH_VARIABLES)
    return (
        expand(config or "~/.aws/config", environ),
        expand(credentials or "~/.aws/credentials", environ),
    )


def expand(path: str, environ: Mapping[str, str]) -> str:
    """Return `path` with its ``~`` and ``$VARIABLE`` filled in, as botocore does."""
    return with_home(_with_variables(path, environ), environ)


def _with_variables(path: str, environ: Mapping[str, str]) -> str:
    """Return `path` with its ``$NAME`` and ``${NAME}`` filled in from `environ`.

    As for os.path.expandvars, which uses os.environ, an unset variable stays as it is.
    """
    if "$" not in path or os.name != "posix":
        return os.path.expandvars(path)
    first, *pieces = path.split("$")
    filled = [first]
    for piece in pieces:
        if piece[:1] == "{":
            name, close, rest = piece[1:].partition("}")
        else:
            rest = piece.lstrip(_IN_NAMES)
            name, close = piece[: len(piece) - len(rest)], "}"
        known = bool(name) and bool(close) and name in environ
        filled.append(environ[name] + rest if known else "$" + piece)
    return "".join(filled)


def read(path: str, kind: str, seconds: float = bounded.TIME_LIMIT) -> AwsFile:
    """Read the file at `path`, of the `kind` CONFIG or CREDENTIALS.

    If it is a pipe, somebody has so many `seconds` to write it. A missing file counts as empty, and so does a directory in its place: container
    runtimes create one where they find no file to mount. Raises `ConfigError`, which
    names file and line, for a file that cannot be read or parsed.
    """
    try:
        data = bounded.read(path, seconds=seconds)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        return _absent(path, kind, error)
    except (OSError, ValueError) as error:
        advice = "check the file's permissions"
        if isinstance(error, bounded.Unreadable):
            advice = "check the path of the file"
        raise ConfigError(
            f"cannot read {shown(path)}: {reason(error)}; {advice}"
        ) from None
    if b"\0" in data or data.startswith(_UTF_16):
        raise _no_text(path, data)
    try:
        # the codec utf-8-sig is a module of its own to import
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _malformed(
            path, line, "the file is not UTF-8 text; save it as UTF-8"
        ) from None
    if "\ufeff" in text:
        line = text.count("\n", 0, text.index("\ufeff")) + 1
        raise _malformed(
            path,
            line,
            "a byte order mark (U+FEFF) in the middle of the file, as two joined files have "
            "it; write the line again",
        )
    return parse(text, path, kind)


def _absent(path: str, kind: str, error: OSError) -> AwsFile:
    """Return what a file holds that is not there."""
    found = AwsFile(path, kind)
    is_folder = isinstance(error, IsADirectoryError)
    found.absent = IS_FOLDER if is_folder else "there is no such file"
    if bounded.is_homeless(path):
        found.absent = NO_HOME
    return found


def _no_text(path: str, data: bytes) -> ConfigError:
    """Return the error of a file that is no text, or text for which no SDK is made."""
    if data.startswith(_UTF_16) or b"\0" in data[:2]:
        return _malformed(
            path,
            1,
            "the file is UTF-16 text, as > in Windows PowerShell writes it; save it as UTF-8",
        )
    line = data.count(b"\n", 0, data.index(b"\0")) + 1
    return _malformed(path, line, "the file has a NUL character; is it a text file?")


def parse(text: str, path: str, kind: str) -> AwsFile:
    """Parse the `text` of a file. `path` is for messages only. Raises `ConfigError`."""
    parsed = AwsFile(path, kind)
    groups: dict[str, dict[str, Section]] = {
        "profile": parsed.profiles,
        "bare default": {},
        "sso-session": parsed.sso_sessions,
        "services": parsed.services,
    }
    lines: Lines | None = None
    # the settings that go on over several lines
    long: list[list[Any]] = []
    # the setting that an indented line continues, and its own indentation
    name, name_indent = "", 0

    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        first = stripped[0]
        if first in "#;":
            continue
        indent = 0 if first == line[0] else len(line) - len(line.lstrip())

        if name and indent > name_indent and lines is not None:
            _continue(lines[name], name, stripped, path, number, long)
        elif first == "[":
            name = ""
            header, why = _header(stripped, path, number)
            group = title = ""
            if not why:
                group, title, why = _classify(header, kind)
            if why:
                parsed.skipped.append((header, number, why))
                lines = {}
            else:
                section = groups[group].get(title)
                if section is None:
                    section = Section(title, path, number, parsed.cuts)
                    groups[group][title] = section
                lines = section.lines
        else:
            name, equals, value = stripped.partition("=")
            name = name.rstrip().lower()
            if not equals:
                raise _malformed(
                    path, number, "the line has no '='; write NAME = VALUE"
                )
            if not name:
                raise _malformed(
                    path, number, "the line has no name before '='; write NAME = VALUE"
                )
            if lines is None:
                what = "the setting stands before the first [section]"
                advice = "put it below its profile"
                if name.startswith("export "):
                    what, advice = (
                        f"{what}, as a line for a shell",
                        f"{advice}, without export",
                    )
                raise _malformed(path, number, f"{what}; {advice}")
            if "#" in value or ";" in value:
                line, value = value, _without_comment(
                    value, in_quotes=name in _COMMANDS
                )
                if _is_cut(value, line):
                    parsed.cuts.add(number)
            lines[name] = [value.strip(), number, ()]
            name_indent = indent

    for entry in long:
        entry[0] = "\n".join(entry.pop())
    for section in groups["bare default"].values():
        parsed.profiles.setdefault("default", section)
    return parsed


def _header(line: str, path: str, number: int) -> tuple[str, str]:
    """Return what a section's first line has in its brackets, and why that is no name.

    The reason is "" where it may be a name.
    """
    if line[-1] == "]" and "#" not in line and ";" not in line:
        return line[1:-1].strip(), ""
    close, comment = _end_of_header(line)
    if close < 0:
        raise _malformed(
            path, number, "the section's header has '[' without ']'; close it"
        )
    header, more = line[1:close].strip(), line[close + 1 :]
    if comment:
        # read by another rule, the name would go on
        again = line.rfind("]")
        if more[0] in "#;" and again > close:
            whole = line[1:again].strip()
            return whole, "put a blank before the comment, or quotes around the name"
        return header, ""
    if more:
        return header, "put what follows the ']' on a line of its own"
    return header, ""


def _continue(
    entry: list[Any],
    name: str,
    text: str,
    path: str,
    number: int,
    long: list[list[Any]],
) -> None:
    """Add an indented line to the setting `name`, whose lines so far are in `entry`.

    The lines of its value become one text when all are there: until then they are a
    fourth item of `entry`, which is one of `long`.
    """
    if entry[0]:
        if len(entry) == 3:
            entry.append([entry[0]])
            long.append(entry)
        entry[3].append(text)
        return
    key, equals, inner = text.partition("=")
    if not equals or not key.strip():
        raise _malformed(
            path, number, f"the indented line under {name!r} is not NAME = VALUE"
        )
    if not entry[2]:
        entry[2] = []
    entry[2].append((key.strip(), _without_comment(inner).strip(), number))


def _end_of_header(line: str) -> tuple[int, bool]:
    """Return where the header's last ``]`` before the comment is, and if one follows.

    The place is -1 where there is no ``]``. What is in quotes begins no comment, and a
    ``#`` or ``;`` within the name does not either.
    """
    # nothing but blanks since the last "]"
    quote, close, is_blank = "", -1, False
    for position, character in enumerate(line):
        if quote:
            if character == quote:
                quote = ""
        elif character == "]":
            close, is_blank = position, True
        elif character in "#;" and is_blank:
            return close, True
        elif (
            character in "\"'"
            and line[position - 1] in "[ \t"
            and line.find(character, position + 1) > 0
        ):
            quote = character
        is_blank = is_blank and (character == "]" or character.isspace())
    return close, False


# the words that begin a header of the config file
_WORDS = ("profile", "sso-session", "services")


def _classify(header: str, kind: str) -> tuple[str, str, str]:
    """Return a section's group, its name, and if it has no group the reason."""
    if header == "DEFAULT":
        return "", header, "[DEFAULT] is not [default]; write it in lower case"
    if kind == CREDENTIALS:
        word, _, rest = header.partition(" ")
        if word == "profile" and rest:
            return (
                "",
                header,
                "in the credentials file, write [NAME] without the word profile",
            )
        return ("profile", _unquote(header), "") if header else ("", "", "no name")
    if header == "default":
        return "bare default", header, ""
    words = header.split(None, 1)
    if len(words) < 2 or words[0] not in _WORDS:
        return "", header, _advice(header)
    name = _unquote(words[1])
    if name == words[1] and len(name.split()) > 1:
        return "", header, f'quote a name with blanks: [{words[0]} "{name}"]'
    return words[0], name, ""


def _advice(header: str) -> str:
    """Return how to write a header of the config file that is not understood."""
    name = _unquote(_rest(header))
    for word in _WORDS:
        if not _is_like(header, word):
            continue
        if not name:
            return f"write {word!r} in lower case, and a name"
        return f"write [{word} {_quoted(name)}]"
    return f"write [profile {_quoted(header)}] in the config file"


# whether a word, which may begin thousands of headers, looks like one of _WORDS
_LIKE: dict[tuple[str, str], bool] = {}


def _is_like(header: str, word: str) -> bool:
    """Return whether the first word of `header` is `word`, or looks like a slip of it."""
    first = header.split(None, 1)[0].lower() if header else ""
    if first == word or not _rest(header):
        return first == word
    if (first, word) not in _LIKE:
        _LIKE[first, word] = _is_slip(first, word)
    return _LIKE[first, word]


def _is_slip(first: str, word: str) -> bool:
    # few files have such a header
    from awsexec.profiles.near import distance

    # botocore takes whatever begins like it
    return first.startswith(word) or distance(first, word, 2) <= 2


def _rest(header: str) -> str:
    words = header.split(None, 1)
    return words[1] if len(words) > 1 else ""


def _quoted(name: str) -> str:
    return f'"{name}"' if len(name.split()) > 1 else name


def _unquote(name: str) -> str:
    if len(name) > 2 and name[0] == name[-1] and name[0] in "\"'":
        return name[1:-1]
    return name


# settings whose values are command lines
_COMMANDS = frozenset({"credential_process", "mfa_process"})


def _without_comment(value: str, *, in_quotes: bool = False) -> str:
    """Return `value` up to its comment; `in_quotes` is whether quotes hide one."""
    quote, escaped = "", False
    last = {each: value.rfind(each) for each in "\"'"} if in_quotes else {}
    for position, character in enumerate(value):
        if quote or escaped:
            if escaped:
                escaped = False
            elif character == "\\" and quote == '"':
                escaped = True
            elif character == quote:
                quote = ""
        elif in_quotes and character == "\\":
            escaped = True
        elif position < last.get(character, -1):
            quote = character
        elif character in "#;" and position and value[position - 1] in " \t":
            return value[:position]
    return value


def _is_cut(kept: str, line: str) -> bool:
    """Return whether the comment of `line`, which is `kept` without it, cuts quotes apart."""
    comment = line[len(kept) :]
    return any(kept.count(quote) % 2 and quote in comment for quote in "\"'")


def _malformed(path: str, line: int, what: str) -> ConfigError:
    return ConfigError(f"{shown(path)}:{line}: {what}")
