"""Messages that name no party: whoever owns the ARC, MRN or LRN may send them."""

from collections.abc import Callable

import pytest
from lxml import etree
from sqlalchemy import select, update

from gateway import clock as system_clock
from gateway.store import tables
from gateway.store.model import KeyKind
from gateway.store.owners import NumberOwners, OwnedKind
from registry.model import Entity, NumberKind
from registry.ownership import OwnerUnknown
from registry.repository import RegistryRepository
from routing.backends import build_back_ends
from routing.routes import default_routes
from signing.sign import sign_enveloped
from tests.integration.gateway.test_gateway_answer_intake import Remote, held
from tests.integration.gateway.world import AGENCY, FIRM, Member, World, catalogue, declaration
from tests.integration.routing.life import letter

EMCS = "urn:publicid:-:EC:DGTAXUD:EMCS:PHASE4"
EXCISE = "PL52602130890"
CONSIGNOR = "Body/SubmittedDraftOfEADESAD/ConsignorTrader/TraderExciseNumber"
SPLIT_ARC = "Body/SubmittedDraftOfSplittingOperation/SplittingEad/UpstreamArc"
_AES_HEADER = (
    "<messageSender>a</messageSender><messageRecipient>NECA.PL</messageRecipient>"
    "<preparationDateAndTime>2026-03-30T09:00:00</preparationDateAndTime>"
    "<messageIdentification>m-{code}</messageIdentification><messageType>{code}</messageType>"
)


def cancellation(arc: str) -> str:
    return (
        f'<i:IE810 xmlns:i="{EMCS}:IE810:V3.13" xmlns:t="{EMCS}:TMS:V3.13"><i:Header>'
        "<t:MessageSender>NDEA.PL</t:MessageSender><t:MessageRecipient>NDEA.PL</t:MessageRecipient>"
        "<t:DateOfPreparation>2026-03-30</t:DateOfPreparation>"
        "<t:TimeOfPreparation>13:20:41</t:TimeOfPreparation><t:MessageIdentifier>m</t:MessageIdentifier>"
        "</i:Header><i:Body><i:CancellationOfEAD><i:Attributes/><i:ExciseMovementEad>"
        f"<i:AdministrativeReferenceCode>{arc}</i:AdministrativeReferenceCode></i:ExciseMovementEad>"
        "<i:Cancellation><i:CancellationReasonCode>1</i:CancellationReasonCode></i:Cancellation>"
        "</i:CancellationOfEAD></i:Body></i:IE810>"
    )


def arrival(mrn: str) -> str:
    return (
        f'<a:CC507C xmlns:a="http://ecs.dgtaxud.ec"><Header>{_AES_HEADER.format(code="CC507C")}</Header><Body>'
        f"<ExportOperation><type>1</type><MRN>{mrn}</MRN><discrepanciesExist>0</discrepanciesExist>"
        "<splitIndicator>0</splitIndicator></ExportOperation>"
        "<CustomsOfficeOfExitActual><referenceNumber>PL441000</referenceNumber></CustomsOfficeOfExitActual>"
        "</Body></a:CC507C>"
    )


def invalidation(number: str) -> str:
    """A request to invalidate the declaration with this LRN or MRN element."""
    return (
        f'<n:CC014C xmlns:n="http://ncts.dgtaxud.ec">{_AES_HEADER.format(code="CC014C")}'
        f"<TransitOperation>{number}</TransitOperation><Invalidation><initiatedByCustoms>0</initiatedByCustoms>"
        "<justification>error</justification></Invalidation>"
        "<CustomsOfficeOfDeparture><referenceNumber>PL441000</referenceNumber></CustomsOfficeOfDeparture>"
        "<HolderOfTheTransitProcedure><identificationNumber>PL526021308900000</identificationNumber>"
        "</HolderOfTheTransitProcedure></n:CC014C>"
    )


def post(world: World, member: Member, text: str) -> str:
    """Send a message and have it verified; its sysRef."""
    signed = sign_enveloped(
        etree.fromstring(text.encode()), member.key, at=world.clock(), ids=system_clock.signature_id
    )
    sys_ref = world.send(member, signed)
    world.verifier().work_once()
    return sys_ref


def refusal(world: World, member: Member, text: str) -> str | None:
    """The code of the only finding, None when the message was submitted."""
    sys_ref = post(world, member, text)
    if world.replies(sys_ref) == {"UPP": 1}:
        return None
    codes = etree.fromstring(world.content(member, sys_ref, "NPP")).findall(".//{*}Kod")
    assert len(codes) == 1
    return codes[0].text


