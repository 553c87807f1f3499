"""The course of a batch: every document and event is carried through its system, one after the other.

Nothing is written here. What the ledger knew has been looked at; what the batch changes is seen by its later
documents; the result is entered by the ledger as a whole, or the batch is worked out anew.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from routing.errors import AnswerShapeError
from routing.model import Answer, Delivery
from routing.routes import SimulatorSettings
from routing.simulators.ledger import Due, Movement, NewDelivery, Number, NumberKind, Snapshot, State
from routing.simulators.lifecycle import Case, FunctionalError, Request, Step, System, Tell, Trees, code_of
from routing.simulators.numbers import NumberBook
from routing.simulators.objections import (
    asked_for,
    duplicate_lrn,
    duplicate_message,
    out_of_sequence,
    unanswerable,
    unknown_key,
)
from routing.simulators.receipts import Refusal, refusal_asked_for, refusal_of
from routing.simulators.scenarios import (
    DOWN_ATTEMPTS,
    Behaviour,
    Later,
    Scenario,
    scenario_named,
    scenario_of,
)
from routing.simulators.writing import Writer

__all__ = ["Changes", "Course"]

_LOGGER: Final = logging.getLogger(__name__)
#: Length of the message numbers that customs systems give (MesIdeMES19 of ICS has no room for more).
_NUMBER_LENGTH = 14
#: Movements declared in another country are not in this ledger.
_HOME = "PL"

#: Behaviours that end in a rejection, whatever the declaration says.
_REJECTING: Final = {Behaviour.REJECT, Behaviour.FUNCTIONAL_FAULT, Behaviour.XML_FAULT}


@dataclass(kw_only=True, slots=True)
class Changes:
    """What a batch leads to."""

    deliveries: list[NewDelivery] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    movements: dict[tuple[str, str], Movement] = field(default_factory=dict)  # as they are at the end
    due: list[Due] = field(default_factory=list)
    answers: dict[str, tuple[Answer, ...]] = field(default_factory=dict)  # by the document delivered
    posted: list[Answer] = field(default_factory=list)  # for others than its sender


class Course:
    """Works out one batch.

    Args:
        system: how it treats messages.
        writer: writes its answers.
        snapshot: what the ledger knows of what the batch is about.
        taken: keys of numbers known to be used up.
        at: the present moment, aware.
        settings: how strict the system is, and how fast its time runs.
    """

    def __init__(
        self,
        system: System,
        writer: Writer,
        snapshot: Snapshot,
        taken: frozenset[tuple[str, str, str]],
        *,
        at: datetime,
        settings: SimulatorSettings,
    ) -> None:
        self._system = system
        self._writer = writer
        self._choices = snapshot.choices
        self._at = at
        self._settings = settings
        self._numbers = NumberBook(system.code, settings.seed, set(taken))
        self._movements = {each.key: each for each in snapshot.movements}
        self._by_reference = {each.reference: each.key for each in snapshot.movements if each.reference}
        self.changes = Changes(numbers=self._numbers.new)

    def is_down(self, request: Request) -> bool:
        """Whether the document's scenario finds the back end down at this attempt."""
        down = self._scenario_for(request).behaviour is Behaviour.DOWN
        return down and request.delivery.attempt <= DOWN_ATTEMPTS

    def refuse(self, delivery: Delivery, own_id: str | None, refusal: Refusal) -> None:
        """Enter a document that is not taken in."""
        answer = self._writer.receipts.rejection(delivery, own_id, self._at, refusal)
        self._enter(delivery, (answer,), refusal.text_en)

    def note(self, delivery: Delivery) -> None:
        """Enter a proof of delivery: there is nothing to say to it."""
        self._enter(delivery, (), None)

    def take(self, request: Request) -> None:
        """Carry a document through the system."""
        scenario = self._scenario_for(request)
        if scenario.behaviour is Behaviour.REFUSE:
            refusal = refusal_asked_for(request.pointer("lrn"))
            self.refuse(request.delivery, request.facts.own_id, refusal)
            return
        step = self._system.steps[request.delivery.type_code]
        movement = self._movement_for(request, step, scenario)
        case = self._case(movement or self._begun(request, scenario), request, scenario)
        errors = tuple(self._objections(case, step, movement))
        if self._settings.unique_message_numbers and request.facts.own_id:
            self._take(NumberKind.MESSAGE, request, request.facts.own_id)
        if not errors:
            errors = self._follow(case)
        if errors:
            self._reject(case, errors)

    def happen(self, due: Due) -> None:
        """Let the system act of its own accord; nothing where the movement has gone on meanwhile."""
        movement = self._movements.get(due.key)
        step = self._system.steps.get(due.event)  # an older or newer version may have scheduled it
        if movement is None or step is None or movement.state not in step.within:
            return
        case = self._case(movement, None, scenario_named(movement.scenario, self._system.code))
        cause = f"{due.sys_ref}/{due.lrn}/{due.event}/{due.at.isoformat()}/{movement.version}"
        try:
            self.changes.posted.extend(self._attempt(case, due.event, cause))
        except AnswerShapeError as error:  # never again: the movement stays as it is
            _LOGGER.error("%s of %s: %s", due.event, self._system.code, error)  # noqa: TRY400 - told in full

    def _take(self, kind: NumberKind, request: Request, value: str) -> None:
        self._numbers.take(kind, request.principal, value, request.delivery.sys_ref)

    def _scenario_for(self, request: Request) -> Scenario:
        """That of the movement; a declaration may ask for its own."""
        system = self._system
        if not system.steps[request.delivery.type_code].begins:
            found = self._find(request)
            return scenario_named(found.scenario if found else "", system.code)
        asked = scenario_of(request.lrn, system.code)
        return (
            asked if asked.prefix else scenario_named(self._choices.get(request.principal, ""), system.code)
        )

    def _find(self, request: Request) -> Movement | None:
        key: tuple[str, str] | None = (request.principal, request.lrn)
        if request.reference is not None:
            key = self._by_reference.get(request.reference)
        return self._movements.get(key) if key else None

    def _movement_for(self, request: Request, step: Step, scenario: Scenario) -> Movement | None:
        """The movement that a document begins or is about; None: there is no such movement."""
        if step.begins:
            return self._begun(request, scenario)
        reference = request.reference
        found = self._find(request)
        abroad = step.from_elsewhere and reference is not None and reference[2:4] != _HOME
        if found is not None or not abroad or not self._system.is_reference(reference or ""):
            return found
        begun = self._begun(request, scenario)
        return replace(
            begun,
            principal="",
            lrn=reference or "",
            reference=reference,
            state=State.RELEASED,
            declaration=b"",
        )

    def _begun(self, request: Request, scenario: Scenario) -> Movement:
        return Movement(
            principal=request.principal,
            lrn=request.lrn,
            state=State.PRELODGED,
            scenario=scenario.prefix,
            schema=request.message_type.version,
            type_code=request.delivery.type_code,
            declaration=request.content,
            sys_ref=request.delivery.sys_ref,
            own_id=request.facts.own_id,
            changed_at=self._at,
        )

    def _case(self, movement: Movement, request: Request | None, scenario: Scenario) -> Case:
        return Case(
            at=self._at,
            scenario=scenario,
            movement=movement,
            request=request,
            numbers=self._numbers,
            composer=self._writer.compose,
            trees=Trees(request),
        )

    def _objections(self, case: Case, step: Step, movement: Movement | None) -> Iterator[FunctionalError]:
        """The first that is found, of the rules of content all."""
        request, system = case.asked, self._system
        message = (NumberKind.MESSAGE.value, request.principal, request.facts.own_id or "")
        if self._settings.unique_message_numbers and message in self._numbers.used:
            yield duplicate_message(request, system)
        elif movement is None:
            yield unknown_key(request, system)
        elif step.begins and not self._numbers.is_free(request.principal, request.lrn):
            yield duplicate_lrn(request, system, request.lrn)
        elif not step.begins and movement.state not in step.within:
            yield out_of_sequence(request, system, movement)
        elif step.begins and case.scenario.behaviour in _REJECTING:
            yield asked_for(request, system)
        else:
            yield from step.check(case)

    def _follow(self, case: Case) -> tuple[FunctionalError, ...]:
        """Do what the document asks for; the reason where nothing could be answered to it."""
        request = case.asked
        try:
            answers = self._attempt(case, request.delivery.type_code, request.delivery.sys_ref)
        except AnswerShapeError as error:
            return (unanswerable(request, self._system, error),)
        if self._system.steps[request.delivery.type_code].begins:
            self._take(NumberKind.LRN, request, request.lrn)
        self._hand_out(request, answers)
        return ()

    def _attempt(self, case: Case, event: str, cause: str) -> list[Answer]:
        """All of an event or nothing of it.

        Raises:
            AnswerShapeError: an answer cannot be written; nothing has changed.
        """
        before = (dict(self._movements), dict(self._by_reference), self._numbers.state())
        changes = (dict(self.changes.movements), list(self.changes.due))
        try:
            return self._run(case, event, cause)
        except AnswerShapeError:
            self._movements, self._by_reference, numbers = before
            self._numbers.back_to(numbers)
            self.changes.movements, self.changes.due = changes
            raise

    def _reject(self, case: Case, errors: Sequence[FunctionalError]) -> None:
        request = case.asked
        fault = self._system.faults.get(case.scenario.behaviour)
        message = fault(case, errors) if fault else self._system.reject(case, errors)
        if message is None:
            self.refuse(request.delivery, request.facts.own_id, refusal_of(errors[0]))
        else:
            self._hand_out(request, [self._write(case, message, request.delivery.sys_ref, Counter())])

    def _run(self, case: Case, event: str, cause: str) -> list[Answer]:
        """An event and all that follows from it at once; what follows later is scheduled."""
        answers: list[Answer] = []
        counted: Counter[str] = Counter()
        waiting = deque([event])
        while waiting:
            reaction = self._system.steps[waiting.popleft()].does(case)
            if reaction.movement is not None:
                self._keep(reaction.movement)
                case = replace(case, movement=reaction.movement)
            for start in reaction.also:
                self._keep(start.movement)
                self._schedule(case, start.movement, start.later)
            answers.extend(self._write(case, tell, cause, counted) for tell in reaction.tell)
            self._schedule(case, case.movement, [later for later in reaction.later if later.after])
            waiting.extend(later.event for later in reaction.later if not later.after)
        return answers

    def _keep(self, movement: Movement) -> None:
        kept = replace(movement, changed_at=self._at)
        self._movements[kept.key] = self.changes.movements[kept.key] = kept
        if kept.reference:
            self._by_reference[kept.reference] = kept.key

    def _schedule(self, case: Case, movement: Movement, events: Sequence[Later]) -> None:
        sys_ref = case.request.delivery.sys_ref if case.request else movement.sys_ref
        for later in events:
            at = self._at + later.after / self._settings.time_factor
            principal, lrn = movement.key
            self.changes.due.append(
                Due(event=later.event, at=at, principal=principal, lrn=lrn, sys_ref=sys_ref)
            )

    def _write(self, case: Case, tell: Tell, cause: str, counted: Counter[str]) -> Answer:
        counted[tell.type_code] += 1
        again = () if counted[tell.type_code] == 1 else (str(counted[tell.type_code]),)
        number = code_of(self._system.code, cause, tell.type_code, *again, length=_NUMBER_LENGTH)
        return self._writer.write(case, tell, number)

    def _hand_out(self, request: Request, answers: Sequence[Answer]) -> None:
        """Answers to the sender go back at once, after the UPO; the others wait to be collected."""
        delivery = request.delivery
        own = [each for each in answers if each.sys_ref == delivery.sys_ref and not each.recipients]
        self.changes.posted.extend(each for each in answers if each not in own)
        upo = self._writer.receipts.confirmation(delivery, request.facts.own_id, self._at)
        self._enter(delivery, (upo, *own), None)

    def _enter(self, delivery: Delivery, answers: tuple[Answer, ...], refusal: str | None) -> None:
        entry = NewDelivery(
            sys_ref=delivery.sys_ref, type_code=delivery.type_code, at=self._at, refusal=refusal
        )
        self.changes.deliveries.append(entry)
        self.changes.answers[delivery.sys_ref] = answers
