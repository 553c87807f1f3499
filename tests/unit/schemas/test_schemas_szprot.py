"""The e-Klient forms and their decisions: what they demand, allow and refuse."""

import random
import re
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from schemas.catalogue import load_builtin
from schemas.facts import read_facts
from schemas.files import load_schema
from schemas.model import Direction, IdentifierKind, RightsRule
from schemas.validation import Validator
from tests.unit.schemas.damaged import (
    SIGNATURE,
    damaged,
    find,
    is_valid,
    optional,
    part,
    paths,
    remove,
    sample,
    samples,
    types,
    verdicts,
)

SYSTEM = "SZPROT"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "eklient-forms.md"
FORMS = {"WRR0001", "WRR0002", "WRP0001", "WRP0002", "WRP0003", "WPE0001"}
DECISIONS = {"DecyzjaWRR", "DecyzjaWRP", "DecyzjaWPE"}
DAMAGES = 180
#: Parent and name of what may be left out of the samples: it is optional, one of several, or one of a choice.
MAY_BE_LEFT_OUT = {
    "Naglowek/UrzadCelnoSkarbowy", "Skladajacy/IdSisc", "Skladajacy/Posrednik", "Kontakt/Telefon",
    "Krajowy/Wojewodztwo", "Krajowy/Gmina", "Krajowy/Ulica", "Krajowy/NumerLokalu",
    "Zagraniczny/KodPocztowy", "Zagraniczny/UlicaINumer", "Zalacznik/SkrotSHA256", "Zalacznik/Opis",
    "Osoba/DrugieImie", "Osoba/NazwiskoRodowe", "Osoba/MiejsceUrodzenia", "DokumentTozsamosci/DataWaznosci",
    "WRR0002/AdresKorespondencyjny", "WRR0002/Zalaczniki",
    "Podmiot/NazwaSkrocona", "Podmiot/Regon", "Podmiot/Krs", "DaneOddzialu/Regon", "NadanieEori/PKD",
    "Obszary/Clo", "Obszary/Akcyza", "Akcyza/NumerAkcyzowy", "WRP0001/Oddzialy", "WRP0001/Zalaczniki",
    "Dane/NazwaSkrocona", "Dane/Regon", "Dane/Krs", "Dodany/Regon", "Podmiot/Nazwa", "Oddzialy/Oddzial",
    "Zmiany/Dane", "Zmiany/DodawaneObszary", "Zmiany/UsuwaneObszary", "Zmiany/Oddzialy", "WRP0002/Zalaczniki",
    "WRP0003/OpisPrzyczyny", "WRP0003/NastepcaPrawny", "NastepcaPrawny/Nazwa",
    "WPE0001/Reprezentant", "WPE0001/Zalaczniki", "Uprawnienia/System", "Uprawnienia/Czynnosc",
    "System/Czynnosc", "DokumentUmocowania/Numer", "DokumentUmocowania/Zalacznik", "Dezaktywacja/Powod",
    "DecyzjaWRR/UrzadCelnoSkarbowy", "DecyzjaWRP/UrzadCelnoSkarbowy", "DecyzjaWPE/UrzadCelnoSkarbowy",
    "DecyzjaWRP/Podmiot", "DecyzjaWPE/Reprezentowany", "OczekujeNaUrzednika/Termin",
    "OczekujeNaUrzednika/Opis", "Uwzgledniono/Eori", "Uwzgledniono/NumerAkcyzowy", "Uwzgledniono/Oddzial",
    "Oddzial/Eori", "Odmowiono/Przyczyna", "Przyczyna/Opis", "Przyczyna/WskaznikXpath", "Przyczyna/Zalecenie",
}  # fmt: skip
#: Form, place, values that are refused, the code of the finding, values that are allowed.
VALUES = [
    ("WRR0001", "Osoba/Pesel", ("4405140145", "440514014580", "4405140145X", "٤" * 11), "XSD_PATTERN", ()),
    ("WRR0001", "Naglowek/NumerWlasny", ("x" * 23,), "XSD_LENGTH", ("x" * 22,)),
    ("WRR0001", "Naglowek/IdentyfikatorKomunikatu", ("x" * 65,), "XSD_LENGTH", ("x" * 64,)),
    ("WRR0001", "Naglowek/DataWypelnienia", ("2026-03-30Z",), "XSD_PATTERN", ("2028-02-29",)),
    ("WRR0001", "Naglowek/DataWypelnienia", ("2026-02-29", "2026-3-30", "30.03.2026"), "XSD_TYPE", ()),
    ("WRR0001", "Naglowek/UrzadCelnoSkarbowy", ("DE441000", "PL44100"), "XSD_PATTERN", ("PL44100A",)),
    ("WRR0001", "RejestracjaUproszczona", ("1", "t", "tak"), "XSD_ENUMERATION", ("T",)),
    ("WRR0001", "Konto/Zakres", ("BASIC",), "XSD_ENUMERATION", ("PODSTAWOWY",)),
    ("WRR0001", "Konto/Login", ("jan", "jan@example", "j n@example.com"), "XSD_PATTERN", ("a@b.c.pl",)),
    ("WRR0001", "Kontakt/Telefon", ("+48-22", "12345", "+ 48 22"), "XSD_PATTERN", ("225550100",)),
    ("WRR0001", "Osoba/Obywatelstwo", ("PLN", "pl", "P1"), "XSD_PATTERN", ("UA",)),
    ("WRR0001", "AdresZamieszkania/Krajowy/KodPocztowy", ("00950", "00-95"), "XSD_PATTERN", ("80-001",)),
    ("WRR0002", "IdSisc", ("123456789", "1" * 51, "PL5260213089 00000"), "XSD_PATTERN", ("1" * 10, "1" * 50)),
    ("WRR0002", "Zalaczniki/Zalacznik/SkrotSHA256", ("AAAA",), "XSD_LENGTH", ()),
    ("WRR0002", "Zalaczniki/Zalacznik/NumerPozycji", ("0", "01", "1000"), "XSD_PATTERN", ("999",)),
    ("WRP0001", "Podmiot/Nip", ("526-021-30-89", "526021308"), "XSD_PATTERN", ("7771234550",)),
    ("WRP0001", "Podmiot/Regon", ("12345678", "1234567851234"), "XSD_PATTERN", ("12345678512347",)),
    ("WRP0001", "Podmiot/Krs", ("123456",), "XSD_PATTERN", ("0000000001",)),
    ("WRP0001", "Podmiot/FormaPrawna", ("SPOLKA",), "XSD_ENUMERATION", ("OSOBA_FIZYCZNA",)),
    ("WRP0001", "Obszary/Clo/NadanieEori/PKD", ("4690Z", "46.90", "46.9.Z"), "XSD_PATTERN", ("01.11.Z",)),
    ("WRP0001", "Obszary/Akcyza/NumerAkcyzowy", ("PL5260213089", "pl52602130890"), "XSD_PATTERN", ()),
    ("WRP0001", "Oddzialy/Oddzial/NumerOddzialu", ("1", "000001"), "XSD_PATTERN", ("99999",)),
    ("WRP0003", "Podmiot/Eori", ("P1526021308900000", "PL", "PL" + "1" * 16), "XSD_PATTERN", ("DE1",)),
    ("WPE0001", "Reprezentant/Umocowanie/Bezterminowo", ("N", ""), "XSD_ENUMERATION", ()),
    ("WPE0001", ".//System/KodSystemu", ("CELINA",), "XSD_ENUMERATION", ("NCTS2",)),
    ("WPE0001", "Reprezentant/Umocowanie/Poziom", ("PELNE",), "XSD_ENUMERATION", ("PODSTAWOWE",)),
    ("WPE0001", ".//Kwota", ("0", "-17", "0.00"), "XSD_RANGE", ("17", "0.01")),
    ("WPE0001", ".//Kwota", ("17,00",), "XSD_TYPE", ()),
    ("DecyzjaWRR", "DataWydania", ("2026-03-30T12:10:05",), "XSD_PATTERN", ("2026-03-30T10:10:05.5Z",)),
    ("DecyzjaWRP", "Uwzgledniono/Stan", ("ACTIVE",), "XSD_ENUMERATION", ("NIEAKTYWNY",)),
    ("DecyzjaWRP", "Wniosek", ("WRR0001", "WPE0001"), "XSD_ENUMERATION", ("WRP0002", "WRP0003")),
    ("DecyzjaWPE", "Odmowiono/Przyczyna/Kod", ("brak", "X1", "B-1"), "XSD_PATTERN", ("ABC",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_builtin())


def codes(validator: Validator, root: etree._Element) -> list[str]:
    message_type = types(SYSTEM)[etree.QName(root).localname]
    assert len(set(verdicts(message_type, root))) == 1
    return [one.code for one in validator.validate(root, message_type).findings]


def test_every_type_has_a_sample_and_its_direction() -> None:
    directions = {code: one.direction for code, one in types(SYSTEM).items()}
    assert (
        dict.fromkeys(FORMS, Direction.INBOUND) | dict.fromkeys(DECISIONS, Direction.OUTBOUND) == directions
    )
    assert tuple(sorted(directions)) == samples(SYSTEM)
    assert {code for code, one in types(SYSTEM).items() if one.signature_required} == FORMS


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_a_sample_is_recognised_and_valid_signed_and_unsigned(validator: Validator, code: str) -> None:
    root = sample(SYSTEM, code)
    assert load_builtin().recognise(root, on=date(2026, 3, 30)) == types(SYSTEM)[code]
    assert codes(validator, root) == []
    etree.SubElement(root, SIGNATURE).text = "x"
    assert codes(validator, root) == []
    root.insert(0, root[-1])
    assert codes(validator, root) != []


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_both_validators_agree_on_damaged_documents(code: str) -> None:
    source = random.Random(code)
    documents = damaged(sample(SYSTEM, code), source, number=DAMAGES)
    assert {True, False} == {is_valid(types(SYSTEM)[code], one) for one in documents}


def test_only_what_is_meant_to_be_optional_may_be_left_out() -> None:
    assert {one for code in samples(SYSTEM) for one in optional(SYSTEM, code)} == MAY_BE_LEFT_OUT


@pytest.mark.parametrize(
    ("code", "path", "bad", "finding", "good"), VALUES, ids=lambda one: one if isinstance(one, str) else None
)
def test_a_value_has_the_form_the_form_asks_for(
    validator: Validator, code: str, path: str, bad: tuple[str, ...], finding: str, good: tuple[str, ...]
) -> None:
    root = sample(SYSTEM, code)
    for value in (*bad, *good):
        find(root, path).text = value
        assert codes(validator, root) == ([finding] if value in bad else []), value


@pytest.mark.parametrize("kept", [(), ("Dane",), ("DodawaneObszary",), ("UsuwaneObszary",), ("Oddzialy",)])
def test_an_update_of_a_firm_changes_at_least_one_thing(validator: Validator, kept: tuple[str, ...]) -> None:
    root = sample(SYSTEM, "WRP0002")
    changes = find(root, "Zmiany")
    for change in list(changes):
        if etree.QName(change).localname not in kept:
            changes.remove(change)
    assert codes(validator, root) == ([] if kept else ["XSD_MISSING_ELEMENT"])


def test_a_firm_registers_in_at_least_one_area(validator: Validator) -> None:
    root = sample(SYSTEM, "WRP0001")
    areas = find(root, "Obszary")
    del areas[:]
    assert codes(validator, root) == ["XSD_MISSING_ELEMENT"]


def test_a_foreign_firm_gives_the_numbers_of_its_country_in_place_of_polish_ones(
    validator: Validator,
) -> None:
    root = sample(SYSTEM, "WRP0001")
    number = "<Rodzaj>VAT</Rodzaj><Kraj>DE</Kraj><Numer>DE1</Numer>"
    foreign = part(root, f"<IdentyfikatorZagraniczny>{number}</IdentyfikatorZagraniczny>")
    find(root, "Podmiot/Nip").addnext(foreign)
    assert codes(validator, root) != []
    for name in ("Nip", "Regon", "Krs"):
        remove(find(root, f"Podmiot/{name}"))
    assert codes(validator, root) == []


@pytest.mark.parametrize(
    ("path", "twin"),
    [
        ("Reprezentant/NumerPozycji", "Reprezentant[2]/NumerPozycji"),
        ("Reprezentant/OsobaFizyczna/IdSisc", "Reprezentant[2]/Podmiot/IdSisc"),
        ("Reprezentant//System/KodSystemu", "Reprezentant//System[2]/KodSystemu"),
    ],
    ids=["position", "representative", "system"],
)
def test_nothing_is_granted_twice_in_one_form(validator: Validator, path: str, twin: str) -> None:
    root = sample(SYSTEM, "WPE0001")
    find(root, twin).text = find(root, path).text
    assert codes(validator, root) == ["XSD_UNIQUE"]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        (".//Bezterminowo", "<DataDo>2027-03-31</DataDo>"),
        (".//Dezaktywacja", "<Dezaktywacja><DataZakonczenia>2026-03-31</DataZakonczenia></Dezaktywacja>"),
        (
            ".//PodstawaZwolnienia",
            "<Zaplata><Kwota>17</Kwota><DataZaplaty>2026-03-27</DataZaplaty></Zaplata>",
        ),
        ("Reprezentowany/IdSisc", "<Nip>5260213089</Nip>"),
    ],
    ids=["term", "end", "duty", "number"],
)
def test_of_two_ways_to_say_a_thing_a_form_uses_one(validator: Validator, path: str, other: str) -> None:
    root = sample(SYSTEM, "WPE0001")
    find(root, path).addnext(part(root, other))
    assert codes(validator, root) != []
    remove(find(root, path))
    assert codes(validator, root) == []


