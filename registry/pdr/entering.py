"""Entering a batch of PDR records: each once, whatever was entered before."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from sqlalchemy import Connection, Table, insert

from registry import tables
from registry.days import polish_day
from registry.history import Subject, history_row
from registry.model import NumberKind, Representation
from registry.pdr.drafts import (
    AuthorisationDraft,
    Draft,
    EntityDraft,
    KeyDraft,
    PersonDraft,
    RefusedRecordError,
    draft_of,
)
from registry.pdr.known import Entered, Known, read_known
from registry.pdr.records import PdrKind, PdrRecord, Problem, ProblemCode
from registry.representations import check_representation
from registry.rows import entity_row, entity_values, person_row, representation_row

__all__ = ["BatchResult", "KeyRegister", "Outcome", "PdrEntry"]


class Outcome(StrEnum):
    """What came of a record."""

    ENTERED = "entered"  # new
    MATCHED = "matched"  # the party was registered before; its record now belongs to it
    PRESENT = "present"  # entered by an earlier run
    REFUSED = "refused"  # see its Problem


class KeyRegister(Protocol):
    """Where certificates of CBTD keys are entered."""

    def enter(self, certificate: bytes, *, person_id: str) -> bool:
        """Enter a certificate (DER); whether it was not there before.

        Raises:
            RefusedRecordError: it cannot be used, belongs to somebody else, or the register is frozen.
        """


@dataclass(kw_only=True, slots=True)
class BatchResult:
    """What came of a batch."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


