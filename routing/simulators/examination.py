"""What a back end makes of a document before it looks into its ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from routing.model import Accepted, Answer, AnswerKind, Delivery, Outcome, Rejected, Unavailable
from routing.routes import SimulatorSettings
from routing.simulators.ledger import Movement, Number, NumberKind
from routing.simulators.procedure import FunctionalError, Message, Procedure, Request, System, in_warsaw
from routing.simulators.receipts import Refusal, confirmation, rejection
from routing.simulators.scenarios import DOWN_ATTEMPTS, Scenario, scenario_of
from routing.simulators.xml import Element, parse
from schemas.catalogue import Catalogue
from schemas.errors import UnknownTypeError
from schemas.facts import read_facts
from schemas.model import MessageFacts, MessageType, PartyRole

__all__ = ["Examiner", "Judgement", "judge", "outcome_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What becomes of a document, provided that its numbers are free."""

    delivery: Delivery
    at: datetime
    answers: tuple[Answer, ...]
    refusal: str | None = None  # why it is not taken in
    declaration: tuple[Request, Procedure] | None = None  # None: not taken in
    numbers: tuple[Number, ...] = ()  # to be used up
    movement: Movement | None = None  # None: not taken in, or rejected

    @property
    def outcome(self) -> Outcome:
        """What the gateway is told."""
        return outcome_of(self.refusal, self.answers)


class Examiner:
    """Examines documents for one system; keeps nothing, asks nobody.

    Args:
        system: its procedures.
        catalogue: where messages keep their numbers and parties.
        settings: how strict the system is.
    """

    def __init__(self, system: System, catalogue: Catalogue, settings: SimulatorSettings) -> None:
        self._system = system
        self._catalogue = catalogue
        self._settings = settings

    def examine(self, delivery: Delivery, at: datetime) -> Judgement | Unavailable:
        """Judge a document, or be down if its scenario says so."""
        procedure = self._system.procedures.get(delivery.type_code)
        message_type = self._type_of(delivery)
        if procedure is None or message_type is None:
            return _refused(delivery, at, None, _not_served(delivery))
        try:
            root = parse(delivery.content)
        except etree.XMLSyntaxError as error:
            return _refused(delivery, at, None, _unreadable(error))
        return self._declared(_request(delivery, at, root, message_type), procedure)

    def _type_of(self, delivery: Delivery) -> MessageType | None:
        day = in_warsaw(delivery.received_at).date()
        try:
            return self._catalogue.get(delivery.type_code, on=day, system=delivery.system)
        except UnknownTypeError:
            return None

    def _declared(self, request: Request, procedure: Procedure) -> Judgement | Unavailable:
        delivery = request.delivery
        match scenario_of(request.lrn):
            case Scenario.DOWN if delivery.attempt <= DOWN_ATTEMPTS:
                return Unavailable(reason=f"scenario DOWN: attempt {delivery.attempt} of {DOWN_ATTEMPTS}")
            case Scenario.REFUSE:
                return _refused(delivery, request.at, request.facts.own_id, _refusal_asked_for(procedure))
            case Scenario.REJECT:
                errors: Sequence[FunctionalError] = (_rejection_asked_for(request, procedure),)
            case _:
                errors = tuple(procedure.check(request))
        return judge(request, procedure, errors, unique_messages=self._settings.unique_message_numbers)


def judge(
    request: Request,
    procedure: Procedure,
    errors: Sequence[FunctionalError],
    *,
    unique_messages: bool = False,
    attempt: int = 0,
) -> Judgement:
    """Answer a declaration that is taken in.

    Args:
        request: the declaration.
        procedure: how its type is treated.
        errors: broken rules; none: it goes through.
        unique_messages: use its message number up.
        attempt: which of the possible references to give it.
    """
    message_numbers = _message_number(request) if unique_messages else ()
    if errors:
        rejected = procedure.reject(request, errors)
        return _judgement(request, procedure, (rejected,), message_numbers, None)
    reference = procedure.reference(request, attempt)
    accepted = procedure.accept(request, reference)
    movement = Movement(
        principal=request.principal,
        lrn=request.lrn,
        reference=reference,
        state=accepted.state,
        sys_ref=request.delivery.sys_ref,
        changed_at=request.at,
    )
    numbers = (*message_numbers, *_movement_numbers(movement))
    return _judgement(request, procedure, accepted.messages, numbers, movement)


