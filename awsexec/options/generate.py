"""Write the files that are made from the table: ``python -m awsexec.options.generate``.

``make completions`` runs it in the directory of the sources. A test compares the files
with what it would write.
"""

from __future__ import annotations

import os
import sys

from awsexec.options import completions, manual, reference
from awsexec.options.table import COMPLETION_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def generated(root: str) -> dict[str, str]:
    """Return the path of each such file below `root`, and the text that it should have.

    The completion files themselves are read for the parts that are written by hand.
    """
    texts = {
        os.path.join(root, "awsexec", "awsexec.1"): manual.man_page(),
        os.path.join(root, "docs", "reference.md"): reference.page(),
    }
    for shell, name in COMPLETION_FILES.items():
        path = os.path.join(root, "completions", name)
        with open(path, encoding="utf-8") as stream:
            texts[path] = completions.updated(shell, stream.read())
    return texts


def main(argv: Sequence[str]) -> int:
    """Write the files below the directory in `argv`, by default this one."""
    for path, text in generated(argv[0] if argv else ".").items():
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
