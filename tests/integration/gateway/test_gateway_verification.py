"""What verification decides, and the receipts it issues: valid, sealed, complete."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from gateway.store.model import DocumentState
from schemas.findings import MAX_FINDINGS, Finding, Severity
from signing.certificates import serial_hex
from signing.lifecycle import RevocationReason
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.register import SqlCertificateRegister
from signing.trust import PinnedTrust
from signing.verify import verify
from tests.integration.gateway.world import Member, World, catalogue, declaration, seal, validator

UPO = "{http://crd.gov.pl/xml/schematy/UPO/2008/05/09/}"


def judged(
    world: World, member: Member, content: bytes, *, kind: str, system: str = "NCTS2"
) -> etree._Element:
    """The part of a document's receipt, once that is known to be valid and sealed."""
    sys_ref = world.send(member, content)
    world.verifier().work_once()
    root = parse(world.content(member, sys_ref, kind), ParseLimits())
    check_receipt(world, root, kind)
    part = root.find(f"{UPO}{kind}")
    assert part is not None
    assert information(part, "idDokumentuSEAP") == [sys_ref]
    assert information(part, "SkrotSHA256") == [world.document(sys_ref).sha256]
    assert world.document(sys_ref).system == system
    expected = DocumentState.SUBMITTED if kind == "UPP" else DocumentState.NOT_SUBMITTED
    assert world.document(sys_ref).state is expected
    return part


def check_receipt(world: World, root: etree._Element, kind: str) -> None:
    message_type = catalogue().get(kind)
    report = validator().validate(root, message_type)
    assert report.valid, report.findings
    trust = PinnedTrust([seal().certificate])
    verdict = verify(root, policy=MESSAGE_POLICY, trust=trust, at=world.clock())
    assert verdict.passed, verdict.fault


def information(part: etree._Element, kind: str) -> list[str | None]:
    wanted = f"{UPO}InformacjaUzupelniajaca[@TypInformacjiUzupelniajacej='{kind}']"
    return [element.text for element in part.findall(wanted)]


def codes(npp: etree._Element) -> list[str | None]:
    return [element.text for element in npp.iter(f"{UPO}Kod")]


def total(npp: etree._Element) -> int:
    errors = npp.find(f"{UPO}Bledy")
    assert errors is not None
    return int(errors.get("lacznie", "-1"))


