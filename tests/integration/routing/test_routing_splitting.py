"""Splitting of an excise movement (IE825): each part lives on its own, the split movement is over."""

from collections.abc import Mapping

import pytest
from lxml import etree
from sqlalchemy import Engine

from routing.model import Answer
from schemas.identifiers import is_valid_arc, make_arc
from tests.integration.routing.life import Life, letter, told
from tests.integration.routing.test_routing_life_cycles import (
    CONCLUSION,
    CONSIGNEE,
    DECLARATIONS,
    DRAFT,
    UPSTREAM,
    codes,
    draft,
    each_version,
    excise,
    readers,
    types,
)

PARTS = "Body/SubmittedDraftOfSplittingOperation/SplitDetailsEad"


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def emcs(engine: Engine) -> Life:
    return Life(system="EMCSPL2", engine=engine)


def split(
    life: Life, arc: str, version: str = "3.23", changes: Mapping[str, str | None] | None = None
) -> list[Answer]:
    return life.send("IE825", {UPSTREAM: arc, **(changes or {})}, version=version)


def split_once(life: Life, version: str) -> tuple[str, str]:
    """ARCs of the parts for Poland and for Germany."""
    answers = split(life, draft(life, "E1", version), version)
    life.later()
    at_home, abroad = (answer.arc for answer in answers[1:])
    assert at_home is not None
    assert abroad is not None
    return at_home, abroad


@each_version
def test_every_part_of_a_splitting_is_a_movement_with_an_arc_of_its_own(emcs: Life, version: str) -> None:
    whole = draft(emcs, "E1", version)
    emcs.later()
    answers = split(emcs, whole, version)

    assert types(answers) == ["UPO", "IE801", "IE801"]
    arcs = [answer.arc for answer in answers[1:]]
    assert len({whole, *arcs}) == 3
    assert all(arc is not None and is_valid_arc(arc) for arc in arcs)
    assert [answer.lrn for answer in answers[1:]] == ["PART1", "PART2"]
    for answer, quantity, consignee in zip(
        answers[1:], ("1200", "800"), ("PL52500083820", "DE00000000003"), strict=True
    ):
        assert told(answer, "AdministrativeReferenceCode") == [answer.arc]
        assert told(answer, "UpstreamArc") == [whole]
        assert told(answer, "Quantity") == [quantity]
        assert told(answer, "Traderid") == [consignee]
        assert told(answer, "JourneyTime") == ["D02"]
        assert told(answer, "LocalReferenceNumber") == [answer.lrn]
        assert told(answer, "TraderExciseNumber") == ["PL52602130820"]


@each_version
def test_consignees_in_poland_are_told_of_their_part_and_of_the_splitting(emcs: Life, version: str) -> None:
    whole = draft(emcs, "E1", version)
    emcs.later()
    answers = split(emcs, whole, version)

    validated, diverted = emcs.later()
    assert readers([validated, diverted]) == [("IE801", CONSIGNEE), ("IE803", CONSIGNEE)]
    assert validated.arc == answers[1].arc
    assert told(diverted, "NotificationType") == ["2"]
    assert told(diverted, "AdministrativeReferenceCode") == [whole, answers[1].arc, answers[2].arc]


@each_version
def test_nothing_more_can_be_done_with_a_movement_that_was_split(emcs: Life, version: str) -> None:
    whole = draft(emcs, "E1", version)
    split(emcs, whole, version)
    for code in ("IE818", "IE813", "IE810"):
        assert codes(excise(emcs, code, whole, version)) == ["92"]
    assert codes(split(emcs, whole, version)) == ["92"]
    emcs.later()
    assert {answer.arc for answer in emcs.later(days=60)}.isdisjoint({whole})


@each_version
def test_the_parts_go_their_own_ways(emcs: Life, version: str) -> None:
    at_home, abroad = split_once(emcs, version)
    [received] = emcs.later(days=3)
    assert (received.type_code, received.arc, received.sys_ref) == ("IE818", abroad, "EMCSPL2-2")
    assert types(excise(emcs, "IE818", at_home, version, {CONCLUSION: "1"})) == ["UPO", "IE818"]
    [to_consignor] = emcs.later()
    assert (to_consignor.arc, to_consignor.sys_ref) == (at_home, "EMCSPL2-2")
    assert codes(excise(emcs, "IE818", abroad, version)) == ["92"]


