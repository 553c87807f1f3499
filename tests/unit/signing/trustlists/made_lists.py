"""A made world: a list of lists, a national list, a qualified authority, and certificates of every kind."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from signing.authority import KeyType, create_authority, generate_key
from signing.keys import KeyPair
from signing.revocation.model import RevocationState, RevocationStatus
from signing.sign import sign_enveloped
from signing.trustlists.model import DigitalIdentity, Pointer
from signing.trustlists.parsing import parse_list
from signing.trustlists.service import ListsInForce
from signing.trustlists.verification import VerifiedList, verify_list

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
INFO = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
CA_QC = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
GENERIC = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
LISTS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
XML_TYPE = "application/vnd.etsi.tsl+xml"
LOTL_URL = "https://lists.example/lotl.xml"
PL_URL = "https://lists.example/pl.xml"

COMPLIANCE = "0.4.0.1862.1.1"
DEVICE = "0.4.0.1862.1.4"
ESIG, ESEAL, WEB = "0.4.0.1862.1.6.1", "0.4.0.1862.1.6.2", "0.4.0.1862.1.6.3"


@cache
def authority(name: str = "QC CA", since: datetime = NOW - 12 * YEAR) -> KeyPair:
    return create_authority(name, KeyType.P256, at=since, lifetime=30 * YEAR)


@cache
def signer(name: str = "TL signer") -> KeyPair:
    """Who signs lists: lists pin its certificate, so who issued it decides nothing."""
    return create_authority(name, KeyType.P256, at=NOW - 4 * YEAR, lifetime=6 * YEAR)


def base64_of(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


# certificates


def _tlv(tag: int, content: bytes) -> bytes:
    assert len(content) < 0x80
    return bytes((tag, len(content))) + content


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    octets = bytearray()
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        octets += bytes(reversed(groups))
    return _tlv(0x06, bytes(octets))


def statements_der(statements: Sequence[str], types: Sequence[str]) -> bytes:
    values = [_tlv(0x30, _oid(statement)) for statement in statements]
    if types:
        values.append(_tlv(0x30, _oid("0.4.0.1862.1.6") + _tlv(0x30, b"".join(map(_oid, types)))))
    return _tlv(0x30, b"".join(values))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a certificate shall say; by default a qualified one for signatures, its key in a device."""

    statements: Sequence[str] = (COMPLIANCE, DEVICE)
    types: Sequence[str] = (ESIG,)
    policies: Sequence[str] = ()
    raw_statements: bytes | None = None
    issued: datetime = NOW - YEAR
    lifetime: timedelta = 2 * YEAR
    usage: Sequence[str] = ("content_commitment",)
    issuer: str = "QC CA"
    issuer_since: datetime = NOW - 12 * YEAR
    country: str = "PL"


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def certificate(wanted: Wanted = Wanted()) -> KeyPair:
    ca = authority(wanted.issuer, wanted.issuer_since)
    key = generate_key(KeyType.P256)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, wanted.country),
            x509.NameAttribute(NameOID.COMMON_NAME, "Jan Nowak"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "PNOPL-44051401359"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.issued)
        .not_valid_after(wanted.issued + wanted.lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{usage: usage in wanted.usage for usage in _USAGES}), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.certificate.public_key()),  # type: ignore[arg-type]  # an EC key
            critical=False,
        )
    )
    raw = wanted.raw_statements
    if raw is None and (wanted.statements or wanted.types):
        raw = statements_der(wanted.statements, wanted.types)
    if raw is not None:
        value = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.5.5.7.1.3"), raw)
        builder = builder.add_extension(value, critical=False)
    if wanted.policies:
        policies = [x509.PolicyInformation(ObjectIdentifier(oid), None) for oid in wanted.policies]
        builder = builder.add_extension(x509.CertificatePolicies(policies), critical=False)
    assert isinstance(ca.private_key, ec.EllipticCurvePrivateKey)
    made = builder.sign(ca.private_key, hashes.SHA256())
    return KeyPair(private_key=key, certificate=made, chain=(ca.certificate,))


# lists


