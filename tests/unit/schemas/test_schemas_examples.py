"""The sample messages we ship and the schemas of the channel's own documents."""

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import Catalogue, load_builtin
from schemas.facts import read_facts
from schemas.identifiers import is_valid_eori, is_valid_excise_number, is_valid_grn
from schemas.model import IdentifierKind, PartyRole
from schemas.validation import Validator

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ENTITY = {IdentifierKind.EORI: "PL526021308900000", IdentifierKind.EXCISE: "PL52602130890"}
UPO = "http://crd.gov.pl/xml/schematy/UPO/2008/05/09/"
BODY = """<IdentyfikatorPoswiadczenia>0198a7f2-1c1e-7b64-9d70-0a6f0c3f1f5b</IdentyfikatorPoswiadczenia>
<Adresat><Nazwa>S</Nazwa><IdentyfikatorPodmiotu TypIdentyfikatora="system">S</IdentyfikatorPodmiotu></Adresat>
<Nadawca><Nazwa>J</Nazwa><IdentyfikatorPodmiotu TypIdentyfikatora="login">j</IdentyfikatorPodmiotu></Nadawca>
<DataDoreczenia>2026-03-30T10:00:00+02:00</DataDoreczenia>
<DataWytworzeniaPoswiadczenia>2026-03-30T10:00:01+02:00</DataWytworzeniaPoswiadczenia>
<IdentyfikatorDokumentu>DEMO-1</IdentyfikatorDokumentu>
<InformacjaUzupelniajaca TypInformacjiUzupelniajacej="idDokumentuSEAP">ref-1</InformacjaUzupelniajaca>"""
ERRORS = """<Bledy lacznie="27"><Blad><Kod>XSD_PATTERN</Kod><Opis xml:lang="pl">Źle</Opis>
<Opis xml:lang="{second}">Wrong</Opis><Zalecenie xml:lang="pl">Popraw</Zalecenie><Linia>3</Linia>
<Xpath>/CC015C/LRN</Xpath><Wartosc>x</Wartosc></Blad></Bledy>"""
SEAL = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


@pytest.fixture(scope="module")
def validator(catalogue: Catalogue) -> Validator:
    return Validator(catalogue)


def receipt(part: str, content: str) -> etree._Element:
    return etree.fromstring(f'<Dokument xmlns="{UPO}"><{part}>{content}</{part}>{SEAL}</Dokument>')


@pytest.mark.parametrize("code", ["CC015C", "CC515C", "ZC415", "IE815"])
def test_a_shipped_sample_is_valid_and_names_the_sandbox_entity(
    catalogue: Catalogue, validator: Validator, code: str
) -> None:
    root = etree.parse(EXAMPLES / f"{code}.xml").getroot()
    message_type = catalogue.recognise(root, on=date(2026, 3, 30))
    assert message_type.code == code
    assert validator.validate(root, message_type).findings == ()
    facts = read_facts(root, message_type)
    assert facts.lrn == "DEMO0000000000000001"
    assert facts.own_id == f"DEMO-{code}-0001"
    principals = [one for one in facts.parties if one.role is PartyRole.PRINCIPAL]
    assert [ENTITY[one.kind] for one in principals] == [one.number for one in principals]


def test_the_numbers_in_the_samples_are_well_formed() -> None:
    assert is_valid_eori(ENTITY[IdentifierKind.EORI])
    assert is_valid_excise_number(ENTITY[IdentifierKind.EXCISE])
    root = etree.parse(EXAMPLES / "CC015C.xml").getroot()
    assert is_valid_grn(root.findtext("Guarantee/GuaranteeReference/GRN") or "")


@pytest.mark.parametrize(
    ("part", "content"), [("UPP", BODY), ("NPP", BODY + ERRORS.format(second="en"))], ids=["UPP", "NPP"]
)
def test_sealed_and_unsealed_receipts_are_valid(
    catalogue: Catalogue, validator: Validator, part: str, content: str
) -> None:
    root = receipt(part, content)
    assert validator.validate(root, catalogue.get(part)).findings == ()
    root.remove(root[-1])
    assert validator.validate(root, catalogue.get(part)).valid
    facts = read_facts(root, catalogue.get(part))
    assert (facts.own_id, facts.correlation) == ("0198a7f2-1c1e-7b64-9d70-0a6f0c3f1f5b", "DEMO-1")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BODY, "XSD_MISSING_ELEMENT"),
        (BODY + ERRORS.format(second="pl"), "XSD_UNIQUE"),
        (BODY + ERRORS.replace('lacznie="27"', 'lacznie="0"').format(second="en"), "XSD_RANGE"),
    ],
    ids=["no reasons", "two texts in one language", "no total"],
)
def test_a_refusal_must_tell_its_reasons(
    catalogue: Catalogue, validator: Validator, content: str, code: str
) -> None:
    report = validator.validate(receipt("NPP", content), catalogue.get("NPP"))
    assert [one.code for one in report.findings] == [code]


@pytest.mark.parametrize(
    ("code", "kind", "count", "valid"),
    [
        ("UPO", "INFO", 0, True),
        ("UPO", "WARNING", 1, True),
        ("UPO", "ERROR", 1, False),
        ("OdrzucenieKomunikatu", "ERROR", 2, True),
        ("OdrzucenieKomunikatu", "ERROR", 0, False),
        ("OdrzucenieKomunikatu", "INFO", 1, False),
    ],
)
def test_first_answers_carry_information_of_their_kind(
    catalogue: Catalogue, validator: Validator, code: str, kind: str, count: int, *, valid: bool
) -> None:
    information = (
        f"<Informacja><Rodzaj>{kind}</Rodzaj><Tekst Jezyk='pl'>a</Tekst><Tekst Jezyk='en'>b</Tekst>"
        "<WskaznikXpath><Xpath>/a</Xpath></WskaznikXpath></Informacja>"
    )
    root = etree.fromstring(
        f'<{code} xmlns="http://www.mf.gov.pl/xsd/sisc/channel/{code}" KorelacjaSysref="s">'
        "<NumerIdentyfikacyjny>1</NumerIdentyfikacyjny><IdentyfikatorECIPSEAP>s</IdentyfikatorECIPSEAP>"
        "<NazwaPodmiotuWydajacego>KAS</NazwaPodmiotuWydajacego><NazwaSystemuWydajacego>AES</NazwaSystemuWydajacego>"
        "<DataDoreczenia>2026-03-30T10:00:00Z</DataDoreczenia><DataWytworzenia>2026-03-30T10:00:00Z</DataWytworzenia>"
        f"<Dokument><Skrot>AAAA</Skrot><NrWlasny>N1</NrWlasny></Dokument>{information * count}{SEAL}</{code}>"
    )
    assert validator.validate(root, catalogue.get(code)).valid is valid
    assert read_facts(root, catalogue.get(code)).correlation == "N1"
