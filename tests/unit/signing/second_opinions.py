"""What two independent implementations say of a document, asked on equal terms with ours.

Each is given the signer's certificate as trusted and the same time; what remains are the rules each keeps.
"""

from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import xmlsec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESVerifier

from signing.certificates import read_certificate
from signing.errors import ParsingError
from signing.names import ds, xades
from signing.parsing import parse
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.trust import PinnedTrust
from signing.verdict import Verdict
from signing.verify import verify
from tests.unit.signing.signing_samples import LIMITS, rule_of

__all__ = ["Opinion", "Opinions", "certificates", "judged", "opinions", "time_of_judgement"]


class Opinion(StrEnum):
    """What an implementation says."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_ASKED = "–"  # no certificate in the document to verify with


@dataclass(frozen=True, kw_only=True)
class Opinions:
    """Three verdicts on one document."""

    rule: str  # the one that we refuse it by; empty: accepted
    xmlsec: Opinion
    signxml: Opinion

    @property
    def ours(self) -> Opinion:
        return Opinion.REFUSED if self.rule else Opinion.ACCEPTED


def certificates(root: etree._Element) -> list[x509.Certificate]:
    texts = [element.text or "" for element in root.iter(ds("X509Certificate"))]
    return [read_certificate(b64decode(text)).certificate for text in texts]


def time_of_judgement(root: etree._Element) -> datetime:
    """When all certificates of the document are valid and its signature has been made."""
    times = [certificate.not_valid_before_utc for certificate in certificates(root)]
    times += [datetime.fromisoformat(element.text or "") for element in root.iter(xades("SigningTime"))]
    return max(times, default=datetime(2020, 1, 1, tzinfo=UTC))


def judged(root: etree._Element, policy: SignaturePolicy) -> Verdict:
    """Our verdict, with every certificate of the document trusted."""
    trust = PinnedTrust(certificates(root))
    return verify(root, policy=policy, trust=trust, at=time_of_judgement(root))


def opinions(data: bytes, policy: SignaturePolicy = MESSAGE_POLICY) -> Opinions:
    """Ask all three."""
    try:
        verdict = judged(parse(data, LIMITS), policy)
    except ParsingError as error:
        return Opinions(rule=str(getattr(error, "rule", "NOT_WELL_FORMED")), **_theirs(data, None))
    signer = verdict.signer.certificate if verdict.signer else None
    return Opinions(rule=rule_of(verdict) or "", **_theirs(data, signer))


def _theirs(data: bytes, signer: x509.Certificate | None) -> dict[str, Opinion]:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return {"xmlsec": Opinion.REFUSED, "signxml": Opinion.REFUSED}
    known = certificates(root)
    if signer is None and not known:
        return {"xmlsec": Opinion.NOT_ASKED, "signxml": Opinion.NOT_ASKED}
    certificate = signer or known[0]
    at = time_of_judgement(root)
    return {"xmlsec": _of_xmlsec(root, certificate), "signxml": _of_signxml(data, certificate, at)}


def _of_xmlsec(root: etree._Element, certificate: x509.Certificate) -> Opinion:
    xmlsec.tree.add_ids(root, ["Id", "ID"])
    context = xmlsec.SignatureContext()
    der = certificate.public_bytes(Encoding.DER)
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)
    try:
        context.verify(next(root.iter(ds("Signature"))))
    except xmlsec.Error:
        return Opinion.REFUSED
    return Opinion.ACCEPTED


def _of_signxml(data: bytes, certificate: x509.Certificate, at: datetime) -> Opinion:
    verifier = XAdESVerifier if b"QualifyingProperties" in data else XMLVerifier
    wanted = SignatureConfiguration(expect_references=True, verification_time=at)
    try:
        verifier().verify(data, x509_cert=certificate, expect_config=wanted)
    except (SignXMLException, etree.DocumentInvalid, NotImplementedError, UnsupportedAlgorithm):
        return Opinion.REFUSED
    return Opinion.ACCEPTED
