"""AcceptDocument: what is taken in, what is refused at once, and what a refusal leaves behind."""

import threading
from dataclasses import replace

import pytest
from lxml import etree

from gateway.actions import Action
from gateway.channel import Content
from gateway.errors import BusinessError, SecurityError, SecurityReason, TechnicalError
from gateway.store.model import DocumentState
from tests.integration.gateway.world import FIRM, World, declaration, only, submission


def test_the_bytes_are_kept_as_sent(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    content = declaration(key=anna.key).replace(b"\n", b"\r\n") + b"\n<!-- end -->\n"

    sys_ref = world.send(anna, content)

    with world.store.read() as work:
        assert work.documents.contents([sys_ref])[sys_ref] == content


def test_attachments_are_kept_beside_the_document(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sent = replace(
        submission(declaration(key=anna.key)),
        attachments=(Content(data=b"%PDF", mime="application/pdf", filename="faktura.pdf"),),
    )

    sys_ref = world.channel().accept_document(world.caller(anna), sent)

    with world.store.read() as work:
        (kept,) = work.documents.attachments([sys_ref])[sys_ref]
    assert (kept.content, kept.filename, kept.mime) == (b"%PDF", "faktura.pdf", "application/pdf")


def test_the_same_bytes_from_the_same_account_are_a_duplicate(world: World) -> None:
    anna, bogdan = world.enrol("anna", "NCTS2"), world.enrol("bogdan", "NCTS2")
    content = declaration(key=anna.key)
    first = world.send(anna, content)

    with pytest.raises(BusinessError, match=first) as refused:
        world.send(anna, content)

    assert refused.value.code == "B002"
    assert world.send(bogdan, content) != first  # another account: judged by its own rights


def test_of_two_threads_with_the_same_bytes_one_is_taken_in(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    content = declaration(key=anna.key)
    together = threading.Barrier(4)
    ended: list[str] = []

    def send() -> None:
        together.wait()
        try:
            ended.append(world.send(anna, content))
        except BusinessError as error:
            ended.append(error.code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ended.count("B002") == 3
    assert world.depth() == 1


def test_a_refused_document_may_be_sent_again(world: World) -> None:
    bogdan = world.enrol("bogdan")  # without any right in AES
    content = declaration("CC515C", key=bogdan.key)
    refused = world.send(bogdan, content)
    world.work("AES")
    world.grant(bogdan.person.id_sisc, FIRM, ["AES"])

    again = world.send(bogdan, content)
    world.work("AES")

    assert world.document(refused).state is DocumentState.NOT_SUBMITTED
    assert world.document(again).state is DocumentState.ANSWERED


def test_a_document_the_back_end_rejected_may_be_sent_again(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    content = declaration(key=anna.key, lrn="NUP0000000000000001")
    rejected = world.send(anna, content)
    world.work()

    assert world.document(rejected).state is DocumentState.REJECTED
    assert world.send(anna, content) != rejected


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Not well-formed"),
        (b"<a>", "Not well-formed"),
        (b"PGE+PC9hPg==", "base64 twice"),
        (b"<a/>", "is not known"),
        (b"<!DOCTYPE a><a/>", "Not allowed"),
        (b'<UPO xmlns="http://www.mf.gov.pl/xsd/sisc/channel/UPO"/>', "nie jest schematem wysy"),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", "E003"),
        (b"\x00", "E003"),
    ],
)
def test_what_is_no_document_of_a_declarant_is_refused_at_once(
    small_world: World, data: bytes, told: str
) -> None:
    anna = small_world.enrol("anna")

    with pytest.raises(TechnicalError, match=told) as refused:
        small_world.send(anna, data or b" ")

    assert refused.value.code == "E003"
    assert small_world.depth() == 0


def test_a_document_for_a_system_without_route_is_refused_instead_of_kept_for_nobody(
    small_world: World,
) -> None:
    anna = small_world.enrol("anna", "AES")
    small_world.routes = only("NCTS2")

    with pytest.raises(BusinessError, match="AES") as refused:
        small_world.send(anna, declaration("CC515C", key=anna.key))

    assert refused.value.code == "B006"
    assert small_world.depth() == 0


def test_a_legacy_target_is_refused_with_the_way_to_its_entrance(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    sent = submission(declaration(key=anna.key), "CELINA")

    with pytest.raises(BusinessError, match="CELINA") as refused:
        small_world.channel().accept_document(small_world.caller(anna), sent)

    assert refused.value.code == "B006"


@pytest.mark.parametrize("target", ["AES", "SENT", "TAX FREE", "SZPROT"])
def test_the_document_decides_where_it_goes_whatever_target_is_named(small_world: World, target: str) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    sent = submission(declaration(key=anna.key), target)

    sys_ref = small_world.channel().accept_document(small_world.caller(anna), sent)

    assert small_world.document(sys_ref).system == "NCTS2"


@pytest.mark.parametrize("data", [b"<a/>", b"<a", None], ids=["unknown", "not well-formed", "duplicate"])
def test_a_token_is_used_up_by_a_refused_call_too(world: World, data: bytes | None) -> None:
    anna = world.enrol("anna", "NCTS2")
    if data is None:
        data = declaration(key=anna.key)
        world.send(anna, data)
    caller = world.caller(anna)
    with pytest.raises((TechnicalError, BusinessError)):
        world.channel().accept_document(caller, submission(data))

    with pytest.raises(SecurityError) as replayed:
        world.channel().accept_document(caller, submission(declaration(key=anna.key)))

    assert replayed.value.reason is SecurityReason.REPLAYED_NONCE


def test_a_replayed_token_brings_nothing_in(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    caller = world.caller(anna)
    world.channel().accept_document(caller, submission(declaration(key=anna.key)))

    with pytest.raises(SecurityError):
        world.channel().accept_document(caller, submission(declaration(key=anna.key)))

    assert world.depth() == 1
    assert world.ears.actions().count(Action.DOCUMENT_RECEIVED) == 1


def test_numbers_too_long_for_any_system_neither_stop_the_lane_nor_spoil_the_receipt(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    endless = "".join(chr(0x4E00 + number % 20000) for number in range(0, 70000, 7))  # does not compress

    def spoil(root: etree._Element) -> None:
        for name in ("messageIdentification", "LRN"):
            next(root.iter(name)).text = endless
        holder = next(root.iter("HolderOfTheTransitProcedure"))
        next(holder.iter("identificationNumber")).text = endless

    bad = world.send(anna, declaration(key=anna.key, edit=spoil))
    good = world.send(anna)
    world.work()

    assert world.document(bad).state is DocumentState.NOT_SUBMITTED
    assert world.document(bad).own_id is None
    assert len(world.content(anna, bad, "NPP")) < 50_000
    assert world.document(good).state is DocumentState.ANSWERED
