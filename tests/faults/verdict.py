"""What has become of every promise."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from gateway.store import tables
from gateway.store.sql_store import SqlStore
from tests.acceptance.messages import FIRST_ANSWERS

__all__ = ["Verdict", "judge"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Promises kept and broken."""

    promised: int
    stored: int  # documents, those included whose sysRef got lost on its way to the sender
    lost: Mapping[str, str]  # sysRef → what is missing
    doubled: Mapping[str, str]  # sysRef → what is there more than once

    def lines(self) -> list[str]:
        """For people."""
        told = [f"promised {self.promised}, stored {self.stored}"]
        told += [f"{len(self.lost)} lost, {len(self.doubled)} doubled"]
        return told + [f"  {ref}: {what}" for ref, what in {**self.lost, **self.doubled}.items()]


def judge(store: SqlStore, promised: Sequence[str], deliveries: Mapping[str, int]) -> Verdict:
    """Compare what was promised with what is there.

    Args:
        store: of the gateway, at rest.
        promised: every sysRef that was returned to a sender.
        deliveries: sysRef → how often the back end shows the document.
    """
    with store.read() as work:
        columns = select(tables.documents.c.sys_ref, tables.documents.c.type_code)
        stored = {
            row.sys_ref: Counter(FIRST_ANSWERS[row.type_code][1]) for row in work.connection.execute(columns)
        }
        replies: defaultdict[str, Counter[str]] = defaultdict(Counter)
        told = select(tables.replies.c.correlation_sys_ref, tables.replies.c.type_code)
        for row in work.connection.execute(told):
            replies[row.correlation_sys_ref][row.type_code] += 1
    lost, doubled = {}, {}
    for ref in sorted({*promised, *stored}):
        expected = stored.get(ref, Counter())
        missing, extra = expected - replies[ref], replies[ref] - expected
        if ref not in stored or missing or not deliveries.get(ref):
            lost[ref] = f"lacks {dict(missing)}, delivered {deliveries.get(ref, 0)} times"
        if extra or deliveries.get(ref, 0) > 1 or promised.count(ref) > 1:
            doubled[ref] = f"has too many {dict(extra)}, delivered {deliveries.get(ref, 0)} times"
    return Verdict(promised=len(promised), stored=len(stored), lost=lost, doubled=doubled)
