"""How large the compiled form of an XSD pattern may get."""

import re
from typing import Final

__all__ = ["repetitions"]

_COUNTED: Final = re.compile(r"\{\d*,?(\d{1,18})\d*,?\}")
#: A class, an escape, a group's bounds, or anything else that is one character.
_TOKEN: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def repetitions(pattern: str) -> int:
    """How many copies of one part a pattern stands for: counts of groups within groups multiply.

    ``(a{1,20}b){1,30}`` stands for 600 copies of ``a``. Stars and pluses are loops and cost nothing.
    """
    largest = [1]  # copies within each open group, the outermost first
    position = 0
    while token := _TOKEN.match(pattern, position):
        position = token.end()
        if token[0] == "(":
            largest.append(1)
            continue
        copies = largest.pop() if token[0] == ")" and len(largest) > 1 else 1
        if counted := _COUNTED.match(pattern, position):
            position = counted.end()
            copies *= int(counted[1])
        largest[-1] = max(largest[-1], copies)
    return max(largest)
