"""UPD and PND: whether a document that needs confirmed delivery has reached its addressee (seap-wire §10)."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.receipts import Seal
from gateway.store.model import NewReply
from gateway.upo import add, certificate, information, local, party

__all__ = ["Proofs", "says_the_same"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Proofs:
    """Writes UPD for signature by the addressee, and sealed PND for the back end."""

    operator: str  # who runs the gateway; issues the proofs
    seal: Seal

    def upd(self, proof_id: str, reply: NewReply, *, at: datetime, due_at: datetime) -> bytes:
        """What the addressee signs to be given the document; a signature of ours would be one too many.

        Args:
            proof_id: identifier of the proof.
            reply: the document to be delivered.
            at: when it was made ready.
            due_at: until when the signed UPD must be back.
        """
        root, part = self._draft("UPD", proof_id, reply, "DataOdbioru", at, at)
        information(part, "TerminZwrotu", local(due_at))
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def pnd(self, proof_id: str, reply: NewReply, *, at: datetime, due_at: datetime) -> bytes:
        """What tells the back end that the addressee has let the term pass, under seal."""
        root, _ = self._draft("PND", proof_id, reply, "TerminOdbioru", due_at, at)
        return self.seal.seal(root, at)

    def _draft(
        self, kind: str, proof_id: str, reply: NewReply, date: str, moment: datetime, at: datetime
    ) -> tuple[etree._Element, etree._Element]:
        root, part = certificate(kind)
        add(part, "IdentyfikatorPoswiadczenia", proof_id)
        party(part, "PodmiotWystawiajacyPoswiadczenie", self.operator, reply.system, "System")
        addressee = reply.person or reply.account
        party(part, "Adresat", addressee, addressee, "IdSISC" if reply.person else "login")
        add(part, date, local(moment))
        add(part, "DataUtworzeniaPoswiadczenia", local(at))
        add(part, "IdentyfikatorSprawy", reply.case_id or reply.correlation_sys_ref or reply.sys_ref)
        add(part, "IdentyfikatorDokumentu", reply.sys_ref)
        information(part, "TypDokumentu", reply.type_code)
        return root, part


def says_the_same(returned: etree._Element, issued: etree._Element) -> bool:
    """Whether a UPD came back as it was issued, whatever the client's tools did to blanks between elements.

    Args:
        returned: document element without its signature.
        issued: document element as it was sent out.
    """
    return _said(returned) == _said(issued)


def _said(root: etree._Element) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (str(each.tag), (each.text or "").strip(), {str(k): str(v) for k, v in each.attrib.items()})
        for each in root.iter("*")
    ]
