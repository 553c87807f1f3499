"""Every message that the catalogue lets a simulated system send is sent in some story."""

from schemas.catalogue import load_builtin
from schemas.model import Direction
from tests.integration.routing.stories import recipes
from tests.integration.routing.test_routing_life_cycles import DECLARATIONS


def test_every_message_to_traders_can_be_had() -> None:
    types = load_builtin().types()
    to_traders = {
        (one.system, one.code)
        for one in types
        if one.direction is Direction.OUTBOUND and one.system in DECLARATIONS
    }
    assert to_traders - recipes().keys() == set()