def declare(world: World, member: Member, code: str, system: str) -> str:
    """Send a declaration through to its answers; its sysRef."""
    sys_ref = world.send(member, declaration(code, key=member.key, at=world.clock()))
    world.work(system)
    return sys_ref


@pytest.fixture
def excise_world(world: World) -> World:
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        firm = registry.get_entity(FIRM)
        numbers = (*firm.numbers, (NumberKind.EXCISE, EXCISE))
        registry.change_entity(
            Entity(id_sisc=FIRM, name=firm.name, numbers=numbers), operator="test", at=world.clock()
        )
        work.commit()
    return world


def test_who_has_a_right_for_the_owner_of_the_arc_may_cancel_and_nobody_else(excise_world: World) -> None:
    world = excise_world
    anna = world.enrol("anna", "EMCSPL2")
    colleague = world.enrol("bogdan", "EMCSPL2")
    stranger = world.enrol("celina", "EMCSPL2", represented=AGENCY)
    other_system = world.enrol("darek", "AES")
    arc = world.document(declare(world, anna, "IE815", "EMCSPL2")).arc
    assert arc is not None

    assert refusal(world, anna, cancellation(arc)) is None
    assert refusal(world, colleague, cancellation(arc)) is None
    assert refusal(world, stranger, cancellation(arc)) == "NO_RIGHT"
    assert refusal(world, other_system, cancellation(arc)) == "RIGHT_FOR_OTHER_SYSTEMS"


@pytest.mark.parametrize("far_away", [False, True])
def test_the_parts_of_a_splitting_belong_to_whom_the_whole_belonged(
    excise_world: World, *, far_away: bool
) -> None:
    world = excise_world
    if far_away:  # nobody tells what the answers are: they are looked into
        simulators = build_back_ends(default_routes(), world.store.engine, world.clock, catalogue())
        world.back_ends["EMCSPL2"] = Remote(simulators["EMCSPL2"], at_once=True, system="EMCSPL2")
    anna, colleague = world.enrol("anna", "EMCSPL2"), world.enrol("bogdan", "EMCSPL2")
    stranger = world.enrol("celina", "EMCSPL2", represented=AGENCY)
    whole = str(world.document(excise_movement(world, anna)).arc)
    splitting = letter("IE825", {SPLIT_ARC: whole}).decode()
    assert refusal(world, stranger, splitting.replace("M1", "other")) == "NO_RIGHT"

    split = post(world, colleague, splitting)
    world.work("EMCSPL2")

    assert world.replies(split) == {"UPP": 1, "UPO": 1, "IE801": 2}
    assert world.document(split).arc == whole
    assert not held(world)
    with world.store.read() as work:
        numbers = work.identifiers.of(split)
    assert {each.value for each in numbers if each.kind is KeyKind.LRN} == {"PART1", "PART2"}
    parts = [each.value for each in numbers if each.kind is KeyKind.ARC and each.value != whole]
    assert [refusal(world, anna, cancellation(arc)) for arc in parts] == [None, None]
    assert [refusal(world, stranger, cancellation(arc)) for arc in parts] == ["NO_RIGHT"] * 2


def excise_movement(world: World, member: Member) -> str:
    """Have an e-AD of energy products validated; its sysRef."""
    sys_ref = post(world, member, letter("IE815", {CONSIGNOR: EXCISE}).decode())
    world.work("EMCSPL2")
    return sys_ref


def test_the_context_and_the_evidence_are_those_of_the_owners_right(excise_world: World) -> None:
    world = excise_world
    anna = world.enrol("anna", "EMCSPL2")
    arc = world.document(declare(world, anna, "IE815", "EMCSPL2")).arc

    sys_ref = post(world, anna, cancellation(str(arc)))

    assert world.document(sys_ref).end == FIRM
    (submitted,) = [event for event in world.events(sys_ref) if event.action == "document_submitted"]
    assert isinstance(submitted.facts["rights"], list)
    assert submitted.facts["rights"][0]["represented"] == FIRM  # type: ignore[index,call-overload]


def test_who_sent_the_declaration_may_not_cancel_it_once_the_right_has_ended(excise_world: World) -> None:
    world = excise_world
    anna = world.enrol("anna", "EMCSPL2")
    arc = world.document(declare(world, anna, "IE815", "EMCSPL2")).arc
    world.end_rights(anna)

    sys_ref = post(world, anna, cancellation(str(arc)))

    npp = world.content(anna, sys_ref, "NPP").decode()
    assert "RIGHT_EXPIRED" in npp
    assert FIRM in npp  # for whom
    assert "WPE0001" in npp  # how to obtain it


