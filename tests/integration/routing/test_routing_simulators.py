"""The simulators as the gateway meets them: real messages in, valid messages out, nothing twice."""

import base64
import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Barrier

import pytest
from lxml import etree
from sqlalchemy import Engine, create_engine, func, insert, select

from routing.backends import build_back_ends
from routing.errors import RouteConfigurationError
from routing.model import Accepted, Answer, AnswerKind, BackEnd, Delivery, Outcome, Rejected, Unavailable
from routing.routes import AdapterKind, Route, RouteTable, SimulatorSettings, default_routes
from routing.tables import metadata, simulator_movements, simulator_numbers
from schemas.catalogue import Catalogue, load_builtin
from schemas.identifiers import is_valid_arc, is_valid_mrn

DECLARATIONS = Path(__file__).parent / "declarations"
AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # in Warsaw it is the 21st already
LRN = "DEMO0000000000000001"

#: Per system: type of the declaration, answers when all goes well, functional rejection.
SYSTEMS = {
    "NCTS2": ("CC015C", ("UPO", "CC928C", "CC028C", "CC029C"), "CC056C"),
    "AES": ("CC515C", ("UPO", "CC528C", "CC529C"), "CC556C"),
    "AIS": ("ZC415", ("UPO", "ZC428", "ZC429"), "ZC416"),
    "EMCSPL2": ("IE815", ("UPO", "IE801"), "IE704"),
}
each_system = pytest.mark.parametrize("system", SYSTEMS)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


@pytest.fixture
def back_ends(engine: Engine, catalogue: Catalogue) -> Mapping[str, BackEnd]:
    return build_back_ends(default_routes(), engine, lambda: AT, catalogue)


def declaration(system: str, sys_ref: str = "s1", lrn: str = LRN, **changes: str) -> Delivery:
    """A small declaration to the system under another LRN, with texts of elements changed."""
    type_code = SYSTEMS[system][0]
    text = (DECLARATIONS / f"{type_code}.xml").read_text(encoding="utf-8")
    assert LRN in text
    text = text.replace(LRN, lrn)
    for name, value in changes.items():
        text, count = re.subn(rf"(<(?:\w+:)?{name}>)[^<]*", rf"\g<1>{value}", text, count=1)
        assert count == 1
    return delivery_of(text.encode(), system, type_code, sys_ref)


def delivery_of(content: bytes, system: str, type_code: str, sys_ref: str) -> Delivery:
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


def types_of(outcome: Outcome) -> tuple[str, ...]:
    assert not isinstance(outcome, Unavailable)
    return tuple(answer.type_code for answer in outcome.answers)


def business(outcome: Outcome) -> Answer:
    assert isinstance(outcome, Accepted)
    return outcome.answers[-1]


@cache
def schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(path))


def assert_valid(answer: Answer, system: str, catalogue: Catalogue) -> None:
    of = "channel" if answer.type_code in {"UPO", "OdrzucenieKomunikatu"} else system
    root = etree.fromstring(answer.content)
    message_type = catalogue.recognise(root, on=AT.date())
    assert (message_type.code, message_type.system) == (answer.type_code, of)
    schema(message_type.folder / message_type.schema).assertValid(root)


def texts(answer: Answer, name: str) -> list[str | None]:
    return [found.text for found in etree.fromstring(answer.content).iterfind(f".//{{*}}{name}")]


@each_system
def test_a_good_declaration_goes_through(
    system: str, back_ends: Mapping[str, BackEnd], catalogue: Catalogue
) -> None:
    [outcome] = back_ends[system].deliver([declaration(system)])
    assert SYSTEMS[system][1] == types_of(outcome)
    assert isinstance(outcome, Accepted)
    for answer in outcome.answers:
        assert_valid(answer, system, catalogue)


@each_system
def test_the_answers_name_the_declaration_they_answer(system: str, back_ends: Mapping[str, BackEnd]) -> None:
    delivery = declaration(system)
    [outcome] = back_ends[system].deliver([delivery])
    assert isinstance(outcome, Accepted)
    assert {"s1"} == {answer.sys_ref for answer in outcome.answers}
    [own_id] = {answer.correlation for answer in outcome.answers}
    assert own_id is not None
    assert own_id.encode() in delivery.content
    assert {LRN} == {answer.lrn for answer in outcome.answers if answer.kind is AnswerKind.BUSINESS}
    assert own_id in [
        *texts(outcome.answers[-1], "correlationIdentifier"),
        *texts(outcome.answers[-1], "CorrelationIdentifier"),
    ]


