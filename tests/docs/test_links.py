"""The links of the documents, and the length of the README."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import PAGES, ROOT, read

# the long description of the package, which stands outside the repository
ABSOLUTE = re.compile(
    r"https://github\.com/awsexec/awsexec/(?:blob|raw)/main/([^#\s]+)(#\S+)?"
)
DOCUMENTS = (*PAGES, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"\]\(([^)]+)\)|^\[[^]]+\]: (\S+)$", re.M)


def links(page: str) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.M | re.S)
    return [" ".join("".join(found).split()) for found in _LINK.findall(text)]


def anchors(page: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", DOCUMENTS)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if ours := ABSOLUTE.fullmatch(link):
            target = ROOT / ours[1]
        elif "://" in link:
            continue
        else:
            assert page != "README.md", f"{link}: PyPI shows this page too"
            target = (ROOT / page).parent / path if path else ROOT / page
        assert target.is_file(), link
        if anchor:
            name = str(target.resolve().relative_to(ROOT.resolve()))
            assert anchor in anchors(name), link


def test_every_reference_is_defined() -> None:
    text = read("README.md")
    used = set(re.findall(r"\]\[([\w-]+)\]", text))
    assert used == set(re.findall(r"^\[([\w-]+)\]: ", text, re.M))


def test_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) <= 220
