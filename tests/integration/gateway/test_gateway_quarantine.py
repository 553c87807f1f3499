"""What is not passed on, whatever the database: answers that are unfit, or for nobody known."""

from collections import Counter
from dataclasses import replace

import pytest

from gateway.actions import Action
from gateway.errors import NotFoundError, UnavailableError
from gateway.flow.answer_reading import Unfit
from gateway.flow.collecting import AnswerCollector
from gateway.flow.quarantine_desk import NotReleasedError, Remedy
from gateway.store.model import DocumentState
from gateway.store.quarantine import Quarantine, QuarantineReason
from routing.backends import build_back_ends
from routing.model import Answer, AnswerKind
from routing.routes import default_routes
from tests.integration.gateway.test_gateway_answer_intake import (
    Remote,
    Shelf,
    as_sent,
    broken,
    desk,
    held,
    reason_of,
    sent,
    take,
    without,
)
from tests.integration.gateway.world import World, catalogue, declaration
from tests.integration.routing.life import Life
from tests.integration.routing.stories import STORIES, Story
from tests.integration.routing.test_routing_life_cycles import DECLARATIONS


@pytest.fixture
def world(small_world: World) -> World:
    """One kind of database is enough here."""
    return small_world


@pytest.fixture
def remote(world: World) -> Remote:
    simulators = build_back_ends(default_routes(), world.store.engine, world.clock, catalogue())
    world.back_ends["NCTS2"] = opened = Remote(simulators["NCTS2"])
    return opened


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", QuarantineReason.MALFORMED),
        (b"\x00\xff garbage", QuarantineReason.MALFORMED),
        (b"<a>", QuarantineReason.MALFORMED),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", QuarantineReason.MALFORMED),
        (b"<a>" * 300 + b"</a>" * 300, QuarantineReason.MALFORMED),
        (b"<unheard-of/>", QuarantineReason.UNKNOWN_TYPE),
    ],
)
def test_what_is_no_message_is_held_and_told(
    world: World, remote: Remote, content: bytes, reason: QuarantineReason
) -> None:
    sys_ref = sent(world)

    [result] = take(world, as_sent(remote.answers[sys_ref][0], content=content))

    assert reason_of(result) is reason
    assert world.replies(sys_ref) == Counter(["UPP"])
    [kept] = held(world)
    assert (kept.reason, kept.size, kept.answer.sys_ref) == (reason, len(content), sys_ref)
    with world.store.read() as work:
        stored = Quarantine(work.connection).get(kept.id)
    assert stored is not None
    assert stored.answer.content == content
    action, facts = world.ears.told[-1]
    assert action is Action.ANSWER_QUARANTINED
    assert (facts["detail"], facts["reason"]) == ("NCTS2", reason.value)


def test_a_declaration_or_a_receipt_of_ours_is_no_answer(world: World, remote: Remote) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = sent(world, anna)
    upp = next(
        document.content.data
        for document in world.documents(anna, correlation_sys_ref=sys_ref).documents
        if document.content.filename == "UPP.xml"
    )
    template = remote.answers[sys_ref][0]
    strays = [
        replace(template, back_end_id="1", content=declaration(key=None)),
        replace(template, back_end_id="2", content=upp),
    ]

    assert [reason_of(each) for each in take(world, *strays)] == [QuarantineReason.WRONG_TYPE] * 2


def test_an_answer_of_another_system_is_none_of_this_one(world: World, remote: Remote) -> None:
    sys_ref = sent(world)

    [result] = world.answer_intake().take("AES", [remote.answers[sys_ref][2]])

    assert reason_of(result) is QuarantineReason.WRONG_TYPE


def test_an_answer_that_names_another_document_than_it_was_sent_for_is_held(
    world: World, remote: Remote
) -> None:
    anna = world.enrol("anna", "NCTS2")
    first, second = sent(world, anna), sent(world, anna)
    upo, _, mrn_given, _ = remote.answers[first]

    results = take(world, replace(upo, sys_ref=second), replace(mrn_given, sys_ref=second))

    assert [reason_of(each) for each in results] == [QuarantineReason.CONTRADICTION] * 2
    assert world.replies(second) == Counter(["UPP"])


