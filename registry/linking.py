"""How an account is linked to the person it has in the records of PDR: by a one-time password."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, exists, insert, select, update

from registry import tables
from registry.accounts import AccountRecords
from registry.errors import InvalidRecordError
from registry.history import Subject
from registry.model import Account, AccountLevel, AccountStatus
from registry.parties import PartyRecords
from registry.pdr.records import PdrKind
from registry.rows import account_row

__all__ = ["TRIES", "AccountLinking", "LinkOutcome", "LinkResult", "as_typed"]

#: How often a one-time password may be tried.
TRIES = 5
_SECRET_BYTES = 10  # 80 bits, 16 characters
_SALT_BYTES = 16
_GROUP = 4  # characters between hyphens


class LinkResult(StrEnum):
    """What came of a try."""

    LINKED = "linked"
    WRONG = "wrong"  # not the password; tries may be left
    NONE = "none"  # none was issued, or it is used, expired or out of tries


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkOutcome:
    """A try and what is left. Commit whatever it says: a wrong try counts."""

    result: LinkResult
    account: Account
    tries_left: int = 0


def _hashed(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1)


def as_typed(text: str) -> str:
    """The password that somebody typed: no blanks and hyphens; O and I, which are in it, for 0 and 1."""
    plain = "".join(text.upper().replace("-", "").split())
    return plain.translate(str.maketrans("01", "OI"))


class AccountLinking(AccountRecords, PartyRecords):
    """One-time passwords of the help desk: hashed at rest, for some hours, a few tries, one account."""

    def issue_password(
        self,
        login: str,
        person_id: str,
        *,
        valid_for: timedelta,
        random_bytes: Callable[[int], bytes],
        operator: str,
        at: datetime,
    ) -> str:
        """Give an account the means to link itself to a person migrated from PDR; an older one ends.

        Args:
            login: the account.
            person_id: ID SISC of the person.
            valid_for: how long it may be used.
            random_bytes: source of secrets.
            operator: who does it.
            at: when.

        Returns:
            The password: told once, kept nowhere.

        Raises:
            NotRegisteredError: there is no such account or person.
            InvalidRecordError: one of them is not active or linked already, or the person not from PDR.
        """
        account = self.get_account(login)
        self._check_free(account, person_id)
        secret = base64.b32encode(random_bytes(_SECRET_BYTES)).decode("ascii")
        salt = random_bytes(_SALT_BYTES)
        table = tables.one_time_passwords
        self._connection.execute(delete(table).where(table.c.login == account.login))
        self._connection.execute(
            insert(table),
            {
                "login": account.login,
                "person_id": person_id,
                "salt": salt,
                "hashed": _hashed(secret, salt),
                "expires_at": at + valid_for,
                "tries_left": TRIES,
            },
        )
        self._tell(account, "password issued", {"person": person_id, "until": at + valid_for}, operator, at)
        return "-".join(secret[i : i + _GROUP] for i in range(0, len(secret), _GROUP))

    def link_by_password(self, login: str, password: str, *, operator: str, at: datetime) -> LinkOutcome:
        """Try a one-time password; with the right one the account gets its person and the extended level.

        Raises:
            NotRegisteredError: there is no such account.
            InvalidRecordError: the account or the person was linked otherwise in the meantime.
        """
        account = self.get_account(login)
        table = tables.one_time_passwords
        row = self._connection.execute(  # takes the try before the password is looked at
            update(table)
            .where(
                table.c.login == account.login,
                table.c.used_at.is_(None),
                table.c.tries_left > 0,
                table.c.expires_at > at,
            )
            .values(tries_left=table.c.tries_left - 1)
            .returning(table)
        ).one_or_none()
        if row is None:
            return LinkOutcome(result=LinkResult.NONE, account=account)
        if not hmac.compare_digest(_hashed(as_typed(password), row.salt), row.hashed):
            self._tell(account, "wrong one-time password", {"tries_left": row.tries_left}, operator, at)
            return LinkOutcome(result=LinkResult.WRONG, account=account, tries_left=row.tries_left)
        self._check_free(account, row.person_id)
        self._connection.execute(update(table).where(table.c.login == account.login).values(used_at=at))
        after = replace(account, person_id=row.person_id, level=AccountLevel.EXTENDED)
        self._change(account, after, "linked by one-time password", operator=operator, at=at)
        return LinkOutcome(result=LinkResult.LINKED, account=after)

    def _check_free(self, account: Account, person_id: str) -> None:
        """Neither side is linked already, and the person comes from PDR."""
        if account.status is AccountStatus.CLOSED:
            raise InvalidRecordError(field="status", reason=f"account {account.login} is closed")
        if account.person_id is not None:
            reason = f"account {account.login} is linked to {account.person_id} already"
            raise InvalidRecordError(field="person_id", reason=reason)
        if not self.get_person(person_id).active:
            raise InvalidRecordError(field="person_id", reason=f"person {person_id} is not active")
        if not self._is_migrated(person_id):
            raise InvalidRecordError(
                field="person_id", reason=f"person {person_id} was not migrated from PDR"
            )
        others = [
            other.login for other in self.accounts_of([person_id]) if other.status is not AccountStatus.CLOSED
        ]
        if others:
            reason = f"person {person_id} has the account {others[0]} already"
            raise InvalidRecordError(field="person_id", reason=reason)

    def _is_migrated(self, person_id: str) -> bool:
        known = exists().where(
            tables.migrated.c.party == person_id, tables.migrated.c.kind == PdrKind.PERSON.value
        )
        return bool(self._connection.scalar(select(known)))

    def _tell(
        self, account: Account, action: str, facts: dict[str, object], operator: str, at: datetime
    ) -> None:
        state = account_row(account)
        self._record(
            Subject.ACCOUNT,
            account.login,
            action,
            operator=operator,
            at=at,
            before=state,
            after=state | facts,
        )
