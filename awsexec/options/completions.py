"""The tables of options in the completion files of bash, zsh and fish.

The files in completions/ are written by hand, except for one block between two marked
lines. The functions here return that block.
"""

from __future__ import annotations

from awsexec.options.table import COMPLETION_FILES, FILE, OPTIONS, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

START = "# --- Written by `make completions` from awsexec/options; edit it there. ---\n"
END = "# --- End of what `make completions` writes. ---\n"

# the regions with their names in the console
REGIONS = {
    "af-south-1": "Cape Town",
    "ap-east-1": "Hong Kong",
    "ap-east-2": "Taipei",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-northeast-3": "Osaka",
    "ap-south-1": "Mumbai",
    "ap-south-2": "Hyderabad",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
    "ap-southeast-3": "Jakarta",
    "ap-southeast-4": "Melbourne",
    "ap-southeast-5": "Malaysia",
    "ap-southeast-6": "New Zealand",
    "ap-southeast-7": "Thailand",
    "ca-central-1": "Canada",
    "ca-west-1": "Calgary",
    "cn-north-1": "China, Beijing",
    "cn-northwest-1": "China, Ningxia",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "eusc-de-east-1": "European Sovereign Cloud, Germany",
    "il-central-1": "Tel Aviv",
    "me-central-1": "UAE",
    "me-south-1": "Bahrain",
    "me-west-1": "Saudi Arabia",
    "mx-central-1": "Mexico",
    "sa-east-1": "São Paulo",
    "sa-west-1": "Chile",
    "us-east-1": "N. Virginia",
    "us-east-2": "Ohio",
    "us-gov-east-1": "GovCloud, US-East",
    "us-gov-west-1": "GovCloud, US-West",
    "us-west-1": "N. California",
    "us-west-2": "Oregon",
}


def updated(shell: str, text: str) -> str:
    """Return `text`, the completion file of `shell`, with its block up to date.

    Raises `ValueError` if the file does not have both marked lines.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{COMPLETION_FILES[shell]} lacks a marked line")
    return before + start + BLOCKS[shell]() + end + after


def _bash() -> str:
    """Return the block of bash: functions, for arrays would stay in the user's shell."""
    lines = [
        "# Set `valued` if option $1 takes its value from the next word, and set `action`",
        "# if it is an action that takes a PROFILE or a FILE, or (none) one that takes no",
        "# word.",
        "_awsexec_option() {",
        "    valued=''",
        "    case $1 in",
        *_bash_case(_flags(option for option in OPTIONS if option.value)),
        "            valued=yes",
        "            ;;",
        "    esac",
        "    case ${1%%=*} in",
        *_bash_case(_with_profile()),
        "            # --unset may stand before --export",
        "            [[ $action ]] || action=profile",
        "            ;;",
        *_bash_case(_with_file()),
        "            action=file",
        "            ;;",
        *_bash_case(_without_profile()),
        "            action=none",
        "            ;;",
        "    esac",
        "}",
        "",
        "# Put all options into `values`.",
        "_awsexec_options() {",
        "    values=(",
        *_filled(_flags(OPTIONS), "        "),
        "    )",
        "}",
        "",
        "# Put the values of option $1 into `values`, or the name of a list into `list`.",
        "_awsexec_values() {",
        "    case $1 in",
    ]
    by_words: dict[str | tuple[str, ...], list[str]] = {}
    for option in OPTIONS:
        if option.completes:
            by_words.setdefault(option.completes, []).extend(option.flags)
    for completes, flags in by_words.items():
        words = tuple(REGIONS) if completes == "regions" else completes
        lines += _bash_case(flags)
        if isinstance(words, str):
            lines.append(f"            list={words}")
        else:
            quoted = [f"'{word}'" if "{" in word else word for word in words]
            lines.append("            values=(")
            lines += _filled(quoted, " " * 16)
            lines.append("            )")
        lines.append("            ;;")
    lines += ["    esac", "}"]
    return "\n".join(lines) + "\n"


def _bash_case(flags: Sequence[str]) -> list[str]:
    """Return the lines of a pattern of ``case`` that matches `flags`."""
    lines = _filled([f"{flag} |" for flag in flags], " " * 12)
    pattern = " \\\n".join(lines).strip().removesuffix(" |")
    return [f"        {pattern})"]


