"""A simulated system with a clock of its own: messages in, answers out, every one of them valid."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from lxml import etree
from sqlalchemy import Engine

from routing.backends import build_back_ends
from routing.model import Accepted, Answer, Delivery, Rejected
from routing.routes import AdapterKind, Route, RouteTable, SimulatorSettings
from routing.simulators.receipts import Seal
from routing.simulators.simulator import Simulator
from schemas.catalogue import Catalogue, load_builtin

__all__ = ["START", "Life", "in_version", "letter", "told"]

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
_LETTERS = Path(__file__).parent / "declarations"
_SETTINGS = SimulatorSettings(time_factor=1.0)
_NUMBERS = {"messageIdentification", "MessageIdentifier", "MesIdeMES19"}


@cache
def _builtin() -> Catalogue:
    return load_builtin()


@cache
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(path))


def letter(code: str, changes: Mapping[str, str | None] | None = None, *, number: str = "M1") -> bytes:
    """A message with other texts at some paths of local names; None takes the elements out."""
    root = etree.fromstring((_LETTERS / f"{code}.xml").read_bytes())
    own = next(one for one in root.iter() if etree.QName(one).localname in _NUMBERS)
    own.text = number
    for path, text in (changes or {}).items():
        found = root.findall("/".join(f"{{*}}{name}" for name in path.split("/")))
        assert found, f"{code} has no {path}"
        for one in found:
            parent = one.getparent()
            if text is None and parent is not None:
                parent.remove(one)
            else:
                one.text = text
    return etree.tostring(root)


def in_version(content: bytes, version: str) -> bytes:
    """An excise message in another version."""
    return re.sub(rb":V3[.]\d\d", b":V" + version.encode(), content)


def told(answer: Answer, name: str) -> list[str | None]:
    """Texts of the elements of a name."""
    return [found.text for found in etree.fromstring(answer.content).iterfind(f".//{{*}}{name}")]


@dataclass(kw_only=True)
class Life:
    """One system from the first message to the last."""

    system: str
    engine: Engine
    settings: SimulatorSettings = _SETTINGS
    at: datetime = START
    seal: Seal | None = None
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Build the simulator."""
        route = Route(system=self.system, adapter=AdapterKind.SIMULATOR, simulator=self.settings)
        built = build_back_ends(RouteTable([route]), self.engine, lambda: self.at, _builtin(), seal=self.seal)
        back_end = built[self.system]
        assert isinstance(back_end, Simulator)
        self.back_end = back_end

    def send(
        self, code: str, changes: Mapping[str, str | None] | None = None, *, version: str | None = None
    ) -> list[Answer]:
        """Deliver a message; the answers to its sender."""
        number = next(self.numbers)
        body = letter(code, changes, number=f"M{number}")
        return self.deliver(code, in_version(body, version) if version else body, number)

    def deliver(self, code: str, body: bytes, number: int) -> list[Answer]:
        """Deliver a document, anew or once more under its number."""
        delivery = Delivery(
            sys_ref=f"{self.system}-{number}",
            system=self.system,
            type_code=code,
            content=body,
            sha256=hashlib.sha256(body).hexdigest(),
            filename=None,
            received_at=self.at,
            person="PL00000000000001",
            middle=None,
            end=None,
            attempt=3,
        )
        [outcome] = self.back_end.deliver([delivery])
        assert isinstance(outcome, Accepted | Rejected), outcome
        for answer in outcome.answers:
            self.check(answer)
        return list(outcome.answers)

    def later(self, **time: float) -> list[Answer]:
        """Let time pass; what others are told and what happens meanwhile."""
        self.at += timedelta(**time)
        found: list[Answer] = []
        while answers := self.back_end.collect(50):
            for answer in answers:
                self.check(answer)
            self.back_end.settle(answers)
            found.extend(answers)
        return found

    def check(self, answer: Answer) -> None:
        """An answer is what it says it is, and valid."""
        root = etree.fromstring(answer.content)
        kind = _builtin().recognise(root, on=START.date())
        assert kind.code == answer.type_code
        assert kind.system in {self.system, "channel"}
        _schema(kind.folder / kind.schema).assertValid(root)
