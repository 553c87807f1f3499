"""The checks a document passes through, in order. Each is a small callable that returns its findings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.clock import warsaw_day
from gateway.plausibility import GatewayPlausibility
from gateway.signer_classes import SignerClasses
from gateway.store.owners import NumberOwners, OwnedKind
from gateway.store.ports import UnitOfWork
from registry.desk import decide_rights
from registry.model import (
    Account,
    AccountStatus,
    NamedParty,
    NumberKind,
    Person,
    RefusalReason,
    Refused,
    RightsDecision,
    SignerBinding,
)
from registry.ownership import NumberOwner, OwnerUnknown, decide_for_owners
from registry.refusals import refuse
from registry.repository import RegistryRepository
from schemas.facts import read_facts
from schemas.findings import Finding, Severity
from schemas.model import IdentifierKind, MessageFacts, MessageType, Party, PartyRole, RightsRule
from schemas.validation import Validator
from signing.cbtd import WeakExemption, verify_with_exemptions
from signing.cbtd_register import SqlCbtdRegister
from signing.policy import SignaturePolicy
from signing.trust import TrustSource
from signing.verdict import Fault, Signer, SignerClass, Verdict

__all__ = [
    "Case",
    "Check",
    "PlausibilityCheck",
    "RightsCheck",
    "SchemaCheck",
    "Sender",
    "SignatureCheck",
    "SignerClassCheck",
    "check_signer",
    "read_case",
]

#: Characters. Longer than any number of the systems; an index and a receipt hold it.
_LONGEST_NUMBER: Final = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """The account a document came from, as registered at the moment of the check."""

    login: str
    account: Account
    person: Person | None

    @property
    def person_id(self) -> str | None:
        """ID SISC of the registered person."""
        return self.person.id_sisc if self.person else None

    @property
    def name(self) -> str:
        """For receipts."""
        return f"{self.person.given_names} {self.person.surname}" if self.person else self.login


@dataclass(kw_only=True, slots=True)
class Case:
    """One document under verification; later checks see what earlier ones found."""

    root: etree._Element
    message_type: MessageType
    received_at: datetime
    sender: Sender
    work: UnitOfWork
    content: bytes | None = None  # the text the tree was parsed from
    facts: MessageFacts = field(default_factory=MessageFacts)
    verdict: Verdict | None = None
    decision: RightsDecision | None = None
    schema_valid: bool = False
    binding: SignerBinding | None = None  # by which a foreign signer is the sender
    findings_left_out: int = 0  # beyond those a check returned


Check = Callable[[Case], Sequence[Finding]]


def read_case(case: Case) -> Sequence[Finding]:
    """Read what the message says of itself: own number, LRN, MRN, ARC, parties.

    Whatever a schema says, this is read before the document is known to be valid: what is too long for any
    number is none.
    """
    facts = read_facts(case.root, case.message_type)
    case.facts = replace(
        facts,
        own_id=_number(facts.own_id),
        lrn=_number(facts.lrn),
        mrn=_number(facts.mrn),
        arc=_number(facts.arc),
        parties=tuple(replace(party, number=party.number[:_LONGEST_NUMBER]) for party in facts.parties),
    )
    return ()


def _number(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_NUMBER else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaCheck:
    """Is the document valid against its schema?"""

    validator: Validator

    def __call__(self, case: Case) -> Sequence[Finding]:
        """Findings of the schema."""
        report = self.validator.validate(case.root, case.message_type, content=case.content)
        case.schema_valid = report.valid
        case.findings_left_out += report.total - len(report.findings)
        return report.findings


@dataclass(frozen=True, kw_only=True, slots=True)
class PlausibilityCheck:
    """Are the values possible, beyond what the schema says?"""

    plausibility: GatewayPlausibility

    def __call__(self, case: Case) -> Sequence[Finding]:
        """Warnings, or errors where the settings say so; nothing on a document that the schema refuses."""
        if not case.schema_valid:
            return ()
        report = self.plausibility.examine(
            case.root, case.message_type, on=warsaw_day(case.received_at), content=case.content
        )
        if not report.valid:
            case.findings_left_out += report.total - len(report.findings)
        return report.findings


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureCheck:
    """Is the document signed well, by a certificate we trust?"""

    policy: SignaturePolicy
    trust: Callable[[UnitOfWork], TrustSource]
    exemptions: Sequence[WeakExemption] = ()  # for registered CBTD keys

    def __call__(self, case: Case) -> Sequence[Finding]:
        """One finding for the rule that is broken, and a warning for a weakness that was let through."""
        case.verdict = verdict = verify_with_exemptions(
            case.root,
            policy=self.policy,
            trust=self.trust(case.work),
            register=SqlCbtdRegister(case.work.connection),
            exemptions=self.exemptions,
            at=case.received_at,
        )
        warnings = [_of_signature(verdict.tolerated, Severity.WARNING)] if verdict.tolerated else []
        if verdict.fault is None:
            return warnings
        if verdict.fault.rule == "NO_SIGNATURE" and not case.message_type.signature_required:
            return ()
        return [_of_signature(verdict.fault, Severity.ERROR), *warnings]


def _of_signature(fault: Fault, severity: Severity) -> Finding:
    return Finding(
        code=fault.rule,
        message_pl=fault.message_pl,
        message_en=fault.message_en,
        remedy_pl=fault.remedy_pl,
        remedy_en=fault.remedy_en,
        severity=severity,
        line=fault.line,
        xpath=fault.xpath,
    )


def check_signer(case: Case) -> Sequence[Finding]:
    """The signer must be the person of the account: one may not send what another has signed."""
    signer = case.verdict.signer if case.verdict and case.verdict.passed else None
    if signer is None or _registers_himself(case) or _is_of_sender(signer, case):
        return ()
    return [
        Finding(
            code="SIGNER_IS_NOT_SENDER",
            message_pl="Podpis złożyła inna osoba niż właściciel konta, z którego wysłano dokument.",
            message_en="The document is signed by another person than the one whose account sent it.",
            remedy_pl=(
                "Podpisz dokument własnym certyfikatem albo wyślij go z konta osoby, która podpisała. "
                "Zagraniczny certyfikat bez numeru PESEL trzeba najpierw zarejestrować."
            ),
            remedy_en=(
                "Sign with your own certificate, or send from the account of the person who signed. "
                "A foreign certificate without PESEL must be registered first."
            ),
            value=signer.subject,
        )
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class SignerClassCheck:
    """Do signatures of this class count for this system and type of message?"""

    classes: SignerClasses

    def __call__(self, case: Case) -> Sequence[Finding]:
        """One finding, if the class does not do."""
        refusal = self.classes.refusal(case.verdict, case.message_type)
        return [refusal] if refusal else []


def _is_registered(signer: Signer, case: Case) -> bool:
    """By hand, where a qualified certificate of another country names no PESEL.

    Of no other class: registers say whose SC and CBTD certificates are, and the state's seal is nobody's.
    """
    person = case.sender.person
    if person is None or signer.signer_class is not SignerClass.QUALIFIED:
        return False
    case.binding = RegistryRepository(case.work.connection).signer_binding(
        person.id_sisc,
        certificate=signer.fingerprint,
        identifiers=signer.subject_ids,
        at=case.received_at,
    )
    return case.binding is not None


def _registers_himself(case: Case) -> bool:
    """An account without a person files the registration of one: the register looks at the signer."""
    return case.message_type.rights is RightsRule.REGISTER and case.sender.person is None


def _is_of_sender(signer: Signer, case: Case) -> bool:
    return _is_person(signer, case.sender.person) or _is_registered(signer, case)


def _is_person(signer: Signer, person: Person | None) -> bool:
    """By the authority's register, or by the PESEL in the certificate (EN 319 412-1 §5.1.3)."""
    if person is None:
        return False
    by_pesel = person.pesel is not None and f"PNOPL-{person.pesel}" in signer.subject_ids
    return signer.person_id == person.id_sisc or by_pesel


