"""The fenced blocks of the documents, and which tests run them.

Three kinds are typed along, page by page, by ``test_pages.py``: ``console`` blocks are
typed at a shell, ``ini`` blocks are written into the user's AWS files, and ``json``
blocks into the file that the line before them names. Every other block is run by a test
that asks for it with `block`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# the documents for users; CONTRIBUTING.md has no block that awsexec could be run by
PAGES = ("README.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
TYPED = ("console", "ini", "json")

_FENCE = re.compile(r"^```(?P<info>.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its `page`, the number of its first `line`, and its `language`.

    `before` is the last line of text before it.
    """

    page: str
    line: int
    language: str
    before: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def read(page: str) -> str:
    """Return the text of a document, whose path is relative to the project's folder."""
    return (ROOT / page).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """Return the text below the heading `title`, up to the next of the same level."""
    found = re.search(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", read(page), re.M | re.S
    )
    assert found is not None, f"{page} has no heading {title!r}"
    return found[2]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a document in their order."""
    found: list[Block] = []
    opened: tuple[int, str, str] | None = None
    before, body = "", []
    for number, line in enumerate(read(page).splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            body.append(line)
            before = line or before
        elif opened is None:
            opened, body = (number + 1, fence["info"], before), []
        else:
            found.append(Block(page, *opened, "\n".join(body) + "\n"))
            opened = None
    assert opened is None, f"{page}:{opened}: the block has no end"
    return found


def block(page: str, words: str) -> str:
    """Return the one block of `page` that has `words` in it and is not typed along."""
    found = [one.text for one in _claimed(page, words)]
    assert len(found) == 1, f"{page}: {len(found)} blocks have {words!r} in them"
    return found[0]


def _claimed(page: str, words: str) -> list[Block]:
    return [
        one for one in blocks(page) if one.language not in TYPED and words in one.text
    ]


def claims() -> dict[str, str]:
    """Return the blocks that tests ask for: where the block is, and which file asks.

    The calls of `block` are read from the sources of the tests, since only some of
    them may run this time. Their arguments must be literals.
    """
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "block"
            ):
                page, words = map(ast.literal_eval, node.args)
                for one in _claimed(page, words):
                    found[one.where] = str(path.relative_to(ROOT))
    return found