@pytest.mark.parametrize("code", sorted(DECISIONS))
def test_a_decision_grants_refuses_or_waits_and_never_two_of_them(validator: Validator, code: str) -> None:
    outcomes = [
        deepcopy(find(sample(SYSTEM, "DecyzjaWPE"), "Odmowiono")),
        deepcopy(find(sample(SYSTEM, "DecyzjaWRR"), "OczekujeNaUrzednika")),
    ]
    for outcome in outcomes:
        root = sample(SYSTEM, code)
        namespace = etree.QName(root).namespace
        for element in outcome.iter():
            element.tag = f"{{{namespace}}}{etree.QName(element).localname}"
        root.append(outcome)
        assert codes(validator, root) != []
        root.remove(root[-2])
        assert codes(validator, root) == []


GRANTED = {
    "DecyzjaWRR": "<Zakres>ROZSZERZONY</Zakres><DataWpisu>2026-03-30</DataWpisu>",
    "DecyzjaWRP": "<Stan>AKTYWNY</Stan><DataWpisu>2026-03-30</DataWpisu>",
    "DecyzjaWPE": (
        "<Reprezentacja><NumerPozycji>1</NumerPozycji><NumerReprezentacji>R-17</NumerReprezentacji>"
        "<IdSisc>00000044051401458</IdSisc><Stan>ZAREJESTROWANA</Stan><DataOd>2026-04-01</DataOd></Reprezentacja>"
    ),
}


