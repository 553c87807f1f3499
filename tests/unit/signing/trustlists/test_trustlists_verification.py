from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing.names import DS
from signing.trustlists.errors import (
    ListFormatError,
    ListMismatchError,
    ListRollbackError,
    ListSignatureError,
    TrustListError,
)
from signing.trustlists.loading import hold
from signing.trustlists.names import tsl
from signing.trustlists.parsing import parse_list, read_list
from signing.trustlists.verification import (
    TRUSTED_LIST_POLICY,
    check_not_older,
    verify_list,
    verify_list_of_lists,
    verify_pointed,
)
from tests.unit.signing.trustlists.made_lists import (
    EVERY,
    LISTS,
    LOTL_URL,
    NOW,
    Entry,
    Made,
    State,
    list_of_lists,
    list_xml,
    pointer,
    pointer_to,
    qualification,
    signed,
    signer,
    verified,
)

A, B, C = "first LOTL signer", "second LOTL signer", "third LOTL signer"


def test_byte_order_mark_and_blank_lines_before_a_list_do_no_harm() -> None:
    data = b"\xef\xbb\xbf\r\n\n " + signed(list_xml())
    assert verify_list(data, signers=[signer().certificate], at=NOW).territory == "PL"


def test_an_empty_next_update_means_closed() -> None:
    assert verified(Made(next_update="")).list.scheme.next_update is None


def test_a_list_by_somebody_else_is_refused_though_issued_by_the_same() -> None:
    with pytest.raises(ListSignatureError) as refused:
        verify_list(signed(list_xml()), signers=[signer("another").certificate], at=NOW)
    assert refused.value.fault.rule == "TL_SIGNER"


def test_a_changed_list_is_refused() -> None:
    data = signed(list_xml()).replace(b"granted", b"withdrawn")
    with pytest.raises(ListSignatureError) as refused:
        verify_list(data, signers=[signer().certificate], at=NOW)
    assert refused.value.fault.rule == "DIGEST_DOCUMENT"


def test_an_unsigned_list_is_refused() -> None:
    with pytest.raises(ListSignatureError) as refused:
        verify_list(list_xml(), signers=[signer().certificate], at=NOW)
    assert refused.value.fault.rule == "NO_SIGNATURE"


def test_a_list_of_another_country_is_refused_though_its_signer_is_named() -> None:
    with pytest.raises(ListMismatchError) as refused:
        verify_pointed(signed(list_xml()), pointer_to(signer(), territory="DE"), at=NOW)
    assert (refused.value.expected, refused.value.found) == ("DE", "PL")


def test_a_list_of_another_type_is_refused() -> None:
    with pytest.raises(ListMismatchError):
        verify_pointed(signed(list_xml()), pointer_to(signer(), list_type=LISTS), at=NOW)


def test_only_the_profile_of_lists_lets_a_weak_certificate_digest_pass() -> None:
    assert f"{DS}sha1" in TRUSTED_LIST_POLICY.certificate_digests
    assert f"{DS}sha1" not in TRUSTED_LIST_POLICY.digests


@pytest.mark.parametrize(
    ("sequence", "issued", "taken"),
    [
        (8, "2026-10-01T00:00:00Z", True),
        (7, "2026-11-01T08:00:00Z", True),  # signed again
        (7, "2026-10-31T00:00:00Z", False),
        (6, "2026-11-20T00:00:00Z", False),
    ],
)
def test_an_older_list_is_refused(sequence: int, issued: str, taken: object) -> None:
    held = hold(verified(Made(sequence=7)), location="x", accepted_at=NOW)
    new = verified(Made(sequence=sequence, issued=issued))
    if taken:
        check_not_older(new, held)
        return
    with pytest.raises(ListRollbackError):
        check_not_older(new, held)


# pivots


def pivot_url(number: int) -> str:
    return f"https://lists.example/eu-lotl-pivot-{number}.xml"


def lotl(sequence: int, announced: str, *pivots: int) -> bytes:
    made = Made(
        sequence=sequence, information=[*map(pivot_url, pivots), "https://eur-lex.example/oj", LOTL_URL]
    )
    return list_of_lists(announced=[signer(announced)], made=made)


