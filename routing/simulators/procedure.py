"""What a simulated system is made of: requests, rules, answers. Each system fills them in its own module."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from routing.model import Delivery
from routing.simulators.ledger import MovementState
from routing.simulators.xml import Element
from schemas.model import MessageFacts

__all__ = [
    "Acceptance",
    "ErrorCode",
    "FunctionalError",
    "Message",
    "Procedure",
    "Request",
    "System",
    "code_of",
    "in_warsaw",
]

#: Customs messages give local times without zone.
_WARSAW = ZoneInfo("Europe/Warsaw")
#: Length of the message numbers that customs systems give.
_NUMBER_LENGTH = 14


@dataclass(frozen=True, kw_only=True)
class Request:
    """A document as the back end reads it."""

    delivery: Delivery
    root: Element  # without signature
    namespace: str  # of the elements below the root; empty: they have none
    facts: MessageFacts
    principal: str  # whose LRNs and message numbers must differ
    at: datetime  # when the back end takes it in, aware

    @property
    def lrn(self) -> str:
        """The LRN, empty where the message has none."""
        return self.facts.lrn or ""

    @cached_property
    def local(self) -> datetime:
        """`at` as the clock in Warsaw shows it."""
        return in_warsaw(self.at)

    @cached_property
    def timestamp(self) -> str:
        """`local` as xs:dateTime without zone and fraction (EU DDNTA, preparationDateAndTime)."""
        return self.local.strftime("%Y-%m-%dT%H:%M:%S")

    @cached_property
    def today(self) -> str:
        """`local` as xs:date."""
        return self.local.strftime("%Y-%m-%d")

    def text(self, path: str) -> str | None:
        """Text at a path below the root, local names only; None where the element is absent."""
        return self.root.findtext(path, namespaces=self._default)

    def first(self, path: str) -> Element | None:
        """The first element at a path."""
        return self.root.find(path, namespaces=self._default)

    def all(self, path: str) -> Iterable[Element]:
        """Every element at a path."""
        return self.root.iterfind(path, namespaces=self._default)

    @property
    def _default(self) -> dict[str, str] | None:
        return {"": self.namespace} if self.namespace else None

    def number(self, type_code: str) -> str:
        """The number of an answer of this type to this document: the same at every delivery."""
        return code_of(self.delivery.system, self.delivery.sys_ref, type_code, length=_NUMBER_LENGTH)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionalError:
    """A broken rule of the back end."""

    pointer: str  # path of the element, from the document element
    code: str  # of the system's list
    reason: str  # rule, at most 7 characters
    text: str  # in words, for systems whose messages have room for it
    value: str | None = None  # as declared


class ErrorCode(StrEnum):
    """Functional error codes that NCTS and AES share since phase 5 (EU DDNTA); AIS is simulated with them."""

    CODE_LIST = "12"  # a value is not in its code list
    RULE = "14"  # a rule or condition is broken
    DUPLICATE_MESSAGE = "26"  # the message number was used before


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A business message of the back end."""

    type_code: str
    number: str  # messageIdentification
    filename: str
    content: bytes
    mrn: str | None = None
    arc: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """A declaration that goes through."""

    messages: tuple[Message, ...]
    state: MovementState


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """How a system treats a declaration. All four parts are pure functions of the request."""

    #: The system's own rules on the content.
    check: Callable[[Request], Iterable[FunctionalError]]
    #: A new MRN or ARC; another one for every try. None: this declaration gets none yet.
    reference: Callable[[Request, int], str | None]
    #: Messages for a declaration in order, with its reference.
    accept: Callable[[Request, str | None], Acceptance]
    #: The functional rejection.
    reject: Callable[[Request, Sequence[FunctionalError]], Message]
    #: Paths of LRN and message number from the document element, for error pointers.
    lrn_pointer: str
    message_pointer: str
    #: Codes of the system for a broken rule, for an LRN and for a message number used before.
    rule_code: str = ErrorCode.RULE
    duplicate_lrn_code: str = ErrorCode.RULE
    duplicate_message_code: str = ErrorCode.DUPLICATE_MESSAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A simulated system: a message type more is an entry more in `procedures`."""

    code: str  # target-system code
    procedures: Mapping[str, Procedure]  # by message type


def in_warsaw(moment: datetime) -> datetime:
    """A moment as the clock in Warsaw shows it: messages and validity dates follow it."""
    return moment.astimezone(_WARSAW)


def code_of(*facts: str, length: int) -> str:
    """A code of capitals and digits (32 values per character) that depends on nothing but the facts."""
    digest = hashlib.sha256("\n".join(facts).encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:length]