def _zsh() -> str:
    """Return the block of zsh: a function that sets the arrays of its caller."""
    lines = [
        "# Set `options` to what _arguments takes, `actions` to the actions that take a",
        "# PROFILE, `files` to those that take a FILE, and `regions` to the regions with",
        "# their names.",
        "_awsexec_table() {",
        "  options=(",
        *(f"    {_zsh_option(option)}" for option in OPTIONS),
        "  )",
        "  actions=(",
        *_filled(_with_profile(), "    "),
        "  )",
        "  files=(",
        *_filled(_with_file(), "    "),
        "  )",
        "  regions=(",
        *(f"    {_quoted(f'{name}:{place}')}" for name, place in REGIONS.items()),
        "  )",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _zsh_option(option: Option) -> str:
    """Return what _arguments takes for `option`."""
    help = option.help
    for special in "\\[]":
        help = help.replace(special, "\\" + special)
    spec = f"[{help}]"
    if option.value:
        spec = f"={spec}:{option.value}:{_zsh_values(option)}"
    if option.action and not option.operand:
        excluded = "(- : *)"
    elif not option.operand:
        excluded = "(1)"
    elif len(option.flags) > 1:
        excluded = f"({' '.join(option.flags)})"
    else:
        excluded = ""
    if option.repeated:
        excluded = "*"
    if len(option.flags) > 1:
        return f"'{excluded}'{{{','.join(option.flags)}}}{_quoted(spec)}"
    return _quoted(f"{excluded}{option.flags[0]}{spec}")


def _zsh_values(option: Option) -> str:
    if isinstance(option.completes, tuple):
        return f"({' '.join(option.completes)})" if option.completes else " "
    return "_files" if option.completes == "files" else f"_awsexec_{option.completes}"


def _quoted(text: str) -> str:
    """Return `text` in single quotes of bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish() -> str:
    """Return the block of fish."""
    lines = [
        "# the options that take their value from the next word",
        *_fish_list("__awsexec_valued", _flags(o for o in OPTIONS if o.value)),
        "# the actions that take a PROFILE, those that take a FILE, and the options that",
        "# take no word at all",
        *_fish_list("__awsexec_actions", _with_profile()),
        *_fish_list("__awsexec_files", _with_file()),
        *_fish_list("__awsexec_alone", _without_profile()),
        "",
        "function __awsexec_regions",
        "    printf '%s\\t%s\\n' \\",
        *(
            f"        {name} {_fish_quoted(place)} \\"
            for name, place in list(REGIONS.items())[:-1]
        ),
        *(f"        {n} {_fish_quoted(p)}" for n, p in list(REGIONS.items())[-1:]),
        "end",
        "",
        *map(_fish_option, OPTIONS),
    ]
    return "\n".join(lines) + "\n"


def _fish_list(name: str, words: Sequence[str]) -> list[str]:
    lines = _filled(words, "    ")
    return [f"set -g {name} \\", *(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _fish_option(option: Option) -> str:
    """Return the line that completes `option`."""
    words = ["complete -c awsexec -n '__awsexec_at option'"]
    for flag in option.flags:
        kind = "-l" if flag.startswith("--") else "-s"
        words.append(f"{kind} {flag.lstrip('-')}")
    if option.value:
        # -x: nothing but these values; -rF: files too
        words.append("-rF" if option.completes in ("files", "shells") else "-x")
    if isinstance(option.completes, tuple):
        if option.completes:
            values = " ".join(option.completes)
            values = values.replace("{", "\\{").replace("}", "\\}")
            words.append(f"-a '{values}'")
    elif option.completes != "files":
        words.append(f"-a '(__awsexec_{option.completes})'")
    words.append(f"-d {_fish_quoted(option.help)}")
    return " ".join(words)


def _fish_quoted(text: str) -> str:
    """Return `text` in single quotes of fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _flags(options: Iterable[Option]) -> list[str]:
    return [flag for option in options for flag in option.flags]


def _with_profile() -> list[str]:
    """Return the actions that take a PROFILE, or another word that its names begin."""
    return _flags(
        option
        for option in OPTIONS
        if option.action and option.operand not in ("", FILE)
    )


def _with_file() -> list[str]:
    return _flags(option for option in OPTIONS if option.operand == FILE)


def _without_profile() -> list[str]:
    return _flags(option for option in OPTIONS if not option.operand)


def _filled(words: Iterable[str], indent: str) -> list[str]:
    """Return the words in lines of 88 columns."""
    lines = [indent]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > 86 and lines[-1] != indent:
            lines.append(indent)
        lines[-1] += word if lines[-1] == indent else f" {word}"
    return lines


BLOCKS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
