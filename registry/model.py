"""Accounts, persons, entities and representations: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

__all__ = [
    "EVERY_ACTIVITY",
    "Account",
    "AccountLevel",
    "AccountStatus",
    "Activity",
    "Context",
    "Entity",
    "EntityStanding",
    "Granted",
    "Link",
    "NamedParty",
    "NumberKind",
    "Person",
    "PersonStanding",
    "Privilege",
    "RefusalReason",
    "Refused",
    "Representation",
    "RepresentationLevel",
    "RightsDecision",
]


class AccountLevel(StrEnum):
    """Scope of an account (e-Klient: zakres konta)."""

    BASIC = "basic"  # PODSTAWOWY: own name only
    EXTENDED = "extended"  # ROZSZERZONY: may be linked to entities


class AccountStatus(StrEnum):
    """Whether an account may log in."""

    ACTIVE = "active"
    LOCKED = "locked"  # after too many wrong digests; the help desk unlocks
    CLOSED = "closed"


class NumberKind(StrEnum):
    """Numbers by which an entity is found."""

    EORI = "eori"
    NIP = "nip"
    EXCISE = "excise"
    REGON = "regon"
    KRS = "krs"  # of the National Court Register
    ID_SISC = "id_sisc"  # a message may name a party by its ID SISC; never stored as a further number


class RepresentationLevel(StrEnum):
    """What a representation allows beside sending (WPE0001)."""

    BASIC = "basic"  # send and receive in the systems named
    EXTENDED = "extended"  # also change the entity's record and grant on


class Activity(StrEnum):
    """What a right lets its holder do in a target system."""

    SEND = "send"  # WYSYLANIE
    RECEIVE = "receive"  # ODBIOR
    VIEW = "view"  # PODGLAD


#: A system named without activities is open for all of them.
EVERY_ACTIVITY = frozenset(Activity)


class Privilege(StrEnum):
    """What a right lets its holder do with the entity itself; the extended level holds the first three."""

    UPDATE_ENTITY = "update_entity"  # AKTUALIZACJA_PODMIOTU
    LIST_REPRESENTATIVES = "list_representatives"  # LISTA_REPREZENTANTOW
    END_REPRESENTATIONS = "end_representations"  # DEZAKTYWACJA_REPREZENTACJI
    PAY = "pay"  # E_PLATNOSCI
    WIT = "wit"
    CDS = "cds"


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonStanding:
    """What a rights decision asks of a person."""

    id_sisc: str
    active: bool = True
    only_system: str | None = None  # target system beside SZPROT outside which the person may not act


@dataclass(frozen=True, kw_only=True, slots=True)
class Person(PersonStanding):
    """A natural person registered in SISC."""

    given_names: str
    surname: str
    pesel: str | None = None


class SignerKind(StrEnum):
    """What tells that a foreign signer is a person."""

    CERTIFICATE = "certificate"  # this very one
    IDENTIFIER = "identifier"  # a number in its subject, also of certificates to come


@dataclass(frozen=True, kw_only=True, slots=True)
class SignerBinding:
    """A foreign signer registered as a person."""

    kind: SignerKind
    value: str  # SHA-256 of the DER in hexadecimal, or the identifier
    person_id: str  # ID SISC
    added_at: datetime  # counts from then on


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A portal account: always of a natural person, never of a firm."""

    login: str  # e-mail address, lower case
    level: AccountLevel
    status: AccountStatus
    person_id: str | None  # ID SISC of the registered person linked to it
    failed_logins: int = 0  # consecutive wrong digests


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityStanding:
    """What a rights decision asks of an entity."""

    id_sisc: str
    active: bool = True
    owner_person: str | None = None  # ID SISC of the natural person whose own business this is


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity(EntityStanding):
    """A firm (or a person's business) registered in SISC."""

    name: str
    numbers: tuple[tuple[NumberKind, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Representation:
    """`representative` may act for `represented` in `systems` from `valid_from` to `valid_to`."""

    id: str
    representative: str  # ID SISC of a person (first link) or an entity (second link)
    represented: str  # ID SISC of an entity
    systems: frozenset[str]  # target-system codes
    level: RepresentationLevel
    valid_from: date  # first day, Europe/Warsaw
    valid_to: date | None = None  # last day; None: without term
    ended_at: datetime | None = None  # deactivated at this moment
    version: int = 1  # grows with every change; recorded as evidence
    activities: Mapping[str, frozenset[Activity]] = field(default_factory=dict)  # of systems not open for all
    privileges: frozenset[Privilege] = frozenset()
    substitution: bool = False  # the holder may pass on what he holds
    basis: str | None = None  # id of the right that was passed on; this one ends with it
    representative_active: bool = True  # as read: whether the representative's own record is active
    representative_owner: str | None = None  # as read: the person whose own business the representative is

    def allows(self, system: str, activity: Activity) -> bool:
        """Whether the right covers this activity in this target system, whatever its term."""
        return system in self.systems and activity in self.activities.get(system, EVERY_ACTIVITY)

    @property
    def readable(self) -> frozenset[str]:
        """Systems whose documents the right lets its holder see."""
        reading = {Activity.RECEIVE, Activity.VIEW}
        return frozenset(s for s in self.systems if reading & self.activities.get(s, EVERY_ACTIVITY))


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedParty:
    """A party a message names: what the rights decision is about."""

    kind: NumberKind
    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """In whose names a document is sent: the 1st, 2nd and 3rd grade of the channel."""

    person: str  # ID SISC (personSISC, idSiscROF)
    middle: str | None = None  # agency (middleSISC, idSiscROP)
    end: str | None = None  # firm (endSISC, idSiscP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A representation as it was when it was used: the evidence kept with a document."""

    representation: str
    version: int
    representative: str
    represented: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """The sender may send; `links` are the rights used (empty: own name, or none needed)."""

    context: Context
    links: tuple[Link, ...] = field(default=())


class RefusalReason(StrEnum):
    """Why a sender may not send; the values are the stable codes of findings."""

    ACCOUNT_INACTIVE = "ACCOUNT_INACTIVE"  # locked or closed
    NO_PERSON = "ACCOUNT_WITHOUT_PERSON"  # nobody registered behind the account
    PERSON_INACTIVE = "PERSON_INACTIVE"  # the registered person is deactivated
    BASIC_LEVEL = "ACCOUNT_BASIC_LEVEL"  # acting for others needs the extended level
    PARTY_UNKNOWN = "PARTY_NOT_REGISTERED"  # no entity has this number
    PARTY_INACTIVE = "PARTY_INACTIVE"  # the entity is deactivated
    PARTY_MISSING = "PARTY_MISSING"  # the message names nobody it is sent for
    NO_RIGHT = "NO_RIGHT"  # nothing links the sender with the entity
    RIGHT_NOT_YET_VALID = "RIGHT_NOT_YET_VALID"  # it begins on a later day
    RIGHT_EXPIRED = "RIGHT_EXPIRED"  # it ran out or was ended
    AGENCY_INACTIVE = "AGENCY_INACTIVE"  # the agency in between is deactivated
    WRONG_SCOPE = "RIGHT_FOR_OTHER_SYSTEMS"  # it does not cover the target system
    WRONG_ACTIVITY = "RIGHT_WITHOUT_SENDING"  # it covers the system, but not sending
    ONLY_OTHER_SYSTEM = "PERSON_FOR_ONE_SYSTEM_ONLY"  # the person is registered for another system alone
    OWNER_UNKNOWN = "NUMBER_OWNER_UNKNOWN"  # no document here got the MRN, ARC or LRN
    NOT_OWNER = "NUMBER_OF_ANOTHER_PERSON"  # the MRN, ARC or LRN was got by somebody else in his own name


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The sender may not send: which right is missing, for whom, how to obtain it."""

    reason: RefusalReason
    party: NamedParty | None
    message_pl: str
    message_en: str
    remedy_pl: str
    remedy_en: str


RightsDecision = Granted | Refused
