"""Answers to real declarations, held against the official EU schemas."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import create_engine

from routing.backends import build_back_ends
from routing.model import Accepted, AnswerKind, BackEnd, Delivery
from routing.routes import default_routes
from routing.tables import metadata
from schemas.catalogue import load_builtin

REAL = Path(__file__).parents[3] / ".." / "shared" / "real-messages"
NCTS_SCHEMAS = REAL / "ncts" / "xsd" / "p5-51.8"
EMCS_SCHEMAS = REAL / "emcs" / "xsd" / "v3.13"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not REAL.is_dir(), reason="the public sample data is not beside the project"),
]

#: Values the publishers leave open in their samples.
OPEN_VALUES = {
    b"{{preparationDateAndTime}}": b"2026-03-30T10:35:52",
    b"{{arrivalTime}}": b"2026-04-02T10:00:00",
    b"{{limitDate}}": b"2026-04-10",
}


@cache
def schema(folder: Path, type_code: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(folder / f"{type_code.lower()}.xsd"))


def back_end(system: str) -> BackEnd:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    return build_back_ends(default_routes(), engine, lambda: AT, load_builtin())[system]


def delivery(system: str, type_code: str, content: bytes, sys_ref: str) -> Delivery:
    return Delivery(
        sys_ref=sys_ref,
        system=system,
        type_code=type_code,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        filename=None,
        received_at=AT,
        person="PL00000000000001",
        middle=None,
        end=None,
    )


def real_declarations() -> Iterator[bytes]:
    """Real CC015C that the official schema accepts, each with an LRN of its own."""
    for number, path in enumerate(sorted((REAL / "ncts" / "samples").rglob("*015*.xml"))):
        content = path.read_bytes()
        own = {b"{{LRN}}": b"LRN%d" % number, b"{{messageIdentification}}": b"MSG%d" % number}
        for mark, value in (OPEN_VALUES | own).items():
            content = content.replace(mark, value)
        if schema(NCTS_SCHEMAS, "CC015C").validate(etree.fromstring(content)):
            yield content


def assert_valid(folder: Path, outcome: object) -> Sequence[str]:
    """Business answers are valid; returns their types."""
    assert isinstance(outcome, Accepted)
    answers = [answer for answer in outcome.answers if answer.kind is AnswerKind.BUSINESS]
    for answer in answers:
        schema(folder, answer.type_code).assertValid(etree.fromstring(answer.content))
    return [answer.type_code for answer in answers]


def test_answers_to_real_transit_declarations_are_valid() -> None:
    batch = [
        delivery("NCTS2", "CC015C", content, f"s{number}")
        for number, content in enumerate(real_declarations())
    ]
    assert len(batch) > 50
    answered = [assert_valid(NCTS_SCHEMAS, outcome) for outcome in back_end("NCTS2").deliver(batch)]
    released = answered.count(["CC928C", "CC028C", "CC029C"])
    prelodged = answered.count(["CC928C"])
    assert released > 40
    assert prelodged > 5
    # The rest name offices in countries outside common transit.
    assert len(batch) - released - prelodged == answered.count(["CC056C"])


def test_a_rejection_of_a_real_transit_declaration_is_valid() -> None:
    content = next(real_declarations())
    root = etree.fromstring(content)
    lrn = root.find("TransitOperation/LRN")
    assert lrn is not None
    lrn.text = "REJ1"
    [outcome] = back_end("NCTS2").deliver([delivery("NCTS2", "CC015C", etree.tostring(root), "s1")])
    assert assert_valid(NCTS_SCHEMAS, outcome) == ["CC056C"]


def test_a_release_repeats_every_house_consignment_and_item() -> None:
    content = max(real_declarations(), key=len)
    [outcome] = back_end("NCTS2").deliver([delivery("NCTS2", "CC015C", content, "s1")])
    assert isinstance(outcome, Accepted)
    declared, released = etree.fromstring(content), etree.fromstring(outcome.answers[-1].content)
    for path in ("HouseConsignment", "ConsignmentItem", "descriptionOfGoods", "GRN", "LocationOfGoods"):
        expected = [(found.text or "").strip() for found in declared.iter(path)]
        assert expected == [(found.text or "").strip() for found in released.iter(path)]


def test_the_validated_e_ad_of_a_real_draft_is_valid() -> None:
    content = (REAL / "emcs" / "samples" / "api-examples" / "IE815.xml").read_bytes()
    [outcome] = back_end("EMCSPL2").deliver([delivery("EMCSPL2", "IE815", content, "s1")])
    assert assert_valid(EMCS_SCHEMAS, outcome) == ["IE801"]
