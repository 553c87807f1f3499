"""Writing the messages of a step as answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.model import Answer, AnswerKind
from routing.simulators.lifecycle import Case, Header, Side, System, Tell
from routing.simulators.receipts import Receipts
from routing.simulators.shaping import Told, shape
from routing.simulators.xml import Element, to_bytes
from schemas.catalogue import Catalogue
from schemas.model import MessageType
from schemas.outline import outline_of

__all__ = ["Writer"]

_MRN_LENGTH = 18


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Whose document a message answers."""

    sys_ref: str
    own_id: str | None
    document: Element


class Writer:
    """Writes the messages of one system.

    Args:
        system: how its headers look.
        catalogue: the types of its answers.
        receipts: writes its first answers.
    """

    def __init__(self, system: System, catalogue: Catalogue, receipts: Receipts) -> None:
        self.receipts = receipts
        self._system = system
        self._catalogue = catalogue
        own = [one for one in catalogue.types() if one.system == system.code]
        self._versions = {(one.code, one.version): one for one in reversed(own)}

    def write(self, case: Case, tell: Tell, number: str) -> Answer:
        """A message as an answer.

        Args:
            case: what it is about.
            tell: what is told.
            number: its own number.

        Raises:
            AnswerShapeError: it cannot be written by its schema.
        """
        reader = _reader(case, tell)
        header = Header(
            type_code=tell.type_code, number=number, correlation=reader.own_id, sides=reader.document
        )
        movement = tell.movement or case.movement
        source = reader.document if tell.source is None else tell.source
        content = self.compose(
            case, tell.type_code, source, {**self._system.head(case, header), **tell.changes}
        )
        is_arc = movement.reference is not None and len(movement.reference) > _MRN_LENGTH
        return Answer(
            back_end_id=number,
            kind=AnswerKind.BUSINESS,
            type_code=tell.type_code,
            filename=self._system.filename(tell.type_code, number),
            content=content,
            sys_ref=reader.sys_ref,
            correlation=reader.own_id,
            lrn=movement.lrn if movement.principal else None,
            mrn=None if is_arc else movement.reference,
            arc=movement.reference if is_arc else None,
            recipients=tell.recipients,
            confirmed_delivery=tell.type_code in case.scenario.against_proof,
        )

    def compose(self, case: Case, type_code: str, source: Element, changes: Mapping[str, Told]) -> bytes:
        """See `Case.compose`."""
        content = shape(
            outline_of(self._type(case, type_code)),
            source,
            changes,
            prefixes=_prefixes(self._system, type_code),
            spare=self._system.spare,
        )
        return to_bytes(content)

    def _type(self, case: Case, type_code: str) -> MessageType:
        """The type of an answer, in the version of what it answers where it has that."""
        version = case.request.message_type.version if case.request else case.movement.schema
        found = self._versions.get((type_code, version))
        return found or self._catalogue.get(type_code, system=self._system.code)


def _reader(case: Case, tell: Tell) -> _Reader:
    request, movement = case.request, tell.movement or case.movement
    if tell.to is Side.ACTOR and request is not None:
        return _Reader(sys_ref=request.delivery.sys_ref, own_id=request.facts.own_id, document=request.root)
    if tell.to is Side.COUNTERPART:
        return _Reader(
            sys_ref=case.fact("counterpart_sys_ref"),
            own_id=case.fact("counterpart_own_id") or None,
            document=case.counterpart,
        )
    document = case.trees.of(movement.declaration)
    return _Reader(sys_ref=movement.sys_ref, own_id=movement.own_id, document=document)


def _prefixes(system: System, type_code: str) -> Sequence[str]:
    return next((p for start, p in system.prefixes.items() if type_code.startswith(start)), ())
