"""Whole life cycles: messages in turn, functional errors for those out of turn, every answer valid."""

from collections.abc import Mapping

import pytest
from lxml import etree
from sqlalchemy import Engine

from routing.model import Answer
from routing.routes import SimulatorSettings
from routing.simulators.ledger import Due
from routing.simulators.scenarios import SCENARIOS, Scenario
from routing.simulators.sql_ledger import SqlLedger
from routing.tables import metadata
from schemas.identifiers import is_valid_arc, is_valid_mrn, make_mrn
from tests.integration.routing.life import START, Life, in_version, letter, told

LRN, MRN = "TransitOperation/LRN", "TransitOperation/MRN"
EXPORT_LRN, EXPORT_MRN = "ExportOperation/LRN", "ExportOperation/MRN"
IMPORT_LRN, IMPORT_MRN = "Declaration/lrn", "Declaration/mrn"
DRAFT = "Body/SubmittedDraftOfEADESAD"
TRADERID = f"{DRAFT}/ConsigneeTrader/Traderid"
CONSIGNEE = "PL52500083820"
CONFORM, SIMPLIFIED = "UnloadingRemark/conform", "TransitOperation/simplifiedProcedure"
#: Of every system: its declaration, and where its LRN stands.
DECLARATIONS = {
    "NCTS2": ("CC015C", LRN),
    "AES": ("CC515C", EXPORT_LRN),
    "AIS": ("ZC415", IMPORT_LRN),
    "EMCSPL2": ("IE815", f"{DRAFT}/EadEsadDraft/LocalReferenceNumber"),
}
ARC = {
    "IE810": "Body/CancellationOfEAD/ExciseMovementEad",
    "IE813": "Body/ChangeOfDestination/UpdateEadEsad",
    "IE818": "Body/AcceptedOrRejectedReportOfReceiptExport/ExciseMovement",
    "IE819": "Body/AlertOrRejectionOfEADESAD/ExciseMovement",
    "IE837": "Body/ExplanationOnDelayForDelivery/ExciseMovement",
    "IE871": "Body/ExplanationOnReasonForShortage/ExciseMovement",
    "IE880": "Body/ManualClosureRequest/Attributes",
}
CONCLUSION = "Body/AcceptedOrRejectedReportOfReceiptExport/ReportOfReceiptExport/GlobalConclusionOfReceipt"
REJECTED = "Body/AlertOrRejectionOfEADESAD/AlertOrRejection/EadEsadRejectedFlag"
UPSTREAM = "Body/SubmittedDraftOfSplittingOperation/SplittingEad/UpstreamArc"
SENT_ON = (
    b"<DestinationTypeCode>1</DestinationTypeCode><NewConsigneeTrader language='pl'>"
    b"<Traderid>PL52500083820</Traderid><TraderName>Paliwa</TraderName><StreetName>Morska</StreetName>"
    b"<Postcode>81-001</Postcode><City>Gdynia</City></NewConsigneeTrader>"
)
SUBMITTER = "Body/ExplanationOnReasonForShortage/Attributes/SubmitterType"
each_version = pytest.mark.parametrize("version", ["3.13", "3.23"])


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def ncts(engine: Engine) -> Life:
    return Life(system="NCTS2", engine=engine)


@pytest.fixture
def aes(engine: Engine) -> Life:
    return Life(system="AES", engine=engine)


@pytest.fixture
def ais(engine: Engine) -> Life:
    return Life(system="AIS", engine=engine)


@pytest.fixture
def emcs(engine: Engine) -> Life:
    return Life(system="EMCSPL2", engine=engine)


def types(answers: list[Answer]) -> list[str]:
    return [answer.type_code for answer in answers]


def codes(answers: list[Answer]) -> list[str | None]:
    """Functional errors of the last answer."""
    names = ("errorCode", "ErrorType", "ErrTypER11")
    return [code for name in names for code in told(answers[-1], name)]


def reference(answers: list[Answer]) -> str:
    found = next(answer.mrn or answer.arc for answer in answers if answer.mrn or answer.arc)
    assert found is not None
    return found


def excise(
    life: Life, code: str, arc: str, version: str, changes: Mapping[str, str | None] | None = None
) -> list[Answer]:
    key = {f"{ARC[code]}/AdministrativeReferenceCode": arc}
    return life.send(code, {**key, **(changes or {})}, version=version)


