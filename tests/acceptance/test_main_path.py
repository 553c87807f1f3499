"""From AcceptDocument to the back end's answers, on a running gateway."""

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from gateway.client.channel_client import ChannelClient, FaultError
from gateway.described import describe
from schemas.identifiers import is_valid_arc, is_valid_mrn
from signing.keys import KeyPair, load_pkcs12
from signing.sign import SignatureProfile
from tests.acceptance.enrolment import Enrolled, enrol_many
from tests.acceptance.messages import FIRST_ANSWERS, fresh_lrn, signed_example
from tests.acceptance.running import RunningSandbox, replies
from tests.tools import run_tool


@pytest.mark.parametrize("code", FIRST_ANSWERS)
def test_a_signed_message_gets_its_receipt_and_the_back_ends_answers(
    code: str, client: ChannelClient, signer: KeyPair
) -> None:
    system, expected = FIRST_ANSWERS[code]
    lrn = fresh_lrn()

    sys_ref = client.send(signed_example(code, signer, lrn=lrn), filename=f"{code}.xml", system=system)
    answers = [describe(d.content) for d in replies(client, sys_ref, at_least=len(expected))]

    assert expected == [answer.kind for answer in answers]
    assert lrn in {answer.facts.get("LRN") for answer in answers}


@pytest.mark.parametrize(
    ("code", "number"), [("CC015C", "MRN"), ("CC515C", "MRN"), ("ZC415", "MRN"), ("IE815", "ARC")]
)
def test_the_number_given_by_the_back_end_has_a_right_check_digit(
    code: str, number: str, client: ChannelClient, signer: KeyPair
) -> None:
    sys_ref = client.send(signed_example(code, signer))
    answers = replies(client, sys_ref, at_least=len(FIRST_ANSWERS[code][1]))

    value = describe(answers[-1].content).facts[number]

    assert is_valid_mrn(value) if number == "MRN" else is_valid_arc(value)


def test_a_plain_xml_signature_is_accepted_too(client: ChannelClient, signer: KeyPair) -> None:
    sys_ref = client.send(signed_example("CC015C", signer, profile=SignatureProfile.PLAIN))

    assert describe(replies(client, sys_ref, at_least=1)[0].content).kind == "UPP"


def test_without_target_system_the_document_itself_decides(client: ChannelClient, signer: KeyPair) -> None:
    sys_ref = client.send(signed_example("IE815", signer))

    kinds = [describe(d.content).kind for d in replies(client, sys_ref, at_least=3)]
    assert kinds == ["UPP", "UPO", "IE801"]


def test_an_unsigned_invalid_document_gets_one_npp_with_all_reasons(
    client: ChannelClient, examples: Path
) -> None:
    content = (examples / "CC015C.xml").read_bytes().replace(b"<LRN>", b"<LRX>").replace(b"</LRN>", b"</LRX>")

    sys_ref = client.send(content + f"\n{chr(32) * 3}<!-- {fresh_lrn()} -->".encode())
    receipt = replies(client, sys_ref, at_least=1)[0]
    codes = [element.text for element in etree.fromstring(receipt.content).iter("{*}Kod")]

    assert receipt.filename == "NPP.xml"
    assert "NO_SIGNATURE" in codes
    assert any(code is not None and code.startswith("XSD_") for code in codes)


@pytest.mark.parametrize(
    ("prefix", "sealed"), [("T", ["UPP", "UPO"]), ("NUP", ["UPP", "OdrzucenieKomunikatu"])]
)
def test_receipts_are_sealed_and_verify_with_an_independent_tool(
    client: ChannelClient,
    signer: KeyPair,
    sandbox: RunningSandbox,
    tmp_path: Path,
    prefix: str,
    sealed: list[str],
) -> None:
    sys_ref = client.send(signed_example("CC015C", signer, lrn=fresh_lrn(prefix)))
    anchor = ("--trusted-pem", sandbox.folder / "keys" / "ca.pem")
    for kind, document in zip(sealed, replies(client, sys_ref, at_least=2), strict=False):
        assert describe(document.content).kind == kind
        receipt = tmp_path / f"{kind}.xml"
        receipt.write_bytes(document.content)
        verdict = run_tool(
            "xmlsec1", ["--verify", *anchor, "--id-attr:Id", "SignedProperties", receipt], check=False
        )
        assert verdict.returncode == 0, verdict.stderr


