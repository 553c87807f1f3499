"""What simulated back ends sign, as the real ones do: UPO and OdrzucenieKomunikatu, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from routing.tables import metadata
from signing.names import ds
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.sign import Sealer
from signing.trust import PinnedTrust
from signing.verify import verify
from tests.integration.gateway.world import catalogue, seal, validator
from tests.integration.routing.conftest import sqlite_engine
from tests.integration.routing.life import Life
from tests.integration.routing.test_routing_life_cycles import DECLARATIONS

SEALED = {"UPO", "OdrzucenieKomunikatu"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = sqlite_engine(tmp_path / "simulators.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("system", DECLARATIONS)
@pytest.mark.parametrize("scenario", ["D", "NUP", "REJ", "CTRL"])
def test_simulated_back_ends_seal_receipts_and_leave_business_messages_unsigned(
    engine: Engine, system: str, scenario: str
) -> None:
    life = Life(system=system, engine=engine, seal=Sealer(seal()))
    code, lrn = DECLARATIONS[system]
    answers = life.send(code, {lrn: f"{scenario}1"}) + life.later(days=4)

    for answer in answers:
        root = parse(answer.content, ParseLimits())
        assert (root.find(ds("Signature")) is not None) == (answer.type_code in SEALED)
    for answer in (each for each in answers if each.type_code in SEALED):
        root = parse(answer.content, ParseLimits())
        judged = verify(root, policy=MESSAGE_POLICY, trust=PinnedTrust([seal().certificate]), at=life.at)
        assert judged.passed, judged
        assert judged.signed_tree is not None
        assert validator().validate(judged.signed_tree, catalogue().get(answer.type_code)).valid
