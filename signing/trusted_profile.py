"""The trusted signature (podpis zaufany, ePUAP): the state seals a document and names the person in the seal.

The certificate is that of the minister's seal, so it says nothing of the signer. Who signed stands in the
claimed role of the signed properties, which the seal covers; nothing is read from anywhere else.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier
from lxml import etree

from signing.chain import Chain, ChainRules, TrustAnchors, build_chain
from signing.encoding import text_of
from signing.errors import RefusedError, SigningError
from signing.faults import Rule, refuse
from signing.names import xades
from signing.revocation.assessment import assess_revocation
from signing.revocation.model import RevocationSource
from signing.trust import policies, untrusted
from signing.verdict import Fault, SignerClass, TrustDecision

__all__ = ["TrustedPerson", "TrustedProfileSeals", "TrustedProfileTrust", "read_person"]

_SIGNATURE_PROPERTIES: Final = xades("SignedSignatureProperties")
_SIGNER_ROLES: Final = (xades("SignerRole"), xades("SignerRoleV2"))
_CLAIMED_ROLES, _CLAIMED_ROLE = xades("ClaimedRoles"), xades("ClaimedRole")
_PPZP: Final = "{http://crd.gov.pl/xml/schematy/ppzp/}"
_PERSON: Final = "{http://crd.gov.pl/xml/schematy/osoba/2009/03/06/}"
_EP: Final = "{http://crd.gov.pl/xml/schematy/podpis_zaufany/}"
_PESEL: Final = re.compile(r"\d{11}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedPerson:
    """Whom a trusted signature speaks for."""

    given_names: str
    surname: str
    pesel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Encoding:
    """Where one form of the role keeps the person."""

    path: tuple[str, ...]  # from the role's element down to the person's
    given_names: str
    surname: str
    pesel: str


#: The service has changed from one form to the other and back without notice: both are in use.
_ENCODINGS: Final = {
    f"{_PPZP}PodpisZP": _Encoding(
        path=(f"{_PPZP}DaneZP", f"{_PPZP}DaneZPOsobyFizycznej"),
        given_names=f"{_PERSON}Imie",
        surname=f"{_PERSON}Nazwisko",
        pesel=f"{_PERSON}PESEL",
    ),
    f"{_EP}EPSignature": _Encoding(
        path=(f"{_EP}NaturalPerson",),
        given_names=f"{_EP}FirstName",
        surname=f"{_EP}CurrentFamilyName",
        pesel=f"{_EP}PersonalIdentifier",
    ),
}


class TrustedProfileSeals:
    """Whose seals make trusted signatures; make it once, for paths found are kept with it.

    A certificate is a seal's if its path ends at one of the authorities, its subject is that of a known seal,
    and it names a certificate policy of that seal, where the seal names any. So a seal that is renewed under
    its name is known at once, and seals of different names may overlap.

    Args:
        seals: certificates of the seals, old and new; their own validity does not matter.
        authorities: where paths of seals may end.

    Raises:
        SigningError: there is no seal or no authority.
    """

    def __init__(
        self, seals: Collection[x509.Certificate], authorities: Collection[x509.Certificate]
    ) -> None:
        if not seals:
            raise SigningError("the trusted profile needs at least one seal")
        self._rules = _rules_by_subject(seals)
        self._anchors = TrustAnchors(authorities)

    def chain_of(
        self, certificate: x509.Certificate, candidates: Sequence[x509.Certificate], at: datetime
    ) -> Chain | Fault:
        """The path of a seal's certificate, or the rule that it breaks; arguments as for `build_chain`."""
        rules = self._rules.get(certificate.subject)
        if rules is None:
            return untrusted(certificate)
        return build_chain(certificate, candidates, self._anchors, at, rules)


