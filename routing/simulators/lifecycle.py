"""What a simulated system is made of: cases, steps, what it tells. Each system has modules of its own."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from routing.model import Delivery, Recipient
from routing.simulators.ledger import Movement, State
from routing.simulators.scenarios import Behaviour, Later, Scenario
from routing.simulators.shaping import Told
from routing.simulators.xml import Element, parse
from schemas.model import MessageFacts, MessageType
from schemas.wording import Text

__all__ = [
    "Case",
    "Codes",
    "Composer",
    "FunctionalError",
    "Header",
    "Numbers",
    "Reaction",
    "Request",
    "Side",
    "Start",
    "Step",
    "System",
    "Tell",
    "Trees",
    "code_of",
    "find_all_at",
    "find_at",
    "in_warsaw",
    "part_of",
    "text_at",
    "texts_at",
]


#: Customs messages give local times without zone.
_WARSAW = ZoneInfo("Europe/Warsaw")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A document as the back end reads it."""

    delivery: Delivery
    root: Element  # without signature
    content: bytes  # of that
    message_type: MessageType
    facts: MessageFacts
    principal: str  # whose LRNs and message numbers must differ

    @property
    def lrn(self) -> str:
        """The LRN, empty where the message has none."""
        return self.facts.lrn or ""

    @property
    def reference(self) -> str | None:
        """The MRN or ARC it is about."""
        return self.facts.mrn or self.facts.arc

    def pointer(self, kind: str) -> str:
        """Path of one of its numbers ("own_id", "lrn", "mrn" or "arc") from the document element."""
        paths: tuple[str, ...] = getattr(self.message_type.places, kind)
        return f"/{self.message_type.root}/{paths[0]}" if paths else f"/{self.message_type.root}"

    def text(self, path: str) -> str | None:
        """Text at a path below the root, local names only; None where the element is absent."""
        return text_at(self.root, path)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionalError:
    """A broken rule of the back end."""

    pointer: str  # path of the element, from the document element
    code: str  # of the system's list
    reason: str  # rule, at most 7 characters
    text: Text  # in words, for systems whose messages have room for it
    value: str | None = None  # as declared


class Side(StrEnum):
    """For whom a message is."""

    ACTOR = "actor"  # who sent the document that led to it
    OWNER = "owner"  # whose declaration began the movement
    COUNTERPART = "counterpart"  # who sent the last document of the other side


