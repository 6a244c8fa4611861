"""What the start-up files of the shells repeat of the fast path's lists."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import awsexec
from awsexec.fastpath import REMOVED, REMOVED_PREFIX
from tests.hostile import ACTED_ON, is_harmless

SHELLS = Path(awsexec.__file__).parent / "child" / "shells"
# only awsexec sets these, so the user's own files do not
OF_AWSEXEC = {
    "AWSEXEC_BARE_CONFIG",
    "AWSEXEC_BARE_PROFILE",
    "AWSEXEC_OWN_CONFIG",
    "AWSEXEC_PROFILE_REGION",
}
# where the user's files are, and the region: a shell keeps them, or sets them again
KEPT = {
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWSEXEC_PROFILE",
    "AWSEXEC_STARTED_WITH",
}


@pytest.mark.parametrize(
    ("names", "function"),
    [
        ("*bash*", r"(?ms)^__awsexec_identity\(\) \{.*?^\}"),
        ("*zsh*", r"(?ms)^__awsexec_identity\(\) \{.*?^\}"),
        ("*fish*", r"(?ms)^function __awsexec_restore\n.*?^end"),
    ],
    ids=["bash", "zsh", "fish"],
)
def test_a_shell_takes_away_what_its_files_select(names, function):
    """All that COMMAND loses, a shell loses once more after the user's files."""
    texts = [path.read_text() for path in SHELLS.rglob(names) if path.is_file()]
    (code,) = [found for text in texts for found in re.findall(function, text)]
    named = set(re.findall(r"\bAWS(?:EXEC)?_[A-Z_]*[A-Z]\b", code))
    named = {name for name in named if not name.startswith(REMOVED_PREFIX)}
    assert named - KEPT == REMOVED - OF_AWSEXEC
    assert re.search(rf"\b{REMOVED_PREFIX}[*@]", code)


# what would run, or be expanded, if a shell read the name as part of its prompt
CODE = "$(echo RAN)`echo RAN`\\u\\$%F{red}%n!!"
PROMPTS = {
    "bash": '. {}/prompt.bash; __awsexec_prompt; printf "%s" "$__awsexec_label"',
    "zsh": '. {}/prompt.zsh; __awsexec_prompt; setopt prompt_percent; print -Pn "%73v"',
    "fish": "source {}/prompt.fish; __awsexec_prompt",
}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("shell", PROMPTS)
def test_a_prompt_shows_visible_characters_and_runs_nothing(shell, locale):
    """The prompt, and the line when a session ends, for every character by itself."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    characters = [each for each in ACTED_ON if each != "\0"]
    name = f"über{''.join(f'{each}-' for each in characters)}{CODE}"
    environ = {
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        "LC_ALL": locale,
        "AWSEXEC_PROFILE": name.encode("utf-8", "surrogatepass"),
        "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
        "NO_COLOR": "1",
    }
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    found = subprocess.run(
        [program, *flags, "-c", PROMPTS[shell].format(SHELLS)],
        env=environ,
        capture_output=True,
        check=True,
    )
    for stream in (found.stdout, found.stderr):
        # bytes that are no UTF-8, like surrogates, are replacement characters to a terminal
        text = stream.decode("utf-8", "replace")
        assert is_harmless(text), ascii(text)
        assert "ber" in text and CODE in text and "RAN " not in text
    assert found.stdout.decode("utf-8", "replace").endswith("expired) ")
    assert found.stderr.count(b"\n") == 1
