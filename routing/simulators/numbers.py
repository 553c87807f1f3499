"""Numbers that may be used once: LRNs, message numbers, MRNs and ARCs."""

from collections.abc import Callable
from itertools import count

from routing.simulators.ledger import Movement, Number, NumberKind
from routing.simulators.lifecycle import code_of

__all__ = ["NumberBook"]


class NumberBook:
    """Numbers that are used up, as far as a batch knows (implements `lifecycle.Numbers`)."""

    def __init__(self, system: str, seed: int, used: set[tuple[str, str, str]]) -> None:
        self._system = system
        self._seed = seed
        self.used = used
        self.new: list[Number] = []

    def take(self, kind: NumberKind, principal: str, value: str, sys_ref: str) -> None:
        """Use a number up; nothing where it is used up already."""
        number = Number(kind=kind, principal=principal, value=value, sys_ref=sys_ref)
        if number.key not in self.used:
            self.used.add(number.key)
            self.new.append(number)

    def state(self) -> int:
        """Where to go back to."""
        return len(self.new)

    def back_to(self, state: int) -> None:
        """Give numbers back that were taken since."""
        self.used -= {each.key for each in self.new[state:]}
        del self.new[state:]

    def is_free(self, principal: str, lrn: str) -> bool:
        """See `Numbers.is_free`."""
        return (NumberKind.LRN.value, principal, lrn) not in self.used

    def take_lrn(self, movement: Movement) -> None:
        """See `Numbers.take_lrn`."""
        self.take(NumberKind.LRN, movement.principal, movement.lrn, movement.sys_ref)

    def new_reference(self, movement: Movement, make: Callable[[str], str], length: int) -> str:
        """See `Numbers.new_reference`. Two meet by chance once in a billion."""
        facts = (str(self._seed), self._system, movement.principal, movement.lrn)
        made = (make(code_of(*facts, str(attempt), length=length)) for attempt in count())
        reference = next(one for one in made if (NumberKind.REFERENCE.value, "", one) not in self.used)
        self.take(NumberKind.REFERENCE, "", reference, movement.sys_ref)
        return reference