@dataclass(frozen=True, kw_only=True, slots=True)
class Tell:
    """A message to be written."""

    type_code: str
    changes: Mapping[str, Told] = field(default_factory=dict)  # what it adds to its source
    source: Element | None = None  # None: the document of the side it is for
    to: Side = Side.OWNER
    recipients: tuple[Recipient, ...] = ()  # other readers than that side
    movement: Movement | None = None  # it is about; None: that of the case


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A movement that begins beside the one at hand."""

    movement: Movement
    later: tuple[Later, ...] = ()  # what the system does with it of its own accord, none of it at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """What a step leads to."""

    tell: tuple[Tell, ...] = ()
    movement: Movement | None = None  # as it is afterwards; None: unchanged
    also: tuple[Start, ...] = ()
    later: tuple[Later, ...] = ()  # what the system does next of its own accord


class Numbers(Protocol):
    """Gives and keeps numbers that may be used once."""

    def new_reference(self, movement: Movement, make: Callable[[str], str], length: int) -> str:
        """A free MRN or ARC, used up from now on.

        Args:
            movement: for which; the same one gets the same at every start with the same seed.
            make: puts it together from a serial number.
            length: of that serial number, capitals and digits.
        """

    def is_free(self, principal: str, lrn: str) -> bool:
        """Whether an LRN may be used."""

    def take_lrn(self, movement: Movement) -> None:
        """Use up the LRN of a movement that begins beside the one at hand."""


class Trees:
    """Documents of one case, each read once: a large one takes ten times its size as a tree.

    Args:
        request: read already; None: the system acts of its own accord.
    """

    def __init__(self, request: Request | None) -> None:
        self._known = [] if request is None else [(request.content, request.root)]

    def of(self, content: bytes) -> Element:
        """The tree of a document, to be read only."""
        found = next((root for known, root in self._known if known is content), None)
        if found is None:
            found = parse(content)
            self._known.append((content, found))
        return found


#: Writes a message of a type from a source and what changes in it.
Composer: TypeAlias = "Callable[[Case, str, Element, Mapping[str, Told]], bytes]"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a step looks at."""

    at: datetime  # aware
    scenario: Scenario
    movement: Movement
    request: Request | None = None  # None: the system acts of its own accord
    numbers: "Numbers"
    composer: "Composer"
    trees: "Trees"

    @property
    def declaration(self) -> Element:
        """The declaration as last amended."""
        return self.trees.of(self.movement.declaration)

    @property
    def counterpart(self) -> Element:
        """The last document of the other side."""
        return self.trees.of(self.movement.counterpart)

    @property
    def asked(self) -> Request:
        """The document at hand; only steps that begin with one may ask for it."""
        return _there(self.request)

    @property
    def declarant(self) -> Side:
        """Whom a step of the declarant's side speaks to: who has just written, else the owner."""
        return Side.ACTOR if self.request is not None else Side.OWNER

    @property
    def reference(self) -> str:
        """MRN or ARC; only steps after its allocation may ask for it."""
        return _there(self.movement.reference)

    @cached_property
    def local(self) -> datetime:
        """The present moment as the clock in Warsaw shows it."""
        return in_warsaw(self.at)

    @cached_property
    def timestamp(self) -> str:
        """`local` as xs:dateTime without zone and fraction (EU DDNTA, preparationDateAndTime)."""
        return self.local.strftime("%Y-%m-%dT%H:%M:%S")

    @cached_property
    def zoned(self) -> str:
        """`local` as xs:dateTime with its zone."""
        return self.local.isoformat(timespec="seconds")

    @cached_property
    def today(self) -> str:
        """`local` as xs:date."""
        return self.day(timedelta())

    def day(self, ahead: timedelta) -> str:
        """A day to come as xs:date."""
        return (self.local + ahead).strftime("%Y-%m-%d")

    def declared(self, path: str) -> str:
        """Text in the declaration, empty where it is absent."""
        return text_at(self.declaration, path) or ""

    def fact(self, name: str) -> str:
        """Something noted earlier, empty where it is not known."""
        return self.movement.facts.get(name, "")

    def compose(self, type_code: str, source: Element, changes: Mapping[str, Told]) -> bytes:
        """A message of another type written for the system's own use, in the version of the one at hand.

        Raises:
            AnswerShapeError: it cannot be written by its schema.
        """
        return self.composer(self, type_code, source, changes)

    def next(self, point: str) -> tuple[Later, ...]:
        """What the scenario has for a turning point."""
        return self.scenario.plan[point]

    def moved(self, state: State, /, **facts: str) -> Movement:
        """The movement in another state, with more facts."""
        return replace(self.movement, state=state, facts={**self.movement.facts, **facts})

    def answered(self, state: State, /, **facts: str) -> Movement:
        """As `moved`, with the document at hand as the last one of the other side."""
        own = self.asked
        noted = {"counterpart_sys_ref": own.delivery.sys_ref, "counterpart_own_id": own.facts.own_id or ""}
        return replace(self.moved(state, **noted, **facts), counterpart=own.content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What the system does on a message, or of its own accord."""

    does: Callable[[Case], Reaction]
    within: frozenset[State] = frozenset()  # states in which it is in sequence; none: it begins a movement
    check: Callable[[Case], Iterable[FunctionalError]] = lambda _case: ()  # rules on the content
    from_elsewhere: bool = False  # may be about a movement declared in another country

    @property
    def begins(self) -> bool:
        """Whether it begins a movement."""
        return not self.within


@dataclass(frozen=True, kw_only=True, slots=True)
class Codes:
    """Functional error codes of a system."""

    rule: str = "14"
    missing: str = "13"
    duplicate_lrn: str = "14"
    duplicate_message: str = "26"
    unknown_reference: str = "90"
    out_of_sequence: str = "92"
    invalid_reference: str = "93"


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a message says about itself."""

    type_code: str
    number: str
    correlation: str | None  # number of the message answered
    sides: Element  # document of the reader: sender and recipient change places


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A simulated system."""

    code: str  # target-system code
    steps: Mapping[str, Step]  # by message type, and by names of its own events
    head: Callable[[Case, Header], Mapping[str, Told]]  # writes a header
    reject: Callable[[Case, Sequence[FunctionalError]], Tell | None]  # None: OdrzucenieKomunikatu
    faults: Mapping[Behaviour, Callable[[Case, Sequence[FunctionalError]], Tell]] = field(
        default_factory=dict
    )
    is_reference: Callable[[str], bool]  # form and check digit of MRN or ARC
    filename: Callable[[str, str], str] = lambda type_code, number: f"{type_code}_{number}.xml"
    codes: Codes = field(default_factory=Codes)
    prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by first letters of a type
    spare: Mapping[str, str] = field(default_factory=dict)  # see `shape`


def find_at(root: Element, path: str) -> Element | None:
    """The first element at a path of local names; elements of all namespaces count."""
    return root.find(_in_any_namespace(path))


def part_of(root: Element, path: str) -> Element:
    """An element that its schema demands, at a path of local names."""
    return _there(find_at(root, path))


def _there(value: T | None) -> T:
    """What a step may rely on: its state, or the schema of its message, says so."""
    if value is None:
        raise LookupError
    return value


def find_all_at(root: Element, path: str) -> list[Element]:
    """Every element at a path of local names."""
    return root.findall(_in_any_namespace(path))


def text_at(root: Element, path: str) -> str | None:
    """Text of the first element at a path of local names."""
    return root.findtext(_in_any_namespace(path))


def texts_at(root: Element, path: str) -> list[str | None]:
    """Texts of all elements at a path of local names."""
    return [found.text for found in find_all_at(root, path)]


def _in_any_namespace(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def in_warsaw(moment: datetime) -> datetime:
    """A moment as the clock in Warsaw shows it: messages and validity dates follow it."""
    return moment.astimezone(_WARSAW)


def code_of(*facts: str, length: int) -> str:
    """A code of capitals and digits (32 values per character) that depends on nothing but the facts."""
    digest = hashlib.sha256("\n".join(facts).encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:length]