def world(signers: Mapping[int, str] | None = None) -> dict[str, bytes]:
    """Pivot 300 hands over from A to B, pivot 310 from B to C."""
    by_whom = {300: A, 310: B, **(signers or {})}
    return {
        pivot_url(300): signed(lotl(300, B), signer(by_whom[300])),
        pivot_url(310): signed(lotl(310, C, 300), signer(by_whom[310])),
    }


def believed(pinned: str, files: Mapping[str, bytes], *, signed_by: str = C) -> int:
    data = signed(lotl(320, C, 310, 300), signer(signed_by))
    pins = [signer(pinned).certificate]
    return verify_list_of_lists(data, pinned=pins, fetch=files.__getitem__, at=NOW).list.scheme.sequence


def test_pivots_lead_from_the_pinned_signer_to_the_present_one() -> None:
    assert believed(A, world()) == 320


def test_pins_may_be_newer_than_the_oldest_pivot() -> None:
    assert believed(B, world()) == 320


def test_a_pinned_signer_needs_no_pivots() -> None:
    assert believed(C, {}) == 320


def test_nobody_whom_no_pivot_announces_is_believed() -> None:
    with pytest.raises(ListSignatureError):
        believed(A, world(), signed_by="stranger")


def test_pivots_by_strangers_announce_nobody() -> None:
    with pytest.raises(ListSignatureError):
        believed(A, world({300: "stranger", 310: "stranger"}), signed_by=C)


def test_a_broken_pivot_behind_a_good_one_ends_the_chain() -> None:
    with pytest.raises(ListSignatureError):
        believed(A, world({310: A}))


def test_a_national_list_is_no_list_of_lists_though_it_points_to_it() -> None:
    back = pointer(LOTL_URL, [signer(A)], territory="EU", list_type=LISTS)
    data = signed(list_xml(Made(pointers=back)))
    pins = [signer().certificate]
    with pytest.raises(ListMismatchError):
        verify_list_of_lists(data, pinned=pins, fetch=world().__getitem__, at=NOW)


# malformed input


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"TSLTag=", b"TSL="),
        (b"<TSLVersionIdentifier>5", b"<TSLVersionIdentifier>4"),
        (b"<TSLSequenceNumber>7", b"<TSLSequenceNumber>-7"),
        (b"<TSLSequenceNumber>7", b"<TSLSequenceNumber>" + b"7" * 5000),
        (b"2026-11-01T08:00:00Z", b"2026-11-01T08:00:00"),
        (b"2026-11-01T08:00:00Z", b"2026-13-01T08:00:00Z"),
        (b"<NextUpdate>", b"<NextUpdates>"),
        (b'Critical="true"', b'Critical="maybe"'),
        (b"granted<", b"granted<!-- not -->withdrawn<"),
        (b"<SchemeTerritory>PL", b"<SchemeTerritory>DE</SchemeTerritory><SchemeTerritory>PL"),
        (b"<ServiceStatus>", b"<Status>"),
    ],
)
def test_a_malformed_list_is_no_list(old: bytes, new: bytes) -> None:
    xml = list_xml()
    assert old in xml
    with pytest.raises(ListFormatError):
        read_list(parse_list(xml.replace(old, new)))


def without(xml: bytes, name: str) -> bytes:
    """A list that lacks the first element of a name."""
    root = parse_list(xml)
    element = next(root.iter(tsl(name)))
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
    return etree.tostring(root)


SCHEME = (
    "SchemeInformation TSLVersionIdentifier TSLSequenceNumber TSLType SchemeOperatorName "
    "SchemeOperatorAddress SchemeName SchemeInformationURI StatusDeterminationApproach "
    "SchemeTerritory HistoricalInformationPeriod ListIssueDateTime NextUpdate"
)
SERVICES = (
    "TSPInformation TSPName TSPAddress PostalAddress StreetAddress ElectronicAddress TSPInformationURI "
    "TSPServices TSPService ServiceInformation ServiceTypeIdentifier ServiceName ServiceDigitalIdentity "
    "ServiceStatus StatusStartingTime URI Name"
)


@pytest.mark.parametrize("name", f"{SCHEME} {SERVICES}".split())
def test_a_list_that_lacks_what_every_list_has_is_no_list(name: str) -> None:
    with pytest.raises(ListFormatError) as refused:
        read_list(parse_list(without(list_xml(), name)))
    assert refused.value.line is not None
    assert "Element '" in refused.value.reason