@pytest.mark.parametrize("code", sorted(DECISIONS))
def test_a_granting_decision_gives_the_id_sisc(validator: Validator, code: str) -> None:
    root = sample(SYSTEM, code)
    root.remove(root[-1])
    granted = f"<Uwzgledniono><IdSisc>PL777123455000000</IdSisc>{GRANTED[code]}</Uwzgledniono>"
    root.append(part(root, granted))
    assert codes(validator, root) == []
    facts = read_facts(root, types(SYSTEM)[code])
    assert [(one.kind, one.number) for one in facts.parties] == [
        (IdentifierKind.ID_SISC, "PL777123455000000")
    ]


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_a_message_tells_its_numbers(code: str) -> None:
    facts = read_facts(sample(SYSTEM, code), types(SYSTEM)[code])
    assert (facts.own_id, facts.lrn) == (f"TEST-{code}-0001", "W/2026/0001")
    answered = {"DecyzjaWRR": "WRR0001", "DecyzjaWRP": "WRP0001", "DecyzjaWPE": "WPE0001"}.get(code)
    assert facts.correlation == (f"TEST-{answered}-0001" if answered else None)


@pytest.mark.parametrize("code", ["WRP0002", "WRP0003", "WPE0001"])
@pytest.mark.parametrize(
    "number", ["<IdSisc>PL526021308900000</IdSisc>", "<Eori>PL1</Eori>", "<Nip>5260213089</Nip>"]
)
def test_a_firm_is_named_by_any_one_of_its_numbers(validator: Validator, code: str, number: str) -> None:
    root = sample(SYSTEM, code)
    named = find(root, "Reprezentowany" if code == "WPE0001" else "Podmiot")
    named.replace(named[0], part(root, number))
    assert codes(validator, root) == []
    kind = {"IdSisc": IdentifierKind.ID_SISC, "Eori": IdentifierKind.EORI, "Nip": IdentifierKind.NIP}
    principal = read_facts(root, types(SYSTEM)[code]).parties[0]
    assert (kind[etree.QName(named[0]).localname], named[0].text) == (principal.kind, principal.number)