#: Tables in the order in which rows must be inserted.
_TABLES: Final = (
    tables.persons,
    tables.entities,
    tables.numbers,
    tables.representations,
    tables.migrated,
    tables.history,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PdrEntry:
    """Enters records; the caller owns the transactions.

    A batch whose insert meets an IntegrityError was overtaken by somebody else: roll back and enter it again.
    """

    connections: Sequence[Connection]  # looked at; the last is written to
    keys: KeyRegister
    operator: str
    at: datetime
    new_id: Callable[[], str]

    def enter(self, records: Sequence[PdrRecord]) -> BatchResult:
        """Enter a batch; what is wrong with a record keeps only that record out."""
        result = BatchResult()
        drafts = self._drafts(records, result)
        batch = _Batch(entry=self, known=read_known(self.connections, drafts))
        for draft in drafts:
            try:
                result.outcomes[batch.take(draft)] += 1
            except RefusedRecordError as error:
                result.outcomes[Outcome.REFUSED] += 1
                result.problems.append(error.about(draft.record))
        for table in _TABLES:
            if rows := batch.rows[table]:
                self.connections[-1].execute(insert(table), rows)
        result.problems.sort(key=lambda problem: problem.line)
        return result

    def _drafts(self, records: Sequence[PdrRecord], result: BatchResult) -> list[Draft]:
        today = polish_day(self.at)
        drafts = []
        for record in records:
            try:
                drafts.append(draft_of(record, today=today))
            except RefusedRecordError as error:
                result.outcomes[Outcome.REFUSED] += 1
                result.problems.append(error.about(record))
        return drafts


def _duplicate(field: str, number: str, owner: str) -> RefusedRecordError:
    return RefusedRecordError(
        ProblemCode.DUPLICATE,
        field,
        f"{field} {number} należy już do {owner}.",
        f"{field} {number} belongs to {owner} already",
    )


class _Batch:
    """Judges drafts one by one against what is known, and collects the rows to insert."""

    def __init__(self, *, entry: PdrEntry, known: Known) -> None:
        self._entry = entry
        self._known = known
        self.rows: defaultdict[Table, list[Mapping[str, object]]] = defaultdict(list)

    def take(self, draft: Draft) -> Outcome:
        if self._is_present(draft.record):
            return Outcome.PRESENT
        match draft:
            case PersonDraft():
                return self._take_person(draft)
            case EntityDraft():
                return self._take_entity(draft)
            case AuthorisationDraft():
                return self._take_authorisation(draft)
            case KeyDraft():
                return self._take_key(draft)

    def _is_present(self, record: PdrRecord) -> bool:
        found = self._known.records.get(record.id)
        if found is not None and found.digest != record.digest:
            raise _duplicate("id", record.id, found.party)
        return found is not None

    def _take_person(self, draft: PersonDraft) -> Outcome:
        person = draft.person
        named = self._known.pesels.get(person.pesel or "")
        if named is not None and named != person.id_sisc:
            raise _duplicate("pesel", person.pesel or "", named)
        matched = self._is_registered(person.id_sisc, PdrKind.PERSON)
        if not matched:
            self._known.parties[person.id_sisc] = PdrKind.PERSON
            if person.pesel is not None:
                self._known.pesels[person.pesel] = person.id_sisc
            self.rows[tables.persons].append(person_row(person))
        self._keep(draft.record, PdrKind.PERSON, person.id_sisc, document=draft.document)
        self._record(Subject.PERSON, person.id_sisc, draft.record, matched=matched, after=person_row(person))
        return Outcome.MATCHED if matched else Outcome.ENTERED

    def _take_entity(self, draft: EntityDraft) -> Outcome:
        entity = draft.entity
        for kind, number in entity.numbers:
            owner = self._known.numbers.get((kind, number))
            if owner is not None and owner != entity.id_sisc:
                raise _duplicate(kind.value, number, owner)
        if draft.owner is not None:
            entity = replace(entity, owner_person=self._party("owner", draft.owner, PdrKind.PERSON))
        matched = self._is_registered(entity.id_sisc, PdrKind.ENTITY)
        if not matched:
            self._known.parties[entity.id_sisc] = PdrKind.ENTITY
            self.rows[tables.entities].append(entity_row(entity))
            for kind, number in entity.numbers:
                if kind is not NumberKind.REGON:
                    self._known.numbers[kind, number] = entity.id_sisc
                self.rows[tables.numbers].append(
                    {"kind": kind.value, "number": number, "entity": entity.id_sisc}
                )
        self._keep(draft.record, PdrKind.ENTITY, entity.id_sisc)
        self._record(
            Subject.ENTITY, entity.id_sisc, draft.record, matched=matched, after=entity_values(entity)
        )
        return Outcome.MATCHED if matched else Outcome.ENTERED

    def _take_authorisation(self, draft: AuthorisationDraft) -> Outcome:
        representation = Representation(
            id=self._entry.new_id(),
            representative=self._party(
                "representative", draft.representative, PdrKind.PERSON, PdrKind.ENTITY
            ),
            represented=self._party("represented", draft.represented, PdrKind.ENTITY),
            systems=draft.systems,
            level=draft.level,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
        )
        if representation.representative == representation.represented:
            raise RefusedRecordError(
                ProblemCode.BAD_VALUE,
                "representative",
                "Nikt nie reprezentuje samego siebie.",
                "nobody is his own representative",
            )
        check_representation(representation)
        row = representation_row(representation)
        self.rows[tables.representations].append(row)
        self._keep(draft.record, PdrKind.AUTHORISATION, representation.id)
        self._record(Subject.REPRESENTATION, representation.id, draft.record, matched=False, after=row)
        return Outcome.ENTERED

    def _take_key(self, draft: KeyDraft) -> Outcome:
        holder = self._party("holder", draft.holder, PdrKind.PERSON)
        if draft.fingerprint in self._known.sources:
            raise _duplicate("certificate", draft.fingerprint, self._known.sources[draft.fingerprint])
        new = self._entry.keys.enter(draft.certificate, person_id=holder)
        self._keep(draft.record, PdrKind.KEY, draft.fingerprint)
        return Outcome.ENTERED if new else Outcome.MATCHED

    def _is_registered(self, id_sisc: str, kind: PdrKind) -> bool:
        """Whether the party is registered, and free to be matched with a record."""
        found = self._known.parties.get(id_sisc)
        if id_sisc in self._known.sources:
            raise _duplicate("id_sisc", id_sisc, f"PDR {self._known.sources[id_sisc]}")
        if found is not None and found is not kind:
            raise _duplicate("id_sisc", id_sisc, found.value)
        return found is not None

    def _party(self, field: str, source: str, *kinds: PdrKind) -> str:
        """The ID SISC of a record that this one names."""
        found = self._known.records.get(source)
        if found is None or found.kind not in kinds:
            wanted = " / ".join(kinds)
            raise RefusedRecordError(
                ProblemCode.UNKNOWN_PARTY,
                field,
                f"Brak wczytanego rekordu {wanted} o numerze {source[:64]}; musi stać wcześniej.",
                f"no {wanted} with number {source[:64]} is entered; it must stand before this record",
            )
        return found.party

    def _keep(self, record: PdrRecord, kind: PdrKind, party: str, *, document: str | None = None) -> None:
        self._known.records[record.id] = Entered(kind=kind, party=party, digest=record.digest)
        self._known.sources[party] = record.id
        self.rows[tables.migrated].append(
            {
                "source": record.id,
                "kind": kind.value,
                "party": party,
                "digest": record.digest,
                "document": document,
                "migrated_at": self._entry.at,
            }
        )

    def _record(
        self, subject: Subject, key: str, record: PdrRecord, *, matched: bool, after: dict[str, object]
    ) -> None:
        """One row of history; a party that was registered before keeps what is registered."""
        row = history_row(
            subject,
            key,
            "matched" if matched else "migrated",
            operator=self._entry.operator,
            at=self._entry.at,
            after=None if matched else after,
            document=f"PDR {record.id}",
        )
        self.rows[tables.history].append(row)
