"""What the self-service tells, as values; the names on the wire are these in camelCase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

__all__ = ["Certificate", "EntityView", "HelpRequest", "LinkView", "MyAccount", "Number", "Page", "Right"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MyAccount:
    """The account that asks, and the person behind it."""

    login: str
    level: str
    id_sisc: str | None
    given_names: str | None
    surname: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A first link: a right of the person himself."""

    id: str
    entity: str
    name: str
    systems: Sequence[str]
    level: str
    valid_from: date
    valid_to: date | None
    ended_at: datetime | None
    in_force: bool
    migrated: bool
    review: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number of an entity."""

    kind: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityView:
    """An entity the person is linked to, or owns."""

    id_sisc: str
    name: str
    active: bool
    own: bool
    numbers: Sequence[Number]


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """For whom the person may act now."""

    entity: str
    name: str
    systems: Sequence[str]
    through: str | None
    valid_to: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """An SC certificate or CBTD key of the person."""

    kind: str  # SC or CBTD
    serial: str
    subject: str
    not_before: datetime
    not_after: datetime
    status: str  # active, held, revoked or expired


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpRequest:
    """A request to the help desk with its last answer."""

    number: int
    category: str
    status: str
    service: str
    system: str | None
    registered_at: datetime
    answered_at: datetime | None
    answer: str | None
    complaint_until: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some items; `next` goes into the call for the next page, None at the end."""

    items: Sequence[object]
    next: str | None = None
