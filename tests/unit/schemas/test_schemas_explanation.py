"""What a reader of findings sees: places to the column, the most useful first, the same fault once."""

from copy import deepcopy
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.findings import MAX_FINDINGS
from schemas.model import SchemaReport
from schemas.positions import Position, positions_of
from schemas.validation import Validator

SAMPLE = (Path(__file__).resolve().parents[3] / "examples" / "CC015C.xml").read_bytes()
CATALOGUE = load_builtin()
VALIDATOR = Validator(CATALOGUE)
TRANSIT = CATALOGUE.get("CC015C", system="NCTS2")
ITEM = "Consignment/HouseConsignment/ConsignmentItem"


def report(content: bytes) -> SchemaReport:
    return VALIDATOR.validate(etree.fromstring(content), TRANSIT, content=content)


def with_items(number: int) -> etree._Element:
    root = etree.fromstring(SAMPLE)
    item = root.find(ITEM)
    assert item is not None
    for _ in range(number - 1):
        item.addnext(deepcopy(item))
    return root


def test_a_finding_tells_where_the_tag_begins() -> None:
    content = SAMPLE.replace(b"    <LRN>", b"  <!-- \xc5\xbc --> <LRN>  ")
    line = content.partition(b"<LRN>")[0].count(b"\n") + 1

    (found,) = report(content).findings

    assert (found.line, found.column) == (line, len("  <!-- ż --> ") + 1)


def test_a_tag_over_several_lines_is_placed_where_it_begins() -> None:
    content = SAMPLE.replace(b"<TransitOperation>", b"<TransitOperation\n\n\n unknown='1'>")
    line = content.partition(b"<TransitOperation")[0].count(b"\n") + 1

    (found,) = report(content).findings

    assert (found.code, found.line, found.column) == ("XSD_ATTRIBUTE", line, 3)


def test_without_the_text_there_is_a_line_and_no_column() -> None:
    root = etree.fromstring(SAMPLE.replace(b"<LRN>", b"<LRN>  "))

    (found,) = VALIDATOR.validate(root, TRANSIT).findings

    assert found.line
    assert found.column is None


def test_positions_are_those_of_the_elements_asked_for_whatever_their_namespaces() -> None:
    content = b'<a xmlns="urn:1"><b/>\n<b xmlns="urn:2"/><c/>\n  <b><c/></b></a>'
    root = etree.fromstring(content)

    found = positions_of(root, content)

    assert [found[one] for one in root] == [Position(1, 18), Position(2, 1), Position(2, 19), Position(3, 3)]
    assert positions_of([root[3][0]], content) == {root[3][0]: Position(3, 6)}
    assert positions_of([root], b"no xml") == {}


def test_the_same_fault_in_many_places_is_one_finding_that_tells_their_number() -> None:
    root = with_items(40)
    for item in root.iterfind(ITEM):
        for mass in item.iter("grossMass"):
            mass.text = "many"

    told = report(etree.tostring(root))

    (found,) = told.findings
    places = len(root.findall(f"{ITEM}//grossMass"))
    assert told.total == places
    assert str(found.xpath).endswith(
        "/HouseConsignment[1]/ConsignmentItem[1]/Commodity[1]/GoodsMeasure[1]/grossMass"
    )
    assert found.message_en.endswith(f"The same in {places - 1} other places.")
    assert found.message_pl.endswith(f"To samo jeszcze w innych miejscach: {places - 1}.")


def test_of_each_kind_of_fault_one_is_told_before_a_second_of_any() -> None:
    root = with_items(40)
    for number, mass in enumerate(root.iter("grossMass")):
        mass.text = f"x{number}"
    last = list(root.iter("declarationGoodsItemNumber"))[-1]
    last.text = "none"

    told = report(etree.tostring(root))

    assert (len(told.findings), told.total) == (MAX_FINDINGS, len(list(root.iter("grossMass"))) + 1)
    kinds = [str(one.xpath).rpartition("/")[2] for one in told.findings]
    assert kinds.index("declarationGoodsItemNumber") < len(
        set(map(str, (one.xpath for one in told.findings)))
    )
    assert "declarationGoodsItemNumber" in kinds[:5]


@pytest.mark.parametrize(("order", "moved"), [("BCA", "A"), ("CAB", "C"), ("BAC", "B"), ("ACB", "C")])
def test_where_elements_are_out_of_order_the_one_that_moved_is_told(order: str, moved: str) -> None:
    root = etree.fromstring(SAMPLE)
    outer = root.find("TransitOperation")
    assert outer is not None
    elements = dict(zip("ABC", outer, strict=False))
    for letter in reversed(order):
        outer.insert(0, elements[letter])

    (found,) = report(etree.tostring(root)).findings

    assert found.code == "XSD_ELEMENT_ORDER"
    assert found.xpath == f"/CC015C/TransitOperation[1]/{elements[moved].tag}"


@pytest.mark.parametrize(
    ("old", "new", "code", "xpath"),
    [
        ("<messageType>CC015C", "<messageType>CC015C\u00a0", "XSD_ENUMERATION", "/CC015C/messageType"),
        ("<security>", "<security>\u2003", "XSD_PATTERN", "/CC015C/TransitOperation[1]/security"),
        ("<security>", "\u00a0<security>", "XSD_CONTENT", "/CC015C/TransitOperation[1]"),
    ],
)
def test_a_blank_that_is_none_in_xml_is_named_at_its_place(old: str, new: str, code: str, xpath: str) -> None:
    content = SAMPLE.decode().replace(old, new).encode()

    (found,) = report(content).findings

    assert (found.code, found.xpath) == (code, xpath)
    assert found.column
    sign = next(one for one in new if one > "\x7f")
    assert f"U+{ord(sign):04X}" in found.remedy_en
    assert f"U+{ord(sign):04X}" in found.remedy_pl


def test_a_type_that_the_document_names_itself_is_told_where_it_stands() -> None:
    content = SAMPLE.replace(
        b"<TransitOperation>",
        b'<TransitOperation xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="x">',
    )

    (found,) = report(content).findings

    assert (found.code, found.xpath, found.column) == ("XSD_OTHER", "/CC015C/TransitOperation[1]", 3)


def test_secrets_stay_secret_in_the_words_of_the_first_validator() -> None:
    content = SAMPLE.decode().replace("<accessCode>", "<accessCode>\u00a0").encode()
    secret = SAMPLE.partition(b"<accessCode>")[2].partition(b"<")[0].decode()

    (found,) = report(content).findings

    assert found.value == "***"
    assert secret not in f"{found.message_en}{found.remedy_en}{found.message_pl}{found.remedy_pl}"
