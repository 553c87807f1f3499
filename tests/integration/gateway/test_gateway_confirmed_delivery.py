"""Confirmed delivery: UPD out, signed UPD back, answer released; or the term passes and a PND goes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from lxml import etree

from gateway.actions import Action
from gateway.errors import BusinessError
from gateway.flow.confirming import GATEWAY_ACCOUNT
from gateway.store.model import DocumentFilter, DocumentState
from routing.model import Accepted, Answer, AnswerKind, Delivery, Health, Outcome
from signing.keys import KeyPair
from signing.names import ds
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.sign import sign_enveloped
from signing.trust import PinnedTrust
from signing.verify import verify
from tests.integration.gateway.world import Member, World, catalogue, declaration, seal, validator

LETTER = b"<decision>You have 30 days to appeal.</decision>"
_NS = {"u": "http://crd.gov.pl/xml/schematy/UPO/2008/05/09/"}


@dataclass
class Office:
    """Answers every declaration with one letter that needs confirmed delivery, the same one each time."""

    system: str = "NCTS2"
    got: list[Delivery] = field(default_factory=list)

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        self.got += batch
        return [self._answer(delivery) for delivery in batch]

    def _answer(self, delivery: Delivery) -> Outcome:
        if delivery.type_code in {"UPD", "PND"}:
            return Accepted()
        letter = Answer(
            back_end_id="letter-1",
            kind=AnswerKind.BUSINESS,
            type_code="LETTER",
            filename="letter.xml",
            content=LETTER,
            confirmed_delivery=True,
        )
        return Accepted(answers=(letter,))

    def health(self) -> Health:
        return Health(well=True, detail="a test")


@pytest.fixture
def office(world: World) -> Office:
    world.back_ends["NCTS2"] = office = Office()
    return office


@pytest.fixture
def anna(world: World) -> Member:
    return world.enrol("anna", "NCTS2")


def written_to(world: World, member: Member) -> str:
    """The sysRef of a declaration that a letter answers."""
    sys_ref = world.send(member)
    world.work()
    return sys_ref


def signed(world: World, upd: bytes, key: KeyPair) -> bytes:
    return sign_enveloped(parse(upd, ParseLimits()), key, at=world.clock(), ids=lambda: "signature")


def told(content: bytes, name: str) -> str:
    found = etree.fromstring(content).findtext(f".//u:{name}", namespaces=_NS)
    assert found is not None
    return found


def test_the_letter_is_kept_back_and_a_upd_says_what_waits(
    world: World, office: Office, anna: Member
) -> None:
    sys_ref = written_to(world, anna)

    assert office.got
    assert world.replies(sys_ref) == {"UPP": 1, "UPD": 1}
    upd = world.content(anna, sys_ref, "UPD")
    kind = catalogue().get("UPD")
    assert not validator().validate(etree.fromstring(upd), kind).findings
    assert told(upd, "IdentyfikatorSprawy") == sys_ref
    assert world.actions(sys_ref)[-1] == Action.ANSWER_WITHHELD
    assert LETTER not in [
        document.content.data for document in world.documents(anna, correlation_sys_ref=sys_ref).documents
    ]


def test_a_signed_upd_releases_the_letter_and_goes_to_the_back_end(
    world: World, office: Office, anna: Member
) -> None:
    sys_ref = written_to(world, anna)
    upd = world.content(anna, sys_ref, "UPD")
    returned = world.send(anna, signed(world, upd, anna.key))
    world.work()

    assert world.content(anna, sys_ref, "LETTER") == LETTER
    assert world.document(returned).system == "NCTS2"
    assert world.replies(returned) == {"UPP": 1}
    assert [delivery.type_code for delivery in office.got] == ["CC015C", "UPD"]
    assert office.got[-1].content == signed_content(world, returned)
    assert Action.ANSWER_RELEASED in world.actions(sys_ref)


def signed_content(world: World, sys_ref: str) -> bytes:
    with world.store.read() as work:
        return work.documents.contents([sys_ref])[sys_ref]


def test_the_same_letter_again_is_not_kept_twice(world: World, office: Office, anna: Member) -> None:
    first = written_to(world, anna)
    world.clock.pass_by(seconds=1)
    second = written_to(world, anna)  # the office gives the same back-end identifier

    assert world.replies(first) == {"UPP": 1, "UPD": 1}
    assert world.replies(second) == {"UPP": 1}


def test_blanks_that_a_clients_tool_puts_between_elements_do_no_harm(
    world: World, office: Office, anna: Member
) -> None:
    sys_ref = written_to(world, anna)
    root = parse(world.content(anna, sys_ref, "UPD"), ParseLimits())
    etree.indent(root, space="    ")
    world.send(anna, sign_enveloped(root, anna.key, at=world.clock(), ids=lambda: "signature"))
    world.work()

    assert world.content(anna, sys_ref, "LETTER") == LETTER


def _other_document(upd: bytes) -> bytes:
    return upd.replace(told(upd, "IdentyfikatorDokumentu").encode(), b"another-document")


def _other_addressee(upd: bytes) -> bytes:
    return upd.replace(b'TypIdentyfikatora="IdSISC"', b'TypIdentyfikatora="login"')


@pytest.mark.parametrize("change", [_other_document, _other_addressee])
def test_a_upd_that_says_something_else_is_refused(
    world: World, office: Office, anna: Member, change: Callable[[bytes], bytes]
) -> None:
    sys_ref = written_to(world, anna)
    changed = change(world.content(anna, sys_ref, "UPD"))
    returned = world.send(anna, signed(world, changed, anna.key))
    world.work()

    assert world.document(returned).state is DocumentState.NOT_SUBMITTED
    assert b"UPD_CHANGED" in world.content(anna, returned, "NPP")
    assert world.replies(sys_ref) == {"UPP": 1, "UPD": 1}


def test_an_unsigned_upd_releases_nothing(world: World, office: Office, anna: Member) -> None:
    sys_ref = written_to(world, anna)
    returned = world.send(anna, world.content(anna, sys_ref, "UPD"))
    world.work()

    assert b"NO_SIGNATURE" in world.content(anna, returned, "NPP")
    assert world.replies(sys_ref) == {"UPP": 1, "UPD": 1}


def test_nobody_else_can_sign_for_the_addressee(world: World, office: Office, anna: Member) -> None:
    bogdan = world.enrol("bogdan", "NCTS2")
    upd = world.content(anna, written_to(world, anna), "UPD")
    with pytest.raises(BusinessError, match="B006"):
        world.send(bogdan, signed(world, upd, bogdan.key))
    stolen = world.send(anna, signed(world, upd, bogdan.key))
    world.work()

    assert b"SIGNER_IS_NOT_SENDER" in world.content(anna, stolen, "NPP")


def test_a_upd_signed_twice_is_told_to_be_done_with(world: World, office: Office, anna: Member) -> None:
    upd = world.content(anna, written_to(world, anna), "UPD")
    world.send(anna, signed(world, upd, anna.key))
    world.work()
    world.clock.pass_by(seconds=1)
    with pytest.raises(BusinessError, match="B006"):
        world.send(anna, signed(world, upd, anna.key))


def test_two_signed_copies_on_their_way_at_once_release_the_letter_once(
    world: World, office: Office, anna: Member
) -> None:
    sys_ref = written_to(world, anna)
    upd = world.content(anna, sys_ref, "UPD")
    first = world.send(anna, signed(world, upd, anna.key))
    world.clock.pass_by(seconds=1)
    second = world.send(anna, signed(world, upd, anna.key))
    world.work()

    assert world.replies(sys_ref)["LETTER"] == 1
    assert world.replies(first) == {"UPP": 1}
    assert set(world.replies(second)) <= {"UPP", "NPP"}


def test_after_the_term_a_sealed_pnd_goes_to_the_back_end_and_the_letter_stays_away(
    world: World, office: Office, anna: Member
) -> None:
    sys_ref = written_to(world, anna)
    upd = world.content(anna, sys_ref, "UPD")
    world.clock.pass_by(seconds=timedelta(days=14, hours=2).total_seconds())

    assert world.confirmed_delivery().lapse(world.store) == 1
    assert world.confirmed_delivery().lapse(world.store) == 0
    world.work()
    pnd = office.got[-1]
    assert pnd.type_code == "PND"
    root = parse(pnd.content, ParseLimits())
    assert root.find(ds("Signature")) is not None
    judged = verify(root, policy=MESSAGE_POLICY, trust=PinnedTrust([seal().certificate]), at=world.clock())
    assert judged.passed
    assert judged.signed_tree is not None
    assert not validator().validate(judged.signed_tree, catalogue().get("PND")).findings
    assert told(pnd.content, "IdentyfikatorPoswiadczenia") == told(upd, "IdentyfikatorPoswiadczenia")
    assert world.replies(sys_ref) == {"UPP": 1, "UPD": 1}
    assert world.actions(sys_ref)[-1] == Action.ANSWER_LAPSED
    with pytest.raises(BusinessError, match="B006"):
        world.send(anna, signed(world, upd, anna.key))


def test_before_the_term_nothing_lapses(world: World, office: Office, anna: Member) -> None:
    written_to(world, anna)
    world.clock.pass_by(seconds=timedelta(days=14).total_seconds())

    assert world.confirmed_delivery().lapse(world.store) == 0
    with world.store.read() as work:
        assert not work.documents.find(DocumentFilter(account=GATEWAY_ACCOUNT), limit=1)


def test_a_upd_that_comes_after_its_term_is_refused_though_nothing_has_lapsed_yet(
    world: World, office: Office, anna: Member
) -> None:
    upd = world.content(anna, written_to(world, anna), "UPD")
    world.clock.pass_by(seconds=timedelta(days=14, minutes=1).total_seconds())
    late = world.send(anna, signed(world, upd, anna.key))
    world.work()

    assert b"UPD_OVERDUE" in world.content(anna, late, "NPP")


def test_the_tour_with_a_simulated_system(world: World, anna: Member) -> None:
    sys_ref = world.send(anna, declaration(key=anna.key, lrn="UPD0000000000000000001"))
    world.work()
    assert world.replies(sys_ref) == {"UPP": 1, "UPO": 1, "CC928C": 1, "CC028C": 1, "UPD": 1}

    returned = world.send(anna, signed(world, world.content(anna, sys_ref, "UPD"), anna.key))
    world.work()
    assert world.replies(sys_ref)["CC029C"] == 1
    assert world.document(returned).state is DocumentState.DELIVERED
