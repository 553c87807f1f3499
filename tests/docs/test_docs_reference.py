"""The reference says what the code says."""

import base64
import re
from pathlib import Path

import pytest

from gateway.flow import checks
from gateway.soap.token import channel_digest
from tests.docs.generate import PARTS, Part
from tests.docs.pages import DOCS
from tests.docs.verdicts import VERDICTS
from tests.unit.signing.signing_samples import VECTORS

_CODE = re.compile(r'code="([A-Z_]+)"')
_VECTOR = re.compile(r"^\| `([^`]{28})` \| `([^`]+)` \| `([^`]+)` \| `([^`]{28})` \|$", re.MULTILINE)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.page.stem}-{part.name}")
def test_generated_parts_are_in_step_with_the_code(part: Part) -> None:
    assert part.text == part.found(), "write it anew: .venv/bin/python -m tests.docs.generate"


@pytest.mark.shared
@pytest.mark.skipif(not VECTORS.is_dir(), reason="the published vectors are not beside the project")
@pytest.mark.filterwarnings("ignore")  # what other libraries say of the odd certificates in the vectors
def test_every_difference_to_other_implementations_is_on_the_page_with_its_reason() -> None:
    assert VERDICTS.text == VERDICTS.found(), "write it anew: .venv/bin/python -m tests.docs.verdicts"


def test_every_code_the_checks_give_is_on_the_page_of_refusals() -> None:
    given = _CODE.findall(Path(checks.__file__).read_text(encoding="utf-8"))
    page = (DOCS / "reference" / "refusals.md").read_text(encoding="utf-8")

    assert given
    assert [code for code in given if f"| `{code}` |" not in page] == []


def test_the_digest_vectors_of_the_channel_page_are_right() -> None:
    vectors = _VECTOR.findall((DOCS / "reference" / "channel.md").read_text(encoding="utf-8"))

    assert len(vectors) == 2
    for inner, nonce, created, expected in vectors:
        digest = channel_digest(
            nonce=base64.b64decode(nonce), created=created, password_hash=inner.encode("ascii")
        )
        assert base64.b64decode(expected) == digest
