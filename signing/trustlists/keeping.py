"""What is kept of trusted lists, and the port behind which it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["HeldList", "ListCheck", "ListRepository", "ListVersions"]

#: Digest of the newest list of each territory: changes when, and only when, a list does.
ListVersions = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldList:
    """A list that was accepted."""

    territory: str  # "EU": the list of lists
    digest: str  # lower-case hexadecimal SHA-256 of the content
    sequence: int
    issued_at: datetime
    location: str  # where it was fetched
    signer: bytes  # certificate, DER
    content: bytes  # as fetched
    accepted_at: datetime

    @property
    def order(self) -> tuple[int, datetime]:
        """What a later list has more of."""
        return self.sequence, self.issued_at


@dataclass(frozen=True, kw_only=True, slots=True)
class ListCheck:
    """The last look at where a list is published."""

    territory: str
    location: str
    checked_at: datetime
    problem: str | None  # why the list there was not taken; None: it was, or is the one held


class ListRepository(Protocol):
    """Keeps accepted lists: the newest of each territory is in force, the others are evidence."""

    def versions(self) -> ListVersions:
        """Which lists are the newest; cheap, no content is read."""

    def newest(self, territory: str) -> HeldList | None:
        """The newest list of a territory."""

    def add(self, held: HeldList) -> None:
        """Keep a list; one that is kept already stays as it is."""

    def checks(self) -> Sequence[ListCheck]:
        """The last look at each list, by territory."""

    def record(self, check: ListCheck) -> None:
        """Replace the last look at a list."""
