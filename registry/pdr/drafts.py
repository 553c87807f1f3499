"""What a record says, checked by itself; whether it fits what is registered is asked later."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from registry.errors import InvalidNumberError, InvalidRecordError
from registry.model import Entity, NumberKind, Person, RepresentationLevel
from registry.numbers import (
    document_id_sisc,
    entity_id_sisc,
    parse_number,
    parse_pesel,
    person_id_sisc,
)
from registry.parties import check_entity, check_person
from registry.pdr.records import FIELDS, PdrKind, PdrRecord, Problem, ProblemCode
from registry.pdr.scope import same_scope
from registry.representations import SYSTEM_CODE
from registry.texts import clean_text

__all__ = [
    "AuthorisationDraft",
    "Draft",
    "EntityDraft",
    "KeyDraft",
    "PersonDraft",
    "RefusedRecordError",
    "draft_of",
]

_LONGEST_ID: Final = 64  # characters of a number in PDR
_LONGEST_LIST: Final = 10_000  # characters of any field: excise numbers may be many
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBERS: Final = (NumberKind.EORI, NumberKind.NIP, NumberKind.REGON, NumberKind.EXCISE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonDraft:
    """A person; `document` identifies one without PESEL."""

    record: PdrRecord
    person: Person
    document: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityDraft:
    """An entity; its owner is still named by the number in PDR."""

    record: PdrRecord
    entity: Entity
    owner: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorisationDraft:
    """A right; both sides are still named by their numbers in PDR."""

    record: PdrRecord
    representative: str
    represented: str
    systems: frozenset[str]
    level: RepresentationLevel
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyDraft:
    """The certificate (DER) of a CBTD key; its holder is still named by the number in PDR."""

    record: PdrRecord
    holder: str
    certificate: bytes

    @property
    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate).hexdigest()


Draft: TypeAlias = PersonDraft | EntityDraft | AuthorisationDraft | KeyDraft


class RefusedRecordError(Exception):
    """A record is not entered; never leaves this package, callers get Problems."""

    def __init__(self, code: ProblemCode, field: str, message_pl: str, message_en: str) -> None:
        super().__init__(message_en)
        self.code = code
        self.field = field
        self.message_pl = message_pl
        self.message_en = message_en

    def about(self, record: PdrRecord) -> Problem:
        """The same, for the report."""
        return Problem(
            line=record.line,
            record=record.kind,
            id=record.id,
            code=self.code,
            field=self.field,
            message_pl=self.message_pl,
            message_en=self.message_en,
        )


def draft_of(record: PdrRecord, *, today: date) -> Draft:
    """What a record says.

    Args:
        record: as read.
        today: the day in Poland, from which rights without a first day hold.

    Raises:
        RefusedRecordError: it is no record of PDR, or a value breaks a rule.
    """
    kind = _kind(record)
    _check_fields(record, kind)
    try:
        _check_texts(record)
        return _of_kind(kind, record, today)
    except InvalidNumberError as error:
        raise RefusedRecordError(
            ProblemCode.BAD_NUMBER,
            error.kind,
            f"{error.kind} {error.value}: {error.reason_pl}",
            f"{error.kind} {error.value}: {error.reason_en}",
        ) from error
    except InvalidRecordError as error:
        raise _bad_value(error.field, error.reason) from error


def _check_texts(record: PdrRecord) -> None:
    """Nothing goes near a database that is no text."""
    clean_text("id", record.id, longest=_LONGEST_ID)
    for field, text in record.fields.items():
        if field != "certificate":  # base64 in lines, judged by itself
            clean_text(field, text, longest=_LONGEST_LIST)


def _of_kind(kind: PdrKind, record: PdrRecord, today: date) -> Draft:
    match kind:
        case PdrKind.PERSON:
            return _person(record)
        case PdrKind.ENTITY:
            return _entity(record)
        case PdrKind.AUTHORISATION:
            return _authorisation(record, today)
        case PdrKind.KEY:
            return _key(record)


def _bad_record(field: str, message_pl: str, message_en: str) -> RefusedRecordError:
    return RefusedRecordError(ProblemCode.BAD_RECORD, field, message_pl, message_en)


def _bad_value(field: str, reason: str) -> RefusedRecordError:
    return RefusedRecordError(
        ProblemCode.BAD_VALUE, field, f"Niedozwolona wartość pola {field}.", f"{field}: {reason}"
    )


def _kind(record: PdrRecord) -> PdrKind:
    if record.kind not in set(PdrKind):
        known = ", ".join(PdrKind)
        raise _bad_record(
            "record",
            f"Nieznany rodzaj rekordu {record.kind[:30]!r}; znane: {known}.",
            f"unknown kind of record {record.kind[:30]!r}; known are {known}",
        )
    return PdrKind(record.kind)


def _check_fields(record: PdrRecord, kind: PdrKind) -> None:
    fields = FIELDS[kind]
    for name in record.fields.keys() - fields.keys():
        raise _bad_record(
            name[:30],
            f"Rekord {kind} nie ma pola {name[:30]}.",
            f"a record of kind {kind} has no field {name[:30]}",
        )
    for name, needed in fields.items():
        if needed and name not in record.fields:
            raise _bad_record(name, f"Brak wymaganego pola {name}.", f"the field {name} must be given")


def _person(record: PdrRecord) -> PersonDraft:
    fields = record.fields
    pesel = parse_pesel(fields["pesel"]).number if "pesel" in fields else None
    document = clean_text("document", fields["document"], longest=50) if "document" in fields else None
    person = Person(
        id_sisc=fields.get("id_sisc") or _id_of_person(pesel, document),
        given_names=clean_text("given_names", fields["given_names"]) if "given_names" in fields else "",
        surname=clean_text("surname", fields["surname"]),
        pesel=pesel,
    )
    check_person(person)
    return PersonDraft(record=record, person=person, document=document)


def _id_of_person(pesel: str | None, document: str | None) -> str:
    """The ID SISC assigned: of the PESEL, else of the identity document."""
    if pesel is not None:
        return person_id_sisc(pesel)
    if document is None:
        raise _bad_record(
            "pesel",
            "Wymagany jest PESEL, dokument tożsamości albo ID SISC.",
            "a PESEL, an identity document or an ID SISC must be given",
        )
    country, _, number = document.partition(" ")
    if not _COUNTRY.fullmatch(country) or not any(map(str.isalnum, number)):
        raise _bad_value("document", "country (two capital letters), a blank, and the number are needed")
    return document_id_sisc(country, number)


def _entity(record: PdrRecord) -> EntityDraft:
    fields = record.fields
    numbers = tuple(
        (kind, parse_number(kind, number))
        for kind in _NUMBERS
        for number in _written(fields.get(kind.value, ""), several=kind is NumberKind.EXCISE)
    )
    known = dict(numbers)
    entity = Entity(
        id_sisc=fields.get("id_sisc")
        or entity_id_sisc(
            eori=known.get(NumberKind.EORI), nip=known.get(NumberKind.NIP), regon=known.get(NumberKind.REGON)
        ),
        name=clean_text("name", fields["name"]),
        numbers=numbers,
    )
    check_entity(entity)
    return EntityDraft(record=record, entity=entity, owner=fields.get("owner"))


def _written(text: str, *, several: bool) -> list[str]:
    """Numbers in a field: excise numbers may be several, the others are written with blanks at times."""
    if several:
        return text.split()
    return [text] if text else []


def _authorisation(record: PdrRecord, today: date) -> AuthorisationDraft:
    fields = record.fields
    systems = [system.upper() for system in fields["systems"].split()]
    for system in systems:
        if not SYSTEM_CODE.fullmatch(system):
            raise _bad_value("systems", f"{system[:30]!r} is no code of a system")
    draft = AuthorisationDraft(
        record=record,
        representative=fields["representative"],
        represented=fields["represented"],
        systems=same_scope(systems),
        level=_level(fields.get("level", RepresentationLevel.BASIC)),
        valid_from=_day("valid_from", fields.get("valid_from")) or today,
        valid_to=_day("valid_to", fields.get("valid_to")),
    )
    if draft.valid_to is not None and draft.valid_to < draft.valid_from:
        raise _bad_value("valid_to", "the last day lies before the first")
    return draft


def _level(text: str) -> RepresentationLevel:
    if text not in set(RepresentationLevel):
        raise _bad_value("level", f"must be one of {', '.join(RepresentationLevel)}")
    return RepresentationLevel(text)


def _day(field: str, text: str | None) -> date | None:
    if text is None:
        return None
    refusal = _bad_value(field, "a day is written YYYY-MM-DD")
    if not _DAY.fullmatch(text):  # Python would take other forms, too
        raise refusal
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refusal from error


def _key(record: PdrRecord) -> KeyDraft:
    try:
        certificate = base64.b64decode("".join(record.fields["certificate"].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedRecordError(
            ProblemCode.BAD_CERTIFICATE,
            "certificate",
            "Certyfikat nie jest zapisany w base64.",
            "the certificate is not DER in base64",
        ) from error
    return KeyDraft(record=record, holder=record.fields["holder"], certificate=certificate)
