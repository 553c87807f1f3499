"""Packs in a gateway at work: change-over, documents in flight, trials without effect."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from gateway.actions import Action
from gateway.errors import TechnicalError, UnavailableError
from gateway.flow.trials import SchemaTrials
from gateway.store.model import DocumentState
from gateway.store.trials import SqlTrials, TrialSum
from schemas.catalogue import BUILTIN
from schemas.packs.folder import Mode
from schemas.validation import Validator
from signing.parsing import ParseLimits
from tests.acceptance.running import until
from tests.integration.gateway.world import Member, World, declaration
from tests.unit.schemas.pack_tools import Office


@pytest.fixture
def packs(small_world: World, tmp_path: Path) -> Office:
    """The packs of a gateway; they share its clock."""
    office = Office(folder=tmp_path / "installed", at=small_world.clock())
    office.folder.mkdir()
    small_world.types = office.catalogue
    return office


@pytest.fixture
def trials(small_world: World, packs: Office) -> SchemaTrials:
    trials = SchemaTrials(
        catalogue=packs.catalogue,
        validator=Validator(packs.catalogue),
        limits=ParseLimits(),
        store=small_world.store,
        clock=small_world.clock,
        observe=small_world.ears,
    )
    small_world.on_judged = trials.offer
    return trials


def transit(office: Office, length: int) -> Path:
    """Our own transit schemas with another greatest length of the LRN, as an official set would come."""
    folder = office.folder / f"transit-{length}"
    for file in [*BUILTIN.glob("NCTS2/*.xsd"), *BUILTIN.glob("shared/*.xsd")]:
        text = file.read_text(encoding="utf-8")
        target = folder / file.relative_to(BUILTIN)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace('<xs:maxLength value="22"/>', f'<xs:maxLength value="{length}"/>'))
    return folder


def codes(world: World, member: Member, sys_ref: str) -> list[str | None]:
    root = etree.fromstring(world.content(member, sys_ref, "NPP"))
    return [element.text for element in root.iter("{*}Kod")]


LAST_SECOND = datetime(2026, 5, 31, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in Warsaw


def test_the_new_version_applies_from_the_instant_of_its_first_day_with_documents_in_flight(
    small_world: World, packs: Office
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 10), system="NCTS2", version="99", valid_from=date(2026, 6, 1))

    small_world.clock.at = LAST_SECOND
    before = small_world.send(anna, declaration(key=anna.key, at=LAST_SECOND, lrn="LONGER-THAN-TEN"))
    small_world.clock.pass_by(seconds=1)
    after = small_world.send(anna, declaration(key=anna.key, at=small_world.clock(), lrn="LONGER-THAN-TEN2"))
    short = small_world.send(anna, declaration(key=anna.key, at=small_world.clock(), lrn="SHORT"))
    small_world.clock.pass_by(seconds=1)
    small_world.work()

    states = [small_world.document(each).state for each in (before, after, short)]
    assert states == [DocumentState.ANSWERED, DocumentState.NOT_SUBMITTED, DocumentState.ANSWERED]
    assert codes(small_world, anna, after) == ["XSD_LENGTH"]
    told = [small_world.events(each)[1].facts["schema"] for each in (before, after)]
    assert told == ["CC015C 51.8", "CC015C 99"]


def test_what_was_accepted_under_a_pack_is_judged_by_it_after_it_was_taken_back(
    small_world: World, packs: Office
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 30), system="NCTS2", version="99")
    small_world.clock.at = packs.at
    accepted = small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn="L" * 28))

    packs.packs.take_back()
    packs.pass_by(seconds=10)
    small_world.clock.at = packs.at
    later = small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn="M" * 28))
    small_world.work()

    assert small_world.document(accepted).state is DocumentState.ANSWERED
    assert codes(small_world, anna, later) == ["XSD_LENGTH"]


def test_a_type_that_only_a_pack_has_is_verified_after_the_pack_is_gone(
    small_world: World, packs: Office
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    message = '[[message]]\nroot = "CC999C"\ndirection = "inbound"\nrights = "none"\n'
    element = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="CC999C"/></xs:schema>'
    manifest = f'system = "NCTS2"\nversion = "9"\n{message}'
    packs.install(packs.write({"pack.toml": manifest, "a.xsd": element}))
    small_world.clock.at = packs.at
    sent = small_world.send(anna, b"<CC999C/>")
    packs.packs.take_back()
    packs.pass_by(days=1)
    small_world.clock.at = packs.at

    with pytest.raises(TechnicalError):
        small_world.send(anna, b"<CC999C>again</CC999C>")
    small_world.work()
    assert codes(small_world, anna, sent) == ["NO_SIGNATURE"]  # judged, not stuck


def sums(world: World) -> dict[tuple[str, str], TrialSum]:
    with world.store.read() as work:
        return {(one.code, one.xpath): one for one in SqlTrials(work.connection).sums()}


def test_a_pack_on_trial_is_tried_on_live_documents_without_effect(
    small_world: World, packs: Office, trials: SchemaTrials
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    pack = packs.install(
        transit(packs, 10), mode=Mode.SHADOW, system="NCTS2", version="99", valid_from=date(2030, 1, 1)
    ).line.pack
    small_world.clock.at = packs.at
    lrns = ["SHORT", "LONGER-THAN-TEN-1", "LONGER-THAN-TEN-2"]
    sent = [small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn=lrn)) for lrn in lrns]

    small_world.work()
    while trials.try_one():
        pass

    assert {small_world.document(each).state for each in sent} == {DocumentState.ANSWERED}
    told = sums(small_world)
    place = ("XSD_LENGTH", "/CC015C/TransitOperation/LRN")
    assert set(told) == {("", ""), place}
    assert (told["", ""].pack, told["", ""].type_code) == (pack, "CC015C")
    assert (told["", ""].documents, told["", ""].refused, told["", ""].accepted) == (3, 2, 0)
    assert (told[place].documents, told[place].example) == (2, sent[2])
    refused = [facts["sys_ref"] for action, facts in small_world.ears.told if action is Action.TRIAL_REFUSED]
    assert refused == sent[1:]


def test_a_trial_tells_what_would_be_accepted_too(
    small_world: World, packs: Office, trials: SchemaTrials
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 30), mode=Mode.SHADOW, system="NCTS2", version="99")
    small_world.clock.at = packs.at
    sent = small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn="L" * 28))

    small_world.work()
    assert trials.try_one()

    assert small_world.document(sent).state is DocumentState.NOT_SUBMITTED
    assert [(one.refused, one.accepted) for one in sums(small_world).values()] == [(0, 1)]


def test_documents_that_a_pack_has_no_schema_for_are_no_trial(
    small_world: World, packs: Office, trials: SchemaTrials
) -> None:
    anna = small_world.enrol("anna", "AES")
    packs.install(transit(packs, 10), mode=Mode.SHADOW, system="NCTS2", version="99")
    small_world.clock.at = packs.at
    small_world.send(anna, declaration("CC515C", key=anna.key, at=packs.at))

    small_world.work("AES")
    assert trials.try_one()

    assert sums(small_world) == {}


def test_without_a_pack_on_trial_nothing_is_kept_for_one(
    small_world: World, packs: Office, trials: SchemaTrials
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.send(anna)
    small_world.work()

    assert not trials.try_one()


def test_trials_go_on_beside_the_work_until_they_are_stopped(
    small_world: World, packs: Office, trials: SchemaTrials
) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=trials.run, args=(stop,))
    thread.start()
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 10), mode=Mode.SHADOW, system="NCTS2", version="99")
    small_world.clock.at = packs.at
    small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn="SHORT"))

    small_world.work()

    try:
        told = until(lambda: sums(small_world) or None)
    finally:
        stop.set()
        thread.join()
    assert [(one.documents, one.refused) for one in told.values()] == [(1, 0)]


def test_a_store_out_of_reach_does_not_end_the_trials(
    small_world: World, packs: Office, trials: SchemaTrials, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 10), mode=Mode.SHADOW, system="NCTS2", version="99")
    small_world.clock.at = packs.at
    for number in range(2):
        small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn=f"S{number}"))
    small_world.work()

    def away(*_arguments: object) -> None:
        raise UnavailableError(what="store", reason="away")

    with monkeypatch.context() as patched:
        patched.setattr(SqlTrials, "add", away)
        with pytest.raises(UnavailableError):
            trials.try_one()

    assert trials.try_one()
    assert [one.documents for one in sums(small_world).values()] == [1]


def test_more_documents_than_trials_can_keep_up_with_are_left_out(
    small_world: World, packs: Office, trials: SchemaTrials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.flow.trials._LONGEST_QUEUE", 1)
    anna = small_world.enrol("anna", "NCTS2")
    packs.install(transit(packs, 10), mode=Mode.SHADOW, system="NCTS2", version="99")
    small_world.clock.at = packs.at
    for number in range(3):
        small_world.send(anna, declaration(key=anna.key, at=packs.at, lrn=f"S{number}"))

    small_world.work()

    assert [trials.try_one() for _ in range(3)] == [True, False, False]


def test_sums_of_several_processes_add_up(world: World) -> None:
    one = TrialSum(
        pack="P",
        type_code="CC015C",
        code="",
        xpath="",
        documents=2,
        refused=1,
        accepted=0,
        message="",
        example="first",
        last_at=world.clock(),
    )
    later = world.clock() + timedelta(hours=1)
    for each in (one, replace(one, example="second", last_at=later)):
        with world.store.begin() as work:
            SqlTrials(work.connection).add([each])
            work.commit()

    (told,) = sums(world).values()
    assert (told.documents, told.refused, told.example, told.last_at) == (4, 2, "second", later)
