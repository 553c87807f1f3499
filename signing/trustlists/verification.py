"""Whether a list may be believed: its signature, its signer, its place in the order of lists.

The list of lists is believed by signers that the operator pins, as the Official Journal announces them;
changes since then are announced by pivots, each signed by those of the one before (TS 119 615 §4.1).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from cryptography import x509

from signing.errors import SigningError
from signing.faults import Rule, fault
from signing.names import DS
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.trust import date_fault
from signing.trustlists.errors import ListMismatchError, ListRollbackError, ListSignatureError, TrustListError
from signing.trustlists.keeping import HeldList
from signing.trustlists.model import Pointer, TrustedList
from signing.trustlists.names import EU_LIST_OF_LISTS
from signing.trustlists.parsing import parse_list, read_list
from signing.verdict import TrustDecision
from signing.verify import verify

__all__ = [
    "TRUSTED_LIST_POLICY",
    "VerifiedList",
    "check_not_older",
    "pivots_of",
    "self_pointer",
    "verify_list",
    "verify_list_of_lists",
    "verify_pointed",
]

#: The profile of lists (TS 119 612 §B.1), as the message profile but for what follows.
#: SHA-1 in CertDigest: most real lists of 2019 to 2021 have it, and it decides nothing, since the signer must
#: be equal to a certificate that the pointer names.
#: XAdES only, and "enveloped" only by its own transform: the standard says so.
#: Comments: an operator may write some. They are not signed, but the reader refuses any inside a value.
TRUSTED_LIST_POLICY: Final[SignaturePolicy] = replace(
    MESSAGE_POLICY,
    name="trusted-list",
    certificate_digests=MappingProxyType({**MESSAGE_POLICY.certificate_digests, f"{DS}sha1": "sha1"}),
    plain=frozenset(),
    literal_xpath=False,
    comments=True,
)

#: Pivots are signed by hand, some time after the date of issue that they are judged at.
_PIVOT_POLICY: Final = replace(TRUSTED_LIST_POLICY, name="pivot", clock_skew=timedelta(days=31))
_PIVOT_MARK: Final = "-pivot-"
_MOST_PIVOTS: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedList:
    """A list whose signature is good and whose signer was announced."""

    list: TrustedList
    signer: x509.Certificate
    digest: str  # lower-case hexadecimal SHA-256 of its bytes
    data: bytes  # as fetched

    @property
    def territory(self) -> str:
        """Whose list it is, e.g. "PL"; "EU" for the list of lists."""
        return self.list.scheme.territory


class _ListSigners:
    """Trusts the certificates that a pointer names, as they are; their dates do apply."""

    def __init__(self, certificates: Collection[x509.Certificate]) -> None:
        self._certificates = frozenset(certificates)

    def judge(
        self,
        certificate: x509.Certificate,
        *,
        candidates: Sequence[x509.Certificate],  # noqa: ARG002 - the signer must be named itself
        at: datetime,
    ) -> TrustDecision:
        """See TrustSource."""
        if certificate not in self._certificates:
            return TrustDecision(fault=fault(Rule.TL_SIGNER, subject=certificate.subject.rfc4514_string()))
        return TrustDecision(fault=date_fault(certificate, at))


def verify_list(data: bytes, *, signers: Collection[x509.Certificate], at: datetime) -> VerifiedList:
    """Verify and read a list.

    Args:
        data: as fetched.
        signers: who may sign it.
        at: when it was fetched, with zone; the signer's certificate must be valid then.

    Raises:
        ListFormatError: not a list of TS 119 612.
        ListSignatureError: the signature is not good, or by somebody else.
    """
    return _verified(data, signers=signers, at=at, policy=TRUSTED_LIST_POLICY)


def _verified(
    data: bytes, *, signers: Collection[x509.Certificate], at: datetime, policy: SignaturePolicy
) -> VerifiedList:
    root = parse_list(data)
    verdict = verify(root, policy=policy, trust=_ListSigners(signers), at=at)
    if verdict.fault is not None:
        raise ListSignatureError(fault=verdict.fault)
    if verdict.signed_tree is None or verdict.signer is None:
        raise SigningError("a verdict that passed has a tree and a signer")  # a defect of ours
    return VerifiedList(
        list=read_list(verdict.signed_tree),
        signer=verdict.signer.certificate,
        digest=sha256(data).hexdigest(),
        data=data,
    )


def verify_pointed(data: bytes, pointer: Pointer, *, at: datetime) -> VerifiedList:
    """Verify a list that a pointer leads to.

    Raises:
        TrustListError: see `verify_list`; also ListMismatchError where it is not the list promised.
    """
    verified = verify_list(data, signers=pointer.certificates, at=at)
    scheme = verified.list.scheme
    _check_same("territory", pointer.territory, scheme.territory)
    _check_same("type", pointer.list_type, scheme.list_type)
    return verified


def _check_same(what: str, expected: str | None, found: str) -> None:
    if expected != found:
        raise ListMismatchError(what=what, expected=expected or "", found=found)


def check_not_older(new: VerifiedList, held: HeldList | None) -> None:
    """Refuse to go back: a list with a smaller number, or an earlier one with the same number.

    Raises:
        ListRollbackError: the new list is older than the one held.
    """
    scheme = new.list.scheme
    if held is not None and (scheme.sequence, scheme.issued_at) < held.order:
        raise ListRollbackError(territory=new.territory, sequence=scheme.sequence, held=held.sequence)


def self_pointer(list_of_lists: TrustedList) -> Pointer:
    """The pointer of the list of lists to itself: who may sign the next one.

    Raises:
        ListMismatchError: it is no list of lists (national lists have such a pointer, too), or has none.
    """
    for pointer in list_of_lists.pointers if list_of_lists.is_list_of_lists else ():
        if pointer.readable and pointer.list_type == EU_LIST_OF_LISTS:
            return pointer
    raise ListMismatchError(what="type", expected=EU_LIST_OF_LISTS, found=list_of_lists.scheme.list_type)


def pivots_of(list_of_lists: TrustedList) -> tuple[str, ...]:
    """Where the pivots are, oldest first; the list names the newest first."""
    addresses = [address.text for address in list_of_lists.scheme.information]
    pivots = [address for address in addresses if _PIVOT_MARK in address.lower()]
    return tuple(reversed(dict.fromkeys(pivots[:_MOST_PIVOTS])))


def verify_list_of_lists(
    data: bytes, *, pinned: Collection[x509.Certificate], fetch: Callable[[str], bytes], at: datetime
) -> VerifiedList:
    """Verify the list of lists, by the pinned signers or else by those that its pivots lead to.

    Args:
        data: as fetched.
        pinned: signers from the configuration.
        fetch: the bytes of a pivot; its errors pass through.
        at: when it was fetched, with zone.

    Raises:
        TrustListError: see `verify_list`; also where it is no list of lists, or a pivot is not good.
    """
    try:
        verified = verify_list(data, signers=pinned, at=at)
    except ListSignatureError as error:
        if error.fault.rule != Rule.TL_SIGNER:
            raise
        signers = _signers_after_pivots(data, pinned=pinned, fetch=fetch)
        verified = verify_list(data, signers=signers, at=at)
    self_pointer(verified.list)
    return verified


def _signers_after_pivots(
    data: bytes, *, pinned: Collection[x509.Certificate], fetch: Callable[[str], bytes]
) -> tuple[x509.Certificate, ...]:
    """Who may sign the list of lists now: follows the pivots from the pinned signers on.

    What the list says of pivots is used before its signature is verified: a false pivot is signed by nobody
    whom the one before announces, so it announces nobody. A pivot that the pinned signers have not signed is
    passed over as long as none has been followed: pins may be newer than it.
    """
    signers, followed = tuple(pinned), False
    for address in pivots_of(read_list(parse_list(data))):
        try:
            signers, followed = _announced_by(fetch(address), signers), True
        except TrustListError:
            if followed:
                raise
    return signers


def _announced_by(data: bytes, signers: Collection[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The signers that a pivot announces. It is history: its signer had to be valid when it was issued."""
    issued_at = read_list(parse_list(data)).scheme.issued_at
    pivot = _verified(data, signers=signers, at=issued_at, policy=_PIVOT_POLICY)
    return self_pointer(pivot.list).certificates