def test_the_upo_names_document_and_digest(back_ends: Mapping[str, BackEnd]) -> None:
    delivery = declaration("NCTS2")
    [outcome] = back_ends["NCTS2"].deliver([delivery])
    assert isinstance(outcome, Accepted)
    upo = outcome.answers[0]
    assert upo.kind is AnswerKind.CONFIRMATION
    assert texts(upo, "IdentyfikatorECIPSEAP") == ["s1"]
    assert [base64.b64encode(hashlib.sha256(delivery.content).digest()).decode()] == texts(upo, "Skrot")
    assert [upo.back_end_id] == texts(upo, "NumerIdentyfikacyjny")
    assert texts(upo, "NazwaSystemuWydajacego") == ["NCTS2"]


@pytest.mark.parametrize(("system", "letters"), [("NCTS2", "JKLM"), ("AES", "AB"), ("AIS", "R")])
def test_the_mrn_is_well_formed(system: str, letters: str, back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends[system].deliver([declaration(system)])
    mrn = business(outcome).mrn
    assert mrn is not None
    assert is_valid_mrn(mrn)
    assert mrn.startswith("26PL")
    assert mrn[16] in letters


def test_the_arc_is_well_formed(back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["EMCSPL2"].deliver([declaration("EMCSPL2")])
    arc = business(outcome).arc
    assert arc is not None
    assert is_valid_arc(arc)
    assert [arc] == texts(business(outcome), "AdministrativeReferenceCode")


def test_dates_are_those_of_the_clock_in_warsaw(back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["NCTS2"].deliver([declaration("NCTS2")])
    assert texts(business(outcome), "releaseDate") == ["2026-11-21"]
    assert texts(business(outcome), "preparationDateAndTime") == ["2026-11-21T00:30:00"]


def test_a_release_has_what_the_declaration_left_out(back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["NCTS2"].deliver([declaration("NCTS2")])
    release = business(outcome)
    assert texts(release, "amountToBeCovered") == ["10000.00"]
    assert texts(release, "currency") == ["EUR"]
    assert texts(release, "containerIndicator") == ["1"]
    assert texts(release, "DepartureTransportMeans") == []
    assert texts(release, "supplementaryUnits") == []
    assert len(texts(release, "GoodsMeasure")) == 1


@pytest.mark.parametrize(
    ("system", "answers"), [("NCTS2", ("UPO", "CC928C")), ("AES", ("UPO", "CC928C")), ("AIS", ("UPO",))]
)
def test_a_prelodged_declaration_gets_no_mrn_yet(
    system: str, answers: tuple[str, ...], back_ends: Mapping[str, BackEnd]
) -> None:
    prelodged = declaration(system, additionalDeclarationType="D")
    [outcome] = back_ends[system].deliver([prelodged])
    assert answers == types_of(outcome)
    assert business(outcome).mrn is None


@each_system
def test_scenario_rej_rejects_the_declaration(
    system: str, back_ends: Mapping[str, BackEnd], catalogue: Catalogue
) -> None:
    [outcome] = back_ends[system].deliver([declaration(system, lrn="REJ1")])
    rejection = SYSTEMS[system][2]
    assert ("UPO", rejection) == types_of(outcome)
    assert_valid(business(outcome), system, catalogue)


@each_system
def test_scenario_nup_refuses_the_document(
    system: str, back_ends: Mapping[str, BackEnd], catalogue: Catalogue
) -> None:
    [outcome] = back_ends[system].deliver([declaration(system, lrn="NUP1")])
    assert isinstance(outcome, Rejected)
    [refusal] = outcome.answers
    assert refusal.kind is AnswerKind.REJECTION
    assert texts(refusal, "Rodzaj") == ["ERROR"]
    assert len(texts(refusal, "Tekst")) == 2
    assert_valid(refusal, system, catalogue)


@each_system
def test_scenario_down_is_taken_at_the_third_attempt(system: str, back_ends: Mapping[str, BackEnd]) -> None:
    delivery = declaration(system, lrn="DOWN1")
    for attempt in (1, 2):
        [outcome] = back_ends[system].deliver([replace(delivery, attempt=attempt)])
        assert isinstance(outcome, Unavailable)
    [outcome] = back_ends[system].deliver([replace(delivery, attempt=3)])
    assert SYSTEMS[system][1] == types_of(outcome)


@each_system
def test_the_same_party_cannot_use_an_lrn_twice(system: str, back_ends: Mapping[str, BackEnd]) -> None:
    first, second, third = back_ends[system].deliver(
        [declaration(system, "s1"), declaration(system, "s2"), declaration(system, "s3", lrn="OTHER")]
    )
    assert SYSTEMS[system][1] == types_of(first) == types_of(third)
    assert ("UPO", SYSTEMS[system][2]) == types_of(second)
    assert LRN in [
        *texts(business(second), "originalAttributeValue"),
        *texts(business(second), "OriginalAttributeValue"),
    ]
    [later] = back_ends[system].deliver([declaration(system, "s4")])
    assert ("UPO", SYSTEMS[system][2]) == types_of(later)


def test_an_lrn_is_free_again_after_a_rejection(back_ends: Mapping[str, BackEnd]) -> None:
    bad = declaration("NCTS2", "s1", grossMass="1.5")
    [rejected] = back_ends["NCTS2"].deliver([bad])
    assert types_of(rejected) == ("UPO", "CC056C")
    assert texts(business(rejected), "errorPointer") == ["/CC015C/Consignment/grossMass"]
    [mended] = back_ends["NCTS2"].deliver([declaration("NCTS2", "s2")])
    assert SYSTEMS["NCTS2"][1] == types_of(mended)


def test_an_office_outside_common_transit_is_refused(back_ends: Mapping[str, BackEnd]) -> None:
    abroad = declaration("NCTS2").content.decode()
    abroad = re.sub(r"(<CustomsOfficeOfDeparture>\s*<referenceNumber>)..", r"\1US", abroad)
    [outcome] = back_ends["NCTS2"].deliver([delivery_of(abroad.encode(), "NCTS2", "CC015C", "s1")])
    assert texts(business(outcome), "errorCode") == ["12"]


def test_a_repeated_message_number_is_refused_where_the_route_says_so(
    engine: Engine, catalogue: Catalogue
) -> None:
    strict = Route(
        system="NCTS2",
        adapter=AdapterKind.SIMULATOR,
        simulator=SimulatorSettings(unique_message_numbers=True),
    )
    back_end = build_back_ends(RouteTable([strict]), engine, lambda: AT, catalogue)["NCTS2"]
    first, second = back_end.deliver([declaration("NCTS2", "s1"), declaration("NCTS2", "s2", lrn="L2")])
    assert SYSTEMS["NCTS2"][1] == types_of(first)
    assert texts(business(second), "errorCode") == ["26"]
    [third] = back_end.deliver([declaration("NCTS2", "s3", lrn="L2", messageIdentification="NEW1")])
    assert SYSTEMS["NCTS2"][1] == types_of(third)


@each_system
def test_a_document_delivered_again_gets_the_same_answers(
    system: str, back_ends: Mapping[str, BackEnd], engine: Engine
) -> None:
    batch = [declaration(system), declaration(system, "s2"), declaration(system, "s3", lrn="NUP1")]
    first = back_ends[system].deliver(batch)
    assert list(first) == list(back_ends[system].deliver(batch))
    assert [first[2], first[0]] == list(back_ends[system].deliver([batch[2], batch[0]]))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(simulator_movements)) == 1


def test_an_mrn_that_is_taken_is_not_given_again(
    back_ends: Mapping[str, BackEnd], engine: Engine, catalogue: Catalogue
) -> None:
    elsewhere = create_engine("sqlite://")
    metadata.create_all(elsewhere)
    twin = build_back_ends(default_routes(), elsewhere, lambda: AT, catalogue)["NCTS2"]
    [foreseen] = twin.deliver([declaration("NCTS2")])
    taken = {"system": "NCTS2", "kind": "reference", "principal": "", "number": business(foreseen).mrn}
    with engine.begin() as connection:
        connection.execute(insert(simulator_numbers), taken | {"sys_ref": "other"})
    [outcome] = back_ends["NCTS2"].deliver([declaration("NCTS2")])
    mrn = business(outcome).mrn
    assert mrn is not None
    assert is_valid_mrn(mrn)
    assert mrn != business(foreseen).mrn


def test_a_document_twice_in_a_batch_is_delivered_once(back_ends: Mapping[str, BackEnd]) -> None:
    delivery = declaration("NCTS2")
    first, second = back_ends["NCTS2"].deliver([delivery, delivery])
    assert first == second
    assert SYSTEMS["NCTS2"][1] == types_of(first)


def test_two_workers_with_the_same_documents_get_the_same_answers(
    back_ends: Mapping[str, BackEnd],
) -> None:
    batch = [declaration("NCTS2", f"s{i}", lrn=f"L{i}") for i in range(8)]
    start = Barrier(2)

    def work(documents: list[Delivery]) -> dict[str, Outcome]:
        start.wait()
        outcomes = back_ends["NCTS2"].deliver(documents)
        return dict(zip((each.sys_ref for each in documents), outcomes, strict=True))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, [batch, batch[::-1]])
    assert first == second
    assert all(isinstance(outcome, Accepted) for outcome in first.values())


@pytest.mark.parametrize("content", [b"", b"<CC015C", b"\xff\xfe\x00", b"plain text"])
def test_what_is_no_xml_is_refused_not_raised(content: bytes, back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["NCTS2"].deliver([delivery_of(content, "NCTS2", "CC015C", "s1")])
    assert isinstance(outcome, Rejected)
    assert types_of(outcome) == ("OdrzucenieKomunikatu",)


def test_a_message_type_the_system_does_not_serve_is_refused(back_ends: Mapping[str, BackEnd]) -> None:
    stray = declaration("AES")
    [outcome] = back_ends["NCTS2"].deliver([replace(stray, system="NCTS2")])
    assert isinstance(outcome, Rejected)
    assert "CC515C" in outcome.reason


def test_the_signature_of_the_request_is_not_repeated(back_ends: Mapping[str, BackEnd]) -> None:
    plain = declaration("NCTS2").content
    end = plain.rindex(b"</")
    signed = plain[:end] + b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>' + plain[end:]
    [outcome] = back_ends["NCTS2"].deliver([delivery_of(signed, "NCTS2", "CC015C", "s1")])
    assert b"Signature" not in business(outcome).content


def test_texts_are_escaped(back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["NCTS2"].deliver([declaration("NCTS2", lrn="A&amp;B&lt;1&gt;")])
    assert texts(business(outcome), "LRN") == ["A&B<1>"]


@each_system
def test_a_simulator_is_well_while_its_database_answers(
    system: str, back_ends: Mapping[str, BackEnd], engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> None:
    assert back_ends[system].health().well

    nowhere = create_engine(f"sqlite:///{tmp_path}/no-folder/none.db")
    health = build_back_ends(default_routes(), nowhere, lambda: AT, catalogue)[system].health()
    assert not health.well
    assert "unavailable" in health.detail


def test_an_empty_batch_is_nothing(back_ends: Mapping[str, BackEnd]) -> None:
    assert list(back_ends["NCTS2"].deliver([])) == []


def test_a_database_out_of_reach_is_an_unavailable_back_end(tmp_path: Path, catalogue: Catalogue) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/missing/simulators.db")
    back_end = build_back_ends(default_routes(), engine, lambda: AT, catalogue)["NCTS2"]
    outcomes = back_end.deliver([declaration("NCTS2"), declaration("NCTS2", "s2")])
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert len(outcomes) == 2


def test_a_system_without_simulator_is_refused_when_back_ends_are_built(
    engine: Engine, catalogue: Catalogue
) -> None:
    routes = RouteTable([Route(system="ZEFIR2", adapter=AdapterKind.SIMULATOR)])
    with pytest.raises(RouteConfigurationError, match="ZEFIR2"):
        build_back_ends(routes, engine, lambda: AT, catalogue)


def test_a_net_mass_over_the_gross_mass_is_a_functional_error(back_ends: Mapping[str, BackEnd]) -> None:
    [outcome] = back_ends["EMCSPL2"].deliver([declaration("EMCSPL2", NetMass="2100.5")])
    assert texts(business(outcome), "ErrorType") == ["12"]
    assert texts(business(outcome), "OriginalAttributeValue") == ["2100.5"]
