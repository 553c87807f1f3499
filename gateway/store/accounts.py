"""Everything stored under an account's login, when that login changes."""

from typing import Final

from sqlalchemy import Connection, Table, func, select, update

from gateway.store import tables

__all__ = ["MOVED", "move_account"]

#: Tables that name accounts. Of the last one, which has no index by account, the documents find the rows.
MOVED: Final[tuple[Table, ...]] = (
    tables.documents,
    tables.replies,
    tables.withheld,
    tables.work_items,
    tables.identifiers,
)


def move_account(connection: Connection, login: str, new_login: str) -> None:
    """Give an account's documents, answers and waiting work to its new login.

    Takes part in the transaction of the connection. Costs as much as the account has documents. Workers that
    are just writing down what has become of a document are waited for; those who come later find the document
    under its new login.
    """
    items = tables.work_items
    connection.execute(select(items.c.id).where(items.c.account == login).with_for_update())
    key = items.c.order_key  # begins with the login, see gateway.flow.ordering
    kept = {"order_key": new_login + func.substr(key, len(login) + 1)}
    for table in MOVED[:-1]:
        values = {"account": new_login} | (kept if table is items else {})
        connection.execute(update(table).where(table.c.account == login).values(values))
    own = select(tables.documents.c.sys_ref).where(tables.documents.c.account == new_login)
    numbers = tables.identifiers
    connection.execute(update(numbers).where(numbers.c.sys_ref.in_(own)).values(account=new_login))
