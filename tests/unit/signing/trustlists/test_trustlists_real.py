from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from signing.names import ds
from signing.trustlists.errors import ListFormatError, ListSignatureError
from signing.trustlists.loading import pointers_by_territory
from signing.trustlists.model import PolicySetCriterion, ServiceState, TrustedList
from signing.trustlists.parsing import parse_list, read_list
from signing.trustlists.verification import (
    VerifiedList,
    pivots_of,
    self_pointer,
    verify_list,
    verify_list_of_lists,
    verify_pointed,
)

SHARED = Path(__file__).parents[4] / ".." / "shared"
LISTS, VECTORS = SHARED / "real-trustlists", SHARED / "vectors" / "dss-trustlists"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not LISTS.is_dir(), reason="no public sample data in ../shared"),
]

LOTL_DAY = datetime(2024, 6, 1, tzinfo=UTC)


def read(file: Path) -> TrustedList:
    return read_list(parse_list(file.read_bytes()))


def states(read_list_: TrustedList) -> list[ServiceState]:
    return [state for _, service in read_list_.services() for state in (service.current, *service.history)]


def list_of_lists() -> VerifiedList:
    data = (LISTS / "EU-LOTL-pivot-341.xml").read_bytes()
    announced = self_pointer(read_list(parse_list(data))).certificates
    return verify_list(data, signers=announced, at=LOTL_DAY)


def no_network(location: str) -> bytes:
    raise AssertionError(location)


@pytest.mark.parametrize(
    ("file", "version", "sequence", "counts"),  # providers, services, history, certificates
    [
        (LISTS / "PL.xml", 5, 110, (10, 102, 133, 104)),
        (LISTS / "FI-v6.xml", 6, 49, (1, 19, 14, 19)),
        (VECTORS / "fi-v5.xml", 5, 49, (1, 19, 14, 19)),
        (VECTORS / "IS.xml", 5, 13, (1, 3, 3, 4)),
    ],
)
def test_every_service_of_a_real_list_is_read(
    file: Path, version: int, sequence: int, counts: tuple[int, int, int, int]
) -> None:
    found = read(file)
    everything = states(found)
    providers, services, history, certificates = counts
    assert (version, sequence) == (found.scheme.version, found.scheme.sequence)
    assert providers == len(found.providers)
    assert services == len(list(found.services()))
    assert services + history == len(everything)
    assert certificates == sum(len(state.identity.certificates) for state in everything)
    assert all(state.extensions.usable and not state.identity.unreadable for state in everything)
    assert not any(state.extensions.unknown or state.identity.others for state in everything)


def test_the_polish_list_is_read_to_its_last_extension() -> None:
    found = read(LISTS / "PL.xml")
    extensions = [state.extensions for state in states(found)]
    qualifications = [q for extension in extensions for q in extension.qualifications]
    policies = {
        policy
        for q in qualifications
        for criterion in q.criteria.criteria
        if isinstance(criterion, PolicySetCriterion)
        for policy in criterion.policies
    }
    assert len(qualifications) == 93
    assert sum(len(extension.additional) for extension in extensions) == 81
    assert sum(len(extension.taken_over_by) for extension in extensions) == 56
    assert len(policies) == 21
    assert all(policy.replace(".", "").isdigit() for policy in policies)
    assert found.scheme.territory == "PL"
    assert found.scheme.next_update == datetime(2019, 11, 25, tzinfo=UTC)
    assert [name.text for name in found.scheme.operator_names] == [
        "National Bank of Poland",
        "Narodowy Bank Polski",
    ]
    assert len(found.scheme.operator_address.postal) == 2


def test_policies_written_as_urn_are_read_as_the_same_numbers() -> None:
    found = {
        policy
        for state in states(read(LISTS / "FI-v6.xml"))
        for qualification in state.extensions.qualifications
        for criterion in qualification.criteria.criteria
        if isinstance(criterion, PolicySetCriterion)
        for policy in criterion.policies
    }
    assert found == {"1.2.246.517.1.10.34", "1.2.246.517.1.10.205"}


def test_format_6_says_what_a_supply_point_supplies() -> None:
    points = [p for _, service in read(LISTS / "FI-v6.xml").services() for p in service.supply_points]
    assert len(points) == 11
    assert {p.service_type for p in points} == {"http://uri.etsi.org/TrstSvc/Svctype/Certstatus/OCSP/QC"}


