"""From the lists that are kept to those in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.trustlists.errors import TrustListError
from signing.trustlists.keeping import HeldList, ListRepository
from signing.trustlists.model import Pointer
from signing.trustlists.names import EU_GENERIC
from signing.trustlists.service import ListsInForce
from signing.trustlists.verification import VerifiedList, verify_list, verify_pointed

__all__ = [
    "LIST_OF_LISTS",
    "LoadedLists",
    "hold",
    "load_list_of_lists",
    "load_lists",
    "pointers_by_territory",
]

#: Territory of the list of lists.
LIST_OF_LISTS: Final = "EU"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedLists:
    """What could be put in force, and what not."""

    in_force: ListsInForce
    problems: Mapping[str, TrustListError]  # by territory


def hold(verified: VerifiedList, *, location: str, accepted_at: datetime) -> HeldList:
    """A verified list as it is kept."""
    scheme = verified.list.scheme
    return HeldList(
        territory=scheme.territory,
        digest=verified.digest,
        sequence=scheme.sequence,
        issued_at=scheme.issued_at,
        location=location,
        signer=verified.signer.public_bytes(Encoding.DER),
        content=verified.data,
        accepted_at=accepted_at,
    )


def pointers_by_territory(list_of_lists: VerifiedList) -> Mapping[str, Pointer]:
    """Where the national lists are: pointers to a PDF and to the list of lists itself are left out."""
    return {
        pointer.territory: pointer
        for pointer in list_of_lists.list.pointers
        if pointer.readable and pointer.list_type == EU_GENERIC and pointer.territory
    }


def load_list_of_lists(repository: ListRepository) -> VerifiedList | None:
    """The list of lists that is kept, verified again; None before there is one.

    Raises:
        TrustListError: it is not as it was when it was accepted.
    """
    held = repository.newest(LIST_OF_LISTS)
    return None if held is None else _as_accepted(held)


def load_lists(repository: ListRepository, *, grace: timedelta) -> LoadedLists:
    """Put the newest lists in force; each is verified again, as at the time when it was accepted.

    A national list whose signer the list of lists does not name any more is left out: its key may be in
    the wrong hands. The first list that a named signer has signed takes its place.

    Args:
        repository: where they are kept.
        grace: how long after its next update a list is still used.
    """
    problems: dict[str, TrustListError] = {}
    list_of_lists = _load(repository.newest(LIST_OF_LISTS), _as_accepted, problems)
    pointers = pointers_by_territory(list_of_lists) if list_of_lists else {}
    national = [
        _load(repository.newest(territory), _by(pointers[territory]), problems)
        for territory in sorted(repository.versions().keys() & pointers)
    ]
    in_force = ListsInForce(list_of_lists, [found for found in national if found], grace=grace)
    return LoadedLists(in_force=in_force, problems=problems)


def _load(
    held: HeldList | None,
    verify: Callable[[HeldList], VerifiedList],
    problems: dict[str, TrustListError],
) -> VerifiedList | None:
    if held is None:
        return None
    try:
        return verify(held)
    except TrustListError as error:
        problems[held.territory] = error
        return None


def _as_accepted(held: HeldList) -> VerifiedList:
    """The list of lists: pins and pivots were followed when it was accepted."""
    signer = x509.load_der_x509_certificate(held.signer)
    return verify_list(held.content, signers=[signer], at=held.accepted_at)


def _by(pointer: Pointer) -> Callable[[HeldList], VerifiedList]:
    return lambda held: verify_pointed(held.content, pointer, at=held.accepted_at)