@dataclass(frozen=True, kw_only=True)
class State:
    """A service from a time on; extensions are written out in XML."""

    status: str = f"{STATUS}granted"
    since: str = "2016-06-30T22:00:00Z"
    service_type: str = CA_QC
    additional: Sequence[str] = ("ForeSignatures", "ForeSeals")
    extensions: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A service on a list."""

    states: Sequence[State] = field(default_factory=lambda: (State(),))  # newest first
    issuer: str = "QC CA"
    issuer_since: datetime = NOW - 12 * YEAR


def qualification(qualifiers: Sequence[str], criteria: str) -> str:
    listed = "".join(f'<sie:Qualifier uri="{INFO}{qualifier}"/>' for qualifier in qualifiers)
    return (
        '<Extension Critical="true"><sie:Qualifications><sie:QualificationElement>'
        f"<sie:Qualifiers>{listed}</sie:Qualifiers>{criteria}"
        "</sie:QualificationElement></sie:Qualifications></Extension>"
    )


#: Criteria that every certificate of this module meets.
EVERY = '<sie:CriteriaList assert="all"><sie:KeyUsage><sie:KeyUsageBit name="nonRepudiation">true</sie:KeyUsageBit></sie:KeyUsage></sie:CriteriaList>'  # noqa: E501 - one line of XML


def _state(state: State, identity: str) -> str:
    additional = "".join(
        '<Extension Critical="true"><AdditionalServiceInformation>'
        f'<URI xml:lang="en">{INFO}{name}</URI></AdditionalServiceInformation></Extension>'
        for name in state.additional
    )
    extensions = additional + state.extensions
    wrapped = (
        f"<ServiceInformationExtensions>{extensions}</ServiceInformationExtensions>" if extensions else ""
    )
    return (
        f"<ServiceTypeIdentifier>{state.service_type}</ServiceTypeIdentifier>"
        '<ServiceName><Name xml:lang="en">Qualified certificates</Name></ServiceName>'
        f"<ServiceDigitalIdentity><DigitalId>{identity}</DigitalId></ServiceDigitalIdentity>"
        f"<ServiceStatus>{state.status}</ServiceStatus>"
        f"<StatusStartingTime>{state.since}</StatusStartingTime>{wrapped}"
    )


def _service(entry: Entry) -> str:
    ca = authority(entry.issuer, entry.issuer_since).certificate
    current, *past = entry.states
    history = "".join(
        "<ServiceHistoryInstance>"
        f"{_state(state, '<X509SubjectName>CN=QC CA,C=PL</X509SubjectName>')}</ServiceHistoryInstance>"
        for state in past
    )
    return (
        "<TSPService><ServiceInformation>"
        f"{_state(current, f'<X509Certificate>{base64_of(ca)}</X509Certificate>')}</ServiceInformation>"
        f"<ServiceHistory>{history}</ServiceHistory></TSPService>"
    )


@dataclass(frozen=True, kw_only=True)
class Made:
    """A list to be made."""

    entries: Sequence[Entry] = field(default_factory=lambda: (Entry(),))
    territory: str = "PL"
    list_type: str = GENERIC
    version: int = 5
    sequence: int = 7
    issued: str = "2026-11-01T08:00:00Z"
    next_update: str = "2027-04-01T08:00:00Z"  # empty: closed
    pointers: str = ""
    information: Sequence[str] = ("https://lists.example/about",)


def pointer(location: str, signers: Sequence[KeyPair], *, territory: str, list_type: str = GENERIC) -> str:
    identities = "".join(
        "<ServiceDigitalIdentity><DigitalId>"
        f"<X509Certificate>{base64_of(key.certificate)}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
        for key in signers
    )
    return (
        f"<OtherTSLPointer><ServiceDigitalIdentities>{identities}</ServiceDigitalIdentities>"
        f"<TSLLocation>{location}</TSLLocation><AdditionalInformation>"
        f"<OtherInformation><TSLType>{list_type}</TSLType></OtherInformation>"
        f"<OtherInformation><SchemeTerritory>{territory}</SchemeTerritory></OtherInformation>"
        f"<OtherInformation><tslx:MimeType>{XML_TYPE}</tslx:MimeType></OtherInformation>"
        "</AdditionalInformation></OtherTSLPointer>"
    )


ADDRESS = (
    '<PostalAddresses><PostalAddress xml:lang="en"><StreetAddress>Street 1</StreetAddress>'
    "<Locality>Town</Locality><CountryName>PL</CountryName></PostalAddress></PostalAddresses>"
    '<ElectronicAddress><URI xml:lang="en">https://operator.example</URI></ElectronicAddress>'
)


def list_xml(made: Made = Made()) -> bytes:
    information = "".join(f'<URI xml:lang="en">{address}</URI>' for address in made.information)
    next_update = f"<dateTime>{made.next_update}</dateTime>" if made.next_update else ""
    providers = (
        "<TrustServiceProviderList><TrustServiceProvider><TSPInformation>"
        '<TSPName><Name xml:lang="en">Trust Ltd</Name></TSPName>'
        f"<TSPAddress>{ADDRESS}</TSPAddress>"
        '<TSPInformationURI><URI xml:lang="en">https://trust.example</URI></TSPInformationURI>'
        "</TSPInformation>"
        f"<TSPServices>{''.join(map(_service, made.entries))}</TSPServices>"
        "</TrustServiceProvider></TrustServiceProviderList>"
        if made.entries
        else ""
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" '
        'xmlns:tslx="http://uri.etsi.org/02231/v2/additionaltypes#" '
        'xmlns:sie="http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#" '
        'xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" '
        'TSLTag="http://uri.etsi.org/19612/TSLTag" Id="list"><SchemeInformation>'
        f"<TSLVersionIdentifier>{made.version}</TSLVersionIdentifier>"
        f"<TSLSequenceNumber>{made.sequence}</TSLSequenceNumber><TSLType>{made.list_type}</TSLType>"
        '<SchemeOperatorName><Name xml:lang="en">Operator</Name></SchemeOperatorName>'
        f"<SchemeOperatorAddress>{ADDRESS}</SchemeOperatorAddress>"
        '<SchemeName><Name xml:lang="en">PL:List</Name></SchemeName>'
        f"<SchemeInformationURI>{information}</SchemeInformationURI>"
        "<StatusDeterminationApproach>appropriate</StatusDeterminationApproach>"
        f"<SchemeTerritory>{made.territory}</SchemeTerritory>"
        "<HistoricalInformationPeriod>65535</HistoricalInformationPeriod>"
        f"<PointersToOtherTSL>{made.pointers}</PointersToOtherTSL>"
        f"<ListIssueDateTime>{made.issued}</ListIssueDateTime><NextUpdate>{next_update}</NextUpdate>"
        f"</SchemeInformation>{providers}</TrustServiceStatusList>"
    ).encode()


def signed(xml: bytes, key: KeyPair | None = None, *, at: datetime = NOW - timedelta(days=1)) -> bytes:
    return sign_enveloped(parse_list(xml), key or signer(), at=at, ids=lambda: "sig")


def list_of_lists(
    national: Sequence[KeyPair] = (), *, announced: Sequence[KeyPair] = (), made: Made | None = None
) -> bytes:
    """Unsigned; points to itself and to the Polish list."""
    pointers = pointer(
        LOTL_URL, announced or [signer("LOTL signer")], territory="EU", list_type=LISTS
    ) + pointer(PL_URL, national or [signer()], territory="PL")
    base = made or Made(sequence=300)
    return list_xml(
        Made(
            entries=(),
            territory="EU",
            list_type=LISTS,
            sequence=base.sequence,
            issued=base.issued,
            next_update=base.next_update,
            information=base.information,
            pointers=pointers,
        )
    )


def verified(made: Made = Made(), key: KeyPair | None = None) -> VerifiedList:
    chosen = key or signer()
    return verify_list(signed(list_xml(made), chosen), signers=[chosen.certificate], at=NOW)


def verified_list_of_lists() -> VerifiedList:
    key = signer("LOTL signer")
    return verify_list(signed(list_of_lists(), key), signers=[key.certificate], at=NOW)


def in_force(*made: Made, grace: timedelta = timedelta(days=7)) -> ListsInForce:
    return ListsInForce(verified_list_of_lists(), [verified(one) for one in made], grace=grace)


def pointer_to(*keys: KeyPair, territory: str = "PL", list_type: str = GENERIC) -> Pointer:
    identity = DigitalIdentity(certificates=tuple(key.certificate for key in keys))
    return Pointer(
        location=PL_URL, signers=(identity,), territory=territory, list_type=list_type, media_type=XML_TYPE
    )


@dataclass
class Told:
    """A revocation source that says the same of every certificate, and knows what it was asked."""

    told: RevocationStatus = field(default_factory=lambda: RevocationStatus(state=RevocationState.GOOD))
    asked: list[tuple[x509.Certificate, x509.Certificate, datetime]] = field(default_factory=list)

    def status(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, at: datetime
    ) -> RevocationStatus:
        self.asked.append((certificate, issuer, at))
        return self.told