def test_a_part_may_be_split_again(emcs: Life) -> None:
    _, abroad = split_once(emcs, "3.23")
    again = letter("IE825", {UPSTREAM: abroad}, number="M9")
    again = again.replace(b"PART", b"AGAIN").replace(b">1200<", b">300<").replace(b">800<", b">500<")
    answers = emcs.deliver("IE825", again, 9)
    assert types(answers) == ["UPO", "IE801", "IE801"]
    assert told(answers[1], "UpstreamArc") == [abroad]


def test_a_part_whose_destination_is_unknown_is_asked_for_it(emcs: Life) -> None:
    arc = draft(emcs, "E1", "3.23")
    unknown = {f"{PARTS}/DestinationChanged/DestinationTypeCode": "8", f"{PARTS}/NewConsigneeTrader": None}
    answers = split(emcs, arc, "3.23", unknown)
    assert types(answers) == ["UPO", "IE801", "IE801"]
    assert told(answers[1], "ConsigneeTrader") == []
    emcs.later()
    reminders = emcs.later(days=7)
    assert types(reminders) == ["IE802", "IE802"]
    assert told(reminders[0], "ReminderMessageType") == ["3"]
    assert [reminder.arc for reminder in reminders] == [answer.arc for answer in answers[1:]]


def test_a_splitting_delivered_again_changes_nothing(emcs: Life) -> None:
    arc = draft(emcs, "E1", "3.23")
    body = letter("IE825", {UPSTREAM: arc}, number="M2")
    assert emcs.deliver("IE825", body, 2) == emcs.deliver("IE825", body, 2)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({f"{PARTS}/BodyEad/Quantity": "900"}, "12", f"/IE825/{PARTS}/BodyEad/Quantity"),
        ({f"{PARTS}/LocalReferenceNumber": "SAME"}, "91", f"/IE825/{PARTS}[2]/LocalReferenceNumber"),
    ],
)
def test_a_splitting_must_keep_amounts_and_use_new_lrns(
    emcs: Life, changes: dict[str, str | None], code: str, pointer: str
) -> None:
    answers = split(emcs, draft(emcs, "E1", "3.23"), "3.23", changes)
    assert types(answers) == ["UPO", "IE704"]
    assert code in codes(answers)
    assert pointer in told(answers[-1], "ErrorLocation")


def test_a_part_cannot_use_the_lrn_of_another_movement(emcs: Life) -> None:
    body = letter("IE825", {UPSTREAM: draft(emcs, "E1", "3.23")}, number="M2").replace(b"PART2", b"E1")
    answers = emcs.deliver("IE825", body, 2)
    assert codes(answers) == ["91"]
    assert told(answers[-1], "ErrorLocation") == [f"/IE825/{PARTS}[2]/LocalReferenceNumber"]
    assert told(answers[-1], "OriginalAttributeValue") == ["E1"]


def test_only_energy_products_may_be_split(emcs: Life) -> None:
    beer = {f"{DRAFT}/BodyEadEsad/ExciseProductCode": "B000", f"{DRAFT}/BodyEadEsad/CnCode": "22030001"}
    answers = split(emcs, draft(emcs, "E1", "3.23", **beer))
    assert codes(answers)[0] == "12"
    assert "B000" in str(told(answers[-1], "ErrorReason")[0])


def test_one_part_is_no_splitting(emcs: Life) -> None:
    root = etree.fromstring(letter("IE825", {UPSTREAM: draft(emcs, "E1", "3.23")}, number="M2"))
    operation = root.find("{*}Body/{*}SubmittedDraftOfSplittingOperation")
    assert operation is not None
    operation.remove(operation.findall("{*}SplitDetailsEad")[1])
    answers = emcs.deliver("IE825", etree.tostring(root), 2)
    assert f"/IE825/{PARTS}" in told(answers[-1], "ErrorLocation")


@pytest.mark.parametrize(
    ("arc", "code"),
    [
        (make_arc(2026, "PL", "ABCDEF1234567891"), "90"),
        (make_arc(2026, "DE", "ABCDEF1234567891"), "90"),
        ("26PL0000000000000000X", "93"),
    ],
)
def test_a_movement_that_is_not_known_cannot_be_split(emcs: Life, arc: str, code: str) -> None:
    assert codes(split(emcs, arc)) == [code]


def test_the_parts_follow_the_scenario_of_the_whole(emcs: Life) -> None:
    sent = emcs.send("IE815", {DECLARATIONS["EMCSPL2"][1]: "SHORT1"}, version="3.23")
    split(emcs, str(sent[-1].arc))
    emcs.later()
    [received] = emcs.later(days=3)
    assert told(received, "GlobalConclusionOfReceipt") == ["2"]