def outcome_of(refusal: str | None, answers: tuple[Answer, ...]) -> Outcome:
    """Rejected where there is a refusal, else Accepted."""
    return Accepted(answers=answers) if refusal is None else Rejected(reason=refusal, answers=answers)


def _judgement(
    request: Request,
    procedure: Procedure,
    messages: Sequence[Message],
    numbers: tuple[Number, ...],
    movement: Movement | None,
) -> Judgement:
    taken_in = confirmation(request.delivery, request.facts.own_id, request.at)
    return Judgement(
        delivery=request.delivery,
        at=request.at,
        answers=(taken_in, *(_answer(request, message) for message in messages)),
        declaration=(request, procedure),
        numbers=numbers,
        movement=movement,
    )


def _answer(request: Request, message: Message) -> Answer:
    return Answer(
        back_end_id=message.number,
        kind=AnswerKind.BUSINESS,
        type_code=message.type_code,
        filename=message.filename,
        content=message.content,
        sys_ref=request.delivery.sys_ref,
        correlation=request.facts.own_id,
        lrn=request.facts.lrn,
        mrn=message.mrn,
        arc=message.arc,
    )


def _request(delivery: Delivery, at: datetime, root: Element, message_type: MessageType) -> Request:
    facts = read_facts(root, message_type)
    return Request(
        delivery=delivery,
        root=root,
        namespace=_namespace(root),
        facts=facts,
        principal=_principal(facts) or delivery.person,
        at=at,
    )


def _namespace(root: Element) -> str:
    """Schemas qualify all elements below the root or none."""
    return etree.QName(root[0]).namespace or "" if len(root) else ""


def _principal(facts: MessageFacts) -> str | None:
    return next((party.number for party in facts.parties if party.role is PartyRole.PRINCIPAL), None)


def _message_number(request: Request) -> tuple[Number, ...]:
    own_id = request.facts.own_id
    if own_id is None:
        return ()
    return (_number(NumberKind.MESSAGE, request.principal, own_id, request.delivery.sys_ref),)


def _movement_numbers(movement: Movement) -> tuple[Number, ...]:
    lrn = _number(NumberKind.LRN, movement.principal, movement.lrn, movement.sys_ref)
    if movement.reference is None:
        return (lrn,)
    return (lrn, _number(NumberKind.REFERENCE, "", movement.reference, movement.sys_ref))


def _number(kind: NumberKind, principal: str, value: str, sys_ref: str) -> Number:
    return Number(kind=kind, principal=principal, value=value, sys_ref=sys_ref)


def _refused(delivery: Delivery, at: datetime, own_id: str | None, refusal: Refusal) -> Judgement:
    answer = rejection(delivery, own_id, at, refusal)
    return Judgement(delivery=delivery, at=at, answers=(answer,), refusal=refusal.text_en)


def _not_served(delivery: Delivery) -> Refusal:
    return Refusal(
        text_pl=f"System {delivery.system} nie obsługuje komunikatów {delivery.type_code}.",
        text_en=f"System {delivery.system} does not serve messages of type {delivery.type_code}.",
    )


def _unreadable(error: etree.XMLSyntaxError) -> Refusal:
    return Refusal(
        text_pl=f"Dokument nie jest poprawnym XML: {error.msg}.",
        text_en=f"The document is not well-formed XML: {error.msg}.",
    )


def _refusal_asked_for(procedure: Procedure) -> Refusal:
    return Refusal(
        text_pl="Odrzucono zgodnie ze scenariuszem: LRN zaczyna się od NUP.",
        text_en="Refused as the scenario asks: the LRN begins with NUP.",
        xpath=procedure.lrn_pointer,
    )


def _rejection_asked_for(request: Request, procedure: Procedure) -> FunctionalError:
    return FunctionalError(
        pointer=procedure.lrn_pointer,
        code=procedure.rule_code,
        reason="SIM-REJ",
        text="Rejected as the scenario asks: the LRN begins with REJ.",
        value=request.lrn,
    )
