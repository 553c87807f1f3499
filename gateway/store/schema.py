"""All tables of the product. Each package owns its own; they live in one database and migrate together."""

from sqlalchemy import MetaData

import registry.tables
import routing.tables
import signing.tables
from gateway.store import tables

__all__ = ["METADATA"]

#: What the migrations lead to.
METADATA: tuple[MetaData, ...] = (
    tables.metadata,
    registry.tables.metadata,
    routing.tables.metadata,
    signing.tables.metadata,
)
