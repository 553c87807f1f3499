"""A simulated back end: examines a batch, then enters it into its ledger in one transaction.

Everything that needs no ledger (reading, rules, writing the answers) is done before the transaction, in the
expectation that all numbers are free. Only what the ledger contradicts is judged again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from routing.errors import LedgerUnavailableError
from routing.model import Delivery, Health, Outcome, Unavailable
from routing.routes import SimulatorSettings
from routing.simulators.examination import Examiner, Judgement, judge, outcome_of
from routing.simulators.ledger import Ledger, LedgerUnit, NewDelivery, Number, NumberKind
from routing.simulators.procedure import FunctionalError, Procedure, Request, System
from schemas.catalogue import Catalogue

__all__ = ["Simulator"]


class Simulator:
    """A back end that lives inside the process (implements `routing.model.BackEnd`).

    Args:
        system: what is simulated.
        ledger: its memory.
        catalogue: where messages keep their numbers and parties.
        clock: current time, aware; answers bear it.
        settings: how strict it is.
    """

    def __init__(
        self,
        system: System,
        *,
        ledger: Ledger,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
        settings: SimulatorSettings,
    ) -> None:
        self._code = system.code
        self._examiner = Examiner(system, catalogue, settings)
        self._ledger = ledger
        self._clock = clock

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return self._code

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `BackEnd.deliver`. The documents of a batch are entered in one transaction."""
        at = self._clock()
        documents: dict[str, Delivery] = {}
        for delivery in batch:
            documents.setdefault(delivery.sys_ref, delivery)
        outcomes: dict[str, Outcome] = {}
        judgements = []
        for delivery in documents.values():
            judgement = self._examiner.examine(delivery, at)
            if isinstance(judgement, Judgement):
                judgements.append(judgement)
            else:
                outcomes[delivery.sys_ref] = judgement
        outcomes |= self._enter(judgements)
        return [outcomes[delivery.sys_ref] for delivery in batch]

    def health(self) -> Health:
        """See `BackEnd.health`: well when its database can be reached."""
        try:
            with self._ledger.begin():
                return Health(well=True, detail="simulated in this process")
        except LedgerUnavailableError as error:
            return Health(well=False, detail=str(error))

    def _enter(self, judgements: Sequence[Judgement]) -> Mapping[str, Outcome]:
        if not judgements:
            return {}
        try:
            with self._ledger.begin() as unit:
                return _settle(unit, judgements)
        except LedgerUnavailableError as error:
            return {each.delivery.sys_ref: Unavailable(reason=str(error)) for each in judgements}


def _settle(unit: LedgerUnit, judgements: Sequence[Judgement]) -> Mapping[str, Outcome]:
    new = unit.claim([_new_delivery(each) for each in judgements])
    earlier = unit.earlier([each.delivery.sys_ref for each in judgements if each.delivery.sys_ref not in new])
    final = list(_with_free_numbers(unit, [each for each in judgements if each.delivery.sys_ref in new]))
    unit.save(
        [each.movement for each in final if each.movement is not None],
        {each.delivery.sys_ref: each.answers for each in final},
    )
    repeated = {ref: outcome_of(before.refusal, before.answers) for ref, before in earlier.items()}
    return repeated | {each.delivery.sys_ref: each.outcome for each in final}


def _new_delivery(judgement: Judgement) -> NewDelivery:
    delivery = judgement.delivery
    return NewDelivery(
        sys_ref=delivery.sys_ref,
        type_code=delivery.type_code,
        at=judgement.at,
        refusal=judgement.refusal,
    )


def _with_free_numbers(unit: LedgerUnit, judgements: Sequence[Judgement]) -> Iterator[Judgement]:
    taken = unit.take([number for each in judgements for number in each.numbers])
    for each in judgements:
        used = [number for number in each.numbers if number not in taken]
        if each.declaration is None or not used:
            yield each
        elif repeated := [number for number in used if number.kind is not NumberKind.REFERENCE]:
            unit.give_back([n for n in each.numbers if n in taken and n.kind is not NumberKind.MESSAGE])
            yield judge(*each.declaration, [_used_before(*each.declaration, number) for number in repeated])
        else:
            yield _with_other_reference(unit, *each.declaration)


def _with_other_reference(unit: LedgerUnit, request: Request, procedure: Procedure) -> Judgement:
    """Judge anew until the reference is free; LRN and message number are taken already.

    Two references meet by chance once in a billion, so the first new one will nearly always do.
    """
    attempt = 0
    while True:
        attempt += 1
        judgement = judge(request, procedure, (), attempt=attempt)
        if unit.take([number for number in judgement.numbers if number.kind is NumberKind.REFERENCE]):
            return judgement


def _used_before(request: Request, procedure: Procedure, number: Number) -> FunctionalError:
    if number.kind is NumberKind.MESSAGE:
        return FunctionalError(
            pointer=procedure.message_pointer,
            code=procedure.duplicate_message_code,
            reason="SIM-MSG",
            text="The number of the message has been used before.",
            value=number.value,
        )
    return FunctionalError(
        pointer=procedure.lrn_pointer,
        code=procedure.duplicate_lrn_code,
        reason="SIM-LRN",
        text="The LRN is used by another declaration of the same party.",
        value=request.lrn,
    )
