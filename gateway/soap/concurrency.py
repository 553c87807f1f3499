"""How many requests of one account run at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from gateway.errors import TechnicalError

__all__ = ["AccountSlots"]


class AccountSlots:
    """A limit of simultaneous requests per account, within this process. Safe between threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._busy: Counter[str] = Counter()

    @contextmanager
    def hold(self, login: str) -> Iterator[None]:
        """Hold one slot of the account while the block runs.

        Raises:
            TechnicalError: E011, all slots are taken.
        """
        self._take(login)
        try:
            yield
        finally:
            self._give_back(login)

    def _take(self, login: str) -> None:
        with self._lock:
            if self._busy[login] >= self._limit:
                raise TechnicalError(
                    code="E011",
                    description=f"Limit of simultaneous connections exceeded: {self._limit} per account.",
                    headline="Przekroczono limit jednoczesnych połączeń",
                )
            self._busy[login] += 1

    def _give_back(self, login: str) -> None:
        with self._lock:
            self._busy[login] -= 1
            if not self._busy[login]:
                del self._busy[login]