def test_a_list_whose_format_has_no_such_attribute_is_no_list() -> None:
    with pytest.raises(ListFormatError) as refused:
        read(VECTORS / "fi-v5-invalid.xml")
    assert refused.value.line == 165


def test_the_list_of_lists_points_to_a_list_for_every_country_and_skips_paper() -> None:
    verified = list_of_lists()
    pointers = pointers_by_territory(verified)
    assert len(verified.list.pointers) == 43
    assert len(pointers) == 31
    assert "EU" not in pointers
    assert pointers["PL"].location == "https://www.nccert.pl/tsl/PL_TSL.xml"
    assert len(pointers["PL"].certificates) == 3
    assert sum(len(p.certificates) for p in verified.list.pointers) == 151
    assert len(verified.list.scheme.legal_notices) == 23
    assert verified.list.is_list_of_lists


def test_the_list_of_lists_is_believed_by_its_pinned_signer() -> None:
    data = (LISTS / "EU-LOTL-pivot-341.xml").read_bytes()
    signer = list_of_lists().signer
    verified = verify_list_of_lists(data, pinned=[signer], fetch=no_network, at=LOTL_DAY)
    assert verified.list.scheme.sequence == 341
    assert len(pivots_of(verified.list)) == 4
    assert pivots_of(verified.list)[-1].endswith("pivot-341.xml")


def test_the_polish_list_is_signed_by_one_of_those_its_pointer_names() -> None:
    pointer = pointers_by_territory(list_of_lists())["PL"]
    data = (LISTS / "PL.xml").read_bytes()
    verified = verify_pointed(data, pointer, at=datetime(2019, 9, 1, tzinfo=UTC))
    assert verified.territory == "PL"
    with pytest.raises(ListSignatureError) as refused:  # the signer's certificate ended on 2022-09-27
        verify_pointed(data, pointer, at=datetime(2022, 10, 1, tzinfo=UTC))
    assert refused.value.fault.rule == "CERT_EXPIRED"


@pytest.mark.parametrize(
    ("file", "territory", "at"),
    [
        ("IS.xml", "IS", datetime(2019, 7, 1, tzinfo=UTC)),  # CertDigest SHA-1, an issuer's name with hex
        ("fi-v5.xml", "FI", datetime(2024, 12, 1, tzinfo=UTC)),  # byte order mark, KeyValue
    ],
)
def test_lists_of_other_countries_verify_by_their_pointers(file: str, territory: str, at: datetime) -> None:
    pointer = pointers_by_territory(list_of_lists())[territory]
    assert verify_pointed((VECTORS / file).read_bytes(), pointer, at=at).territory == territory


def test_a_list_signed_by_a_test_certificate_is_not_the_countrys() -> None:
    pointer = pointers_by_territory(list_of_lists())["FI"]
    data = (LISTS / "FI-v6.xml").read_bytes()
    with pytest.raises(ListSignatureError) as refused:
        verify_pointed(data, pointer, at=datetime(2024, 12, 1, tzinfo=UTC))
    assert refused.value.fault.rule == "TL_SIGNER"


def own_signer(data: bytes) -> list[x509.Certificate]:
    """The certificates that a list carries for itself."""
    signature = parse_list(data)[-1]
    return [
        x509.load_der_x509_certificate(b64decode(element.text or ""))
        for element in signature.iterfind(f".//{ds('KeyInfo')}//{ds('X509Certificate')}")
    ]


def test_a_test_list_of_lists_is_good_by_its_own_signer_and_not_by_whom_it_announces() -> None:
    data = (VECTORS / "mra-zz-lotl-custom-equivalence-context.xml").read_bytes()
    at = datetime(2023, 4, 1, tzinfo=UTC)
    assert verify_list(data, signers=own_signer(data), at=at).list.is_list_of_lists
    with pytest.raises(ListSignatureError) as refused:
        verify_list(data, signers=self_pointer(read_list(parse_list(data))).certificates, at=at)
    assert refused.value.fault.rule == "TL_SIGNER"


def test_a_good_signature_does_not_make_a_malformed_list_good() -> None:
    data = (VECTORS / "fi-v5-invalid.xml").read_bytes()
    with pytest.raises(ListFormatError):
        verify_list(data, signers=own_signer(data), at=datetime(2024, 12, 1, tzinfo=UTC))