def draft(life: Life, lrn: str, version: str, **changes: str) -> str:
    """An e-AD with a consignee in Poland; its ARC."""
    dates = {f"{DRAFT}/EadEsadDraft/DateOfDispatch": "2026-12-20", TRADERID: CONSIGNEE}
    answers = life.send("IE815", {DECLARATIONS["EMCSPL2"][1]: lrn, **dates, **changes}, version=version)
    assert types(answers) == ["UPO", "IE801"]
    assert is_valid_arc(reference(answers))
    return reference(answers)


def readers(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(one.type_code, each.number) for one in answers for each in one.recipients]


# Transit


def test_a_transit_lodged_ahead_gets_its_mrn_when_the_goods_are_presented(ncts: Life) -> None:
    ahead = {LRN: "PRE1", "TransitOperation/additionalDeclarationType": "D"}
    assert types(ncts.send("CC015C", ahead)) == ["UPO", "CC928C"]
    assert types(ncts.send("CC013C", {LRN: "PRE1", MRN: None})) == ["UPO", "CC004C"]
    presented = ncts.send("CC170C", {LRN: "PRE1"})
    assert types(presented) == ["UPO", "CC028C", "CC029C"]
    assert is_valid_mrn(reference(presented))
    assert told(presented[-1], "LRN") == ["PRE1"]
    assert codes(ncts.send("CC170C", {LRN: "PRE1"})) == ["92"]


def test_a_transit_nobody_presents_lapses_after_thirty_days(ncts: Life) -> None:
    ncts.send("CC015C", {LRN: "PRE1", "TransitOperation/additionalDeclarationType": "D"})
    assert ncts.later(days=29) == []
    [lapsed] = ncts.later(days=1)
    assert lapsed.type_code == "CC009C"
    assert told(lapsed, "initiatedByCustoms") == ["1"]
    assert lapsed.sys_ref == "NCTS2-1"
    assert codes(ncts.send("CC170C", {LRN: "PRE1"})) == ["92"]


def test_arrival_unloading_and_release_close_a_transit(ncts: Life) -> None:
    mrn = reference(ncts.send("CC015C", {LRN: "T1"}))
    arrived = ncts.send("CC007C", {MRN: mrn, SIMPLIFIED: "0"})
    assert types(arrived) == ["UPO", "CC043C"]
    assert told(arrived[-1], "declarationAcceptanceDate") == ["2026-11-20"]
    unloaded = ncts.send("CC044C", {MRN: mrn, CONFORM: "1"})
    assert types(unloaded) == ["UPO", "CC025C"]
    [written_off] = ncts.later()
    assert (written_off.type_code, written_off.sys_ref, written_off.mrn) == ("CC045C", "NCTS2-1", mrn)
    assert codes(ncts.send("CC044C", {MRN: mrn})) == ["92"]


def test_a_simplified_arrival_needs_no_unloading_permission(ncts: Life) -> None:
    mrn = reference(ncts.send("CC015C", {LRN: "T1"}))
    assert types(ncts.send("CC007C", {MRN: mrn, SIMPLIFIED: "1"})) == ["UPO", "CC025C"]
    assert types(ncts.later()) == ["CC045C"]


def test_differences_are_told_to_the_holder_before_the_release(ncts: Life) -> None:
    mrn = reference(ncts.send("CC015C", {LRN: "T1"}))
    ncts.send("CC007C", {MRN: mrn, SIMPLIFIED: "0"})
    assert types(ncts.send("CC044C", {MRN: mrn, CONFORM: "0"})) == ["UPO"]
    assert types(ncts.later()) == ["CC019C"]
    released, written_off = ncts.later(hours=2)
    assert (released.type_code, released.sys_ref) == ("CC025C", "NCTS2-3")
    assert (written_off.type_code, written_off.sys_ref) == ("CC045C", "NCTS2-1")