def test_a_good_document_gets_a_upp(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    upp = judged(world, anna, declaration(key=anna.key), kind="UPP")

    assert upp.findtext(f"{UPO}Nadawca/{UPO}IdentyfikatorPodmiotu") == anna.person.id_sisc
    assert upp.findtext(f"{UPO}DataDoreczenia") == "2026-03-30T11:00:00.000+02:00"
    assert upp.findtext(f"{UPO}IdentyfikatorDokumentu") == "DEMO-CC015C-0001"


def test_warnings_are_told_in_the_upp(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.more_checks = (
        lambda _: [finding(Severity.WARNING, f"W{number:02}") for number in range(30)],
    )

    upp = judged(small_world, anna, declaration(key=anna.key), kind="UPP")

    told = information(upp, "Ostrzezenie")
    assert len(told) == MAX_FINDINGS
    assert told[0] == "W00: źle & <źle> / wrong & <wrong>"


def _wrong_guarantee(root: etree._Element) -> None:
    number = next(root.iter("GRN"))
    assert number.text
    number.text = number.text[:16] + str((int(number.text[16]) + 1) % 10) + number.text[17:]


def test_a_value_that_cannot_be_right_is_warned_of_and_recorded(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sent = declaration(key=anna.key, edit=_wrong_guarantee)

    upp = judged(world, anna, sent, kind="UPP")

    told = information(upp, "Ostrzezenie")
    assert len(told) == 1
    assert re.match(
        r"VALUE_GRN \[\d+: /CC015C/Guarantee\[1\]/.*GRN\]: GRN nie jest .* / GRN is", str(told[0])
    )
    sys_ref = str(information(upp, "idDokumentuSEAP")[0])
    submitted = [event for event in world.events(sys_ref) if event.action == "document_submitted"]
    assert '"code": "VALUE_GRN", "severity": "WARNING"' in json.dumps(submitted[0].facts)


def test_it_is_a_reason_to_refuse_where_the_settings_say_so(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.level = "error"

    npp = judged(small_world, anna, declaration(key=anna.key, edit=_wrong_guarantee), kind="NPP")

    assert (codes(npp), total(npp)) == (["VALUE_GRN"], 1)


def test_values_of_a_document_that_the_schema_refuses_are_not_looked_at(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.level = "error"

    def spoil(root: etree._Element) -> None:
        _wrong_guarantee(root)
        next(root.iter("LRN")).text = " "

    npp = judged(small_world, anna, declaration(key=anna.key, edit=spoil), kind="NPP")

    assert codes(npp) == ["XSD_PATTERN"]


def test_warnings_are_no_reasons_of_an_npp(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.more_checks = (lambda _: [finding(Severity.WARNING), finding(Severity.ERROR, "E1")],)

    npp = judged(small_world, anna, declaration(key=anna.key), kind="NPP")

    assert codes(npp) == ["E1"]
    assert total(npp) == 1


def finding(
    severity: Severity,
    code: str = "W1",
    **changed: Any,  # noqa: ANN401 - fields of every type
) -> Finding:
    texts = {
        "message_pl": "źle & <źle>",
        "message_en": "wrong & <wrong>",
        "remedy_pl": "popraw",
        "remedy_en": "mend it",
    }
    return Finding(code=code, severity=severity, **(texts | changed))


def test_an_npp_holds_25_findings_and_counts_the_others(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")

    def spoil(root: etree._Element) -> None:
        parent = next(root.iter("TransitOperation"))
        for number in range(60):
            etree.SubElement(parent, f"unknown{number}")
        for element in list(root.iter("country", "currency", "postcode", "city", "type")):
            element.text = "\n"
        for element in list(root.iter("sequenceNumber")):
            element.text = "x"

    npp = judged(world, anna, declaration(key=anna.key, edit=spoil), kind="NPP")

    assert len(codes(npp)) == MAX_FINDINGS
    assert total(npp) > MAX_FINDINGS


def test_many_errors_of_one_check_leave_room_for_those_of_others(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.more_checks = (
        lambda _: [finding(Severity.ERROR, f"M{number:02}") for number in range(60)],
        lambda _: [finding(Severity.ERROR, "LAST")],
    )

    npp = judged(small_world, anna, declaration(key=None), kind="NPP")

    assert codes(npp)[:2] == ["M00", "M01"]
    assert codes(npp)[-2:] == ["LAST", "NO_SIGNATURE"]
    assert (len(codes(npp)), total(npp)) == (MAX_FINDINGS, 62)


def _unsigned(_: World, member: Member) -> bytes:
    return declaration(key=None)


def _changed(_: World, member: Member) -> bytes:
    return declaration(key=member.key).replace(b"<city>Warszawa<", b"<city>Krakow<")


def _by_another(world: World, member: Member) -> bytes:
    return declaration(key=world.enrol("bogdan").key)


def _without_right(_: World, member: Member) -> bytes:
    return declaration("CC515C", key=member.key)


@pytest.mark.parametrize(
    ("make", "code", "system"),
    [
        (_unsigned, "NO_SIGNATURE", "NCTS2"),
        (_changed, "DIGEST_DOCUMENT", "NCTS2"),
        (_by_another, "SIGNER_IS_NOT_SENDER", "NCTS2"),
        (_without_right, "RIGHT_FOR_OTHER_SYSTEMS", "AES"),
    ],
)
def test_every_kind_of_refusal_gives_an_npp_with_its_code(
    world: World, make: Callable[[World, Member], bytes], code: str, system: str
) -> None:
    anna = world.enrol("anna", "NCTS2")

    npp = judged(world, anna, make(world, anna), kind="NPP", system=system)

    assert code in codes(npp)
    assert information(npp, "PrzyczynaBledu") != []
    assert world.depth() == 0


@pytest.mark.parametrize(
    "value",
    [
        "<b>&amp;</b>",
        "]]>",
        "\u202eodwrócone",
        "😀 𝔘",
        "a\tb\r\nc",
        " ",
        "",
        "x" * 5000,
        "\x00\x1b[31m\ud800\uffff",
    ],
    ids=["markup", "cdata end", "bidi", "astral", "whitespace", "blank", "empty", "long", "not XML"],
)
def test_whatever_a_finding_quotes_the_receipt_is_valid(small_world: World, value: str) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    quoting = finding(Severity.ERROR, "Q1", value=value, message_pl=f"źle: {value}", xpath="/a/b[1]")
    small_world.more_checks = (lambda _: [quoting],)

    npp = judged(small_world, anna, declaration(key=anna.key), kind="NPP")

    kept = npp.findtext(f"{UPO}Bledy/{UPO}Blad/{UPO}Wartosc")
    if value and value.isprintable():
        assert kept == value


def test_the_evidence_of_a_decision_is_kept_with_the_document(world: World) -> None:
    anna = world.enrol("anna", "AES")
    sys_ref = world.send(anna, declaration("CC515C", key=anna.key))
    world.verifier().work_once()

    facts = world.events(sys_ref)[-1].facts
    assert isinstance(facts["signature"], dict)
    assert facts["signature"]["indication"] == "TOTAL-PASSED"
    assert isinstance(facts["rights"], list)
    (link,) = facts["rights"]
    assert isinstance(link, dict)
    assert (link["representative"], link["version"]) == (anna.person.id_sisc, 1)


@pytest.mark.parametrize(("before", "kind"), [(True, "NPP"), (False, "UPP")])
def test_a_revocation_counts_from_its_moment_on_however_late_a_document_is_verified(
    small_world: World,
    before: bool,  # noqa: FBT001 - a parameter of the test
    kind: str,
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    small_world.clock.pass_by(seconds=60)
    content = declaration(key=anna.key, at=small_world.clock())
    sys_ref = small_world.send(anna, content) if not before else ""
    small_world.clock.pass_by(seconds=60)
    with small_world.store.begin() as work:
        SqlCertificateRegister(work.connection).revoke(
            serial_hex(anna.key.certificate),
            RevocationReason.KEY_COMPROMISE,
            at=small_world.clock(),
            operator="test",
        )
        work.commit()
    sys_ref = sys_ref or small_world.send(anna, content)

    small_world.verifier().work_once()

    assert small_world.replies(sys_ref) == {kind: 1}
    signature = small_world.events(sys_ref)[1].facts["signature"]
    assert isinstance(signature, dict)
    lost = signature["trust_lost_after_receipt"]
    assert lost == (None if before else small_world.clock().isoformat())
