"""Everything stored under an account's login, when that login changes."""

from sqlalchemy import Connection, select, update

from gateway.store import tables

__all__ = ["move_account"]


def move_account(connection: Connection, login: str, new_login: str) -> None:
    """Give an account's documents, answers and waiting work to its new login.

    Takes part in the transaction of the connection. Costs as much as the account has documents.
    """
    for table in (tables.documents, tables.replies, tables.work_items):
        connection.execute(update(table).where(table.c.account == login).values(account=new_login))
    own = select(tables.documents.c.sys_ref).where(tables.documents.c.account == new_login)
    connection.execute(
        update(tables.identifiers).where(tables.identifiers.c.sys_ref.in_(own)).values(account=new_login)
    )