def test_unloading_that_is_not_complete_goes_on_under_another_permission(ncts: Life) -> None:
    mrn = reference(ncts.send("CC015C", {LRN: "T1"}))
    ncts.send("CC007C", {MRN: mrn, SIMPLIFIED: "0"})
    again = ncts.send("CC044C", {MRN: mrn, "UnloadingRemark/unloadingCompletion": "0"})
    assert types(again) == ["UPO", "CC043C"]
    assert told(again[-1], "continueUnloading") == ["1"]
    assert types(ncts.send("CC044C", {MRN: mrn, CONFORM: "1"})) == ["UPO", "CC025C"]


def test_goods_declared_abroad_may_arrive_here(ncts: Life) -> None:
    mrn = make_mrn(2026, "DE", "ABCDEF123456", "J")
    assert types(ncts.send("CC007C", {MRN: mrn, SIMPLIFIED: "0"})) == ["UPO", "CC043C"]
    assert types(ncts.send("CC044C", {MRN: mrn, CONFORM: "1"})) == ["UPO", "CC025C"]
    assert ncts.later(days=1) == []


def test_an_invalidation_is_granted_before_the_release_and_refused_after_it(ncts: Life) -> None:
    ncts.send("CC015C", {LRN: "SLOW1"})
    granted = ncts.send("CC014C", {LRN: "SLOW1", MRN: None})
    assert told(granted[-1], "decision") == ["1"]
    assert ncts.later(days=1) == []
    ncts.send("CC015C", {LRN: "T1"})
    refused = ncts.send("CC014C", {LRN: "T1", MRN: None})
    assert (types(refused), told(refused[-1], "decision")) == (["UPO", "CC009C"], ["0"])


@pytest.mark.parametrize(
    ("mrn", "code"), [("26PL401010003046J2", "93"), (make_mrn(2026, "PL", "401010ABCDEF", "J"), "90")]
)
def test_an_mrn_that_is_wrong_or_unknown_is_a_functional_error(ncts: Life, mrn: str, code: str) -> None:
    rejected = ncts.send("CC014C", {LRN: None, MRN: mrn})
    assert (types(rejected), codes(rejected)) == (["UPO", "CC056C"], [code])
    assert told(rejected[-1], "errorPointer") == ["/CC014C/TransitOperation/MRN"]
    assert told(rejected[-1], "businessRejectionType") == ["014"]
    at_destination = ncts.send("CC044C", {MRN: mrn})
    assert (types(at_destination), codes(at_destination)) == (["UPO", "CC057C"], [code])


@pytest.mark.parametrize(
    ("lrn", "at_once", "soon", "in_the_end"),
    [
        ("SLOW1", ["CC928C", "CC028C"], ["CC029C"], []),
        ("CTRL1", ["CC928C", "CC028C", "CC060C"], ["CC029C"], []),
        ("NREL1", ["CC928C", "CC028C", "CC060C"], ["CC051C"], []),
        ("GUA1", ["CC928C", "CC028C", "CC055C"], [], ["CC051C"]),
        ("AMND1", ["CC928C", "CC028C", "CC022C"], [], ["CC051C"]),
        ("INC1", ["CC928C", "CC028C", "CC029C"], [], ["CC182C"]),
        ("AUTO1", ["CC928C", "CC028C", "CC029C"], [], ["CC045C"]),
        ("LOST1", ["CC928C", "CC028C", "CC029C"], [], ["CC035C"]),
        ("FERR1", ["CC906C"], [], []),
        ("XERR1", ["CC917C"], [], []),
    ],
)
def test_a_transit_goes_as_its_scenario_says(
    ncts: Life, lrn: str, at_once: list[str], soon: list[str], in_the_end: list[str]
) -> None:
    assert types(ncts.send("CC015C", {LRN: lrn})) == ["UPO", *at_once]
    assert types(ncts.later(hours=2)) == soon
    assert types(ncts.later(days=60)) == in_the_end


@pytest.mark.parametrize("scenario", ["GUA", "AMND"])
def test_what_waits_for_an_amendment_goes_on_with_it(ncts: Life, scenario: str) -> None:
    ncts.send("CC015C", {LRN: f"{scenario}1"})
    amended = ncts.send("CC013C", {LRN: f"{scenario}1", MRN: None})
    assert types(amended) == ["UPO", "CC004C", "CC029C"]
    assert ncts.later(days=2) == []


# Export


