"""May this document be submitted? Schema, signature, signer and rights; then a sealed UPP or NPP."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from structlog.contextvars import bound_contextvars

from gateway.actions import Action
from gateway.channel import Clock, IdMaker
from gateway.errors import LostLeaseError
from gateway.flow.checks import Case, Check, Sender
from gateway.flow.confirming import ConfirmedDelivery
from gateway.flow.identifying import numbers_of_document
from gateway.flow.lanes import lane_of
from gateway.flow.ordering import order_key_of
from gateway.flow.recognition import Recogniser
from gateway.observe import Observer
from gateway.receipts import Receipt, ReceiptFacts, Receipts
from gateway.store.model import (
    Document,
    DocumentState,
    Event,
    Identifier,
    JsonValue,
    NewReply,
    NewWork,
    WorkItem,
)
from gateway.store.ports import Store, UnitOfWork
from registry.model import Granted
from schemas.findings import MAX_FINDINGS, Finding, Severity
from signing.evidence import Evidence
from signing.faults import Rule
from signing.kept import Kept
from signing.revocation.sql import SqlRevocationCache
from signing.verdict import Verdict

__all__ = ["Judgement", "VerificationStep"]

_STATUS_PAUSE: Final = timedelta(seconds=3)
_STATUS_ATTEMPTS: Final = 3
_KEYS_TOLD: Final = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What verification says about a document."""

    document: Document  # with state, contexts and keys filled in
    receipt: Receipt
    findings: tuple[Finding, ...]
    facts: Mapping[str, JsonValue]  # what the decision rested on, for the document's event
    evidence: tuple[Evidence, ...] = ()  # CRLs, OCSP responses and issuers that were used
    ending_key: Mapping[str, str] | None = None  # whose key soon is too short, for the log
    identifiers: tuple[Identifier, ...] = ()  # by which the document is found again

    def of_account(self, login: str) -> "Judgement":
        """The same, filed under the login that the sender's account has by now."""
        if login == self.document.account:
            return self
        identifiers = tuple(replace(each, account=login) for each in self.identifiers)
        return replace(self, document=replace(self.document, account=login), identifiers=identifiers)

    @property
    def submitted(self) -> bool:
        """Whether the document goes on."""
        return self.document.state is DocumentState.SUBMITTED

    @property
    def action(self) -> Action:
        """What has happened to the document."""
        return Action.DOCUMENT_SUBMITTED if self.submitted else Action.DOCUMENT_NOT_SUBMITTED


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationStep:
    """Verifies claimed documents and issues their receipts."""

    store: Store
    recogniser: Recogniser
    checks: Sequence[Check]
    sender: Callable[[UnitOfWork, str], Sender]
    receipts: Receipts
    confirmed: ConfirmedDelivery
    clock: Clock
    new_id: IdMaker
    observe: Observer
    on_judged: Callable[[Sequence[tuple[Judgement, bytes]]], None] = lambda _: None  # told after the commit
    told_keys: Kept[str, str] = field(default_factory=lambda: Kept(_KEYS_TOLD), init=False, repr=False)

    def room(self, work: UnitOfWork, most: int) -> int:  # noqa: ARG002 - see gateway.worker.Step
        """A whole batch, always: verification depends on nothing but the store."""
        return most

    def handle(self, items: Sequence[WorkItem]) -> None:
        """Judge a batch, then record all judgements and receipts in one transaction.

        A crash before the commit leaves nothing behind but leases; the documents are judged again. Of items
        that another worker has taken over meanwhile nothing is recorded.

        Raises:
            UnavailableError: the store is out of reach.
        """
        with self.store.read() as work:
            sys_refs = [item.sys_ref for item in items]
            documents = work.documents.get_many(sys_refs)
            contents = work.documents.contents(sys_refs)
            judgements = [self._judge(work, documents[ref], contents[ref]) for ref in sys_refs]
        judged = list(zip(items, judgements, strict=True))
        decided = [(item, judgement) for item, judgement in judged if not _may_wait(item, judgement)]
        with self.store.begin() as work:
            ours = work.queue.done_many([item for item, _ in decided])
            self._record(work, [(item, judgement) for item, judgement in decided if item.id in ours])
            self._postpone(work, [item for item, judgement in judged if _may_wait(item, judgement)])
            work.commit()
        for item, judgement in decided:
            self._tell(item, judgement, ours=item.id in ours)
        self.on_judged(
            [(judgement, contents[item.sys_ref]) for item, judgement in decided if item.id in ours]
        )

    def _judge(self, work: UnitOfWork, document: Document, content: bytes) -> Judgement:
        with bound_contextvars(sys_ref=document.sys_ref):  # whatever is logged meanwhile is about it
            return self.judge(work, document, content)

    def judge(self, work: UnitOfWork, document: Document, content: bytes) -> Judgement:
        """Run every check on a document; nothing is written.

        Args:
            work: a reading transaction, so that rights and certificates are seen in one state.
            document: as stored.
            content: its bytes as sent.
        """
        recognised = self.recogniser.recognise(content, at=document.received_at)
        case = Case(
            root=recognised.root,
            message_type=recognised.message_type,
            received_at=document.received_at,
            sender=self.sender(work, document.account),
            work=work,
            content=content,
        )
        by_check = [check(case) for check in self.checks]
        findings = [finding for told in by_check for finding in told]
        errors = _foremost(by_check, Severity.ERROR)
        filled = _filled(document, case, refused=bool(errors))
        facts = _receipt_facts(filled, case.sender)
        at = self.clock()
        if errors:
            total = sum(finding.severity is Severity.ERROR for finding in findings) + case.findings_left_out
            receipt = self.receipts.npp(facts, at, errors, total)
        else:
            receipt = self.receipts.upp(facts, at, _foremost(by_check, Severity.WARNING))
        return Judgement(
            document=filled,
            receipt=receipt,
            findings=tuple(findings),
            facts=_evidence(case, findings),
            evidence=case.verdict.evidence if case.verdict else (),
            ending_key=_ending_key(case.verdict) if case.verdict else None,
            identifiers=tuple(numbers_of_document(filled, case.facts)),
        )

    def _postpone(self, work: UnitOfWork, items: Sequence[WorkItem]) -> None:
        """Judge again when the status of the signer's certificate may have been fetched."""
        for item in items:
            with suppress(LostLeaseError):  # then another worker sees to it
                work.queue.retry(item, at=self.clock() + _STATUS_PAUSE)

    def _record(self, work: UnitOfWork, judged: Sequence[tuple[WorkItem, Judgement]]) -> None:
        at = self.clock()
        # An account may have got another login since the documents were read.
        current = work.documents.get_many([item.sys_ref for item, _ in judged], to_change=True)
        judged = [(item, judgement.of_account(current[item.sys_ref].account)) for item, judgement in judged]
        judgements = [judgement for _, judgement in judged]
        work.documents.update_many([judgement.document for judgement in judgements])
        work.identifiers.add([each for judgement in judgements for each in judgement.identifiers])
        work.mailbox.add([_reply(judgement, self.new_id(), at) for judgement in judgements])
        work.events.add([_event(judgement, at) for judgement in judgements])
        evidence = [each for judgement in judgements for each in judgement.evidence]
        if evidence:
            SqlRevocationCache(work.connection).keep(evidence, at=at)
        self.confirmed.release(work, [each.document for each in judgements if each.submitted])
        onward: defaultdict[str, list[NewWork]] = defaultdict(list)
        for item, judgement in judged:
            if judgement.submitted:
                onward[lane_of(judgement.document.system)].append(
                    _delivery_of(item, judgement.document.account)
                )
        for lane, deliveries in onward.items():
            work.queue.put_many(lane, deliveries, at=at)

    def _tell(self, item: WorkItem, judgement: Judgement, *, ours: bool) -> None:
        if not ours:
            self.observe(Action.LEASE_LOST, detail=item.lane, item=item.id, sys_ref=item.sys_ref)
            return
        document = judgement.document
        codes = sorted({finding.code for finding in judgement.findings})
        self.observe(judgement.action, detail=document.system, sys_ref=document.sys_ref, findings=codes)
        self._tell_ending(judgement.ending_key)

    def _tell_ending(self, key: Mapping[str, str] | None) -> None:
        """Once for every certificate that this process meets: busy signers would fill the log."""
        if key is not None and self.told_keys.get(key["certificate"]) is None:
            self.told_keys.put(key["certificate"], key["weak_from"])
            self.observe(Action.SIGNER_KEY_ENDING, detail=key["class"], **key)


