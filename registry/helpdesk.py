"""What the help desk does for accounts; every act has its reason in the history."""

from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import update

from registry import tables
from registry.accounts import normal_login
from registry.errors import AlreadyRegisteredError, InvalidRecordError, NotRegisteredError
from registry.history import Subject
from registry.linking import AccountLinking
from registry.migrated import MigratedRecords
from registry.model import Account, AccountLevel, AccountStatus
from registry.numbers import parse_pesel
from registry.requests import RequestRecords
from registry.rows import account_row

__all__ = ["HelpDeskRecords"]

_Credential: TypeAlias = bytes  # from CredentialVault


class HelpDeskRecords(RequestRecords, AccountLinking, MigratedRecords):
    """Acts of the help desk on one connection; never commits. `reason` goes into the history."""

    def change_email(
        self, login: str, new_login: str, credential: _Credential, *, operator: str, at: datetime
    ) -> Account:
        """Give an account another e-mail address and password: its owner has lost the password.

        A lock after wrong passwords ends with it. Requests, applications and an open one-time password go
        along; documents are the business of the store.

        Raises:
            NotRegisteredError: there is no such account.
            AlreadyRegisteredError: the address belongs to another account.
            InvalidRecordError: it is no e-mail address, or the account is closed.
        """
        new = normal_login(new_login)
        before = self.get_account(login)
        if before.status is AccountStatus.CLOSED:
            raise InvalidRecordError(field="status", reason=f"account {before.login} is closed")
        if self._find(new) is not None:
            raise AlreadyRegisteredError(what="account", key=new)
        after = replace(before, login=new, status=AccountStatus.ACTIVE, failed_logins=0)
        values = account_row(after) | {"credential": credential}
        self._rename(before.login, new, values)
        for key in (before.login, new):
            self._record(
                Subject.ACCOUNT,
                key,
                "e-mail changed",
                operator=operator,
                at=at,
                before=account_row(before),
                after=account_row(after),
            )
        return after

    def create_account(  # noqa: PLR0913 - the parts of one act, all by name
        self,
        login: str,
        *,
        pesel: str,
        credential: _Credential,
        level: AccountLevel,
        close_others: bool,
        operator: str,
        at: datetime,
    ) -> Account:
        """Open an account for somebody whose PESEL is in the system already, which the portal refuses.

        Args:
            login: e-mail address of the new account.
            pesel: of the registered person.
            credential: the password hash, encrypted by CredentialVault.
            level: scope of the account.
            close_others: close the accounts the person has; else having one is refused.
            operator: who does it.
            at: when.

        Raises:
            InvalidNumberError: the PESEL is wrong.
            NotRegisteredError: nobody has this PESEL: the account can be opened on the portal.
            InvalidRecordError: the person has an account, or is not active; or this is no e-mail address.
            AlreadyRegisteredError: the login is taken.
        """
        number = parse_pesel(pesel).number
        person = self.person_by_pesel(number)
        if person is None:
            raise NotRegisteredError(what="person with PESEL", key=number)
        if not person.active:
            raise InvalidRecordError(field="pesel", reason=f"person {person.id_sisc} is not active")
        for other in self.accounts_of([person.id_sisc]):
            if other.status is AccountStatus.CLOSED:
                continue
            if not close_others:
                reason = f"person {person.id_sisc} has the account {other.login}; it must be closed first"
                raise InvalidRecordError(field="pesel", reason=reason)
            self.close_account(other.login, operator=operator, at=at)
        account = Account(
            login=normal_login(login), level=level, status=AccountStatus.ACTIVE, person_id=person.id_sisc
        )
        self.add_account(account, credential, operator=operator, at=at)
        return account

    def _rename(self, login: str, new: str, values: dict[str, object]) -> None:
        accounts = tables.accounts
        self._connection.execute(update(accounts).where(accounts.c.login == login).values(values))
        for table in tables.metadata.sorted_tables:
            if "login" in table.c and table is not accounts:
                self._connection.execute(update(table).where(table.c.login == login).values(login=new))
