"""How what is registered looks to the person it is about."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.self_service.model import (
    Certificate,
    EntityView,
    HelpRequest,
    LinkView,
    MyAccount,
    Number,
    Right,
)
from registry.migrated import MigratedLink
from registry.model import Account, Entity, Person, Representation
from registry.overview import EffectiveRight, Place
from registry.requests import Message, MessageKind, Request
from registry.rights import in_force
from signing.cbtd_register import SqlCbtdRegister
from signing.records import CertificateStatus
from signing.register import SqlCertificateRegister

__all__ = [
    "account_view",
    "certificate_views",
    "cursor_of",
    "entity_view",
    "link_view",
    "place_of",
    "request_view",
    "right_view",
]

_EXPIRED = "expired"
_PLACE_PARTS = 3


def account_view(account: Account, person: Person | None) -> MyAccount:
    """An account, and the person behind it."""
    return MyAccount(
        login=account.login,
        level=account.level.value,
        id_sisc=person.id_sisc if person else None,
        given_names=person.given_names if person else None,
        surname=person.surname if person else None,
    )


def link_view(
    link: Representation, names: Mapping[str, str], migrated: MigratedLink | None, at: datetime
) -> LinkView:
    """A first link, and what was said of it where it came from PDR."""
    return LinkView(
        id=link.id,
        entity=link.represented,
        name=names[link.represented],
        systems=sorted(link.systems),
        level=link.level.value,
        valid_from=link.valid_from,
        valid_to=link.valid_to,
        ended_at=link.ended_at,
        in_force=in_force(link, at),
        migrated=migrated is not None,
        review=migrated.review.value if migrated is not None and migrated.review is not None else None,
    )


def entity_view(entity: Entity, person: Person) -> EntityView:
    """An entity, and whether it is the person's own."""
    return EntityView(
        id_sisc=entity.id_sisc,
        name=entity.name,
        active=entity.active,
        own=entity.owner_person == person.id_sisc,
        numbers=[Number(kind=kind.value, value=number) for kind, number in entity.numbers],
    )


def right_view(right: EffectiveRight, names: Mapping[str, str]) -> Right:
    """An effective right."""
    return Right(
        entity=right.entity,
        name=names[right.entity],
        systems=sorted(right.systems),
        through=right.through,
        valid_to=right.valid_to,
    )


def certificate_views(connection: Connection, person: Person, at: datetime) -> Iterator[Certificate]:
    """A person's SC certificates, newest first, then CBTD keys."""
    for record in SqlCertificateRegister(connection).list_all(person_id=person.id_sisc):
        over = record.not_after <= at and record.status is not CertificateStatus.REVOKED
        yield Certificate(
            kind="SC",
            serial=record.serial,
            subject=record.subject,
            not_before=record.not_before,
            not_after=record.not_after,
            status=_EXPIRED if over else record.status.value,
        )
    for key in SqlCbtdRegister(connection).list_all(person_id=person.id_sisc):
        certificate = key.certificate
        yield Certificate(
            kind="CBTD",
            serial=f"{certificate.serial_number:x}",
            subject=certificate.subject.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            status=_EXPIRED if certificate.not_valid_after_utc <= at else CertificateStatus.ACTIVE.value,
        )


def request_view(request: Request, messages: Sequence[Message]) -> HelpRequest:
    """A request with its last answer."""
    answers = [message.text for message in messages if message.kind is MessageKind.ANSWER]
    return HelpRequest(
        number=request.number,
        category=request.category.value,
        status=request.status.value,
        service=request.service,
        system=request.system,
        registered_at=request.registered_at,
        answered_at=request.answered_at,
        answer=answers[-1] if answers else None,
        complaint_until=request.complaint_until,
    )


def cursor_of(place: Place | None) -> str | None:
    """A place between two pages as one word."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode("ascii")


def place_of(cursor: str | None) -> Place | None:
    """The place that `cursor_of` wrote; raises ValueError for anything else."""
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no place") from error
    words = parts if isinstance(parts, list) and len(parts) == _PLACE_PARTS else [None]
    if not all(isinstance(word, str) and word.isprintable() for word in words):
        raise ValueError("no place")
    representative, represented, identity = parts
    return representative, represented, identity