def _ending_key(verdict: Verdict) -> Mapping[str, str] | None:
    signer = verdict.signer
    if not verdict.passed or verdict.weak_from is None or signer is None:
        return None
    return {
        "certificate": signer.fingerprint,
        "issuer": signer.issuer,
        "class": signer.signer_class.value if signer.signer_class else "",
        "weak_from": verdict.weak_from.isoformat(),
    }


def _delivery_of(item: WorkItem, account: str) -> NewWork:
    """The delivery keeps the place of the verification among those it must not overtake."""
    key = order_key_of(account, item.order_key, before=item.account)
    return NewWork(sys_ref=item.sys_ref, account=account, order_key=key, position=item.position)


def _may_wait(item: WorkItem, judgement: Judgement) -> bool:
    """Whether nothing but the status of the signer's certificate, not fetched yet, stands in the way.

    Status is fetched in the background and never on the way of a document: that of a signer nobody has seen
    before is there a moment later.
    """
    errors = {each.code for each in judgement.findings if each.severity is Severity.ERROR}
    return errors == {Rule.CERT_STATUS_UNKNOWN} and item.attempt <= _STATUS_ATTEMPTS


def _foremost(by_check: Sequence[Sequence[Finding]], severity: Severity) -> list[Finding]:
    """As many findings as a receipt holds, in the order of the checks.

    The first ones of every check: a document with many errors of one kind is told the others, too.
    """
    ranked = [
        (rank, place, finding)
        for place, told in enumerate(by_check)
        for rank, finding in enumerate(finding for finding in told if finding.severity is severity)
    ]
    chosen = sorted(ranked, key=itemgetter(0, 1))[:MAX_FINDINGS]
    return [finding for _, _, finding in sorted(chosen, key=itemgetter(1, 0))]


