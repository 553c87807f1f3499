"""Whatever the simulators answer to samples is valid against its schema, delayed answers included."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from sqlalchemy import create_engine

from gateway.samples.making import SampleMaker, written
from routing.backends import build_back_ends
from routing.model import Accepted, Answer, AnswerSource, BackEnd, Delivery, Rejected
from routing.routes import default_routes
from routing.tables import metadata
from schemas.catalogue import load_builtin
from schemas.facts import read_facts
from schemas.model import Direction, MessageType
from schemas.paths import local_name
from schemas.validation import Validator

START = datetime(2026, 3, 30, 12, tzinfo=UTC)
CATALOGUE = load_builtin()
VALIDATOR = Validator(CATALOGUE)
MAKER = SampleMaker(validator=VALIDATOR)
SCENARIOS = ("", "REJ", "NUP")
SEEDS = range(1)
#: Elements with the LRN, and with the number that a system gives.
LRNS = {"LRN", "lrn", "RefNumHEA4", "LocalReferenceNumber"}
REFERENCES = {"MRN", "mrn", "DocNumHEA5", "AdministrativeReferenceCode"}
#: What each system answers at least.
EXPECTED = {
    "NCTS2": {"UPO", "OdrzucenieKomunikatu", "CC928C", "CC028C", "CC029C", "CC056C"},
    "AES": {"UPO", "OdrzucenieKomunikatu", "CC528C", "CC529C", "CC556C"},
    "AIS": {"UPO", "OdrzucenieKomunikatu", "ZC428", "ZC429", "ZC416"},
    "EMCSPL2": {"UPO", "OdrzucenieKomunikatu", "IE801", "IE704"},
}


class Exchange:
    """A simulator, its clock, and what it was sent and has answered."""

    def __init__(self, system: str) -> None:
        self.system = system
        self.now = START
        self.answers: list[Answer] = []
        self._number = 0
        engine = create_engine("sqlite://")
        metadata.create_all(engine)
        self._back_end: BackEnd = build_back_ends(default_routes(), engine, lambda: self.now, CATALOGUE)[
            system
        ]

    def send(self, kind: MessageType, root: etree._Element) -> tuple[Answer, ...]:
        self._number += 1
        content = written(root)
        delivery = Delivery(
            sys_ref=f"s{self._number}",
            system=self.system,
            type_code=kind.code,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            filename=None,
            received_at=self.now,
            person="00000080010112340",
            middle=None,
            end=None,
        )
        [outcome] = self._back_end.deliver([delivery])
        assert isinstance(outcome, Accepted | Rejected)
        self.answers.extend(outcome.answers)
        return outcome.answers

    def wait(self) -> None:
        """Let time pass, and fetch what is due then."""
        self.now += timedelta(days=30)
        if isinstance(self._back_end, AnswerSource):
            while due := self._back_end.collect(100):
                self.answers.extend(due)
                self._back_end.settle(due)


def inbound(system: str) -> list[MessageType]:
    return [one for one in CATALOGUE.types() if one.direction is Direction.INBOUND and one.system == system]


def samples(kind: MessageType) -> Iterator[etree._Element]:
    """Samples for every scenario, each with an LRN of its own."""
    for seed in SEEDS:
        for place, scenario in enumerate(SCENARIOS):
            root = MAKER.make(kind, seed=seed)
            put(root, LRNS, f"{scenario}{kind.code[-4:]}{kind.version.replace('.', '')}{seed}{place}")
            yield root


def put(root: etree._Element, names: set[str], value: str) -> None:
    for element in root.iter("*"):
        if local_name(element) in names:
            element.text = value


def assert_valid(answer: Answer) -> None:
    root = etree.fromstring(answer.content)
    kind = CATALOGUE.recognise(root, on=START.date())
    assert kind.direction is Direction.OUTBOUND or kind.code == answer.type_code
    report = VALIDATOR.validate(root, kind)
    assert report.valid, (answer.type_code, report.findings[0])


@pytest.mark.parametrize("system", EXPECTED)
def test_every_answer_to_samples_is_valid(system: str) -> None:
    exchange = Exchange(system)
    references = []
    for kind in inbound(system):
        for root in samples(kind):
            references += [one.mrn or one.arc for one in exchange.send(kind, root)]
    for number, reference in enumerate(filter(None, dict.fromkeys(references))):
        for kind in inbound(system):
            root = MAKER.make(kind, seed=number)
            if read_facts(root, kind).mrn or read_facts(root, kind).arc:
                put(root, REFERENCES, reference)
                exchange.send(kind, root)
    exchange.wait()

    for answer in exchange.answers:
        assert_valid(answer)
    assert {answer.type_code for answer in exchange.answers} >= EXPECTED[system]
