"""Answers that wait to be sent: kept until the gateway has them, over restarts too."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, Text, delete, select
from sqlalchemy.dialects.sqlite import insert

from routing.adapters.answers import read_envelope, write_envelope
from routing.model import Answer
from routing.simulators.portions import at_most

__all__ = ["Outbox"]

_METADATA: Final = MetaData()
_WAITING: Final = Table(
    "remote_outbox",
    _METADATA,
    Column("seq", Integer, primary_key=True),
    Column("back_end_id", Text, nullable=False, unique=True),
    Column("envelope", LargeBinary, nullable=False),
)


class Outbox:
    """A table of a SQLite database.

    Args:
        engine: where it is; the table is made if there is none.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        _METADATA.create_all(engine)

    def put(self, answers: Sequence[Answer]) -> None:
        """Keep answers; those that wait already are kept once."""
        rows = [{"back_end_id": each.back_end_id, "envelope": write_envelope([each])} for each in answers]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(_WAITING).on_conflict_do_nothing(), rows)

    def oldest(self, limit: int) -> Sequence[Answer]:
        """Answers in the order they were put in, at most `limit`, and not many large ones at once."""
        query = select(_WAITING.c.envelope).order_by(_WAITING.c.seq).limit(limit)
        with self._engine.connect() as connection:
            envelopes = at_most(connection.scalars(query), len)
        return [answer for envelope in envelopes for answer in read_envelope(envelope)]

    def remove(self, answers: Sequence[Answer]) -> None:
        """Forget answers that were sent."""
        sent = [answer.back_end_id for answer in answers]
        with self._engine.begin() as connection:
            connection.execute(delete(_WAITING).where(_WAITING.c.back_end_id.in_(sent)))