@pytest.mark.parametrize("name", ["TSLLocation", "TSLType", "SchemeTerritory"])
def test_a_list_of_lists_has_the_same_form(name: str) -> None:
    with pytest.raises(ListFormatError):
        read_list(parse_list(without(list_of_lists(), name)))


def _bit(name: str) -> str:
    return qualification(["NotQualified"], EVERY.replace("nonRepudiation", name))


def _policy(oid: str) -> str:
    identifier = f"<sie:PolicyIdentifier><xades:Identifier>{oid}</xades:Identifier></sie:PolicyIdentifier>"
    criteria = f"<sie:CriteriaList><sie:PolicySet>{identifier}</sie:PolicySet></sie:CriteriaList>"
    return qualification(["NotQualified"], criteria)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("<SchemeTerritory>PL</SchemeTerritory>", "", "HistoricalInformationPeriod"),
        ("<SchemeTerritory>PL", "<SchemeTerritory>Poland", "SchemeTerritory"),
        ("<TSLType>", "<TSLColour>red</TSLColour><TSLType>", "TSLColour"),
        ("<ServiceStatus>", "<ServiceStatus>granted</ServiceStatus><ServiceStatus>", "ServiceStatus"),
        ('<Name xml:lang="en">Trust Ltd', "<Name>Trust Ltd", "Name"),
        ('<Name xml:lang="en">Trust Ltd', '<Name xml:lang="en"> ', "Name"),
        ("</X509Certificate>", "</X509Certificate><X509SKI>AAAA</X509SKI>", "X509SKI"),
        ('TSLTag="', 'Colour="red" TSLTag="', "TrustServiceStatusList"),
        ("<TSPServices>", "<TSPServices>text", "TSPServices"),
    ],
)
def test_what_is_unknown_repeated_empty_or_out_of_place_is_named(old: str, new: str, named: str) -> None:
    xml = list_xml().decode()
    assert old in xml
    with pytest.raises(ListFormatError, match=f"Element '{named}'"):
        read_list(parse_list(xml.replace(old, new, 1).encode()))


@pytest.mark.parametrize("extension", [_bit("nonRepudation"), _policy("policy 7"), _policy("urn:oid:")])
def test_criteria_that_would_mean_something_else_than_meant_are_refused(extension: str) -> None:
    made = Made(entries=[Entry(states=[State(extensions=extension)])])
    with pytest.raises(ListFormatError):
        read_list(parse_list(list_xml(made)))
    good = Made(entries=[Entry(states=[State(extensions=_bit("crlSign") + _policy(" urn:oid:1.2.3 "))])])
    assert len(read_list(parse_list(list_xml(good))).providers) == 1


def test_a_malformed_list_leaves_the_one_held_in_force_and_says_why() -> None:
    """What an operator reads where the list was refused."""
    with pytest.raises(ListFormatError) as refused:
        verify_list(signed(without(list_xml(), "ServiceStatus")), signers=[signer().certificate], at=NOW)
    assert str(refused.value).startswith("not a trusted list: Element 'StatusStartingTime'")
    assert "(line " in str(refused.value)


def test_a_certificate_that_is_none_costs_its_service_not_the_list() -> None:
    xml = list_xml()
    begin = xml.index(b"<X509Certificate>") + len(b"<X509Certificate>")
    damaged = xml[:begin] + b"AAAA" + xml[begin + 4 :]
    service = next(iter(read_list(parse_list(damaged)).services()))[1]
    assert (service.current.identity.unreadable, service.current.identity.certificates) == (1, ())


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_damaged_lists_raise_errors_of_lists_only(data: st.DataObject) -> None:
    xml = bytearray(list_xml(DAMAGED))
    for _ in range(data.draw(st.integers(1, 3))):
        xml[data.draw(st.integers(0, len(xml) - 1))] = data.draw(st.integers(0, 255))
    with suppress(TrustListError):  # anything else fails the test
        read_list(parse_list(bytes(xml)))


DAMAGED = replace(Made(), issued=datetime(2026, 11, 1, tzinfo=UTC).isoformat())


def test_times_in_other_zones_are_kept_as_utc() -> None:
    made = Made(issued="2026-11-01T10:30:00.032+02:00")
    expected = datetime(2026, 11, 1, 8, 30, tzinfo=UTC) + timedelta(milliseconds=32)
    assert expected == verified(made).list.scheme.issued_at
