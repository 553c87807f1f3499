"""Rights that came from PDR: looked through and confirmed, or disputed, by the persons they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, Select, insert, select, update

from registry import tables
from registry.errors import InvalidRecordError, NotRegisteredError
from registry.history import Subject, history_row
from registry.pdr.records import PdrKind
from registry.representations import RepresentationRecords
from registry.rows import representation_row
from registry.texts import clean_text

__all__ = ["MigratedLink", "MigratedRecords", "Review"]


class Review(StrEnum):
    """What a person says of a right that came from PDR."""

    CONFIRMED = "confirmed"
    DISPUTED = "disputed"  # stays in force until the help desk has looked into it


@dataclass(frozen=True, kw_only=True, slots=True)
class MigratedLink:
    """A right that came from PDR."""

    source: str  # number in PDR
    representation: str  # id
    representative: str  # ID SISC
    represented: str  # ID SISC
    review: Review | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    note: str | None = None


def _links() -> Select[tuple[object, ...]]:
    table = tables.migrated.c
    return (
        select(
            tables.migrated,
            tables.representations.c.representative,
            tables.representations.c.represented,
        )
        .join_from(tables.representations, tables.migrated, table.party == tables.representations.c.id)
        .where(table.kind == PdrKind.AUTHORISATION.value)
        .order_by(table.source)
    )


def _link(row: RowMapping) -> MigratedLink:
    return MigratedLink(
        source=row["source"],
        representation=row["party"],
        representative=row["representative"],
        represented=row["represented"],
        review=None if row["review"] is None else Review(row["review"]),
        reviewed_at=row["reviewed_at"],
        reviewed_by=row["reviewed_by"],
        note=row["note"],
    )


class MigratedRecords(RepresentationRecords):
    """What came from PDR, on one connection; never commits."""

    def migrated_links(
        self,
        *,
        limit: int,
        after: str = "",
        party: str | None = None,
        review: Review | None = None,
        unreviewed: bool = False,
    ) -> Sequence[MigratedLink]:
        """Rights that came from PDR, in the order of their numbers there.

        Args:
            limit: at most so many.
            after: the last number of the page before.
            party: only those whose representative is this ID SISC.
            review: only those of which this was said.
            unreviewed: only those of which nothing was said yet.
        """
        query = _links().where(tables.migrated.c.source > after).limit(limit)
        if party is not None:
            query = query.where(tables.representations.c.representative == party)
        if review is not None:
            query = query.where(tables.migrated.c.review == review.value)
        if unreviewed:
            query = query.where(tables.migrated.c.review.is_(None))
        return [_link(row) for row in self._connection.execute(query).mappings()]

    def reviews(self, representations: Sequence[str]) -> dict[str, MigratedLink]:
        """Those of these representations that came from PDR."""
        query = _links().where(tables.migrated.c.party.in_(representations))
        found = [_link(row) for row in self._connection.execute(query).mappings()]
        return {link.representation: link for link in found}

    def review_link(
        self,
        representation_id: str,
        review: Review,
        *,
        operator: str,
        at: datetime,
        note: str | None = None,
        person_id: str | None = None,
    ) -> MigratedLink:
        """Say of a right that came from PDR whether it is right.

        Args:
            representation_id: the right.
            review: what is said; a later word replaces an earlier one.
            operator: who says it.
            at: when.
            note: in their own words; needed for a dispute.
            person_id: the person who says it, who must hold the right; None: the help desk.

        Raises:
            NotRegisteredError: no such right came from PDR, or it is somebody else's.
            InvalidRecordError: a dispute without a word.
        """
        if review is Review.DISPUTED and not note:
            raise InvalidRecordError(field="note", reason="say what is wrong with it")
        before = self._held(representation_id, person_id)
        values = {
            "review": review.value,
            "reviewed_at": at,
            "reviewed_by": operator,
            "note": None if note is None else clean_text("note", note),
        }
        self._connection.execute(
            update(tables.migrated).where(tables.migrated.c.source == before.source).values(values)
        )
        right = representation_row(self.get_representation(representation_id))
        row = history_row(
            Subject.REPRESENTATION,
            representation_id,
            review.value,
            operator=operator,
            at=at,
            before=right,
            after=right,
            document=f"PDR {before.source}",
            reason=note,
        )
        self._connection.execute(insert(tables.history), row)
        return self.reviews([representation_id])[representation_id]

    def _held(self, representation_id: str, person_id: str | None) -> MigratedLink:
        """The right, if it came from PDR and is the person's own or that of his own business."""
        link = self.reviews([representation_id]).get(representation_id)
        if link is not None and person_id is not None:
            owner = self.get_representation(representation_id).representative_owner
            if person_id not in {link.representative, owner}:
                link = None
        if link is None:
            raise NotRegisteredError(what="migrated right", key=representation_id)
        return link