def test_an_export_ends_with_the_notification_of_exit(aes: Life) -> None:
    mrn = reference(aes.send("CC515C", {EXPORT_LRN: "X1"}))
    early = aes.send("CC590C", {EXPORT_MRN: mrn})
    assert (types(early), codes(early)) == (["UPO", "CC557C"], ["92"])
    assert types(aes.send("CC507C", {f"Body/{EXPORT_MRN}": mrn})) == ["UPO", "CC525C"]
    assert codes(aes.send("CC507C", {f"Body/{EXPORT_MRN}": mrn})) == ["92"]
    assert types(aes.send("CC590C", {EXPORT_MRN: mrn})) == ["UPO"]
    [proof] = aes.later()
    assert (proof.type_code, proof.sys_ref, proof.mrn) == ("CC599C", "AES-1", mrn)
    assert codes(aes.send("CC514C", {EXPORT_LRN: None, EXPORT_MRN: mrn})) == ["92"]


def test_an_export_lodged_ahead_may_be_amended_and_is_released_when_presented(aes: Life) -> None:
    ahead = {EXPORT_LRN: "P1", "ExportOperation/additionalDeclarationType": "D"}
    assert types(aes.send("CC515C", ahead)) == ["UPO", "CC928C"]
    assert types(aes.send("CC513C", {EXPORT_LRN: "P1", EXPORT_MRN: None})) == ["UPO", "CC504C"]
    assert types(aes.send("CC511C", {EXPORT_LRN: "P1"})) == ["UPO", "CC528C", "CC529C"]


@pytest.mark.parametrize(("exit_date", "answer"), [("2026-12-01", "CC599C"), (None, "CC509C")])
def test_goods_not_seen_leaving_are_asked_for(aes: Life, exit_date: str | None, answer: str) -> None:
    mrn = reference(aes.send("CC515C", {EXPORT_LRN: "LOST1"}))
    assert codes(aes.send("CC583C", {EXPORT_MRN: mrn})) == ["92"]
    assert types(aes.later(days=60)) == ["CC582C"]
    informed = aes.send("CC583C", {EXPORT_MRN: mrn, "ExportOperation/exitDate": exit_date})
    assert types(informed) == ["UPO", answer]
    assert aes.later(days=90) == []


def test_without_any_proof_of_exit_the_export_is_invalidated(aes: Life) -> None:
    aes.send("CC515C", {EXPORT_LRN: "LOST1"})
    assert types(aes.later(days=60)) == ["CC582C"]
    assert types(aes.later(days=60)) == ["CC509C"]


@pytest.mark.parametrize(
    ("lrn", "at_once", "later"),
    [
        ("SLOW1", ["CC528C"], ["CC529C"]),
        ("CTRL1", ["CC528C", "CC560C"], ["CC529C"]),
        ("NREL1", ["CC528C", "CC560C"], ["CC551C"]),
        ("AUTO1", ["CC528C", "CC529C"], ["CC599C"]),
        ("FERR1", ["CC906C"], []),
        ("XERR1", ["CC917C"], []),
    ],
)
def test_an_export_goes_as_its_scenario_says(
    aes: Life, lrn: str, at_once: list[str], later: list[str]
) -> None:
    assert types(aes.send("CC515C", {EXPORT_LRN: lrn})) == ["UPO", *at_once]
    assert types(aes.later(days=2)) == later


# Import and entry


def test_an_import_lodged_ahead_is_released_once_the_goods_are_there(ais: Life) -> None:
    ahead = {IMPORT_LRN: "P1", "Declaration/additionalDeclarationType": "D"}
    assert types(ais.send("ZC415", ahead)) == ["UPO"]
    assert types(ais.send("ZC413", {IMPORT_LRN: "P1", IMPORT_MRN: None})) == ["UPO"]
    assert types(ais.later(days=1)) == ["ZC428", "ZC429"]


def test_an_import_may_be_amended_and_invalidated_before_the_release(ais: Life) -> None:
    ais.send("ZC415", {IMPORT_LRN: "SLOW1"})
    assert types(ais.send("ZC413", {IMPORT_LRN: "SLOW1", IMPORT_MRN: None})) == ["UPO", "ZC428"]
    granted = ais.send("ZC414", {IMPORT_LRN: "SLOW1", IMPORT_MRN: None})
    assert (types(granted), told(granted[-1], "decision")) == (["UPO", "ZC410"], ["1"])
    assert ais.later(days=1) == []
    unknown = ais.send("ZC414", {IMPORT_LRN: None})
    assert (types(unknown), codes(unknown)) == (["UPO", "ZC416"], ["93"])