class TrustedProfileTrust:
    """Trusts the seals of the trusted profile, for the person that each sealed signature names.

    The seal's certificate may be qualified, too: ask this source before one that would take the minister for
    the signer.

    Args:
        seals: which.
        revocation: tells the status of certificates.
    """

    def __init__(self, seals: TrustedProfileSeals, revocation: RevocationSource) -> None:
        self._seals = seals
        self._revocation = revocation

    def judge(
        self, certificate: x509.Certificate, *, candidates: Sequence[x509.Certificate], at: datetime
    ) -> TrustDecision:
        """See TrustSource. The decision is complete once the person is read from the signed properties."""
        chain = self._seals.chain_of(certificate, candidates, at)
        return TrustDecision(fault=chain) if isinstance(chain, Fault) else self._judge(chain, at)

    def _judge(self, chain: Chain, at: datetime) -> TrustDecision:
        revocation = assess_revocation(chain, self._revocation, at=at)
        decision = TrustDecision(
            fault=revocation.fault,
            signer_class=SignerClass.TRUSTED_PROFILE,
            revoked_at=revocation.revoked_at,
            lost_trust_at=revocation.lost_trust_at,
            evidence=(*revocation.evidence, *chain.evidence()),
        )
        return replace(decision, completed_by=partial(_with_person, decision))


def _rules_by_subject(seals: Collection[x509.Certificate]) -> dict[x509.Name, ChainRules]:
    """Seals of one subject are one seal, renewed; where one of them names no policy, none is asked for."""
    named: defaultdict[x509.Name, list[frozenset[ObjectIdentifier]]] = defaultdict(list)
    for seal in seals:
        named[seal.subject].append(policies(seal))
    return {
        subject: ChainRules(policies=frozenset[ObjectIdentifier]().union(*sets) if all(sets) else frozenset())
        for subject, sets in named.items()
    }


def _with_person(decision: TrustDecision, properties: etree._Element | None) -> TrustDecision:
    try:
        person = read_person(properties)
    except RefusedError as refused:
        return replace(decision, fault=refused.fault)
    return replace(
        decision,
        subject_ids=(f"PNOPL-{person.pesel}",),
        person_name=f"{person.given_names} {person.surname}",
    )


def read_person(properties: etree._Element | None) -> TrustedPerson:
    """The person in the one claimed role of a trusted signature, in either form.

    Args:
        properties: xades:SignedProperties with a digest that was checked; None: the signature has none.

    Raises:
        RefusedError: SIGNER_ROLE_COUNT or SIGNER_ROLE.
    """
    roles = [] if properties is None else _claimed_roles(properties)
    if len(roles) != 1:
        raise refuse(Rule.SIGNER_ROLE_COUNT, properties, count=len(roles))
    contents = list(roles[0])
    encoding = _ENCODINGS.get(contents[0].tag) if len(contents) == 1 else None
    if encoding is None:
        raise refuse(Rule.SIGNER_ROLE, roles[0], what="PodpisZP / EPSignature")
    person = contents[0]
    for tag in encoding.path:
        person = _only(person, tag)
    return TrustedPerson(
        given_names=_text(_only(person, encoding.given_names)),
        surname=_surname(person, encoding.surname),
        pesel=_pesel(_only(person, encoding.pesel)),
    )


def _claimed_roles(properties: etree._Element) -> list[etree._Element]:
    """Step by step from the root of the signed properties; a role anywhere else is none."""
    found = [properties]
    for tags in ((_SIGNATURE_PROPERTIES,), _SIGNER_ROLES, (_CLAIMED_ROLES,), (_CLAIMED_ROLE,)):
        found = [child for element in found for child in element if child.tag in tags]
    return found


def _only(parent: etree._Element, tag: str) -> etree._Element:
    found = [child for child in parent if child.tag == tag]
    if len(found) != 1:
        raise refuse(Rule.SIGNER_ROLE, parent, what=etree.QName(tag).localname)
    return found[0]


def _surname(person: etree._Element, tag: str) -> str:
    """PodpisZP may write a double-barrelled surname as two elements (rodzajCzlonu)."""
    parts = [_text(child) for child in person if child.tag == tag]
    if not parts:
        raise refuse(Rule.SIGNER_ROLE, person, what=etree.QName(tag).localname)
    return "-".join(parts)


def _text(element: etree._Element) -> str:
    text = " ".join(text_of(element).split())
    if not text:
        raise refuse(Rule.SIGNER_ROLE, element, what=etree.QName(element).localname)
    return text


def _pesel(element: etree._Element) -> str:
    """Eleven digits. The seal vouches for them, and some true numbers have a wrong check digit."""
    pesel = _text(element)
    if not _PESEL.fullmatch(pesel):
        raise refuse(Rule.SIGNER_ROLE, element, what="PESEL")
    return pesel
