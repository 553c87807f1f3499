"""What is known about message types: pure data, no files read here."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from schemas.findings import Finding

__all__ = [
    "Condition",
    "Direction",
    "IdentifierKind",
    "MessageFacts",
    "MessageType",
    "Party",
    "PartyPlace",
    "PartyRole",
    "Places",
    "RightsRule",
    "SchemaReport",
    "ValuePlace",
]


class Direction(StrEnum):
    """Who sends messages of a type."""

    INBOUND = "inbound"  # declarant to system (Polish: schemat wysyłki)
    OUTBOUND = "outbound"  # system to declarant


class IdentifierKind(StrEnum):
    """What kind of number names a party."""

    EORI = "eori"
    EXCISE = "excise"  # excise number of EMCS, 13 characters
    ID_SISC = "id_sisc"
    NIP = "nip"  # tax number; registration forms name entities by it


class PartyRole(StrEnum):
    """What a party is in a message, as far as rights are concerned."""

    PRINCIPAL = "principal"  # the firm the message is sent for
    REPRESENTATIVE = "representative"  # the agency named in the message


class RightsRule(StrEnum):
    """How it is decided whether the sender may send a message of a type."""

    PARTIES = "parties"  # a right for a principal named in the message is needed
    NONE = "none"  # no representation is needed (NCTS2)
    OWNER = "owner"  # the message names no party: the owner of its MRN/ARC/LRN decides
    OWNER_OR_SENDER = "owner_or_sender"  # or who sent what got the number (no right is needed)
    REGISTER = "register"  # the register itself examines the applicant (SZPROT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Something a document may say about itself."""

    xpath: str  # as of a PartyPlace
    value: str  # what must stand there


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyPlace:
    """Where a type names a party."""

    role: PartyRole
    kind: IdentifierKind
    xpath: str  # names without prefixes mean local names, e.g. "Declarant/identificationNumber"
    when: Condition | None = None  # the place counts only in documents that say this (SubmitterType of IE871)


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where a type keeps the numbers that identify and correlate it. Empty: the type has none."""

    own_id: tuple[str, ...] = ()  # the message's own number (messageIdentification, NrWlasny)
    lrn: tuple[str, ...] = ()
    mrn: tuple[str, ...] = ()
    arc: tuple[str, ...] = ()
    correlation: tuple[str, ...] = ()  # names the own number of the message answered


@dataclass(frozen=True, kw_only=True, slots=True)
class ValuePlace:
    """Where values stand that can be wrong although they have the form the schema asks for."""

    kind: str  # "mrn", "past", …, or the name of a code list
    place: str  # "GRN" or "Guarantee*/GRN": element, with its parent where the name alone does not tell


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageType:
    """One message type in one version."""

    code: str  # "CC015C"
    namespace: str
    root: str
    version: str  # of the schema, e.g. "51.8"
    system: str  # target-system code of the channel, e.g. "NCTS2"
    direction: Direction
    title_pl: str
    title_en: str
    schema: str  # path of the XSD, relative to its catalogue folder
    folder: Path = Path()  # the catalogue folder; nothing outside it is read while the schema is compiled
    part: str | None = (
        None  # name of the first child, where it tells types with the same root apart (UPP, NPP)
    )
    valid_from: date | None = None  # first day of validity, Europe/Warsaw; None: always
    valid_to: date | None = None  # last day of validity
    places: Places = field(default_factory=Places)
    parties: tuple[PartyPlace, ...] = ()
    values: tuple[ValuePlace, ...] = ()
    rights: RightsRule = RightsRule.PARTIES
    signature_required: bool = True
    passed_on: bool = False  # of an inbound type: the system sends it, too, to the other trader (IE818)
    pack: str | None = None  # the installed pack it comes from; None: one of our own

    def __hash__(self) -> int:
        """Of what tells types apart: several look-ups a document have a type as their key."""
        return hash((self.code, self.version, self.system))


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """A party read from a message."""

    role: PartyRole
    kind: IdentifierKind
    number: str
    line: int | None
    xpath: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFacts:
    """What a message says about itself. Read it from a verified tree before deciding anything on it."""

    own_id: str | None = None
    lrn: str | None = None
    more_lrns: tuple[str, ...] = ()  # of a message about several movements (IE825): all but the first
    mrn: str | None = None
    arc: str | None = None
    correlation: str | None = None
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaReport:
    """Whether a document is valid against its schema, and if not why."""

    valid: bool
    findings: tuple[Finding, ...] = ()  # the most useful first, at most MAX_FINDINGS
    total: int = 0  # how many there were before folding to MAX_FINDINGS