@pytest.mark.parametrize(
    ("lrn", "at_once", "later"),
    [
        ("SLOW1", ["ZC428"], ["ZC429"]),
        ("CTRL1", ["ZC428", "ZC460"], ["ZC429"]),
        ("NREL1", ["ZC428", "ZC460"], ["ZC451"]),
    ],
)
def test_an_import_goes_as_its_scenario_says(
    ais: Life, lrn: str, at_once: list[str], later: list[str]
) -> None:
    assert types(ais.send("ZC415", {IMPORT_LRN: lrn})) == ["UPO", *at_once]
    assert types(ais.later(hours=2)) == later


def test_goods_put_into_temporary_storage_get_an_mrn(ais: Life) -> None:
    stored = ais.send("DS415")
    assert types(stored) == ["UPO", "ZC428"]
    assert reference(stored)[16] == "U"


def test_an_entry_summary_declaration_may_be_amended_and_its_goods_diverted(ais: Life) -> None:
    lodged = ais.send("CC315A")
    assert types(lodged) == ["UPO", "CC328A"]
    mrn = reference(lodged)
    assert types(ais.send("CC313A", {"HEAHEA/DocNumHEA5": mrn})) == ["UPO", "CC304A"]
    assert types(ais.send("CC323A", {"IMPOPE200/DocRefNumIMPOPE201": mrn})) == ["UPO"]
    again, unknown = ais.send("CC315A"), ais.send("CC313A")
    assert (types(again), codes(again)) == (["UPO", "CC316A"], ["14"])
    assert types(unknown) == ["UPO", "CC305A"]
    assert types(ais.send("CC323A")) == ["OdrzucenieKomunikatu"]


# Excise


@each_version
def test_both_traders_are_told_of_a_movement_until_its_receipt(emcs: Life, version: str) -> None:
    arc = draft(emcs, "E1", version)
    assert readers(emcs.later()) == [("IE801", CONSIGNEE)]
    early = excise(emcs, "IE871", arc, version)
    assert (types(early), codes(early)) == (["UPO", "IE704"], ["92"])
    received = excise(emcs, "IE818", arc, version, {CONCLUSION: "1"})
    assert types(received) == ["UPO", "IE818"]
    [to_consignor] = emcs.later()
    assert (to_consignor.type_code, to_consignor.sys_ref) == ("IE818", "EMCSPL2-1")
    assert to_consignor.recipients == ()
    assert f":V{version}".encode() in to_consignor.content
    assert codes(excise(emcs, "IE818", arc, version)) == ["92"]
    assert types(excise(emcs, "IE871", arc, version, {SUBMITTER: "1"})) == ["UPO", "IE871"]
    assert readers(emcs.later()) == [("IE871", CONSIGNEE)]


@each_version
def test_a_movement_may_be_cancelled_before_the_dispatch_only(emcs: Life, version: str) -> None:
    gone = draft(emcs, "E1", version, **{f"{DRAFT}/EadEsadDraft/DateOfDispatch": "2026-11-01"})
    assert codes(excise(emcs, "IE810", gone, version)) == ["92"]
    arc = draft(emcs, "E2", version)
    emcs.later()
    assert types(excise(emcs, "IE810", arc, version)) == ["UPO", "IE810"]
    assert readers(emcs.later()) == [("IE810", CONSIGNEE)]
    assert codes(excise(emcs, "IE818", arc, version)) == ["92"]


@each_version
def test_refused_goods_get_a_new_destination(emcs: Life, version: str) -> None:
    arc = draft(emcs, "E1", version)
    emcs.later()
    assert types(excise(emcs, "IE819", arc, version, {REJECTED: "1"})) == ["UPO", "IE819"]
    assert types(emcs.later()) == ["IE819"]
    assert codes(excise(emcs, "IE818", arc, version)) == ["92"]
    changed = excise(emcs, "IE813", arc, version)
    assert (types(changed), told(changed[-1], "SequenceNumber")) == (["UPO", "IE813"], ["2"])
    emcs.later()
    assert types(excise(emcs, "IE818", arc, version, {CONCLUSION: "3"})) == ["UPO", "IE818"]
    assert types(excise(emcs, "IE880", arc, version)) == ["UPO", "IE881"]