def _filled(document: Document, case: Case, *, refused: bool) -> Document:
    """The document with what its message says of itself and the contexts it was sent in."""
    facts = case.facts
    granted = case.decision if isinstance(case.decision, Granted) else None
    return replace(
        document,
        state=DocumentState.NOT_SUBMITTED if refused else DocumentState.SUBMITTED,
        own_id=facts.own_id,
        lrn=facts.lrn,
        mrn=facts.mrn,
        arc=facts.arc,
        person=granted.context.person if granted else case.sender.person_id,
        middle=granted.context.middle if granted else None,
        end=granted.context.end if granted else None,
    )


def _receipt_facts(document: Document, sender: Sender) -> ReceiptFacts:
    return ReceiptFacts(
        sys_ref=document.sys_ref,
        own_id=document.own_id,
        system=document.system,
        received_at=document.received_at,
        sender_name=sender.name,
        sender_id=sender.person_id or sender.login,
        sender_id_kind="IdSISC" if sender.person_id else "login",
        sha256=document.sha256,
    )


def _event(judgement: Judgement, at: datetime) -> Event:
    return Event(
        sys_ref=judgement.document.sys_ref,
        at=at,
        action=judgement.action,
        actor="gateway",
        facts=judgement.facts,
    )


def _reply(judgement: Judgement, sys_ref: str, at: datetime) -> NewReply:
    document = judgement.document
    return NewReply(
        sys_ref=sys_ref,
        type_code=judgement.receipt.kind,
        account=document.account,
        system=document.system,
        content=judgement.receipt.content,
        filename=judgement.receipt.filename,
        mime="application/xml",
        created_at=at,
        correlation_sys_ref=document.sys_ref,
        own_id=document.own_id,
        person=document.person,
        middle=document.middle,
        end=document.end,
    )


def _evidence(case: Case, findings: Sequence[Finding]) -> dict[str, JsonValue]:
    """What the decision rested on: rights and certificates change, the evidence does not."""
    evidence: dict[str, JsonValue] = {
        "schema": f"{case.message_type.code} {case.message_type.version}",
        "findings": [_brief(finding) for finding in findings[:MAX_FINDINGS]],
    }
    if case.verdict is not None:
        evidence["signature"] = _signature(case.verdict)
    if case.binding is not None:
        evidence["signer_registered_by"] = f"{case.binding.kind.value} {case.binding.value}"
    if isinstance(case.decision, Granted):
        evidence["rights"] = [
            {
                "representation": link.representation,
                "version": link.version,
                "representative": link.representative,
                "represented": link.represented,
            }
            for link in case.decision.links
        ]
    return evidence


def _signature(verdict: Verdict) -> dict[str, JsonValue]:
    signer = verdict.signer
    lost = signer.lost_trust_at if signer else None
    return {
        "indication": verdict.indication.value,
        "sub_indication": verdict.sub_indication.value if verdict.sub_indication else None,
        "certificate": signer.fingerprint if signer else None,
        "signer": signer.subject if signer else None,
        "person": signer.person_name if signer else None,
        "ids": list(signer.subject_ids) if signer else [],
        "tolerated": verdict.tolerated.rule if verdict.tolerated else None,
        "class": signer.signer_class.value if signer and signer.signer_class else None,
        "qualification": signer.qualification if signer else None,
        "trusted_lists": list(signer.trusted_lists) if signer else [],
        "trust_lost_after_receipt": lost.isoformat() if lost else None,
        "weak_from": verdict.weak_from.isoformat() if verdict.weak_from else None,
        "evidence": [each.digest for each in verdict.evidence],
    }


def _brief(finding: Finding) -> JsonValue:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "line": finding.line,
        "xpath": finding.xpath,
        "message": finding.message_en,
    }