def test_the_register_itself_examines_who_files_a_form() -> None:
    assert {one.rights for code, one in types(SYSTEM).items() if code in FORMS} == {RightsRule.REGISTER}


def test_the_agency_of_the_filer_is_read_as_representative() -> None:
    facts = read_facts(sample(SYSTEM, "WRP0002"), types(SYSTEM)["WRP0002"])
    assert [(one.role, one.number) for one in facts.parties] == [
        ("principal", "PL526021308900000"),
        ("representative", "PL777123455000000"),
    ]


def described(page: str, section: str) -> set[str]:
    """Paths of the elements in the table of a section, with those of the sections its rows refer to."""
    table = re.split(r"^##+ ", page.partition(f"\n### {section}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found, above = set[str](), list[str]()
    for steps, name, value in re.findall(r"^\| ((?:› )*)`(\w+)` \| [^|]+ \| ([^|]+) \|", table, re.MULTILINE):
        del above[len(steps) // 2 :]
        above.append(name)
        found.add("/".join(above))
        if shared := re.match(r"\[(\w+)\]", value):
            found |= {f"{'/'.join(above)}/{one}" for one in described(page, shared[1])}
    return found


@pytest.mark.parametrize("code", samples(SYSTEM))
def test_the_reference_describes_every_element_and_every_code(code: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert described(page, code) == paths(types(SYSTEM)[code])
    trees = load_schema(types(SYSTEM)[code].folder, types(SYSTEM)[code].schema)
    listed = {one.get("value", "") for tree in trees for one in tree.iter("{*}enumeration")}
    assert {one for one in listed if f"`{one}`" not in page} == set()