@dataclass(frozen=True, kw_only=True, slots=True)
class RightsCheck:
    """May the sender send this for the firm the message names, or whose number it is about?"""

    owner_unknown: Mapping[str, OwnerUnknown] = field(default_factory=dict)  # by system; else SENDER

    def __call__(self, case: Case) -> Sequence[Finding]:
        """The right that is missing.

        Nothing is decided on a document whose signature failed: what it says of itself is not proven.
        """
        if case.verdict is None or not (case.verdict.passed or not case.message_type.signature_required):
            return ()
        if case.message_type.rights is RightsRule.REGISTER:
            return _of_account(case)
        by_owner = case.message_type.rights in {RightsRule.OWNER, RightsRule.OWNER_OR_SENDER}
        case.decision = self._by_owner(case) if by_owner else _by_parties(case)
        if not isinstance(case.decision, Refused):
            return ()
        return [_refusal(case.decision, case.facts.parties)]

    def _by_owner(self, case: Case) -> RightsDecision:
        system = case.message_type.system
        numbers = ((kind, getattr(case.facts, kind.value)) for kind in OwnedKind)
        kind, number = next(((kind, number) for kind, number in numbers if number), (OwnedKind.MRN, None))
        owners = NumberOwners(case.work.connection).of(system, kind, number) if number else ()
        return decide_for_owners(
            RegistryRepository(case.work.connection),
            login=case.sender.login,
            number=number,
            owners=[NumberOwner(person=owner.person, entity=owner.entity) for owner in owners],
            system=system,
            at=case.received_at,
            sender_suffices=case.message_type.rights is RightsRule.OWNER_OR_SENDER,
            unknown=self.owner_unknown.get(system, OwnerUnknown.SENDER),
        )


def _of_account(case: Case) -> Sequence[Finding]:
    """For the register itself an account that is not closed is enough; it examines the applicant."""
    if case.sender.account.status is not AccountStatus.CLOSED:
        return ()
    refused = refuse(RefusalReason.ACCOUNT_INACTIVE, login=case.sender.login)
    return [_refusal(refused, case.facts.parties)]


def _by_parties(case: Case) -> RightsDecision:
    return decide_rights(
        RegistryRepository(case.work.connection),
        login=case.sender.login,
        principals=_named(case.facts.parties, PartyRole.PRINCIPAL),
        representatives=_named(case.facts.parties, PartyRole.REPRESENTATIVE),
        system=case.message_type.system,
        at=case.received_at,
        needs_right=case.message_type.rights is not RightsRule.NONE,
    )


_KINDS: Final = {
    IdentifierKind.EORI: NumberKind.EORI,
    IdentifierKind.EXCISE: NumberKind.EXCISE,
    IdentifierKind.ID_SISC: NumberKind.ID_SISC,
    IdentifierKind.NIP: NumberKind.NIP,
}


def _named(parties: Sequence[Party], role: PartyRole) -> list[NamedParty]:
    return [
        NamedParty(kind=_KINDS[party.kind], number=party.number) for party in parties if party.role is role
    ]


def _refusal(refused: Refused, parties: Sequence[Party]) -> Finding:
    number = refused.party.number if refused.party else None
    place = next((party for party in parties if party.number == number), None)
    return Finding(
        code=refused.reason.value,
        message_pl=refused.message_pl,
        message_en=refused.message_en,
        remedy_pl=refused.remedy_pl,
        remedy_en=refused.remedy_en,
        line=place.line if place else None,
        xpath=place.xpath if place else None,
        value=number,
    )