@each_version
def test_a_report_that_stays_away_is_asked_for_and_the_delay_explained(emcs: Life, version: str) -> None:
    arc = draft(emcs, "E1", version)
    emcs.later()
    reminders = emcs.later(days=8)
    assert types(reminders) == ["IE802", "IE802"]
    assert readers(reminders) == [("IE802", CONSIGNEE)]
    explained = excise(emcs, "IE837", arc, version)
    assert types(explained) == ["UPO", "IE837"]


@each_version
@pytest.mark.parametrize(
    ("lrn", "changes", "later"),
    [
        ("A1", {}, ["IE818"]),
        ("SHORT1", {}, ["IE818"]),
        ("BACK1", {}, ["IE818", "IE802"]),
        ("ALERT1", {}, ["IE819", "IE802"]),
        ("STOP1", {}, ["IE807"]),
        ("LOST1", {}, ["IE802"]),
        ("CTRL1", {}, ["IE717", "IE818"]),
        ("EVENT1", {}, ["IE840", "IE818"]),
        ("X1", {f"{DRAFT}/HeaderEadEsad/DestinationTypeCode": "6"}, ["IE829", "IE818"]),
        ("EXNO1", {f"{DRAFT}/HeaderEadEsad/DestinationTypeCode": "6"}, ["IE839"]),
    ],
)
def test_a_movement_abroad_goes_as_its_scenario_says(
    emcs: Life, version: str, lrn: str, changes: dict[str, str], later: list[str]
) -> None:
    sent = emcs.send("IE815", {DECLARATIONS["EMCSPL2"][1]: lrn, **changes}, version=version)
    assert types(sent) == ["UPO", "IE801"]
    found = [answer for _ in range(10) for answer in emcs.later(days=1)]
    assert types(found) == later
    assert {answer.sys_ref for answer in found} == {"EMCSPL2-1"}


@each_version
def test_an_accident_on_the_way_is_reported_to_both_traders(emcs: Life, version: str) -> None:
    draft(emcs, "EVENT1", version)
    emcs.later()
    reports = emcs.later(hours=12)
    assert types(reports) == ["IE840", "IE840"]
    assert readers(reports) == [("IE840", CONSIGNEE)]
    assert told(reports[0], "DateOfEvent") == ["2026-11-21"]


@each_version
def test_reports_name_the_offices_that_made_them(emcs: Life, version: str) -> None:
    emcs.send("IE815", {DECLARATIONS["EMCSPL2"][1]: "CTRL1"}, version=version)
    control, receipt = emcs.later(days=3)
    assert told(control, "ReferenceNumberOfControlOffice") == ["PL321000"]
    [destination] = etree.fromstring(receipt.content).findall(".//{*}DestinationOffice/{*}ReferenceNumber")
    assert destination.text == "DE000001"


@each_version
def test_both_traders_are_told_that_a_movement_was_closed_by_hand(emcs: Life, version: str) -> None:
    arc = draft(emcs, "HAND1", version)
    emcs.later(days=29)
    told_of = emcs.later(days=1)
    assert (types(told_of), readers(told_of)) == (["IE905", "IE905"], [("IE905", CONSIGNEE)])
    assert told(told_of[0], "Status") == ["X07"]
    assert codes(excise(emcs, "IE818", arc, version)) == ["92"]


def test_goods_sent_on_to_poland_are_not_received_abroad(emcs: Life) -> None:
    arc = reference(emcs.send("IE815", {DECLARATIONS["EMCSPL2"][1]: "E1"}, version="3.13"))
    number, body = next(emcs.numbers), letter("IE813", {f"{ARC['IE813']}/AdministrativeReferenceCode": arc})
    body = body.replace(b"<DestinationTypeCode>8</DestinationTypeCode>", SENT_ON).replace(b"M1", b"M2")
    assert types(emcs.deliver("IE813", in_version(body, "3.13"), number)) == ["UPO", "IE813"]
    [validated] = emcs.later()
    assert readers([validated]) == [("IE801", CONSIGNEE)]
    assert told(validated, "Traderid") == [CONSIGNEE]
    assert told(validated, "IdentityOfTransportUnits") == ["MSKU1234565"]
    assert emcs.later(days=7) == []
    reminders = emcs.later(days=1)
    assert (types(reminders), readers(reminders)) == (["IE802", "IE802"], [("IE802", CONSIGNEE)])