def test_what_another_person_signed_is_refused(client: ChannelClient, sandbox: RunningSandbox) -> None:
    profile = (sandbox.folder / "stranger.toml").read_text("utf-8")
    password = next(
        json.loads(line.split(" = ")[1]) for line in profile.splitlines() if "key_password" in line
    )
    stranger = load_pkcs12((sandbox.folder / "stranger.p12").read_bytes(), password)

    sys_ref = client.send(signed_example("CC015C", stranger))
    receipt = replies(client, sys_ref, at_least=1)[0]

    assert b"SIGNER_IS_NOT_SENDER" in receipt.content


def test_the_same_bytes_again_are_refused_and_the_first_sysref_is_named(
    client: ChannelClient, signer: KeyPair
) -> None:
    content = signed_example("CC015C", signer)
    sys_ref = client.send(content)

    with pytest.raises(FaultError, match=sys_ref) as caught:
        client.send(content)

    assert caught.value.code == "B002"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<CC029C xmlns='http://ncts.dgtaxud.ec'/>", "Dopasowany schemat nie jest schematem wysy"),
        (b"<unknown/>", "no active XSD schema"),
        (b"<CC015C", "Problems while processing content"),
        (base64.b64encode(b"<CC015C/>"), "base64 twice"),
        (b"", "Problems while processing content"),
        (b"\xff\xfe<\0a\0/\0>\0", "Problems while processing content"),
        (b"<!DOCTYPE a><a/>", "Problems while processing content"),
    ],
)
def test_what_can_be_seen_at_once_is_refused_at_once_with_e003(
    content: bytes, text: str, client: ChannelClient
) -> None:
    with pytest.raises(FaultError) as caught:
        client.send(content)

    assert caught.value.code == "E003"
    assert text in (caught.value.description or "")
    assert caught.value.text == "Błąd komunikacji"


def test_payload_bytes_are_kept_exactly(
    client: ChannelClient, signer: KeyPair, sandbox: RunningSandbox
) -> None:
    content = signed_example("CC515C", signer)
    sys_ref = client.send(content)

    told = json.loads(sandbox.sisc("documents", "show", sys_ref, "--json").stdout)

    assert hashlib.sha256(content).hexdigest() == told["SHA-256"]


def test_the_life_of_a_document_is_told_with_every_event(
    client: ChannelClient, signer: KeyPair, sandbox: RunningSandbox
) -> None:
    sys_ref = client.send(signed_example("CC015C", signer))
    replies(client, sys_ref, at_least=5)

    told = json.loads(sandbox.sisc("documents", "show", sys_ref, "--json").stdout)

    assert told["state"] == "answered"
    assert [event["action"] for event in told["events"]] == [
        "document_received",
        "document_submitted",
        "document_delivered",
        *["answer_received"] * 4,
    ]


def test_twenty_concurrent_senders_each_get_their_own_receipts_and_contents(sandbox: RunningSandbox) -> None:
    senders = enrol_many(sandbox, 20)

    def send_and_read(sender: Enrolled) -> tuple[str, set[str], set[str]]:
        lrn = fresh_lrn()
        with sandbox.client(sender.account) as client:
            sys_ref = client.send(signed_example("CC015C", sender.key, lrn=lrn))
            documents = replies(client, sys_ref, at_least=5)
            collected = [client.next()[0] for _ in range(5)]
        contents = {document.content for document in collected if document is not None}
        assert contents == {document.content for document in documents}
        return lrn, {sys_ref}, _told(contents)

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(send_and_read, senders))

    assert all(told == {lrn, *sys_refs} for lrn, sys_refs, told in results)


def _told(contents: set[bytes]) -> set[str]:
    """LRNs of the business answers and sysRefs of the receipts."""
    roots = [etree.fromstring(content) for content in contents]
    lrns = {e.text or "" for root in roots for e in root.iter("LRN")}
    sys_refs = {
        e.text or ""
        for root in roots
        for e in root.iter("{*}InformacjaUzupelniajaca")
        if e.get("TypInformacjiUzupelniajacej") == "idDokumentuSEAP"
    }
    return lrns | sys_refs