def test_an_answer_to_nobody_known_is_held(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    answer = remote.answers[sys_ref][2]
    unknown = "11111111-2222-3333-4444-555555555555"

    [by_ref] = take(world, replace(answer, sys_ref=unknown))
    [by_lrn] = take(
        world, replace(without(world, answer, keep="lrn"), back_end_id="other", lrn="UNKNOWN00000000000001")
    )

    assert reason_of(by_ref) is QuarantineReason.UNCORRELATED
    assert reason_of(by_lrn) is QuarantineReason.UNCORRELATED
    assert [each.answer.sys_ref for each in held(world)] == [unknown, None]


def test_an_answer_against_its_schema_is_held_with_the_findings(world: World, remote: Remote) -> None:
    sys_ref = sent(world)

    [result] = take(world, broken(remote.answers[sys_ref][2]))

    assert reason_of(result) is QuarantineReason.INVALID
    assert "XSD_" in held(world)[0].detail
    assert "XRN" in held(world)[0].detail
    assert world.document(sys_ref).state is DocumentState.DELIVERED


def test_what_is_no_message_is_never_released(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    take(world, replace(remote.answers[sys_ref][0], content=b"garbage"))
    [kept] = held(world)

    with pytest.raises(NotReleasedError) as refused:
        desk(world).release(kept.id, note="please", sys_ref=sys_ref, force=True)

    assert refused.value.remedy is Remedy.NONE
    desk(world).drop(kept.id, note="garbage")
    assert not held(world)
    with pytest.raises(NotReleasedError, match="decided"):
        desk(world).drop(kept.id, note="again")


def test_an_answer_that_is_not_there_cannot_be_decided_upon(world: World) -> None:
    with pytest.raises(NotFoundError):
        desk(world).drop(4711, note="no")


def test_one_bad_answer_does_not_hold_up_the_others(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    upo, registered, mrn_given, release = remote.answers[sys_ref]

    take(world, upo, broken(mrn_given), registered, release)

    assert world.replies(sys_ref) == Counter(["UPP", "UPO", "CC928C", "CC029C"])
    assert len(held(world)) == 1


def test_answers_stay_at_their_source_while_the_store_is_away(world: World, remote: Remote) -> None:
    sys_ref = sent(world)
    shelf = Shelf(remote.answers[sys_ref])
    intake = world.answer_intake()

    class Away:
        def begin(self) -> None:
            raise UnavailableError(what="store", reason="a test")

    collector = AnswerCollector(
        source=shelf,
        intake=replace(intake, store=Away()),  # type: ignore[arg-type]  # begins nothing
        observe=world.ears,
    )
    with pytest.raises(UnavailableError):
        collector.once()

    assert len(shelf.waiting) == 4
    assert world.replies(sys_ref) == Counter(["UPP"])


def test_what_one_trader_sends_is_an_answer_when_the_system_passes_it_on(world: World) -> None:
    life = Life(system="EMCSPL2", engine=world.store.engine)
    sent_by, path = DECLARATIONS["EMCSPL2"]
    life.send(sent_by, {path: "ALERT1"})
    [rejection] = life.later(hours=6)
    invalid = rejection.content.replace(b"EadEsadRejectedFlag", b"EadEsadRejectedFlug")

    reader = world.answer_intake().reader
    fit = reader.read("EMCSPL2", as_sent(rejection))
    unfit = reader.read("EMCSPL2", as_sent(rejection, content=invalid))

    assert isinstance(fit, Answer)
    assert (fit.type_code, fit.kind, fit.arc) == ("IE819", AnswerKind.BUSINESS, rejection.arc)
    assert isinstance(unfit, Unfit)
    assert unfit.reason is QuarantineReason.INVALID


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_whatever_a_simulated_system_answers_is_fit_to_come_from_a_real_one(
    world: World, story: Story
) -> None:
    reader = world.answer_intake().reader
    for answer in story.answers():
        read = reader.read(story.system, as_sent(answer))
        assert isinstance(read, Answer), read
        assert (read.type_code, read.kind) == (answer.type_code, answer.kind)
        for said, known in ((read.lrn, answer.lrn), (read.mrn, answer.mrn), (read.arc, answer.arc)):
            assert said == known or None in {said, known}
