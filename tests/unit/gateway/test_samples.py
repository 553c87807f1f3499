"""Samples: valid, plausible, varied, the same for a seed; and broken ones with exactly one finding."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice, product
from pathlib import Path

import pytest
from lxml import etree

from gateway.plausibility import GatewayPlausibility
from gateway.samples.breaking import RULES, Breaker, Broken
from gateway.samples.making import DAY, SampleMaker, written
from gateway.sandbox.cast import ENTITY_EORI, ENTITY_EXCISE, ENTITY_NIP, TESTER
from registry.numbers import entity_id_sisc, person_id_sisc
from schemas.catalogue import load_builtin
from schemas.codelists import CodeList
from schemas.facts import read_facts
from schemas.model import Direction, MessageType, PartyRole
from schemas.validation import Validator
from schemas.wording import PlausibilityCode, SchemaCode

CATALOGUE = load_builtin()
VALIDATOR = Validator(CATALOGUE)
NO_LISTS: Mapping[str, CodeList] = {}
PLAUSIBILITY = GatewayPlausibility(lambda: NO_LISTS)
MAKER = SampleMaker(validator=VALIDATOR)
TYPES = [one for one in CATALOGUE.types() if one.direction is Direction.INBOUND]
SEEDS = range(2)
OURS = {
    ENTITY_EORI,
    ENTITY_EXCISE,
    ENTITY_NIP,
    entity_id_sisc(eori=ENTITY_EORI),
    person_id_sisc(TESTER.pesel),
}
#: Types that have a place for every rule, those with few kinds of values first.
ONE_OF_EACH = (
    "WPE0001",
    "WRR0001",
    "WRP0001",
    "CC007C",
    "IE818",
    "CC315A",
    "CC015C",
    "ZC415",
    "IE815",
    "CC515C",
)
ONLY_IN = {"XSD_UNIQUE": ("WPE0001",), "XSD_RANGE": ("CC015C", "IE815")}  # rules few schemas have
REAL = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages"
#: Official schemas, by system and, where only some types have one, by the beginning of their codes.
OFFICIAL = {
    ("NCTS2", ""): "ncts/xsd/p5-51.8/{lower}.xsd",
    ("EMCSPL2", ""): "emcs/xsd/v{version}/{lower}.xsd",
    ("AES", "CC507C"): "aes/xsd/hmrc-ie507/EISSchema.xsd",
    ("AIS", "CC3"): "ics/xsd/store-v11-2/{code}-v11-2.xsd",
}


def official(kind: MessageType) -> Path | None:
    names = {"code": kind.code, "lower": kind.code.lower(), "version": kind.version}
    for (system, codes), file in OFFICIAL.items():
        if kind.system == system and kind.code.startswith(codes):
            return REAL / file.format(**names)
    return None


COMPARED = [(one, file) for one in TYPES if (file := official(one))]
#: Lists are not installed, and for the rest no way to break it is known.
WITHOUT_A_WAY = {PlausibilityCode.OFFICE, PlausibilityCode.COUNTRY, PlausibilityCode.CODE, SchemaCode.OTHER}

each_type = pytest.mark.parametrize("kind", TYPES, ids=lambda one: f"{one.code}-{one.version}")


@cache
def made(kind: MessageType, seed: int) -> bytes:
    return written(MAKER.make(kind, seed=seed))


@each_type
def test_a_sample_is_valid_plausible_and_of_its_type(kind: MessageType) -> None:
    for seed in SEEDS:
        root = etree.fromstring(made(kind, seed))

        assert VALIDATOR.validate(root, kind).findings == ()
        assert PLAUSIBILITY.examine(root, kind, on=DAY).findings == ()
        assert etree.QName(root).localname == kind.root


@each_type
def test_a_sample_is_the_same_for_its_seed_and_another_for_another(kind: MessageType) -> None:
    assert written(MAKER.make(kind, seed=1)) == made(kind, 1)
    assert len({made(kind, seed) for seed in SEEDS}) == len(SEEDS)


@each_type
def test_a_sample_speaks_for_the_firm_of_the_sandbox_and_has_its_own_numbers(kind: MessageType) -> None:
    facts = [read_facts(etree.fromstring(made(kind, seed)), kind) for seed in SEEDS]

    parties = [party for one in facts for party in one.parties]
    assert {one.role for one in parties} <= {PartyRole.PRINCIPAL}
    assert {one.number for one in parties} <= OURS
    assert bool(parties) == bool(kind.parties)
    if kind.places.own_id:
        assert len({one.own_id for one in facts}) == len(SEEDS)


def test_a_sample_is_written_on_the_day_asked_for() -> None:
    kind = CATALOGUE.get("CC015C", system="NCTS2")

    root = MAKER.make(kind, seed=5, on=date(2027, 7, 1))

    assert str(root.findtext("preparationDateAndTime"))[:7] in {"2027-06", "2027-07"}
    assert PLAUSIBILITY.examine(root, kind, on=date(2027, 7, 1)).findings == ()


def test_masses_add_up_and_items_are_counted() -> None:
    for seed in range(8):
        root = etree.fromstring(made(CATALOGUE.get("CC015C", system="NCTS2"), seed))
        houses = [float(one.text or 0) for one in root.iterfind("Consignment/HouseConsignment/grossMass")]
        assert float(root.findtext("Consignment/grossMass") or 0) == pytest.approx(sum(houses))
        items = [one.text for one in root.iterfind(".//ConsignmentItem/declarationGoodsItemNumber")]
        assert items == [str(number) for number in range(1, len(items) + 1)]


@pytest.mark.shared
@pytest.mark.skipif(not REAL.is_dir(), reason="the official schemas are not at hand")
@pytest.mark.parametrize(("kind", "file"), COMPARED)
def test_a_sample_is_valid_against_the_official_schema_too(kind: MessageType, file: Path) -> None:
    schema = etree.XMLSchema(etree.parse(file))
    for seed in range(3):
        assert schema.validate(MAKER.make(kind, seed=seed)), schema.error_log


def breaker() -> Breaker:
    return Breaker(validator=VALIDATOR, plausibility=PLAUSIBILITY, on=DAY)


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_the_only_finding_and_stands_where_it_is_told(rule: str) -> None:
    found = list(islice(broken_samples(rule), 2))
    assert found
    for kind, broken in found:
        again = etree.fromstring(written(broken.document))
        report = VALIDATOR.validate(again, kind)
        if report.valid:
            report = PLAUSIBILITY.examine(again, kind, on=DAY)
        assert (report.total, report.findings) == (1, (broken.finding,))
        assert broken.finding.code == rule


def broken_samples(rule: str) -> Iterator[tuple[MessageType, Broken]]:
    for seed, code in product(range(6), ONLY_IN.get(rule, ONE_OF_EACH)):
        kind = next(one for one in TYPES if one.code == code)
        if broken := breaker().broken(etree.fromstring(made(kind, seed)), kind, rule, seed=seed):
            yield kind, broken


def test_every_code_that_has_a_place_in_samples_can_be_asked_for() -> None:
    assert {*SchemaCode, *PlausibilityCode} - WITHOUT_A_WAY == set(RULES)


def test_a_rule_without_a_place_in_the_sample_is_told() -> None:
    kind = CATALOGUE.get("WRR0001")
    assert breaker().broken(etree.fromstring(made(kind, 0)), kind, "VALUE_MRN", seed=0) is None
