"""What the start-up files of the shells repeat of the fast path's lists."""

import re
from pathlib import Path

import pytest

import awsexec
from awsexec.fastpath import REMOVED, REMOVED_PREFIX

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
