"""Confirmed delivery: an answer is handed out against a signed UPD, or a PND goes to the back end.

```text
answer ──► withheld, UPD to the addressee ──► signed UPD back within the term ──► answer to the mailbox
                                          └─► term over ──► PND to the back end
```
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from gateway.actions import Action
from gateway.channel import Clock, IdMaker
from gateway.errors import BusinessError
from gateway.flow.checks import Case
from gateway.flow.lanes import lane_of
from gateway.observe import Observer
from gateway.proofs import Proofs, says_the_same
from gateway.store.model import (
    Document,
    DocumentState,
    Event,
    NewDocument,
    NewReply,
    NewWork,
    Withheld,
    WithheldOutcome,
)
from gateway.store.ports import Store, UnitOfWork
from schemas.findings import Finding

__all__ = [
    "GATEWAY_ACCOUNT",
    "PND",
    "UPD",
    "UPD_FINDINGS",
    "ConfirmedDelivery",
    "check_proof",
    "system_of_proof",
]

UPD: Final = "UPD"
PND: Final = "PND"
#: Sender of what the gateway itself tells back ends. No account can have a name in brackets.
GATEWAY_ACCOUNT: Final = "(gateway)"
_XML: Final = "application/xml"
_BATCH: Final = 100
#: A UPD taken in on time is verified before its document can lapse.
_GRACE: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmedDelivery:
    """Keeps documents back until their addressees have signed for them."""

    proofs: Proofs
    term: timedelta  # 14 days (seap-wire §6)
    clock: Clock
    new_id: IdMaker
    observe: Observer

    def withhold(self, work: UnitOfWork, replies: Sequence[NewReply]) -> frozenset[str]:
        """Keep documents back and put a UPD for each into the addressee's mailbox.

        Args:
            work: the transaction to do it in.
            replies: documents for clients; those kept back before are skipped.

        Returns:
            The sysRefs of those that were new.
        """
        at = self.clock()
        waiting = [self._waiting(reply, at) for reply in replies]
        new = work.withheld.add(waiting)
        fresh = [each for each in waiting if each.proof_id in new]
        work.mailbox.add([self._upd(each, at) for each in fresh])
        return frozenset(each.reply.sys_ref for each in fresh)

    def release(self, work: UnitOfWork, submitted: Sequence[Document]) -> None:
        """Put the documents into the mailbox whose signed UPDs are among those just submitted."""
        proofs = {doc.own_id: doc for doc in submitted if doc.type_code == UPD and doc.own_id}
        at = self.clock()
        for proof_id, document in proofs.items():
            held = work.withheld.find(proof_id, account=document.account)
            if held and work.withheld.settle([proof_id], WithheldOutcome.DELIVERED, at=at):
                work.mailbox.add([replace(held.reply, created_at=at)])
                work.events.add([_event(held, Action.ANSWER_RELEASED, f"account:{document.account}", at)])

    def lapse(self, store: Store) -> int:
        """Send a PND for each document whose term is over.

        Returns:
            How many there were.

        Raises:
            UnavailableError: the store is out of reach; what was done so far stands.
        """
        lapsed = 0
        while count := self._lapse_some(store):
            lapsed += count
        return lapsed

    def _lapse_some(self, store: Store) -> int:
        at = self.clock()
        with store.begin() as work:
            overdue = {each.proof_id: each for each in work.withheld.overdue(at=at - _GRACE, limit=_BATCH)}
            ended = work.withheld.settle(overdue, WithheldOutcome.LAPSED, at=at)
            for proof_id in sorted(ended):
                self._send_pnd(work, overdue[proof_id], at)
            work.commit()
        for proof_id in ended:
            held = overdue[proof_id].reply
            self.observe(Action.ANSWER_LAPSED, detail=held.system, dispatch_id=held.sys_ref)
        return len(ended)

    def _send_pnd(self, work: UnitOfWork, held: Withheld, at: datetime) -> None:
        content = self.proofs.pnd(held.proof_id, held.reply, at=at, due_at=held.due_at)
        pnd = NewDocument(
            sys_ref=self.new_id(),
            account=GATEWAY_ACCOUNT,
            system=held.reply.system,
            type_code=PND,
            received_at=at,
            content=content,
            filename=f"{PND}.xml",
            mime=_XML,
        )
        work.documents.add(pnd)
        stored = work.documents.get(pnd.sys_ref)
        work.documents.update(replace(stored, state=DocumentState.SUBMITTED, own_id=held.proof_id))
        delivery = NewWork(sys_ref=pnd.sys_ref, account=GATEWAY_ACCOUNT)
        work.queue.put(lane_of(pnd.system), delivery, at=at)
        work.events.add([_event(held, Action.ANSWER_LAPSED, "gateway", at, pnd=pnd.sys_ref)])

    def _waiting(self, reply: NewReply, at: datetime) -> Withheld:
        proof_id, due_at = self.new_id(), at + self.term
        proof = self.proofs.upd(proof_id, reply, at=at, due_at=due_at)
        return Withheld(proof_id=proof_id, proof=proof, due_at=due_at, reply=reply)

    def _upd(self, held: Withheld, at: datetime) -> NewReply:
        return replace(
            held.reply,
            sys_ref=self.new_id(),
            type_code=UPD,
            content=held.proof,
            filename=f"{UPD}.xml",
            mime=_XML,
            created_at=at,
            back_end_id=None,
        )


def _event(held: Withheld, action: Action, actor: str, at: datetime, **facts: str) -> Event:
    reply = held.reply
    return Event(
        sys_ref=reply.correlation_sys_ref or reply.sys_ref,
        at=at,
        action=action,
        actor=actor,
        facts={"type": reply.type_code, "dispatch_id": reply.sys_ref, "proof": held.proof_id, **facts},
    )


def system_of_proof(work: UnitOfWork, proof_id: str | None, *, account: str) -> str:
    """The target system that a returned UPD is for: that of the document it proves.

    Raises:
        BusinessError: B006, nothing of this account waits for it.
    """
    held = work.withheld.find(proof_id, account=account) if proof_id else None
    if held is None:
        raise BusinessError(
            code="B006",
            description="Na to UPD nie czeka żaden dokument. / No document waits for this UPD.",
        )
    if held.outcome is not None:
        raise BusinessError(code="B006", description=_OVER[held.outcome])
    return held.reply.system


_OVER: Final = {
    WithheldOutcome.DELIVERED: "Dokument już doręczono. / The document has been delivered already.",
    WithheldOutcome.LAPSED: "Termin zwrotu UPD minął. / The term for returning the UPD is over.",
}


def check_proof(case: Case) -> Sequence[Finding]:
    """A returned UPD must say what it said when it was issued, and come before its term is over."""
    if case.message_type.code != UPD or case.verdict is None or not case.verdict.passed:
        return ()
    held = case.work.withheld.find(case.facts.own_id or "", account=case.sender.login)
    if held is None or held.outcome is not None or case.received_at > held.due_at:
        return [_OVERDUE]
    if not says_the_same(case.root, etree.fromstring(held.proof)):
        return [_CHANGED]
    return ()


_OVERDUE: Final = Finding(
    code="UPD_OVERDUE",
    message_pl="Na to UPD nie czeka już żaden dokument: doręczono go albo minął termin.",
    message_en="No document waits for this UPD any more: it was delivered, or the term is over.",
    remedy_pl="Skontaktuj się z urzędem, który wydał dokument.",
    remedy_en="Turn to the office that issued the document.",
)
_CHANGED: Final = Finding(
    code="UPD_CHANGED",
    message_pl="Treść UPD różni się od wydanej.",
    message_en="The UPD says something else than when it was issued.",
    remedy_pl="Podpisz UPD w takiej postaci, w jakiej przyszło.",
    remedy_en="Sign the UPD just as it came.",
)
#: What may be wrong with a returned UPD.
UPD_FINDINGS: Final = (_OVERDUE, _CHANGED)
