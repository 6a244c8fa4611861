"""The help text and the man page, from one source: these tables and the options.

``python -m awsexec.manual`` prints the page, which is kept as awsexec.1.
"""

from __future__ import annotations

import sys

from awsexec.options.arguments import OPTIONS, Option
from awsexec.version import __version__

USAGE = (
    ("awsexec PROFILE -- COMMAND [ARG]...", "run COMMAND with the role of PROFILE"),
    ("awsexec PROFILE", "a shell with the role in its prompt"),
    ("awsexec --list", "the profiles, and what is cached of them"),
    ("awsexec [OPTION]... [ACTION] [PROFILE] [[--] COMMAND [ARG]...]", ""),
)

ABOUT = """\
Run COMMAND with the temporary credentials of the AWS role of PROFILE, a profile
of ~/.aws/config or ~/.aws/credentials, asking for an MFA code where one is
configured. Options end at -- or COMMAND. Without PROFILE, AWS_PROFILE counts;
without both you pick one on the terminal.
"""

FORMATS = (
    ("process", "JSON for credential_process in an AWS config"),
    ("sh", 'eval "$(awsexec --export sh PROFILE)"; zsh too'),
    ("fish", "awsexec --export fish PROFILE | source"),
    ("powershell", "awsexec --export powershell PROFILE | Out-String | iex"),
    ("cmd", "set commands for cmd.exe, to run with for /f"),
    ("dotenv", "NAME=VALUE lines, for docker --env-file"),
    ("json", "one object of names and values"),
)

STATUS = (
    ("COMMAND's own", "it ran; awsexec has become it"),
    ("125", "awsexec failed: usage, configuration, AWS said no"),
    ("126, 127", "COMMAND cannot be run, or was not found"),
    ("130", "you interrupted a prompt"),
)

# read by awsexec
ENVIRONMENT = (
    ("AWS_[DEFAULT_]PROFILE", "PROFILE, where none is named"),
    ("AWS_CONFIG_FILE", "instead of ~/.aws/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "instead of ~/.aws/credentials"),
    ("AWS_REGION, AWS_DEFAULT_REGION", "the region, over the profile's"),
    ("AWS_ENDPOINT_URL[_STS]", "where AWS STS is"),
    ("AWS_CA_BUNDLE", "certificates to trust"),
    ("AWSEXEC_MFA_TOKEN", "an MFA code"),
    ("AWSEXEC_MFA_PROCESS", "a command that prints one"),
    ("AWSEXEC_PROCESS_TIMEOUT", "how long a credential_process may take"),
    ("AWS_ENDPOINT_URL_SIGNIN", "where AWS Sign-In is"),
    ("BROWSER", "the browser to sign in with"),
    ("AWSEXEC_CACHE_DIR", "where sessions are kept"),
    ("AWSEXEC_REFRESH_AHEAD", "when to renew them: 25%, 10m, 0 for never"),
    ("AWSEXEC_PROMPT", "0 leaves the prompt of a shell alone"),
    ("AWSEXEC_FASTPATH", "0 does without the short cut to COMMAND"),
)

# set for COMMAND
CHILD = (
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,\n"
    "AWS_CREDENTIAL_EXPIRATION, AWSEXEC_PROFILE, AWS_REGION, AWS_DEFAULT_REGION"
)


def help_text() -> str:
    """What --help prints: 80 columns at most, the commonest uses first."""
    lines = ["Usage:"]
    lines += [f"  {words:<38}{what}".rstrip() for words, what in USAGE]
    lines += ["", ABOUT.rstrip()]
    for title, options in OPTIONS:
        lines += ["", f"{title}:"]
        lines += [f"  {_words(option):<23} {option.help}" for option in options]
    lines += ["", "FORMAT of --export:", *_columns(FORMATS, 23)]
    lines += ["", "Exit status:", *_columns(STATUS, 23)]
    lines += ["", "Environment:", *_columns(ENVIRONMENT, 31)]
    lines += ["", "COMMAND gets:"]
    lines += [f"  {line}" for line in CHILD.split("\n")]
    return "\n".join(lines) + "\n"


def man_page() -> str:
    """awsexec(1), in the man macros that every man program knows (man(7))."""
    lines = [
        f'.TH AWSEXEC 1 "" "awsexec {__version__}" "User Commands"',
        ".SH NAME",
        "awsexec \\- run a command with the temporary credentials of an AWS role",
        ".SH SYNOPSIS",
    ]
    for words, _ in USAGE:
        lines += [f".B {_roff(words)}", ".br"]
    lines += [".SH DESCRIPTION", _roff(ABOUT.rstrip())]
    lines += _definitions([(_roff(words), what) for words, what in USAGE if what])
    lines.append(".SH OPTIONS")
    for title, options in OPTIONS:
        lines.append(f".SS {_roff(title)}")
        lines += _definitions(
            [(_roff(_words(option)), option.help) for option in options]
        )
    lines.append(".SS FORMAT of \\-\\-export")
    lines += _definitions(list(FORMATS))
    lines.append(".SH EXIT STATUS")
    lines += _definitions([(_roff(status), what) for status, what in STATUS])
    lines.append(".SH ENVIRONMENT")
    lines += _definitions([(_roff(name), what) for name, what in ENVIRONMENT])
    lines += [".PP", "COMMAND gets", _roff(CHILD) + "."]
    lines += [
        ".SH FILES",
        *_definitions(
            [
                ("~/.aws/config, ~/.aws/credentials", "the profiles; only read"),
                (
                    "~/.cache/awsexec, on macOS ~/Library/Caches/awsexec",
                    "the sessions; for nobody else to read",
                ),
            ]
        ),
        ".SH SEE ALSO",
        ".BR aws (1),",
        ".BR env (1),",
        ".BR sudo (8)",
    ]
    return "\n".join(lines) + "\n"


def _words(option: Option) -> str:
    return ", ".join(option.flags) + (f" {option.value}" if option.value else "")


def _columns(rows: tuple[tuple[str, str], ...], width: int) -> list[str]:
    return [f"  {left:<{width}} {right}" for left, right in rows]


def _definitions(rows: list[tuple[str, str]]) -> list[str]:
    return [line for term, what in rows for line in (".TP", f".B {term}", _roff(what))]


def _roff(text: str) -> str:
    """`text` with what troff takes for its own escaped."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join(
        "\\&" + line if line.startswith(".") else line for line in escaped.split("\n")
    )


if __name__ == "__main__":
    sys.stdout.write(man_page())
