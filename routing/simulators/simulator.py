"""A simulated back end: works a batch out, then enters it into its ledger in one short transaction.

Reading, rules and writing need no transaction. They start from what the ledger knew a moment ago; should
it know more by the time of entering, because another process was faster, the batch is worked out anew.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from routing.errors import AnswersUnavailableError, LedgerUnavailableError
from routing.model import Accepted, Answer, Delivery, Health, Outcome, Rejected, Unavailable
from routing.routes import SimulatorSettings
from routing.simulators.course import Changes, Course
from routing.simulators.ledger import Due, Earlier, Ledger, LedgerUnit, Snapshot, Wanted
from routing.simulators.lifecycle import Request, System
from routing.simulators.reading import Proof, Reader
from routing.simulators.receipts import Receipts, Refusal, Seal
from routing.simulators.writing import Writer
from schemas.catalogue import Catalogue

__all__ = ["Simulator"]

#: How often a batch is worked out anew before it is given back.
_ATTEMPTS: Final = 8
_Reading = Request | Refusal | Proof
_Readings = Mapping[str, tuple[Delivery, _Reading]]  # by sysRef


class Simulator:
    """A back end that lives inside the process (implements `routing.model.BackEnd` and `AnswerSource`).

    Args:
        system: what is simulated.
        ledger: its memory.
        catalogue: where messages keep their numbers and parties, and how answers look.
        clock: current time, aware; answers bear it.
        settings: how strict it is, and how fast its time runs.
        seal: signs its UPO and OdrzucenieKomunikatu; None: they go without.
    """

    def __init__(
        self,
        system: System,
        *,
        ledger: Ledger,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
        settings: SimulatorSettings,
        seal: Seal | None = None,
    ) -> None:
        self._system = system
        self._reader = Reader(system=system, catalogue=catalogue)
        self._writer = Writer(system, catalogue, Receipts(seal=seal))
        self._ledger = ledger
        self._clock = clock
        self._settings = settings

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return self._system.code

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `BackEnd.deliver`. The documents of a batch are entered in one transaction."""
        readings = {each.sys_ref: (each, self._reader.read(each)) for each in reversed(batch)}
        readings = dict(reversed(readings.items()))
        try:
            outcomes = self._deliver(readings) if readings else {}
        except LedgerUnavailableError as error:
            outcomes = {sys_ref: Unavailable(reason=str(error)) for sys_ref in readings}
        return [outcomes[delivery.sys_ref] for delivery in batch]

    def health(self) -> Health:
        """See `BackEnd.health`: well when its database can be reached."""
        try:
            self._ledger.look(Wanted())
        except LedgerUnavailableError as error:
            return Health(well=False, detail=str(error))
        return Health(well=True, detail="simulated in this process")

    def collect(self, limit: int) -> Sequence[Answer]:
        """See `AnswerSource.collect`. What is due happens first."""
        try:
            self._let_happen(self._ledger.due(self._clock(), limit))
            return self._ledger.posted(limit)
        except LedgerUnavailableError as error:
            raise AnswersUnavailableError(system=self.system, reason=error.reason) from error

    def settle(self, answers: Sequence[Answer]) -> None:
        """See `AnswerSource.settle`."""
        try:
            self._ledger.settle([answer.back_end_id for answer in answers])
        except LedgerUnavailableError as error:
            raise AnswersUnavailableError(system=self.system, reason=error.reason) from error

    def _deliver(self, readings: _Readings) -> Mapping[str, Outcome]:
        wanted = _wanted([reading for _, reading in readings.values()], readings)
        taken: frozenset[tuple[str, str, str]] = frozenset()
        for _ in range(_ATTEMPTS):
            snapshot = self._ledger.look(wanted)
            course = self._course(snapshot, taken)
            down = _carry_through(course, readings, snapshot)
            found = self._enter(course.changes, snapshot.earlier)
            if found is None:
                return {**down, **_outcomes(course.changes, snapshot)}
            taken |= found
        raise LedgerUnavailableError(reason="other processes were always faster")

    def _let_happen(self, due: Sequence[Due]) -> None:
        """Another process may be at the same: then this one leaves it to that."""
        if due:
            snapshot = self._ledger.look(Wanted(keys={each.key for each in due}))
            course = self._course(snapshot, frozenset())
            for each in due:
                course.happen(each)
            self._enter(course.changes, (), due)

    def _course(self, snapshot: Snapshot, taken: frozenset[tuple[str, str, str]]) -> Course:
        return Course(self._system, self._writer, snapshot, taken, at=self._clock(), settings=self._settings)

    def _enter(
        self, changes: Changes, repeated: Mapping[str, Earlier] | Sequence[str], due: Sequence[Due] = ()
    ) -> frozenset[tuple[str, str, str]] | None:
        """Enter all or nothing.

        Returns:
            None: entered. Else keys of numbers that turned out to be used up, perhaps none: try anew.
        """
        try:
            with self._ledger.begin() as unit:
                _enter(unit, changes, list(repeated), due)
        except _OvertakenError as error:
            return error.taken
        return None


class _OvertakenError(Exception):
    """The ledger knows more than the batch was worked out with."""

    def __init__(self, taken: frozenset[tuple[str, str, str]] = frozenset()) -> None:
        super().__init__()
        self.taken = taken


def _carry_through(course: Course, readings: _Readings, snapshot: Snapshot) -> dict[str, Outcome]:
    """Carry the new documents through; returns what is down."""
    down: dict[str, Outcome] = {}
    for sys_ref, (delivery, reading) in readings.items():
        if sys_ref in snapshot.earlier:
            continue
        if isinstance(reading, Refusal):
            course.refuse(delivery, None, reading)
        elif isinstance(reading, Proof):
            course.note(delivery)
        elif course.is_down(reading):
            down[sys_ref] = Unavailable(reason=f"scenario DOWN, attempt {delivery.attempt}")
        else:
            course.take(reading)
    return down


def _enter(unit: LedgerUnit, changes: Changes, repeated: Sequence[str], due: Sequence[Due]) -> None:
    new = {each.sys_ref for each in changes.deliveries}
    if unit.claim(changes.deliveries) != new:
        raise _OvertakenError
    free = unit.take(changes.numbers)
    if len(free) < len(changes.numbers):
        raise _OvertakenError(frozenset(each.key for each in changes.numbers if each not in free))
    if not (unit.finish(due) and unit.keep(list(changes.movements.values()))):
        raise _OvertakenError
    unit.repeated(repeated)
    unit.schedule(changes.due)
    unit.record(changes.answers)
    unit.post(changes.posted)


def _wanted(readings: Sequence[_Reading], sys_refs: _Readings) -> Wanted:
    requests = [each for each in readings if isinstance(each, Request)]
    return Wanted(
        sys_refs=tuple(sys_refs),
        keys={(each.principal, each.lrn) for each in requests if each.lrn},
        references={each.reference for each in requests if each.reference},
        principals={each.principal for each in requests},
    )


def _outcomes(changes: Changes, snapshot: Snapshot) -> Mapping[str, Outcome]:
    earlier = {ref: _outcome(before.refusal, before.answers) for ref, before in snapshot.earlier.items()}
    refusals = {each.sys_ref: each.refusal for each in changes.deliveries}
    return earlier | {ref: _outcome(refusals[ref], answers) for ref, answers in changes.answers.items()}


def _outcome(refusal: str | None, answers: tuple[Answer, ...]) -> Outcome:
    return Accepted(answers=answers) if refusal is None else Rejected(reason=refusal, answers=answers)
