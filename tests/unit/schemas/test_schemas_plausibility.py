"""Values of the right form that cannot be right: where they are looked for, and how they are told."""

from datetime import date

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.findings import MAX_FINDINGS, Severity
from schemas.identifiers import arc_fault, grn_fault, make_mrn, mrn_fault
from schemas.model import Direction, MessageType
from schemas.plausibility import Plausibility, Rule
from schemas.wording import PLAUSIBILITY_WORDING, PlausibilityCode, Text
from tests.unit.schemas.damaged import paths

DAY = date(2026, 3, 30)
INBOUND = [one for one in load_builtin().types() if one.direction is Direction.INBOUND]
TYPES = [one for one in INBOUND if one.system != "channel"]  # an UPD has no numbers of customs
KINDS = {"mrn", "grn", "arc", "eori", "nip", "regon", "pesel", "past"}
LISTS = {"countries", "offices", "currencies", "packages"}
TRANSIT = load_builtin().get("CC015C")


def refuse_x(value: str, on: date) -> Text | None:
    return Text(f"źle dnia {on}", f"bad on {on}") if "x" in value else None


def rule(severity: Severity = Severity.WARNING) -> Rule:
    return Rule(code=PlausibilityCode.MRN, judge=refuse_x, severity=severity)


def document(*numbers: str) -> etree._Element:
    operations = "\n".join(f"<TransitOperation><MRN>{one}</MRN></TransitOperation>" for one in numbers)
    return etree.fromstring(f'<n:CC015C xmlns:n="{TRANSIT.namespace}">\n{operations}</n:CC015C>')


def test_a_wrong_value_is_told_with_its_place_in_both_languages() -> None:
    report = Plausibility({"mrn": rule()}).examine(document("26PL", "26x"), TRANSIT, on=DAY)

    found = report.findings[0]
    assert (report.valid, report.total, len(report.findings)) == (True, 1, 1)
    assert (found.code, found.severity, found.line, found.value) == ("VALUE_MRN", "WARNING", 3, "26x")
    assert found.xpath == "/CC015C/TransitOperation[2]/MRN"
    assert found.message_pl == "MRN nie jest poprawnym numerem MRN: źle dnia 2026-03-30."
    assert found.message_en == "MRN is no good MRN: bad on 2026-03-30."


def test_a_document_is_not_valid_where_a_rule_counts_as_error() -> None:
    strict = Plausibility({"mrn": rule(Severity.ERROR)})

    assert not strict.examine(document("26x"), TRANSIT, on=DAY).valid
    assert strict.examine(document("26PL"), TRANSIT, on=DAY).valid


def test_the_same_value_is_told_once_with_the_number_of_its_other_places() -> None:
    report = Plausibility({"mrn": rule()}).examine(document("x", "y", "x", "x"), TRANSIT, on=DAY)

    assert report.total == 1
    assert report.findings[0].message_en.endswith("The same in 2 other places.")
    assert report.findings[0].message_pl.endswith("To samo jeszcze w innych miejscach: 2.")


def test_no_more_is_told_than_a_reader_takes_in_but_the_total_is() -> None:
    many = document(*(f"x{number}" for number in range(300)))

    report = Plausibility({"mrn": rule()}).examine(many, TRANSIT, on=DAY)

    assert (len(report.findings), report.total) == (MAX_FINDINGS, 300)


def test_values_without_a_rule_are_not_looked_at() -> None:
    assert Plausibility({}).examine(document("x"), TRANSIT, on=DAY).findings == ()
    assert Plausibility({"grn": rule()}).examine(document("x"), TRANSIT, on=DAY).findings == ()


def test_a_place_may_name_the_parent_and_other_elements_of_the_name_do_not_count() -> None:
    text = (
        "<CC015C><CustomsOfficeOfDeparture><referenceNumber>x1</referenceNumber></CustomsOfficeOfDeparture>"
        "<TransportDocument><referenceNumber>x2</referenceNumber></TransportDocument></CC015C>"
    )

    report = Plausibility({"offices": rule()}).examine(etree.fromstring(text), TRANSIT, on=DAY)

    assert [one.value for one in report.findings] == ["x1"]


def test_long_values_are_shortened() -> None:
    report = Plausibility({"mrn": rule()}).examine(document("x" * 500), TRANSIT, on=DAY)

    assert report.findings[0].value == "x" * 59 + "…"


@pytest.mark.parametrize("code", PlausibilityCode)
def test_every_code_has_its_words(code: PlausibilityCode) -> None:
    wording = PLAUSIBILITY_WORDING[code]
    for text in (wording.message.pl, wording.message.en):
        assert "{name}" in text
        assert "{reason}" in text


@pytest.mark.parametrize(
    "kind", [one for one in TYPES if one.code != "UPD"], ids=lambda one: f"{one.code}-{one.version}"
)
def test_kinds_are_known_and_something_is_looked_at_in_every_type(kind: MessageType) -> None:
    assert {one.kind for one in kind.values} <= KINDS | LISTS
    names = {path.rpartition("/")[2] for path in paths(kind)}
    assert {one.kind for one in kind.values if one.place.rpartition("/")[2] in names} & KINDS


def test_every_place_is_one_of_some_type() -> None:
    used = {path.rpartition("/")[2] for kind in TYPES for path in paths(kind)}
    named = {one.place.rpartition("/")[2] for kind in TYPES for one in kind.values}
    assert named - used == set()


def test_a_fault_tells_form_from_check_digit() -> None:
    good = make_mrn(2026, "PL", "351010ABC123", "J")
    wrong = good[:17] + str((int(good[17]) + 1) % 10)

    assert mrn_fault(good) is None
    told = mrn_fault(wrong)
    assert told is not None
    assert told.en == f"the check digit (character 18) should be {good[17]}"
    assert (
        mrn_fault("26PL")
        == grn_fault("")
        == arc_fault("x")
        == Text("niewłaściwa postać", "the form is wrong")
    )
