"""Reading what a remote back end sends: is it an answer of that system, is it valid, what does it say."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from gateway.channel import Clock
from gateway.clock import warsaw_day
from gateway.store.quarantine import QuarantineReason
from routing.model import Answer, AnswerKind
from schemas.catalogue import Catalogue
from schemas.errors import UnknownMessageError
from schemas.facts import read_facts
from schemas.findings import Finding
from schemas.model import Direction, MessageType, SchemaReport
from signing.errors import ParsingError
from signing.parsing import ParseLimits, parse

__all__ = ["AnswerReader", "Unfit"]

#: Types of every system stand under this code in the catalogue.
_CHANNEL: Final = "channel"
#: What we issue ourselves: a back end that sent one would speak in our name.
_OURS: Final = frozenset({"UPP", "NPP", "UPD", "PND"})
_KINDS: Final = {
    "UPO": AnswerKind.CONFIRMATION,
    "nieUPO": AnswerKind.REJECTION,
    "OdrzucenieKomunikatu": AnswerKind.REJECTION,
}
_SYS_REF: Final = "{*}IdentyfikatorECIPSEAP"  # of the document answered, in the answers of the channel
_MOST_FINDINGS: Final = 3  # that are told of an invalid answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfit:
    """An answer that must not be passed on."""

    reason: QuarantineReason
    detail: str  # for the operator and the back-end team
    answer: Answer  # as it came, or with all that could be read


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerReader:
    """Looks inside answers.

    Args:
        catalogue: the message types known.
        validate: tells whether a tree is valid against the schema of a type.
        limits: of one document.
        clock: the day decides which versions of schemas are active.
    """

    catalogue: Catalogue
    validate: Callable[[etree._Element, MessageType], SchemaReport]
    limits: ParseLimits
    clock: Clock

    def read(self, system: str, answer: Answer) -> Answer | Unfit:
        """The answer with its type and numbers; one that is read already stays as it is.

        Args:
            system: target-system code of the back end it comes from.
            answer: as it came.
        """
        if answer.kind is not AnswerKind.UNREAD:
            return answer
        try:
            root = parse(answer.content, self.limits)
            message_type = self.catalogue.recognise(root, on=warsaw_day(self.clock()))
        except ParsingError as error:
            return Unfit(reason=QuarantineReason.MALFORMED, detail=str(error), answer=answer)
        except UnknownMessageError as error:
            return Unfit(reason=QuarantineReason.UNKNOWN_TYPE, detail=str(error), answer=answer)
        if not _may_send(system, message_type):
            detail = f"{message_type.code} of {message_type.system} is no answer of {system}"
            return Unfit(reason=QuarantineReason.WRONG_TYPE, detail=detail, answer=answer)
        return self._judged(root, message_type, _filled(answer, root, message_type))

    def _judged(self, root: etree._Element, message_type: MessageType, answer: Answer) -> Answer | Unfit:
        report = self.validate(root, message_type)
        if not report.valid:
            detail = "; ".join(map(_told, report.findings[:_MOST_FINDINGS]))
            return Unfit(reason=QuarantineReason.INVALID, detail=detail, answer=answer)
        named = root.findtext(_SYS_REF)
        if named and answer.sys_ref != named:
            detail = f"it answers sysRef {named}, but was sent for {answer.sys_ref}"
            return Unfit(reason=QuarantineReason.CONTRADICTION, detail=detail, answer=answer)
        return answer


def _may_send(system: str, message_type: MessageType) -> bool:
    outbound = message_type.direction is Direction.OUTBOUND or message_type.passed_on
    return outbound and message_type.system in {system, _CHANNEL} and message_type.code not in _OURS


def _filled(answer: Answer, root: etree._Element, message_type: MessageType) -> Answer:
    """What the document says of itself counts more than what is told beside it."""
    facts = read_facts(root, message_type)
    code = message_type.code
    return replace(
        answer,
        kind=_KINDS.get(code, AnswerKind.BUSINESS),
        type_code=code,
        filename=answer.filename or f"{code}_{answer.back_end_id}.xml",
        sys_ref=answer.sys_ref or root.findtext(_SYS_REF),
        correlation=facts.correlation or answer.correlation,
        lrn=facts.lrn or answer.lrn,
        mrn=facts.mrn or answer.mrn,
        arc=facts.arc or answer.arc,
    )


def _told(finding: Finding) -> str:
    place = f"line {finding.line}" if finding.line else "no line"
    return f"{finding.code} at {finding.xpath or '/'} ({place}): {finding.message_en}"
