from dataclasses import replace

import pytest
from lxml import etree

from schemas.catalogue import Catalogue, load_builtin
from schemas.facts import read_facts
from schemas.model import Condition, IdentifierKind, MessageFacts, PartyPlace, PartyRole, Places


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


def import_declaration(parties: str) -> etree._Element:
    return etree.fromstring(
        '<ZC415 xmlns="http://www.mf.gov.pl/xsd/AISP/ZC415">\n'
        "<messageIdentification> M1 </messageIdentification>\n"
        f"<Declaration>\n<lrn>L1</lrn>\n{parties}</Declaration>\n</ZC415>"
    )


def party(name: str, number: str) -> str:
    return f"<{name}><identificationNumber>{number}</identificationNumber></{name}>\n"


def test_numbers_are_read_without_surrounding_blanks(catalogue: Catalogue) -> None:
    facts = read_facts(import_declaration(""), catalogue.get("ZC415"))
    assert facts == MessageFacts(own_id="M1", lrn="L1")


def test_a_message_about_several_movements_tells_all_their_lrns(catalogue: Catalogue) -> None:
    root = etree.fromstring(
        '<IE825 xmlns="urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE825:V3.23"><Body>'
        "<SubmittedDraftOfSplittingOperation><SplittingEad><UpstreamArc>A</UpstreamArc></SplittingEad>"
        "<SplitDetailsEad><LocalReferenceNumber>1</LocalReferenceNumber></SplitDetailsEad>"
        "<SplitDetailsEad><LocalReferenceNumber>2</LocalReferenceNumber></SplitDetailsEad>"
        "</SubmittedDraftOfSplittingOperation></Body></IE825>"
    )
    facts = read_facts(root, catalogue.get("IE825"))
    assert facts == MessageFacts(lrn="1", more_lrns=("2",), arc="A")


def test_of_the_places_of_a_role_the_first_present_counts(catalogue: Catalogue) -> None:
    root = import_declaration(
        party("Importer", "PL1") + party("Declarant", "PL2") + party("Representative", "PL3")
    )
    facts = read_facts(root, catalogue.get("ZC415"))
    assert [(one.role, one.number) for one in facts.parties] == [
        (PartyRole.PRINCIPAL, "PL1"),
        (PartyRole.REPRESENTATIVE, "PL3"),
    ]


@pytest.mark.parametrize("importer", ["", party("Importer", ""), party("Importer", "  ")])
def test_where_the_first_place_is_absent_or_empty_the_next_counts(
    catalogue: Catalogue, importer: str
) -> None:
    facts = read_facts(import_declaration(importer + party("Declarant", "PL2")), catalogue.get("ZC415"))
    assert [one.number for one in facts.parties] == ["PL2"]
    assert facts.parties[0].xpath == "/ZC415/Declaration/Declarant/identificationNumber"


def test_a_party_tells_the_line_it_stands_on(catalogue: Catalogue) -> None:
    facts = read_facts(import_declaration(party("Importer", "PL1")), catalogue.get("ZC415"))
    assert facts.parties[0].line == 5


def test_numbers_are_not_taken_from_other_depths(catalogue: Catalogue) -> None:
    root = import_declaration("<Other>" + party("Importer", "PL1") + "</Other>")
    assert read_facts(root, catalogue.get("ZC415")).parties == ()


def test_comments_and_instructions_between_elements_do_not_matter(catalogue: Catalogue) -> None:
    root = import_declaration("<!-- x --><?y z?>" + party("Importer", "PL1"))
    assert [one.number for one in read_facts(root, catalogue.get("ZC415")).parties] == ["PL1"]


def test_several_parties_in_one_place_are_told_apart_by_position(catalogue: Catalogue) -> None:
    root = import_declaration(party("Importer", "PL1") + party("Importer", "PL2"))
    assert [(one.number, one.xpath) for one in read_facts(root, catalogue.get("ZC415")).parties] == [
        ("PL1", "/ZC415/Declaration[1]/Importer[1]/identificationNumber"),
        ("PL2", "/ZC415/Declaration[1]/Importer[2]/identificationNumber"),
    ]


def test_attributes_may_hold_numbers(catalogue: Catalogue) -> None:
    message_type = replace(
        catalogue.get("ZC415"),
        places=Places(mrn=("PoswiadczoneZgloszenie/@MRN",), own_id=("@id",)),
        parties=(
            PartyPlace(role=PartyRole.PRINCIPAL, kind=IdentifierKind.EORI, xpath="PGZglaszajacy/@EORI"),
        ),
    )
    root = etree.fromstring(
        '<r id="7"><PGZglaszajacy EORI="PL1"/><PGZglaszajacy EORI="PL2"/>'
        '<PoswiadczoneZgloszenie MRN="26PL"/></r>'
    )
    facts = read_facts(root, message_type)
    assert (facts.own_id, facts.mrn) == ("7", "26PL")
    assert [(one.number, one.xpath) for one in facts.parties] == [
        ("PL1", "/r/PGZglaszajacy[1]/@EORI"),
        ("PL2", "/r/PGZglaszajacy[2]/@EORI"),
    ]


@pytest.mark.parametrize(("submitter", "number"), [("1", "PL1"), ("2", "PL2"), ("3", None), ("", None)])
def test_a_document_says_which_of_two_parties_sends_it(
    catalogue: Catalogue, submitter: str, number: str | None
) -> None:
    places = tuple(
        PartyPlace(
            role=PartyRole.PRINCIPAL,
            kind=IdentifierKind.EXCISE,
            xpath=place,
            when=Condition(xpath="Submitter", value=value),
        )
        for place, value in (("Consignor", "1"), ("Consignee", "2"))
    )
    message_type = replace(catalogue.get("ZC415"), parties=places)
    root = etree.fromstring(
        f"<r><Consignee>PL2</Consignee><Consignor>PL1</Consignor><Submitter>{submitter}</Submitter></r>"
    )
    assert [one.number for one in read_facts(root, message_type).parties] == ([number] if number else [])


def test_the_arc_of_an_excise_answer_is_read(catalogue: Catalogue) -> None:
    root = etree.fromstring(
        '<IE801 xmlns="urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4:IE801:V3.13">'
        "<Body><EADESADContainer><ExciseMovement>"
        "<AdministrativeReferenceCode>26PL12345678901234513</AdministrativeReferenceCode>"
        "</ExciseMovement></EADESADContainer></Body></IE801>"
    )
    assert read_facts(root, catalogue.get("IE801")).arc == "26PL12345678901234513"
