"""Foreign signers: certificates that name no PESEL, registered as a person's by hand."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from registry import tables
from registry.days import require_zone
from registry.errors import AlreadyRegisteredError, InvalidRecordError, NotRegisteredError
from registry.history import Subject
from registry.model import SignerBinding, SignerKind
from registry.parties import PartyRecords

__all__ = ["SignerRecords"]

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
#: Kind of identity, country, number (EN 319 412-1 §5.1.3): PNODE-…, IDCCZ-…, PASUA-…, TINSK-…, or AA:BB-….
_IDENTIFIER: Final = re.compile(r"(?:[A-Z]{3}|[A-Z]{2}:)[A-Z]{2}-\S.{0,150}")
_PESEL: Final = "PNOPL-"


def _check(binding: SignerBinding) -> None:
    if binding.kind is SignerKind.CERTIFICATE:
        if not _FINGERPRINT.fullmatch(binding.value):
            raise InvalidRecordError(
                field="certificate", reason="64 hexadecimal digits in small letters expected"
            )
        return
    if not _IDENTIFIER.fullmatch(binding.value):
        reason = (
            f"{binding.value!r} names no country, so it may be another person's elsewhere; "
            "register the certificate instead"
        )
        raise InvalidRecordError(field="identifier", reason=reason)
    if binding.value.startswith(_PESEL):
        raise InvalidRecordError(field="identifier", reason="a PESEL belongs to the data of the person")


class SignerRecords(PartyRecords):
    """Whose qualified certificates are, where the certificate alone does not tell by PESEL."""

    def add_signer(
        self, person_id: str, kind: SignerKind, value: str, *, operator: str, at: datetime
    ) -> SignerBinding:
        """Register that signatures with a certificate, or with an identifier in its subject, are a person's.

        Args:
            person_id: ID SISC.
            kind: what is bound.
            value: SHA-256 of the certificate's DER in hexadecimal, or the identifier as the subject has it.
            operator: by whose hand.
            at: from when it counts, with zone.

        Raises:
            NotRegisteredError: there is no such person.
            InvalidRecordError: the value is none of its kind.
            AlreadyRegisteredError: it is bound already, to this person or another.
        """
        binding = SignerBinding(kind=kind, value=value, person_id=person_id, added_at=require_zone(at))
        _check(binding)
        self.get_person(person_id)
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(tables.signers), _row(binding))
        except IntegrityError as error:
            raise AlreadyRegisteredError(what=kind.value, key=value) from error
        self._note_signer(binding, "signer added", operator=operator, at=at)
        return binding

    def remove_signer(
        self, person_id: str, kind: SignerKind, value: str, *, operator: str, at: datetime
    ) -> SignerBinding:
        """End a binding at once; what was received before stands. Arguments as for `add_signer`.

        Raises:
            NotRegisteredError: it is not bound to this person.
        """
        mine = (
            (tables.signers.c.person_id == person_id)
            & (tables.signers.c.kind == kind.value)
            & (tables.signers.c.value == value)
            & tables.signers.c.removed_at.is_(None)
        )
        row = self._connection.execute(select(tables.signers).where(mine)).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what=f"{kind.value} of {person_id}", key=value)
        self._connection.execute(update(tables.signers).where(mine).values(removed_at=require_zone(at)))
        binding = _binding(row)
        self._note_signer(binding, "signer removed", operator=operator, at=at)
        return binding

    def signers_of(self, person_id: str) -> Sequence[SignerBinding]:
        """What is bound to a person now, oldest first."""
        wanted = (
            select(tables.signers)
            .where(tables.signers.c.person_id == person_id, tables.signers.c.removed_at.is_(None))
            .order_by(tables.signers.c.id)
        )
        return [_binding(row) for row in self._connection.execute(wanted).mappings()]

    def signer_binding(
        self, person_id: str, *, certificate: str, identifiers: Collection[str], at: datetime
    ) -> SignerBinding | None:
        """By which binding a certificate was a person's at a moment; None: by none.

        Args:
            person_id: ID SISC.
            certificate: SHA-256 of its DER, lower-case hexadecimal.
            identifiers: numbers in its subject.
            at: time of receipt, with zone.
        """
        moment, bound = require_zone(at), tables.signers.c
        wanted = select(tables.signers).where(
            bound.person_id == person_id,
            or_(
                (bound.kind == SignerKind.CERTIFICATE.value) & (bound.value == certificate),
                (bound.kind == SignerKind.IDENTIFIER.value) & bound.value.in_(list(identifiers)),
            ),
            bound.added_at <= moment,
            bound.removed_at.is_(None) | (bound.removed_at > moment),
        )
        row = self._connection.execute(wanted.order_by(bound.id).limit(1)).mappings().one_or_none()
        return None if row is None else _binding(row)

    def _note_signer(self, binding: SignerBinding, action: str, *, operator: str, at: datetime) -> None:
        facts = {"kind": binding.kind.value, "value": binding.value}
        self._record(Subject.PERSON, binding.person_id, action, operator=operator, at=at, after=facts)


def _row(binding: SignerBinding) -> dict[str, object]:
    return {
        "kind": binding.kind.value,
        "value": binding.value,
        "person_id": binding.person_id,
        "added_at": binding.added_at,
    }


def _binding(row: RowMapping) -> SignerBinding:
    return SignerBinding(
        kind=SignerKind(row["kind"]),
        value=row["value"],
        person_id=row["person_id"],
        added_at=row["added_at"],
    )
