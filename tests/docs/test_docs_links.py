"""No link of the documentation leads nowhere."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, links

_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    relative = [link for link in links(page.read_text(encoding="utf-8")) if "://" not in link]
    broken = [link for link in relative if not leads_somewhere(page, link)]

    assert broken == []


def leads_somewhere(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.parent / file) if file else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """What headings are called in links: small letters, hyphens for blanks, no punctuation."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