# All systems


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.prefix)
def test_every_scenario_ends_in_valid_answers_in_every_system_that_knows_it(
    engine: Engine, scenario: Scenario
) -> None:
    for system in sorted(scenario.systems):
        life = Life(system=system, engine=engine)
        code, lrn = DECLARATIONS[system]
        assert types(life.send(code, {lrn: f"{scenario.prefix}9"}))
        for _ in range(5):
            life.later(days=30)


@pytest.mark.parametrize(("system", "release"), [("NCTS2", "CC029C"), ("AES", "CC529C"), ("AIS", "ZC429")])
def test_a_release_may_be_handed_out_against_proof_also_when_it_is_asked_for_again(
    engine: Engine, system: str, release: str
) -> None:
    life = Life(system=system, engine=engine)
    code, lrn = DECLARATIONS[system]
    body = letter(code, {lrn: "UPD1"})
    sent = life.deliver(code, body, 1)
    again = life.deliver(code, body, 1)

    assert [answer.type_code for answer in sent if answer.confirmed_delivery] == [release]
    assert again == sent


@pytest.mark.parametrize("system", DECLARATIONS)
@pytest.mark.parametrize("kind", ["UPD", "PND"])
def test_proofs_of_delivery_are_taken_note_of(engine: Engine, system: str, kind: str) -> None:
    life = Life(system=system, engine=engine)
    assert life.deliver(kind, b"<Dokument/>", 1) == []


@pytest.mark.parametrize("system", DECLARATIONS)
def test_the_same_seed_gives_the_same_numbers_and_another_one_others(engine: Engine, system: str) -> None:
    code, lrn = DECLARATIONS[system]
    given = []
    for seed in (0, 0, 1):
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        life = Life(system=system, engine=engine, settings=SimulatorSettings(seed=seed))
        given.append(reference(life.send(code, {lrn: "SEED1"})))
    assert given[0] == given[1] != given[2]


def test_simulated_time_runs_as_fast_as_the_setting_says(engine: Engine) -> None:
    life = Life(system="NCTS2", engine=engine, settings=SimulatorSettings(time_factor=3600.0))
    life.send("CC015C", {LRN: "SLOW1"})
    assert life.later(seconds=1) == []
    assert types(life.later(seconds=1)) == ["CC029C"]


def test_answers_wait_until_they_are_settled(ncts: Life) -> None:
    ncts.send("CC015C", {LRN: "SLOW1"})
    ncts.at = START.replace(hour=20)
    first = ncts.back_end.collect(10)
    assert types(list(first)) == ["CC029C"]
    assert list(ncts.back_end.collect(10)) == list(first)
    ncts.back_end.settle(first)
    assert list(ncts.back_end.collect(10)) == []


def test_a_principal_may_be_given_a_scenario(ncts: Life, engine: Engine) -> None:
    ledger = SqlLedger(engine, "NCTS2")
    ledger.choose("PL526021308200000", "NREL")
    assert types(ncts.send("CC015C", {LRN: "L1"})) == ["UPO", "CC928C", "CC028C", "CC060C"]
    assert types(ncts.send("CC015C", {LRN: "SLOW1"})) == ["UPO", "CC928C", "CC028C"]
    ledger.choose("PL526021308200000", None)
    assert types(ncts.send("CC015C", {LRN: "L2"})) == ["UPO", "CC928C", "CC028C", "CC029C"]


def test_an_event_of_another_version_is_struck_off(ncts: Life, engine: Engine) -> None:
    ncts.send("CC015C", {LRN: "L1"})
    ledger = SqlLedger(engine, "NCTS2")
    with ledger.begin() as unit:
        unit.schedule(
            [Due(event="teleport", at=START, principal="PL526021308200000", lrn="L1", sys_ref="NCTS2-1")]
        )
    assert ncts.later(hours=1) == []
    assert ledger.due(ncts.at, 10) == []
