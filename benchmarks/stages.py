"""Cost by stage, and the floor: what one document needs whatever the program around it."""

import itertools
from collections.abc import Callable

from sqlalchemy import text

from benchmarks.workshop import Workshop, measure
from gateway import clock
from gateway.clock import warsaw_day
from gateway.receipts import ReceiptFacts
from schemas.facts import read_facts
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.trust import PinnedTrust
from signing.verify import verify

__all__ = ["measure_floor", "measure_stages"]

_TIMES = 300
_COMMITS = 3
Figures = dict[str, float]


def measure_floor(workshop: Workshop) -> Figures:
    """Parse, strict verification, XSD, one P-256 seal, three durable commits: CPU and wall milliseconds."""
    steps = _primitives(workshop)
    figures = [measure(step, times=_TIMES) for step in steps.values()]
    commit = measure(_commit(workshop), times=_TIMES)
    total = {kind: sum(f[kind] for f in figures) + _COMMITS * commit[kind] for kind in ("cpu", "wall")}
    return {kind: round(value, 3) for kind, value in total.items()}


def measure_stages(workshop: Workshop) -> dict[str, Figures]:
    """Each stage alone."""
    stages = {**_primitives(workshop), "durable commit": _commit(workshop), **_further(workshop)}
    return {name: measure(step, times=_TIMES) for name, step in stages.items()}


def _primitives(workshop: Workshop) -> dict[str, Callable[[], object]]:
    content = workshop.signed()
    limits = ParseLimits()
    trust = PinnedTrust([workshop.key.certificate])
    catalogue, validator = workshop.gateway.catalogue, workshop.gateway.validator
    tree = parse(content, limits)
    message_type = catalogue.recognise(tree, on=warsaw_day(clock.now()))
    trees = [parse(content, limits) for _ in range(_TIMES + 1)]
    receipts = workshop.gateway.verification.receipts
    facts = ReceiptFacts(
        sys_ref=clock.new_id(),
        own_id="1",
        system="NCTS2",
        received_at=clock.now(),
        sender_name="Jan Kowalski",
        sender_id="00000080010112340",
        sender_id_kind="IdSISC",
        sha256="0" * 64,
    )

    def verify_next() -> None:
        verdict = verify(trees.pop(), policy=MESSAGE_POLICY, trust=trust, at=clock.now())
        assert verdict.passed, verdict.fault

    def validate() -> None:
        assert validator.validate(tree, message_type).valid

    return {
        "parse": lambda: parse(content, limits),
        "strict verification": verify_next,
        "XSD": validate,
        "P-256 seal": lambda: receipts.upp(facts, clock.now()),
    }


def _commit(workshop: Workshop) -> Callable[[], None]:
    """One small durable transaction of the same database, without anything of ours around it."""
    engine = workshop.gateway.store.engine
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS bench (n INTEGER)"))
    numbers = itertools.count()

    def commit() -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO bench VALUES (:n)"), {"n": next(numbers)})

    return commit


def _further(workshop: Workshop) -> dict[str, Callable[[], object]]:
    content = workshop.signed()
    tree = parse(content, ParseLimits())
    catalogue = workshop.gateway.catalogue
    today = warsaw_day(clock.now())
    message_type = catalogue.recognise(tree, on=today)
    return {
        "recognise": lambda: catalogue.recognise(tree, on=today),
        "read facts": lambda: read_facts(tree, message_type),
    }
