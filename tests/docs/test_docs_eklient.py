"""Every sentence of the customer's texts has tests, and they are there."""

import re

from tests.acceptance.running import PROJECT
from tests.docs.pages import DOCS

_TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
_PAGE = (DOCS / "reference" / "eklient.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (?P<sentence>.+?) \| (?P<rule>.+?) \| (?P<tests>[^|]*test_[^|]*) \|$", re.MULTILINE)


def test_every_sentence_has_a_test_that_exists() -> None:
    known = {
        name
        for file in (PROJECT / "tests").rglob("test_*.py")
        for name in _TEST.findall(file.read_text(encoding="utf-8"))
    }
    rows = _ROW.findall(_PAGE)
    named = [name for _, _, tests in rows for name in re.findall(r"`(test_\w+)`", tests)]

    assert len(rows) > 35
    assert [name for name in named if name not in known] == []
    assert all(re.search(r"`test_\w+`", tests) for _, _, tests in rows)
