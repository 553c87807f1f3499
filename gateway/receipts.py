"""UPP and NPP: what the gateway certifies to the sender, under its seal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from lxml import etree

from gateway.channel import IdMaker
from gateway.clock import WARSAW
from schemas.findings import Finding

__all__ = ["Receipt", "ReceiptFacts", "Receipts", "Seal"]

_UPO: Final = "http://crd.gov.pl/xml/schematy/UPO/2008/05/09/"
#: None is the key of the default namespace, which the stubs do not know.
_DEFAULT_NAMESPACE: Final[dict[str, str]] = {None: _UPO}  # type: ignore[dict-item]
#: What XML 1.0 cannot hold (§2.2): names from certificates and registers may.
_NO_CHARACTERS: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Seal(Protocol):
    """Puts the gateway's seal on a receipt."""

    def seal(self, root: etree._Element, at: datetime) -> bytes:
        """The document with an enveloped XAdES signature as its last child."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptFacts:
    """What a receipt is about."""

    sys_ref: str
    own_id: str | None  # the document's own number
    system: str
    received_at: datetime
    sender_name: str
    sender_id: str  # ID SISC, or the login of an account without a person
    sender_id_kind: str  # "IdSISC" or "login"
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A sealed receipt."""

    kind: str  # "UPP" or "NPP"
    content: bytes

    @property
    def filename(self) -> str:
        """Name under which clients expect it."""
        return f"{self.kind}.xml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipts:
    """Writes receipts."""

    operator: str  # who runs the gateway; named as addressee of the documents
    seal: Seal
    new_id: IdMaker

    def upp(self, facts: ReceiptFacts, at: datetime, warnings: Sequence[Finding] = ()) -> Receipt:
        """Certify that a document was submitted.

        Args:
            facts: what the receipt is about.
            at: moment of certification.
            warnings: told to the sender as further information.
        """
        root, part = self._draft("UPP", facts, at)
        for warning in warnings:
            _information(part, "Ostrzezenie", _remark(warning))
        return Receipt(kind="UPP", content=self.seal.seal(root, at))

    def npp(self, facts: ReceiptFacts, at: datetime, findings: Sequence[Finding], total: int) -> Receipt:
        """Certify that a document was not submitted, with every reason.

        Args:
            facts: what the receipt is about.
            at: moment of certification.
            findings: at least one; the most useful first.
            total: how many there were, those not listed included.
        """
        root, part = self._draft("NPP", facts, at)
        _information(part, "PrzyczynaBledu", f"{findings[0].message_pl} / {findings[0].message_en}")
        errors = _add(part, "Bledy")
        errors.set("lacznie", str(total))
        for finding in findings:
            _error(errors, finding)
        return Receipt(kind="NPP", content=self.seal.seal(root, at))

    def _draft(self, kind: str, facts: ReceiptFacts, at: datetime) -> tuple[etree._Element, etree._Element]:
        root = etree.Element(f"{{{_UPO}}}Dokument", nsmap=_DEFAULT_NAMESPACE)
        part = _add(root, kind)
        _add(part, "IdentyfikatorPoswiadczenia", self.new_id())
        _party(part, "Adresat", self.operator, facts.system, "System")
        _party(part, "Nadawca", facts.sender_name, facts.sender_id, facts.sender_id_kind)
        _add(part, "DataDoreczenia", _local(facts.received_at))
        _add(part, "DataWytworzeniaPoswiadczenia", _local(at))
        _add(part, "IdentyfikatorDokumentu", facts.own_id or facts.sys_ref)
        _information(part, "idDokumentuSEAP", facts.sys_ref)
        _information(part, "KorelacjaSysref", facts.sys_ref)
        _information(part, "SkrotSHA256", facts.sha256)
        return root, part


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_UPO}}}{name}")
    child.text = None if text is None else _NO_CHARACTERS.sub("\ufffd", text)
    return child


def _party(part: etree._Element, role: str, name: str, number: str, kind: str) -> None:
    party = _add(part, role)
    _add(party, "Nazwa", name)
    _add(party, "IdentyfikatorPodmiotu", number).set("TypIdentyfikatora", kind)


def _information(part: etree._Element, kind: str, text: str) -> None:
    _add(part, "InformacjaUzupelniajaca", text).set("TypInformacjiUzupelniajacej", kind)


def _remark(warning: Finding) -> str:
    """A warning in one line, with its place where there is one."""
    place = f" [{warning.line}: {warning.xpath}]" if warning.xpath else ""
    return f"{warning.code}{place}: {warning.message_pl} / {warning.message_en}"


def _error(errors: etree._Element, finding: Finding) -> None:
    error = _add(errors, "Blad")
    _add(error, "Kod", finding.code)
    _add(error, "Opis", finding.message_pl).set(_LANG, "pl")
    _add(error, "Opis", finding.message_en).set(_LANG, "en")
    _add(error, "Zalecenie", finding.remedy_pl).set(_LANG, "pl")
    _add(error, "Zalecenie", finding.remedy_en).set(_LANG, "en")
    if finding.line:
        _add(error, "Linia", str(finding.line))
    if finding.xpath:
        _add(error, "Xpath", finding.xpath)
    if finding.value is not None:
        _add(error, "Wartosc", finding.value)


def _local(moment: datetime) -> str:
    """Polish time with its offset, to the millisecond."""
    return moment.astimezone(WARSAW).isoformat(timespec="milliseconds")
