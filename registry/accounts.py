"""Records of accounts and their credentials."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from registry import tables
from registry.credentials import StoredCredentials
from registry.errors import AlreadyRegisteredError, InvalidRecordError, NotRegisteredError
from registry.history import Changes, Subject
from registry.model import Account, AccountLevel, AccountStatus, Person
from registry.rows import account_from_row, account_row, person_from_row
from registry.texts import clean_text

__all__ = ["AccountRecords", "normal_login"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_EMAIL = 254  # characters, RFC 5321 §4.5.3.1

_CREDENTIALS = select(
    tables.accounts.c.login,
    tables.accounts.c.credential,
    tables.accounts.c.status,
    tables.accounts.c.failed_logins,
).where(tables.accounts.c.login == bindparam("login"))

_SENDER = (
    select(tables.accounts, tables.persons)
    .outerjoin_from(tables.accounts, tables.persons)
    .where(tables.accounts.c.login == bindparam("login"))
)


def normal_login(text: str) -> str:
    """The login as it is kept: an e-mail address in lower case.

    Raises:
        InvalidRecordError: this is no e-mail address.
    """
    login = text.strip().lower()
    if not _EMAIL.fullmatch(login) or len(login) > _LONGEST_EMAIL:
        raise InvalidRecordError(field="login", reason="the login of an account is an e-mail address")
    return clean_text("login", login)


class AccountRecords(Changes):
    """Accounts. Logins are compared without regard to case; `login` arguments may be in any."""

    def add_account(self, account: Account, credential: bytes, *, operator: str, at: datetime) -> None:
        """Register an account.

        Args:
            account: its login must be in the form `normal_login` gives.
            credential: the password hash, encrypted by CredentialVault.
            operator: who does it.
            at: when.

        Raises:
            InvalidRecordError: the login is no e-mail address in lower case.
            AlreadyRegisteredError: the login is taken.
            NotRegisteredError: there is no such person.
        """
        if normal_login(account.login) != account.login:
            raise InvalidRecordError(field="login", reason="must be given in lower case")
        if self._find(account.login) is not None:
            raise AlreadyRegisteredError(what="account", key=account.login)
        if account.person_id is not None:
            self._require_person(account.person_id)
        try:
            self._connection.execute(
                insert(tables.accounts), account_row(account) | {"credential": credential}
            )
        except IntegrityError as error:  # registered by somebody else since we looked
            raise AlreadyRegisteredError(what="account", key=account.login) from error
        self._record_account("added", None, account, operator=operator, at=at)

    def get_account(self, login: str) -> Account:
        """The account with this login; raises NotRegisteredError."""
        account = self._find(login.lower())
        if account is None:
            raise NotRegisteredError(what="account", key=login)
        return account

    def sender(self, login: str) -> tuple[Account, Person | None]:
        """The account with the person behind it, in one query; raises NotRegisteredError."""
        row = self._connection.execute(_SENDER, {"login": login.lower()}).mappings().one_or_none()
        if row is None:
            raise NotRegisteredError(what="account", key=login)
        return account_from_row(row), person_from_row(row) if row["id_sisc"] is not None else None

    def accounts(self, *, limit: int, after: str = "") -> Sequence[Account]:
        """Accounts in the order of their login, from the first behind `after` on."""
        key = tables.accounts.c.login
        wanted = select(tables.accounts).where(key > after).order_by(key).limit(limit)
        return [account_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def accounts_of(self, person_ids: Sequence[str]) -> Sequence[Account]:
        """The accounts of these persons."""
        wanted = select(tables.accounts).where(tables.accounts.c.person_id.in_(person_ids))
        return [account_from_row(row) for row in self._connection.execute(wanted).mappings()]

    def link_account(self, login: str, person_id: str | None, *, operator: str, at: datetime) -> Account:
        """Link an account with a registered person, or with None undo that.

        Raises:
            NotRegisteredError: there is no such account or person.
        """
        if person_id is not None:
            self._require_person(person_id)
        before = self.get_account(login)
        return self._change(before, replace(before, person_id=person_id), "linked", operator=operator, at=at)

    def set_account_level(self, login: str, level: AccountLevel, *, operator: str, at: datetime) -> Account:
        """Give an account the basic or the extended level; raises NotRegisteredError."""
        before = self.get_account(login)
        return self._change(before, replace(before, level=level), "level changed", operator=operator, at=at)

    def close_account(self, login: str, *, operator: str, at: datetime) -> Account:
        """Close an account for good; raises NotRegisteredError."""
        before = self.get_account(login)
        after = replace(before, status=AccountStatus.CLOSED)
        return self._change(before, after, "closed", operator=operator, at=at)

    def unlock(self, login: str, *, operator: str, reason: str, at: datetime) -> Account:
        """Let a locked account log in again and forget its wrong digests (help desk).

        Raises:
            NotRegisteredError: there is no such account.
            InvalidRecordError: it is not locked, or no reason is given for the history.
        """
        if not reason.strip():
            raise InvalidRecordError(field="reason", reason="say why the account is unlocked")
        before = self.get_account(login)
        if before.status is not AccountStatus.LOCKED:
            raise InvalidRecordError(field="status", reason=f"account {before.login} is {before.status}")
        after = replace(before, status=AccountStatus.ACTIVE, failed_logins=0)
        self._write(after)
        self._record_account("unlocked", before, after, operator=operator, at=at, facts={"reason": reason})
        return after

    def set_password(self, login: str, credential: bytes, *, operator: str, at: datetime) -> None:
        """Replace the credential; the history tells that, never what.

        Raises:
            NotRegisteredError: there is no such account.
        """
        account = self.get_account(login)
        self._replace_credential(account.login, credential)
        self._record(Subject.ACCOUNT, account.login, "password changed", operator=operator, at=at)

    def rotate_credential(self, login: str, credential: bytes) -> None:
        """Keep the same secret under a newer key: no change of the account, so nothing for the history."""
        self._replace_credential(login.lower(), credential)

    def credentials(self, login: str) -> StoredCredentials | None:
        """What is needed to check a token of this account; None when there is no such account."""
        row = self._connection.execute(_CREDENTIALS, {"login": login.lower()}).one_or_none()
        if row is None:
            return None
        return StoredCredentials(row.login, row.credential, AccountStatus(row.status), row.failed_logins)

    def count_wrong_digest(self, login: str, *, limit: int, at: datetime) -> bool:
        """Count one more consecutive wrong digest, atomically; at `limit` the account locks.

        Args:
            login: unknown logins are ignored, so that the caller need not tell them apart.
            limit: how many consecutive wrong digests lock the account.
            at: when, for the history.

        Returns:
            Whether this one locked the account.
        """
        name = login.lower()
        counted = self._connection.execute(
            update(tables.accounts)
            .where(tables.accounts.c.login == name)
            .values(failed_logins=tables.accounts.c.failed_logins + 1)
            .returning(tables.accounts.c.failed_logins)
        ).scalar_one_or_none()
        if counted is None or counted < limit:
            return False
        # Only one of two competitors changes the row, so the history tells of one lock.
        locked = self._connection.execute(
            update(tables.accounts)
            .where(tables.accounts.c.login == name, tables.accounts.c.status == AccountStatus.ACTIVE.value)
            .values(status=AccountStatus.LOCKED.value)
        ).rowcount
        if locked:
            after = {"failed_logins": counted, "status": AccountStatus.LOCKED.value}
            self._record(Subject.ACCOUNT, name, "locked", operator="gateway", at=at, after=after)
        return bool(locked)

    def reset_wrong_digests(self, login: str) -> None:
        """Forget the wrong digests of an account after a right one; a lock stays."""
        self._connection.execute(
            update(tables.accounts)
            .where(
                tables.accounts.c.login == login.lower(),
                tables.accounts.c.failed_logins > 0,
                tables.accounts.c.status == AccountStatus.ACTIVE.value,
            )
            .values(failed_logins=0)
        )

    def _find(self, login: str) -> Account | None:
        wanted = select(tables.accounts).where(tables.accounts.c.login == login)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else account_from_row(row)

    def _require_person(self, id_sisc: str) -> None:
        wanted = select(tables.persons.c.id_sisc).where(tables.persons.c.id_sisc == id_sisc)
        if self._connection.execute(wanted).first() is None:
            raise NotRegisteredError(what="person", key=id_sisc)

    def _write(self, account: Account) -> None:
        self._connection.execute(
            update(tables.accounts)
            .where(tables.accounts.c.login == account.login)
            .values(account_row(account))
        )

    def _replace_credential(self, login: str, credential: bytes) -> None:
        self._connection.execute(
            update(tables.accounts).where(tables.accounts.c.login == login).values(credential=credential)
        )

    def _change(
        self, before: Account, after: Account, action: str, *, operator: str, at: datetime
    ) -> Account:
        self._write(after)
        self._record_account(action, before, after, operator=operator, at=at)
        return after

    def _record_account(
        self,
        action: str,
        before: Account | None,
        after: Account,
        *,
        operator: str,
        at: datetime,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        self._record(
            Subject.ACCOUNT,
            after.login,
            action,
            operator=operator,
            at=at,
            before=None if before is None else account_row(before),
            after=account_row(after) | dict(facts or {}),
        )
