"""Checking a document offline, as the gateway would: what `sisc check` tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from gateway.clock import warsaw_day
from gateway.plausibility import GatewayPlausibility
from gateway.signer_classes import SignerClasses
from schemas.catalogue import Catalogue
from schemas.errors import UnknownMessageError
from schemas.findings import Finding, Severity
from schemas.model import MessageType, SchemaReport
from schemas.paths import line_of
from schemas.validation import Validator
from signing.cbtd import CbtdRegister, WeakExemption, verify_with_exemptions
from signing.errors import ForbiddenConstructError, NotWellFormedError, SigningError, TooLargeError
from signing.faults import Rule
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.trust import TrustSource
from signing.verdict import Verdict
from signing.verify import verify

__all__ = ["Inspection", "Inspector"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What was found in one document."""

    unreadable: Finding | None = None  # why it cannot be parsed; nothing else is known then
    type_code: str | None = None
    schema: SchemaReport | None = None  # None: not asked for
    verdict: Verdict | None = None  # None: not asked for
    signature_required: bool = True  # of its type
    refused_class: Finding | None = None  # a good signature, of a class that does not count for the message

    @property
    def unsigned(self) -> bool:
        """Whether it bears no signature and needs none."""
        fault = self.verdict.fault if self.verdict else None
        return not self.signature_required and fault is not None and fault.rule == Rule.NO_SIGNATURE

    @property
    def good(self) -> bool:
        """Whether everything that was asked for is fully good."""
        schema_good = self.schema is None or self.schema.valid
        signature_good = self.verdict is None or self.verdict.passed or self.unsigned
        return not self.unreadable and not self.refused_class and schema_good and signature_good


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspector:
    """Checks documents one by one."""

    catalogue: Catalogue
    validator: Validator
    plausibility: GatewayPlausibility
    trust: TrustSource
    at: datetime
    policy: SignaturePolicy = MESSAGE_POLICY
    register: CbtdRegister | None = None  # of CBTD keys, whose exemptions count
    exemptions: Sequence[WeakExemption] = ()
    classes: SignerClasses = field(default_factory=SignerClasses)

    def inspect(self, content: bytes, *, schema: bool, signature: bool) -> Inspection:
        """Check a document; bad documents are told, never raised.

        Args:
            content: its bytes.
            schema: check it against its schema.
            signature: check its signature.
        """
        try:
            root = parse(content, ParseLimits())
        except SigningError as error:
            return Inspection(unreadable=_unreadable(error))
        kind = self._type(root)
        verdict = self._verdict(root) if signature else None
        return Inspection(
            type_code=kind.code if kind else None,
            schema=self._schema(root, kind, content) if schema else None,
            verdict=verdict,
            signature_required=kind is None or kind.signature_required,
            refused_class=self.classes.refusal(verdict, kind) if kind else None,
        )

    def _verdict(self, root: etree._Element) -> Verdict:
        if self.register is None:
            return verify(root, policy=self.policy, trust=self.trust, at=self.at)
        return verify_with_exemptions(
            root,
            policy=self.policy,
            trust=self.trust,
            register=self.register,
            exemptions=self.exemptions,
            at=self.at,
        )

    def _type(self, root: etree._Element) -> MessageType | None:
        try:
            return self.catalogue.recognise(root, on=warsaw_day(self.at))
        except UnknownMessageError:
            return None

    def _schema(self, root: etree._Element, kind: MessageType | None, content: bytes) -> SchemaReport:
        if kind is None:
            return SchemaReport(valid=False, findings=(_unknown(root),), total=1)
        report = self.validator.validate(root, kind, content=content)
        if report.valid:
            report = self.plausibility.examine(root, kind, on=warsaw_day(self.at), content=content)
        return report


def _unknown(root: etree._Element) -> Finding:
    name = etree.QName(root)
    element = f"{{{name.namespace or ''}}}{name.localname}"
    return Finding(
        code="UNKNOWN_MESSAGE",
        message_pl=f"Brak aktywnego schematu dla elementu {element}.",
        message_en=f"No active schema has the document element {element}.",
        remedy_pl="Sprawdź przestrzeń nazw i nazwę elementu głównego oraz datę ważności schematu.",
        remedy_en="Check the namespace and name of the document element, and the schema's dates.",
        severity=Severity.ERROR,
        line=line_of(root),
        xpath=f"/{name.localname}",
    )


def _unreadable(error: SigningError) -> Finding:
    line: int | None = None
    column: int | None = None
    code = "UNREADABLE"
    match error:
        case NotWellFormedError():
            code, line, column = "NOT_WELL_FORMED", error.line, error.column
        case ForbiddenConstructError():
            code, line = error.rule, error.line
        case TooLargeError():
            code = "TOO_LARGE"
    return Finding(
        code=code,
        message_pl=f"Nie można odczytać dokumentu: {error}",
        message_en=f"The document cannot be read: {error}",
        remedy_pl="Popraw dokument: poprawny XML w UTF-8, bez DOCTYPE, w granicach rozmiaru.",
        remedy_en="Mend the document: well-formed XML in UTF-8, without DOCTYPE, within the limits.",
        line=line,
        column=column,
    )
