"""The documents, typed along from the first line of a page to its last."""

from __future__ import annotations

import json

import pytest

from tests.docs.blocks import PAGES, TYPED, blocks, claims
from tests.docs.typist import Typist, matches, steps
from tests.docs.world import World
from tests.support import Awsexec


@pytest.mark.parametrize("page", PAGES)
def test_page(page: str, world: World, run_awsexec: Awsexec) -> None:
    """What the page says is typed, and the screen shows what the page shows."""
    run_awsexec.environ.update(world.environ)
    person = Typist(world.environ, world.home.path)
    try:
        for block in blocks(page):
            if block.language == "ini":
                names = world.writes(block)
                assert faults(run_awsexec, names) == {}, block.where
            elif block.language == "json":
                world.writes_file(block)
            elif block.language == "console":
                for step in steps(block.text, block.line):
                    try:
                        person.types(step)
                    except Exception as error:
                        where = f"{page}:{step.line}: $ {step.command}"
                        raise AssertionError(f"{where}\n{error}") from error
    finally:
        person.leaves()


def faults(run_awsexec: Awsexec, names: list[str]) -> dict[str, str]:
    """Return what is wrong with the profiles that a page has just set up.

    A page calls a profile `broken` if it shows what is said of one that cannot work.
    """
    rows = json.loads(run_awsexec("--list", "--json").stdout)
    found = {row["profile"]: row["error"] for row in rows}
    # the programs that pages name are not here
    absent = "cannot run credential_process"
    found = {k: v for k, v in found.items() if absent not in (v or "")}
    return {name: found[name] for name in names if found.get(name) and name != "broken"}


def test_every_block_is_run() -> None:
    asked = claims()
    left = [
        block.where
        for page in PAGES
        for block in blocks(page)
        if block.language not in TYPED and block.where not in asked
    ]
    assert left == [], "no test runs these: ask for them with tests.docs.blocks.block"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("", "", True),
        ("a\nb", "a\nb", True),
        ("a", "a\nb", False),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...", "a", True),
        ("a.c", "abc", False),
        ("a...d\ne", "a b c d\ne", True),
        ("a...d", "a\nd", False),
        ("", "a", False),
    ],
)
def test_what_is_the_same(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) == same
