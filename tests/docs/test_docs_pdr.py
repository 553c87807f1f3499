"""The example files of the PDR page are what the import takes."""

import io

from gateway.clock import now, warsaw_day
from registry.pdr.drafts import draft_of
from registry.pdr.reading import read_records
from registry.pdr.records import FIELDS, ProblemCode
from tests.docs.pages import DOCS, blocks

PAGE = (DOCS / "reference" / "pdr-import.md").read_text(encoding="utf-8")


def test_the_examples_are_taken_whole() -> None:
    files = [block.text for block in blocks(PAGE) if block.attribute == "title"]
    read = [list(read_records(io.BytesIO(text.encode()))) for text in files]

    drafts = [draft_of(record, today=warsaw_day(now())) for records in read for record in records]

    assert len(drafts) == 8


def test_every_field_and_code_is_on_the_page() -> None:
    fields = {name for kind in FIELDS.values() for name in kind}
    assert [name for name in [*fields, *ProblemCode] if f"`{name}`" not in PAGE] == []
