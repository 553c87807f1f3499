"""Which documents must reach a back end one after the other."""

from typing import Final

from schemas.model import MessageFacts

__all__ = ["order_key", "order_key_of"]

_LONGEST_NUMBER: Final = 70  # characters; what is longer is no LRN, MRN or ARC


def order_key(account: str, system: str, facts: MessageFacts) -> str | None:
    """What the documents of one sender about one movement have in common; None: about none.

    An amendment must not overtake the declaration it amends. Before a movement has an MRN or ARC, its
    messages name its LRN; a message that names the MRN was written after the back end gave it out.

    Args:
        account: login of the sender. The order between senders is nobody's promise, and nobody can make
            others wait by naming their numbers.
        system: target-system code: a system that is down makes no other one wait.
        facts: what the message says of itself, verified or not.
    """
    numbers = (("MRN", facts.mrn), ("ARC", facts.arc), ("LRN", facts.lrn))
    named = ((kind, number) for kind, number in numbers if number and len(number) <= _LONGEST_NUMBER)
    first = next(named, None)
    return "|".join((account, system, *first)) if first else None


def order_key_of(account: str, key: str | None, *, before: str) -> str | None:
    """The key of the same documents now that their sender has another login, as `move_account` changes it."""
    return key and account + key.removeprefix(before)