def test_the_mrn_of_an_export_belongs_to_its_declarant(world: World) -> None:
    anna, stranger = world.enrol("anna", "AES"), world.enrol("bogdan", "AES", represented=AGENCY)
    mrn = world.document(declare(world, anna, "CC515C", "AES")).mrn
    # our own simulator gives MRNs; the built-in schema of CC507C wants the letter of a newer kind of MRN
    mrn = renumbered(world, str(mrn))

    assert refusal(world, anna, arrival(mrn)) is None
    assert refusal(world, stranger, arrival(mrn)) == "NO_RIGHT"


def renumbered(world: World, mrn: str) -> str:
    """Give an MRN the form that CC507C wants, also in the record of its owner."""
    wanted = f"26PL{mrn[4:16]}A{mrn[17]}"
    with world.store.begin() as work:
        work.connection.execute(
            update(tables.number_owners).where(tables.number_owners.c.number == mrn).values(number=wanted)
        )
        work.commit()
    return wanted


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        ({}, None),
        ({"AES": OwnerUnknown.REFUSE}, "NUMBER_OWNER_UNKNOWN"),
        ({"NCTS2": OwnerUnknown.REFUSE}, None),
    ],
)
def test_the_route_says_what_holds_for_a_number_nobody_got_here(
    world: World, unknown: dict[str, OwnerUnknown], expected: str | None
) -> None:
    world.owner_unknown = unknown
    anna = world.enrol("anna")

    assert refusal(world, anna, arrival("26PL44100000000XA1")) == expected


def test_in_the_senders_own_name_a_message_gives_no_context_of_a_firm(world: World) -> None:
    anna = world.enrol("anna", "AES")

    sys_ref = post(world, anna, arrival("26PL44100000000XA1"))

    assert (world.document(sys_ref).person, world.document(sys_ref).end) == (anna.person.id_sisc, None)


@pytest.mark.parametrize("by", ["LRN", "MRN"])
def test_in_ncts2_the_sender_of_a_declaration_may_have_it_invalidated_without_any_right(
    world: World, by: str
) -> None:
    anna, stranger = world.enrol("anna"), world.enrol("bogdan")
    sent = world.document(declare(world, anna, "CC015C", "NCTS2"))
    number = f"<{by}>{sent.lrn if by == 'LRN' else sent.mrn}</{by}>"

    assert refusal(world, anna, invalidation(number)) is None
    assert refusal(world, stranger, invalidation(number)) == "NUMBER_OF_ANOTHER_PERSON"


def test_in_ncts2_the_firms_colleagues_may_invalidate_and_the_sender_even_without_a_right(
    world: World,
) -> None:
    anna, colleague, stranger = (
        world.enrol("anna", "NCTS2"),
        world.enrol("bogdan", "NCTS2"),
        world.enrol("celina"),
    )
    mrn = f"<MRN>{world.document(declare(world, anna, 'CC015C', 'NCTS2')).mrn}</MRN>"
    world.end_rights(anna)

    assert refusal(world, anna, invalidation(mrn)) is None
    assert refusal(world, colleague, invalidation(mrn)) is None
    assert refusal(world, stranger, invalidation(mrn)) == "NO_RIGHT"


def test_what_a_document_says_of_itself_makes_nobody_an_owner(world: World) -> None:
    stranger = world.enrol("bogdan", "AES")
    post(world, stranger, arrival("26PL44100000000XA1"))
    world.work("AES")

    with world.store.read() as work:
        assert not list(work.connection.execute(select(tables.number_owners)))


def test_several_declarants_may_use_the_same_lrn(world: World) -> None:
    anna, bogdan = world.enrol("anna"), world.enrol("bogdan")
    for member in (anna, bogdan):
        world.send(member, declaration(key=member.key, at=world.clock(), lrn="SAME", edit=another(member)))
        world.work("NCTS2")

    with world.store.read() as work:
        owners = NumberOwners(work.connection).of("NCTS2", OwnedKind.LRN, "SAME")
    assert {owner.person for owner in owners} == {anna.person.id_sisc, bogdan.person.id_sisc}
    for member in (anna, bogdan):
        assert refusal(world, member, invalidation("<LRN>SAME</LRN>")) is None


def another(member: Member) -> Callable[[etree._Element], None]:
    """Make the member's declaration one of another holder, for whom the LRN is free."""

    def edit(root: etree._Element) -> None:
        holder = root.find(".//HolderOfTheTransitProcedure/identificationNumber")
        assert holder is not None
        holder.text = f"PL{member.person.pesel}0000"

    return edit
